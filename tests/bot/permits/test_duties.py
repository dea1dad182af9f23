"""Each duty over all its own facts: one status for every combination, asking only what decides."""

import itertools
import math
import random
from datetime import date
from functools import cache

import pytest

from bot.permits import FACTS, read_facts
from bot.permits.case import Case
from bot.permits.duties import RULES
from bot.permits.facts import Facts, Type
from bot.permits.figures import figures
from bot.permits.plan import Status, status_of
from bot.permits.reading import facts_read
from bot.permits.register import register

# One value on each side of every limit, so that nothing between them can matter.
COUNTS = {
    "peak": [0, 1, 2, 99, 100, 199, 200, 500, 501, 8000, 8001],
    "structure_days": [0, 90, 91],
    "lottery_eur": [0, 500, 501, 3000, 3001],
    "fundraising_eur": [0, 1, 10_000, 10_001],
    "overnight_guests": [0, 1, 19, 20],
}
MOMENTS = {
    "start": ["2027-06-12T06:00", "2027-06-12T12:00", "2027-12-31T12:00"],
    "end": ["2027-12-31T19:00", "2027-12-31T20:30", "2027-12-31T22:00", "2028-01-01T02:30"],
    "sound_starts": ["2027-06-12T05:00", "2027-06-12T11:00"],
    "fireworks_at": ["2027-12-31T17:59", "2027-12-31T18:00"],
}
SAME_DAY = ["2027-06-12T18:00", "2027-06-12T20:30", "2027-06-12T22:00", "2027-06-13T02:30"]
ALL_COMBINATIONS = 6_000
SAMPLE = 1_000


@cache
def values(name):
    """Return values that stand for all there are of a fact, as they are after reading."""
    return [read_facts({name: value})[name] for value in plain_values(name)]


def plain_values(name):
    """Return values that stand for all there are of a fact, as JSON has them."""
    fact = FACTS[name]
    match fact.type:
        case Type.BOOL:
            return [True, False]
        case Type.ENUM:
            return list(fact.values)
        case Type.SET:
            return [[], *([value] for value in fact.values), list(fact.values)]
        case Type.COUNT:
            return COUNTS[name]
        case Type.DATETIME:
            return [*MOMENTS[name], *(SAME_DAY if name == "end" else [])]


def ruled(duty, facts):
    """Return the ruling on some facts, or None where their moments cannot be together."""
    start, sound, end = (facts.get(name) for name in ("start", "sound_starts", "end"))
    if end and ((start and start >= end) or (sound and sound >= end)):
        return None
    return RULES[duty](Case(Facts(facts), figures(), date(2027, 1, 4)))


@cache
def combinations(duty):
    """Return all combinations of a duty's own facts, or a fair sample where they are too many."""
    names = facts_read(duty)
    choices = [values(name) for name in names]
    if math.prod(map(len, choices)) <= ALL_COMBINATIONS:
        return [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*choices)]
    dice = random.Random(duty)
    return [{name: dice.choice(values(name)) for name in names} for _ in range(SAMPLE)]


@pytest.mark.parametrize("duty", RULES)
def test_known_facts_reach_exactly_one_status(duty):
    """With all its own facts known a duty is decided, and never open."""
    for facts in combinations(duty):
        ruling = ruled(duty, facts)
        if ruling is not None:
            assert ruling.required.truth is not None, facts
            assert ruling.ask.truth is not None or ruling.required.is_yes, facts
            assert status_of(ruling) is not Status.OPEN


@pytest.mark.parametrize("duty", RULES)
def test_nothing_known_leaves_it_open_or_out_of_question(duty):
    """Without any fact a duty is open, unless no fact at all could make it one to file."""
    ruling = ruled(duty, {})
    never = {"P29", "P32", "P45", "P47", "P60"}
    expected = Status.NOT_REQUIRED if duty in never else Status.OPEN
    assert status_of(ruling) is expected


