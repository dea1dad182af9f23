"""The plan: what is late, what is handed over, whose number is given, and how fast it is."""

import time
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.permits import FACTS, LOCALES, Status, plan, read_facts
from bot.permits.dates import HELSINKI, is_working_day
from bot.permits.figures import Figures, figures
from bot.permits.register import Confidence, register

CONCERT = {
    "peak": 800,
    "concert": True,
    "amplified_outdoors": True,
    "alcohol": "served",
    "serving_area": "approved",
    "food": ["new_business", "mobile_from_elsewhere"],
}


def told(planned, duty, **facts):
    return " ".join(planned(**facts)[duty].because)


@pytest.mark.parametrize(
    ("as_of", "late"),
    [
        ("2027-05-29T11:59", False),
        ("2027-05-29T12:00", False),  # the very moment is in time
        ("2027-05-29T12:01", True),
    ],
)
def test_late_begins_after_the_limit(planned, as_of, late):
    """A filing at the limit itself is in time; a minute later it is late."""
    assert planned(as_of=as_of, peak=200)["P06"].late is late


@pytest.mark.parametrize(
    ("duty", "facts", "words"),
    [
        ("P01", {}, ["Call now", "0295 470 011", "may still be accepted"]),
        ("P01", {"city": "espoo"}, ["Call now", "0295 419 800", "may still be accepted"]),
        ("P02", {"kind": "public_meeting"}, ["Call now", "0295 470 011", "may still be accepted"]),
        ("P06", {}, ["Call now", "09 310 31203", "may still be accepted"]),
        ("P06", {"city": "espoo"}, ["palotarkastaja.lu@pelastustoimi.fi", "may still be accepted"]),
        ("P19", {}, ["Call now", "09 310 1691", "before the time is up"]),
        ("P22", {"city": "vantaa"}, ["Call now", "09 83911", "does not promise"]),
        ("P27", {}, ["Call now", "does not promise"]),
        ("P28", {}, ["Call now", "does not promise"]),
        ("P31", {}, ["Call now", "lvv.fi", "does not promise"]),
    ],
)
def test_late_is_never_too_late(planned, duty, facts, words):
    """Past a limit the plan says call now, whom, and whether a late filing may be accepted."""
    late = planned(as_of="2027-06-12T11:00", **CONCERT | facts)[duty]
    assert late.late
    text = " ".join(late.because)
    for word in words:
        assert word in text
    assert "too late" not in text.lower()


@pytest.mark.parametrize("locale", LOCALES)
def test_nobody_is_told_it_is_too_late(planned, locale):
    """In no language and for no duty."""
    facts = CONCERT | {
        "fire": ["open_fire", "fireworks_show", "stage_effects", "fire_show"],
        "animals": "strenuous_competition",
        "fundraising_eur": 100,
        "stewards": True,
        "serving_after_0130": True,
        "indoors": True,
        "end": "2027-06-13T03:30",
    }
    result = planned(as_of="2027-06-12T11:59", locale=locale, **facts)
    for duty in result.duties:
        if duty.late:
            text = " ".join(duty.because).lower()
            assert not {"too late", "liian myöhäistä", "för sent"} & {text}
            assert ("call now" in text) or ("soita heti" in text) or ("ring genast" in text)
    assert sum(duty.late for duty in result.duties) >= 12


def test_file_by_is_a_working_day_not_after_the_limit(planned):
    """Saturday's limit is filed for on Friday."""
    duty = planned(start="2027-06-12T12:00", peak=200)["P06"]
    assert duty.hard.date() == date(2027, 5, 29)
    assert duty.file_by == date(2027, 5, 28)


@settings(max_examples=40, deadline=None)
@given(
    st.datetimes(datetime(2026, 2, 1), datetime(2090, 1, 1)).map(
        lambda moment: moment.replace(minute=0, second=0, microsecond=0, hour=12)
    )
)
def test_dates_hold_together(start):
    """Whenever the event is: limits before it, filing days working days, none without a limit."""
    facts = {
        "kind": "public_event",
        "city": "helsinki",
        "place": "city_park",
        "start": start.isoformat(),
        "end": start.replace(hour=23).isoformat(),
    } | CONCERT
    result = plan(facts, datetime(2026, 1, 1, tzinfo=HELSINKI))
    for duty in result.duties:
        assert (duty.hard is None) == (duty.file_by is None)
        if duty.hard:
            assert duty.hard < start.replace(tzinfo=HELSINKI)
            assert duty.file_by <= duty.hard.date()
            assert is_working_day(duty.file_by)
        if duty.status in (Status.OPEN, Status.NOT_REQUIRED):
            assert duty.hard is duty.recommended is None
            assert not duty.late


