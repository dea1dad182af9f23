"""The staff's pages about what the book should learn: unanswered questions, proposals, publications."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import learning, tickets
from bot.errors import (
    ChangedMeanwhile,
    NeuvokasError,
    NotFound,
    TextMissing,
    TextTooLong,
    Unauthenticated,
)
from bot.models import Author, Message, Stage, Ticket
from bot.people import audit
from bot.people.policy import Act, may
from bot.texts import LANGUAGES, texts
from faq.book import LOCALES
from faq.publishing import CannotPublish, Draft, Words
from handlers.access.rights import needs, noted, on_ticket
from handlers.keys import CLOCK, DATABASE, SETTINGS, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.staff.common import allowed, see, signed_in

if TYPE_CHECKING:
    from collections.abc import Collection

    from multidict import MultiDictProxy

    from bot.texts import Texts

ROUTES = web.RouteTableDef()
_LONGEST_ID = 18
_DONE = frozenset({"publish", "reject", "back"})


@ROUTES.get("/staff/learning")
@noted("read_questions")
@needs(Act.READ_BOOK)
async def overview(request: web.Request) -> web.Response:
    """Return what was asked and not answered, the proposals, and what was published."""
    return await _overview(request)


@ROUTES.post("/staff/tickets/{number}/propose")
@on_ticket(Act.PROPOSE)
async def propose(request: web.Request) -> web.Response:
    """Make a proposal for the book of one of the ticket's replies."""
    form = await form_of(request)
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        number = request.match_info["number"]
        ticket = await tickets.for_staff(session, me, number, Act.PROPOSE)
        id_ = _number(str(form.get("message", "")))
        message = await session.get(Message, id_)
        if message is None or message.ticket_id != ticket.id or message.author != Author.STAFF:
            raise NotFound(str(id_))
        town, now = request.app[TOWN](), request.app[CLOCK]()
        proposal = await learning.propose(session, me, ticket, message, town, now)
    return see(f"/staff/proposals/{proposal.id}")


@ROUTES.post("/staff/proposals")
@needs(Act.READ_BOOK)
async def begin(request: web.Request) -> web.Response:
    """Begin a proposal by hand, perhaps with what residents asked."""
    form = await form_of(request)
    async with request.app[DATABASE].write() as session:
        me = await allowed(request, session, Act.READ_BOOK)
        town, now = request.app[TOWN](), request.app[CLOCK]()
        asked = {str(form.get("locale", "")): [str(one) for one in form.getall("asked", [])]}
        proposal = await learning.begin(session, me, town, asked, now)
        detail = {"do": "begin"}
        audit.record(session, me, Act.PROPOSE, f"proposal {proposal.id}", now, detail=detail)
    return see(f"/staff/proposals/{proposal.id}")


@ROUTES.get("/staff/proposals/{id}")
@noted("read_questions")
@needs(Act.READ_BOOK)
async def proposal_page(request: web.Request) -> web.Response:
    """Return a proposal with its form, and what its trial found."""
    return await _proposal_page(request)


@ROUTES.post("/staff/proposals/{id}/{act:save|try|publish|reject}")
@noted("read_questions")
@needs(Act.READ_BOOK)
async def act_on(request: web.Request) -> web.Response:
    """Save, try, publish or reject a proposal; what was typed is kept when it cannot be done."""
    form = await form_of(request)
    act, id_ = request.match_info["act"], _number(request.match_info["id"])
    try:
        if act == "publish":
            await _publish(request, id_, str(form.get("seen", "")))
        else:
            await _change(request, id_, act, form)
    except (NotFound, Unauthenticated):
        raise
    except (CannotPublish, NeuvokasError, OSError) as error:
        return await _proposal_page(request, error, form)
    if act in {"publish", "reject"}:
        return see(f"/staff/learning?done={act}")
    return see(f"/staff/proposals/{id_}" + ("?done=save" if act == "save" else ""))


async def _publish(request: web.Request, id_: int, seen: str) -> None:
    database, now = request.app[DATABASE], request.app[CLOCK]()
    async with database.read() as session:
        me = await allowed(request, session, Act.READ_BOOK)
    await learning.publish(database, request.app[SETTINGS], me, id_, seen, now)


async def _change(request: web.Request, id_: int, act: str, form: MultiDictProxy[Any]) -> None:
    seen, now = str(form.get("seen", "")), request.app[CLOCK]()
    async with request.app[DATABASE].write() as session:
        me = await allowed(request, session, Act.READ_BOOK)
        proposal = await learning.of_id(session, me, id_, lock=True)
        audit.record(session, me, Act.PROPOSE, f"proposal {id_}", now, detail={"do": act})
        if act == "reject":
            learning.reject(me, proposal, str(form.get("reason", "")), seen, now)
            return
        learning.save(me, proposal, _draft(form), seen, request.app[TOWN]().book, now)
        if act == "try":
            learning.ask_for_trial(me, proposal, now)


@ROUTES.post("/staff/publications/{id}/take-back")
@noted("read_questions")
@needs(Act.EDIT_BOOK)
async def take_back(request: web.Request) -> web.Response:
    """Undo a publication in one step."""
    database, id_ = request.app[DATABASE], _number(request.match_info["id"])
    async with database.read() as session:
        me = await allowed(request, session, Act.READ_BOOK)
    try:
        await learning.take_back(database, request.app[SETTINGS], me, id_, request.app[CLOCK]())
    except NotFound:
        raise
    except ChangedMeanwhile:
        _ = texts(me.locale).gettext
        detail = _(
            "It was taken back already, or its files were changed since. Make a new proposal, or"
            " change the files by hand."
        )
        return await _overview(request, 409, detail)
    except (CannotPublish, NeuvokasError, OSError) as error:
        return await _overview(request, *_explained(error, texts(me.locale)))
    return see("/staff/learning?done=back")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        raise NotFound(text)
    return int(text)


