"""The staff's page about an event: what was told, its plan, and putting either right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import events, tickets
from bot.errors import ChangedMeanwhile, NeuvokasError, NotFound, Unauthenticated
from bot.guide import Guide
from bot.models import Event, Handling
from bot.people.policy import Act, may
from bot.permits import FACTS, FactsError, Status, read_facts, standing
from bot.permits.facts import Type
from bot.permits.papers import outline
from bot.permits.papers.words import paper_words
from bot.texts import texts
from handlers.access.rights import on_ticket
from handlers.access.sign_in import lapsed_page
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explained, explanation, form_of, locale_of
from handlers.pages import page
from handlers.staff.common import see, signed_in

if TYPE_CHECKING:
    from multidict import MultiDictProxy
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket

ROUTES = web.RouteTableDef()
# What is to be done first, then what is not known, and what is not needed last.
_GROUPS = (Status.REQUIRED, Status.ASK, Status.OPEN, Status.NOT_REQUIRED)


@dataclass(frozen=True)
class Glance:
    """An event in a few words, for the page of its ticket.

    Attributes:
        counts: How many duties have which status.
    """

    name: str
    when: str
    counts: dict[str, int]
    key: str


async def glance(
    session: AsyncSession, request: web.Request, ticket: Ticket, locale: str
) -> Glance | None:
    """Return the ticket's event in a few words; None when it has none."""
    event = await events.of_ticket(session, ticket)
    if event is None:
        return None
    guide, words = Guide.from_json(event.told), paper_words(locale)
    facts, made = read_facts(guide.facts), guide.plan(request.app[CLOCK](), locale)
    return Glance(
        outline.event_name(facts, words),
        outline.event_time(facts, words),
        {status.value: len(made.having(status)) for status in Status},
        request.app[TOWN]().plan_key(event.id),
    )


