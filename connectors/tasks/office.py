"""The staff's API of tasks, and its page."""

import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connectors.framework.errors import Refused
from connectors.framework.fault import Fault, shown
from connectors.office.answering import answered, body_of
from connectors.office.entity_tag import expect, tag_of
from connectors.office.office import Office, staff_of
from connectors.office.paging import LARGEST_PAGE, Limit, Term, cursor, place_of, query_of
from connectors.sql.database import Database
from connectors.tasks import store
from connectors.tasks.moment import Moment, Span
from connectors.tasks.settings import TasksSettings
from connectors.tasks.task import SALESFORCE, STANDARD, Task

_PAGE: Final = Path(__file__).parent / "page"
_ROLES: Final = frozenset({"tasks"})

_Name = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$", strip_whitespace=True)]
_Category = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$", strip_whitespace=True)]
_Time = Annotated[str, StringConstraints(max_length=80)]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    state: store.State | None = None
    category: Term | None = None
    q: Term | None = None
    after: Term | None = None
    limit: Limit = LARGEST_PAGE


class _NewTask(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    category: _Category
    start_date: _Time | None = None
    end_date: _Time | None = None


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name | None = None
    category: _Category | None = None
    start_date: _Time | None = Field(default=None, description="Empty text: it has no start date any more.")
    end_date: _Time | None = Field(default=None, description="Empty text: it has no end date any more.")
    done: bool | None = None


class TasksOffice:
    """Tasks, as people and their programs see and change them."""

    def __init__(self, office: Office) -> None:
        """Prepare, and add the routes. Raises SettingsError."""
        settings = office.surroundings.read(TasksSettings)
        self._categories = settings.categories
        self._salesforce_url = None if settings.salesforce is None else settings.salesforce.url
        self._database = Database(office.surroundings, "tasks")
        office.on_close(self._database.close)
        office.on_open(self._database.open)
        office.add("GET", "/api/task_categories", self.categories, _ROLES)
        office.add("GET", "/api/tasks", self.some, _ROLES)
        office.add("POST", "/api/tasks", self.create, _ROLES)
        office.add("GET", "/api/tasks/{id}", self.get, _ROLES)
        office.add("PATCH", "/api/tasks/{id}", self.change, _ROLES)
        office.page("/tasks", "Tasks", _PAGE, _ROLES)

    async def categories(self, _request: web.Request) -> web.StreamResponse:
        """The categories that tasks can have; none where any may be given."""
        return answered({"categories": list(self._categories)})

    async def some(self, request: web.Request) -> web.StreamResponse:
        """A page of tasks: those of a state, without one all that are not done."""
        query = query_of(request, _Query)
        now = _now()
        wanted = store.Wanted(now, query.state, query.category, query.q, place_of(query.after), query.limit)
        async with self._database.reading() as connection:
            tasks, place = await store.listed(connection, wanted)
        return answered({"tasks": [self._shown(task, now) for task in tasks], "next": place and cursor(place), "now": now})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One task."""
        async with self._database.reading() as connection:
            return self._answer(await _found(connection, request))

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Make a task. One that is kept in Salesforce is made there."""
        given = await body_of(request, _NewTask)
        self._check_category(given.category)
        try:
            span = Span.of(given.start_date, given.end_date)
        except Refused as refused:
            return _refused(refused)
        task = Task(str(uuid.uuid4()), given.name, given.category, STANDARD, span, _now(), staff_of(request).name)
        async with self._database.writing() as connection:
            await store.add(connection, task)
        response = self._answer(task, status=201)
        response.headers["Location"] = f"/api/tasks/{task.id}"
        return response

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Change a task, if nobody else has since it was read."""
        given = await body_of(request, _Change)
        if given.category is not None:
            self._check_category(given.category)
        async with self._database.writing() as connection:
            task = await _found(connection, request, to_change=True)
            if task.kind == SALESFORCE:
                raise Fault(409, "kind", "a task that is kept here", "one that is kept in Salesforce, where it can be changed")
            expect(request, task.version)
            try:
                changed = _changed(task, given, staff_of(request).name)
            except Refused as refused:
                return _refused(refused)
            if changed != task:
                changed = replace(changed, version=task.version + 1)
                await store.replace(connection, changed)
        return self._answer(changed)

    def _check_category(self, category: str) -> None:
        if self._categories and category not in self._categories:
            raise Fault(422, "category", f"one of {', '.join(self._categories)}", shown(category))

    def _answer(self, task: Task, *, status: int = 200) -> web.Response:
        response = answered(self._shown(task, _now()), status=status)
        response.headers["ETag"] = tag_of(task.version)
        return response

    def _shown(self, task: Task, now: int) -> dict[str, Any]:
        start, end = task.span.start, task.span.end
        there = task.salesforce_id is not None and self._salesforce_url is not None
        return {
            "id": task.id,
            "name": task.name,
            "category": task.category,
            "kind": task.kind,
            "state": task.state(now),
            "start_date": start and start.text,
            "start_at": start and start.at,
            "end_date": end and end.text,
            "end_at": end and end.at,
            "done_at": task.done_at,
            "done_by": task.done_by,
            "created_at": task.created_at,
            "created_by": task.created_by,
            "customer": None if task.address is None else {"channel": task.channel, "account": task.account, "address": task.address},
            "interaction": task.interaction_id,
            "salesforce_id": task.salesforce_id,
            "salesforce_url": f"{self._salesforce_url}/{task.salesforce_id}" if there else None,
            "version": task.version,
        }


def mount(office: Office) -> None:
    """Add tasks to the office. Raises SettingsError."""
    TasksOffice(office)


async def _found(connection: Any, request: web.Request, *, to_change: bool = False) -> Task:
    identity = request.match_info["id"]
    task = await store.by_id(connection, identity, to_change=to_change)
    if task is None:
        raise Fault(404, "id", "the id of a task", shown(identity))
    return task


def _changed(task: Task, given: _Change, name: str) -> Task:
    span = Span.of(_date(given.start_date, task.span.start), _date(given.end_date, task.span.end))
    changed = replace(task, name=given.name or task.name, category=given.category or task.category, span=span)
    if given.done is None or given.done == (task.done_at is not None):
        return changed
    return replace(changed, done_at=_now(), done_by=name) if given.done else replace(changed, done_at=None, done_by=None)


def _date(given: str | None, before: Moment | None) -> str | None:
    return given if given is not None or before is None else before.text


def _refused(refused: Refused) -> web.Response:
    return answered({"error": refused.reason, "detail": refused.detail}, status=422)


def _now() -> int:
    return time.time_ns() // 1_000_000
