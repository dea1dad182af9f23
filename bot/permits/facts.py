"""The facts a plan is decided from: their names, types and how they are read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from bot.permits.dates import HELSINKI
from bot.permits.errors import FactProblem, FactsError

Value: TypeAlias = str | bool | int | frozenset[str] | datetime

# A year outside these is a slip of the finger; inside them every limit can be counted back.
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Type(StrEnum):
    """What kind of answer a fact takes."""

    ENUM = "enum"
    BOOL = "bool"
    COUNT = "count"
    SET = "set"
    DATETIME = "datetime"


class Turn(StrEnum):
    """When in the interview a fact has its turn."""

    FIRST = "first"  # one of the opening questions, which decide most of the plan
    OWN = "own"  # a question of its own, asked whenever it can still change the plan
    FEATURE = "feature"  # something most events do not have; several left make one checklist


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the guide can know about an event."""

    name: str
    type: Type
    turn: Turn
    values: tuple[str, ...] = ()
    unit: str = ""
    absent: str | bool | int | None = None  # what a feature is when the event does not have it


def _facts(*facts: Fact) -> dict[str, Fact]:
    return {fact.name: fact for fact in facts}


def _enum(name: str, turn: Turn, *values: str, absent: str | None = None) -> Fact:
    return Fact(name, Type.ENUM, turn, values, absent=absent)


def _set(name: str, turn: Turn, *values: str) -> Fact:
    return Fact(name, Type.SET, turn, values)


def _bool(name: str, turn: Turn = Turn.OWN) -> Fact:
    return Fact(name, Type.BOOL, turn, absent=False if turn is Turn.FEATURE else None)


def _count(name: str, turn: Turn = Turn.OWN, unit: str = "people") -> Fact:
    return Fact(name, Type.COUNT, turn, unit=unit, absent=0 if turn is Turn.FEATURE else None)


def _moment(name: str, turn: Turn = Turn.OWN) -> Fact:
    return Fact(name, Type.DATETIME, turn)


# The order is the order of asking where two facts decide equally much: the opening questions as
# the officials want them, then what plain events need, then features from common to rare.
FACTS: dict[str, Fact] = _facts(
    _enum("kind", Turn.FIRST, "public_event", "public_meeting", "private"),
    _enum("city", Turn.FIRST, "helsinki", "espoo", "vantaa"),
    _count("peak", Turn.FIRST),
    _enum(
        "place",
        Turn.FIRST,
        "own_yard",
        "housing_company",
        "private_venue",
        "restaurant",
        "school",
        "city_street",
        "city_square",
        "market_square",
        "city_park",
        "beach_or_sports",
        "state_road",
        "water",
        "nature_area",
    ),
    _set("structures", Turn.FIRST, "tent", "stage", "stand", "other"),
    _enum("alcohol", Turn.FIRST, "none", "own", "low", "served"),
    _set(
        "food", Turn.FIRST, "hobby_small", "new_business", "mobile_local", "mobile_from_elsewhere"
    ),
    _bool("amplified_outdoors", Turn.FIRST),
    _moment("end", Turn.FIRST),
    _set(
        "fire",
        Turn.FIRST,
        "insulated_grill",
        "open_fire",
        "fireworks_f1",
        "fireworks_f2_f3",
        "fireworks_show",
        "fire_show",
        "stage_effects",
        "lpg",
    ),
    _set("street_traffic", Turn.FIRST, "city_street", "state_road"),
    _moment("start"),
    _enum(
        "organiser",
        Turn.OWN,
        "private_person",
        "association",
        "company",
        "public_body",
        "school",
    ),
    _bool("varaamo_spot"),
    _bool("restricts_area"),
    _bool("free_entry"),
    _enum("serving_area", Turn.OWN, "not_approved", "approved", "restaurant"),
    _bool("serving_after_0130"),
    _bool("unpacked_food"),
    _bool("concert"),
    _set("music", Turn.OWN, "live", "recorded"),
    _bool("near_homes"),
    _bool("indoors"),
    _count("structure_days", unit="days"),
    _bool("lottery_here_only"),
    _bool("registered_association"),
    _moment("fireworks_at"),
    _moment("sound_starts"),
    _bool("special_group", Turn.FEATURE),
    _bool("stewards", Turn.FEATURE),
    _bool("exits_differ", Turn.FEATURE),
    _bool("temporary_power", Turn.FEATURE),
    _bool("traffic_controllers", Turn.FEATURE),
    _enum("drone", Turn.FEATURE, "none", "filming", "show", absent="none"),
    _bool("radio_microphones", Turn.FEATURE),
    _bool("signs_outside_area", Turn.FEATURE),
    _bool("waste_water_to_sewer", Turn.FEATURE),
    _bool("public_transport_affected", Turn.FEATURE),
    _bool("children_activities", Turn.FEATURE),
    _count("fundraising_eur", Turn.FEATURE, unit="EUR"),
    _count("lottery_eur", Turn.FEATURE, unit="EUR"),
    _count("overnight_guests", Turn.FEATURE),
    _bool("film", Turn.FEATURE),
    _enum(
        "animals",
        Turn.FEATURE,
        "none",
        "ordinary_show",
        "strenuous_competition",
        "circus",
        absent="none",
    ),
    _bool("high_power_laser", Turn.FEATURE),
    _bool("motor_boats", Turn.FEATURE),
    _bool("offroad_motors", Turn.FEATURE),
    _bool("air_show", Turn.FEATURE),
)


