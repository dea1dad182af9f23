"""Into which queue a ticket goes, and whether anybody there reads its language; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from faq.book import Book, Queue


@dataclass(frozen=True)
class Rule:
    """Sends what fits all its conditions to a queue; a condition that is None asks for nothing.

    Attributes:
        locale: The ticket's language.
        subject: What the entry's id or its topic begins with.
        has_event: Whether the resident told the event guide of an event.
    """

    queue: str
    locale: str | None = None
    subject: str | None = None
    has_event: bool | None = None


@dataclass(frozen=True)
class Desk:
    """What team leads have set.

    Attributes:
        queues: By id; each goes before the book's queue of the same id.
        rules: The first one that fits decides.
    """

    queues: Mapping[str, Queue] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Case:
    """What is known of a matter when it becomes a ticket.

    Attributes:
        entry: Id of the book's entry it is about; None when there is none.
    """

    locale: str
    entry: str | None = None
    has_event: bool = False


@dataclass(frozen=True)
class Member:
    """A member of staff who can sign in: the queues and the locales that they work in.

    Attributes:
        stands_in: A lead who has chosen no queue: they answer where nobody else does.
    """

    queues: frozenset[str]
    languages: frozenset[str]
    stands_in: bool = False


@dataclass(frozen=True)
class Routed:
    """Where a ticket goes.

    Attributes:
        is_read: Somebody there reads the ticket's language.
    """

    queue: Queue
    is_read: bool


def route(book: Book, rules: Sequence[Rule], members: Sequence[Member], case: Case) -> Routed:
    """Return the queue for a case: by the first rule that fits, else by its entry, else the general one.

    Where nobody reads the case's language, the queue's fallback takes it, and so on. Leads who
    stand in are asked last, so that a ticket goes where people are; when nobody reads it anywhere,
    it stays where it belongs.
    """
    home = book.queue(_wanted(book, rules, case))
    chosen = [member for member in members if not member.stands_in]
    for people in (chosen, members):
        for queue in _fallbacks(book, home):
            if reads(queue, people, case.locale):
                return Routed(queue, is_read=True)
    return Routed(home, is_read=False)


def reads(queue: Queue, members: Sequence[Member], locale: str) -> bool:
    """Return whether a queue serves a language and somebody who answers there knows it."""
    return locale in queue.languages and any(
        locale in member.languages for member in answering(queue, members)
    )


def answering(queue: Queue, members: Sequence[Member]) -> list[Member]:
    """Return who answers a queue: those who work in it; where nobody does, the leads who stand in.

    In a small town one lead answers everything and has chosen no queue. As soon as somebody works
    in a queue, a lead counts there only by choosing it: most leads of large towns answer nothing.
    """
    own = [member for member in members if queue.id in member.queues]
    return own or [member for member in members if member.stands_in]


def fits(rule: Rule, book: Book, case: Case) -> bool:
    """Return whether a case fulfils all of a rule's conditions."""
    return (
        rule.locale in {None, case.locale}
        and rule.has_event in {None, case.has_event}
        and (rule.subject is None or any(s.startswith(rule.subject) for s in _names(book, case)))
    )


def is_subject(book: Book, subject: str) -> bool:
    """Return whether any entry's id or topic begins with these words."""
    return any(
        name.startswith(subject)
        for entry in book.entries.values()
        for name in (entry.id, entry.topic)
    )


def _wanted(book: Book, rules: Sequence[Rule], case: Case) -> str | None:
    for rule in rules:
        # A rule may name a queue that the book has lost meanwhile; the next one decides then.
        if rule.queue in book.queues and fits(rule, book, case):
            return rule.queue
    entry = book.entries.get(case.entry or "")
    return entry.queue if entry else None


def _names(book: Book, case: Case) -> tuple[str, ...]:
    entry = book.entries.get(case.entry or "")
    return (entry.id, entry.topic) if entry else ()


def _fallbacks(book: Book, queue: Queue) -> Iterator[Queue]:
    """Yield the queue, its fallback, that one's fallback …, each once."""
    seen: set[str] = set()
    while queue.id not in seen:
        yield queue
        seen.add(queue.id)
        if queue.fallback is None or queue.fallback not in book.queues:
            return
        queue = book.queues[queue.fallback]
