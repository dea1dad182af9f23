"""What a conversation knows of the town: its book and what finds answers in it."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SettingsError
from bot.permits import FactsError, read_facts
from bot.withheld import SwitchedOff
from faq import alarms, book, encoder, matching

if TYPE_CHECKING:
    from bot.service.routing import Desk, Rule

NAMES = {"helsinki": {"fi": "Helsinki", "sv": "Helsingfors", "en": "Helsinki"},
         "espoo": {"fi": "Espoo", "sv": "Esbo", "en": "Espoo"},
         "vantaa": {"fi": "Vantaa", "sv": "Vanda", "en": "Vantaa"}}  # fmt: skip
# Each city's own advice line, from its published contact details; checked 2026-11-21.
PHONES = {"helsinki": "09 310 11111", "espoo": "09 816 21", "vantaa": "09 839 11"}


@dataclass(frozen=True)
class Town:
    """One town's answers.

    Attributes:
        id: helsinki, espoo or vantaa.
        today: The day it is there: some answers may be given only until a day.
        rules: Into which queue tickets go; the first one that fits decides.
        base_url: Where residents' pages are, without a slash at the end.
        secret_key: Signs the private links to plans.
        off: What staff have switched off.
    """

    id: str
    book: book.Book
    matcher: matching.Matcher
    today: date = date.min
    rules: tuple[Rule, ...] = ()
    base_url: str = ""
    secret_key: str = field(default="", repr=False)
    off: SwitchedOff = field(default_factory=SwitchedOff)

    @property
    def phone(self) -> str:
        """Return the number of the city's advice line, for whoever would rather call."""
        return PHONES[self.id]

    def is_withheld(self, entry: str) -> bool:
        """Return whether an entry's answer may not be given: it is out of date or switched off."""
        found = self.book.entries[entry]
        return found.is_withheld(self.today) or self.off.covers(
            entry, found.topic, is_safety=entry in alarms.ENTRIES
        )

    def plan_key(self, event: str) -> str:
        """Return what names an event's plan in a private link; nobody can guess it."""
        said = f"plan {event}".encode()
        mac = hmac.new(self.secret_key.encode(), said, hashlib.sha256).hexdigest()
        return f"{event}.{mac[:32]}"

    def is_plan_key(self, key: str) -> bool:
        """Return whether a private link's end is one of ours."""
        wanted = self.plan_key(key.partition(".")[0])
        return hmac.compare_digest(key.encode(), wanted.encode())

    def name(self, locale: str) -> str:
        """Return the town's name in a language."""
        return NAMES[self.id][locale]


def arranged(town: Town, desk: Desk) -> Town:
    """Return a town whose queues and rules are as team leads have set them."""
    queues = {**town.book.queues, **desk.queues}
    return replace(town, book=replace(town.book, queues=queues), rules=desk.rules)


def cache_dir() -> Path:
    """Return where what the matcher has learnt is kept; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "neuvokas"


def matcher_of(content: book.Book, encoder_dir: Path | None = None) -> matching.Matcher:
    """Return the matcher of a book, built or fetched from the cache.

    Raises:
        SettingsError: The folder holds no sentence model, or the extra `encoder` is not installed.
    """
    try:
        return matching.Matcher(content, cache_dir(), encoder.load(encoder_dir))
    except FileNotFoundError as error:
        raise SettingsError(f"NEUVOKAS_ENCODER_DIR: there is no {error}") from error
    except ImportError as error:
        raise SettingsError(
            "NEUVOKAS_ENCODER_DIR needs the extra: pip install 'neuvokas[encoder]'"
        ) from error


def load(folder: Path, town: str) -> book.Book:
    """Return a town's book, with what its entries tell the event guide checked as well.

    Raises:
        BookError: The book cannot be used.
    """
    read = book.load(folder, town)
    faults = []
    for entry in read.entries.values():
        try:
            read_facts(entry.guide or {})
        except FactsError as error:
            faults += [
                book.Fault("entries.yaml", entry.id, f"guide: {problem}")
                for problem in error.problems
            ]
    if faults:
        raise book.BookError(faults)
    return read


def town_from(folder: Path, town: str, encoder_dir: Path | None = None) -> Town:
    """Return a town with its book loaded and its matcher ready.

    Raises:
        BookError: The book cannot be used.
        SettingsError: The sentence model cannot be used.
    """
    read = load(folder, town)
    # Reads its words now, not while the first resident waits.
    alarms.alarm("")
    return Town(town, read, matcher_of(read, encoder_dir))
