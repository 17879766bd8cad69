from tests.flows import action_of

ALWAYS = ("processed", "unprocessed", "reference_not_found")


def used(*linked: str) -> tuple[str, ...]:
    return action_of({"type": "distribution_to_queue", "queue": {"id": "q"}, "links": dict.fromkeys(linked, "end")}).used_branches()


def test_of_overflow_and_dissuasion_only_what_is_linked_can_be_taken() -> None:
    assert used() == ALWAYS
    assert used("overflow", "dissuasion_by_user") == (*ALWAYS, "overflow", "dissuasion_by_user")
