"""The page's HTML, made here so that it works in any browser, without a script."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from liquid import BoundTemplate, Environment

from connectors.surveys.answers import FORM, LONGEST_TEXT, PREFIX
from connectors.surveys.phrases import phrases_in
from connectors.surveys.survey import Question, Survey
from connectors.surveys.wording import is_right_to_left, language_of, worded

FILES: Final = Path(__file__).parent / "form"
_ANCHOR: Final = "question."


class SurveyPage:
    """A survey's page in the language of one reader."""

    def __init__(self, survey: Survey, wanted: Sequence[str]) -> None:
        """Choose the language: the first of those wanted that the survey's texts are in."""
        self._survey = survey
        self._language = language_of(wanted, survey.languages, survey.language)
        self._phrases = phrases_in(self._language)

    def thanks(self) -> str:
        """Return what is said once the survey is answered."""
        thanks = self._survey.text("thanks")
        return self._rendered(message=self._phrases["thanks"] if thanks is None else self._worded(thanks))

    def said(self, phrase: str) -> str:
        """Return the page with nothing but a phrase, such as `expired`."""
        return self._rendered(message=self._phrases[phrase])

    def form(self, mark: str, given: Mapping[str, Sequence[str]], problems: Mapping[str, str]) -> str:
        """Return the questions: what was given before is filled in, and what is wrong with it is said."""
        introduction = self._survey.text("introduction")
        questions = [self._question(question, given.get(PREFIX + question.id, ()), problems) for question in self._survey.questions]
        listed: list[dict[str, Any]] = [
            {"question": question["anchor"], "text": question["text"], "said": question["problem"]}
            for question in questions
            if question["problem"]
        ]
        if FORM in problems:
            listed.append({"question": None, "said": self._phrases[problems[FORM]]})
        return self._rendered(
            message=None,
            introduction=None if introduction is None else self._worded(introduction),
            questions=questions,
            problems=listed,
            any_must=any(question["must"] for question in questions),
            form=mark,
            longest_text=LONGEST_TEXT,
        )

    def _question(self, question: Question, given: Sequence[str], problems: Mapping[str, str]) -> dict[str, Any]:
        lowest, highest = {"rating": ("worst", "best"), "nps": ("never", "surely")}.get(question.kind, (None, None))
        problem = problems.get(question.id)
        return {
            "kind": question.kind,
            "field": PREFIX + question.id,
            "anchor": _ANCHOR + question.id,
            "text": self._worded(question.text),
            "must": question.required,
            "input": "checkbox" if question.kind == "choices" else "radio",
            "options": [{"value": value, "text": self._option(question, value), "chosen": value in given} for value in question.values],
            "written": "".join(given) if question.kind == "text" else "",
            "lowest": lowest and self._phrases[lowest],
            "highest": highest and self._phrases[highest],
            "problem": problem and self._phrases[problem],
        }

    def _option(self, question: Question, value: str) -> str:
        if question.kind == "yes_no":
            return self._phrases["yes" if value == "true" else "no"]
        return self._worded(question.choices[value]) if question.choices else value

    def _worded(self, text: Any) -> str:
        return worded(text, self._language, self._survey.language)

    def _rendered(self, **values: Any) -> str:
        title = self._survey.text("title")
        return _template("survey.html").render(
            language=self._language,
            direction="rtl" if is_right_to_left(self._language) else "ltr",
            title=self._phrases["heading"] if title is None else self._worded(title),
            phrases=dict(self._phrases),
            **values,
        )


def plain(text: str) -> str:
    """Return a page for one whose survey, and so whose language, is not known."""
    return _template("plain.html").render(text=text)


@cache
def _template(name: str) -> BoundTemplate:
    # Whatever is put in is escaped (markupsafe): the author's texts, and what a customer wrote before a problem was found.
    return Environment(autoescape=True).from_string((FILES / name).read_text("utf-8"))
