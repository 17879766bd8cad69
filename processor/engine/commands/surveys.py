"""Commands to the survey connector (§ 10.1)."""

from processor.engine.commands.command import CommandBody


class AttachSurvey(CommandBody, frozen=True):
    """Attach a survey to the interaction."""

    family = "surveys"
    survey: str
    url: str | None
    invites: bool
    """Whether the connector itself invites the customer; else the flow does, with the link of the answer."""

    locale: str | None
