"""Texts in the language of whoever reads them."""

import pytest

from connectors.surveys.phrases import PHRASES, phrases_in
from connectors.surveys.wording import accepted, is_right_to_left, language_of, languages_of, worded


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["de"], "de"),
        (["de_AT"], "de"),
        (["pt"], "pt-BR"),
        (["PT-br"], "pt-BR"),
        (["pt-PT"], "pt-BR"),
        (["xx", "de"], "de"),
        (["xx"], "en"),
        ([""], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_that_there_is_is_taken(wanted, language):
    assert language_of(wanted, ["en", "de", "pt-BR"], "en") == language


def test_a_text_is_given_in_the_language_else_in_the_survey_s_else_in_any():
    assert worded("Hello", "de", "en") == "Hello"
    assert worded({"en": "Hello", "de": "Hallo"}, "de", "en") == "Hallo"
    assert worded({"en": "Hello", "de": "Hallo"}, "fr", "de") == "Hallo"
    assert worded({"it": "Ciao", "es": "Hola"}, "fr", "de") == "Hola"


def test_the_languages_of_texts_come_most_used_first():
    assert languages_of(["a", {"de": "b", "en": "c"}, {"de": "d"}, {"de": "e"}], "en") == ["de", "en"]


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("", []),
        ("de-AT,de;q=0.9,en;q=0.8", ["de-AT", "de", "en"]),
        ("en;q=0.1, fr;q=0.7, *;q=0.5", ["fr", "en"]),
        ("en;q=0, fr;q=x, it", ["it"]),
        ("<script>,\x00;;;", ["<script>"]),
    ],
)
def test_what_a_browser_asks_for_is_read(header, languages):
    assert accepted(header) == languages


@pytest.mark.parametrize(
    ("language", "right_to_left"), [("ar", True), ("he-IL", True), ("de", False), ("zz", False), ("<x>", False), ("", False)]
)
def test_arabic_is_written_from_right_to_left(language, right_to_left):
    assert is_right_to_left(language) is right_to_left


def test_every_language_has_every_phrase():
    assert {frozenset(phrases) for phrases in PHRASES.values()} == {frozenset(PHRASES["en"])}
    assert all("{link}" in phrases["invitation"] for phrases in PHRASES.values())
    assert phrases_in("de-CH") is phrases_in("de_CH") is PHRASES["de"]
    assert phrases_in("xx") is PHRASES["en"]
