"""The towns' major districts (districts.yaml), and where a resident may name theirs; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).with_name("districts.yaml")


@dataclass(frozen=True)
class District:
    """One part of a town.

    Attributes:
        names: By locale.
        parts: Places within, by locale; empty where its name says enough.
    """

    id: str
    names: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)

    def label(self, locale: str) -> str:
        """Return its name with places within, as a resident finds their own."""
        parts = self.parts.get(locale)
        return f"{self.names[locale]} ({parts})" if parts else self.names[locale]


def of_town(town: str) -> Mapping[str, District]:
    """Return a town's districts by id, in the town's own order; empty for a town without any."""
    return _read()[1].get(town, {})


def is_asked(town: str, queue: str) -> bool:
    """Return whether knowing the district helps the staff of a queue to help."""
    return bool(of_town(town)) and queue in _read()[0]


@cache
def _read() -> tuple[frozenset[str], Mapping[str, Mapping[str, District]]]:
    """Return the queues that ask, and the districts by town."""
    content: dict[str, Any] = read_yaml(_FILE)
    queues = frozenset(content.pop("queues"))
    return queues, {
        town: {
            id_: District(id_, names, names.pop("parts", {})) for id_, names in districts.items()
        }
        for town, districts in content.items()
    }
