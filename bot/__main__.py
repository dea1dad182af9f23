"""The CLI: neuvokas serve | migrate | ask | match | evaluate | permits | staff | audit | check-content."""

from __future__ import annotations

import gc

# Nothing of what is imported is ever rubbish; looking for some takes a sixth of the start.
gc.disable()

import argparse
import asyncio
import json
import logging
import os
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from bot import settings as environment
from bot import sources
from bot.app import now, serve
from bot.database import UNREACHABLE, Database
from bot.errors import LastLead, NameTaken, NotAllowed, SettingsError, TextMissing, TextTooLong
from bot.migrations import migrate
from bot.models import Role, Staff
from bot.people import accounts, audit
from bot.people import staff as people
from bot.permits import cli as permits
from bot.replies import Replies
from bot.service import queues as desk_queues
from bot.texts import LOCALES, ZONE
from bot.town import load, matcher_of, town_from
from faq import book, checks, evaluation
from faq.alarms import most_urgent
from faq.book import BookError
from faq.confusions import confusions
from handlers.access.sign_in import join_link
from handlers.keys import DATABASE, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

    from aiohttp import web
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.settings import Settings
    from faq.book import Book
    from faq.matching import Match

gc.enable()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 well, 1 not, 2 misused."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options, environment.read()) or 0)
    except SettingsError as error:
        print(f"neuvokas: {error}", file=sys.stderr)
        return 2
    except BookError as error:
        print(f"neuvokas: the book cannot be used:\n{error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has seen enough, as with `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DBAPIError, *UNREACHABLE) as error:
        # No file, no server, a port that is taken: what the system says is the shortest answer.
        print(
            f"neuvokas: {type(error).__name__}: {str(error).partition(chr(10))[0]}", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="neuvokas", description="A municipal help bot.")
    parser.add_argument("--version", action="version", version=f"neuvokas {version('neuvokas')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., Any], about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    command("serve", _serve, "serve the web chat, the console and Telegram")
    command("migrate", _migrate, "bring the database's tables up to date")
    ask = command("ask", _ask, "show what the bot answers to one question")
    ask.add_argument("question")
    ask.add_argument("--locale", choices=LOCALES, default=None, help="the language spoken so far")
    ask.add_argument("--json", action="store_true", help="print JSON")
    match = command("match", _match, "match questions, one a line on standard input")
    match.add_argument(
        "--content", type=Path, help="a folder in the book's format; default: the town's book"
    )
    match.add_argument(
        "--jsonl", action="store_true", help='read {"text": "..."} lines, write JSON lines'
    )
    judge = command("evaluate", _evaluate, "measure the matcher on sentences whose entry is known")
    judge.add_argument(
        "file",
        type=Path,
        help='JSON lines: {"text": "...", "entry": id, "id or id" or null, "locale"?}',
    )
    judge.add_argument(
        "--content", type=Path, help="a folder in the book's format; default: the town's book"
    )
    judge.add_argument("--json", action="store_true", help="print JSON instead of a table")
    check = command("check-content", _check_content, "check the book of answers")
    check.add_argument(
        "--content", type=Path, help="a folder in the book's format; default: the town's book"
    )
    check.add_argument(
        "--online", action="store_true", help="also ask whether the sources are there"
    )
    check.add_argument(
        "--quick", action="store_true", help="leave out the confusions, which take a minute"
    )
    permits.add_parser(commands)
    # The guide needs no settings: it is pure.
    commands.choices["permits"].set_defaults(run=lambda options, _settings: permits.main(options))
    staff = commands.add_parser("staff", help="members of staff").add_subparsers(
        required=True, metavar="WHAT"
    )
    add = staff.add_parser("add", help="add a member of staff and print a one-time link")
    add.add_argument("name")
    add.add_argument("--queues", default="", help="ids of queues, separated by commas")
    add.add_argument(
        "--languages",
        default=",".join(people.TAKEN_TO_KNOW),
        help="the languages the person answers in, of fi, sv, en (default: %(default)s)",
    )
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.STAFF.value)
    add.set_defaults(run=_staff_add)
    token = staff.add_parser("token", help="print a new personal token for the staff API")
    token.add_argument("name")
    token.add_argument("--revoke", action="store_true", help="end all the person's tokens instead")
    token.set_defaults(run=_staff_token)
    listed = staff.add_parser("list", help="list the members of staff")
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=_staff_list)
    link = staff.add_parser("link", help="print a new one-time link for a member of staff")
    link.add_argument("name")
    link.set_defaults(run=_staff_link)
    gone = staff.add_parser("cut-off", help="let nothing open for a member of staff any more")
    gone.add_argument("name")
    gone.set_defaults(run=_staff_cut_off)
    log = commands.add_parser("audit", help="the audit log").add_subparsers(
        required=True, metavar="WHAT"
    )
    verify = log.add_parser("verify", help="say whether the log is whole, or where it breaks")
    verify.add_argument(
        "--noted",
        action="append",
        default=[],
        metavar="NUMBER:HASH",
        help="an entry's hash that was noted elsewhere, such as in the service's own log",
    )
    verify.set_defaults(run=_audit_verify)
    return parser


