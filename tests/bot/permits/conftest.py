"""Complete facts to start from, and the scenarios."""

from datetime import datetime
from pathlib import Path

import pytest
import yaml

from bot.permits import FACTS, plan, read_facts
from bot.permits.dates import HELSINKI
from bot.permits.facts import Type

SCENARIOS = Path(__file__).parent / "scenarios"

# An ordinary small public event in daytime with nothing special about it: every fact is known.
PLAIN = {
    "city": "helsinki",
    "kind": "public_event",
    "organiser": "private_person",
    "start": "2027-06-12T12:00",
    "end": "2027-06-12T18:00",
    "peak": 60,
    "place": "city_park",
    "alcohol": "none",
    "serving_area": "restaurant",
    "drone": "none",
    "animals": "none",
}


def complete(**changes):
    """Return complete plain facts: what is not named is absent, and moments default to the start."""
    absent = {Type.BOOL: False, Type.COUNT: 0, Type.SET: []}
    facts = {
        name: PLAIN.get(name, absent.get(fact.type))
        for name, fact in FACTS.items()
        if name in PLAIN or fact.type in absent
    } | changes
    return {"sound_starts": facts["start"], "fireworks_at": facts["start"]} | facts


@pytest.fixture
def facts_for():
    """Give `complete`, so that a test names only the facts it is about."""
    return complete


@pytest.fixture
def planned():
    """Plan complete facts with some changes, at a moment long before unless another is given."""

    def plan_it(as_of="2027-01-04T09:00", locale="en", **changes):
        at = datetime.fromisoformat(as_of).replace(tzinfo=HELSINKI)
        return plan(read_facts(complete(**changes)), at, locale=locale)

    return plan_it


def scenario_files():
    """Return the scenarios in the order of their names."""
    return sorted(SCENARIOS.glob("*.yaml"))


@pytest.fixture(params=scenario_files(), ids=lambda path: path.stem)
def scenario(request):
    """Give each scenario in turn, its facts made complete."""
    told = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    told["facts"] = complete(**told["facts"])
    return told
