"""What staff's answers teach the book: proposals, their trial, publishing, and taking it back."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import or_, select, text, update

from bot.cleaning import cleaned
from bot.errors import ChangedMeanwhile, NotAllowed, NotFound, TextTooLong
from bot.masking import masked
from bot.models import Author, Message, Proposal, Publication, Role, Stage, Ticket
from bot.people import audit
from bot.people.policy import Act, may
from bot.texts import ZONE
from bot.town import load, matcher_of
from bot.work.impersonal import impersonal
from bot.yaml_files import read_yaml
from faq import publishing
from faq.book import LOCALES, OUT_OF_SCOPE, BookError
from faq.clusters import MOST, clusters
from faq.publishing import CannotPublish, Draft, Words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime
    from multiprocessing.connection import Connection

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Staff
    from bot.settings import Settings
    from bot.town import Town
    from faq.book import Book
    from faq.clusters import Cluster

log = logging.getLogger(__name__)

# How many of residents' newest questions a trial looks at.
NEWEST = 1_000
# A trial names so many changes at most; it counts all.
_NAMED = 200
# Characters; an answer leaves room for its source within one message of Telegram's.
LONGEST_LINE = 300
LONGEST_ANSWER = 3_000
LONGEST_PHRASINGS = 10_000


@dataclass(frozen=True)
class Change:
    """One sentence that would get another answer.

    Attributes:
        wanted: The entry a test sentence must reach, several as `a or b`, `nothing` when none may
            answer; empty for a resident's question.
        before: The entry answered now; empty when none is.
        after: The entry answered with the proposal; empty when none would be.
    """

    text: str
    locale: str
    wanted: str
    before: str
    after: str

    @property
    def is_worse(self) -> bool:
        """Return whether a test sentence that is right now would be wrong."""
        if not self.wanted:
            return False
        return self._is_right(self.before) and not self._is_right(self.after)

    @property
    def is_better(self) -> bool:
        """Return whether a test sentence that is wrong now would be right."""
        if not self.wanted:
            return False
        return self._is_right(self.after) and not self._is_right(self.before)

    def _is_right(self, entry: str) -> bool:
        return (entry or OUT_OF_SCOPE) in self.wanted.split(" or ")


@dataclass(frozen=True)
class Trial:
    """What a trial of a proposal found.

    Attributes:
        sentences: How many test sentences were tried.
        questions: How many of residents' questions were tried, the same words once.
        changed: How many of both would get another answer.
        worse: How many test sentences that are right now would be wrong.
        changes: The changes, the worse ones first; at most 200.
        faults: Why the book could not be used with it; empty when it can.
        digest: Of the book it was tried on.
        better: How many that are wrong now would be right; None for a trial from before this was
            counted.
    """

    sentences: int = 0
    questions: int = 0
    changed: int = 0
    worse: int = 0
    changes: tuple[Change, ...] = ()
    faults: tuple[str, ...] = ()
    digest: str = ""
    better: int | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Trial:
        """Return a trial as it was saved."""
        changes = tuple(Change(**one) for one in value["changes"])
        return cls(**{**value, "changes": changes, "faults": tuple(value["faults"])})

    def to_json(self) -> dict[str, Any]:
        """Return the trial as JSON."""
        return asdict(self)


# --- Who may see and change what ------------------------------------------------------------


def _sees_all(staff: Staff) -> bool:
    """Return whether residents' words of every queue are this person's to read, as of the book's keepers."""
    return staff.role != Role.STAFF


def may_change(staff: Staff, proposal: Proposal) -> bool:
    """Return whether this member of staff may change and try a proposal: its author, and who edits the book."""
    return may(staff, Act.EDIT_BOOK) or (may(staff, Act.PROPOSE) and proposal.staff_id == staff.id)


