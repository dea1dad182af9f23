"""Recognises danger that is answered before anything is matched: life, despair, abuse, fraud; pure.

What counts as danger stands in `words/alarms.yaml`, in lists and signs that editors can read.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Life comes first. A relative who takes the money is told apart from a stranger who does,
# and money already in danger is more urgent than a caller.
ENTRIES = ("emergency", "despair", "money-abuse", "gave-codes", "scam-call-now")
LOCALES = ("fi", "sv", "en")

# Of a very long message the beginning and the end are read, in characters: a cry often comes last.
_BEGINNING = 3_000
_END = 1_000
_LONGEST_WORD = 40
# The words of one sign stand this close to each other, or they speak of different things.
_REACH = 10
# A new sentence is a little further away than a new word.
_SENTENCE = 3
# So many words may slip in between two words of a saying ("en enää jaksa"),
# and between two parts of a sign that follow one another.
_GAP = 1
_FOLLOWS = 2
# A message of so few words says it all: "ambulanssi".
_SHORT = 3
# Where a word is repeated over and over, its first places tell enough, and time stays bounded.
_PLACES = 25
# Shorter words differ by one letter too often ("kuolla" to die, "kuulla" to hear).
_LONG_ENOUGH_FOR_DOUBLES = 5
_LONG_ENOUGH_FOR_A_SLIP = 7

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile("['’`´]")
_DOUBLED = re.compile(r"(.)\1+")
_SENTENCE_END = re.compile(r"[.!?;…]+(?=\s|$)|:(?=\s|$)|\n+")
_FORM = re.compile(r"[#~]|\*?\w+\*?!{0,2}")
_LIST = re.compile(r"[A-ZÅÄÖ][A-ZÅÄÖ0-9-]*")

# A form is a word, a beginning ("kuol*"), an end ("*golvet") or a part ("*golv*"); "!" after it
# means exactly so, no slips, and "!!" with its dots too; "#" is a number, and "~" stands in
# messages of three words or fewer. A saying is forms one after the other; a step is one of
# several sayings; the steps of a part follow one another.
Saying = tuple[str, ...]
Step = tuple[Saying, ...]
Part = tuple[Step, ...]
Places = dict[str, list[int]]
Span = tuple[int, int]


class BadSigns(Exception):
    """The file of alarms cannot be used: it says which locale, entry and line, and why."""


@dataclass(frozen=True)
class Sign:
    """Parts that mean danger when all stand close together, in any order."""

    locale: str
    entry: str
    line: str  # As the editor wrote it.
    is_cry: bool  # Raised whatever else the message says.
    parts: tuple[Part, ...]
    never: tuple[Part, ...]  # Any of them close by takes the sign back.


def alarm(text: str) -> str | None:
    """Return the entry of the fixed safety text that this message needs; None for all others.

    Every language's signs are tried, since in need people do not choose their language.
    """
    sign = most_urgent(text)
    return sign.entry if sign else None


def most_urgent(text: str) -> Sign | None:
    """Return the sign of the greatest danger in a message; None for most messages."""
    return min(signs_in(text), key=lambda sign: ENTRIES.index(sign.entry), default=None)


def is_said_otherwise(text: str, entry: str) -> bool:
    """Return whether words of an entry's danger stand in a context that means none.

    "Kuolen nauruun" is about dying by its words only; the safety text is then not given unasked.
    """
    message = _Message(_places(text))
    contexts = (sign for sign in _book().near_contexts(message.places) if sign.entry == entry)
    return any(message.has(sign) for sign in contexts)


def signs_in(text: str) -> list[Sign]:
    """Return the signs of danger in a message, in the order of the file; empty for most."""
    book = _book()
    message = _Message(_places(text))
    found = [sign for sign in book.near(message.places) if message.has(sign)]
    if not found:
        return []
    taken_back = {
        (sign.locale, sign.entry)
        for sign in book.near_contexts(message.places)
        if message.has(sign)
    }
    return [sign for sign in found if sign.is_cry or (sign.locale, sign.entry) not in taken_back]


# --- A message and the signs in it ----------------------------------------------------------


@dataclass
class _Message:
    """Where the forms of the book stand in one message; what was looked up is remembered."""

    places: Places
    # By the identity of the step: it lives as long as the book, and its many words are slow to hash.
    _spans: dict[int, list[Span]] = field(default_factory=dict)

    def has(self, sign: Sign) -> bool:
        where = []
        for part in sign.parts:
            spans = self._of_part(part)
            if not spans:
                return False
            where.append(spans)
        never = [span for part in sign.never for span in self._of_part(part)]
        return any(
            not any(_distance(span, other) < _REACH for other in never) for span in _groups(where)
        )

    def _of_part(self, part: Part) -> list[Span]:
        """Return where a part stands: its steps follow one another closely."""
        spans = self._of_step(part[0])
        for step in part[1:]:
            following = self._of_step(step)
            spans = [
                (start, other_end)
                for start, end in spans
                for other_start, other_end in following
                if end < other_start <= end + 1 + _FOLLOWS
            ]
        return spans[:_PLACES]

    def _of_step(self, step: Step) -> list[Span]:
        if id(step) not in self._spans:
            self._spans[id(step)] = [
                (start, end)
                for saying in step
                if saying[0] in self.places
                for start in self.places[saying[0]]
                if (end := self._end(saying, start)) is not None
            ][:_PLACES]
        return self._spans[id(step)]

    def _end(self, saying: Saying, start: int) -> int | None:
        """Return where a saying that starts here ends; a small word may stand in between."""
        for form in saying[1:]:
            places = self.places.get(form, ())
            after = bisect_right(places, start)
            if after == len(places) or places[after] > start + 1 + _GAP:
                return None
            start = places[after]
        return start


def _groups(where: Sequence[list[Span]], taken: tuple[Span, ...] = ()) -> Iterator[Span]:
    """Yield every stretch within reach that holds one of each, no word counted twice."""
    if not where:
        yield min(start for start, _ in taken), max(end for _, end in taken)
        return
    for span in where[0]:
        near = all(span[1] - start < _REACH and end - span[0] < _REACH for start, end in taken)
        if near and not any(_distance(span, other) == 0 for other in taken):
            yield from _groups(where[1:], (*taken, span))


def _distance(one: Span, other: Span) -> int:
    return max(other[0] - one[1], one[0] - other[1], 0)


def _places(text: str) -> Places:
    """Return where the forms of the book stand in a message."""
    if len(text) > _BEGINNING + _END:
        text = f"{text[:_BEGINNING]}\n{text[-_END:]}"
    small = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).casefold())
    places: Places = defaultdict(list)
    number = words = 0
    for sentence in _SENTENCE_END.split(small):
        found = _WORD.findall(sentence)
        for word in found:
            for form in _forms_of(word[:_LONGEST_WORD]):
                if len(places[form]) < _PLACES:
                    places[form].append(number)
            number += 1
        number += _SENTENCE
        words += len(found)
    if words <= _SHORT:
        places["~"].append(-_SENTENCE)
    return dict(places)


# --- Words and their forms ------------------------------------------------------------------


@dataclass(frozen=True)
class _Forms:
    """The forms of the book of signs, ready for looking up."""

    parts: Sequence[tuple[str, str]]  # What stands anywhere in a word, and its form.
    as_written: Mapping[str, frozenset[str]]
    as_heard: Mapping[str, frozenset[str]]
    near: Mapping[str, frozenset[tuple[str, str]]]  # A key less one letter → form and its key.


_NONE: frozenset[str] = frozenset()


# People's words are endless; the commonest stay.
@lru_cache(maxsize=20_000)
def _forms_of(word: str) -> frozenset[str]:
    """Return the forms a word fits, allowing for doubled letters and a slip in a long word."""
    book = _book()
    # Who writes a dot means it: "läser" reads, "låser" locks, and "laser" may be either.
    forms = book.without_dots if word == _dotless(word) else book.with_dots
    found = {
        form
        for part, form in forms.parts
        if (part in word if form.rstrip("!").endswith("*") else word.endswith(part))
    }
    if word.isdecimal():
        found.add("#")
    for end in range(1, len(word) + 1):
        start = word[:end]
        heard = _heard(start)
        fits = forms.as_written.get(start, _NONE) | forms.as_heard.get(heard, _NONE)
        fits |= _forms_near(heard, forms)
        found.update(form for form in fits if end == len(word) or form.rstrip("!").endswith("*"))
    return frozenset(found)


def _forms_near(key: str, forms: _Forms) -> frozenset[str]:
    """Return the forms that differ by one letter left out, added, changed or swapped."""
    if len(key) < _LONG_ENOUGH_FOR_A_SLIP - 1:
        return _NONE
    candidates = {form for short in _one_left_out(key) for form in forms.near.get(short, ())}
    return frozenset(form for form, other in candidates if OSA.distance(key, other) <= 1)


def _heard(word: str) -> str:
    """Return the word as it is compared: doubled letters once, as many people mix them up."""
    single = _DOUBLED.sub(r"\1", word)
    return single if len(single) >= _LONG_ENOUGH_FOR_DOUBLES else word


def _one_left_out(key: str) -> list[str]:
    """Return the key, and the key without one letter; the first one people get right."""
    return [key, *(key[:at] + key[at + 1 :] for at in range(1, len(key)))]


def _dotless(text: str) -> str:
    """Return the text without dots and rings, as people write on foreign keyboards."""
    signs = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


def _look_up_table(forms: Iterable[str], *, dots: bool) -> _Forms:
    as_written: dict[str, set[str]] = defaultdict(set)
    as_heard: dict[str, set[str]] = defaultdict(set)
    near: dict[str, set[tuple[str, str]]] = defaultdict(set)
    parts: list[tuple[str, str]] = []
    for form in forms:
        bare = form.strip("#~*!")
        if not dots and form.endswith("!!") and bare != _dotless(bare):
            continue
        bare = bare if dots else _dotless(bare)
        if form.startswith("*"):
            parts.append((bare, form))
            continue
        as_written[bare].add(form)
        if form.endswith("!"):
            continue
        key = _heard(bare)
        as_heard[key].add(form)
        if len(key) >= _LONG_ENOUGH_FOR_A_SLIP:
            for short in _one_left_out(key):
                near[short].add((form, key))
    return _Forms(
        parts,
        as_written={key: frozenset(found) for key, found in as_written.items()},
        as_heard={key: frozenset(found) for key, found in as_heard.items()},
        near={key: frozenset(found) for key, found in near.items()},
    )


# --- Reading the book of signs --------------------------------------------------------------


@dataclass(frozen=True)
class SignBook:
    """All signs, by a form that is there whenever the sign is, so that few need a closer look."""

    signs: Sequence[Sign]
    contexts: Sequence[Sign]  # What takes back the signs of their entry.
    with_dots: _Forms
    without_dots: _Forms
    _by_form: Mapping[str, Sequence[int]]
    _contexts_by_form: Mapping[str, Sequence[int]]

    def near(self, forms: Iterable[str]) -> list[Sign]:
        """Return the signs that a message with these forms may hold, in the order of the file."""
        return _chosen(self.signs, self._by_form, forms)

    def near_contexts(self, forms: Iterable[str]) -> list[Sign]:
        """Return the contexts that a message with these forms may hold."""
        return _chosen(self.contexts, self._contexts_by_form, forms)


def _chosen(
    signs: Sequence[Sign], by_form: Mapping[str, Sequence[int]], forms: Iterable[str]
) -> list[Sign]:
    numbers = {number for form in forms for number in by_form.get(form, ())}
    return [signs[number] for number in sorted(numbers)]


@cache
def _book() -> SignBook:
    """Return the town's book of signs, read once."""
    return read(Path(__file__).parent / "words" / "alarms.yaml")


