"""What people write, cut into words and clauses, and the phrases and denials found in it; pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# A denial reaches so many words forward ("ei tule tällä kertaa musiikkia") and so many back
# ("alkoholia meillä ei ole"); farther off it only makes doubtful.
_REACH, _REACH_BACK = 4, 2
# The parts of "<drink> + <sell>" stand this close, or they belong to different thoughts.
_NEAR = 5
# No phrase and the words between are longer: the quick answer to whether two are near.
_FAR = 20
# A setting ("ei Espoossa", "not in Espoo") is denied only by what stands right before it.
_REACH_SETTING = 1
# A clause this short goes on with the list that the clause before began to deny.
_LIST_ITEM = 3
# Shorter words differ from each other by one letter too often to guess at a slip.
_FEWEST_LETTERS = 6
_INDEXED = 3
_DASHES = "-–—−‐‑"
_APOSTROPHES = "'’`´"
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
# Two pages; nobody tells about an event at greater length, and the rest is left unread.
_MOST_TOKENS = 300
# A full stop after these belongs to the word.
_ABBREVIATIONS = frozenset(
    {"klo", "kl", "n", "noin", "ca", "c", "p", "a", "m", "r", "y", "esim", "t", "ex", "nr", "max"}
    | {"min", "ma", "ti", "ke", "to", "pe", "la", "su", "lö", "sö", "mån", "fre", "sat", "sun"}
)


# The lists a language needs so that clauses, denials and doubts are told apart.
BUT, AND, OR, NEW_THOUGHT = "but", "and", "or", "new thought"
NOT, NO, WITHOUT, INSTEAD = "not", "none of", "without", "instead"
DOUBT, SUPPOSED, NOT_MEANT, SPELLED = "doubt", "supposed", "not meant", "spelled"


class Sort(Enum):
    """What a token is made of."""

    WORD = auto()
    NUMBER = auto()
    SIGN = auto()


class Stance(Enum):
    """Whether a phrase was said, denied, or left in doubt."""

    SAID = auto()
    DENIED = auto()
    DOUBTFUL = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a run of digits or one sign; `spaced` says that a space stands before it."""

    text: str
    sort: Sort
    spaced: bool

    @property
    def is_word(self) -> bool:
        """Say whether it is made of letters."""
        return self.sort is Sort.WORD

    @property
    def is_number(self) -> bool:
        """Say whether it is made of digits."""
        return self.sort is Sort.NUMBER


def tokens(text: str) -> list[Token]:
    """Return the words, numbers and signs of a text, in lower case and in order.

    A hyphen between letters only parts two words ("live-musiikki"); every dash is `-`, and every
    apostrophe within a word `'`.
    """
    found: list[Token] = []
    spaced, at = True, 0
    while at < len(text) and len(found) < _MOST_TOKENS:
        stop = _stop(text, at)
        token = _token(text, at, stop, spaced=spaced)
        if token:
            found.append(token)
        spaced, at = text[at].isspace(), stop
    return found


def _stop(text: str, at: int) -> int:
    """Return where the word or the digits that begin here end; one further for anything else."""
    stop = at + 1
    if text[at].isalpha():
        while stop < len(text) and _goes_on(text, stop):
            stop += 1
    elif text[at].isdecimal():
        while stop < len(text) and text[stop].isdecimal():
            stop += 1
    return stop


def _token(text: str, at: int, stop: int, *, spaced: bool) -> Token | None:
    sign = text[at]
    if sign.isspace():
        return Token("\n", Sort.SIGN, spaced) if sign == "\n" else None
    if sign.isalpha():
        return Token(text[at:stop].casefold().translate(_ONE_APOSTROPHE), Sort.WORD, spaced)
    if sign.isdecimal():
        return Token(text[at:stop], Sort.NUMBER, spaced)
    if sign not in _DASHES:
        return Token(sign, Sort.SIGN, spaced)
    parts_words = at > 0 and text[at - 1].isalpha() and text[stop : stop + 1].isalpha()
    return None if parts_words else Token("-", Sort.SIGN, spaced)