async def of_id(session: AsyncSession, staff: Staff, id_: int, *, lock: bool = False) -> Proposal:
    """Return a proposal that this member of staff may see.

    It holds words of a ticket, so that staff see those of their own queues, and their own.

    Raises:
        NotFound: There is none with this number, or it comes from a queue the person does not see.
    """
    found = await session.get(Proposal, id_, with_for_update=lock)
    if found is None:
        raise NotFound(str(id_))
    if not _sees_all(staff) and found.staff_id != staff.id:
        ticket = await session.get(Ticket, found.ticket_id) if found.ticket_id else None
        if ticket is None or not may(staff, Act.READ, ticket.queue):
            raise NotFound(str(id_))
    return found


async def newest(session: AsyncSession, staff: Staff, limit: int = 100) -> Sequence[Proposal]:
    """Return the proposals that this member of staff may see, the newest first."""
    query = select(Proposal).order_by(Proposal.id.desc()).limit(limit)
    if not _sees_all(staff):
        query = query.outerjoin(Ticket, Ticket.id == Proposal.ticket_id).where(
            or_(Proposal.staff_id == staff.id, Ticket.queue.in_(staff.queues))
        )
    return (await session.scalars(query)).all()


def changes_for(staff: Staff, trial: Trial) -> tuple[Change, ...]:
    """Return the changes that this member of staff may read: residents' words come from every queue."""
    if _sees_all(staff):
        return trial.changes
    return tuple(change for change in trial.changes if change.wanted)


# --- Proposals ------------------------------------------------------------------------------


async def propose(
    session: AsyncSession, staff: Staff, ticket: Ticket, message: Message, town: Town, now: datetime
) -> Proposal:
    """Make a proposal of a reply, without what is personal; of one reply there is one proposal.

    Its question is what the resident asked last before the reply.
    """
    made = await session.scalar(select(Proposal).where(Proposal.message_id == message.id))
    if made:
        return made
    asked = await session.scalar(
        select(Message.text)
        .where(
            Message.ticket_id == ticket.id,
            Message.author == Author.RESIDENT,
            Message.id < message.id,
        )
        .order_by(Message.is_unanswered.desc(), Message.asked_in.is_(None), Message.id.desc())
        .limit(1)
    )
    # The entry beside the question: the reply may say something else, so its source is not the reply's.
    entry = town.book.entries.get(ticket.entry or "")
    public = [text.answer for one in town.book.entries.values() for text in one.texts.values()]
    names = (staff.name, message.staff_name or "")
    words = Words(
        _line(impersonal(asked or "", names=names, public=public))[:LONGEST_LINE],
        answer=impersonal(message.text, names=names, public=public)[:LONGEST_ANSWER],
    )
    draft = Draft(
        topic=entry.topic if entry else "",
        queue=ticket.queue,
        owner=(entry.owner or "") if entry else "",
        texts={locale: words if locale == ticket.locale else Words() for locale in LOCALES},
    )
    return await _new(session, staff, draft, now, ticket_id=ticket.id, message_id=message.id)


async def begin(
    session: AsyncSession,
    staff: Staff,
    town: Town,
    asked: Mapping[str, Sequence[str]],
    now: datetime,
) -> Proposal:
    """Make an empty proposal, with what residents asked as other ways to ask it, by locale.

    Raises:
        TextTooLong: More was asked than a proposal holds.
    """
    texts = {locale: Words(phrasings=tuple(asked.get(locale, ()))) for locale in LOCALES}
    draft = Draft(queue=town.book.queue(None).id, texts=texts)
    return await _new(session, staff, _readable(draft), now)


async def _new(
    session: AsyncSession, staff: Staff, draft: Draft, now: datetime, **of: int
) -> Proposal:
    proposal = Proposal(
        staff_id=staff.id,
        staff_name=staff.name,
        draft=draft.to_json(),
        stage=Stage.DRAFT,
        created_at=now,
        changed_at=now,
        reason="",
        **of,
    )
    session.add(proposal)
    await session.flush()
    return proposal


