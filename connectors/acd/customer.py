"""Which customer a command is about."""

from connectors.framework.context import Context
from connectors.framework.customers import customer_key
from connectors.framework.errors import Refused
from schemas.deployment import Deployment, DeploymentError


def customer_of(context: Context, deployment: Deployment) -> str:
    """Return the customer's name among connectors, which gives nothing of the address away.

    Raises Refused with reason `not_configured` where the deployment has no key to name customers with, `refused` where there is no address.
    """
    told = context.envelope
    try:
        return customer_key(told["channel"], told["account"], told["address"], key=deployment.conversation_secret())
    except DeploymentError as error:
        raise Refused("not_configured", str(error)) from None
    except ValueError as error:
        raise Refused("refused", f"No customer: {error}.") from None
