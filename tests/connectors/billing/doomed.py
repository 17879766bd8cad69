"""A billing connector that kills itself at a step: `python -m tests.connectors.billing.doomed page|link|answer`."""

import asyncio
import os
import signal
import sys

from connectors.billing import payment_store
from connectors.billing.connector import BillingConnector
from connectors.billing.stripe.api import StripeApi
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings
from connectors.smtp.mailer import Mailer


def _die(*_arguments: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying_after(method):
    async def doomed(*arguments):
        await method(*arguments)
        _die()

    return doomed


if __name__ == "__main__":
    match sys.argv[1]:
        case "page":  # the provider has made its page, and we have not noted it
            StripeApi.begin = _dying_after(StripeApi.begin)  # type: ignore[method-assign]  # the one that dies
        case "link":  # the link is out, and we have not noted it
            Mailer.send_to = _dying_after(Mailer.send_to)  # type: ignore[method-assign]  # the one that dies
        case "answer":  # all is noted, and not answered
            payment_store.answered = _dying_after(payment_store.answered)
    surroundings = Surroundings.from_environment(dict(os.environ))
    asyncio.run(ConnectorRunner(BillingConnector(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event()))