@ROUTES.get("/staff/tickets/{number}/event")
@on_ticket(Act.READ)
async def event_page(request: web.Request) -> web.Response:
    """Return what was told of the ticket's event, and its plan."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, request.match_info["number"])
        if await events.of_ticket(session, ticket) is None:
            return page(request, "staff_event_none.html", me.locale, me=me, ticket=ticket)
        return await _page(request, session, me, ticket)


@ROUTES.post("/staff/tickets/{number}/event/{what:fact|duty|handling}")
@on_ticket(Act.CORRECT_EVENT)
async def put_right(request: web.Request) -> web.Response:
    """Put a fact right, rule on a duty, or say where the notice stands; with a reason, which is kept."""
    form = await form_of(request)
    number, what = request.match_info["number"], request.match_info["what"]
    name, reason = str(form.get("name", "")), str(form.get("reason", ""))
    try:
        async with request.app[DATABASE].write() as session:
            me = await signed_in(request, session)
            ticket = await tickets.for_staff(session, me, number, Act.CORRECT_EVENT)
            event = await _as_seen(session, ticket, str(form.get("seen", "")))
            await _put_right(request, session, me, (event, ticket), what, form)
    except Unauthenticated:
        return await lapsed_page(request)
    except NotFound as error:
        return explained(request, *explanation(error, texts(locale_of(request))), kept=reason)
    except (NeuvokasError, FactsError) as error:
        async with request.app[DATABASE].read() as session:
            me = await signed_in(request, session)
            ticket = await tickets.for_staff(session, me, number)
            status, detail = _explained(error, me.locale)
            chosen = {what: name, "reason": reason, "error": detail}
            return await _page(request, session, me, ticket, status=status, **chosen)
    return see(f"/staff/tickets/{number}/event")


def _explained(error: NeuvokasError | FactsError, locale: str) -> tuple[int, str]:
    _ = texts(locale).gettext
    if isinstance(error, FactsError):
        label = paper_words(locale).guide.label(error.problems[0].fact)
        return 422, _("The value does not fit here, or not with another fact: {label}.").format(
            label=label
        )
    return explanation(error, texts(locale))


async def _put_right(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    about: tuple[Event, Ticket],
    what: str,
    form: MultiDictProxy[Any],
) -> None:
    event, ticket = about
    name, reason = str(form.get("name", "")), str(form.get("reason", ""))
    now = request.app[CLOCK]()
    if what == "fact":
        if name not in FACTS:
            raise NotFound(name)
        value = _value(name, [str(one) for one in form.getall("value", [])])
        await events.correct(session, me, event, ticket, name, value, reason, now)
    elif what == "duty":
        status = str(form.get("status", ""))
        await events.rule(session, me, event, ticket, name, status, reason, now)
    else:
        asked = str(form.get("handling", ""))
        if asked not in set(Handling):
            raise NotFound(asked)
        handling, town = Handling(asked), request.app[TOWN]()
        await events.say_handling(session, me, event, ticket, handling, town, now)


def _value(fact: str, given: list[str]) -> Any:
    """Return a fact's value as `read_facts` takes it from a form's fields; None for "not known"."""
    kind = FACTS[fact].type
    if kind is Type.SET:
        return None if "unknown" in given else [one for one in given if one]
    text = given[0].strip() if given else ""
    if text in {"", "unknown"}:
        return None
    if kind is Type.BOOL:
        return {"yes": True, "no": False}.get(text, text)
    if kind is Type.COUNT:
        return int(text) if text.isdecimal() and len(text) < 10 else text  # noqa: PLR2004 - what a person counts
    return text


async def _event_of(session: AsyncSession, ticket: Ticket) -> Event:
    event = await events.of_ticket(session, ticket)
    if event is None:
        raise NotFound(ticket.number)
    return event


async def _as_seen(session: AsyncSession, ticket: Ticket, seen: str) -> Event:
    """Return the ticket's event when it still is as the page showed it.

    Raises:
        NotFound: The ticket has no event.
        ChangedMeanwhile: It was changed after the page was opened.
    """
    event = await _event_of(session, ticket)
    if seen != event.changed_at.isoformat():
        raise ChangedMeanwhile
    return event


async def _page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    ticket: Ticket,
    *,
    status: int = 200,
    **chosen: str,
) -> web.Response:
    event = await _event_of(session, ticket)
    guide, words = Guide.from_json(event.told), paper_words(me.locale)
    facts, now = read_facts(guide.facts), request.app[CLOCK]()
    made = guide.plan(now, me.locale)
    fact = chosen.get("fact") or request.query.get("fact", "")
    duty = chosen.get("duty") or request.query.get("duty", "")
    named = {one.id: one for one in made.duties}
    return page(
        request, "staff_event.html", me.locale, status=status,
        me=me, ticket=ticket, event=event, guide=guide,
        heading=outline.event_name(facts, words), when=outline.event_time(facts, words),
        told=[
            (name, words.guide.label(name), words.value(name, facts[name]))
            for name in outline.FACTS_TOLD if name in facts
        ],
        untold=[(name, words.guide.label(name)) for name in outline.FACTS_TOLD if name not in facts],
        groups=[(one, _by_date(made.having(one))) for one in _GROUPS],
        since=_since(event, guide, made, words),
        standing=standing(guide.rulings, guide.facts),
        corrections=await events.corrections_of(session, event),
        handling=await events.handling_of(session, event), handlings=list(Handling),
        paper=words, reasons=outline.reasons,
        fact=_field(fact, guide, words) if fact in FACTS else None,
        duty=named.get(duty), may_correct=may(me, Act.CORRECT_EVENT, ticket.queue),
        key=request.app[TOWN]().plan_key(event.id),
        error=chosen.get("error", ""), reason=chosen.get("reason", ""), longest=events.LONGEST_REASON,
    )  # fmt: skip


def _by_date(duties: tuple[Any, ...]) -> list[Any]:
    return sorted(duties, key=lambda duty: (duty.file_by is None, duty.file_by, duty.id))


def _field(fact: str, guide: Guide, words: Any) -> dict[str, Any]:
    """Return what a form needs to ask for a fact: its label, sort, choices and value now."""
    kind = FACTS[fact].type
    value = guide.facts.get(fact)
    choices = [(str(one), label) for one, label in words.guide.choices(fact)]
    if kind is Type.BOOL:
        choices = [(one, words.guide.phrase("words", one)) for one in ("yes", "no")]
        value = None if value is None else "yes" if value else "no"
    return {
        "name": fact,
        "label": words.guide.label(fact),
        "kind": kind.value,
        "choices": choices,
        "value": value,
    }


def _since(event: Event, guide: Guide, made: Any, words: Any) -> list[tuple[str, str, str]]:
    """Return what changed since the event was handed in, as (what, then, now); empty when nothing."""
    if not event.handed_in:
        return []
    then = event.handed_in
    facts, old = read_facts(guide.facts), read_facts(then["facts"])
    rows = [
        (
            words.guide.label(name),
            words.value(name, old[name]) if name in old else "–",
            words.value(name, facts[name]) if name in facts else "–",
        )
        for name in outline.FACTS_TOLD
        if then["facts"].get(name) != guide.facts.get(name)
    ]
    for duty in made.duties:
        was = then["duties"].get(duty.id, {}).get("status")
        if was and was != duty.status:
            statuses = [words.guide.phrase("statuses", one) for one in (was, duty.status)]
            rows.append((duty.name, *statuses))
    return rows
