"""§ 4.2, distribution to a smart routing."""

from typing_extensions import override

from processor.engine.action import Action
from processor.engine.outcome import HandedOver, Outcome, Taken
from processor.engine.parameters import FlowReference
from processor.engine.visit import Visit


class DistributionToSmartRouting(Action):
    """Hand the interaction over to another flow's production version, which goes on at its Start with the variables carried.

    - `not_found`: no such flow, no version of it in service, or an end-of-interaction flow on either side.
    - `maximum_distributions_reached`: the interaction was handed over as often as its entry point allows.

    Success has no branch.

    ```yaml
    type: distribution_to_smart_routing
    smart_routing: {reference: after_hours}
    links: {not_found: end, maximum_distributions_reached: end}
    ```
    """

    type = "distribution_to_smart_routing"
    section = "4.2"
    branches = ("not_found", "maximum_distributions_reached")
    failure = "not_found"

    smart_routing: FlowReference

    @override
    def apply(self, visit: Visit) -> Outcome:
        if visit.interaction.tail:
            return Taken("not_found", "end_of_interaction")
        wanted = self.smart_routing
        reference = wanted.id if wanted.reference is None else visit.render(wanted.reference).strip()
        flow = visit.definitions.production(reference or "")
        if flow is None:
            return Taken("not_found")
        if flow.type == "end_of_interaction":
            return Taken("not_found", "end_of_interaction")
        if visit.interaction.hand_overs >= visit.interaction.maximum_hand_overs:
            return Taken("maximum_distributions_reached")
        return HandedOver(flow.reference, flow.version)
