"""§ 4.3, distribution to a user."""

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.acd import DistributeToUser
from processor.engine.definitions import Definitions
from processor.engine.distribution import ACKNOWLEDGED, Distribution, customer_of
from processor.engine.entities.user import User, UserReference
from processor.engine.errors import Misfit
from processor.engine.events import ResponseReceived
from processor.engine.limits import REQUEST_TIMEOUT_SEC
from processor.engine.outcome import Taken
from processor.engine.visit import Visit


class DistributionToUser(Distribution):
    """Assign the interaction to one agent, past all queues.

    Meanwhile what the customer writes goes to the ACD at once, and what the agent writes to the customer.

    - `ok`: the agent took the interaction and ended it.
    - `no_response`: the agent did not take it within `timeout` seconds of the ACD's acknowledgement, reason `timeout`, or the ACD says so.
    - `error`: no agent is recorded on the customer, reason `no_preferred_agent`; the agent is not active, reason `inactive_user`; the ACD
      did not acknowledge within 30 seconds, reason `timeout`; or it could not assign the interaction, reason its own.
    - `reference_not_found`: there is no such user.

    ```yaml
    type: distribution_to_user
    user: {reference: anna}
    timeout: 90
    links: {ok: end, error: end, no_response: end, reference_not_found: end}
    ```
    """

    type = "distribution_to_user"
    section = "4.3"
    branches = ("ok", "error", "no_response", "reference_not_found")
    failure = "error"

    user: UserReference | None = None
    preferred_agent: bool = Field(default=False, description="Assign to the agent recorded on the customer, instead of to a user.")
    timeout: int = Field(default=60, ge=1, le=86_400, description="Seconds that the agent may take to accept.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.user is None) != self.preferred_agent:
            raise ValueError("exactly one of `user` and `preferred_agent: true`")
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        user = self.user.known(definitions) if self.user is not None else None
        if not isinstance(user, User) or user.active:
            return []
        return [Misfit("unfit_definition", "user", "an active user", f"`{user.reference}`, who is not")]

    @override
    def distribute(self, visit: Visit) -> CommandBody | Taken:
        reference = None
        if self.user is not None:
            user = visit.entity(self.user)
            if not isinstance(user, User):
                return Taken("reference_not_found")
            if not user.active:
                return Taken("error", "inactive_user")
            reference = user.reference
        return DistributeToUser(reference, self.timeout * 1000, customer_of(visit))

    @override
    def acknowledged_by(self, visit: Visit) -> int:
        return visit.at + REQUEST_TIMEOUT_SEC * 1000

    @override
    def accepted_by(self, visit: Visit) -> int | None:
        return visit.at + self.timeout * 1000

    @override
    def ended(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome in self.branches:
            return Taken(response.outcome, response.reason)
        return Taken("error", response.reason or response.outcome)

    @override
    def overdue(self, stage: str) -> Taken:
        return Taken("no_response" if stage == ACKNOWLEDGED else "error", "timeout")