@dataclass(frozen=True, slots=True)
class Facts(Mapping[str, Value]):
    """What is known about one event; a fact that is not here is unknown, never "no".

    Moments are aware, in Helsinki time. `declined` are facts somebody was asked and could not
    answer: still unknown, but not asked again. `with_offset` says that the moments came with a
    UTC offset, so that dates can be given back the way they were written.
    """

    values_by_name: Mapping[str, Value] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()
    with_offset: bool = False

    def __getitem__(self, name: str) -> Value:
        """Return the value of a known fact."""
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the known facts."""
        return iter(self.values_by_name)

    def __len__(self) -> int:
        """Return how many facts are known."""
        return len(self.values_by_name)

    def moment(self, name: str) -> datetime | None:
        """Return a moment in Helsinki time, or None while it is unknown."""
        value = self.values_by_name.get(name)
        return value if isinstance(value, datetime) else None


def read_facts(given: Mapping[str, object]) -> Facts:
    """Return the facts in plain values, as JSON writes them, checked one by one.

    Enums are words, sets lists of words, counts whole numbers, moments ISO text (local Helsinki
    time unless they carry an offset). None means "asked, not known".

    Raises:
        FactsError: With every wrong name, type, value and impossible date.
    """
    problems: list[FactProblem] = []
    values: dict[str, Value] = {}
    declined: set[str] = set()
    with_offset = False
    for name, raw in given.items():
        fact = FACTS.get(name)
        if fact is None:
            problems.append(FactProblem(str(name), "there is no such fact"))
        elif raw is None:
            declined.add(name)
        else:
            try:
                values[name] = _value(fact, raw)
            except ValueError as error:
                problems.append(FactProblem(name, str(error)))
            else:
                with_offset = with_offset or _has_offset(raw)
    problems += _impossible_order(values)
    if problems:
        raise FactsError(*problems)
    return Facts(values, frozenset(declined), with_offset)


def _value(fact: Fact, raw: object) -> Value:
    match fact.type:
        case Type.BOOL:
            if isinstance(raw, bool):
                return raw
            raise ValueError(f"must be true or false, not {raw!r}")
        case Type.COUNT:
            if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
                return raw
            raise ValueError(f"must be a whole number of {fact.unit}, 0 or more, not {raw!r}")
        case Type.ENUM:
            if isinstance(raw, str) and raw in fact.values:
                return raw
            raise ValueError(f"must be one of {', '.join(fact.values)}, not {raw!r}")
        case Type.SET:
            return _set_value(fact, raw)
        case Type.DATETIME:
            return read_moment(raw)


def _set_value(fact: Fact, raw: object) -> frozenset[str]:
    if not isinstance(raw, list | tuple | set | frozenset):
        # One kind of error for whatever is wrong with a fact.
        raise ValueError(  # noqa: TRY004
            f"must be a list of {', '.join(fact.values)} (empty for none), not {raw!r}"
        )
    for item in raw:
        if item not in fact.values:
            raise ValueError(f"may contain {', '.join(fact.values)}, but not {item!r}")
    return frozenset(raw)


def read_moment(raw: object) -> datetime:
    """Return a moment in Helsinki time from ISO text or a datetime; without offset it is local.

    Raises:
        ValueError: It is no date and time, does not exist, or lies outside 2000–2100.
    """
    moment = raw
    if isinstance(raw, str):
        if len(raw) <= len("2026-06-01"):
            raise ValueError(f"must be a date and a time like 2026-06-01T18:00, not {raw!r}")
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            message = f"is no possible date and time: {raw!r} (write 2026-06-01T18:00)"
            raise ValueError(message) from None
    if not isinstance(moment, datetime):
        # One kind of error for whatever is wrong with a fact.
        raise ValueError(f"must be a date and a time like 2026-06-01T18:00, not {raw!r}")  # noqa: TRY004
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}, not {raw!r}")
    if moment.tzinfo is not None:
        return moment.astimezone(HELSINKI)
    local = moment.replace(tzinfo=HELSINKI)
    # Through UTC and back: a local time that the clocks skip comes back as another time.
    if datetime.fromtimestamp(local.timestamp(), HELSINKI).replace(tzinfo=None) != moment:
        raise ValueError(f"does not exist: the clocks go forward over {raw!r}")
    return local


def _has_offset(raw: object) -> bool:
    if isinstance(raw, str):
        try:
            raw = datetime.fromisoformat(raw)
        except ValueError:
            return False
    return isinstance(raw, datetime) and raw.tzinfo is not None


def _impossible_order(values: Mapping[str, Value]) -> list[FactProblem]:
    start, end, sound = values.get("start"), values.get("end"), values.get("sound_starts")
    problems = []
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        problems.append(FactProblem("end", "the event must end after it starts"))
    if isinstance(end, datetime) and isinstance(sound, datetime) and sound >= end:
        problems.append(FactProblem("sound_starts", "must come before the event ends"))
    return problems
