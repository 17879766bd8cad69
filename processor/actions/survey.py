"""§ 10.1, survey."""

from msgspec.structs import replace
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.messaging import SendMessage
from processor.engine.commands.surveys import AttachSurvey
from processor.engine.entities.survey import SurveyDefinition, SurveyReference
from processor.engine.errors import TemplateFailed
from processor.engine.events import ResponseReceived
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.request import Request
from processor.engine.template_variables import rendered, scope_with
from processor.engine.visit import Visit


class Survey(Request):
    """Attach a survey to the interaction, so that the customer is invited to answer it.

    - `ok`: it is attached, and the customer has been sent the survey's invitation, where it has one; or a survey, this one or another,
      was attached to the interaction before, reason `already_attached`, and nothing is done.
    - `reference_not_found`: there is no such survey.
    - `error`: it could not be attached: the connector's reason, or `timeout`.

    ```yaml
    type: survey
    survey: {reference: satisfaction}
    links: {ok: end, reference_not_found: end, error: end}
    ```
    """

    type = "survey"
    section = "10.1"
    branches = ("ok", "reference_not_found", "error")
    failure = "error"

    survey: SurveyReference

    @override
    def apply(self, visit: Visit) -> Outcome:
        outcome = super().apply(visit)
        match outcome:
            case Awaiting(commands=(AttachSurvey(survey=reference),)):
                return replace(outcome, memo={"survey": reference})
            case _:
                return outcome

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        if visit.interaction.survey:
            return Taken("ok", "already_attached")
        survey = visit.entity(self.survey)
        if not isinstance(survey, SurveyDefinition):
            return Taken("reference_not_found")
        return AttachSurvey(survey.reference, survey.url, survey.invitation is None, visit.interaction.customer.locale)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        taken = super().answered(visit, response)
        if taken.branch != "ok":
            return taken
        reference = str(visit.memo["survey"])
        return replace(taken, survey=reference, commands=_invitation(visit, reference, response.values.get("link")))


def _invitation(visit: Visit, reference: str, link: str | None) -> tuple[CommandBody, ...]:
    """Return the message that invites the customer. The survey is attached in any case: one that cannot be rendered leaves a warning."""
    survey = visit.definitions.by_reference("survey", reference)
    if not isinstance(survey, SurveyDefinition) or survey.invitation is None:
        return ()
    try:
        text = rendered(visit, survey.invitation, scope_with(visit, {"link": link or survey.url or ""}))
    except TemplateFailed as failure:
        visit.warnings.append(str(failure))
        return ()
    return (SendMessage(text),) if text.strip() else ()
