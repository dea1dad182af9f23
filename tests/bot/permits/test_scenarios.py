"""Twelve events as people describe them, each duty worked out by hand from the decision table."""

from datetime import datetime

from bot.permits import LOCALES, Status, plan, read_facts
from bot.permits.dates import HELSINKI


def planned(scenario, locale="en"):
    at = datetime.fromisoformat(scenario["as_of"]).replace(tzinfo=HELSINKI)
    return plan(read_facts(scenario["facts"]), at, locale=locale)


def test_exactly_the_duties_worked_out_by_hand(scenario):
    """Nothing required is missing, nothing else is required, and every hard limit is right."""
    required = {
        duty.id: duty.hard.replace(tzinfo=None).isoformat(timespec="minutes") if duty.hard else None
        for duty in planned(scenario).having(Status.REQUIRED)
    }
    assert required == scenario["required"]


def test_what_is_left_to_the_authority(scenario):
    """The duties to ask about are the ones the sources leave open, and nothing is undecided."""
    result = planned(scenario)
    assert [duty.id for duty in result.having(Status.ASK)] == scenario["ask"]
    assert result.having(Status.OPEN) == ()
    assert (result.next_question, result.checklist) == (None, ())


def test_when_to_file_and_what_is_late(scenario):
    """Filing days fall on working days, and only what is past its limit is late."""
    result = planned(scenario)
    for name, day in scenario.get("file_by", {}).items():
        assert result[name].file_by == day, name
    late = [duty.id for duty in result.duties if duty.late]
    assert late == scenario.get("late", [])


def test_the_same_plan_in_every_language(scenario):
    """Language changes the words and nothing else."""
    plans = [planned(scenario, locale) for locale in LOCALES]
    for duties in zip(*(result.duties for result in plans), strict=True):
        assert len({(duty.id, duty.status, duty.hard, duty.missing) for duty in duties}) == 1
        assert len({duty.name for duty in duties}) == len(LOCALES)
        assert len({len(duty.because) for duty in duties}) == 1
