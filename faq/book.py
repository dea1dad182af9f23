"""Reads and checks the book of answers: a folder of YAML files that editors keep."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LOCALES = ("fi", "sv", "en")
# In the utterances, the id under which stands what no entry answers.
OUT_OF_SCOPE = "nothing"
FEWEST_STEPS = 2
# How old a review may be in a topic that reviews.yaml does not name.
REVIEW_DAYS = 365
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A button's value is `show:` and the id, and Telegram allows it 64 bytes.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,55}")
_NEED = re.compile(r"\d+\.\d+")
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_STEP = re.compile(r"\n(?=\d{1,2}\. )")
_STEP_NUMBER = re.compile(r"\d{1,2}\. ")
_SOURCE = re.compile(r"https?://\S+")

Hours = tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Text:
    """What an entry says in one language.

    Attributes:
        question: The question in a reader's words, shown as a choice.
        phrasings: Other ways to ask it.
        answer: Shown word for word.
        easy: The answer in easy language; None when there is none.
    """

    question: str
    phrasings: tuple[str, ...]
    answer: str
    easy: str | None

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the answer cut before each numbered line; what stands before the first is its beginning."""
        first, *others = _STEP.split(self.answer)
        if not _STEP_NUMBER.match(first) and others:
            first, *others = f"{first.rstrip()}\n\n{others[0]}", *others[1:]
        return tuple(step.strip() for step in (first, *others))


@dataclass(frozen=True)
class Entry:
    """One answerable question.

    Attributes:
        queue: Where it goes when the answer does not help.
        source: The address of the page the answer rests on.
        reviewed: The day somebody last checked it.
        needs: Numbers of the residents' needs that it answers.
        missing: Languages it does not have yet.
        steps: The answers are guided: numbered steps that the conversation gives one at a time.
        texts: By locale.
        valid_until: The last day on which it may be given; None while it stays true.
        topic: The name of the file its words stand in.
        guide: What whoever asks this has told about an event already, for the event guide; None
            when the entry does not lead there.
    """

    id: str
    queue: str
    source: str
    reviewed: date
    owner: str | None
    needs: tuple[str, ...]
    missing: tuple[str, ...]
    steps: bool
    texts: Mapping[str, Text]
    valid_until: date | None = None
    guide: Mapping[str, Any] | None = None
    topic: str = ""

    def is_withheld(self, today: date) -> bool:
        """Return whether the last day on which it may be given has passed."""
        return self.valid_until is not None and self.valid_until < today


@dataclass(frozen=True)
class Queue:
    """Where tickets of one subject wait.

    Attributes:
        titles: By locale.
        hours: Opening periods for each weekday, Monday first; Finland's time.
        languages: Locales served by its staff.
        exceptions: Single days with other hours, holidays included; empty hours mean closed.
        first_reply: Within how much opening time the first reply is promised; None promises it by
            the end of an opening of which an hour remains.
        resolve: Within how much opening time a matter is to be settled; None sets no such time.
        fallback: The queue that takes what nobody here can read; None when there is none.
    """

    id: str
    titles: Mapping[str, str]
    hours: tuple[Hours, ...]
    languages: tuple[str, ...]
    exceptions: Mapping[date, Hours] = field(default_factory=dict)
    first_reply: timedelta | None = None
    resolve: timedelta | None = None
    fallback: str | None = None


