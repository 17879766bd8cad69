"""The staff's API and page of what customers answered."""

from pathlib import Path
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from connectors.framework.definitions import Definitions
from connectors.framework.fault import Fault, shown
from connectors.framework.spreadsheet import MIME_TYPE as CSV
from connectors.office.answering import answered
from connectors.office.download import send
from connectors.office.office import Office
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sql.database import Database
from connectors.surveys import results
from connectors.surveys.export import as_csv, as_json_lines
from connectors.surveys.store import FAMILY
from connectors.surveys.survey import KIND, Question, Survey
from connectors.surveys.wording import worded

_PAGE: Final = Path(__file__).parent / "page"
_ROLES: Final = frozenset({"surveys"})
_SURVEY: Final = "/api/surveys/{survey}"
_NOTHING: Final = {"attached": 0, "answered": 0, "last_answered_at": None}

Moment = Annotated[int, Field(ge=0, le=253_402_300_800_000)]


class _Period(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Moment | None = None
    until: Moment | None = None


class _Query(_Period):
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class SurveysOffice:
    """Surveys and their answers, as people see them and programs fetch them."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        self._database = Database(office.surroundings, FAMILY)
        self._definitions = Definitions(office.surroundings)
        office.on_close(self._database.close)
        office.on_close(self._definitions.close)
        office.on_open(self._database.open)
        office.on_open(self._definitions.open)
        office.add("GET", "/api/surveys", self.all, _ROLES)
        office.add("GET", f"{_SURVEY}/summary", self.summary, _ROLES)
        office.add("GET", f"{_SURVEY}/answers", self.answers, _ROLES)
        office.add("GET", f"{_SURVEY}/answers.csv", self.csv, _ROLES)
        office.add("GET", f"{_SURVEY}/answers.jsonl", self.json_lines, _ROLES)
        office.page("/surveys", "Surveys", _PAGE, _ROLES)

    async def all(self, _request: web.Request) -> web.StreamResponse:
        """Every survey that is in service or was attached once."""
        definitions = {document["reference"]: document for document in await self._definitions.all_of(KIND)}
        async with self._database.reading() as connection:
            overview = await results.overview(connection)
        surveys = [
            {
                "reference": reference,
                "name": definitions.get(reference, {}).get("name", ""),
                "in_service": reference in definitions,
                "url": definitions.get(reference, {}).get("url"),
                **overview.get(reference, _NOTHING),
            }
            for reference in sorted({*definitions, *overview})
        ]
        return answered({"surveys": surveys})

    async def summary(self, request: web.Request) -> web.StreamResponse:
        """Each question with its texts, and how it was answered."""
        wanted, survey = await self._found(request, query_of(request, _Period))
        async with self._database.reading() as connection:
            questions = await results.questions_of(connection, wanted.survey, survey)
            summaries = await results.summary(connection, wanted, questions)
            overview = (await results.overview(connection, wanted.survey)).get(wanted.survey, _NOTHING)
        language = "en" if survey is None else survey.language
        current = {question.id for question in survey.questions} if survey is not None else set()
        asked = [
            {**_shown(question, language), **found, "retired": question.id not in current}
            for question, found in zip(questions, summaries, strict=True)
        ]
        title = None if survey is None else survey.text("title")
        name = wanted.survey if title is None else worded(title, language, language)
        return answered({"reference": wanted.survey, "name": name, **overview, "questions": asked})

    async def answers(self, request: web.Request) -> web.StreamResponse:
        """A page of answers, newest first."""
        query = query_of(request, _Query)
        wanted, _ = await self._found(request, query)
        place = place_of(query.after)
        async with self._database.reading() as connection:
            found = await results.page_of(connection, wanted, place, query.limit + 1)
        more = len(found) > query.limit
        found = found[: query.limit]
        return answered({"answers": found, "next": cursor(results.place(found[-1])) if more else None})

    async def csv(self, request: web.Request) -> web.StreamResponse:
        """All answers as CSV."""
        wanted, survey = await self._found(request, query_of(request, _Period))
        async with self._database.reading() as connection:
            questions = await results.questions_of(connection, wanted.survey, survey)
        return await send(request, as_csv(results.all_of(self._database, wanted), questions), CSV, f"{wanted.survey}.csv")

    async def json_lines(self, request: web.Request) -> web.StreamResponse:
        """All answers as JSON lines."""
        wanted, _ = await self._found(request, query_of(request, _Period))
        return await send(request, as_json_lines(results.all_of(self._database, wanted)), "application/jsonl", f"{wanted.survey}.jsonl")

    async def _found(self, request: web.Request, period: _Period) -> tuple[results.Wanted, Survey | None]:
        reference = request.match_info["survey"]
        document = await self._definitions.find(KIND, reference)
        if document is None:
            async with self._database.reading() as connection:
                if "\0" in reference or not await results.overview(connection, reference):
                    raise Fault(404, "survey", "the reference of a survey", shown(reference))
        return results.Wanted(reference, period.since, period.until), None if document is None else Survey.of(document)


def mount(office: Office) -> None:
    """Add surveys to the office. Raises SettingsError."""
    SurveysOffice(office)


def _shown(question: Question, language: str) -> dict[str, Any]:
    return {
        "text": worded(question.text, language, language),
        "choices": {code: worded(text, language, language) for code, text in question.choices.items()},
    }
