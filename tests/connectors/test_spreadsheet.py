"""What customers wrote, as a spreadsheet opens it."""

import csv
import io

import pytest

from connectors.framework.spreadsheet import cell, line


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\n=HYPERLINK(1)",
        "|calc",
        "=",
        "+",
        "-",
        "＝1",
        "+1+1",
        "-1\n",
    ],
)
def test_what_could_be_a_formula_is_text(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "hello", "a=b", "1-2", "+33612345678", "-12.5", "12", "'=1", "🙂 =1", "a\n=b"])
def test_all_else_is_left_as_it_is(text):
    assert cell(text) == text


def test_a_line_can_be_read_back():
    cells = ['a "quoted" text', "two\nlines", "a,b;c", "=1", "", "ä 漢 🙂"]
    (read,) = csv.reader(io.StringIO(line(cells).decode(), newline=""))
    assert read == [*cells[:3], "'=1", *cells[4:]]
    assert line(["a", "b"]) == b"a,b\r\n"
