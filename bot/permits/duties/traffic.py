"""Traffic: closed streets, state roads, traffic controllers, public transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.case import Case


def street_closure(case: Case) -> Ruling:
    """Traffic on a city street is rearranged with the city, for a demonstration by the police."""
    is_long = case.peak.more_than("large-event-people").is_yes
    return Ruling(
        required=case.street_traffic.has_any("city_street") & ~case.is_meeting,
        recommended="street-long-early" if is_long else "street-early",
    )


def state_road(case: Case) -> Ruling:
    """An event on a state road, or touching its traffic, is agreed with the road's keeper."""
    on_road = case.street_traffic.has_any("state_road") | case.place.is_in("state_road")
    return Ruling(
        required=on_road & ~case.is_meeting,
        ask=on_road,
        recommended="state-road-early",
    )


def traffic_controllers(case: Case) -> Ruling:
    """People who direct traffic are appointed by the police."""
    return Ruling(required=case.traffic_controllers, recommended="traffic-controllers-early")


def public_transport(case: Case) -> Ruling:
    """Buses, trams, taxis and trains hear of an event that affects them or fills them."""
    affected = case.public_transport_affected | case.peak.more_than("train-people")
    return Ruling(
        required=affected & ~case.is_meeting,
        ask=affected,
        recommended="public-transport-early",
    )


RULES: dict[str, Rule] = {
    "P41": street_closure,
    "P42": state_road,
    "P43": traffic_controllers,
    "P44": public_transport,
}