def save(
    staff: Staff, proposal: Proposal, draft: Draft, seen: str, book: Book, now: datetime
) -> None:
    """Save a proposal's words; what was tried before counts no more.

    Once it names another entry of the book, what is empty is filled from there, so that what will be
    published is what is read. Saving the same again changes nothing.

    Args:
        seen: When it was last changed, as the person's page knows it.

    Raises:
        NotAllowed: It is somebody else's, and the person does not edit the book.
        ChangedMeanwhile: It was changed since, published or put aside.
        TextTooLong: A field holds more than it may.
    """
    _require_open(staff, proposal)
    kept = _readable(draft)
    if kept.entry in book.entries and kept.entry != proposal.draft["entry"]:
        kept = publishing.filled(kept, book.entries[kept.entry])
    if kept == Draft.from_json(proposal.draft):
        return
    _require_seen(proposal, seen)
    proposal.draft = kept.to_json()
    proposal.stage = Stage.DRAFT
    proposal.trial = None
    proposal.changed_at = now


def ask_for_trial(staff: Staff, proposal: Proposal, now: datetime) -> None:
    """Have a proposal tried; a process of its own does it soon. Asking twice changes nothing.

    Raises:
        NotAllowed: It is somebody else's, and the person does not edit the book.
        CannotPublish: Something is missing or malformed.
        ChangedMeanwhile: It is published or put aside already.
    """
    _require_open(staff, proposal)
    wrong = publishing.faults(Draft.from_json(proposal.draft))
    if wrong:
        raise CannotPublish(wrong)
    if proposal.stage == Stage.TRYING:
        return
    proposal.stage = Stage.TRYING
    proposal.trial = None
    proposal.changed_at = now


def reject(staff: Staff, proposal: Proposal, reason: str, seen: str, now: datetime) -> None:
    """Put a proposal aside, with the reason.

    Raises:
        NotAllowed: The person does not edit the book.
        ChangedMeanwhile: It was changed since, published or put aside already.
        TextMissing, TextTooLong: The reason cannot be kept as it is.
    """
    _require_editor(staff)
    _require_open(staff, proposal)
    _require_seen(proposal, seen)
    proposal.reason = masked(cleaned(reason, LONGEST_LINE))[0]
    proposal.stage = Stage.REJECTED
    proposal.changed_at = now


def _require_editor(staff: Staff) -> None:
    if not may(staff, Act.EDIT_BOOK):
        raise NotAllowed(Act.EDIT_BOOK)


def _require_open(staff: Staff, proposal: Proposal) -> None:
    if not may_change(staff, proposal):
        raise NotAllowed(Act.EDIT_BOOK)
    if proposal.stage in {Stage.PUBLISHED, Stage.REJECTED}:
        raise ChangedMeanwhile


def _require_seen(proposal: Proposal, seen: str) -> None:
    if seen != proposal.changed_at.isoformat():
        raise ChangedMeanwhile


def _readable(draft: Draft) -> Draft:
    """Return a draft without secrets and unreadable signs.

    Raises:
        TextTooLong: A field holds more than it may.
    """
    texts = {}
    for locale, words in draft.texts.items():
        phrasings = tuple(filter(None, (_kept(one, LONGEST_LINE) for one in words.phrasings)))
        length = sum(map(len, phrasings))
        if length > LONGEST_PHRASINGS:
            raise TextTooLong(length, LONGEST_PHRASINGS)
        texts[locale] = Words(
            _kept(words.question, LONGEST_LINE),
            tuple(dict.fromkeys(map(_line, phrasings))),
            _kept(words.answer, LONGEST_ANSWER),
            _kept(words.easy, LONGEST_ANSWER),
        )
    facts = ("entry", "topic", "queue", "source", "owner")
    said = {name: _line(_kept(getattr(draft, name), LONGEST_LINE)) for name in facts}
    return Draft(**said, texts=texts)


def _kept(text: str, longest: int) -> str:
    return masked(cleaned(text, longest))[0] if text.strip() else ""


def _line(text: str) -> str:
    return " ".join(text.split())


# --- Trials ---------------------------------------------------------------------------------


