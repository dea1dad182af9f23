"""Days and times of day as people write them, and the moments they make together; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.permits.dates import easter, midsummer_eve
from bot.permits.facts import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.permits.spoken import Hit, Said
    from bot.permits.spoken_numbers import NumberWords

_DAY = timedelta(days=1)
_WEEK = 7
_MONTHS, _LONGEST_MONTH = 12, 31
_CENTURY = 2000
_YEAR_DIGITS = 4
_NOON, _MIDNIGHT = 12, 24
# "Klo 3" may be night or afternoon; from seven on the clock of 24 hours is meant.
_FIRST_PLAIN_HOUR = 7
_MINUTES = 60
# Years to look for the next 29 February in.
_LEAP_SPAN = 9

# The feasts people date by, each with its day in a year.
FEASTS: dict[str, Callable[[int], date]] = {
    "new_years_day": lambda year: date(year, 1, 1),
    "runeberg_day": lambda year: date(year, 2, 5),
    "good_friday": lambda year: easter(year) - 2 * _DAY,
    "easter_day": easter,
    "easter_monday": lambda year: easter(year) + _DAY,
    "may_day_eve": lambda year: date(year, 4, 30),
    "may_day": lambda year: date(year, 5, 1),
    "ascension_day": lambda year: easter(year) + 39 * _DAY,
    "helsinki_day": lambda year: date(year, 6, 12),
    "midsummer_eve": midsummer_eve,
    "midsummer_day": lambda year: midsummer_eve(year) + _DAY,
    "independence_day": lambda year: date(year, 12, 6),
    "lucia_day": lambda year: date(year, 12, 13),
    "christmas_eve": lambda year: date(year, 12, 24),
    "christmas_day": lambda year: date(year, 12, 25),
    "boxing_day": lambda year: date(year, 12, 26),
    "new_years_eve": lambda year: date(year, 12, 31),
}


@dataclass(frozen=True, slots=True)
class Days:
    """A day that was named, or the first and the last of several, and the tokens it stands in."""

    start: int
    end: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day; with `is_either` it may be that hour or twelve hours later."""

    hour: int
    minute: int = 0
    is_either: bool = False

    @property
    def times(self) -> tuple[time, ...]:
        """Return the times of day it can mean, the earlier first."""
        earlier = time(self.hour % _MIDNIGHT, self.minute)
        if not self.is_either:
            return (earlier,)
        return (earlier, time((self.hour + _NOON) % _MIDNIGHT, self.minute))


@dataclass(frozen=True, slots=True)
class Clocks:
    """A time of day, or two with a span between, and the tokens they stand in.

    With `is_open` the span has no known end: "from noon till late" tells only when it begins.
    """

    start: int
    end: int
    first: Clock
    last: Clock | None = None
    is_open: bool = False

    @property
    def begin(self) -> time | None:
        """Return the time of day it begins, or None where it may be either of two."""
        if self.last:
            span = _spanned(self.first, self.last)
            return span and span[0]
        return None if self.first.is_either else self.first.times[0]


@dataclass(frozen=True, slots=True)
class TimeWords:
    """A language's words for days and times of day.

    Attributes:
        months: The stems of each month's name, January first; stars as in phrases.
        weekdays: The same for the days of the week, Monday first, and their short forms.
        ordinals: What follows the number of a day: ".", "th", "e".
        marks: What announces a time of day: klo, kl, at.
        spans: What parts the ends of a span of time: -, till.
        both_from: What announces a span parted by "and": between, mellan.
        and_words: What parts such a span.
        halves: What makes half an hour before the hour after it: puoli, halv.
        half_past: What makes half an hour after it: half past.
        day_month: Whether 12/6 is twelfth of June beyond doubt.
        clock_of_24: Whether plain hours from seven on mean the morning.
        units: What a number belongs to that is no time of day.
        pairs: What stands between two days of the week: ja, och, and.
        day_of: What must stand between a day in words and its month; empty where nothing does.
        of_month: What stands between a day of the week and the month it is counted in: of, i.
        last: What names the last such day of a month.
        days_in_words: The day of the month that ordinals in words name.
        hour_parts: The beginnings of an hour written as one word with its part of the day, and
            that part: "iltakuudelta" is six in the evening.
    """

    months: tuple[tuple[str, ...], ...]
    weekdays: tuple[tuple[str, ...], ...]
    ordinals: frozenset[str]
    marks: frozenset[str]
    spans: frozenset[str]
    both_from: frozenset[str]
    and_words: frozenset[str]
    halves: frozenset[str]
    half_past: frozenset[str]
    day_month: bool
    clock_of_24: bool
    units: tuple[str, ...]
    pairs: frozenset[str]
    day_of: frozenset[str]
    of_month: frozenset[str]
    last: frozenset[str]
    days_in_words: Mapping[str, int]
    hour_parts: Mapping[str, str]