@dataclass(frozen=True)
class Book:
    """All that a town answers.

    Attributes:
        entries: By id, in the order of `entries.yaml`.
        queues: By id.
        digest: Changes whenever a word of the book changes.
        utterances: By locale and entry, what residents might write; the matcher learns from it.
        out_of_scope: By locale, what no entry answers; the matcher learns to refuse it.
        review_days: By topic, how many days after its review an entry must be looked at again.
    """

    entries: Mapping[str, Entry]
    queues: Mapping[str, Queue]
    digest: str
    utterances: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    out_of_scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    review_days: Mapping[str, int] = field(default_factory=dict)

    def review_by(self, entry: Entry) -> date:
        """Return the day by which an entry must be looked at again."""
        days = self.review_days.get(entry.topic, REVIEW_DAYS)
        return entry.reviewed + timedelta(days=days)

    def queue(self, name: str | None) -> Queue:
        """Return the named queue, or `general`, or the first one: a matter always has somewhere to go."""
        for candidate in (name, "general"):
            if candidate and candidate in self.queues:
                return self.queues[candidate]
        return next(iter(self.queues.values()))


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong, and where.

    Attributes:
        file: Relative to the book's folder.
        entry: The entry's id; empty when the whole file is meant.
        fault: What is wrong and what to write instead.
    """

    file: str
    entry: str
    fault: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.entry, self.fault) if part)


class BookError(Exception):
    """The book cannot be used; all its faults at once.

    Args:
        faults: At least one.
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, sorted(faults))))
        self.faults = tuple(sorted(faults))


def load(folder: Path, town: str = "helsinki") -> Book:
    """Return the book in a folder, with the town's overlay laid over it.

    Raises:
        BookError: Anything is wrong; names file, entry and fault, all at once.
    """
    return _Reader(folder).book(town)


def towns(folder: Path) -> list[str]:
    """Return the towns that have an overlay."""
    return sorted(path.name for path in (folder / "towns").glob("*") if path.is_dir())


class _Loader(yaml.CSafeLoader):
    """YAML that refuses a key written twice, which would silently lose the first."""


