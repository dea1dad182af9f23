"""Advice on a book that loads: what an editor would want to mend, though nothing refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faq.book import LOCALES, Fault
from faq.spelling import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faq.book import Book

# Longer than this, an answer no longer fits a phone's screen.
LONGEST_ANSWER = 600
FEWEST_PHRASINGS = 8


def advice(book: Book) -> list[Fault]:
    """Return what is worth mending, sorted by language and entry; empty when all is well."""
    return sorted([*_lengths(book), *_doubles(book)])


def _lengths(book: Book) -> Iterator[Fault]:
    for entry in book.entries.values():
        for locale, text in entry.texts.items():
            for name, answer in (("answer", text.answer), ("easy", text.easy or "")):
                if len(answer) > LONGEST_ANSWER:
                    yield Fault(
                        locale,
                        entry.id,
                        f"{name} has {len(answer)} characters; aim under {LONGEST_ANSWER}",
                    )
            if len(text.phrasings) < FEWEST_PHRASINGS:
                yield Fault(
                    locale,
                    entry.id,
                    f"has {len(text.phrasings)} phrasings; with {FEWEST_PHRASINGS} or more it is found more surely",
                )


def _doubles(book: Book) -> Iterator[Fault]:
    """Yield phrasings that two entries of a language share: no matcher can tell them apart."""
    for locale in LOCALES:
        seen: dict[str, str] = {}
        for entry in book.entries.values():
            text = entry.texts.get(locale)
            for phrase in (text.question, *text.phrasings) if text else ():
                other = seen.setdefault(plain(phrase), entry.id)
                if other != entry.id:
                    yield Fault(locale, entry.id, f"{phrase!r} is also under {other}")
