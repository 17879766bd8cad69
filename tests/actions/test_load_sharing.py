"""What no single case can show: over many interactions the loads are kept."""

from processor.actions.load_sharing import LoadSharing
from processor.engine.definitions import DefinitionLog
from processor.engine.events import Continued
from processor.engine.interaction import Customer, Interaction
from processor.engine.outcome import Taken
from processor.engine.visit import Visit
from tests.flows import flow_of
from tests.talk import MONDAY

DRAWS = 100_000


def test_the_loads_are_unbiased_over_many_interactions() -> None:
    loads = {"link_1": 50, "link_2": 30, "link_3": 15, "link_4": 4, "link_5": 1}
    share = LoadSharing(
        **{f"link_load_no_{number}": load for number, load in enumerate(loads.values(), 1)}, links=dict.fromkeys(loads, "end")
    )
    flow = flow_of({"share": share})
    nothing = DefinitionLog().newest()
    customer = Customer("web_chat", "site", "+33612345678")
    drawn = dict.fromkeys(loads, 0)
    for number in range(DRAWS):
        interaction = Interaction(f"conversation {number}", 1, customer, "main", 1, MONDAY, MONDAY, action="share")
        outcome = share.apply(Visit(flow, interaction, Continued(MONDAY), nothing))
        assert isinstance(outcome, Taken)
        drawn[outcome.branch] += 1
    chi_square = sum((drawn[link] - DRAWS * load / 100) ** 2 / (DRAWS * load / 100) for link, load in loads.items())
    assert chi_square < 18.47  # the 99.9 % quantile with four degrees of freedom; the draws are the same each time


def test_draws_of_one_interaction_do_not_repeat_each_other() -> None:
    share = LoadSharing(link_load_no_1=50, link_load_no_2=50, links={"link_1": "end", "link_2": "end"})
    flow = flow_of({"share": share, "other": share})
    customer = Customer("web_chat", "site", "+33612345678")
    same = 0
    for number in range(10_000):
        branches = []
        for action, visits in (("share", 0), ("share", 1), ("other", 0)):
            counters = {f"main/{action}": visits}
            interaction = Interaction(f"c{number}", 1, customer, "main", 1, MONDAY, MONDAY, action=action, counters=counters)
            outcome = share.apply(Visit(flow, interaction, Continued(MONDAY), DefinitionLog().newest()))
            assert isinstance(outcome, Taken)
            branches.append(outcome.branch)
        same += len(set(branches)) == 1
    assert 2_300 < same < 2_700  # a quarter, were they independent