def _mapping_without_doubles(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(None, None, f"put {key!r} in quotes", key_node.start_mark)
        if key in seen:
            raise yaml.MarkedYAMLError(None, None, f"{key!r} is there twice", key_node.start_mark)
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


@dataclass
class _Reader:
    """Reads one folder; faults gather here until the end."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    hash: Any = field(default_factory=hashlib.sha256)

    def book(self, town: str) -> Book:
        facts = self._mapping("entries.yaml", required=True)
        is_readable = not self.faults
        words = {locale: self._words(f"{locale}") for locale in LOCALES}
        if not is_readable:
            # Every other check would repeat the one fault for every entry.
            raise BookError(self.faults)
        topics = {id_: _topic(file) for said in words.values() for id_, (_, file) in said.items()}
        self._overlay(town, facts, words)
        for locale in LOCALES:
            for entry, (_, file) in words[locale].items():
                if entry not in facts:
                    self._fault(
                        file, entry, "is not in entries.yaml; add it there or correct the id"
                    )
        utterances = {locale: self._utterances(locale, facts) for locale in LOCALES}
        queues = self._queues(facts)
        entries = {id_: self._entry(id_, facts[id_], words, queues) for id_ in facts}
        review_days = self._review_days()
        if not facts:
            self._fault("entries.yaml", "", "has no entries")
        if self.faults:
            raise BookError(self.faults)
        complete = {
            id_: replace(entry, topic=topics.get(id_, ""))
            for id_, entry in entries.items()
            if entry
        }
        return Book(
            complete,
            queues,
            self.hash.hexdigest(),
            {
                locale: {id_: lines for id_, lines in said.items() if id_ != OUT_OF_SCOPE}
                for locale, said in utterances.items()
            },
            {locale: said.get(OUT_OF_SCOPE, ()) for locale, said in utterances.items()},
            review_days,
        )

    def _review_days(self) -> dict[str, int]:
        """Return how many days a review lasts, by topic."""
        found = {}
        for topic, days in self._content("reviews.yaml").items():
            if isinstance(days, int) and not isinstance(days, bool) and days > 0:
                found[topic] = days
            else:
                self._fault("reviews.yaml", topic, f"write a number of days, not {days!r}")
        return found

    def _fault(self, file: str, entry: str, fault: str) -> None:
        self.faults.append(Fault(file, entry, fault))

    def _utterances(self, locale: str, facts: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        """Return one language's utterances by entry, and those that no entry answers."""
        found: dict[str, tuple[str, ...]] = {}
        for path in sorted((self.folder / locale / "utterances").glob("*.yaml")):
            name = path.relative_to(self.folder).as_posix()
            for id_, lines in self._content(name).items():
                if id_ not in facts and id_ != OUT_OF_SCOPE:
                    self._fault(name, id_, "is not in entries.yaml; add it there or correct the id")
                check = _Check(self, name, id_, {"utterances": lines})
                said = check.list_of("utterances", str.strip, "sentences in quotes")
                found[id_] = (*found.get(id_, ()), *(line.strip() for line in said))
        return found

    def _mapping(self, name: str, *, required: bool = False) -> dict[str, Any]:
        """Return a file's mapping of ids to mappings; what is not one is a fault and left out."""
        good = {}
        for id_, value in self._content(name, required=required).items():
            if not _ID.fullmatch(id_):
                self._fault(
                    name, id_, "an id has 1-56 letters a-z, digits, hyphens, dots or underscores"
                )
            elif not isinstance(value, dict):
                self._fault(name, id_, "must be a mapping such as {question: …, answer: …}")
            else:
                good[id_] = value
        return good

    def _content(self, name: str, *, required: bool = False) -> dict[str, Any]:
        """Return a file's mapping of ids; empty, with the fault noted, when it is none."""
        path = self.folder / name
        if not path.is_file():
            if required:
                self._fault(name, "", "is missing")
            return {}
        try:
            raw = path.read_bytes()
            self.hash.update(f"{name}\0{len(raw)}\0".encode() + raw)
            content = yaml.load(raw, _Loader)  # noqa: S506 - a safe loader, made stricter
        except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
            self._fault(name, "", _yaml_fault(error))
            return {}
        if content is None:
            return {}
        if not isinstance(content, dict):
            self._fault(name, "", "must be a mapping: an id, a colon, and what belongs to it")
            return {}
        return content

    def _words(self, folder: str) -> dict[str, tuple[dict[str, Any], str]]:
        """Return one language's entries with the file each stands in."""
        found: dict[str, tuple[dict[str, Any], str]] = {}
        for path in sorted((self.folder / folder).glob("*.yaml")):
            name = path.relative_to(self.folder).as_posix()
            for id_, value in self._mapping(name).items():
                if id_ in found:
                    self._fault(name, id_, f"is also in {found[id_][1]}; keep one of them")
                found[id_] = (value, name)
        return found

    def _overlay(
        self,
        town: str,
        facts: dict[str, Any],
        words: dict[str, dict[str, tuple[dict[str, Any], str]]],
    ) -> None:
        """Lay a town's words over the base: a field replaces a field, phrasings are added."""
        base = f"towns/{town}"
        for id_, value in self._mapping(f"{base}/entries.yaml").items():
            facts[id_] = {**facts.get(id_, {}), **value}
        changed: dict[str, set[str]] = defaultdict(set)
        for locale in LOCALES:
            for id_, (value, name) in self._words(f"{base}/{locale}").items():
                below = words[locale].get(id_, ({}, name))[0]
                merged = {**below, **value}
                if "easy" in below and "answer" in value and "easy" not in value:
                    # The base's easy answer would contradict the town's own.
                    del merged["easy"]
                if isinstance(below.get("phrasings"), list) and isinstance(
                    value.get("phrasings"), list
                ):
                    merged["phrasings"] = [*below["phrasings"], *value["phrasings"]]
                words[locale][id_] = (merged, name)
                if "answer" in value:
                    changed[id_].add(locale)
        for id_, locales in changed.items():
            missing = facts.get(id_, {}).get("missing") or ()
            for locale in LOCALES:
                if locale not in locales and locale not in missing:
                    self._fault(
                        f"{base}/{locale}",
                        id_,
                        f"{town} answers this differently in another language only",
                    )

    def _queues(self, facts: dict[str, Any]) -> dict[str, Queue]:
        content = self._mapping("queues.yaml")
        if not (self.folder / "queues.yaml").is_file():
            names = dict.fromkeys(
                fact["queue"] for fact in facts.values() if isinstance(fact.get("queue"), str)
            )
            always = ((time(9), time(15)),)
            week = (always,) * 5 + ((),) * 2
            return {
                name: Queue(name, dict.fromkeys(LOCALES, name), week, LOCALES)
                for name in names or ("general",)
            }
        queues = {id_: self._queue(id_, value) for id_, value in content.items()}
        for queue in queues.values():
            if queue.fallback and (queue.fallback not in queues or queue.fallback == queue.id):
                fault = f"fallback: {queue.fallback!r} is not another queue here"
                self._fault("queues.yaml", queue.id, fault)
        if not queues and not self.faults:
            self._fault("queues.yaml", "", "has no queues")
        return queues

    def _queue(self, id_: str, value: dict[str, Any]) -> Queue:
        check = _Check(self, "queues.yaml", id_, value)
        check.only(
            *("title", "hours", "languages", "exceptions", "first_reply", "resolve", "fallback")
        )
        title = check.mapping("title")
        for locale in LOCALES:
            if not isinstance(title.get(locale), str) or not title[locale].strip():
                check.fault(f"title has no {locale}")
        hours = check.mapping("hours")
        for day in hours:
            if day not in DAYS:
                check.fault(f"hours: {day!r} is not one of {', '.join(DAYS)}")
        week = tuple(tuple(self._periods(check, day, hours.get(day, []))) for day in DAYS)
        languages = (
            tuple(check.list_of("languages", lambda text: text in LOCALES, "fi, sv or en"))
            or LOCALES
        )
        return Queue(
            id_,
            {k: str(v) for k, v in title.items()},
            week,
            languages,
            dict(self._exceptions(check)),
            self._minutes(check, "first_reply"),
            self._minutes(check, "resolve"),
            check.text("fallback", optional=True) or None,
        )

    def _exceptions(self, check: _Check) -> Iterator[tuple[date, Hours]]:
        """Yield the single days on which a queue has other hours."""
        days = check.mapping("exceptions") if "exceptions" in check.value else {}
        for day, hours in days.items():
            try:
                found = date.fromisoformat(day)
            except ValueError:
                check.fault(f'exceptions: write a day such as "2026-12-31" in quotes, not {day!r}')
                continue
            yield found, tuple(self._periods(check, day, hours))

    @staticmethod
    def _minutes(check: _Check, name: str) -> timedelta | None:
        """Return a span of opening time; None when the queue sets none."""
        minutes = check.value.get(name)
        if minutes is None:
            return None
        if isinstance(minutes, bool) or not isinstance(minutes, int) or minutes <= 0:
            check.fault(f"{name} must be minutes of opening time such as 240, not {minutes!r}")
            return None
        return timedelta(minutes=minutes)

    @staticmethod
    def _periods(check: _Check, day: str, periods: object) -> list[tuple[time, time]]:
        """Return one day's opening periods, earliest first."""
        good = []
        for period in periods if isinstance(periods, list) else [periods]:
            found = _HOURS.fullmatch(period) if isinstance(period, str) else None
            numbers = [int(number) for number in found.groups()] if found else [99] * 4
            try:
                opens, closes = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
            except ValueError:
                opens = closes = time()
            if opens >= closes:
                check.fault(f'hours: {day}: write "09:00-15:00" in quotes, not {period!r}')
                continue
            good.append((opens, closes))
        good.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(good)):
            check.fault(f"hours: {day}: the periods overlap")
        return good

    def _entry(
        self,
        id_: str,
        fact: dict[str, Any],
        words: dict[str, dict[str, tuple[dict[str, Any], str]]],
        queues: Mapping[str, Queue],
    ) -> Entry | None:
        check = _Check(self, "entries.yaml", id_, fact)
        check.only(
            *("queue", "source", "reviewed", "owner", "needs", "missing", "steps"),
            *("valid_until", "guide"),
        )
        queue = check.text("queue")
        if queue and queues and queue not in queues:
            check.fault(f"queue {queue!r} is not in queues.yaml")
        source = check.text("source")
        if source and not _SOURCE.fullmatch(source):
            check.fault(f"source must be an address that begins with https://, not {source!r}")
        reviewed = fact.get("reviewed")
        if not isinstance(reviewed, date):
            check.fault("reviewed must be a day such as 2026-11-21, without quotes")
        owner = check.text("owner", optional=True)
        needs = check.list_of("needs", _NEED.fullmatch, 'numbers in quotes such as ["1.3"]')
        missing = check.list_of("missing", lambda text: text in LOCALES, "fi, sv or en")
        steps = fact.get("steps", False)
        if not isinstance(steps, bool):
            check.fault("steps must be true or false, without quotes")
        valid_until = fact.get("valid_until")
        if valid_until is not None and not isinstance(valid_until, date):
            check.fault("valid_until must be a day such as 2027-12-31, without quotes")
        guide = check.mapping("guide") if "guide" in fact else None
        if set(LOCALES) <= set(missing):
            check.fault("missing names every language; an entry needs at least one")
        spoken = self._spoken(id_, words, missing, steps is True)
        if not isinstance(reviewed, date) or not queue or not source:
            return None
        return Entry(
            id_,
            queue,
            source,
            reviewed,
            owner or None,
            tuple(needs),
            tuple(missing),
            steps is True,
            {locale: text for locale, text in spoken.items() if text},
            valid_until if isinstance(valid_until, date) else None,
            guide,
        )

    def _spoken(
        self,
        id_: str,
        words: dict[str, dict[str, tuple[dict[str, Any], str]]],
        missing: list[str],
        is_guided: bool,
    ) -> dict[str, Text | None]:
        """Return what the entry says, by locale; every language must be there or openly missing."""
        spoken: dict[str, Text | None] = {}
        for locale in LOCALES:
            if id_ not in words[locale]:
                if locale not in missing:
                    fault = "is not there; write it, or list the language in missing"
                    self._fault(f"{locale}/", id_, fault)
                continue
            if locale in missing:
                self._fault("entries.yaml", id_, f"has {locale} though missing says it has not")
            value, file = words[locale][id_]
            text = spoken[locale] = self._text(id_, value, file)
            if is_guided and text and len(text.steps) < FEWEST_STEPS:
                fault = 'steps is true, but the answer has no lines "1. …" and "2. …"'
                self._fault(file, id_, fault)
        return spoken

    def _text(self, id_: str, value: dict[str, Any], file: str) -> Text | None:
        check = _Check(self, file, id_, value)
        check.only("question", "phrasings", "answer", "easy", "owner", "needs", "missing")
        question = check.text("question")
        answer = check.text("answer")
        easy = check.text("easy", optional=True)
        phrasings = check.list_of("phrasings", str.strip, "sentences in quotes")
        if not question or not answer:
            return None
        return Text(question, tuple(phrase.strip() for phrase in phrasings), answer, easy or None)