class _Loader(yaml.CSafeLoader):
    """YAML that refuses a list written twice, which would silently lose the first."""


def _mapping_without_doubles(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.MarkedYAMLError(None, None, f"{key!r} is there twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


def read(path: Path) -> SignBook:
    """Return the book of signs in a file.

    Raises:
        BadSigns: The file is not as its first lines say; the message tells where and why.
    """
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - it is a safe loader.
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise BadSigns(f"{path.name}: not readable as YAML: {fault}") from fault
    signs: list[Sign] = []
    contexts: list[Sign] = []
    for locale in LOCALES:
        reader = _Reader(path.name, locale)
        of_locale = reader.section(content, locale, ("words", *ENTRIES))
        reader.read_lists(of_locale["words"])
        for entry in ENTRIES:
            kinds = reader.section(of_locale, entry, ("always", "signs", "unless"))
            signs += reader.signs(entry, kinds["always"], is_cry=True)
            signs += reader.signs(entry, kinds["signs"], is_cry=False)
            contexts += reader.signs(entry, kinds["unless"], is_cry=False)
        reader.refuse_unused_lists()
    forms = frozenset(form for sign in (*signs, *contexts) for form in _used(sign))
    return SignBook(
        signs,
        contexts,
        with_dots=_look_up_table(forms, dots=True),
        without_dots=_look_up_table(forms, dots=False),
        _by_form=_by_rarest_form(signs),
        _contexts_by_form=_by_rarest_form(contexts),
    )


def _used(sign: Sign) -> Iterator[str]:
    for part in (*sign.parts, *sign.never):
        for step in part:
            for saying in step:
                yield from saying


def _by_rarest_form(signs: Sequence[Sign]) -> dict[str, list[int]]:
    """Return signs by the first words of their step with the fewest choices."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, sign in enumerate(signs):
        smallest = min((step for part in sign.parts for step in part), key=len)
        for form in {saying[0] for saying in smallest}:
            found[form].append(number)
    return found


class _Reader:
    """Reads one locale's lists and signs, and says where a fault is."""

    def __init__(self, name: str, locale: str) -> None:
        self._where = f"{name}: {locale}"
        self._locale = locale
        self._lists: dict[str, Step] = {}
        self._unused: set[str] = set()

    def section(self, content: object, key: str, names: Sequence[str]) -> dict[str, Any]:
        """Return a part of the file that must hold exactly these names."""
        inside = content.get(key) if isinstance(content, dict) else None
        if not isinstance(inside, dict) or set(inside) != set(names):
            raise BadSigns(f"{self._where}: {key!r} must hold exactly {', '.join(names)}")
        return inside

    def read_lists(self, lists: object) -> None:
        """Take in the lists of words: a name in capitals → sayings between commas."""
        if not isinstance(lists, dict):
            raise BadSigns(f"{self._where}: 'words' must be lists of words by name")
        for name, sayings in lists.items():
            if not isinstance(name, str) or not _LIST.fullmatch(name):
                raise BadSigns(f"{self._where}: the list {name!r} must be named in capitals")
            if not isinstance(sayings, str):
                raise BadSigns(f"{self._where}: the list {name} must be one quoted text")
            found = [self._choice(choice.strip(), name) for choice in sayings.split(",")]
            self._lists[name] = tuple(dict.fromkeys(way for ways in found for way in ways))
            self._unused.add(name)

    def signs(self, entry: str, lines: object, *, is_cry: bool) -> list[Sign]:
        """Return the signs of a list of lines."""
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise BadSigns(f"{self._where}, {entry}: signs must be a list of quoted texts")
        return [self._sign(entry, line, is_cry=is_cry) for line in lines]

    def refuse_unused_lists(self) -> None:
        """Refuse lists that no sign names: they would mislead their editors."""
        if self._unused:
            raise BadSigns(f"{self._where}: no sign uses {', '.join(sorted(self._unused))}")

    def _sign(self, entry: str, line: str, *, is_cry: bool) -> Sign:
        written = line.split()
        parts = tuple(self._part(part, line) for part in written if not part.startswith("-"))
        never = tuple(self._part(part[1:], line) for part in written if part.startswith("-"))
        if not parts:
            raise BadSigns(f"{self._where}, {entry}: {line!r} names nothing to look for")
        return Sign(self._locale, entry, line, is_cry, parts, never)

    def _part(self, part: str, line: str) -> Part:
        return tuple(self._step(step, line) for step in part.split(">"))

    def _step(self, step: str, line: str) -> Step:
        choices = [self._choice(choice.replace("_", " "), line) for choice in step.split("|")]
        # One list by itself stays the same object, so that it is looked for once in a message.
        return choices[0] if len(choices) == 1 else tuple(way for ways in choices for way in ways)

    def _choice(self, choice: str, line: str) -> Step:
        """Return the sayings of a list, or those of a word or words."""
        if not _LIST.fullmatch(choice):
            return self._saying(choice, line)
        if choice not in self._lists:
            raise BadSigns(f"{self._where}, {line!r}: there is no list {choice}")
        self._unused.discard(choice)
        return self._lists[choice]

    def _saying(self, saying: str, line: str) -> Step:
        """Return a saying, and the same run together as people type it in a hurry."""
        forms = _APOSTROPHE.sub("", saying.casefold()).replace("-", " ").split()
        if not forms or not all(_FORM.fullmatch(form) for form in forms):
            raise BadSigns(f"{self._where}, {line!r}: {saying!r} is no word or words")
        ways = [tuple(forms)]
        if len(forms) > 1 and not any("*" in form for form in forms[:-1]):
            joined = "".join(form.rstrip("!") for form in forms)
            ways.append((joined if joined.endswith("*") else f"{joined}!",))
        return tuple(ways)
