"""The words of each language, as editors keep them, and how a message becomes words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LOCALES = ("fi", "sv", "en")
# A message longer than this says nothing more about which entry it wants.
LONGEST = 2_000
LONGEST_WORD = 40
REMEMBERED = 50_000  # words whose look-up is kept
# Pieces of words do without dots, so that "paasen" finds "pääsen".
FOLD = str.maketrans("åäöéüšžøæ", "aaoeuszoa")

_WORD = re.compile(r"[^\W_]+")
_HERE = Path(__file__).parent
# Read beside the matcher, which learns nothing from them.
_NOT_LEARNT = ("alarms.yaml", "foreign.yaml")


def fold(text: str) -> str:
    """Return the text as someone types it who has no dots on the keyboard."""
    return text.translate(FOLD)


@lru_cache(maxsize=REMEMBERED)
def folded(word: str) -> str:
    """Return one word as `fold` does, remembered; for words only, so that no message is kept."""
    return fold(word)


def split(text: str) -> list[str]:
    """Return the words of a message: small letters, no punctuation, nothing past LONGEST."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).lower()[:LONGEST]
    return [word[:LONGEST_WORD] for word in _WORD.findall(plain)]


@dataclass(frozen=True)
class Language:
    """What one language's file says."""

    common: frozenset[str]
    asks_for: tuple[str, ...]
    joins: frozenset[str]
    fillers: frozenset[str]


@dataclass
class Words:
    """All languages' words, ready for use. Keys are folded."""

    languages: dict[str, Language] = field(default_factory=dict)
    joins: frozenset[str] = frozenset()  # of all languages, folded
    longest_join: int = 0  # in words
    fillers: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()  # of all languages, folded
    foreign: tuple[frozenset[str], ...] = ()  # of each language we do not speak, folded
    _rewrite: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _starts: dict[str, set[str]] = field(default_factory=dict)
    _exact: dict[str, set[str]] = field(default_factory=dict)
    _phrases: dict[str, set[str]] = field(default_factory=dict)
    _topics: dict[str, set[str]] = field(default_factory=dict)
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _heads: dict[str, int] = field(default_factory=dict)  # first word: words in the longest phrase
    _single: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def rewrite(self, words: Sequence[str]) -> list[str]:
        """Return the words with spoken forms, split compounds and heard names put right."""
        plain = [folded(word) for word in words]
        found: list[str] = []
        i = 0
        while i < len(words):
            n, written = self._rewritten(plain, words, i)
            found.extend(written)
            i += n
        return found

    def _rewritten(
        self, plain: Sequence[str], words: Sequence[str], i: int
    ) -> tuple[int, tuple[str, ...]]:
        """Return how many words from the i-th on are one, and how they are written."""
        for n in range(min(self._heads.get(plain[i], 1), len(words) - i), 1, -1):
            written = self._one(" ".join(plain[i : i + n]), " ".join(words[i : i + n]))
            if written is not None:
                return n, written
        word = words[i]
        known = self._single.get(word)
        if known is None:
            known = self._one(plain[i], word) or (word,)
            if len(self._single) < REMEMBERED:
                self._single[word] = known
        return 1, known

    def _one(self, plain: str, said: str) -> tuple[str, ...] | None:
        whole = self._rewrite.get(plain)
        if whole is not None:
            return tuple(whole.split())
        for size in range(len(plain), 2, -1):
            name = self._names.get(plain[:size])
            if name is not None and " " not in plain[size:]:
                return None if plain.startswith(name) else (name + said[size:],)
        return None

    def concepts(self, words: Iterable[str]) -> list[str]:
        """Return the concepts the words stand for, and their topics, with repeats."""
        found: list[str] = []
        before = ""
        for word in words:
            plain = folded(word)
            found.extend(self._concepts(plain))
            together = self._phrases.get(f"{before} {plain}")
            if together:
                found.extend(sorted(together))
            before = plain
        return found

    def _concepts(self, word: str) -> tuple[str, ...]:
        known = self._known.get(word)
        if known is None:
            found = sorted(self._look_up(word))
            topics = sorted({topic for concept in found for topic in self._topics.get(concept, ())})
            known = (*found, *topics)
            if len(self._known) < REMEMBERED:
                self._known[word] = known
        return known

    def _look_up(self, word: str) -> set[str]:
        if word in self._exact:
            return self._exact[word]
        found: set[str] = set()
        begins = 0
        for size in range(len(word), 1, -1):
            if word[:size] in self._starts:
                found |= self._starts[word[:size]]
                begins = size
                break
        # Inside a compound only long beginnings count: etä|neuvo|nta, but not ha|lu.
        for i in range(max(3, begins), len(word) - 4):
            for j in range(len(word), i + 4, -1):
                if word[i:j] in self._starts:
                    found |= self._starts[word[i:j]]
                    break
        return found


def _load(path: Path) -> Mapping[str, object]:
    loaded = yaml.load(
        path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return loaded if isinstance(loaded, dict) else {}


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _table(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


@lru_cache(maxsize=1)
def words(folder: Path = _HERE) -> Words:
    """Return the words kept in the folder; read once."""
    book = Words()
    for locale in LOCALES:
        data = _load(folder / f"{locale}.yaml")
        book.languages[locale] = Language(
            common=frozenset(str(data.get("common", "")).split()),
            asks_for=tuple(" ".join(split(text)) for text in _strings(data.get("asks-for"))),
            joins=frozenset(" ".join(split(text)) for text in _strings(data.get("joins"))),
            fillers=frozenset(_strings(data.get("fillers"))),
        )
        for section in ("spoken", "normalise"):
            for said, written in _table(data.get(section)).items():
                book._rewrite.setdefault(fold(said), str(written))
        for name, heard in _table(data.get("names")).items():
            for form in _strings(heard):
                book._names.setdefault(fold(form), name)
    spoken = book.languages.values()
    book.joins = frozenset(fold(join) for language in spoken for join in language.joins)
    book.longest_join = max((len(join.split()) for join in book.joins), default=0)
    book.fillers = frozenset(word for language in spoken for word in language.fillers)
    book.common = frozenset(fold(word) for language in spoken for word in language.common)
    book.foreign = tuple(
        frozenset(fold(str(said)).split()) for said in _load(folder / "foreign.yaml").values()
    )
    for key in (*book._rewrite, *book._names):
        head, *rest = key.split()
        book._heads[head] = max(book._heads.get(head, 1), 1 + len(rest))
    for concept, by_locale in _load(folder / "concepts.yaml").items():
        for forms in _table(by_locale).values():
            for form in fold(str(forms)).split():
                inner = form.strip(".")
                if "." in inner:
                    book._phrases.setdefault(inner.replace(".", " "), set()).add(concept)
                elif form.endswith("."):
                    book._exact.setdefault(inner, set()).add(concept)
                else:
                    book._starts.setdefault(form, set()).add(concept)
    for topic, concepts in _load(folder / "topics.yaml").items():
        for concept in str(concepts).split():
            book._topics.setdefault(concept, set()).add(f"topic {topic}")
    return book


@lru_cache(maxsize=1)
def fingerprint(folder: Path = _HERE) -> str:
    """Return a digest of the word files: what was learnt with other words is not to be used."""
    digest = hashlib.sha256()
    for path in sorted(set(folder.glob("*.yaml")) - {folder / name for name in _NOT_LEARNT}):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