def fits_any(word: str, stems: Iterable[str]) -> bool:
    """Say whether a word is one of these, or begins like one that ends in a star."""
    return any(word.startswith(stem[:-1]) if stem.endswith("*") else word == stem for stem in stems)


def _number_of(word: str, names: Sequence[tuple[str, ...]]) -> int | None:
    """Return which of several names a word is, or None; a star stands for any ending."""
    if not word.isalpha():
        return None
    for number, stems in enumerate(names):
        if any(stem[0] == word[0] for stem in stems) and fits_any(word, stems):
            return number
    return None


class Calendar:
    """Reads the days of one text, seen from one day."""

    def __init__(self, said: Said, words: TimeWords, numbers: NumberWords, today: date) -> None:
        self.said = said
        self.tokens = said.tokens
        self.words = words
        self.numbers = numbers
        self.today = today
        self.is_next_year = bool(said.named("next year"))
        self._contradicted: set[int] = set()
        self._named: dict[int, Hit] = {}
        for hit in said.hits:
            if hit.name.startswith(("feast ", "days from now ")):
                self._named.setdefault(hit.start, hit)

    @property
    def contradicted(self) -> frozenset[int]:
        """Return the tokens of dates that name another day of the week than the one said."""
        return frozenset(self._contradicted)

    def days(self) -> list[Days]:
        """Return the days of the text in order; two days with a dash between are one span."""
        found: list[Days] = []
        at = 0
        while at < len(self.tokens):
            days = None if at in self._contradicted else self.at(at)
            if days is None:
                at += 1
                continue
            at = max(days.end, at + 1)
            before = found[-1] if found else None
            if before and self._is_dash(before.end, days.start) and before.last < days.first:
                found[-1] = Days(before.start, days.end, before.first, days.last)
            else:
                found.append(days)
        return found

    def at(self, at: int) -> Days | None:
        """Return the day that begins at a token, or None."""
        if at in self._named:
            return self._named_day(self._named[at])
        if self.tokens[at].is_number:
            return self._iso(at) or self._numeric(at) or self._day_month(at)
        if self.tokens[at].is_word:
            return self._month_day(at) or self._spelled_day(at) or self._weekday(at)
        return None

    def _named_day(self, hit: Hit) -> Days | None:
        kind, _, name = hit.name.rpartition(" ")
        if kind == "feast":
            day = self._next(FEASTS[name])
            return Days(hit.start, hit.end, day, day) if day else None
        day = self.today + int(name) * _DAY
        return Days(hit.start, hit.end, day, day)

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _number(self, at: int, most: int) -> int | None:
        if not 0 <= at < len(self.tokens) or not self.tokens[at].is_number:
            return None
        text = self.tokens[at].text
        return int(text) if len(text) <= _YEAR_DIGITS and 1 <= int(text) <= most else None

    def _is_close(self, at: int) -> bool:
        return at < len(self.tokens) and not self.tokens[at].spaced

    def _year(self, at: int) -> tuple[int | None, int]:
        """Return the year written at a token, if one is, and where the text goes on."""
        skip = 1 if self._text(at) in {",", "-"} else 0
        year = self._number(at + skip, LAST_YEAR)
        if year is not None and year >= FIRST_YEAR and len(self._text(at + skip)) == _YEAR_DIGITS:
            return year, at + skip + 1
        return None, at

    def _iso(self, at: int) -> Days | None:
        year, month, day = (
            self._number(at, LAST_YEAR),
            self._number(at + 2, _MONTHS),
            self._number(at + 4, _LONGEST_MONTH),
        )
        if not year or not month or not day or year < FIRST_YEAR:
            return None
        if self._text(at + 1) != "-" or self._text(at + 3) != "-":
            return None
        return self._one(at, at + 5, day, month, year)

    def _numeric(self, at: int) -> Days | None:
        """Read 12.6., 12.6.2027, 12.-13.6. and 12/6."""
        day = self._number(at, _LONGEST_MONTH)
        if day is None or self._text(at - 1) in {":", "/"}:
            return None
        last, end = day, at + 1
        dot = 1 if self._text(end) == "." else 0
        until = self._number(end + dot + 1, _LONGEST_MONTH)
        if self._text(end + dot) == "-" and until and self._text(end + dot + 2) == ".":
            last, end = until, end + dot + 2
        if self._text(end) not in {".", "/"}:
            return None
        is_slash = self._text(end) == "/"
        month = self._number(end + 1, _MONTHS)
        if month is None or (not self._is_close(end + 1) and self._text(end + 2) != "."):
            return None
        end += 2
        closed = self._text(end) in {".", "/"} and self._is_close(end)
        year, after = self._short_year(end + closed)
        if is_slash and not self._may_slash(day, month, year):
            return None
        if not closed and not is_slash and not self._is_date_beyond_doubt(at, end):
            return None
        return self._span(at, after if year else end + closed, day, last, month, year)

    def _short_year(self, at: int) -> tuple[int | None, int]:
        year, after = self._year(at)
        if year or not self._is_close(at) or self._text(at - 1) not in {".", "/"}:
            return year, after
        short = self._number(at, 99)
        if short and len(self._text(at)) == 2:  # noqa: PLR2004 - 12.6.27
            return _CENTURY + short, at + 1
        return None, at

    def _may_slash(self, day: int, month: int, year: int | None) -> bool:
        return self.words.day_month or day > _MONTHS or day == month or year is not None

    def _is_date_beyond_doubt(self, at: int, end: int) -> bool:
        """Say whether 12.6 is a day: 15.30 and 2.8 are not, unless the words around say so."""
        follows = self._text(end)
        if follows in {"%", "€"} | self.numbers.hundreds | self.numbers.thousands:
            return False
        if fits_any(follows, self.words.units):
            return False
        before = self._text(at - 1 - (self._text(at - 1) in {".", ","}))
        if before in self.words.marks or self._text(at - 1) in self.words.marks:
            return False
        if self._weekday_of(before) is not None or self._text(end) in self.words.marks:
            return True
        return len(self._text(end - 1)) == 1 and self._text(end) != ","

    def _day_month(self, at: int) -> Days | None:
        """Read 12. kesäkuuta, den 12:e juni, 12th of June, 12-13 June."""
        day = self._number(at, _LONGEST_MONTH)
        if day is None:
            return None
        last, end = day, self._after_ordinal(at + 1)
        until = self._number(end + 1, _LONGEST_MONTH)
        if self._text(end) == "-" and until:
            last, end = until, self._after_ordinal(end + 2)
        if self._text(end) == "of":
            end += 1
        month = self._month_of(self._text(end))
        if month is None:
            return None
        year, after = self._year(end + 1)
        return self._span(at, after, day, last, month, year)

    def _month_day(self, at: int) -> Days | None:
        """Read kesäkuun 12. and June 12th, 2027."""
        month = self._month_of(self._text(at))
        if month is None:
            return None
        start = at + 1 + (self._text(at + 1) == "the")
        day = self._number(start, _LONGEST_MONTH)
        if day is None:
            return None
        end = self._after_ordinal(start + 1)
        if end == start + 1 and not (self.words.day_month is False and self._ends_at(end)):
            return None  # "i juni 12 personer" names no day
        last, until = day, self._number(end + 1, _LONGEST_MONTH)
        if self._text(end) == "-" and until and until > day:
            last, end = until, self._after_ordinal(end + 2)
        year, after = self._year(end)
        return self._span(at, after, day, last, month, year)

    def _spelled_day(self, at: int) -> Days | None:
        """Read kesäkuun toinen päivä, den tredje juni, the third of July."""
        month = self._month_of(self._text(at))
        if month is not None:
            day, end = self._day_in_words(at + 1 + (self._text(at + 1) == "the"))
            if not day or not self._is_day_said(end):
                return None
            end += self._text(end) in self.words.ordinals
        else:
            day, end = self._day_in_words(at)
            # "The first march" is a march, "the first of March" a day.
            if day and self.words.day_of:
                end = end + 1 if self._text(end) in self.words.day_of else len(self.tokens)
            month = self._month_of(self._text(end))
            end += 1
        if not day or month is None:
            return None
        year, after = self._year(end)
        return self._span(at, after, day, day, month, year)

    def _day_in_words(self, at: int) -> tuple[int | None, int]:
        """Return the day an ordinal in words names, and where it ends."""
        for width in (2, 1):
            words = " ".join(self._text(one) for one in range(at, at + width))
            if words in self.words.days_in_words:
                return self.words.days_in_words[words], at + width
        return None, at

    def _is_day_said(self, end: int) -> bool:
        """Say whether an ordinal after a month is a day's, not that of a week or a Saturday."""
        text = self._text(end)
        if text in self.words.ordinals and text.isalpha():
            return True
        return end >= len(self.tokens) or not self.tokens[end].is_word or text in self.words.marks

    def _ends_at(self, end: int) -> bool:
        follows = self._text(end)
        return follows in {"", ",", "-", "."} | self.words.marks or bool(self._year(end)[0])

    def _after_ordinal(self, at: int) -> int:
        if self._text(at) == ":" and self._text(at + 1) in self.words.ordinals:
            return at + 2
        return at + 1 if self._text(at) in self.words.ordinals else at

    def _month_of(self, word: str) -> int | None:
        number = _number_of(word, self.words.months)
        return None if number is None else number + 1

    def _weekday_of(self, word: str) -> int | None:
        return _number_of(word, self.words.weekdays)

    def _weekday(self, at: int) -> Days | None:
        """Read a day of the week, alone or before a date; with a date both must agree."""
        weekday = self._weekday_of(self._text(at))
        if weekday is None or any(hit.end == at for hit in self.said.named("every")):
            return None  # "Every Tuesday" is no day.
        pair = self._weekday_pair(at, weekday)
        if pair:
            return pair
        start = at + 1
        while self._text(start) in {".", ",", "den", "the"}:
            start += 1
        if start < len(self.tokens) and self._weekday_of(self._text(start)) is None:
            days = self.at(start)
            if days:
                if days.first.weekday() == weekday:
                    return replace(days, start=at)
                self._contradicted |= set(range(at, days.end))
                return None
        if len(self._text(at)) <= 3:  # noqa: PLR2004 - "la", "lör" and "sat" alone are other words
            return None
        which = self._which(at - 1)
        return self._coming(at, weekday) if which is None else self._of_month(at, weekday, which)

    def _which(self, at: int) -> int | None:
        """Return which of several days an ordinal names, counted from one; the last is zero."""
        if self._text(at) in self.words.last:
            return 0
        return self.words.days_in_words.get(self._text(at))

    def _of_month(self, at: int, weekday: int, which: int) -> Days | None:
        """Read elokuun toinen lauantai, första lördagen i juni, the last Sunday of May."""
        start, end = at - 1, at + 1
        month = self._month_of(self._text(at - 2))
        if month:
            start = at - 2
        elif self._text(end) in self.words.of_month:
            month, end = self._month_of(self._text(end + 1)), end + 2
        if month is None:
            return None
        year, after = self._year(end)

        def in_year(of: int) -> date:
            first = date(of, month, 1)
            day = first + (weekday - first.weekday()) % _WEEK * _DAY
            days = [day + week * _WEEK * _DAY for week in range(5)]
            return [one for one in days if one.month == month][which - 1]

        try:
            named = in_year(year) if year else self._next(in_year)
        except IndexError:
            return None
        return Days(start, after if year else end, named, named) if named else None

    def _weekday_pair(self, at: int, first: int) -> Days | None:
        """Read "la-su 19.-20.6." and "Saturday and Sunday 19-20 June": both days must agree."""
        # A hyphen between letters is no token, so "la-su" is two days side by side.
        gap = self._text(at + 1) in self.words.spans | self.words.pairs
        last = self._weekday_of(self._text(at + 1 + gap))
        start = at + 2 + gap
        while self._text(start) in {".", ",", "den", "the"}:
            start += 1
        if last is None or start >= len(self.tokens) or not self.tokens[start].is_number:
            return None
        days = self.at(start)
        if days and (days.first.weekday(), days.last.weekday()) == (first, last):
            return replace(days, start=at)
        return None

    def _coming(self, at: int, weekday: int) -> Days:
        clause = self.said.clauses[at]
        monday = self.today - self.today.weekday() * _DAY
        if self.said.has("next week", clause=clause):
            day = monday + (_WEEK + weekday) * _DAY
        else:
            ahead = (weekday - self.today.weekday()) % _WEEK or _WEEK
            day = self.today + ahead * _DAY
        return Days(at, at + 1, day, day)

    def _one(self, start: int, end: int, day: int, month: int, year: int | None) -> Days | None:
        return self._span(start, end, day, day, month, year)

    def _span(
        self, start: int, end: int, day: int, last: int, month: int, year: int | None
    ) -> Days | None:
        def in_year(of: int) -> date:
            return date(of, month, day)

        try:
            first = in_year(year) if year else self._next(in_year)
            until = first and first.replace(day=last)
        except ValueError:
            return None
        if first is None or until is None or until < first:
            return None
        return Days(start, end, first, until)

    def _next(self, in_year: Callable[[int], date]) -> date | None:
        """Return the next such day from today on, today included; next year's, where that is said."""
        if self.is_next_year:
            return in_year(self.today.year + 1)
        for year in range(self.today.year, self.today.year + _LEAP_SPAN):
            try:
                day = in_year(year)
            except ValueError:
                continue
            if day >= self.today:
                return day
        return None

    def _is_dash(self, start: int, end: int) -> bool:
        between = self.tokens[start:end]
        return len(between) == 1 and between[0].text in self.words.spans


