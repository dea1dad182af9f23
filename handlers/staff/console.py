"""The page of a ticket: what is shown of it, and everything that is done to it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy import select

from bot import districts, tickets
from bot.errors import (
    Answered,
    CannotMerge,
    NeuvokasError,
    NotFound,
    OtherLanguage,
    Unanswered,
    Unauthenticated,
)
from bot.models import OUTCOMES, Author, Delivery, Message, Note, Outcome, Staff, Ticket
from bot.people.policy import Act, may
from bot.texts import texts
from bot.work import (
    blocks,
    canned,
    drafts,
    misanswers,
    notes,
    pending,
    presence,
    reply_language,
    tags,
    ticket_log,
)
from bot.work.ticket_list import questions
from faq import checks
from handlers.access.rights import for_everybody, needs, on_ticket
from handlers.access.sign_in import lapsed_page
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explained, explanation, form_key, form_of, locale_of
from handlers.pages import fragment, page
from handlers.staff.common import allowed, html, see, signed_in, wants_fragment
from handlers.staff.event_desk import glance
from handlers.staff.files import files_of_ticket, reply_with_files
from handlers.staff.ticket_list import colleagues, number_of, person
from handlers.staff.ticket_words import log_line
from handlers.stream import stream
from handlers.uploads import files_of, fingerprint, with_files

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from aiohttp_sse import EventSourceResponse
    from multidict import MultiDictProxy
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.town import Town
    from faq.book import Queue

ROUTES = web.RouteTableDef()
# What a form's field may hold and be shown again; the longest text is explained, not cut.
_KEPT = 100_000
_BOOK_RESULTS = 6
# Which draft the words belong to that come with an act; closing sends the reply's form along.
_DRAFTED = {Act.REPLY: "reply", Act.CLOSE: "reply", Act.NOTE: "note"}


@dataclass(frozen=True)
class Doing:
    """One act on a ticket, as a form asks for it."""

    session: AsyncSession
    me: Staff
    ticket: Ticket
    form: MultiDictProxy[Any]
    town: Town
    now: datetime
    request: web.Request

    def text(self, name: str) -> str:
        """Return a field of the form; empty when it is not there."""
        return str(self.form.get(name, ""))

    @property
    def key(self) -> str | None:
        """The form's key, so that a double click does a thing once."""
        return form_key(self.text("nonce"), self.text("text") + fingerprint(self.request))


@dataclass(frozen=True)
class Typed:
    """What a form held that could not be done, to be shown again.

    Attributes:
        act: What was to be done.
        error: Why it was not.
        fields: Everything that was typed and chosen.
        may_insist: Doing it anyway is offered.
    """

    act: str = ""
    error: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    may_insist: bool = False

    def get(self, act: str, name: str) -> str:
        """Return what was typed into one field of an act's form."""
        return self.fields.get(name, "") if act == self.act else ""


