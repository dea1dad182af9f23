"""The interview: what is asked first, what is never asked, and when it is over."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.permits import FACTS, Status, plan, read_facts
from bot.permits.dates import HELSINKI
from bot.permits.facts import Turn, Type
from bot.permits.interview import ANY_GATHERING, SMALL_GATHERING, next_question

NOW = datetime(2027, 1, 4, 9, tzinfo=HELSINKI)
# The opening questions as the officials want them; sound and end time are one of theirs, two here.
OPENING = [
    "kind",
    "city",
    "peak",
    "place",
    "structures",
    "alcohol",
    "food",
    "amplified_outdoors",
    "end",
    "fire",
    "street_traffic",
]


def interview(answers):
    """Return what is asked, in order, when every question is answered, and the plan at the end."""
    told, asked = {}, []
    while (now := plan(told, NOW)).next_question is not None:
        asked.append(now.next_question)
        told[now.next_question] = answers[now.next_question]
    return asked, now, told


def test_the_kind_of_event_comes_first():
    """Nothing is known, so the fork comes first, and the opening questions follow in order."""
    assert plan({}, NOW).next_question == "kind"
    assert [name for name, fact in FACTS.items() if fact.turn is Turn.FIRST] == OPENING


def test_the_opening_questions_come_first(scenario):
    """Whatever else could be asked, opening questions that still matter come before it."""
    asked, _, _ = interview(scenario["facts"])
    opening = [name for name in asked if name in OPENING]
    assert asked[: len(opening)] == opening
    assert opening == [name for name in OPENING if name in asked]


def test_after_the_opening_what_decides_most_comes_first():
    """Of two facts the one more duties wait for is asked for first."""
    known = read_facts(dict.fromkeys(OPENING))
    assert next_question(known, {"music": 1, "organiser": 3})[0] == "organiser"
    assert next_question(known, {"music": 3, "organiser": 1})[0] == "music"


def test_interviews_are_short(scenario):
    """Fourteen questions for a small party and twenty-five for any other event are enough."""
    asked, _, _ = interview(scenario["facts"])
    told = scenario["facts"]
    is_small = told["peak"] < 100 or told["kind"] != "public_event"
    assert len(asked) == len(set(asked))
    assert len(asked) <= (SMALL_GATHERING if is_small else ANY_GATHERING)


def test_the_checklist_ends_it(scenario):
    """With the features on the checklist told, the plan is the one from complete facts."""
    answers = scenario["facts"]
    _, now, told = interview(answers)
    while now.next_question or now.checklist:
        for name in now.checklist or (now.next_question,):
            told[name] = answers[name]
        now = plan(told, NOW)
    whole = plan(answers, NOW)
    for duty, expected in zip(now.duties, whole.duties, strict=True):
        assert (duty.id, duty.status, duty.hard, duty.recommended) == (
            expected.id,
            expected.status,
            expected.hard,
            expected.recommended,
        )
    assert now.having(Status.OPEN) == ()


def test_a_checklist_holds_what_may_be_left_out(scenario):
    """Only what can be said by leaving it out is put on the checklist, and never a single thing."""
    _, now, _ = interview(scenario["facts"])
    choices = {Type.DATETIME, Type.ENUM}
    assert all(
        FACTS[name].turn is Turn.FEATURE or FACTS[name].type not in choices
        for name in now.checklist
    )
    assert len(now.checklist) != 1


def test_a_single_gap_is_asked_for(scenario):
    """Of complete facts any one that matters is asked for when it is missing, and no other."""
    whole = plan(scenario["facts"], NOW)
    for name in scenario["facts"]:
        rest = {other: value for other, value in scenario["facts"].items() if other != name}
        now = plan(rest, NOW)
        changed = [
            duty.id
            for duty, before in zip(now.duties, whole.duties, strict=True)
            if (duty.status, duty.hard) != (before.status, before.hard)
            or (duty.authority != before.authority and before.status is not Status.NOT_REQUIRED)
        ]
        assert now.next_question in ({name} if changed else {name, None}), (name, changed)


def test_what_nobody_knows_is_not_asked_again():
    """A fact answered with "I do not know" stays unknown, and the interview goes on without it."""
    told = {}
    asked = []
    while question := plan(told, NOW).next_question:
        assert question not in asked
        asked.append(question)
        told[question] = None
    assert asked[: len(OPENING)] == OPENING
    assert plan(told, NOW)["P01"].status is Status.OPEN


@pytest.mark.parametrize(
    ("facts", "never"),
    [
        ({"kind": "public_event"}, {"public_meeting"}),
        ({"alcohol": "none"}, {"serving_area", "serving_after_0130"}),
        ({"structures": []}, {"structure_days"}),
        ({"amplified_outdoors": False}, {"near_homes", "sound_starts"}),
        ({"fire": []}, {"fireworks_at"}),
        ({"city": "vantaa"}, {"varaamo_spot", "free_entry", "unpacked_food"}),
        ({"lottery_eur": 0}, {"lottery_here_only", "registered_association"}),
        ({"kind": "private", "organiser": "private_person"}, {"music", "film", "near_homes_"}),
    ],
)
def test_what_can_no_longer_matter_is_not_asked(facts, never):
    """A no closes what hangs on it."""
    wanted = {name for duty in plan(facts, NOW).duties for name in duty.missing}
    assert not wanted & never


def test_the_sound_check_is_asked_about():
    """A concert's noise limit hangs on the first sound, so it is asked for, last of its kind."""
    loud = {
        "kind": "public_event",
        "amplified_outdoors": True,
        "concert": True,
        "place": "city_square",
        "start": "2027-06-12T15:00",
    }
    duty = plan(loud, NOW)["P19"]
    assert duty.status is Status.REQUIRED
    assert duty.hard == datetime(2027, 5, 13, 15, tzinfo=HELSINKI)
    assert "sound_starts" in duty.missing
    assert any("sound check" in reason for reason in duty.because)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_interview_is_short_and_asks_only_what_matters(data):
    """Whatever people answer: short, no question twice, none that no duty waits for."""
    told = {}
    asked = 0
    while (now := plan(told, NOW)).next_question is not None:
        name = now.next_question
        assert name not in told
        # The city decides whose desk it is as soon as anything may be filed at all.
        assert name == "city" or any(name in duty.missing for duty in now.duties)
        told[name] = data.draw(_answers(name), label=name)
        asked += 1
    assert asked <= ANY_GATHERING
    at_home = told.get("place") == "own_yard" and told.get("organiser") == "private_person"
    if told.get("kind") == "private" and at_home and told.get("alcohol") != "served":
        assert asked <= SMALL_GATHERING


def _answers(name):
    fact = FACTS[name]
    if fact.values and fact.type == "set":
        return st.lists(st.sampled_from(fact.values), unique=True)
    if fact.values:
        return st.sampled_from(fact.values)
    if fact.type == "bool":
        return st.booleans()
    if fact.type == "count":
        return st.sampled_from([0, 1, 20, 60, 199, 200, 501, 3001, 9000])
    starts = {"start": "2027-06-12T12:00", "end": "2027-06-13T02:30"}
    return st.just(starts.get(name, "2027-06-12T10:00"))