class Watch:
    """Reads the times of day of one text; `dated` are the tokens its days stand in."""

    def __init__(
        self, said: Said, words: TimeWords, numbers: NumberWords, dated: frozenset[int]
    ) -> None:
        self.said = said
        self.tokens = said.tokens
        self.words = words
        self.numbers = numbers
        self._in_days = dated
        self._parts: dict[int, Hit] = {
            hit.start: hit for hit in said.hits if hit.name.startswith("part ")
        }
        self._named = {hit.start: hit for hit in said.hits if hit.name.startswith("clock ")}
        self._announced = {hit.end for hit in said.hits if hit.name in {"role start", "role end"}}

    def clocks(self, *, is_asked: bool = False) -> list[Clocks]:
        """Return the times of day in order; when asked for, also a bare number is one."""
        found: list[Clocks] = []
        at = 0
        while at < len(self.tokens):
            clocks = None if at in self._in_days else self._at(at, is_asked=is_asked)
            if clocks:
                found.append(clocks)
            at = clocks.end if clocks else at + 1
        return found

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _at(self, at: int, *, is_asked: bool) -> Clocks | None:
        start, is_marked, is_pair = at, False, False
        while self._text(at) in self.words.marks or self._text(at) in self.words.both_from:
            is_pair = is_pair or self._text(at) in self.words.both_from
            at, is_marked = at + 1, True
            if self._text(at) in {".", ":"}:
                at += 1
        if at >= len(self.tokens) or at in self._in_days:
            return None
        is_marked = is_marked or is_asked
        one = self._one(at)
        if one is None:
            return None
        first, end, is_plain = one
        span = self._span(first, end, is_pair=is_pair)
        if span:
            last, after, both_plain = span
            is_plain = is_plain and both_plain
            # "22-02" right before a day is no number of people.
            is_night = self._text(after - 1).startswith("0") and self._precedes_day(after)
            is_time = is_marked or is_night or self._follows_day(start)
            if (is_plain and not is_time) or self._has_unit(after):
                return None
            return Clocks(start, after, first, last)
        if self._has_unit(end) or (is_plain and not (is_marked or self._is_announced(start, end))):
            return None
        return Clocks(start, end, first, is_open=self._text(end) in self.words.spans)

    def _is_announced(self, start: int, end: int) -> bool:
        """Say whether "starts" or "ends" stands right before a bare number and nothing after it."""
        is_last = end >= len(self.tokens) or not (
            self.tokens[end].is_word or self._text(end) in {".", "-", "/"}
        )
        return is_last and start in self._announced

    def _span(self, first: Clock, end: int, *, is_pair: bool) -> tuple[Clock, int, bool] | None:
        between = self._text(end)
        goes_on = between in self.words.spans or (is_pair and between in self.words.and_words)
        start = end + 1 if goes_on else end
        if goes_on:
            while self._text(start) in self.words.marks | {"."}:
                start += 1
        elif not self._is_bare_span(first, end):
            return None
        if start >= len(self.tokens) or start in self._in_days:
            return None
        return self._one(start)

    def _is_bare_span(self, first: Clock, end: int) -> bool:
        """Say whether two hours in words stand side by side: kolmesta kymmeneen."""
        if not self.tokens[end - 1].is_word:
            return False
        is_compound = end < len(self.tokens) and self._compound(end) is not None
        if self._compound(end - 1):
            return is_compound or self._is_spelled(end)
        return first.is_either and (is_compound or self._is_spelled(end))

    def _is_spelled(self, at: int) -> bool:
        """Say whether an hour in words follows at once: kolmesta kymmeneen."""
        if not self.words.clock_of_24 or at >= len(self.tokens) or not self.tokens[at].is_word:
            return False
        return self.numbers.at(self.tokens, at) is not None

    def _follows_day(self, at: int) -> bool:
        before = at - 1 - (self._text(at - 1) == ",")
        return before in self._in_days

    def _precedes_day(self, at: int) -> bool:
        return at + (self._text(at) == ",") in self._in_days

    def _has_unit(self, at: int) -> bool:
        text = self._text(at)
        return text in {"%", "€", "/"} or bool(text and fits_any(text, self.words.units))

    def _one(self, at: int) -> tuple[Clock, int, bool] | None:
        """Return one time of day, where it ends, and whether it is a plain number of hours."""
        if at in self._named:
            hit = self._named[at]
            return Clock(int(hit.name.rpartition(" ")[2])), hit.end, False
        token = self.tokens[at]
        if token.is_number:
            return self._digits(at)
        if not token.is_word:
            return None
        compound = self._compound(at)
        return (compound, at + 1, False) if compound else self._spelled(at)

    def _compound(self, at: int) -> Clock | None:
        """Read an hour and its part of the day in one word: aamukymmenestä, iltakuuteen."""
        text = self._text(at)
        for prefix, part in self.words.hour_parts.items():
            if text.startswith(prefix) and len(text) > len(prefix):
                hour = replace(self.tokens[at], text=text.removeprefix(prefix))
                number = self.numbers.at([hour], 0)
                if number and number.in_words and 0 < number.value <= _NOON:
                    return _in_part(number.value, 0, part)
        return None

    def _digits(self, at: int) -> tuple[Clock, int, bool] | None:
        text, end, minute = self.tokens[at].text, at + 1, 0
        has_minutes = False
        if len(text) == _YEAR_DIGITS and self._text(at - 1) in self.words.marks:
            text, minute, has_minutes = text[:2], int(text[2:]), True
        elif len(text) > 2:  # noqa: PLR2004 - no hour has three digits
            return None
        elif self._text(end) in {".", ":"} and self._is_minutes(end + 1):
            minute, end, has_minutes = int(self._text(end + 1)), end + 2, True
        hour = int(text)
        if hour > _MIDNIGHT or minute >= _MINUTES:
            return None
        end = self._after_ending(end)
        half = self._half_of_day(at, end)
        if half:
            clock = _in_part(hour, minute, half[0])
            return clock, half[1], False
        is_written_out = len(text) > 1 and text.startswith("0")
        plain = _FIRST_PLAIN_HOUR if self.words.clock_of_24 else _NOON
        if has_minutes and not self.words.clock_of_24:
            plain = 10
        is_either = 0 < hour < plain and not is_written_out
        return Clock(hour, minute, is_either), end, not has_minutes

    def _is_minutes(self, at: int) -> bool:
        if at >= len(self.tokens) or self.tokens[at].spaced or not self.tokens[at].is_number:
            return False
        is_date = self._text(at + 1) == "." and at + 2 < len(self.tokens)
        is_date = is_date and self.tokens[at + 2].is_number and not self.tokens[at + 2].spaced
        return len(self._text(at)) == 2 and not is_date  # noqa: PLR2004 - hh.mm

    def _after_ending(self, end: int) -> int:
        """Pass over a case ending or an h: 15:stä, 15h."""
        if self._text(end) == ":" and end + 1 < len(self.tokens) and self.tokens[end + 1].is_word:
            return end + 2
        return end + 1 if self._text(end) == "h" else end

    def _spelled(self, at: int) -> tuple[Clock, int, bool] | None:
        if self._text(at) in self.words.halves:
            number = self._hour(at + 1)
            if number is None:
                return None
            return self._with_part(at, number[1], (number[0] - 2) % _NOON + 1, 30)
        if self._text(at) in self.words.half_past:
            number = self._hour(at + 1 + (self._text(at + 1) == "past"))
            return number and self._with_part(at, number[1], number[0], 30)
        number = self._hour(at)
        return number and self._with_part(at, number[1], number[0], 0)

    def _hour(self, at: int) -> tuple[int, int] | None:
        if at >= len(self.tokens):
            return None
        number = self.numbers.at(self.tokens[: at + 1], at)
        if number is None or not 0 < number.value < _MIDNIGHT:
            return None
        end = number.end + (self._text(number.end) in {"o'clock", "oclock"})
        return number.value, end

    def _with_part(self, at: int, end: int, hour: int, minute: int) -> tuple[Clock, int, bool]:
        half = self._half_of_day(at, end)
        if half:
            return _in_part(hour, minute, half[0]), half[1], False
        return Clock(hour, minute, hour <= _NOON), end, True

    def _half_of_day(self, at: int, end: int) -> tuple[str, int] | None:
        """Return the part of the day said right after a time of day, or right before it."""
        after = self._parts.get(end)
        if after:
            return after.name.removeprefix("part "), after.end
        while self._text(at - 1) in self.words.marks | {"."}:
            at -= 1
        before = next((hit for hit in self._parts.values() if hit.end == at), None)
        return (before.name.removeprefix("part "), end) if before else None