@ROUTES.get("/staff/tickets/{number}")
@on_ticket(Act.READ)
async def ticket_page(request: web.Request) -> web.Response:
    """Return a ticket with the whole conversation."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        return await _ticket_page(request, session, me)


@ROUTES.post(
    "/staff/tickets/{number}/{act:claim|release|reply|close|reopen|note|transfer|assign|merge|tag|judge|block}"
)
@on_ticket()
@with_files
async def act_on(request: web.Request) -> web.Response:
    """Do something to a ticket; what was typed is kept when it cannot be done."""
    form = await form_of(request)
    act = Act(request.match_info["act"])
    number = request.match_info["number"]
    typed = {name: str(value)[:_KEPT] for name, value in form.items()}
    try:
        async with request.app[DATABASE].write() as session:
            me = await signed_in(request, session)
            ticket = await tickets.for_staff(session, me, number, act)
            doing = Doing(
                session, me, ticket, form, request.app[TOWN](), request.app[CLOCK](), request
            )
            onward = await _DEEDS[act](doing)
    except Unauthenticated:
        return await lapsed_page(request)
    except NotFound as error:
        kept = typed.get("text") or typed.get("reason", "")
        return explained(request, *explanation(error, texts(locale_of(request))), kept=kept)
    except NeuvokasError as error:
        return await _not_done(request, act, error, typed)
    return see(onward or f"/staff/tickets/{number}#newest")


async def _not_done(
    request: web.Request, act: Act, error: NeuvokasError, typed: dict[str, str]
) -> web.Response:
    """Return the page as it is now, with why nothing was done and all that was typed."""
    database, now = request.app[DATABASE], request.app[CLOCK]()
    async with database.write() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, request.match_info["number"])
        if act in _DRAFTED and typed.get("text", "").strip():
            await drafts.keep(session, me, ticket.id, _DRAFTED[act], typed["text"], now)
    async with database.read() as session:
        me = await signed_in(request, session)
        status, detail = explanation(error, texts(me.locale))
        may_insist = isinstance(error, OtherLanguage | Answered | Unanswered)
        shown = Typed(act, detail, typed, may_insist)
        return await _ticket_page(request, session, me, status=status, typed=shown)


async def _claim(doing: Doing) -> None:
    await tickets.claim(doing.session, doing.me, doing.ticket, doing.now)


async def _release(doing: Doing) -> None:
    await pending.send_now(doing.session, doing.ticket, doing.now)
    await tickets.release(doing.session, doing.me, doing.ticket, doing.now)


async def _reply(doing: Doing) -> str | None:
    """Keep the reply until it goes out, unless a language or a colleague speaks against it.

    With files it goes out at once: what has been put on the disk for it is not taken back.
    """
    newer = await _newer(doing)
    if not await _was_sent(doing):
        # Whoever cannot reply at all need not first hear about the language.
        tickets.require_free(doing.me, doing.ticket)
    if not doing.text("anyway"):
        colleague = next((m.staff_name for m in newer if m.author == Author.STAFF), None)
        if colleague and not await _was_sent(doing):
            raise Answered(colleague)
        found = reply_language.other_language(doing.text("text"), doing.ticket.locale, doing.town)
        if found:
            raise OtherLanguage(found, doing.ticket.locale)
    has_files = bool(files_of(doing.request))
    if has_files:
        await _reply_at_once(doing)
    else:
        await pending.put(
            doing.session, doing.me, doing.ticket, doing.text("text"), doing.now, key=doing.key
        )
    if any(message.author == Author.RESIDENT for message in newer):
        more = "gone" if has_files else "1"
        return f"/staff/tickets/{doing.ticket.number}?more={more}#newest"
    return None


async def _reply_at_once(doing: Doing) -> None:
    """Send the reply and its files, after what is still waiting to go out."""
    await pending.send_now(doing.session, doing.ticket, doing.now)
    message = await tickets.reply(
        doing.session, doing.me, doing.ticket, doing.text("text"), doing.now, key=doing.key
    )
    await reply_with_files(doing.request, doing.session, doing.ticket, message)
    await drafts.drop(doing.session, doing.me, doing.ticket.id, "reply")


async def _was_sent(doing: Doing) -> bool:
    return doing.key is not None and bool(
        await tickets.sent_before(doing.session, doing.me, doing.ticket, doing.key)
    )


async def _newer(doing: Doing) -> Sequence[Message]:
    """Return what residents and colleagues wrote since the form's page was loaded."""
    seen = doing.text("seen")
    if not seen:
        return ()
    query = select(Message).where(
        Message.conversation_id == doing.ticket.conversation_id,
        Message.id > number_of(seen),
        Message.author != Author.BOT,
    )
    found = (await doing.session.scalars(query)).all()
    return [message for message in found if message.staff_name != doing.me.name]


async def _close(doing: Doing) -> str:
    await pending.send_now(doing.session, doing.ticket, doing.now)
    outcome = doing.text("outcome") or Outcome.SOLVED
    if outcome not in OUTCOMES:
        raise NotFound(outcome)
    await tickets.close(
        *(doing.session, doing.me, doing.ticket, doing.town, doing.now),
        outcome=Outcome(outcome),
        anyway=bool(doing.text("anyway")),
    )
    if doing.text("text").strip():
        # A reply that was begun came along with the button, and is there when the ticket opens again.
        await drafts.keep(
            doing.session, doing.me, doing.ticket.id, "reply", doing.text("text"), doing.now
        )
    return f"/staff?ended={doing.ticket.number}"


async def _reopen(doing: Doing) -> None:
    await tickets.reopen_by_staff(doing.session, doing.me, doing.ticket, doing.town, doing.now)


async def _note(doing: Doing) -> None:
    await notes.add(
        doing.session, doing.me, doing.ticket, doing.text("text"), doing.now, key=doing.key
    )
    await drafts.drop(doing.session, doing.me, doing.ticket.id, "note")


