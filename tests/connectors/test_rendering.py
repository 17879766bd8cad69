"""How a message with choices looks on a channel."""

import pytest

from connectors.messaging.entry import Choice
from connectors.messaging.rendering import render

LIMITS = {"buttons": 3, "button_length": 5, "list_items": 4, "list_item_length": 8}


def rendered(*texts, **limits):
    return render("Which?", [Choice(f"id{number}", text) for number, text in enumerate(texts)], {**LIMITS, **limits})


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("12345",) * 3, "buttons"),
        (("1234é",) * 3, "buttons"),
        (("1",) * 4, "list"),
        (("123456", "1"), "list"),
        (("12345678",) * 4, "list"),
        (("1",) * 5, "numbered"),
        (("123456789", "1"), "numbered"),
    ],
)
def test_buttons_where_they_fit_else_a_list_else_numbers(texts, kind):
    assert rendered(*texts).kind == kind


def test_buttons_and_list_carry_the_choices():
    assert rendered("a", "b").choices == (Choice("id0", "a"), Choice("id1", "b"))
    assert rendered("a" * 8).choices == (Choice("id0", "a" * 8),)


def test_numbered_text_holds_the_choices():
    found = rendered("First of all", "Second", buttons=0, list_items=0)
    assert (found.kind, found.text, found.choices) == ("numbered", "Which?\n1. First of all\n2. Second", ())
