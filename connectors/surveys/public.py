"""The page on which customers answer: `/surveys/<signed token>`."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from connectors.framework.errors import Retry
from connectors.framework.page import mount_file
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database
from connectors.surveys import store
from connectors.surveys.answers import read
from connectors.surveys.links import PATH, SurveyLinks
from connectors.surveys.page_text import FILES, SurveyPage, plain
from connectors.surveys.store import FAMILY, Attachment
from connectors.surveys.survey import Survey
from connectors.surveys.wording import accepted

LARGEST_FORM_BYTES: Final = 512 * 1_024
_MOST_FIELDS: Final = 2_000
_HEADERS: Final = {
    # No script at all: what an author or a customer wrote is text, and should that ever fail, nothing of it would run.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is the pass
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_FORM_TYPE: Final = "application/x-www-form-urlencoded"

logger = logging.getLogger(__name__)

Handler = Callable[["SurveyPages", web.Request], Awaitable[web.Response]]


def mount(application: web.Application, surroundings: Surroundings) -> None:
    """Add the page, where there is a secret that its links can be signed with: without one nobody is ever sent a link.

    Raises SettingsError where the SQL store's settings cannot be used.
    """
    try:
        links = SurveyLinks(surroundings)
    except SettingsError as error:
        logger.info("no page of surveys: %s", error)
        return
    SurveyPages(links, Database(surroundings, FAMILY)).mount(application)


def _shielded(handler: Handler) -> Handler:
    """Answer a store that does not answer: the customer may come again."""

    async def answer(pages: "SurveyPages", request: web.Request) -> web.Response:
        try:
            return await handler(pages, request)
        except Retry as error:
            logger.warning("a survey was not to be had: %s", error)
            return _plain(503, "This page is not available at the moment. Please try again in a minute.")

    return answer


class SurveyPages:
    """The handlers. Whoever has the link may answer, once; there is no sign-in and no cookie."""

    def __init__(self, links: SurveyLinks, database: Database) -> None:
        self._links = links
        self._database = database

    def mount(self, application: web.Application) -> None:
        """Add routes and lifetime to an application."""
        for name in ("survey.css", "icon.svg"):
            mount_file(application, f"{PATH}/page/{name}", FILES / name)
        application.router.add_get(f"{PATH}/{{token}}", self.get)
        application.router.add_post(f"{PATH}/{{token}}", self.post)
        application.on_cleanup.append(self._close)

    @_shielded
    async def get(self, request: web.Request) -> web.Response:
        """Show the questions, or that they are answered. Nothing changes: programs that look at links before people do answer nothing."""
        found = await self._found(request)
        if isinstance(found, web.Response):
            return found
        attachment, page, _ = found
        return self._rest(attachment, page) or _page(200, page.form(self._links.form(attachment.id), {}, {}))

    @_shielded
    async def post(self, request: web.Request) -> web.Response:
        """Keep the answers, once; the page after it can be loaded again without sending anything."""
        found = await self._found(request)
        if isinstance(found, web.Response):
            return found
        attachment, page, survey = found
        form = await _form(request)
        if form is None:
            return _plain(400, "This is not the page's form.")
        if attachment.answered_at is None and attachment.expires_at >= store.now_ms():
            given: dict[str, list[str]] = {}
            for name, value in form:
                given.setdefault(name, []).append(value)
            mark = self._links.form(attachment.id)
            # Whoever has no link can send nothing; whoever has one makes no other's browser send it (Fetch Metadata Request Headers).
            foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
            if foreign or not self._links.is_form(attachment.id, "".join(given.get("form", ()))):
                return _plain(403, "This form was not served by this page. Please open your link again.")
            answers = read(form, survey.questions)
            if answers.problems:
                return _page(422, page.form(mark, given, answers.problems))
            async with self._database.writing() as connection:
                if not await store.answer(connection, attachment, answers.values):
                    logger.info("a survey was answered twice at the same time: the first answer counts")
        raise web.HTTPSeeOther(request.match_info["token"], headers=_HEADERS)  # relative: whatever is before it at a proxy

    def _rest(self, attachment: Attachment, page: SurveyPage) -> web.Response | None:
        if attachment.answered_at is not None:
            return _page(200, page.thanks())
        if attachment.expires_at < store.now_ms():
            return _page(410, page.said("expired"))
        return None

    async def _found(self, request: web.Request) -> tuple[Attachment, SurveyPage, Survey] | web.Response:
        identity = self._links.attachment(request.match_info["token"])
        attachment = survey = None
        if identity is not None:
            await self._database.ready()
            async with self._database.reading() as connection:
                attachment = await store.by_id(connection, identity)
                survey = None if attachment is None else await store.edition(connection, attachment)
        if attachment is None or survey is None:
            return _plain(404, "This link leads nowhere. Please use the whole link that you were sent.")
        wanted = [attachment.locale] if attachment.locale else []
        return attachment, SurveyPage(survey, [*wanted, *accepted(request.headers.get("Accept-Language", ""))]), survey

    async def _close(self, _application: web.Application) -> None:
        await self._database.close()


async def _form(request: web.Request) -> list[tuple[str, str]] | None:
    if request.content_type != _FORM_TYPE:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_FORM_BYTES:
            raise web.HTTPRequestEntityTooLarge(LARGEST_FORM_BYTES, len(body))
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None


def _page(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _plain(status: int, text: str) -> web.Response:
    return _page(status, plain(text))
