"""The audit log as admins read it: a page with filters, and the same as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web
from yarl import URL

from bot.people import audit
from bot.people.policy import Act
from bot.texts import LANGUAGES, ZONE, texts
from handlers.access.rights import needs, noted
from handlers.keys import DATABASE, TOWN
from handlers.pages import page
from handlers.staff.common import allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.models import Audit
    from bot.people.audit import Wanted
    from bot.texts import Texts
    from faq.book import Queue

ROUTES = web.RouteTableDef()
_ON_A_PAGE = 100
_IN_A_FILE = 100_000
_HIGHEST = 2**53
# Days far from ours cannot be counted with.
_YEARS = range(2000, 3000)
_NUMBERED = re.compile(r"(person|proposal) (\d+)")
# A spreadsheet runs what begins with one of these.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@ROUTES.get("/staff/audit")
@noted(Act.READ_AUDIT)
@needs(Act.READ_AUDIT)
async def audit_page(request: web.Request) -> web.Response:
    """Return the newest entries, or those that are looked for."""
    wanted = _wanted(request)
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ_AUDIT)
        found = await audit.entries(session, wanted, _ON_A_PAGE + 1)
        names = await audit.names(session)
        number, hash_ = await audit.head(session)
    shown = found[:_ON_A_PAGE]
    words, queues = texts(me.locale), request.app[TOWN]().book.queues
    query = {key: value for key, value in request.query.items() if value and key != "before"}
    return page(
        request,
        "staff_audit.html",
        me.locale,
        me=me,
        entries=shown,
        details={entry.id: _told(entry, words, queues) for entry in shown},
        objects={entry.id: _object(entry.object, words) for entry in shown},
        command_line=audit.COMMAND_LINE,
        names=names,
        acts=_labels(words),
        query=request.query,
        older=_address("/staff/audit", {**query, "before": str(shown[-1].id)})
        if len(found) > _ON_A_PAGE
        else "",
        file=_address("/staff/audit.csv", query),
        number=number,
        hash=hash_,
    )


@ROUTES.get("/staff/audit.csv")
@noted(Act.READ_AUDIT)
@needs(Act.READ_AUDIT)
async def audit_file(request: web.Request) -> web.Response:
    """Return the entries that are looked for as a file, newest first, at most 100,000."""
    async with request.app[DATABASE].read() as session:
        await allowed(request, session, Act.READ_AUDIT)
        found = await audit.entries(session, _wanted(request), _IN_A_FILE)
    return web.Response(
        # The mark in front tells spreadsheets that the letters are UTF-8.
        body=("\ufeff" + _csv(found)).encode(),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _labels(words: Texts) -> dict[str, str]:
    """Return what each act is called in a language; others that the log may hold have their own name."""
    _ = words.gettext
    return {
        "read": _("Opened a ticket"),
        "claim": _("Claimed a ticket"),
        "release": _("Released a ticket"),
        "reply": _("Replied to a resident"),
        "close": _("Closed a ticket"),
        "reopen": _("Reopened a ticket"),
        "note": _("Wrote an internal note"),
        "transfer": _("Moved a ticket to another queue"),
        "merge": _("Merged tickets"),
        "tag": _("Changed a ticket's tags"),
        "judge": _("Said that the bot answered wrongly"),
        "propose": _("Proposed an answer"),
        "block": _("Blocked a resident"),
        "correct_event": _("Corrected an event"),
        "release_others": _("Released a colleague's ticket"),
        "assign": _("Gave a ticket to somebody"),
        "review_blocks": _("Reviewed a block"),
        "invite": _("Changed who is on the staff"),
        "manage_queues": _("Changed a queue"),
        "manage_canned": _("Changed a canned response"),
        "see_numbers": _("Looked at the numbers"),
        "read_book": _("Read the answers"),
        "edit_book": _("Changed the answers"),
        "switch_off": _("Switched automatic answers off or on"),
        "read_audit": _("Read this log"),
        "manage_settings": _("Changed a setting"),
        "sign_in": _("Signed in to the console"),
        "sign_in_failed": _("Failed to sign in"),
        "sign_out": _("Signed out"),
        "joined": _("Began to use the account"),
        "invited": _("Made a one-time link"),
        "account_changed": _("Changed an account"),
        "cut_off": _("Cut somebody off"),
        "let_in": _("Let somebody back in"),
        "sessions_ended": _("Ended sign-ins"),
        "codes_on": _("Switched on two-step sign-in"),
        "codes_off": _("Switched off two-step sign-in"),
        "recovery_codes": _("Made new recovery codes"),
        "recovery_used": _("Used a recovery code"),
        "town_account": _("Connected the town's account"),
        "token_made": _("Made a token"),
        "tokens_revoked": _("Revoked tokens"),
        "telegram_tied": _("Tied a Telegram account"),
        "telegram_untied": _("Untied a Telegram account"),
        "listed": _("Looked at the list of tickets"),
        "views_changed": _("Saved or deleted a view of the list"),
        "opened_file": _("Opened a file of a ticket"),
        "read_questions": _("Read what residents asked"),
        "read_blocks": _("Looked at who is blocked"),
        "exported": _("Took the numbers along"),
        "published": _("Published an answer"),
        "taken_back": _("Took a published answer back"),
    }


def _wanted(request: web.Request) -> Wanted:
    """Return what the address looks for; what cannot be read in it counts as left open."""
    query = request.query
    until = _day(query.get("until", ""))
    before = query.get("before", "")
    return audit.Wanted(
        name=_plain(query.get("name", "")),
        act=_plain(query.get("act", "")),
        object=_plain(query.get("object", "")).strip(),
        since=_day(query.get("since", "")),
        until=until + timedelta(days=1) if until else None,
        before=min(int(before), _HIGHEST) if before.isascii() and before.isdecimal() else None,
    )


def _plain(value: str) -> str:
    # PostgreSQL refuses the null character, which no entry holds.
    return value.replace("\0", "")[:200]


def _day(value: str) -> datetime | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return datetime.combine(day, time(), ZONE) if day.year in _YEARS else None


def _told(entry: Audit, words: Texts, queues: Mapping[str, Queue]) -> str:
    """Return an entry's detail on one line, in words."""
    names, said = _detail_names(words), _detail_words(words)
    titles = {queue.id: queue.titles[words.locale] for queue in queues.values()}

    def value_of(key: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(value_of(key, one) for one in value) or "–"
        if key == "languages":
            return LANGUAGES.get(value, str(value))
        if key == "queues":
            return titles.get(value, str(value))
        # Names are people's own and may be the same as a word of the log.
        return str(value) if key == "name" else said.get(f"{key} {value}", str(value))

    return "; ".join(
        f"{names.get(key, key)}: {value_of(key, value)}"
        for key, value in audit.detail_of(entry).items()
    )


def _detail_names(words: Texts) -> dict[str, str]:
    _ = words.gettext
    return {
        "by": _("By"),
        "count": _("Number"),
        "days": _("Days"),
        "do": _("What"),
        "kinds": _("Sort"),
        "languages": _("Languages"),
        "lifted": _("Block lifted"),
        "name": _("Name"),
        "off": _("Switched off"),
        "queues": _("Queues"),
        "role": _("Role"),
        "with": _("With"),
    }


def _detail_words(words: Texts) -> dict[str, str]:
    """Return what the values that the log holds are called, by key and value."""
    _ = words.gettext
    yes, no = _("Yes"), _("No")
    return {
        "role staff": _("Staff"),
        "role lead": _("Lead"),
        "role admin": _("Admin"),
        "role editor": _("Editor"),
        "with password": _("password"),
        "with code": _("code"),
        "with town": _("the town's account"),
        "by town": _("the town's account"),
        "kinds session": _("signed-in browsers"),
        "kinds token": _("tokens"),
        "kinds invitation": _("one-time links"),
        "do begin": _("begun"),
        "do save": _("saved"),
        "do try": _("tried"),
        "do publish": _("published"),
        "do reject": _("rejected"),
        **dict.fromkeys(("lifted True", "off True"), yes),
        **dict.fromkeys(("lifted False", "off False"), no),
    }


def _object(name: str, words: Texts) -> str:
    """Return what was acted on, in words where it is no number or address."""
    _ = words.gettext
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        label = _("Person {number}") if numbered[1] == "person" else _("Proposal {number}")
        return label.format(number=numbered[2])
    return _("Unknown name") if name == "unknown name" else name


def _csv(entries: Sequence[Audit]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    columns = ("id", "at", "staff_id", "staff_name", "act", "object", "detail", "previous", "hash")
    writer.writerow(columns)
    for entry in entries:
        row = (getattr(entry, column) for column in columns)
        writer.writerow([_harmless(value) for value in row])
    return file.getvalue()


def _harmless(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _address(path: str, query: dict[str, str]) -> str:
    return str(URL(path).with_query(query))
