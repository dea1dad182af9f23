"""The register of duties: whose rule it is, which authority, what basis, how sure, how old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from bot.permits.data import read_yaml
from bot.permits.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Confidence(StrEnum):
    """How sure the guide is of a rule, from the primary text down to general knowledge."""

    SEEN = "SEEN"
    SEEN_OLD = "SEEN-OLD"
    SEEN_AMD = "SEEN-AMD"
    KNOWN = "KNOWN"


class Late(StrEnum):
    """What the law says of a filing after its hard limit."""

    MAY_ACCEPT = "may_accept"
    EARLIER_START = "earlier_start"
    NO_CLAUSE = "no_clause"


@dataclass(frozen=True, slots=True)
class Basis:
    """A statute and the places in it; a name of the guide's own where there is no statute."""

    act: str
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One duty's line in the register.

    `fees` are figures; `fee` is a word of its own where no figure is known. `hard` and
    `recommended` name the lead times the rule may choose from; empty where it has none.
    `in_force` is the first day the rule exists, where it replaced another that still matters.
    """

    id: str
    owner: str
    authority: str
    basis: tuple[Basis, ...]
    fee: str
    fees: tuple[str, ...]
    hard: str
    recommended: tuple[str, ...]
    confidence: Confidence
    sources: tuple[str, ...]
    checked: date
    late: Late | None
    in_force: date | None


_REQUIRED = frozenset({"owner", "authority", "basis", "fee", "confidence", "sources", "checked"})
_OPTIONAL = frozenset({"hard", "recommended", "late", "in_force"})


@cache
def register() -> dict[str, Entry]:
    """Return the guide's own register by duty number, read once from duties.yaml."""
    return read_register(read_yaml("duties.yaml"))


def read_register(entries: Mapping[str, object]) -> dict[str, Entry]:
    """Return the register from plain data, every field checked.

    Raises:
        DataError: A duty lacks its basis, source, owner or date, or has a field too many.
    """
    return {name: _entry(name, entry) for name, entry in entries.items()}


def _entry(name: str, entry: object) -> Entry:
    def fault(text: str) -> DataError:
        return DataError(f"duties.yaml: {name}: {text}")

    if not isinstance(entry, dict):
        raise fault("must be a mapping")
    unknown, missing = entry.keys() - _REQUIRED - _OPTIONAL, _REQUIRED - entry.keys()
    if unknown or missing:
        raise fault(f"unknown {sorted(unknown)}, missing {sorted(missing)}")
    for field in ("owner", "authority", "basis", "fee", "sources"):
        if not entry[field]:
            raise fault(f"{field} is empty")
    for field in ("checked", "in_force"):
        if field in entry and type(entry[field]) is not date:
            raise fault(f"{field} must be a date")
    fee = entry["fee"]
    return Entry(
        id=name,
        owner=entry["owner"],
        authority=entry["authority"],
        basis=tuple(Basis(one["act"], one["at"]) for one in entry["basis"]),
        fee="" if isinstance(fee, list) else fee,
        fees=tuple(fee) if isinstance(fee, list) else (),
        hard=entry.get("hard", ""),
        recommended=tuple(entry.get("recommended", ())),
        confidence=Confidence(entry["confidence"]),
        sources=tuple(entry["sources"]),
        checked=entry["checked"],
        late=Late(entry["late"]) if "late" in entry else None,
        in_force=entry.get("in_force"),
    )


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach an authority at once; a page alone where no number is known."""

    phone: str
    email: str
    page: str

    def __str__(self) -> str:
        """Return the quickest ways first, as they are printed."""
        return ", ".join(part for part in (self.phone, self.email, self.page) if part)


# The desks of the cities are reached through the city's own switchboard.
_CITY_DESKS = frozenset({"city-environment", "food-control", "health", "city-land"})


@cache
def _contacts() -> dict[str, object]:
    return read_yaml("contacts.yaml")


def contact(authority: str, city: str) -> Contact:
    """Return how to reach an authority in a city; `city` is empty while it is unknown."""
    key = "city" if authority in _CITY_DESKS else authority
    key = "rescue" if key == "owner-and-rescue" else key
    by_city = _contacts().get(key)
    if not isinstance(by_city, dict):
        raise DataError(f"contacts.yaml: {authority}: nobody to call")
    entry = by_city.get(city) or by_city["any"]
    return Contact(entry.get("phone", ""), entry.get("email", ""), entry["page"])
