"""The developers' words in one locale: gettext, and dates and times as people write them there."""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_day_names
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

if TYPE_CHECKING:
    from datetime import date as Day  # noqa: N812 - a method here is called date
    from datetime import datetime, time

LOCALES = ("fi", "sv", "en")
# Each language in its own name, as people look for it.
LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
ZONE = ZoneInfo("Europe/Helsinki")
# From here on megabytes are shorter to read.
_LARGE = 950_000
CATALOGUES = Path(__file__).resolve().parent.parent / "locales"


class Texts:
    """What is said in one locale.

    English is the source language; the other catalogues are read from their .po files, so that
    there is no compiled copy that could be stale.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale
        # Finland's Swedish writes 23.11.2026; British English the day first and the 24-hour clock.
        self._babel = {"fi": Locale("fi"), "sv": Locale("sv", "FI"), "en": Locale("en", "GB")}[
            locale
        ]
        translations = _catalogue(locale)
        self.gettext = translations.gettext
        self.ngettext = translations.ngettext

    @property
    def babel(self) -> Locale:
        """Return what Babel knows the locale as."""
        return self._babel

    def date(self, day: Day) -> str:
        """Return a date as it is written in running text: 21. marraskuuta 2026."""
        return format_date(day, "long", locale=self._babel)

    def month(self, day: Day) -> str:
        """Return the month of a date: marraskuu 2026."""
        return format_date(day, "LLLL y", locale=self._babel)

    def weekday(self, day: Day) -> str:
        """Return a weekday and a date without the year: maanantai 23. marraskuuta."""
        pattern = {"fi": "cccc d. MMMM", "sv": "cccc d MMMM", "en": "EEEE d MMMM"}[self.locale]
        return format_date(day, pattern, locale=self._babel)

    def weekday_name(self, number: int) -> str:
        """Return a weekday's name, Monday being 0: maanantai."""
        return str(get_day_names("wide", "stand-alone", self._babel)[number])

    def clock(self, moment: datetime | time) -> str:
        """Return a time of day: 9.00 in Finnish, 9:00 elsewhere; a moment is shown in Finland's time."""
        local = getattr(moment, "astimezone", lambda _zone: moment)(ZONE)
        pattern = {"fi": "H.mm", "sv": "H.mm", "en": "H:mm"}[self.locale]
        return format_time(local, pattern, tzinfo=ZONE, locale=self._babel)

    def moment(self, moment: datetime) -> str:
        """Return a short date and time in Finland's time, for lists."""
        local = moment.astimezone(ZONE)
        return f"{format_date(local, 'short', locale=self._babel)} {self.clock(local)}"

    def size(self, length: int) -> str:
        """Return how large a file is, for a length in bytes: 340 kt or 1,2 Mt in Finnish."""
        unit, divisor, pattern = ("M", 1_000_000, "0.#") if length >= _LARGE else ("k", 1_000, "0")
        number = format_decimal(max(length / divisor, 1), pattern, locale=self._babel)
        return f"{number} {unit}{'t' if self.locale == 'fi' else 'B'}"

    def either(self, items: list[str]) -> str:
        """Return the items as a list joined by "or"."""
        return format_list(items, style="or", locale=self._babel)


@cache
def texts(locale: str) -> Texts:
    """Return the words of one locale, read once."""
    return Texts(locale)


def nearest_locale(tags: list[str], default: str = "fi") -> str:
    """Return the first of our locales among language tags such as `sv-FI`, best first."""
    for tag in tags:
        language = tag.replace("_", "-").partition("-")[0].lower()
        if language in LOCALES:
            return language
    # Who reads neither Finnish nor Swedish is most likely helped by English.
    return "en" if tags else default


def accepted_languages(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, best first; malformed parts are passed over."""
    weighted = []
    for part in header.split(",")[:20]:
        tag, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=") or "1"
        if tag.strip() and tag.strip() != "*" and weight.replace(".", "", 1).isdecimal():
            weighted.append((-float(weight), tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]


def _catalogue(locale: str) -> NullTranslations:
    if locale == "en":
        return NullTranslations()
    with (CATALOGUES / locale / "LC_MESSAGES" / "bot.po").open("rb") as file:
        catalogue = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
