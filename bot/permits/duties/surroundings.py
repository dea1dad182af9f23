"""The surroundings: noise, hygiene, waste, cleaning, smoke, nature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.answers import any_of
from bot.permits.case import PUBLIC_PLACES
from bot.permits.dates import months_after
from bot.permits.ruling import Note, Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.answers import Answer
    from bot.permits.case import Case


def noise_notification(case: Case) -> Ruling:
    """Amplified sound outdoors is notified when it is late, long, a concert or for a crowd.

    Private events too, except the ordinary noise of a household. A small daytime loudspeaker
    needs nothing; between that and the evening, near homes, the city says. A demonstration may
    use loudspeakers, a concert at one is a concert.
    """
    disturbing = any_of(
        case.concert,
        case.goes_past_late_evening,
        case.lasts_several_days,
        case.peak.at_least("rescue-plan-people"),
    )
    at_home = case.is_family_party & case.place.is_in("own_yard", "housing_company")
    # With a crowd, or in a yard shared with neighbours, a household's noise is no longer ordinary.
    unusual_at_home = any_of(
        case.place.is_in("own_yard") & case.peak.at_least("rescue-plan-people"),
        case.place.is_in("housing_company") & disturbing,
    )
    is_grey = case.near_homes & (case.goes_past_early_evening | case.sound_at_night)
    required = case.amplified_outdoors.then(
        (case.is_meeting & case.concert) | (~case.is_meeting & ~at_home & disturbing)
    )
    ask = case.amplified_outdoors.then(
        (at_home & unusual_at_home) | (~at_home & ~case.is_meeting & is_grey)
    )
    is_concerned = required.is_yes or (required.is_no and ask.is_yes)
    sound_is_open = is_concerned and "sound_starts" not in case.facts
    return Ruling(
        required=required,
        ask=ask,
        hard="noise",
        counted_from="sound_starts",
        hangs_on=("sound_starts",) if is_concerned else (),
        notes=(Note("noise-neighbours"), *((Note("sound-assumed"),) if sound_is_open else ())),
    )


def toilets_and_hygiene(case: Case) -> Ruling:
    """A large public event has toilets by its size, and waste that harms nobody."""
    is_large = case.peak.more_than("large-event-people")
    notes = (_toilets(case.peak.value),) if case.peak.value and is_large.is_yes else ()
    return Ruling(required=case.is_public_event & is_large, notes=notes)


def large_event_health_notice(case: Case) -> Ruling:
    """Environmental health is told of a large public event; in Espoo of one with open food."""
    return Ruling(required=_is_large_for_the_city(case), recommended="large-event-health-early")


def waste_plan(case: Case) -> Ruling:
    """A large public event sends in a waste plan; in Espoo where open food is served or sold."""
    last_day, months = case.end or case.start, case.figure("waste-report")
    notes: tuple[Note, ...] = ()
    if last_day and months:
        report = months_after(last_day.date(), months.number)
        notes = (Note("waste-report", days=(("report", report),)),)
    return Ruling(required=_is_large_for_the_city(case), hard="waste-plan", notes=notes)


def cleaning(case: Case) -> Ruling:
    """Every organiser cleans up; at home and after a demonstration there is nothing to plan."""
    at_home = case.is_private & case.place.is_in("own_yard")
    return Ruling(required=~case.is_meeting & ~at_home)


def waste_water(case: Case) -> Ruling:
    """Waste water led into the sewer is agreed with the water company."""
    return Ruling(required=case.waste_water_to_sewer, recommended="waste-water-early")


def smoking_ban(case: Case) -> Ruling:
    """Nobody smokes where the audience of an outdoor public event stays, nor in a school's yard.

    In a tent on a square the audience is in a shelter, whatever one calls it; a house has its own
    ban.
    """
    outdoors = case.place.is_in("school", *PUBLIC_PLACES) | ~case.indoors
    return Ruling(required=case.is_public_event & outdoors)


def nature_area(case: Case) -> Ruling:
    """An event in nature is agreed with whoever looks after the area; a small picnic is free."""
    in_nature = case.place.is_in("nature_area")
    takes_room = case.structures.has_any() | case.restricts_area
    return Ruling(
        required=in_nature & (case.is_public_event | (case.is_private & takes_room)),
        ask=in_nature & case.is_meeting,
        recommended="nature-area-early",
    )


def _is_large_for_the_city(case: Case) -> Answer:
    is_large = case.is_public_event & case.peak.more_than("large-event-people")
    return is_large.then(~case.city.is_in("espoo") | case.unpacked_food)


def _toilets(people: int) -> Note:
    # Source: decree 405/2009, annex. Up to 750 five and four, up to 1 000 six and five, then one
    # more of each for every started 250; of all, one accessible for every started 1 000.
    more = max(0, -(-(people - 750) // 250))
    women, men, accessible = 5 + more, 4 + more, -(-people // 1000)
    return Note("toilets", (("women", women), ("men", men), ("accessible", accessible)))


RULES: dict[str, Rule] = {
    "P19": noise_notification,
    "P20": toilets_and_hygiene,
    "P21": large_event_health_notice,
    "P22": waste_plan,
    "P23": cleaning,
    "P24": waste_water,
    "P25": smoking_ban,
    "P26": nature_area,
}
