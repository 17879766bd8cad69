import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine.matching import normalised


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Yes,\tplease \n", "yes, please"),
        ("RÉCLAMATION", "reclamation"),
        ("Straße", "strasse"),
        ("ＯＫ", "ok"),
        ("ﬁn", "fin"),
        ("İstanbul", "istanbul"),
        ("e\u0301te\u0301", "ete"),
        ("Ελλάς", "ελλασ"),
        ("हिन्दी", "हिन्दी".replace("्", "")),
        ("한국어", "한국어"),
        ("\u00a0", ""),
        ("", ""),
    ],
)
def test_case_accents_forms_and_spaces_do_not_count(text: str, expected: str) -> None:
    assert normalised(text) == expected


@given(st.text())
def test_what_is_normalised_stays_so(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
