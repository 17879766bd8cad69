"""How many segments a text takes."""

import pytest

from connectors.sms_gateway.segments import segments_of


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é\n@Δ" * 40, 1),  # all of the default alphabet
        ("€" * 80, 1),  # of its extension table: two septets each
        ("€" * 81, 2),
        ("€" * 152, 2),
        ("€" * 153, 3),  # 306 septets, but 153 would divide one
        ("ç" * 70, 1),  # the default alphabet has Ç only
        ("ç" * 71, 2),
        ("ç" * 134, 2),
        ("ç" * 135, 3),
        ("😀" * 35, 1),  # two UTF-16 units each
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("\x1b" + "a" * 70, 2),  # the escape is no character of the alphabet
        ("’" + "a" * 70, 2),
    ],
)
def test_segments_are_counted_as_the_standard_divides_them(text, segments):
    assert segments_of(text) == segments