def _goes_on(text: str, at: int) -> bool:
    if text[at].isalnum():
        return True
    return text[at] in _APOSTROPHES and text[at + 1 : at + 2].isalpha()


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a phrase; a star at an end stands for any letters, also none."""

    text: str
    open_start: bool = False
    open_end: bool = False

    def fits(self, token: str) -> bool:
        if self.open_start:
            return self.text in token if self.open_end else token.endswith(self.text)
        return token.startswith(self.text) if self.open_end else token == self.text


def _words(phrase: str) -> tuple[_Word, ...]:
    words: list[_Word] = []
    for chunk in phrase.split():
        parts = [token.text for token in tokens(chunk.strip("*"))]
        if not parts:
            continue
        chunk_words = [_Word(part) for part in parts]
        if chunk.startswith("*"):
            chunk_words[0] = replace(chunk_words[0], open_start=True)
        if chunk.endswith("*"):
            chunk_words[-1] = replace(chunk_words[-1], open_end=True)
        words += chunk_words
    return tuple(words)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a phrase stands: the tokens from `start` up to but not including `end`.

    `weight` is the number of letters the phrase itself has: of two that meet, the longer is meant.
    """

    start: int
    end: int
    name: str
    weight: int = 0

    def covers(self, other: Hit) -> bool:
        """Say whether another hit lies within this one and is shorter."""
        longer = self.end - self.start > other.end - other.start
        return longer and self.start <= other.start and other.end <= self.end

    def touches(self, other: Hit) -> bool:
        """Say whether the two share a token."""
        return self.start < other.end and other.start < self.end


class Phrases:
    """Named lists of phrases, found in a text all at once.

    A list is one line: phrases parted by ` / `, a star for any letters at a word's end or start.
    """

    def __init__(self, lists: Mapping[str, str]) -> None:
        self._exact: dict[str, list[tuple[tuple[_Word, ...], str]]] = {}
        self._starting: dict[str, list[tuple[tuple[_Word, ...], str]]] = {}
        self._ending: dict[str, list[tuple[tuple[_Word, ...], str]]] = {}
        self._anywhere: list[tuple[tuple[_Word, ...], str]] = []
        self._vocabulary: set[str] = set()
        self._spelled: dict[str, list[_Word]] = {}
        for word in (
            one for phrase in lists.get(SPELLED, "").split(" / ") for one in _words(phrase)
        ):
            self._spelled.setdefault(word.text[0], []).append(word)
        for name, line in lists.items():
            if name == SPELLED:
                continue
            for phrase in line.split(" / "):
                words = _words(phrase)
                if words:
                    self._add(words, name)

    def hits(self, said: Sequence[Token]) -> list[Hit]:
        """Return where the phrases stand, in the order of the text."""
        return [hit for at in range(len(said)) for hit in self._hits_at(said, at)]

    def corrected(self, token: Token) -> Token:
        """Return an unknown word as one of the words to spell out that it misses by one slip.

        Only those words are put right: most others are one letter away from some word that means
        something else.
        """
        word = token.text
        if not token.is_word or len(word) < _FEWEST_LETTERS or self._knows(word):
            return token
        likely = self._spelled.get(word[0], ())
        if any(right.fits(word) for right in likely):
            return token
        meant = {right.text for right in likely if _is_slip(word, right)}
        return replace(token, text=max(meant, key=len)) if meant else token

    def _add(self, words: tuple[_Word, ...], name: str) -> None:
        self._vocabulary |= {word.text for word in words}
        first = words[0]
        if first.open_start and not first.open_end and len(first.text) >= _INDEXED:
            self._ending.setdefault(first.text[-_INDEXED:], []).append((words, name))
        elif first.open_start:
            self._anywhere.append((words, name))
        elif first.open_end and len(first.text) >= _INDEXED:
            self._starting.setdefault(first.text[:_INDEXED], []).append((words, name))
        elif first.open_end:
            self._anywhere.append((words, name))
        else:
            self._exact.setdefault(first.text, []).append((words, name))

    def _hits_at(self, said: Sequence[Token], at: int) -> Iterable[Hit]:
        text = said[at].text
        for candidates in (
            self._exact.get(text, ()),
            self._starting.get(text[:_INDEXED], ()),
            self._ending.get(text[-_INDEXED:], ()),
            self._anywhere,
        ):
            for words, name in candidates:
                end = at + len(words)
                if words[0].fits(text) and end <= len(said):
                    rest = zip(words[1:], said[at + 1 : end], strict=True)
                    if all(word.fits(token.text) for word, token in rest):
                        yield Hit(at, end, name, sum(len(word.text) for word in words))

    def _knows(self, word: str) -> bool:
        alone = [Token(word, Sort.WORD, spaced=True)]
        return word in self._vocabulary or any(self._hits_at(alone, 0))


