"""Reading facts: right ones as they are, wrong ones by name."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.permits import FACTS, FactsError, read_facts
from bot.permits.facts import Turn


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("colour", "red", "no such fact"),
        ("City", "helsinki", "no such fact"),
        ("peak", "many", "whole number"),
        ("peak", "200", "whole number"),
        ("peak", 1.5, "whole number"),
        ("peak", True, "whole number"),
        ("peak", -1, "0 or more"),
        ("stewards", "yes", "true or false"),
        ("stewards", 1, "true or false"),
        ("city", "turku", "helsinki, espoo, vantaa"),
        ("city", ["helsinki"], "helsinki, espoo, vantaa"),
        ("fire", "open_fire", "list of"),
        ("fire", {"open_fire": True}, "list of"),
        ("fire", ["campfire"], "not 'campfire'"),
        ("fire", [["open_fire"]], "not ['open_fire']"),
        ("start", "tomorrow", "2026-06-01T18:00"),
        ("start", "2027-06-12", "a date and a time"),
        ("start", 20270612, "a date and a time"),
        ("start", "2027-02-29T12:00", "no possible date"),
        ("start", "2027-06-31T12:00", "no possible date"),
        ("start", "2027-06-12T24:30", "no possible date"),
        ("start", "2027-03-28T03:30", "clocks go forward"),
        ("start", "1027-06-12T12:00", "between the years"),
    ],
)
def test_a_wrong_fact_is_named(name, value, told):
    """A wrong name, type, value or date gives one problem, with the fact's name and what is right."""
    with pytest.raises(FactsError) as caught:
        read_facts({name: value})
    (problem,) = caught.value.problems
    assert problem.fact == name
    assert told in problem.message
    assert str(problem).startswith(f"{name}: ")


def test_every_problem_is_told_at_once():
    """Two wrong facts are two problems, not one after the other."""
    with pytest.raises(FactsError) as caught:
        read_facts({"peak": "many", "city": "helsinki", "fire": "yes"})
    assert [problem.fact for problem in caught.value.problems] == ["peak", "fire"]


@pytest.mark.parametrize(
    ("facts", "blamed"),
    [
        ({"start": "2027-06-12T12:00", "end": "2027-06-12T12:00"}, "end"),
        ({"start": "2027-06-12T12:00", "end": "2027-06-11T18:00"}, "end"),
        ({"sound_starts": "2027-06-12T18:00", "end": "2027-06-12T18:00"}, "sound_starts"),
    ],
)
def test_an_impossible_order_is_refused(facts, blamed):
    """An event cannot end before it starts, nor its sound begin after it ends."""
    with pytest.raises(FactsError) as caught:
        read_facts(facts)
    assert [problem.fact for problem in caught.value.problems] == [blamed]


@pytest.mark.parametrize("day", ["2028-02-29", "2024-02-29"])
def test_a_leap_day_is_a_day(day):
    """The 29th of February exists in leap years."""
    assert read_facts({"start": f"{day}T12:00"}).moment("start").day == 29


def test_moments_are_helsinki_time():
    """Local times are Helsinki's, summer and winter; an offset is converted."""
    summer = read_facts({"start": "2027-06-12T12:00"})
    assert summer.moment("start").astimezone(UTC) == datetime(2027, 6, 12, 9, tzinfo=UTC)
    winter = read_facts({"start": "2027-12-12T12:00"})
    assert winter.moment("start").astimezone(UTC) == datetime(2027, 12, 12, 10, tzinfo=UTC)
    zulu = read_facts({"start": "2027-06-12T09:00:00Z"})
    assert zulu.moment("start") == summer.moment("start")
    assert (zulu.with_offset, summer.with_offset) == (True, False)


def test_null_is_asked_but_not_known():
    """Null leaves a fact unknown and keeps it from being asked again."""
    facts = read_facts({"peak": None, "city": "espoo"})
    assert "peak" not in facts
    assert facts.declined == {"peak"}


def test_sets_forget_order_and_repetition():
    """A set is what is in it."""
    once, twice = read_facts({"fire": ["lpg"]}), read_facts({"fire": ["lpg", "lpg"]})
    assert once["fire"] == twice["fire"] == frozenset({"lpg"})


def test_every_feature_has_its_absence():
    """A checklist can set to "not there" exactly the features, each in its own type."""
    for fact in FACTS.values():
        assert (fact.absent is not None) == (fact.turn is Turn.FEATURE), fact.name
        if fact.turn is Turn.FEATURE:
            assert read_facts({fact.name: fact.absent})[fact.name] == fact.absent


def test_the_contract():
    """Names, types, units and values are exactly those that others rely on."""
    contract = yaml.safe_load((Path(__file__).parent / "contract.yaml").read_text(encoding="utf-8"))
    assert set(FACTS) == set(contract)
    for name, told in contract.items():
        assert FACTS[name].type == told["type"], name
        assert FACTS[name].unit == told.get("unit", ""), name
        assert list(FACTS[name].values) == told.get("values", []), name


@given(
    st.dictionaries(
        st.sampled_from([*FACTS, "nonsense"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False)
            | st.text(max_size=20)
            | st.sampled_from([value for fact in FACTS.values() for value in fact.values])
            | st.datetimes().map(datetime.isoformat),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=5), inner, max_size=2)
            ),
            max_leaves=4,
        ),
        max_size=6,
    )
)
def test_whatever_is_given_is_read_or_refused_by_name(given_facts):
    """No JSON value breaks the reading: it is a fact, or a problem with the fact's name."""
    try:
        facts = read_facts(given_facts)
    except FactsError as error:
        assert error.problems
        assert {problem.fact for problem in error.problems} <= {*given_facts, "end", "sound_starts"}
    else:
        assert set(facts) | facts.declined == set(given_facts)
