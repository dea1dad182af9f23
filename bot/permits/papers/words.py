"""The papers' own words in one locale, and days, times and numbers as people write them there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from bot.permits.data import read_yaml
from bot.permits.errors import DataError
from bot.permits.wording import wording

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.permits.facts import Value

# Finland's Swedish and British English, as elsewhere in the guide.
_TERRITORIES = {"fi": "FI", "sv": "FI", "en": "GB"}


class PaperWords:
    """Everything the papers say in one locale, over the guide's own wording."""

    def __init__(self, locale: str) -> None:
        self.guide = wording(locale)
        self.locale = locale
        self.territory = _TERRITORIES[locale]
        self._babel = Locale(locale, self.territory)
        self._phrases = read_yaml(f"texts/{locale}/papers.yaml")

    def phrase(self, section: str, name: str, **words: object) -> str:
        """Return one of the papers' sentences, its places filled in.

        Raises:
            DataError: There is no such sentence.
        """
        entries = self._phrases.get(section)
        if not isinstance(entries, dict) or name not in entries:
            raise DataError(f"texts/{self.locale}/papers.yaml: no {section}: {name}")
        return str(entries[name]).format(**words) if words else str(entries[name])

    def day(self, day: date) -> str:
        """Return a weekday and a date: lauantai 12.6.2027."""
        return f"{format_date(day, 'cccc', locale=self._babel)} {self.guide.day(day)}"

    def on_day(self, day: date) -> str:
        """Return a weekday and a date in a sentence that says when: lauantaina 12.6.2027."""
        # The CLDR's format style has the Finnish essive; the other two have one form.
        return f"{format_date(day, 'EEEE', locale=self._babel)} {self.guide.day(day)}"

    def short_day(self, day: date) -> str:
        """Return a weekday and a day without the year, short, for a narrow column: la 12.6."""
        pattern = {"fi": "ccc d.M.", "sv": "ccc d.M", "en": "ccc d MMM"}[self.locale]
        return format_date(day, pattern, locale=self._babel)

    def moment(self, moment: datetime) -> str:
        """Return a weekday, a date and a time of day: lauantai 12.6.2027 klo 12.00."""
        return f"{self.day(moment.date())} {self.clock(moment)}"

    def clock(self, moment: datetime) -> str:
        """Return a time of day with the word that goes before it: klo 9.05."""
        return self.phrase("moments", "clock", hour=moment.hour, minute=f"{moment.minute:02}")

    def span(self, start: datetime, end: datetime | None) -> str:
        """Return from when to when; the day once where both are on it."""
        if end is None:
            return self.moment(start)
        same_day = start.date() == end.date()
        last = self.guide.clock(end.time()) if same_day else f" {self.moment(end)}"
        first = self.moment(start) + ("" if same_day else " ")
        return self.phrase("moments", "until", start=first, end=last)

    def value(self, fact: str, value: Value) -> str:
        """Return what is known of a fact, moments with their weekday and numbers grouped."""
        if isinstance(value, int) and not isinstance(value, bool):
            return format_decimal(value, locale=self._babel)
        if isinstance(value, bool | str | frozenset):
            return self.guide.value(fact, value)
        return self.moment(value)


@cache
def paper_words(locale: str) -> PaperWords:
    """Return the papers' words of one locale: fi, sv or en.

    Raises:
        DataError: There are no texts in that locale.
    """
    return PaperWords(locale)