@dataclass(frozen=True)
class _Check:
    """Reads the fields of one entry and notes what is wrong with them."""

    reader: _Reader
    file: str
    entry: str
    value: dict[str, Any]

    def fault(self, fault: str) -> None:
        self.reader._fault(self.file, self.entry, fault)  # noqa: SLF001 - one reader in two classes

    def only(self, *names: str) -> None:
        for name in self.value:
            if name not in names:
                self.fault(f"{name!r} is not a field here; the fields are {', '.join(names)}")

    def text(self, name: str, *, optional: bool = False) -> str:
        value = self.value.get(name)
        if value is None and optional:
            return ""
        if not isinstance(value, str):
            self.fault(f"{name} is missing" if value is None else f"put {name} in quotes")
            return ""
        if not value.strip():
            self.fault(f"{name} is empty")
        return value.strip()

    def mapping(self, name: str) -> dict[str, Any]:
        value = self.value.get(name)
        if not isinstance(value, dict):
            self.fault(f"{name} is missing or not a mapping")
            return {}
        return value

    def list_of(self, name: str, accepts: Any, wanted: str) -> list[str]:
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(f"{name} must be a list of {wanted}")
            return []
        good = []
        for item in value:
            if isinstance(item, str) and accepts(item):
                good.append(item)
            else:
                self.fault(f"{name}: {item!r} is not right; write {wanted}")
        return good


def _topic(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yaml")


def _yaml_fault(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}cannot be read as YAML: {getattr(error, 'problem', None) or error}"
