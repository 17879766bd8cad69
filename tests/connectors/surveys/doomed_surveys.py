"""A surveys connector that attaches a survey and then hangs, to be killed: `python -m tests.connectors.surveys.doomed_surveys`."""

import asyncio
import os

from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings
from connectors.surveys.connector import SurveysConnector


class Doomed(SurveysConnector):
    """Attaches the survey, invites the customer, and never comes back."""

    @command("AttachSurvey", idempotent=True)
    async def attach_survey(self, body: Body, context: Context) -> Outcome:
        await super().attach_survey(body, context)
        print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.Event().wait()
        raise AssertionError


async def main() -> None:
    surroundings = Surroundings.from_environment(os.environ)
    await ConnectorRunner(Doomed(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main())
