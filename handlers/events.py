"""The event guide's pages: where it begins, and a plan by its private link, with its papers."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from bot import events
from bot.conversation import of_id, of_token
from bot.errors import NotFound, Unauthenticated
from bot.guide import Guide
from bot.permits import Status, read_facts
from bot.permits.papers import (
    MEDIA_TYPES,
    Paper,
    file_name,
    notification_text,
    outline,
    plan_ics,
    plan_pdf,
    timeline_png,
    timeline_svg,
    timeline_text,
)
from bot.permits.papers.rows import duty_rows
from bot.permits.papers.words import paper_words
from bot.replies import Replies
from handlers.keys import CLOCK, DATABASE, LOCALE, TOWN
from handlers.middleware import locale_of
from handlers.pages import fragment, page
from handlers.resident_api import credentials
from handlers.staff.common import wants_fragment
from handlers.webchat import chat_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.models import Event
    from bot.permits import Facts, Plan

ROUTES = web.RouteTableDef()
_PAPER_PATH = re.compile(r"/events/(?P<key>[^/?]+)/(?P<paper>[a-z_]+)")


@ROUTES.get("/events")
async def begin(request: web.Request) -> web.Response:
    """Return the guide's page: the conversation beside its plan, or how to begin one."""
    own = await _own(request)
    if own:
        beside = _beside(request, *own)
        if wants_fragment(request):
            return web.Response(text=beside, content_type="text/html")
        return await chat_page(request, here="/events", beside=beside)
    if wants_fragment(request):
        return web.Response(status=HTTPStatus.NO_CONTENT)
    locale = locale_of(request)
    town = request.app[TOWN]()
    return page(
        request, "events.html", locale, town=town.name(locale), phone=town.phone,
        label=Replies(town, locale).guide_label(),
    )  # fmt: skip


async def _own(request: web.Request) -> tuple[str, Event] | None:
    """Return the language and the event of the reader's own conversation; None without one."""
    try:
        id_, token = credentials(request)
        async with request.app[DATABASE].read() as session:
            conversation = await of_token(session, id_, token)
            event = await events.of_conversation(session, conversation)
    except (Unauthenticated, NotFound):
        return None
    return (conversation.locale, event) if event else None


def _beside(request: web.Request, locale: str, event: Event) -> str:
    """Return the plan as it stands beside the questions."""
    guide, words = Guide.from_json(event.told), paper_words(locale)
    facts, made = read_facts(guide.facts), guide.plan(request.app[CLOCK](), locale)
    duties = outline.to_do(made)
    days = {duty.id: [one.day for one in outline.deadlines_of(duty)] for duty in duties}
    return fragment(
        request, "event_beside.html", locale,
        key=request.app[TOWN]().plan_key(event.id),
        heading=outline.event_name(facts, words), when=outline.event_time(facts, words),
        duties=duties, done=guide.done, open_duties=made.having(Status.OPEN),
        days={name: words.short_day(min(found)) if found else "" for name, found in days.items()},
        paper=words, rows=lambda duty: duty_rows(duty, words), call_now=lambda duty: outline.call_now(duty, words),
    )  # fmt: skip


@ROUTES.get("/events/{key}")
async def plan_page(request: web.Request) -> web.Response:
    """Return a plan as a page to read, print and share."""
    locale, guide, _ = await _event(request)
    facts, made = read_facts(guide.facts), guide.plan(request.app[CLOCK](), locale)
    words = paper_words(locale)
    return page(
        request, "event_plan.html", locale,
        key=request.match_info["key"],
        heading=outline.event_name(facts, words),
        when=outline.event_time(facts, words),
        told=[(words.guide.label(name), words.value(name, facts[name])) for name in outline.told(facts)],
        urgent=outline.urgent(made),
        deadlines=[
            (words.day(one.day), one.duty.name, outline.deadline_kind(one, made.as_of, words))
            for one in outline.deadlines(made)
        ],
        duties=outline.to_do(made),
        open_duties=made.having(Status.OPEN),
        paper=words,
        picture=timeline_text(made, facts, locale),
        rows=lambda duty: duty_rows(duty, words),
        call_now=lambda duty: outline.call_now(duty, words),
    )  # fmt: skip


@ROUTES.get("/events/{key}/{paper}")
async def download(request: web.Request) -> web.Response:
    """Return one of a plan's papers as a file."""
    locale, guide, uid = await _event(request)
    paper = _paper(request.match_info["paper"])
    duty = request.query.get("duty", "P01")
    body = await _drawn(guide, paper, locale, uid, duty, request.app[CLOCK]())
    shown = "inline" if paper in {Paper.SVG, Paper.PNG} else "attachment"
    return web.Response(
        body=body,
        headers={
            "Content-Type": MEDIA_TYPES[paper],
            "Content-Disposition": f'{shown}; filename="{file_name(paper, locale)}"',
        },
    )


async def fetch(app: web.Application, href: str) -> bytes:
    """Return the paper at an address such as /events/KEY/pdf, for a channel that sends files.

    Raises:
        NotFound: There is none (any more).
    """
    found = _PAPER_PATH.fullmatch(href)
    if not found:
        raise NotFound(href)
    locale, guide, uid = await _of_key(app, found["key"])
    return await _drawn(guide, _paper(found["paper"]), locale, uid, "P01", app[CLOCK]())


def _paper(name: str) -> Paper:
    if name not in set(Paper):
        raise NotFound(name)
    return Paper(name)


async def _drawn(
    guide: Guide, paper: Paper, locale: str, uid: str, duty: str, now: datetime
) -> bytes:
    facts, made = read_facts(guide.facts), guide.plan(now, locale)
    # Drawing takes a tenth of a second and more, in which others are answered.
    return await asyncio.to_thread(_drawers(made, facts, locale, uid, duty)[paper])


def _drawers(
    made: Plan, facts: Facts, locale: str, uid: str, duty: str
) -> dict[Paper, Callable[[], bytes]]:
    def draft() -> bytes:
        if duty not in {one.id for one in made.duties}:
            raise NotFound(duty)
        return notification_text(facts, duty, locale).encode()

    return {
        Paper.PDF: partial(plan_pdf, made, facts, locale),
        Paper.PDF_LARGE: partial(plan_pdf, made, facts, locale, large=True),
        Paper.ICS: partial(plan_ics, made, facts, locale, uid=uid),
        Paper.SVG: lambda: timeline_svg(made, facts, locale).encode(),
        Paper.PNG: partial(timeline_png, made, facts, locale),
        Paper.TXT: draft,
    }


async def _event(request: web.Request) -> tuple[str, Guide, str]:
    """Return the language, what was told and the lasting name of the event that a link leads to.

    Raises:
        NotFound: The link is no link, or leads to nothing any more.
    """
    found = await _of_key(request.app, request.match_info["key"])
    request[LOCALE] = found[0]
    return found


async def _of_key(app: web.Application, key: str) -> tuple[str, Guide, str]:
    id_ = key.partition(".")[0]
    if not app[TOWN]().is_plan_key(key):
        raise NotFound(id_)
    async with app[DATABASE].read() as session:
        event = await events.of_id(session, id_)
        conversation = await of_id(session, event.conversation_id)
    return conversation.locale, Guide.from_json(event.told), id_