def _is_slip(word: str, right: _Word) -> bool:
    """Say whether a word is the right one, or begins with its stem, but for one slip within.

    The first and the last letter of the stem must be right: another ending is another word.
    """
    stem, size = right.text, len(right.text)
    return any(
        (size + more == len(word) or (right.open_end and size + more < len(word)))
        and word[0] == stem[0]
        and word[size + more - 1] == stem[-1]
        and _one_apart(word[: size + more], stem)
        for more in (-1, 0, 1)
    )


def _one_apart(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    if len(one) < len(other):  # a letter too many
        return one[start:] == other[start + 1 :]
    swapped = other[start : start + 2][::-1] == one[start : start + 2]
    return one[start + 1 :] == other[start + 1 :] or (
        swapped and one[start + 2 :] == other[start + 2 :]
    )


@dataclass
class Said:
    """One text with its clauses and the phrases found in it, each said, denied or doubtful.

    Attributes:
        tokens: The words, numbers and signs, slips of the finger put right.
        hits: Where every phrase stands that means something, in the order of the text.
        clauses: The number of the clause of each token.
    """

    tokens: list[Token]
    hits: list[Hit]
    clauses: list[int] = field(default_factory=list)
    _places: dict[str, set[int]] = field(default_factory=dict)
    _carried: dict[int, str] = field(default_factory=dict)
    _supposed: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, text: str, phrases: Phrases) -> Said:
        """Return a text with the phrases of its language found in it."""
        read = [phrases.corrected(token) for token in tokens(text)]
        every = phrases.hits(read)
        shut = [hit for hit in every if hit.name == NOT_MEANT]
        found = [
            hit
            for hit in every
            if hit.name != NOT_MEANT
            and not any(hit.touches(one) and not hit.covers(one) for one in shut)
        ]
        said = cls(read, found)
        for hit in found:
            said._places.setdefault(hit.name, set()).add(hit.start)
        said._cut()
        return said

    def named(self, name: str) -> list[Hit]:
        """Return where the phrases of one list stand."""
        return [hit for hit in self.hits if hit.name == name]

    def has(self, name: str, *, clause: int) -> bool:
        """Say whether a phrase of a list stands in a clause."""
        return any(self.clauses[at] == clause for at in self._places.get(name, ()))

    def words_between(self, start: int, end: int) -> int:
        """Return how many words and numbers stand from one token to another."""
        return sum(token.sort is not Sort.SIGN for token in self.tokens[max(start, 0) : end])

    def near(self, one: Hit, other: Hit) -> bool:
        """Say whether two phrases belong together: in one clause and not far from each other."""
        if abs(one.start - other.start) > _FAR or one.touches(other):
            return False
        if self.clauses[one.start] != self.clauses[other.start]:
            return False
        first, second = sorted((one, other), key=lambda hit: hit.start)
        return self.words_between(first.end, second.start) <= _NEAR

    def is_supposed(self, at: int) -> bool:
        """Say whether a token is part of a condition, a question whether, or something past."""
        return at in self._supposed

    def is_doubted(self, hit: Hit) -> bool:
        """Say whether a phrase is only supposed, or stands beside a "maybe"."""
        return hit.start in self._supposed or self.has(DOUBT, clause=self.clauses[hit.start])

    def stance(self, hit: Hit) -> Stance:
        """Return whether something an event has is said, denied or doubtful."""
        if self.is_doubted(hit):
            return Stance.DOUBTFUL
        stances = {self._under(denial, kind, hit) for denial, kind in self._denials(hit)}
        for stance in (Stance.DENIED, Stance.DOUBTFUL):
            if stance in stances:
                return stance
        return Stance.SAID

    def setting_stance(self, hit: Hit) -> Stance:
        """Return whether a place, a city or a sort of event is said, denied or doubtful.

        A denial in the same clause usually means something else ("no alcohol in the park").
        """
        if hit.start in self._supposed:
            return Stance.DOUBTFUL
        for denial, kind in self._denials(hit):
            if kind == INSTEAD and denial == hit.end:
                return Stance.DENIED
            gap = self.words_between(denial + 1, hit.start)
            if denial < hit.start and gap <= (_REACH_SETTING if kind == NOT else 0):
                return Stance.DENIED
        return Stance.SAID

    def _denials(self, hit: Hit) -> list[tuple[int, str]]:
        clause = self.clauses[hit.start]
        found = [
            (at, kind)
            for kind in (NOT, NO, WITHOUT, INSTEAD)
            for at in self._places.get(kind, ())
            if self.clauses[at] == clause and not hit.start <= at < hit.end
        ]
        if clause in self._carried:
            found.append((self.clauses.index(clause) - 1, self._carried[clause]))
        return found

    def _under(self, denial: int, kind: str, hit: Hit) -> Stance:
        if kind == INSTEAD:  # "nuotion sijaan": only the thing right before is denied
            return Stance.DENIED if denial == hit.end else Stance.SAID
        if denial >= hit.end:
            if kind != NOT:
                return Stance.SAID
            gap = self.words_between(hit.end, denial)
            return Stance.DENIED if gap <= _REACH_BACK else Stance.DOUBTFUL
        if self._between(AND, denial, hit.start):
            is_new = self._between(NEW_THOUGHT, denial, len(self.tokens), self.clauses[hit.start])
            return Stance.SAID if is_new else Stance.DOUBTFUL
        since = max([denial, *(at for at in self._places.get(OR, ()) if denial < at < hit.start)])
        if self.words_between(since + 1, hit.start) <= _REACH:
            return Stance.DENIED
        return Stance.DOUBTFUL if kind == NOT else Stance.SAID

    def _between(self, name: str, start: int, end: int, clause: int | None = None) -> bool:
        first = max(start, 0)
        if name == NEW_THOUGHT:
            first = min(at for at in self._places.get(AND, {first}) if at >= start)
        return any(
            first < at < end and (clause is None or self.clauses[at] == clause)
            for at in self._places.get(name, ())
        )

    def _cut(self) -> None:
        clause, sentence, supposing = 0, 0, -1
        sentences: list[int] = []
        for at, token in enumerate(self.tokens):
            ends_sentence = token.text in {"!", "?", ";", "\n"} or self._is_full_stop(at)
            starts_clause = at in self._places.get(BUT, ()) or self._is_comma(at)
            if starts_clause and not ends_sentence:
                clause += 1
            self.clauses.append(clause)
            sentences.append(sentence)
            if ends_sentence:
                clause, sentence = clause + 1, sentence + 1
        starts = self._suppositions()
        shut = {self.clauses[at] for at in starts}
        for at in range(len(self.tokens)):
            if at in starts:
                supposing = sentences[at]
            if supposing == sentences[at] or self.clauses[at] in shut:
                self._supposed.add(at)
        self._carry()

    def _suppositions(self) -> set[int]:
        """Return where suppositions begin; "who" in "anyone who wants" is part of an answer."""
        meant = [hit for hit in self.hits if hit.name.startswith(("answer ", "fact "))]
        return {
            hit.start
            for hit in self.named(SUPPOSED)
            if not any(one.covers(hit) for one in meant if one.touches(hit))
        }

    def _carry(self) -> None:
        """Let a denial go on through the items of a list: "ei telttaa, lavaa tai grilliä"."""
        last = self.clauses[-1] if self.clauses else -1
        for clause in range(last):
            kinds = [
                kind
                for kind in (NOT, NO, WITHOUT)
                if any(self.clauses[at] == clause for at in self._places.get(kind, ()))
            ]
            if clause in self._carried:
                kinds.append(self._carried[clause])
            if kinds and self._is_list_item(clause + 1, last):
                self._carried[clause + 1] = kinds[0]

    def _is_list_item(self, clause: int, last: int) -> bool:
        while clause <= last:
            members = [at for at, number in enumerate(self.clauses) if number == clause]
            words = sum(self.tokens[at].sort is not Sort.SIGN for at in members)
            is_comma = bool(members) and self.tokens[members[0]].text == ","
            if self.has(OR, clause=clause):
                return is_comma and words <= _LIST_ITEM + 1
            if not is_comma or words > _LIST_ITEM - 1 or self.has(BUT, clause=clause):
                return False
            clause += 1
        return False

    def _is_comma(self, at: int) -> bool:
        if self.tokens[at].text not in {",", "("} or at == 0:
            return False
        after = self.tokens[at + 1 : at + 2]
        between = self.tokens[at - 1].is_number and bool(after) and after[0].is_number
        return not between or after[0].spaced

    def _is_full_stop(self, at: int) -> bool:
        if self.tokens[at].text != "." or at == 0:
            return False
        before, after = self.tokens[at - 1], self.tokens[at + 1 : at + 2]
        if not after:
            return True
        return before.is_word and after[0].spaced and before.text not in _ABBREVIATIONS