async def try_next(settings: Settings, database: Database, _town: Town, now: datetime) -> bool:
    """Try the oldest proposal that waits for it; return whether there was one.

    The book is learnt once more with it, which takes half a minute in a process of its own.
    """
    async with database.read() as session:
        query = select(Proposal).where(Proposal.stage == Stage.TRYING).order_by(Proposal.id)
        proposal = (await session.scalars(query.limit(1))).first()
        if proposal is None:
            return False
        asked = await newest_questions(session)
    found = await _tried(settings, Draft.from_json(proposal.draft), asked, now)
    async with database.write() as session:
        # Whoever saved other words meanwhile must have them tried again.
        await session.execute(
            update(Proposal)
            .where(
                Proposal.id == proposal.id,
                Proposal.stage == Stage.TRYING,
                Proposal.changed_at == proposal.changed_at,
            )
            .values(trial=found.to_json(), stage=Stage.TRIED)
        )
    log.info("proposal %s tried: %s changed, %s worse", proposal.id, found.changed, found.worse)
    return True


async def newest_questions(session: AsyncSession) -> list[tuple[str, str]]:
    """Return what residents asked the book last, as (text, locale): secrets masked, each once."""
    query = (
        select(Message.text, Message.asked_in)
        .where(Message.asked_in.is_not(None))
        .order_by(Message.id.desc())
        .limit(NEWEST)
    )
    found = [(text, str(locale)) for text, locale in await session.execute(query)]
    return list(dict.fromkeys(found))


async def _tried(
    settings: Settings, draft: Draft, asked: list[tuple[str, str]], now: datetime
) -> Trial:
    try:
        files = await asyncio.to_thread(_files, settings, draft, now)
    except CannotPublish as error:
        return Trial(faults=error.faults)
    where = (settings.content_dir, settings.town, settings.encoder_dir)
    try:
        return await _in_a_process(compared, *where, files, asked)
    except EOFError:
        return Trial(faults=("ended",))


def _files(settings: Settings, draft: Draft, now: datetime) -> dict[str, str]:
    """Return the files that a draft changes.

    Raises:
        CannotPublish: The book could not be used with it.
    """
    day = now.astimezone(ZONE).date()
    files = publishing.written(settings.content_dir, settings.town, draft, day)
    publishing.check(settings.content_dir, files, settings.town, draft)
    return files


async def _in_a_process(work: Callable[..., Trial], *args: object) -> Trial:
    """Return what a function gives that keeps a processor busy; cut off, its process ends at once.

    Raises:
        EOFError: The process was ended, or the function failed.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), daemon=True)
    await asyncio.to_thread(process.start)
    # Only the process holds this end now: when it dies, writing and reading end too.
    theirs.close()
    try:
        # What is worked on follows by itself: starting would wait for ever to hand that much over
        # to a process that dies before it reads.
        await asyncio.to_thread(ours.send, (work, args))
        found: Trial = await asyncio.to_thread(ours.recv)
    except OSError as error:
        raise EOFError from error
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
    return found


def _work(theirs: Connection) -> None:
    work, args = theirs.recv()
    theirs.send(work(*args))


def compared(
    folder: Path,
    town: str,
    encoder_dir: Path | None,
    files: dict[str, str],
    asked: Sequence[tuple[str, str]],
) -> Trial:
    """Return what the book answers with some files changed, beside what it answers now."""
    os.nice(10)
    try:
        sentences = test_sentences(folder)
    except ValueError as error:
        return Trial(faults=(str(error),))
    book = load(folder, town)
    now = matcher_of(book, encoder_dir)
    with tempfile.TemporaryDirectory(prefix="neuvokas-trial-") as name:
        copy = publishing.copied(folder, Path(name) / "faq", files)
        then = matcher_of(load(copy, town), encoder_dir)
    changes = []
    for text_, locale, wanted in [*sentences, *((text_, locale, "") for text_, locale in asked)]:
        before, after = (matcher.match(text_, locale).entry or "" for matcher in (now, then))
        if before != after:
            changes.append(Change(text_, locale, wanted, before, after))
    changes.sort(key=lambda change: not change.is_worse)
    return Trial(
        sentences=len(sentences),
        questions=len(asked),
        changed=len(changes),
        worse=sum(change.is_worse for change in changes),
        better=sum(change.is_better for change in changes),
        changes=tuple(changes[:_NAMED]),
        digest=book.digest,
    )


def test_sentences(folder: Path) -> list[tuple[str, str, str]]:
    """Return the sentences whose entry is known, as (text, locale, label); empty where there are none.

    They stand in `tests/<locale>/*.yaml` inside the book's folder, or in `tests/faq` beside it. A
    label is an entry, several as `a or b`, or `nothing`.

    Raises:
        ValueError: A file cannot be read; names it.
    """
    base = next(
        (one for one in (folder / "tests", folder.parent / "tests/faq") if one.is_dir()), None
    )
    found: list[tuple[str, str, str]] = []
    if base is None:
        return found
    for locale in LOCALES:
        for path in sorted((base / locale).glob("*.yaml")):
            try:
                content = read_yaml(path) or {}
                for label, lines in content.items():
                    found += [(str(line), locale, str(label)) for line in lines or ()]
            except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError) as error:
                raise ValueError(f"tests/{locale}/{path.name}") from error
    return found


# --- Publishing -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Files:
    """A change of the book's files: their words before and after, by path; None where there is none."""

    before: Mapping[str, str | None]
    after: Mapping[str, str | None]