async def _transfer(doing: Doing) -> str | None:
    await pending.send_now(doing.session, doing.ticket, doing.now)
    await tickets.transfer(
        doing.session,
        doing.me,
        doing.ticket,
        reason=doing.text("reason"),
        town=doing.town,
        now=doing.now,
        queue=doing.text("queue") or None,
        to=await person(doing.session, doing.text("to")) if doing.text("to") else None,
    )
    # It may be in a queue now that this person does not see.
    return None if may(doing.me, Act.READ, doing.ticket.queue) else "/staff"


async def _assign(doing: Doing) -> None:
    await pending.send_now(doing.session, doing.ticket, doing.now)
    to = await person(doing.session, doing.text("to"))
    await tickets.assign(doing.session, doing.me, doing.ticket, to, doing.now)


async def _merge(doing: Doing) -> str:
    number = doing.text("into").strip()
    # People write the digits alone as well.
    number = f"N-{number}" if number.isdecimal() else number
    try:
        into = await tickets.for_staff(doing.session, doing.me, number, Act.MERGE)
    except NotFound:
        raise CannotMerge from None
    await pending.send_now(doing.session, doing.ticket, doing.now)
    await tickets.merge(doing.session, doing.me, doing.ticket, into, doing.town, doing.now)
    return f"/staff/tickets/{into.number}#newest"


async def _tag(doing: Doing) -> None:
    if doing.text("remove"):
        await tags.remove(doing.session, doing.me, doing.ticket, doing.text("remove"), doing.now)
    else:
        await tags.add(doing.session, doing.me, doing.ticket, doing.text("tag"), doing.now)


async def _judge(doing: Doing) -> None:
    if doing.text("take_back"):
        id_ = number_of(doing.text("take_back"))
        await misanswers.take_back(doing.session, doing.me, doing.ticket, id_, doing.now)
        return
    message = doing.text("message")
    await misanswers.judge(
        doing.session,
        doing.me,
        doing.ticket,
        right_entry=doing.text("right") or None,
        town=doing.town,
        now=doing.now,
        message_id=number_of(message) if message else None,
    )


async def _block(doing: Doing) -> None:
    await pending.send_now(doing.session, doing.ticket, doing.now)
    await blocks.block(
        doing.session,
        doing.me,
        doing.ticket,
        reason=doing.text("reason"),
        days=number_of(doing.text("days")),
        town=doing.town,
        now=doing.now,
    )


_DEEDS: dict[Act, Callable[[Doing], Awaitable[str | None]]] = {
    Act.CLAIM: _claim,
    Act.RELEASE: _release,
    Act.REPLY: _reply,
    Act.CLOSE: _close,
    Act.REOPEN: _reopen,
    Act.NOTE: _note,
    Act.TRANSFER: _transfer,
    Act.ASSIGN: _assign,
    Act.MERGE: _merge,
    Act.TAG: _tag,
    Act.JUDGE: _judge,
    Act.BLOCK: _block,
}


@ROUTES.post("/staff/tickets/{number}/undo")
@on_ticket(Act.REPLY)
async def undo(request: web.Request) -> web.Response:
    """Take a reply back that has not gone out; its words are in the field again."""
    form = await form_of(request)
    number = request.match_info["number"]
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, number, Act.REPLY)
        id_, now = str(form.get("reply", "")), request.app[CLOCK]()
        try:
            await pending.undo(session, me, ticket, number_of(id_), now)
        except NotFound:
            return see(f"/staff/tickets/{number}?late=1#newest")
    return see(f"/staff/tickets/{number}#newest")


@ROUTES.post("/staff/tickets/{number}/draft")
@on_ticket(Act.REPLY)
async def keep_draft(request: web.Request) -> web.Response:
    """Keep what is typed, as the page's script sends it now and then."""
    form = await form_of(request)
    field_name, text = str(form.get("field", "")), str(form.get("text", ""))
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, request.match_info["number"])
        if field_name not in drafts.FIELDS:
            raise NotFound(field_name)
        await drafts.keep(session, me, ticket.id, field_name, text, request.app[CLOCK]())
    return web.Response(status=204)


@ROUTES.post("/staff/tickets/{number}/presence")
@on_ticket(Act.READ)
async def be_present(request: web.Request) -> web.Response:
    """Take in that somebody has the page open, or has left it, as its script says."""
    form = await form_of(request)
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, request.match_info["number"])
        if form.get("left"):
            await presence.left(session, me, ticket)
        else:
            is_writing = form.get("writing") == "1"
            now = request.app[CLOCK]()
            await presence.seen(session, me, ticket, now, is_writing=is_writing)
    return web.Response(status=204)