def test_without_a_start_there_are_no_dates_but_the_question(planned):
    """A required duty whose date cannot be counted yet misses the start."""
    duty = plan({"kind": "public_event", "peak": 200, "place": "city_park"}, _now())["P06"]
    assert (duty.status, duty.hard, duty.file_by) == (Status.REQUIRED, None, None)
    assert set(duty.missing) == {"start", "city"}


def test_a_known_plan_misses_nothing(planned):
    """With every fact known there is nothing to ask."""
    result = planned(**CONCERT)
    assert not any(duty.missing for duty in result.duties)
    assert (result.next_question, result.checklist) == (None, ())


def test_an_uncertain_source_says_so(planned):
    """What rests on general knowledge comes with "check with the authority"."""
    result = planned(temporary_power=True)
    assert result["P37"].confidence is Confidence.KNOWN
    assert any("check with the authority" in reason for reason in result["P37"].because)


def test_ask_names_the_officer_and_the_desk(planned):
    """A duty the sources leave open says whom to ask, and whose desk gets the facts."""
    duty = planned(drone="filming")["P50"]
    assert duty.status is Status.ASK
    assert "Traficom" in duty.authority
    assert duty.owner == "aviation"
    assert any("ask" in reason for reason in duty.because)


@pytest.mark.parametrize(
    ("city", "authority"),
    [
        ("helsinki", "Helsinki City Rescue Department"),
        ("espoo", "Western Uusimaa Rescue Department"),
        ("vantaa", "Central Uusimaa Rescue Department"),
    ],
)
def test_the_authority_of_the_town(planned, city, authority):
    """Every town has its own."""
    assert planned(city=city, peak=200)["P06"].authority == authority


@pytest.mark.parametrize(
    ("place", "authority"),
    [
        ("city_park", "Urban Environment"),
        ("beach_or_sports", "Culture and Leisure"),
        ("market_square", "Wholesale Market"),
    ],
)
def test_helsinki_lets_out_its_land_through_three_desks(planned, place, authority):
    """Beaches and sports grounds, market squares, and the rest."""
    assert authority in planned(place=place, restricts_area=True)["P03"].authority


def test_a_large_collection_goes_to_the_police_board(planned):
    """Beyond the small fundraising the licence is somebody else's, and has no limit of days."""
    duty = planned(fundraising_eur=20_000)["P48"]
    assert (duty.status, duty.hard) == (Status.ASK, None)
    assert duty.authority == "National Police Board"


def changed(**values):
    """Return the figures with some fields of some of them changed."""
    known = dict(figures())
    return Figures(
        known | {name: replace(known[name], **fields) for name, fields in values.items()}
    )


def _now():
    return datetime(2027, 1, 4, 9, tzinfo=HELSINKI)


def test_a_limit_out_of_its_dates_hands_over(facts_for):
    """A figure that ended before the event is not used: the duty asks, and says why."""
    ended = changed(**{"rescue-plan-people": {"valid_to": date(2026, 12, 31)}})
    duty = plan(facts_for(peak=800), _now(), known_figures=ended)["P06"]
    assert duty.status is Status.ASK
    assert "rescue-plan-people" in duty.because[0]
    assert "31 December 2026" in duty.because[0]
    assert duty.missing == ()


def test_a_lead_time_out_of_its_dates_hands_over(facts_for):
    """Without a lead time that holds there is no date, and the authority is asked."""
    ended = changed(**{"rescue-plan": {"valid_to": date(2026, 12, 31)}})
    duty = plan(facts_for(peak=800), _now(), known_figures=ended)["P06"]
    assert (duty.status, duty.hard) == (Status.ASK, None)
    assert "Helsinki City Rescue Department" in duty.because[0]


def test_a_figure_out_of_its_dates_is_no_matter_where_it_decides_nothing(facts_for):
    """Open fire needs a plan whatever the crowd, so the crowd's figure may be old."""
    ended = changed(**{"rescue-plan-people": {"valid_to": date(2026, 12, 31)}})
    duty = plan(facts_for(fire=["open_fire"]), _now(), known_figures=ended)["P06"]
    assert duty.status is Status.REQUIRED


def test_a_figure_of_the_future_is_not_used_yet(facts_for):
    """A figure that begins after the event hands over as well."""
    early = changed(**{"large-event-people": {"valid_from": date(2030, 1, 1)}})
    assert plan(facts_for(peak=800), _now(), known_figures=early)["P22"].status is Status.ASK


def test_a_rule_not_yet_in_force_hands_over(facts_for):
    """The consumer-service act began on 5 May 2025; before it another one held."""
    facts = facts_for(organiser="company", start="2025-05-04T12:00", end="2025-05-04T18:00")
    duty = plan(facts, _now())["P07"]
    assert duty.status is Status.ASK
    assert "5 May 2025" in duty.because[0]
    facts = facts_for(organiser="company", start="2025-05-05T12:00", end="2025-05-05T18:00")
    assert plan(facts, _now())["P07"].status is Status.REQUIRED


