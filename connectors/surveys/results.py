"""What was answered to a survey: a summary for each question, and the answers one by one."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.office.paging import Place
from connectors.sql.database import Database
from connectors.surveys import tables
from connectors.surveys.survey import RATINGS, RECOMMENDATIONS, Question, Survey

_BATCH: Final = 500
_PROMOTER: Final = 9
_DETRACTOR: Final = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """Answers to a survey, given in a time: epoch ms, from `since` on and before `until`."""

    survey: str
    since: int | None = None
    until: int | None = None

    def condition(self) -> ColumnElement[bool]:
        """Return it for SQL."""
        row = tables.attachment.c
        wanted = [row.survey == self.survey, row.answered_at.is_not(None)]
        if self.since is not None:
            wanted.append(row.answered_at >= self.since)
        if self.until is not None:
            wanted.append(row.answered_at < self.until)
        return and_(*wanted)


async def overview(connection: AsyncConnection, survey: str | None = None) -> dict[str, dict[str, Any]]:
    """Return how often each survey, or this one, was attached, how often it was answered, and when last (epoch ms); none that never was."""
    row = tables.attachment.c
    attached, answered, last = func.count().label("attached"), func.count(row.answered_at).label("answered"), func.max(row.answered_at)
    query = select(row.survey, attached, answered, last.label("last")).group_by(row.survey)
    rows = await connection.execute(query if survey is None else query.where(row.survey == survey))
    return {found.survey: {"attached": found.attached, "answered": found.answered, "last_answered_at": found.last} for found in rows}


async def questions_of(connection: AsyncConnection, survey: str, current: Survey | None) -> list[Question]:
    """Return the questions that a survey has, and after them those that only earlier editions had."""
    query = select(tables.edition.c.document).where(tables.edition.c.survey == survey).order_by(tables.edition.c.first_at.desc())
    editions = [Survey.from_json(text) for text in (await connection.execute(query)).scalars()]
    found: dict[str, Question] = {}
    for edition in [*([] if current is None else [current]), *editions]:
        for question in edition.questions:
            found.setdefault(question.id, question)
    return list(found.values())


async def summary(connection: AsyncConnection, wanted: Wanted, questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Return for each question how many answered it, and how: counts by value, the mean of ratings, the score of recommendations."""
    counts: dict[str, dict[str, int]] = {question.id: {} for question in questions}
    texts = [question.id for question in questions if question.kind == "text"]
    answer, row = tables.answers.c, tables.attachment.c
    joined = tables.answers.join(tables.attachment, answer.attachment_id == row.id)
    query = select(answer.question, answer.value, func.count().label("number")).select_from(joined).where(wanted.condition())
    for found in await connection.execute(query.where(answer.question.not_in(texts)).group_by(answer.question, answer.value)):
        if found.question in counts:
            counts[found.question][found.value] = found.number
    written = (
        select(answer.question, func.count().label("number")).select_from(joined).where(wanted.condition(), answer.question.in_(texts))
    )
    for found in await connection.execute(written.group_by(answer.question)):
        counts[found.question] = {"": found.number}
    return [summed(question, counts[question.id]) for question in questions]


def summed(question: Question, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return a question's summary from how often each value was answered.

    The score of recommendations is that of Reichheld (Harvard Business Review, December 2003): the share of those who said 9 or 10 less
    the share of those who said 0 to 6, in percent.
    """
    by_value = dict.fromkeys(question.values, 0)
    others = 0
    for value, number in counts.items():
        for part in value.split(",") if question.kind == "choices" else [value]:
            if part in by_value:
                by_value[part] += number
            else:  # from an earlier edition, whose choices were others
                others += number
    total = sum(counts.values())
    found: dict[str, Any] = {"id": question.id, "kind": question.kind, "answered": total}
    if question.kind == "text":
        return found
    found |= {"counts": by_value, "others": others}
    known = sum(by_value.values())
    if question.values == RATINGS and known:
        found["mean"] = round(sum(int(value) * number for value, number in by_value.items()) / known, 2)
    if question.values == RECOMMENDATIONS and known:
        promoters = sum(number for value, number in by_value.items() if int(value) >= _PROMOTER)
        detractors = sum(number for value, number in by_value.items() if int(value) <= _DETRACTOR)
        found |= {"promoters": promoters, "detractors": detractors, "score": round(100 * (promoters - detractors) / known)}
    return found


async def page_of(connection: AsyncConnection, wanted: Wanted, before: Place | None, limit: int) -> list[dict[str, Any]]:
    """Return answers, newest first, from a place on: time of the answer and id of the attachment."""
    row = tables.attachment.c
    query = select(row.id, row.answered_at, row.interaction_id, row.conversation_id, row.channel, row.flow, row.locale).where(
        wanted.condition()
    )
    if before is not None:
        query = query.where(tuple_(row.answered_at, row.id) < tuple_(*before))
    rows = (await connection.execute(query.order_by(row.answered_at.desc(), row.id.desc()).limit(limit))).mappings().all()
    values = await _values(connection, [found["id"] for found in rows])
    return [{**found, "answers": values.get(found["id"], {})} for found in rows]


async def all_of(database: Database, wanted: Wanted) -> AsyncIterator[dict[str, Any]]:
    """Give all answers, newest first, a batch at a time: no transaction is open while the reader takes its time."""
    before: Place | None = None
    while True:
        async with database.reading() as connection:
            found = await page_of(connection, wanted, before, _BATCH)
        for one in found:
            yield one
        if len(found) < _BATCH:
            return
        before = place(found[-1])


def place(answer: Mapping[str, Any]) -> Place:
    """Return where a page ends that ends with an answer."""
    return answer["answered_at"], answer["id"]


async def _values(connection: AsyncConnection, attachments: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in await connection.execute(select(tables.answers).where(tables.answers.c.attachment_id.in_(list(attachments)))):
        found.setdefault(row.attachment_id, {})[row.question] = row.value
    return found