@ROUTES.post("/staff/tickets/{number}/compose")
@on_ticket(Act.REPLY)
@with_files
async def compose(request: web.Request) -> web.Response:
    """Put a canned response or a book's answer below what is typed, or search the book; sends nothing."""
    form = await form_of(request)
    typed = {name: str(value)[:_KEPT] for name, value in form.items()}
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, request.match_info["number"])
        town = request.app[TOWN]()
        added = await _inserted(session, me, ticket, town, typed)
        typed["text"] = "\n\n".join(
            part for part in (typed.get("text", "").rstrip(), added) if part
        )
        shown = Typed(Act.REPLY, "", typed)
        if wants_fragment(request):
            values = {"me": me, "ticket": ticket, "found": _in_book(town, ticket, shown, me)}
            part = fragment(
                request, "staff_ticket_book.html", me.locale, entries=town.book.entries, **values
            )
            return web.json_response({"text": typed["text"], "found": part})
        return await _ticket_page(request, session, me, typed=shown)


async def _inserted(
    session: AsyncSession, me: Staff, ticket: Ticket, town: Town, typed: dict[str, str]
) -> str:
    """Return what the pressed button puts in; empty when it only searches."""
    kind, _, name = typed.get("insert", "").partition(":")
    if kind == "canned":
        response = await canned.one_for(session, ticket, number_of(typed.get("canned", "")))
        return canned.filled(response, ticket, me)
    if kind == "entry":
        return book_answer(town, name, ticket.locale)
    return ""


def book_answer(town: Town, name: str, locale: str) -> str:
    """Return an entry's answer word for word, and its source.

    Raises:
        NotFound: There is none in this language that may be given.
    """
    entry = town.book.entries.get(name)
    if entry is None or locale not in entry.texts or town.is_withheld(name):
        raise NotFound(name)
    _ = texts(locale).gettext
    source = _("Source: {address}").format(address=entry.source)
    return f"{entry.texts[locale].answer.rstrip()}\n\n{source}"


def _in_book(town: Town, ticket: Ticket, typed: Typed, me: Staff) -> list[str] | None:
    """Return the entries that fit what staff look for; None when they look for nothing."""
    words = typed.get(Act.REPLY, "book").strip()[:200]
    if not words:
        return None
    match = town.matcher.match(words, me.locale)
    return [
        candidate.entry
        for candidate in match.candidates[:_BOOK_RESULTS]
        if ticket.locale in town.book.entries[candidate.entry].texts
        and not town.is_withheld(candidate.entry)
    ]


@ROUTES.get("/staff/events")
@for_everybody
async def events(request: web.Request) -> web.StreamResponse:
    """Stream a nudge whenever what this page shows has changed: the list, or one ticket."""
    number = request.query.get("ticket", "")
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        topics = [tickets.TOPIC]
        if number:
            ticket = await tickets.for_staff(session, me, number)
            topics = [tickets.topic_of(ticket.id)]

    async def news(response: EventSourceResponse) -> bool:
        # Signed out or cut off meanwhile: the page is told to go.
        async with request.app[DATABASE].read() as session:
            try:
                person = await signed_in(request, session)
                if number:
                    await tickets.for_staff(session, person, number)
            except Unauthenticated:
                await response.send("", event="signed-out")
                return False
            except NotFound:
                # The ticket has gone where this person does not see it.
                return False
        await response.send("", event="changed")
        return True

    return await stream(request, topics, news)