def test_an_old_fee_comes_with_its_year(planned):
    """Last year's price is told as last year's, never as today's."""
    fee = planned(peak=200)["P01"].fee
    assert "€50 in 2025" in fee
    assert "today's price is not in our table" in fee


def test_a_fee_within_its_dates_is_told_as_it_is(planned):
    """A price checked for the day of the event stands alone."""
    fee = planned(start="2026-12-12T12:00", end="2026-12-12T18:00", film=True)["P40"].fee
    assert "€170." in fee
    assert "not in our table" not in fee


def test_a_city_shows_its_own_prices(planned):
    """Helsinki's land prices are told in Helsinki, Vantaa's in Vantaa, and Espoo's are not known."""
    fees = {
        city: planned(city=city, restricts_area=True)["P03"].fee
        for city in ("helsinki", "espoo", "vantaa")
    }
    assert "€6000 in 2019" in fees["helsinki"]
    assert "Vantaa" not in fees["helsinki"]
    assert "€210 in 2021" in fees["vantaa"]
    assert "€" not in fees["espoo"]


def test_every_duty_in_the_plan_has_its_papers(planned):
    """Authority, basis, source, place to file and a reason, in every language."""
    for locale in LOCALES:
        for duty in planned(locale=locale, **CONCERT).duties:
            for text in (duty.name, duty.authority, duty.basis, duty.where, duty.fee, duty.source):
                assert text.strip(), duty.id
            assert duty.because, duty.id
            assert duty.owner == register()[duty.id].owner


@st.composite
def any_event(draw):
    """Draw complete facts of any event, however odd."""
    facts = {}
    for name, fact in FACTS.items():
        if fact.values:
            one = st.sampled_from(fact.values)
            facts[name] = draw(st.lists(one, unique=True) if fact.type == "set" else one)
        elif fact.type == "bool":
            facts[name] = draw(st.booleans())
        elif fact.type == "count":
            facts[name] = draw(st.integers(0, 12_000))
    start = draw(st.datetimes(datetime(2026, 3, 1), datetime(2098, 1, 1)))
    hours = st.integers(1, 80).map(lambda length: timedelta(hours=length))
    moments = {"start": start, "end": start + draw(hours), "sound_starts": start - draw(hours)}
    moments["fireworks_at"] = start + draw(hours)
    # Noon, so that no drawn time is one that the clocks skip.
    return facts | {
        name: moment.replace(hour=12 if name != "end" else 23).isoformat()
        for name, moment in moments.items()
    }


@settings(max_examples=60, deadline=None)
@given(any_event(), st.sampled_from(LOCALES))
def test_any_complete_event_has_a_whole_plan(facts, locale):
    """Every event gets sixty decided duties with words, dates in order, and no more questions."""
    result = plan(facts, _now(), locale=locale)
    assert len(result.duties) == 60
    assert (result.next_question, result.checklist) == (None, ())
    for duty in result.duties:
        assert duty.status is not Status.OPEN
        assert not duty.missing
        assert all(reason.strip() and "{" not in reason for reason in duty.because)
        if duty.hard:
            assert duty.file_by <= duty.hard.date()


@settings(max_examples=40, deadline=None)
@given(any_event(), st.integers(0, 12_000))
def test_more_people_never_make_the_plan_shorter(facts, more):
    """With more people at once every duty of the smaller event is still there."""
    small = plan(facts, _now())
    large = plan(facts | {"peak": facts["peak"] + more}, _now())
    rank = {Status.NOT_REQUIRED: 0, Status.ASK: 1, Status.REQUIRED: 2}
    for before, after in zip(small.duties, large.duties, strict=True):
        assert rank[before.status] <= rank[after.status], before.id


@settings(max_examples=40, deadline=None)
@given(any_event(), st.sets(st.sampled_from(sorted(FACTS))))
def test_leaving_facts_out_never_decides(facts, left_out):
    """What is not told opens duties; it never settles one another way.

    The moments of the sound and the fireworks are the exception: the start stands for them.
    """
    told = {
        name: value
        for name, value in facts.items()
        if name not in left_out - {"sound_starts", "fireworks_at"}
    }
    whole, part = plan(facts, _now()), plan(told, _now())
    for known, unknown in zip(whole.duties, part.duties, strict=True):
        assert unknown.status in (known.status, Status.OPEN), known.id
        if unknown.status is known.status and unknown.hard:
            assert unknown.hard == known.hard or set(unknown.missing), known.id


def test_planning_takes_less_than_five_milliseconds(facts_for):
    """The median of fifty plans, texts and all, in processor time: other programs do not count."""
    facts, now = read_facts(facts_for(**CONCERT)), _now()
    plan(facts, now)  # The first one reads the texts.
    times = []
    for _ in range(50):
        began = time.process_time()
        plan(facts, now)
        times.append(time.process_time() - began)
    assert sorted(times)[25] < 0.005