@pytest.mark.parametrize("duty", RULES)
def test_an_unknown_fact_is_never_taken_for_no(duty):
    """Whatever is left out, the status is the same as before or open, never another one.

    The moments of the sound and the fireworks are the exception: the start stands for them.
    """
    dice = random.Random(duty)
    for facts in dice.sample(combinations(duty), min(100, len(combinations(duty)))):
        whole = ruled(duty, facts)
        if whole is None:
            continue
        for name in facts.keys() - {"sound_starts", "fireworks_at"}:
            rest = {other: value for other, value in facts.items() if other != name}
            part = status_of(ruled(duty, rest))
            assert part in (status_of(whole), Status.OPEN), (name, facts)


# Facts that hang together: with the kind, place and times known, what is missing decides alone.
GIVEN = ("kind", "place", "start", "end", "sound_starts")


@pytest.mark.parametrize("duty", RULES)
def test_what_is_missing_can_change_the_status(duty):
    """Every fact an open duty asks for can turn the outcome, whatever else is still unknown."""
    dice = random.Random(duty)
    names = facts_read(duty)
    for _ in range(12):
        known = {
            name: dice.choice(values(name))
            for name in names
            if name in GIVEN or dice.random() < dice.choice((0.2, 0.5, 0.8))
        }
        ruling = ruled(duty, known)
        if ruling is None or status_of(ruling) is not Status.OPEN:
            continue
        for name in ruling.required.missing or ruling.ask.missing:
            assert any(_turns(duty, name, known, dice) for _ in range(4_000)), (
                f"{name} decides nothing given {known}"
            )


def _turns(duty, name, known, dice):
    unknown = [other for other in facts_read(duty) if other not in known and other != name]
    rest = known | {other: dice.choice(values(other)) for other in unknown}
    rulings = [ruled(duty, rest | {name: value}) for value in values(name)]
    return len({status_of(ruling) for ruling in rulings if ruling is not None}) > 1


@pytest.mark.parametrize("duty", RULES)
def test_more_people_never_remove_a_duty(duty):
    """From an empty field to a mass event the status only ever rises."""
    if "peak" not in facts_read(duty):
        return
    rank = {Status.NOT_REQUIRED: 0, Status.ASK: 1, Status.REQUIRED: 2}
    dice = random.Random(duty)
    for facts in dice.sample(combinations(duty), min(60, len(combinations(duty)))):
        rulings = [ruled(duty, facts | {"peak": peak}) for peak in COUNTS["peak"]]
        ranks = [rank[status_of(ruling)] for ruling in rulings if ruling is not None]
        assert ranks == sorted(ranks), facts


@pytest.mark.parametrize("duty", RULES)
def test_a_rule_uses_only_the_lead_times_and_desks_of_the_register(duty):
    """Code and register name the same lead times."""
    entry = register()[duty]
    hard, recommended = set(), set()
    for facts in combinations(duty):
        ruling = ruled(duty, facts)
        if ruling is not None and status_of(ruling) in (Status.REQUIRED, Status.ASK):
            hard.add(ruling.hard)
            recommended.add(ruling.recommended)
    assert hard - {""} == ({entry.hard} if entry.hard else set())
    assert recommended - {""} == set(entry.recommended)


def test_the_numbers_are_sixty():
    """P01 to P60, each once, in rules and register alike."""
    numbers = [f"P{number:02}" for number in range(1, 61)]
    assert list(RULES) == numbers
    assert list(register()) == numbers


def test_every_rule_says_what_it_decides():
    """A rule begins with a sentence for the official who owns it, and is named by its subject."""
    for duty, rule in RULES.items():
        assert (rule.__doc__ or "").split("\n")[0].endswith("."), duty
    assert len({rule.__name__ for rule in RULES.values()}) == len(RULES)


def test_every_fact_decides_something():
    """No resident is asked for a fact no rule reads; free entry, town and times included."""
    read = {name for duty in RULES for name in facts_read(duty)}
    assert read == set(FACTS)
