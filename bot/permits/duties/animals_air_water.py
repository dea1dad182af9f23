"""Animals, air and water: drones and air shows, motors on water and off the road, circuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.case import Case


def drone(case: Case) -> Ruling:
    """A drone show needs an authorisation; for filming the zone of the sky decides."""
    return Ruling(
        required=case.drone.is_in("show"),
        ask=case.drone.is_in("filming"),
        recommended="drone-show-early" if case.drone.is_in("show").is_yes else "",
    )


def air_show(case: Case) -> Ruling:
    """A flying display needs a licence."""
    return Ruling(required=case.air_show, recommended="air-show-early")


def flight_restriction(case: Case) -> Ruling:
    """The sky over a mass event can be closed; the police or the rescue services apply for it."""
    is_mass_event = case.peak.more_than("mass-event-people")
    return Ruling(ask=case.is_public_event & is_mass_event, recommended="flight-restriction-early")


def water_event(case: Case) -> Ruling:
    """A race or event with motor craft needs a permit for the water."""
    return Ruling(required=case.motor_boats, recommended="water-event-early")


def offroad_event(case: Case) -> Ruling:
    """A race or event with motor vehicles off the road needs a permit for the ground."""
    return Ruling(required=case.offroad_motors, recommended="offroad-early")


def animal_competition(case: Case) -> Ruling:
    """A competition that may strain animals unreasonably is notified."""
    return Ruling(required=case.animals.is_in("strenuous_competition"), hard="animal-competition")


def circus_animals(case: Case) -> Ruling:
    """Animals in a circus or a touring show need a licence; a circus without them does not."""
    return Ruling(required=case.animals.is_in("circus"), recommended="circus-early")


RULES: dict[str, Rule] = {
    "P50": drone,
    "P51": air_show,
    "P52": flight_restriction,
    "P53": water_event,
    "P54": offroad_event,
    "P55": animal_competition,
    "P56": circus_animals,
}
