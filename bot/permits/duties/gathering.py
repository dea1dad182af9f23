"""The gathering and its place: what the police hear of, whose land it is, what they may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.answers import any_of
from bot.permits.case import PUBLIC_PLACES
from bot.permits.duties.safety import rescue_plan
from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.case import Case


def public_event_notice(case: Case) -> Ruling:
    """The police hear of a public event that needs measures for order, safety or traffic.

    The act spares few people doing something harmless in a suitable place. The police count as
    needing measures: several hundred people or any other cause for a rescue plan, going on late,
    stewards, serving alcohol, likely disturbance, special traffic arrangements. A restaurant's
    ordinary evening on its own premises needs none, whatever the hour or the drinks.
    """
    special_traffic = any_of(
        case.street_traffic.has_any(),
        case.place.is_in("state_road"),
        case.traffic_controllers,
    )
    needs_measures = any_of(
        case.alcohol.is_in("served"),
        case.goes_past_late_evening,
        case.special_group,
        case.stewards,
        rescue_plan(case).required,
    )
    in_restaurant = case.place.is_in("restaurant")
    # No source says how few is few: a street without traffic, or a crowd in the open, is theirs.
    in_doubt = any_of(
        case.place.is_in("city_street"),
        case.place.is_in(*PUBLIC_PLACES) & case.peak.at_least("police-crowd-people"),
        in_restaurant & case.special_group,
    )
    is_large = case.peak.more_than("large-event-people").is_yes
    return Ruling(
        required=case.is_public_event.then(special_traffic | (~in_restaurant & needs_measures)),
        ask=case.is_public_event.then(in_doubt),
        hard="public-event-notice",
        recommended="public-event-notice-large" if is_large else "public-event-notice-early",
    )


def public_meeting_notice(case: Case) -> Ruling:
    """The police hear of a demonstration or meeting outdoors in a public place.

    One person showing an opinion is no meeting. On private ground that is open to people it
    depends on the place, and the police say.
    """
    outdoors = case.is_meeting & case.peak.at_least("meeting-people") & ~case.indoors
    return Ruling(
        required=outdoors & case.place.is_in(*PUBLIC_PLACES),
        ask=outdoors & case.place.is_in("private_venue"),
        hard="public-meeting-notice",
    )


def area_permit(case: Case) -> Ruling:
    """The city lets out its land where an event limits others or brings structures.

    Not for a booked small-event spot, not for a demonstration on a street or square, and not in
    Helsinki for a private person's small party; with a tent or a crowd the city decides.
    """
    takes_room = case.is_on_city_land & (case.restricts_area | case.structures.has_any())
    in_helsinki = case.city.is_in("helsinki")
    helsinki_family = in_helsinki & case.is_family_party
    # Selling food or beer, or a concert, makes a demonstration more than a demonstration.
    more_than_meeting = any_of(
        case.food.has_any(), case.alcohol.is_in("low", "served"), case.concert
    )
    no_longer_small = case.structures.has_any() | case.peak.at_least("rescue-plan-people")
    return Ruling(
        required=takes_room & ~case.is_meeting & ~helsinki_family & ~varaamo_booking(case).required,
        ask=takes_room
        & ((helsinki_family & no_longer_small) | case.is_meeting.then(more_than_meeting)),
        recommended=_area_lead(case),
        authority=_area_authority(case),
    )


def varaamo_booking(case: Case) -> Ruling:
    """In Helsinki a booked small-event spot takes the place of the area permit.

    In its season, free of charge and open to all, within the limits of the spot.
    """
    spot = case.is_public_event & case.city.is_in("helsinki") & case.is_on_city_land
    within_limits = case.varaamo_spot.then(case.free_entry & case.in_varaamo_season)
    return Ruling(required=spot.then(within_limits))


def owners_consent(case: Case) -> Ruling:
    """Somebody else's place needs its owner's consent: a venue, a school, a housing company.

    City land has its own permit, and a school needs nobody's consent in its own house.
    """
    own_school = case.organiser.is_in("school")
    return Ruling(
        required=case.place.is_in("private_venue", "housing_company")
        | case.place.is_in("school").then(~own_school)
    )


def stewards(case: Case) -> Ruling:
    """Stewards are named in the notice to the police; where none is due, well before the event."""
    named_in_notice = public_event_notice(case).required.is_yes
    return Ruling(
        required=case.stewards,
        hard="stewards" if named_in_notice else "",
        recommended="stewards-early",
    )


def liability_insurance(case: Case) -> Ruling:
    """The police or the landowner may make insurance a condition of what they are asked for."""
    somebody_decides = public_event_notice(case).required.or_else(area_permit(case).required)
    return Ruling(ask=case.is_public_event.then(somebody_decides))


def _area_lead(case: Case) -> str:
    if case.city.is_in("espoo").is_yes:
        return "area-permit-espoo"
    if case.city.is_in("vantaa").is_yes:
        return "area-permit-vantaa"
    if case.peak.more_than("large-event-people").is_yes:
        return "area-permit-square"
    if case.peak.at_least("rescue-plan-people").is_yes:
        return "area-permit-large"
    return "area-permit-small"


def _area_authority(case: Case) -> str:
    if case.city.is_in("helsinki").is_yes:
        if case.place.is_in("beach_or_sports").is_yes:
            return "sports-grounds"
        if case.place.is_in("market_square").is_yes:
            return "market-squares"
    return "city-land"


RULES: dict[str, Rule] = {
    "P01": public_event_notice,
    "P02": public_meeting_notice,
    "P03": area_permit,
    "P04": varaamo_booking,
    "P05": owners_consent,
    "P15": stewards,
    "P17": liability_insurance,
}
