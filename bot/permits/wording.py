"""The guide's words in one locale: duties, facts, reasons, dates, fees, authorities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING

from bot.permits.data import read_yaml
from bot.permits.errors import DataError
from bot.permits.facts import FACTS
from bot.permits.figures import Unit, figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.permits.answers import Reason
    from bot.permits.facts import Value
    from bot.permits.figures import Figure
    from bot.permits.register import Entry

LOCALES = ("fi", "sv", "en")

_A_LEAP_YEAR = 2000  # Has every day there is.


@dataclass(frozen=True, slots=True)
class DutyText:
    """One duty in words; `exceptions` is empty where there are none."""

    name: str
    when: str
    exceptions: str
    where: str


@dataclass(frozen=True, slots=True)
class FactText:
    """One fact in words; `values` has the words of an enum's or set's values."""

    label: str
    question: str
    values: Mapping[str, str]


class Wording:
    """Everything the guide says in one locale, read once from texts/<locale>/."""

    def __init__(self, locale: str) -> None:
        if locale not in LOCALES:
            raise DataError(f"no texts for {locale}; there are {', '.join(LOCALES)}")
        self.locale = locale
        self._facts = {
            name: self._fact(name, entry)
            for name, entry in read_yaml(f"texts/{locale}/facts.yaml").items()
        }
        self._phrases = read_yaml(f"texts/{locale}/phrases.yaml")
        self._bases: dict[str, str] = {}
        self._fees: dict[tuple[Figure, bool], str] = {}
        limits = {name: self.limit(figure) for name, figure in figures().items()}
        self._duties = {
            name: self._duty(entry, limits)
            for name, entry in read_yaml(f"texts/{locale}/duties.yaml").items()
        }

    def duty(self, name: str) -> DutyText:
        """Return a duty's name, its trigger, its exceptions and where to file."""
        return self._duties[name]

    def label(self, fact: str) -> str:
        """Return a fact's name for lists."""
        return self._facts[fact].label

    def question(self, fact: str) -> str:
        """Return the question that asks for a fact."""
        return self._facts[fact].question

    def choices(self, fact: str) -> list[tuple[str, str]]:
        """Return the values of an enum or set with their words, in order; empty for the rest."""
        values = self._facts[fact].values
        return [(value, values[value]) for value in FACTS[fact].values]

    def value(self, fact: str, value: Value) -> str:
        """Return what is known of a fact, in words."""
        if isinstance(value, bool):
            return self.phrase("words", "yes" if value else "no")
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, int):
            return str(value)
        values = self._facts[fact].values
        if isinstance(value, str):
            return values[value]
        if not value:
            return self.phrase("words", "nothing")
        return self.listed(values[one] for one in FACTS[fact].values if one in value)

    def reason(self, reason: Reason, facts: Mapping[str, Value]) -> str:
        """Return the sentence that tells what a fact is and where it stands against its limit."""
        words = {"label": self.label(reason.fact)}
        words["value"] = self.value(reason.fact, facts[reason.fact])
        if reason.figure:
            words["limit"] = self.limit(figures()[reason.figure])
        return self.phrase("reasons", reason.phrase or "plain", **words)

    def phrase(self, section: str, name: str, **words: object) -> str:
        """Return one of the guide's own sentences, its places filled in."""
        entries = self._phrases[section]
        if not isinstance(entries, dict):
            raise DataError(f"texts/{self.locale}/phrases.yaml: {section} must be a mapping")
        return str(entries[name]).format(**words) if words else str(entries[name])

    def listed(self, words: Iterable[str]) -> str:
        """Return words one after another, as a list in running text."""
        return self.phrase("words", "list_separator").join(words)

    def authority(self, key: str, city: str = "") -> str:
        """Return an authority's name, in a city where it differs; `city` is empty if unknown."""
        names = self._names(key)
        return names.get(city) or names["any"]

    def differs_by_city(self, key: str) -> bool:
        """Say whether an authority is another one in another city."""
        return len(self._names(key)) > 1

    def basis(self, entry: Entry) -> str:
        """Return a duty's legal basis: statutes with their numbers, and the sections."""
        if entry.id not in self._bases:
            self._bases[entry.id] = "; ".join(
                " ".join(part for part in (self._statute(basis.act), basis.at) if part)
                for basis in entry.basis
            )
        return self._bases[entry.id]

    def fees(self, entry: Entry, day: date, city: str = "") -> str:
        """Return what a duty costs on a day; a price of another year comes with its year.

        In a city only the prices that hold there; everywhere, while `city` is empty.
        """
        if entry.fee:
            return self.phrase("fees", entry.fee)
        elsewhere = [f"-{one}-" for one in FACTS["city"].values if city and one != city]
        names = [name for name in entry.fees if not any(part in name for part in elsewhere)]
        if not names:
            return self.phrase("fees", "tariff")
        return " ".join(self._fee(figures()[name], day) for name in names)

    def lead(self, figure: Figure) -> str:
        """Return a figure with its unit: 14 days, 5 working days, €110."""
        return self.phrase("units", figure.unit, number=figure.number)

    def limit(self, figure: Figure) -> str:
        """Return a figure as it stands in a sentence that names its unit itself."""
        if figure.unit is Unit.CLOCK:
            return self.clock(figure.clock)
        if figure.unit in (Unit.DAY_OF_YEAR, Unit.MOMENT_OF_YEAR):
            month, day, hour, minute = figure.year_moment
            kind = figure.unit.replace(" ", "_")
            any_year = date(_A_LEAP_YEAR, month, day)
            return self._dated(kind, datetime.combine(any_year, time(hour, minute)))
        return str(figure.number)

    def day(self, day: date) -> str:
        """Return a date as people write it."""
        return self._dated("date", datetime.combine(day, time()))

    def moment(self, moment: datetime) -> str:
        """Return a date and a time of day as people write them."""
        return self._dated("moment", moment)

    def clock(self, clock: time) -> str:
        """Return a time of day as people write it."""
        return self.phrase("dates", "clock", hour=clock.hour, minute=f"{clock.minute:02}")

    def _dated(self, kind: str, moment: datetime) -> str:
        dates = self._phrases["dates"]
        months = dates["months"] if isinstance(dates, dict) else []
        return self.phrase(
            "dates",
            kind,
            day=moment.day,
            month=months[moment.month - 1],
            year=moment.year,
            hour=moment.hour,
            minute=f"{moment.minute:02}",
        )

    def _fee(self, figure: Figure, day: date) -> str:
        is_current = figure.holds_on(day)
        if (figure, is_current) not in self._fees:
            label, amount = self.phrase("fee_labels", figure.name), self.lead(figure)
            year = figure.valid_from.year
            self._fees[figure, is_current] = self.phrase(
                "fees", "current" if is_current else "former", label=label, amount=amount, year=year
            )
        return self._fees[figure, is_current]

    def _statute(self, act: str) -> str:
        name = self.phrase("statutes", act)
        # What has a number is found by it; the guide's own names have none.
        return f"{name} {act}" if act[0].isdigit() else name

    def _names(self, key: str) -> dict[str, str]:
        authorities = self._phrases["authorities"]
        names = authorities.get(key) if isinstance(authorities, dict) else None
        if not isinstance(names, dict):
            raise DataError(f"texts/{self.locale}/phrases.yaml: no authority {key}")
        return names

    def _fact(self, name: str, entry: object) -> FactText:
        if not isinstance(entry, dict):
            raise DataError(f"texts/{self.locale}/facts.yaml: {name} must be a mapping")
        return FactText(entry["label"], entry["question"], entry.get("values", {}))

    def _duty(self, entry: object, limits: Mapping[str, str]) -> DutyText:
        if not isinstance(entry, dict):
            raise DataError(f"texts/{self.locale}/duties.yaml: {entry!r} must be a mapping")
        return DutyText(
            name=entry["name"],
            when=entry["when"].format(**limits),
            exceptions=entry.get("except", "").format(**limits),
            where=entry["where"].format(**limits),
        )


@cache
def wording(locale: str) -> Wording:
    """Return the words of one locale: fi, sv or en.

    Raises:
        DataError: There are no texts in that locale.
    """
    return Wording(locale)