async def publish(
    database: Database, settings: Settings, staff: Staff, id_: int, seen: str, now: datetime
) -> Publication:
    """Write a tried proposal into the book's files, and keep what they were.

    Args:
        seen: When the proposal was last changed, as the person's page knows it.

    Raises:
        NotAllowed: The person does not edit the book.
        NotFound: There is no such proposal.
        ChangedMeanwhile: It was changed since, or is not tried as it stands.
        CannotPublish: The book could not be used with it, or has changed since the trial.
        OSError: The folder cannot be written to; nothing is kept then.
    """
    _require_editor(staff)
    folder = settings.content_dir

    async def tried(session: AsyncSession, *, lock: bool = False) -> Proposal:
        proposal = await of_id(session, staff, id_, lock=lock)
        _require_seen(proposal, seen)
        if proposal.stage != Stage.TRIED:
            raise ChangedMeanwhile
        return proposal

    def prepared(proposal: Proposal) -> _Files:
        trial = Trial.from_json(proposal.trial or Trial().to_json())
        if trial.faults:
            raise CannotPublish(trial.faults)
        draft = Draft.from_json(proposal.draft)
        after = _files(settings, draft, now)
        files = _Files(publishing.current(folder, after), after)
        # Whoever publishes while this is read is seen here, and later by the files as they were.
        is_same = _files(settings, draft, now) == after
        try:
            digest = load(folder, settings.town).digest
        except BookError as error:
            # One of several files is written already; or the book is at fault, as the trial said.
            raise CannotPublish(("book",)) from error
        if not is_same or digest != trial.digest:
            raise CannotPublish(("book",))
        return files

    async def keep(session: AsyncSession) -> Publication:
        proposal = await tried(session, lock=True)
        proposal.stage = Stage.PUBLISHED
        proposal.changed_at = now
        return Publication(proposal_id=proposal.id, entry=proposal.draft["entry"])

    async with database.read() as session:
        proposal = await tried(session)
    # Reading the book takes a second, in which nobody else should wait for the writing turn.
    files = await asyncio.to_thread(prepared, proposal)
    return await _write(database, folder, files, staff, keep, now)