def _in_part(hour: int, minute: int, part: str) -> Clock:
    """Return a time of day in the morning, the afternoon, the evening or the night."""
    if hour > _NOON or hour == 0:
        return Clock(hour, minute)
    if part == "morning":
        return Clock(hour % _NOON, minute)
    if part == "night":
        return Clock(hour % _NOON if hour <= 6 or hour == _NOON else hour + _NOON, minute)  # noqa: PLR2004 - nights end at six
    if part == "evening" and hour == _NOON:
        return Clock(0, minute)
    return Clock(hour if hour == _NOON else hour + _NOON, minute)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the times of a text are set against.

    Attributes:
        asked: The moment that was asked for; None outside an answer.
        start: When the event starts, where that is known already.
    """

    asked: str | None = None
    start: datetime | None = None


def moments(
    said: Said, days: Sequence[Days], clocks: Sequence[Clocks], frame: Frame
) -> dict[str, datetime]:
    """Return the moments a text names, by fact; two of one kind that differ are left out.

    Moments are local and without an offset.
    """
    found: dict[str, list[datetime]] = {}
    before: Clocks | None = None
    for clocks_ in clocks:
        if said.is_supposed(clocks_.start):
            before = clocks_
            continue
        role = _role(said, days, clocks_, before, frame)
        if role:
            day_after = _says_day_after(said, clocks_)
            _place(found, role, clocks_, _days_of(days, clocks_), frame, is_day_after=day_after)
        before = clocks_
    return {name: times[0] for name, times in found.items() if len(set(times)) == 1}


def _says_day_after(said: Said, clocks: Clocks) -> bool:
    """Say whether a time is told to be on the day after the start: "until 6 pm the next day"."""
    clause = said.clauses[clocks.start]
    named = [hit for hit in said.hits if hit.name.startswith("days from now ")]
    return any(
        said.clauses[hit.start] == clause and not any(hit.touches(one) for one in named)
        for hit in said.named("day after")
    )


def _place(
    found: dict[str, list[datetime]],
    role: str,
    clocks: Clocks,
    days: Days | None,
    frame: Frame,
    *,
    is_day_after: bool = False,
) -> None:
    if clocks.last and role in {"start", "end"}:
        span = _spanned(clocks.first, clocks.last)
        if days and span:
            first, last = (
                datetime.combine(days.first, span[0]),
                datetime.combine(days.last, span[1]),
            )
            found.setdefault("start", []).append(first)
            found.setdefault("end", []).append(last if last > first else last + _DAY)
        return
    known = found.get("start", [None])[0] or frame.start
    if is_day_after and role != "start":
        if known is None:
            return
        day = known.date() + _DAY
        days = Days(clocks.start, clocks.start, day, day)
    moment = _moment(role, clocks.first, days, known)
    if moment:
        found.setdefault(role, []).append(moment)


def _spanned(first: Clock, last: Clock) -> tuple[time, time] | None:
    """Return the two ends of a span, where only one reading makes sense."""
    if first.is_either and last.is_either:
        return None
    if last.is_either:
        begin = first.times[0]
        later = [one for one in last.times if one > begin]
        return (begin, later[0] if later else last.times[0])
    end = last.times[0]
    earlier = [one for one in first.times if one < end]
    return (earlier[-1] if earlier else first.times[-1], end)


def _moment(role: str, clock: Clock, days: Days | None, start: datetime | None) -> datetime | None:
    if days is None and start is None:
        return None
    day = days.last if days and role == "end" else days.first if days else None
    if role == "sound_starts" and start and day in {None, start.date()}:
        return _up_to(clock, start)
    if day is None or (start and role == "end" and day == start.date()):
        return _after(clock, start) if start and role != "start" else None
    is_night_after = role == "end" and start is not None and day == start.date() + _DAY
    if clock.is_either and not is_night_after:
        return None
    moment = datetime.combine(day, clock.times[0])
    return moment + _DAY if clock.hour == _MIDNIGHT else moment


def _up_to(clock: Clock, start: datetime) -> datetime | None:
    """Return the time of day on the day of the start, before it where both halves are possible."""
    times = [one for one in clock.times if not clock.is_either or one <= start.time()]
    daytime = [one for one in times if not clock.is_either or one.hour >= _FIRST_PLAIN_HOUR]
    return datetime.combine(start.date(), daytime[-1]) if daytime else None


def _after(clock: Clock, start: datetime) -> datetime | None:
    """Return the time of day on the day of the start, or in the night after it."""
    same_day = [datetime.combine(start.date(), one) for one in clock.times]
    later = [one for one in same_day if one > start]
    if len(later) == 1:
        return later[0]
    return None if later or clock.is_either else same_day[0] + _DAY


def _days_of(days: Sequence[Days], clocks: Clocks) -> Days | None:
    """Return the day a time belongs to: the last one named before it, else the first after it."""
    before = [one for one in days if one.end <= clocks.start]
    after = [one for one in days if one.start >= clocks.end]
    return before[-1] if before else after[0] if after else None


_ROLES = ("other", "fireworks_at", "sound_starts", "end", "start")


def _role(
    said: Said, days: Sequence[Days], clocks: Clocks, before: Clocks | None, frame: Frame
) -> str | None:
    """Return the moment a time of day is, by the words around it; None for some other time."""
    clause = said.clauses[clocks.start]
    since = before.end if before else 0
    window = range(since, clocks.start)
    nearest = _nearest_role(said, window, clause)
    after = {
        hit.name.removeprefix("role ")
        for hit in said.hits
        if hit.name in {"role end", "role start"} and hit.start == clocks.end
    }
    in_days = {at for one in days for at in range(one.start, one.end)}
    words = [at for at in window if at not in in_days and said.tokens[at].text != ","]
    joined = bool(before and words and said.tokens[words[0]].text == "-")
    if clocks.is_open and not joined and nearest in {None, "start"}:
        return frame.asked or "start"
    if "end" in after or joined:
        return "end" if nearest in {None, "start", "end"} else None
    if nearest == "other":
        return None
    return nearest or (after.pop() if after else None) or frame.asked or "start"


def _nearest_role(said: Said, window: Sequence[int], clause: int) -> str | None:
    roles = [
        hit
        for hit in said.hits
        if hit.name.startswith("role ")
        and hit.start in window
        and said.clauses[hit.start] == clause
    ]
    if not roles:
        return None
    names = {hit.name.removeprefix("role ") for hit in roles}
    special = [name for name in _ROLES[:3] if name in names]
    return special[0] if special else max(roles, key=lambda hit: hit.start).name[len("role ") :]


def taken(spans: Iterable[Days | Clocks]) -> frozenset[int]:
    """Return the tokens that days and times of day stand in, so that they count nothing."""
    return frozenset(at for one in spans for at in range(one.start, one.end))
