"""Advice on a book that loads: what an editor would want to mend, though nothing refuses it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faq.book import LOCALES, OUT_OF_SCOPE, Entry, Fault
from faq.spelling import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from faq.book import Book, Text

# Longer than this, an answer no longer fits a phone's screen.
LONGEST_ANSWER = 600
FEWEST_PHRASINGS = 8
# With fewer, a matcher finds clearly less; see docs/matching.md, "The learning curve".
FEWEST_UTTERANCES = 45
# Sentences with more words are hard to follow, in an ordinary and in an easy answer.
LONGEST_SENTENCE, LONGEST_EASY_SENTENCE = 28, 18
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+|\n+")
# Numbers and what stands in brackets are looked at, not read through.
_ASIDE = re.compile(r"\([^)]*\)")
_WORD = re.compile(r"[^\W\d_][^\W\d_'’-]*")
# What names a person or opens an account. Offices publish telephone numbers and addresses that look
# like a person's, so that these are told in what residents might write only.
_SECRET = (
    (re.compile(r"\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]\b", re.IGNORECASE), "a personal identity code"),
    (re.compile(r"\bFI\d{2}(?: ?\d{4}){3} ?\d{2}\b", re.IGNORECASE), "an account number"),
    (re.compile(r"\b(?:\d{4}[ -]?){3}\d{4}\b"), "a card number"),
)
_PERSONAL = (
    *_SECRET,
    (re.compile(r"\b(?:\+358|0)[ -]?(?:4\d|50)(?:[ -]?\d){6,8}\b"), "a mobile number"),
    (re.compile(r"\b[\w.-]+@[\w.-]+\.\w+\b"), "an e-mail address"),
)


@dataclass(frozen=True)
class Stale:
    """An entry whose time is over.

    Attributes:
        since: The first day after its last, or after the day by which it was to be reviewed.
        is_withheld: It is not given any more; else it is, and only its review is due.
    """

    entry: Entry
    since: date
    is_withheld: bool


def stale(book: Book, today: date) -> list[Stale]:
    """Return the entries that are withheld or due for review, the longest waiting first."""
    found = []
    for entry in book.entries.values():
        if entry.valid_until and entry.is_withheld(today):
            found.append(Stale(entry, entry.valid_until, is_withheld=True))
        elif book.review_by(entry) < today:
            found.append(Stale(entry, book.review_by(entry), is_withheld=False))
    return sorted(found, key=lambda item: (not item.is_withheld, item.since, item.entry.id))


def advice(book: Book, today: date | None = None) -> list[Fault]:
    """Return what is worth mending, sorted by language and entry; empty when all is well.

    Args:
        today: Reviews that are due on this day are told as well.
    """
    hints = [*_lengths(book), *_doubles(book), *_utterances(book), *_personal_data(book)]
    for item in stale(book, today) if today else ():
        owner = item.entry.owner or "no owner"
        state = "is withheld" if item.is_withheld else "is due for review"
        hints.append(Fault("entries.yaml", item.entry.id, f"{state} since {item.since} ({owner})"))
    return sorted(hints)


def _lengths(book: Book) -> Iterator[Fault]:
    for entry, locale, text in _texts(book):
        easy = ("easy", text.easy or "", LONGEST_EASY_SENTENCE)
        for name, answer, most in (("answer", text.answer, LONGEST_SENTENCE), easy):
            if len(answer) > LONGEST_ANSWER:
                found = f"{name} has {len(answer)} characters; aim under {LONGEST_ANSWER}"
                yield Fault(locale, entry.id, found)
            for sentence in _SENTENCE_END.split(answer):
                words = len(_WORD.findall(_ASIDE.sub("", sentence)))
                if words > most:
                    begins = " ".join(sentence.split()[:6])
                    found = f"{name}: a sentence of {words} words is hard to read: {begins} …"
                    yield Fault(locale, entry.id, found)
        if len(text.phrasings) < FEWEST_PHRASINGS:
            found = (
                f"has {len(text.phrasings)} phrasings;"
                f" with {FEWEST_PHRASINGS} or more it is found more surely"
            )
            yield Fault(locale, entry.id, found)


def _texts(book: Book) -> Iterator[tuple[Entry, str, Text]]:
    for entry in book.entries.values():
        for locale, text in entry.texts.items():
            yield entry, locale, text


def _utterances(book: Book) -> Iterator[Fault]:
    """Yield entries with few utterances, once the book has any."""
    for locale, said in book.utterances.items():
        for entry in book.entries.values() if said else ():
            count = len(said.get(entry.id, ()))
            if locale in entry.texts and count < FEWEST_UTTERANCES:
                found = f"has {count} utterances; with {FEWEST_UTTERANCES} it is found more surely"
                yield Fault(locale, entry.id, found)


def _doubles(book: Book) -> Iterator[Fault]:
    """Yield what two entries of a language share: no matcher can tell them apart."""
    for locale in LOCALES:
        seen: dict[str, str] = {}
        for id_, phrase in _said(book, locale):
            other = seen.setdefault(plain(phrase), id_)
            if other != id_:
                yield Fault(locale, id_, f"{phrase!r} is also under {other}")


def _said(book: Book, locale: str) -> Iterator[tuple[str, str]]:
    for entry in book.entries.values():
        text = entry.texts.get(locale)
        for phrase in (text.question, *text.phrasings) if text else ():
            yield entry.id, phrase
        for phrase in book.utterances.get(locale, {}).get(entry.id, ()):
            yield entry.id, phrase
    for phrase in book.out_of_scope.get(locale, ()):
        yield OUT_OF_SCOPE, phrase


def _personal_data(book: Book) -> Iterator[Fault]:
    """Yield what looks like a person's data, which must not stand in a book for everybody."""
    told = [(locale, entry.id, text.answer, _SECRET) for entry, locale, text in _texts(book)]
    said = [(locale, *line, _PERSONAL) for locale in LOCALES for line in _said(book, locale)]
    for locale, id_, line, patterns in (*told, *said):
        for pattern, what in patterns:
            if pattern.search(line):
                yield Fault(locale, id_, f"holds what looks like {what}; leave it out")