async def take_back(
    database: Database, settings: Settings, staff: Staff, id_: int, now: datetime
) -> Publication:
    """Undo a publication in one step, where its files are still as it left them.

    Its proposal is a draft again.

    Raises:
        NotAllowed: The person does not edit the book.
        NotFound: There is no such publication.
        ChangedMeanwhile: Somebody changed one of its files since, or it was taken back already.
        CannotPublish: The book could not be used without it.
        OSError: The folder cannot be written to; nothing is kept then.
    """
    _require_editor(staff)
    folder = settings.content_dir
    async with database.read() as session:
        done = await session.get(Publication, id_)
    if done is None:
        raise NotFound(str(id_))
    files = _Files(done.after, done.before)
    await _require_there(folder, files)
    await asyncio.to_thread(publishing.check, folder, files.after, settings.town)

    async def keep(session: AsyncSession) -> Publication:
        undone = select(Publication.id).where(Publication.undoes == id_)
        if done.undoes or await session.scalar(undone):
            raise ChangedMeanwhile
        proposal = await session.get(Proposal, done.proposal_id, with_for_update=True)
        if proposal:
            proposal.stage = Stage.DRAFT
            proposal.trial = None
            proposal.changed_at = now
        return Publication(proposal_id=done.proposal_id, entry=done.entry, undoes=done.id)

    return await _write(database, folder, files, staff, keep, now)


async def _write(
    database: Database,
    folder: Path,
    files: _Files,
    staff: Staff,
    keep: Callable[[AsyncSession], Awaitable[Publication]],
    now: datetime,
) -> Publication:
    """Change the files and keep the publication: both or neither.

    Raises:
        ChangedMeanwhile: The files are no longer what the change begins from.
    """
    is_begun = False
    try:
        async with database.write() as session:
            if database.is_postgres:
                # One change after the other, so that none overwrites another's.
                await session.execute(text("LOCK TABLE publications IN EXCLUSIVE MODE"))
            kept = await keep(session)
            await _require_there(folder, files)
            kept.staff_id, kept.staff_name, kept.at = staff.id, staff.name, now
            kept.before, kept.after = dict(files.before), dict(files.after)
            session.add(kept)
            act = "taken_back" if kept.undoes else "published"
            audit.record(session, staff, act, kept.entry, now)
            await session.flush()
            is_begun = True
            await asyncio.to_thread(publishing.put, folder, files.after)
    except BaseException:
        if is_begun:
            # The database did not keep it, so the files must not either.
            with suppress(OSError):
                publishing.put(folder, files.before)
        raise
    log.info("publication %s by staff %s: %s", kept.id, staff.id, kept.entry)
    return kept


async def _require_there(folder: Path, files: _Files) -> None:
    if await asyncio.to_thread(publishing.current, folder, files.before) != files.before:
        raise ChangedMeanwhile


async def publications(session: AsyncSession, limit: int = 100) -> Sequence[Publication]:
    """Return what was published, the newest first."""
    query = select(Publication).order_by(Publication.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


def to_take_back(published: Sequence[Publication]) -> int | None:
    """Return the publication that can be taken back: the newest that stands; None when none does."""
    undone = {one.undoes for one in published}
    return next((one.id for one in published if not one.undoes and one.id not in undone), None)


# --- What was asked and not answered --------------------------------------------------------


async def unanswered(session: AsyncSession, staff: Staff) -> dict[str, tuple[str, ...]]:
    """Return by language what residents asked and nothing fitted, the newest first.

    Staff do not read what has become part of a foreign queue's ticket.
    """
    found: dict[str, tuple[str, ...]] = {}
    for locale in LOCALES:
        query = (
            select(Message.text)
            .where(Message.is_unanswered, Message.asked_in == locale)
            .order_by(Message.id.desc())
            .limit(MOST)
        )
        if not _sees_all(staff):
            query = query.outerjoin(Ticket, Ticket.id == Message.ticket_id).where(
                or_(Message.ticket_id.is_(None), Ticket.queue.in_(staff.queues))
            )
        found[locale] = tuple(await session.scalars(query))
    return found


async def grouped(asked: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[Cluster, ...]]:
    """Return by language what was asked in groups, the most frequent first."""
    return {locale: await asyncio.to_thread(_grouped, texts) for locale, texts in asked.items()}


@lru_cache(maxsize=12)
def _grouped(texts: tuple[str, ...]) -> tuple[Cluster, ...]:
    # Two thousand take seconds, so that a page looked at twice must not group them twice.
    return clusters(texts)
