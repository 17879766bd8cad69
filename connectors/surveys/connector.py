"""The surveys connector: attaches surveys, and tells what customers answered (§ 10.1)."""

from collections.abc import Mapping
from typing import Any

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database
from connectors.sql.outbox import OutboxRelay
from connectors.surveys import store
from connectors.surveys.invitation import Invitations
from connectors.surveys.links import SurveyLinks
from connectors.surveys.settings import SurveysSettings
from connectors.surveys.store import Attachment
from connectors.surveys.survey import KIND, Survey

_NOT_FOUND = "reference_not_found"


class SurveysConnector(Connector):
    """Attaches surveys whose questions our own page asks, and those of outside providers.

    Whether an interaction has a survey is one row with a unique key, and the link is signed, not stored: a command that is executed again
    finds what it did before and answers the same.
    """

    family = "surveys"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._expiry_days = surroundings.read(SurveysSettings).expiry_days
        self._links = SurveyLinks(surroundings)
        self._invitations = Invitations(surroundings)
        self._definitions = Definitions(surroundings)
        self._database = Database(surroundings, self.family)
        self._relay = OutboxRelay(surroundings, self._database)

    async def open(self) -> None:
        """Connect, read the definitions, and begin to tell of answers."""
        await self._database.open()
        await self._definitions.open()
        await self._invitations.open()
        await self._relay.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._relay.close()
        await self._invitations.close()
        await self._definitions.close()
        await self._database.close()

    @command("AttachSurvey", idempotent=True)
    async def attach_survey(self, body: Body, context: Context) -> Outcome:
        """Attach a survey, and invite the customer where that is left to us; an interaction that has one keeps it, and its link is told."""
        async with self._database.reading() as connection:
            attachment = await store.of_interaction(connection, context.envelope["interaction_id"])
        if attachment is None:
            attachment = await self._attached(body, context.envelope)
        link = None if attachment.edition is None else self._links.url(attachment.id)
        # A command of another survey knows no address of the one that is attached, and its flow invites for its own.
        if attachment.invites and attachment.invited_at is None and attachment.survey == body["survey"]:
            await self._invite(attachment, context.envelope, link or body["url"] or "")
        return Outcome.ok() if link is None else Outcome.ok(link=link)

    async def _attached(self, body: Body, command: Mapping[str, Any]) -> Attachment:
        definition = await self._definitions.find(KIND, body["survey"])
        if definition is None:
            raise Refused(_NOT_FOUND, "There is no such survey.", outcome=_NOT_FOUND)
        survey = Survey.of(definition)
        if not survey.questions and body["url"] is None:
            raise Refused("refused", "The survey has neither questions nor the address of a provider who has them.")
        if body["invites"]:
            self._invitations.addressed(command)  # before anything is attached
        async with self._database.writing() as connection:
            return await store.attach(connection, command, survey, body["survey"], expiry_days=self._expiry_days)

    async def _invite(self, attachment: Attachment, command: Mapping[str, Any], link: str) -> None:
        try:
            await self._invitations.send(attachment, *self._invitations.addressed(command), link)
        except Refused:
            async with self._database.writing() as connection:
                await store.detach(connection, attachment)
            raise
        async with self._database.writing() as connection:
            await store.note_invited(connection, attachment)
