"""Writes an entry into the book's files in the book's own format; nothing is half written."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faq import book

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

# Its words are the base of every town's.
_BASE = "helsinki"
# How files begin that are written beside their places before they take them.
_BESIDE = ".new-"
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,55}")
_REVIEWED = re.compile(r"\breviewed: \d{4}-\d{2}-\d{2}")
_VALID_UNTIL = re.compile(r",?\s*\bvalid_until: (\d{4}-\d{2}-\d{2})")
_MISSING = re.compile(r",?\s*\bmissing: \[[^\]]*\]")
# A fact's value as editors write it: in quotes, or bare.
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,}"'\s][^,}]*)"""
_FACTS = ("queue", "source", "owner")
_LONGEST_SOURCE = 300


class CannotPublish(Exception):
    """The entry cannot be written as it is.

    Args:
        faults: What is wrong, each with the field or file it is in.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Words:
    """What a proposed entry says in one language.

    Attributes:
        easy: The answer in easy language; empty when there is none.
    """

    question: str = ""
    phrasings: tuple[str, ...] = ()
    answer: str = ""
    easy: str = ""

    @property
    def is_complete(self) -> bool:
        """Return whether it can be shown: a question and an answer."""
        return bool(self.question.strip() and self.answer.strip())


@dataclass(frozen=True)
class Draft:
    """An entry as it is proposed.

    Attributes:
        entry: Its id; of an entry there, that one is replaced.
        topic: The file its words go to, without `.yaml`; where an entry there stands already, it stays.
        owner: The team that answers for it.
        texts: By locale.
    """

    entry: str = ""
    topic: str = ""
    queue: str = ""
    source: str = ""
    owner: str = ""
    texts: Mapping[str, Words] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Draft:
        """Return a draft as it was saved."""
        texts = {
            locale: Words(**{**words, "phrasings": tuple(words["phrasings"])})
            for locale, words in value["texts"].items()
        }
        return cls(**{**value, "texts": texts})

    def to_json(self) -> dict[str, Any]:
        """Return the draft as JSON."""
        return asdict(replace(self, texts=dict(self.texts)))


def faults(draft: Draft) -> tuple[str, ...]:
    """Return the fields that are missing or malformed, as `field` or `field:locale`; empty when none is."""
    found = []
    if not _ID.fullmatch(draft.entry):
        found.append("entry")
    if not _TOPIC.fullmatch(draft.topic):
        found.append("topic")
    if not re.fullmatch(r"https?://\S+", draft.source) or len(draft.source) > _LONGEST_SOURCE:
        found.append("source")
    found += [name for name in ("queue", "owner") if not getattr(draft, name).strip()]
    found += [
        f"words:{locale}"
        for locale in book.LOCALES
        if not draft.texts.get(locale, Words()).is_complete
    ]
    return tuple(found)


def filled(draft: Draft, entry: book.Entry) -> Draft:
    """Return a draft in which what is empty is what the book says now."""
    texts = {}
    for locale in book.LOCALES:
        said, there = draft.texts.get(locale, Words()), entry.texts.get(locale)
        texts[locale] = said if there is None else Words(
            said.question or there.question,
            said.phrasings or there.phrasings,
            said.answer or there.answer,
            said.easy or there.easy or "",
        )  # fmt: skip
    return replace(
        draft,
        # Words of an entry stay in the file where they are.
        topic=entry.topic,
        queue=draft.queue or entry.queue,
        source=draft.source or entry.source,
        owner=draft.owner or entry.owner or "",
        texts=texts,
    )


def written(folder: Path, town: str, draft: Draft, reviewed: date) -> dict[str, str]:
    """Return the files that change, by path below the folder, with their new words.

    Helsinki's words are the base; another town's go to its own folder, so that they change
    nobody else's.

    Raises:
        CannotPublish: Something is missing or malformed.
    """
    wrong = faults(draft)
    if wrong:
        raise CannotPublish(wrong)
    own = "" if town == _BASE else f"towns/{town}/"
    below = _phrasings_below(folder, draft.entry) if own else {}
    facts = f"{own}entries.yaml"
    files = {facts: _with_entry(_read(folder, facts), draft, reviewed)}
    for locale in book.LOCALES:
        words = draft.texts[locale]
        words = replace(
            words,
            # A town's phrasings are added to the base's.
            phrasings=tuple(one for one in words.phrasings if one not in below.get(locale, ())),
        )
        name = _file_of(folder, f"{own}{locale}", draft)
        files[name] = _with_block(_read(folder, name), draft.entry, _block(draft.entry, words))
    return files


def check(
    folder: Path, files: Mapping[str, str | None], town: str = _BASE, draft: Draft | None = None
) -> None:
    """Read the book of every town as it would be with these files.

    Args:
        draft: What this town's book must then say, word for word.

    Raises:
        CannotPublish: It could not be used, or would say something else.
    """
    with tempfile.TemporaryDirectory(prefix="neuvokas-book-") as name:
        copy = copied(folder, Path(name) / "faq", files)
        read = {}
        for one in dict.fromkeys((_BASE, town, *book.towns(copy))):
            try:
                read[one] = book.load(copy, one)
            except book.BookError as error:
                raise CannotPublish(tuple(map(str, error.faults))) from error
    if draft is not None:
        differing = _differing(draft, read[town].entries[draft.entry])
        if differing:
            # Somebody wrote the entry by hand in a way that is not understood here.
            raise CannotPublish(tuple(f"by-hand:{field}" for field in differing))


def _differing(draft: Draft, entry: book.Entry) -> list[str]:
    """Return in which fields an entry says something else than its draft."""
    found = [name for name in _FACTS if getattr(entry, name) != _line(getattr(draft, name))]
    for locale, words in draft.texts.items():
        text = entry.texts[locale]
        said = (text.question, text.answer, text.easy or "")
        wanted = (_line(words.question), _text(words.answer), _text(words.easy))
        # A town has the base's phrasings beside its own.
        if said != wanted or not set(_lines(words)) <= set(text.phrasings):
            found.append(locale)
    return found


def copied(folder: Path, copy: Path, files: Mapping[str, str | None]) -> Path:
    """Return a copy of the book's folder with some files changed; None leaves one out."""
    # What somebody is just writing beside its place may be gone at the next moment.
    left_out = shutil.ignore_patterns("*.py", "__pycache__", f"{_BESIDE}*")
    shutil.copytree(folder, copy, ignore=left_out)
    for name, words in files.items():
        if words is None:
            (copy / name).unlink(missing_ok=True)
            continue
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(words, encoding="utf-8")
    return copy