def _draft(form: MultiDictProxy[Any]) -> Draft:
    """Return the proposal as the form has it."""

    def said(name: str) -> str:
        return str(form.get(name, "")).strip()

    return Draft(
        said("entry"),
        said("topic"),
        said("queue"),
        said("source"),
        said("owner"),
        {
            locale: Words(
                said(f"question_{locale}"),
                tuple(
                    line.strip()
                    for line in said(f"phrasings_{locale}").splitlines()
                    if line.strip()
                ),
                said(f"answer_{locale}"),
                said(f"easy_{locale}"),
            )
            for locale in LOCALES
        },
    )


def _explained(error: Exception, words: Texts) -> tuple[int, str]:
    """Return the status and what to tell the reader: what is wrong and what to do."""
    _ = words.gettext
    if isinstance(error, CannotPublish):
        return 422, _("This is missing or cannot be used: {faults}").format(
            faults="; ".join(_fault(fault, words) for fault in error.faults)
        )
    if isinstance(error, OSError):
        return 503, _(
            "The book's folder cannot be written to, so nothing was published. Ask your operator."
        )
    if isinstance(error, TextTooLong):
        return 422, words.ngettext(
            "A field holds too much: at most {limit} character fits. Shorten it.",
            "A field holds too much: at most {limit} characters fit. Shorten it.",
            error.limit,
        ).format(limit=error.limit)
    if isinstance(error, TextMissing):
        return 422, _("Write why, so that the others know.")
    return explanation(error, words) if isinstance(error, NeuvokasError) else (500, "")


def _fault(fault: str, words: Texts) -> str:
    """Return a fault in words; one of the book's own names its file and is shown as it is."""
    _ = words.gettext
    name, _colon, place = fault.partition(":")
    known = {
        "entry": _("the id, with the letters a-z, digits and hyphens"),
        "topic": _("the topic, with the letters a-z, digits and hyphens"),
        "source": _("the source, an address that begins with https://"),
        "queue": _("the queue"),
        "owner": _("the owner"),
        "book": _("the book has changed since the trial; try it again"),
        "ended": _("the trial was cut off; try it again"),
    }
    if name == "words" and place in LANGUAGES:
        return _("question and answer, {language}").format(language=LANGUAGES[place])
    if name == "by-hand":
        return _("the entry's own lines in the files ({field}); change them by hand").format(
            field=place
        )
    return known.get(fault, fault)


async def _overview(request: web.Request, status: int = 200, error: str = "") -> web.Response:
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ_BOOK)
        asked = await learning.unanswered(session, me)
        proposals = await learning.newest(session, me)
        published = await learning.publications(session)
    return page(
        request, "staff_learning.html", me.locale, status=status, me=me, error=error,
        groups=await learning.grouped(asked), proposals=proposals, drafts=Draft.from_json,
        published=published, may_edit=may(me, Act.EDIT_BOOK), stages=_stages(texts(me.locale)),
        to_take_back=learning.to_take_back(published), said=_done(request, status, _DONE),
    )  # fmt: skip


def _done(request: web.Request, status: int, known: Collection[str]) -> str:
    """Return what was done just now, as the address says; nothing beside what went wrong."""
    done = request.query.get("done", "")
    return done if status == HTTPStatus.OK and done in known else ""


def _stages(words: Texts) -> dict[str, str]:
    _ = words.gettext
    return {
        Stage.DRAFT: _("Draft"),
        Stage.TRYING: _("Being tried"),
        Stage.TRIED: _("Tried out"),
        Stage.PUBLISHED: _("Published"),
        Stage.REJECTED: _("Put aside"),
    }


async def _proposal_page(
    request: web.Request, error: Exception | None = None, form: MultiDictProxy[Any] | None = None
) -> web.Response:
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ_BOOK)
        proposal = await learning.of_id(session, me, _number(request.match_info["id"]))
        ticket = await session.get(Ticket, proposal.ticket_id) if proposal.ticket_id else None
    words, town = texts(me.locale), request.app[TOWN]()
    status, detail = _explained(error, words) if error else (200, "")
    # What was typed stays in its fields, whatever was wrong with it.
    typed = _draft(form) if form is not None and "entry" in form else None
    draft = typed or Draft.from_json(proposal.draft)
    trial = learning.Trial.from_json(proposal.trial) if proposal.trial else None
    entries = town.book.entries.values()
    is_open = proposal.stage not in {Stage.PUBLISHED, Stage.REJECTED}
    return page(
        request, "staff_proposal.html", me.locale, status=status, me=me, error=detail,
        proposal=proposal, draft=draft, trial=trial,
        changes=learning.changes_for(me, trial) if trial else (),
        faults=[_fault(fault, words) for fault in trial.faults] if trial else [],
        entries=town.book.entries, queues=town.book.queues,
        topics=sorted({entry.topic for entry in entries}),
        owners=sorted({entry.owner for entry in entries if entry.owner}),
        may_edit=is_open and may(me, Act.EDIT_BOOK), stages=_stages(words), no_words=Words(),
        number=ticket.number if ticket and may(me, Act.READ, ticket.queue) else "",
        is_open=is_open and learning.may_change(me, proposal),
        reason=str(form.get("reason", "")) if form is not None else "",
        said=_done(request, status, {"save"}),
        # What is written already comes first: a reply is read before it is translated.
        in_order=sorted(LANGUAGES.items(), key=lambda spoken: not _written(draft, spoken[0])),
    )  # fmt: skip


def _written(draft: Draft, locale: str) -> bool:
    return locale in draft.texts and bool(draft.texts[locale].answer)