@ROUTES.get("/staff/book")
@needs(Act.READ_BOOK)
async def book_page(request: web.Request) -> web.Response:
    """Return the answers that are withheld or due for review, and what is wrong with changed files."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ_BOOK)
    shelf = request.app[TOWN]
    town = shelf()
    stale = checks.stale(town.book, town.today)
    return page(request, "staff_book.html", me.locale, me=me, stale=stale, faults=shelf.faults)


async def _ticket_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    *,
    status: int = 200,
    typed: Typed | None = None,
) -> web.Response:
    typed = typed or Typed()
    ticket = await tickets.for_staff(session, me, request.match_info["number"])
    town, now = request.app[TOWN](), request.app[CLOCK]()
    live = await _live(session, me, ticket, town, now)
    values = {
        **live,
        **await files_of_ticket(request, session, ticket, live["messages"]),
        "me": me,
        "ticket": ticket,
        "subject": (await questions(session, [ticket])).get(ticket.id, ""),
        "event_glance": await glance(session, request, ticket, me.locale),
    }
    if wants_fragment(request):
        return html(fragment(request, "staff_ticket_live.html", me.locale, **values))
    values |= await _beside(session, me, ticket, town)
    kept = await drafts.of_ticket(session, me, ticket.id)
    block = await blocks.active(session, ticket.conversation_id, now)
    values |= {
        "typed": typed,
        "reply_text": typed.get(Act.REPLY, "text") or _unsent(kept["reply"], values),
        "note_text": typed.get(Act.NOTE, "text") or _unsent(kept["note"], values),
        "found": _in_book(town, ticket, typed, me),
        "block": block,
        "block_days": blocks.DAYS,
        "outcomes": OUTCOMES,
        "has_more": request.query.get("more", ""),
        "is_late": "late" in request.query,
        "nonce": secrets.token_urlsafe(12),
    }
    return page(request, "staff_ticket.html", me.locale, status=status, **values)


def _unsent(draft: str, values: dict[str, Any]) -> str:
    """Return a draft, unless its words were sent while the script was still keeping them."""
    sent = [line.text for line in (*values["lines"][-10:], *values["waiting_replies"])]
    return "" if draft.replace("\r\n", "\n").strip() in sent else draft


async def _live(
    session: AsyncSession, me: Staff, ticket: Ticket, town: Town, now: datetime
) -> dict[str, Any]:
    """Return what changes while the page is open."""
    messages = await tickets.conversation_of(session, ticket)
    written = await notes.of(session, ticket)
    into = await session.get(Ticket, ticket.merged_into_id) if ticket.merged_into_id else None
    return {
        "messages": messages,
        # What was written at the same moment as a message comes after it.
        "lines": sorted(
            [*messages, *written], key=lambda line: (line.at, isinstance(line, Note), line.id)
        ),
        "newest": messages[-1].id if messages else 0,
        "begins": next((m.id for m in messages if m.ticket_id == ticket.id), None),
        "first": messages[0].id if messages else None,
        "deliveries": await _deliveries(session, ticket),
        "waiting_replies": await pending.of(session, ticket),
        "others": await presence.others(session, me, ticket, now),
        "into": into,
        "merged": await tickets.merged_into(session, ticket),
        "queue": town.book.queue(ticket.queue),
        "district": districts.of_town(town.id).get(ticket.district or ""),
        "tags": await tags.of(session, ticket.id),
        "may_release": ticket.holder_id == me.id or may(me, Act.RELEASE_OTHERS),
        "now": now,
    }


async def _beside(session: AsyncSession, me: Staff, ticket: Ticket, town: Town) -> dict[str, Any]:
    """Return what stands beside the conversation, and what the forms offer."""
    earlier = await tickets.earlier(session, ticket)
    words = texts(me.locale)
    shown = await tickets.conversation_of(session, ticket)
    people = await colleagues(session)
    return {
        "entries": town.book.entries,
        "queues": town.book.queues,
        "earlier": [one for one in earlier if may(me, Act.READ, one.queue)],
        "hidden_earlier": sum(not may(me, Act.READ, one.queue) for one in earlier),
        "answers": [m for m in shown if m.author == Author.BOT and m.entry],
        "judged": await misanswers.of(session, ticket),
        "log": [
            (line, log_line(line, words, town.book.queues))
            for line in await ticket_log.of(session, ticket)
        ],
        "people": [p for p in people if may(p, Act.REPLY, ticket.queue)],
        "takers": _takers(people, town),
        "canned": await canned.for_ticket(session, ticket),
        "known_tags": await tags.in_use(session),
    }


def _takers(people: Sequence[Staff], town: Town) -> list[tuple[Staff, list[Queue]]]:
    """Return whom a ticket can be passed to, each with the queues that they work in."""
    offered = [
        (one, [queue for queue in town.book.queues.values() if may(one, Act.REPLY, queue.id)])
        for one in people
    ]
    return [(one, theirs) for one, theirs in offered if theirs]


async def _deliveries(session: AsyncSession, ticket: Ticket) -> dict[int, Delivery]:
    query = select(Delivery).where(Delivery.conversation_id == ticket.conversation_id)
    found = await session.scalars(query)
    return {delivery.message_id: delivery for delivery in found if delivery.message_id}
