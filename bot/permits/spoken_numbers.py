"""Numbers as people write them: digits, words, and both together; pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bot.permits.spoken import Hit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.permits.spoken import Token

# Nobody organises for more, and a longer row of digits is a telephone or an account number.
_MOST_DIGITS = 7
_GROUP = 3
# "Kahdeksansataaviisikymmentäkahdeksan" and no more.
_LONGEST_WORD = 40
_TEN, _DOZEN, _HUNDRED, _THOUSAND = 10, 12, 100, 1000


@dataclass(frozen=True, slots=True)
class Number:
    """A number, the tokens it stands in, and whether it was written in words alone."""

    start: int
    end: int
    value: int
    in_words: bool

    @property
    def hit(self) -> Hit:
        """Return its place as that of a phrase."""
        return Hit(self.start, self.end, "number")


@dataclass(frozen=True)
class NumberWords:
    """A language's number words.

    Attributes:
        values: What counts by itself: yksi, fifteen, tjugo.
        scaled: What counts only before a hundred or a thousand: pari, a, ett, couple.
        tens: What makes ten times what stands before it: kymmentä.
        teens: What adds ten to what stands before it: toista.
        dozens: What makes twelve times what stands before it: dozen, tusinaa.
        hundreds: What makes a hundred times.
        thousands: What makes a thousand times.
        joints: What may stand between the parts: and, och, of.
        ranges: What parts the two ends of a range; the upper end counts.
        vague: What makes the number after it unknown: muutama, several.
    """

    values: Mapping[str, float]
    scaled: Mapping[str, float]
    tens: frozenset[str]
    teens: frozenset[str]
    dozens: frozenset[str]
    hundreds: frozenset[str]
    thousands: frozenset[str]
    joints: frozenset[str]
    ranges: frozenset[str]
    vague: frozenset[str]

    def all_in(self, said: Sequence[Token], taken: frozenset[int]) -> list[Number]:
        """Return the numbers of a text outside the tokens taken, in order; of a range the end."""
        found: list[Number] = []
        at = 0
        while at < len(said):
            number = None if at in taken else self.at(said, at)
            if number is None or any(one in taken for one in range(number.start, number.end)):
                at += 1
                continue
            at = number.end
            if not (number.start and said[number.start - 1].text in self.vague):
                found.append(number)
        return self._joined(said, found)

    def at(self, said: Sequence[Token], at: int) -> Number | None:
        """Return the number that begins at a token, or None."""
        if said[at].is_number:
            return self._digits(said, at)
        # One letter counts only after digits ("2k"), or as the article before a hundred.
        is_letter = len(said[at].text) == 1 and said[at].text not in self.scaled
        return self._spelled(said, at) if said[at].is_word and not is_letter else None

    def _digits(self, said: Sequence[Token], at: int) -> Number | None:
        text, end = said[at].text, at + 1
        while len(text) + _GROUP <= _MOST_DIGITS and _is_group(said, end, at):
            end += 2 if said[end].text in {".", ",", "'", "’"} else 1
            text += said[end - 1].text
        if len(text) > _MOST_DIGITS:
            return None
        value = float(text)
        if end == at + 1 and _is_fraction(said, end):
            value, end = float(f"{text}.{said[end + 1].text}"), end + 2
        factor = self._factor(said[end].text) if end < len(said) else None
        if factor:
            value, end = value * factor, end + 1
        return Number(at, end, int(value), in_words=False) if value == int(value) else None

    def _factor(self, word: str) -> int | None:
        if word in self.hundreds:
            return _HUNDRED
        return _THOUSAND if word in self.thousands else None

    def _spelled(self, said: Sequence[Token], at: int) -> Number | None:
        sum_, end = _Sum(), at
        best: Number | None = None
        while end < len(said):
            if said[end].text in self.joints:
                if end == at:
                    return best
                end += 1
                continue
            step = self._phrase(said, end) if end == at else None
            parts, width = step or (self._parts(said[end].text), 1)
            if not parts or not all(sum_.take(kind, value) for kind, value in parts):
                break
            end += width
            if not sum_.is_open or sum_.value > 1:  # "a couple" counts by itself, "a" does not
                best = Number(at, end, sum_.value, in_words=True)
        return best

    def _phrase(self, said: Sequence[Token], at: int) -> tuple[list[tuple[str, float]], int] | None:
        """Return a beginning of several words, such as "one and a half"."""
        for words, value in self._long_scaled:
            if tuple(token.text for token in said[at : at + len(words)]) == words:
                return [("scaled", value)], len(words)
        return None

    @cached_property
    def _long_scaled(self) -> list[tuple[tuple[str, ...], float]]:
        split = [(tuple(word.split()), value) for word, value in self.scaled.items()]
        return sorted((one for one in split if len(one[0]) > 1), key=lambda one: -len(one[0]))

    @cached_property
    def _known(self) -> dict[str, list[tuple[str, str, float]]]:
        """Return every number word by its first letter, the longest first."""
        kinds = (
            ("tens", dict.fromkeys(self.tens, 10.0)),
            ("teens", dict.fromkeys(self.teens, 10.0)),
            ("dozens", dict.fromkeys(self.dozens, 12.0)),
            ("hundreds", dict.fromkeys(self.hundreds, 100.0)),
            ("thousands", dict.fromkeys(self.thousands, 1000.0)),
            ("values", self.values),
            ("scaled", self.scaled),
        )
        known = [(word, kind, value) for kind, words in kinds for word, value in words.items()]
        by_letter: dict[str, list[tuple[str, str, float]]] = {}
        for one in sorted(known, key=lambda one: -len(one[0])):
            by_letter.setdefault(one[0][:1], []).append(one)
        return by_letter

    def _parts(self, word: str) -> list[tuple[str, float]]:
        """Return the number words one word is made of: kolmesataa, twenty, åttahundra."""
        if not word or len(word) > _LONGEST_WORD:
            return []
        for known, kind, value in self._known.get(word[0], ()):
            if word.startswith(known):
                rest = word[len(known) :]
                if not rest:
                    return [(kind, value)]
                if len(known) > 1 and (parts := self._parts(rest)):
                    return [(kind, value), *parts]
        return []

    def _joined(self, said: Sequence[Token], found: list[Number]) -> list[Number]:
        joined: list[Number] = []
        for number in found:
            before = joined[-1] if joined else None
            if (
                before
                and number.start == before.end + 1
                and said[before.end].text in self.ranges
                and before.value < number.value
            ):
                words = before.in_words and number.in_words
                joined[-1] = Number(before.start, number.end, number.value, words)
            else:
                joined.append(number)
        return joined


def _is_group(said: Sequence[Token], end: int, first: int) -> bool:
    """Say whether three more digits go on after a space or a mark: 1 500, 1.500, 1,500."""
    if len(said[first].text) > _GROUP or said[first].text.startswith("0"):
        return False
    digits, mark = said[end : end + 1], said[end + 1 : end + 2]
    if digits and digits[0].is_number:
        return digits[0].spaced and len(digits[0].text) == _GROUP
    if not digits or digits[0].spaced or digits[0].text not in {".", ",", "'", "’"}:
        return False
    return bool(mark) and mark[0].is_number and len(mark[0].text) == _GROUP and not mark[0].spaced


def _is_fraction(said: Sequence[Token], end: int) -> bool:
    pair = said[end : end + 2]
    if len(pair) < 2 or pair[0].text not in {",", "."} or pair[0].spaced:  # noqa: PLR2004 - a pair
        return False
    return pair[1].is_number and not pair[1].spaced and len(pair[1].text) < _GROUP


class _Sum:
    """A number in words as far as it is read."""

    def __init__(self) -> None:
        self.total = 0.0
        self.part: float | None = None
        self.is_open = False

    @property
    def value(self) -> int:
        """Return the number so far."""
        return int(self.total + (self.part or 0))

    def take(self, kind: str, value: float) -> bool:
        """Add one word; return whether it can stand there."""
        if self.is_open and kind in {"scaled", "teens", "values"}:
            return False
        match kind:
            case "hundreds":
                return self._multiply(_HUNDRED)
            case "thousands":
                return self._close_thousands()
            case "scaled":
                return self._open(value)
            case "dozens":
                return self._multiply(_DOZEN)
            case "tens":
                return self._make_tens()
            case "teens":
                return self._make_teen()
            case _:
                return self._add(value)

    def _multiply(self, factor: int) -> bool:
        if (self.part or 0) >= factor:
            return False
        self.part, self.is_open = (self.part or 1) * factor, False
        return True

    def _close_thousands(self) -> bool:
        if self.total:
            return False
        self.total, self.part, self.is_open = (self.part or 1) * _THOUSAND, None, False
        return True

    def _open(self, value: float) -> bool:
        if self.part is not None or self.total:
            return False
        self.part, self.is_open = value, True
        return True

    def _make_tens(self) -> bool:
        unit = (self.part or 0.0) % _TEN
        self.part, self.is_open = (self.part or 0.0) - unit + (unit or 1) * _TEN, False
        return True

    def _make_teen(self) -> bool:
        below = (self.part or 0.0) % _HUNDRED
        if not 1 <= below < _TEN:
            return False
        self.part = (self.part or 0.0) + _TEN
        return True

    def _add(self, value: float) -> bool:
        below = (self.part or 0.0) % _HUNDRED
        is_after_tens = below >= 2 * _TEN and below % _TEN == 0 and value < _TEN
        if below and not is_after_tens:
            return False
        self.part = (self.part or 0.0) + value
        return True
