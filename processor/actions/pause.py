"""§ 1.4, pause."""

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.events import Ticked
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.visit import Visit


class Pause(Action):
    """Hold the flow for a while; no worker is held.

    - `ok`: the time has passed.

    ```yaml
    type: pause
    pause_time_sec: 5
    links: {ok: end}
    ```
    """

    type = "pause"
    section = "1.4"
    branches = ("ok",)
    failure = "ok"

    pause_time_sec: int = Field(ge=0, le=366 * 24 * 3600, description="Seconds to hold; 0 goes on with the next tick.")

    @override
    def waits(self) -> bool:
        return True

    @override
    def apply(self, visit: Visit) -> Outcome:
        if isinstance(visit.event, Ticked):
            return Taken("ok")
        return Awaiting("time", visit.at + self.pause_time_sec * 1000)
