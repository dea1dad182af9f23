"""The event guide's pages: where it begins, and a plan by its private link, with its papers."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot.conversation import of_id
from bot.errors import NotFound
from bot.guide import Guide
from bot.permits import Status, plan, read_facts
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
from bot.permits.papers.words import paper_words
from bot.replies import Replies
from handlers.keys import CLOCK, DATABASE, LOCALE, TOWN
from handlers.middleware import locale_of
from handlers.pages import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.permits import Facts, Plan

ROUTES = web.RouteTableDef()


@ROUTES.get("/events")
async def begin(request: web.Request) -> web.Response:
    """Return the page that tells what the guide does, and begins it in the chat."""
    locale = locale_of(request)
    town = request.app[TOWN]()
    return page(
        request, "events.html", locale, town=town.name(locale), phone=town.phone,
        label=Replies(town, locale).guide_label(),
    )  # fmt: skip


@ROUTES.get("/events/{key}")
async def plan_page(request: web.Request) -> web.Response:
    """Return a plan as a page to read, print and share."""
    locale, facts, _ = await _event(request)
    made = plan(facts, request.app[CLOCK](), locale=locale)
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
        reasons=outline.reasons,
        call_now=lambda duty: outline.call_now(duty, words),
    )  # fmt: skip


@ROUTES.get("/events/{key}/{paper}")
async def download(request: web.Request) -> web.Response:
    """Return one of a plan's papers as a file."""
    locale, facts, uid = await _event(request)
    name = request.match_info["paper"]
    if name not in set(Paper):
        raise NotFound(name)
    paper = Paper(name)
    made = plan(facts, request.app[CLOCK](), locale=locale)
    # Drawing takes a tenth of a second and more, in which others are answered.
    body = await asyncio.to_thread(_drawers(made, facts, locale, uid, request)[paper])
    shown = "inline" if paper in {Paper.SVG, Paper.PNG} else "attachment"
    return web.Response(
        body=body,
        headers={
            "Content-Type": MEDIA_TYPES[paper],
            "Content-Disposition": f'{shown}; filename="{file_name(paper, locale)}"',
        },
    )


def _drawers(
    made: Plan, facts: Facts, locale: str, uid: str, request: web.Request
) -> dict[Paper, Callable[[], bytes]]:
    duty = request.query.get("duty", "P01")

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


async def _event(request: web.Request) -> tuple[str, Facts, str]:
    """Return the language, the facts and the lasting name of the event that a link leads to.

    Raises:
        NotFound: The link is no link, or leads to nothing any more.
    """
    key = request.match_info["key"]
    id_ = key.partition(".")[0]
    if not request.app[TOWN]().is_plan_key(key):
        raise NotFound(id_)
    async with request.app[DATABASE].read() as session:
        conversation = await of_id(session, id_)
    kept = conversation.state.get("guide")
    if not kept:
        raise NotFound(id_)
    request[LOCALE] = conversation.locale
    return conversation.locale, read_facts(Guide.from_json(kept).facts), id_