def current(folder: Path, names: Mapping[str, object]) -> dict[str, str | None]:
    """Return files as they are now; None for one that is not there."""
    return {
        name: (folder / name).read_text(encoding="utf-8") if (folder / name).exists() else None
        for name in names
    }


def put(folder: Path, files: Mapping[str, str | None]) -> None:
    """Write files, each as a whole or not at all; None removes one.

    All are written beside their places first, so that a full disk changes nothing.

    Raises:
        OSError: The folder cannot be written to; nothing has changed.
    """
    beside: list[tuple[Path, Path]] = []
    try:
        for name, words in files.items():
            if words is None:
                continue
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(prefix=_BESIDE, dir=place.parent)
            beside.append((Path(path), place))
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(words)
                file.flush()
                os.fsync(file.fileno())
            # A temporary file is its owner's alone; the book is everybody's to read.
            Path(path).chmod(0o644)
    except OSError:
        for path_, _place in beside:
            path_.unlink(missing_ok=True)
        raise
    for path_, place in beside:
        path_.replace(place)
    for name, words in files.items():
        if words is None:
            (folder / name).unlink(missing_ok=True)


def _read(folder: Path, name: str) -> str:
    path = folder / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _phrasings_below(folder: Path, entry: str) -> dict[str, tuple[str, ...]]:
    """Return an entry's phrasings in the base, by locale; empty where it is not there.

    Raises:
        CannotPublish: The base could not be read.
    """
    try:
        found = book.load(folder, _BASE).entries.get(entry)
    except book.BookError as error:
        raise CannotPublish(tuple(map(str, error.faults))) from error
    return {locale: text.phrasings for locale, text in found.texts.items()} if found else {}