def _serve(_options: argparse.Namespace, settings: Settings) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # These write whole addresses, which hold the bot's token, and what people said.
    for chatty in ("httpx", "httpx2", "telegram", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    serve(settings, _greet)


async def _greet(app: web.Application) -> None:
    """Say where the pages are and, until somebody has signed in, how the first lead begins."""
    settings = app[SETTINGS]
    print(f"Residents' chat: {settings.base_url}/")
    print(f"Staff console:   {settings.base_url}/staff")
    async with app[DATABASE].write() as session:
        if not await people.any_lead(session):
            link = join_link(app, await people.invite(session, None, now()))
            print(f"First team lead (one-time link): {link}")
    sys.stdout.flush()


def _migrate(_options: argparse.Namespace, settings: Settings) -> None:
    async def run() -> None:
        database = Database(settings.database_url)
        try:
            await migrate(database)
        finally:
            await database.stop()

    asyncio.run(run())
    print("The tables are up to date.")


def _ask(options: argparse.Namespace, settings: Settings) -> None:
    town = town_from(settings.content_dir, settings.town, settings.encoder_dir)
    match = town.matcher.match(options.question, options.locale)
    danger = most_urgent(options.question)
    entry = town.book.entries.get(danger.entry if danger else match.entry or "")
    words = Replies(town, danger.locale if danger else match.locale)
    reply = words.answer(entry.id) if entry else None
    if options.json:
        shown = {**_match_json(match), "answer": reply.text if reply else None}
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    if reply and entry:
        print(f"{reply.text.rstrip()}\n\n{entry.source}, {entry.reviewed.isoformat()}")
    elif match.decision == "suggest":
        shown_reply = words.suggest([candidate.entry for candidate in match.candidates[:3]])
        print("\n".join([shown_reply.text, *(choice.label for choice in shown_reply.choices)]))
    else:
        print(words.not_found().text)


def _match(options: argparse.Namespace, settings: Settings) -> None:
    content = book.load(options.content or settings.content_dir, settings.town)
    matcher = matcher_of(content, settings.encoder_dir)
    for line in sys.stdin:
        if not line.strip():
            continue
        text = _text_in(line) if options.jsonl else line.rstrip("\n")
        match = matcher.match(text)
        if options.jsonl:
            print(json.dumps(_match_json(match), ensure_ascii=False), flush=True)
        else:
            best = ", ".join(f"{c.entry} {c.score:.2f}" for c in match.candidates)
            print(f"{match.decision} ({match.locale}): {best or '-'}", flush=True)


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    content = book.load(options.content or settings.content_dir, settings.town)
    try:
        rows = [json.loads(line) for line in options.file.read_text().splitlines() if line.strip()]
        asked = [(str(row["text"]), row["entry"], row.get("locale")) for row in rows]
        named = {name for _, entry, _ in asked for name in evaluation.rights(entry)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        print(
            f'neuvokas: {options.file}: each line must be {{"text": "...", "entry": ...}}: {error}',
            file=sys.stderr,
        )
        return 2
    unknown = sorted(named - content.entries.keys())
    if unknown:
        print(f"neuvokas: the book has no entry {', '.join(unknown)}", file=sys.stderr)
        return 2
    matcher = matcher_of(content, settings.encoder_dir)
    judged = [
        evaluation.Asked(text, entry, locale, matcher.match(text, locale))
        for text, entry, locale in tqdm(asked, unit="sentence", disable=None)
    ]
    figures = evaluation.measure(judged)
    print(json.dumps(figures, indent=2) if options.json else evaluation.table(figures))
    return 0


def _text_in(line: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, TypeError, KeyError):
        raise SystemExit('neuvokas: each line must be {"text": "..."}') from None
    return str(text)


def _match_json(match: Match) -> dict[str, Any]:
    return {
        "entry": match.entry,
        "decision": str(match.decision),
        "candidates": [{"entry": c.entry, "score": c.score} for c in match.candidates],
        "locale": match.locale,
    }


def _check_content(options: argparse.Namespace, settings: Settings) -> int:
    folder = options.content or settings.content_dir
    bad = False
    read = {}
    for town in dict.fromkeys(["helsinki", *book.towns(folder)]):
        try:
            content = read[town] = load(folder, town)
        except BookError as error:
            bad = True
            print(f"{town}: cannot be used:\n{error}")
            continue
        print(f"{town}: {len(content.entries)} entries, no faults")
        for hint in checks.advice(content, now().astimezone(ZONE).date()):
            print(f"  hint: {hint}")
    if bad:
        return 1
    if options.online:
        bad = _check_sources(read.values())
    if not options.quick:
        _show_confusions(read["helsinki"])
    return 1 if bad else 0


def _check_sources(books: Iterable[Book]) -> bool:
    """Print the sources that are gone, and return whether there are any."""
    users: dict[str, set[str]] = {}
    for content in books:
        for entry in content.entries.values():
            users.setdefault(entry.source, set()).add(entry.id)
    found = asyncio.run(sources.dead(users))
    print(f"{len(users)} sources asked, {len(found)} do not answer")
    for address, fault in found.items():
        print(f"  {address} {fault}: {', '.join(sorted(users[address]))}")
    return bool(found)


def _show_confusions(content: Book) -> None:
    """Print which utterances another entry would get, taught without them; the base book's only."""
    bar = partial(tqdm, unit="round", disable=None, file=sys.stderr)
    found = confusions(content, bar)
    asked = sum(len(said) for by_entry in content.utterances.values() for said in by_entry.values())
    print(f"{len(found)} of about {asked} utterances would go to another entry")
    for one in found:
        print(f"  {one.locale}: {one.entry}: {one.text!r} goes to {one.rival} ({one.share:.2f})")


def _staff_add(options: argparse.Namespace, settings: Settings) -> int:
    queues = [queue.strip() for queue in options.queues.split(",") if queue.strip()]
    languages = [locale.strip() for locale in options.languages.split(",") if locale.strip()]
    content = book.load(settings.content_dir, settings.town)

    async def run(session: AsyncSession) -> str:
        # Leads make queues of their own, which only the database knows.
        _require_known("queue", queues, await desk_queues.known(session, content))
        _require_known("language", languages, LOCALES)
        person = await people.add(
            session, options.name, Role(options.role), queues, now(), languages
        )
        return await accounts.invite(session, None, person, now())

    try:
        secret = _with_session(settings, run)
    except _UnknownError as error:
        print(f"neuvokas: {error}", file=sys.stderr)
        return 2
    except (NameTaken, TextMissing, TextTooLong) as error:
        reason = {
            NameTaken: "there is already somebody called",
            TextMissing: "write a name instead of",
        }
        print(f"neuvokas: {reason.get(type(error), 'too long:')} {options.name!r}", file=sys.stderr)
        return 1
    print(f"{settings.base_url}/staff/join/{secret}")
    return 0


class _UnknownError(Exception):
    """Something is named on the command line that there is not."""


def _require_known(kind: str, named: Iterable[str], known: Collection[str]) -> None:
    unknown = [name for name in named if name not in known]
    if unknown:
        raise _UnknownError(f"no {kind} {', '.join(unknown)}; there are {', '.join(known)}")


def _staff_token(options: argparse.Namespace, settings: Settings) -> int:
    async def run(session: AsyncSession, person: Staff) -> str:
        if options.revoke:
            await people.end(session, person, "token")
            _noted(session, "tokens_revoked", person)
            return f"{person.name} has no tokens any more."
        _noted(session, "token_made", person)
        return await people.issue(session, "token", person, now(), None)

    return _about_one(options.name, settings, run)


def _staff_link(options: argparse.Namespace, settings: Settings) -> int:
    async def run(session: AsyncSession, person: Staff) -> str:
        secret = await accounts.invite(session, None, person, now())
        return f"{settings.base_url}/staff/join/{secret}"

    return _about_one(options.name, settings, run)


def _staff_cut_off(options: argparse.Namespace, settings: Settings) -> int:
    async def run(session: AsyncSession, person: Staff) -> str:
        await accounts.cut_off(session, None, person, now())
        return f"{person.name} is cut off."

    return _about_one(options.name, settings, run)


def _about_one(
    name: str, settings: Settings, run: Callable[[AsyncSession, Staff], Awaitable[str]]
) -> int:
    """Print what a coroutine says about one member of staff, or why it could not be done."""

    async def found(session: AsyncSession) -> str | None:
        person = await people.by_name(session, name)
        if person and not person.is_active:
            raise NotAllowed(name)
        return await run(session, person) if person else None

    try:
        told = _with_session(settings, found)
    except NotAllowed:
        print(f"neuvokas: {name!r} is cut off; a lead can let them back in", file=sys.stderr)
        return 1
    except LastLead:
        print(
            f"neuvokas: nobody but {name!r} can let people in; add another lead or admin first",
            file=sys.stderr,
        )
        return 1
    if told is None:
        print(f"neuvokas: nobody is called {name!r}; add them with `staff add`", file=sys.stderr)
        return 1
    print(told)
    return 0


def _noted(session: AsyncSession, act: str, person: Staff) -> None:
    audit.record(
        session,
        None,
        act,
        accounts.named(person),
        now(),
        name=audit.COMMAND_LINE,
        detail={"name": person.name},
    )


def _staff_list(options: argparse.Namespace, settings: Settings) -> None:
    async def run(session: AsyncSession) -> list[dict[str, Any]]:
        everybody = await session.scalars(select(Staff).order_by(Staff.name))
        return [_person_json(person) for person in everybody]

    shown = _with_session(settings, run)
    if options.json:
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for person in shown:
        queues = ", ".join(person["queues"])
        print(f"{person['name']}\t{person['role']}\t{person['signs_in']}\t{queues}".rstrip())


def _person_json(person: Staff) -> dict[str, Any]:
    if not person.is_active:
        way = "cut off"
    elif person.town_account:
        way = "town"
    elif person.password_hash is None:
        way = "not yet"
    else:
        way = "password and code" if person.totp_secret else "password"
    return {"name": person.name, "role": person.role, "queues": person.queues, "signs_in": way}


def _audit_verify(options: argparse.Namespace, settings: Settings) -> int:
    noted = {}
    for given in options.noted:
        number, _, hash_ = given.partition(":")
        if not number.isdecimal() or not hash_:
            print(f"neuvokas: write NUMBER:HASH, not {given!r}", file=sys.stderr)
            return 2
        noted[int(number)] = hash_.strip()

    async def run(session: AsyncSession) -> audit.Verdict:
        return await audit.verify(session, noted)

    # The check may take a while, and must keep nobody from working.
    verdict = _with_session(settings, run, reads_only=True)
    whole = f"{verdict.entries} entries follow one another"
    if verdict.fault:
        print(f"{whole}, then the log breaks: {verdict.fault}")
        return 1
    print(f"{whole}; the last has the hash {verdict.hash}")
    return 0


def _with_session(
    settings: Settings,
    run: Callable[[AsyncSession], Awaitable[Any]],
    *,
    reads_only: bool = False,
) -> Any:
    """Return what a coroutine makes of a session in a transaction, on migrated tables."""

    async def within() -> Any:
        database = Database(settings.database_url)
        try:
            await migrate(database)
            async with database.read() if reads_only else database.write() as session:
                return await run(session)
        finally:
            await database.stop()

    return asyncio.run(within())


if __name__ == "__main__":
    sys.exit(main())