def _file_of(folder: Path, below: str, draft: Draft) -> str:
    """Return the file in which an entry's words stand, or where new ones go."""
    for path in sorted((folder / below).glob("*.yaml")):
        if _old_block(path.read_text(encoding="utf-8"), draft.entry):
            return path.relative_to(folder).as_posix()
    return f"{below}/{draft.topic}.yaml"


def _with_entry(text: str, draft: Draft, reviewed: date) -> str:
    """Return entries.yaml with the entry's line: a new one, or the old one with its new facts."""
    facts = {name: _quoted(getattr(draft, name)) for name in _FACTS}
    facts["reviewed"] = reviewed.isoformat()
    old = re.search(rf"^{re.escape(draft.entry)}: *\{{.*\}}", text, re.MULTILINE)
    if not old:
        order = ("queue", "source", "reviewed", "owner")
        said = ", ".join(f"{name}: {facts[name]}" for name in order)
        return f"{_ended(text)}{draft.entry}: {{{said}}}\n"
    # Its words are there in every language now, and true today.
    line = _MISSING.sub("", _VALID_UNTIL.sub(lambda found: _if_later(found, reviewed), old[0]))
    for name, said in facts.items():
        value = _REVIEWED if name == "reviewed" else re.compile(rf"\b{name}: {_VALUE}")
        there = value.search(line)
        if there:
            line = f"{line[: there.start()]}{name}: {said}{line[there.end() :]}"
        else:
            line = f"{line.removesuffix('}').rstrip()}, {name}: {said}}}"
    return text[: old.start()] + line + text[old.end() :]


def _if_later(found: re.Match[str], day: date) -> str:
    """Return a last day that is still to come; nothing when it has passed."""
    return found[0] if found[1] >= day.isoformat() else ""


def _old_block(text: str, entry: str) -> re.Match[str] | None:
    """Return where an entry's words stand; what follows it, empty lines and comments too, is not its own."""
    return re.search(
        rf"^{re.escape(entry)}:[^\n]*\n?(?:(?:[ \t]*\n)*[ \t]+\S[^\n]*\n?)*", text, re.MULTILINE
    )


def _with_block(text: str, entry: str, block: str) -> str:
    """Return a file with one entry's block: in the old one's place, or at the end."""
    old = _old_block(text, entry)
    if old:
        return text[: old.start()] + block + text[old.end() :]
    return _ended(text) + ("\n" if text.strip() else "") + block


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _block(entry: str, words: Words) -> str:
    """Return an entry's words as editors write them."""
    lines = [f"{entry}:", f"  question: {_quoted(words.question)}"]
    if _lines(words):
        lines += ["  phrasings:", *(f"  - {_quoted(one)}" for one in _lines(words))]
    for name, text in (("answer", words.answer), ("easy", words.easy)):
        if text.strip():
            lines += [f"  {name}: |", *(f"    {line}".rstrip() for line in _text(text).split("\n"))]
    return "\n".join(lines) + "\n"


def _lines(words: Words) -> tuple[str, ...]:
    """Return the phrasings, each once."""
    return tuple(dict.fromkeys(filter(None, map(_line, words.phrasings))))


def _text(text: str) -> str:
    """Return a text of several lines as it reads back: no spaces at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _line(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    # A JSON string is a YAML string too.
    return json.dumps(_line(text), ensure_ascii=False)
