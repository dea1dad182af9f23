"""People: children, accessibility, and telling the town about the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.case import Case


def child_protection(case: Case) -> Ruling:
    """An organiser who has helpers look after children says beforehand how they are chosen."""
    return Ruling(required=case.children_activities & ~case.is_family_party)


def accessibility(case: Case) -> Ruling:
    """An event open to the public can be entered and used by everyone."""
    return Ruling(required=case.is_public_event)


def signs(case: Case) -> Ruling:
    """Signs and advertisements outside the event's own area need leave from the road's keeper."""
    on_state_road = case.street_traffic.has_any("state_road") | case.place.is_in("state_road")
    return Ruling(
        required=case.signs_outside_area,
        recommended="state-road-early" if on_state_road.is_yes else "signs-early",
    )


def event_calendar(case: Case) -> Ruling:
    """The town's calendar takes every public event, and nobody has to put theirs in."""
    return Ruling(exempt=case.is_public_event)


RULES: dict[str, Rule] = {
    "P57": child_protection,
    "P58": accessibility,
    "P59": signs,
    "P60": event_calendar,
}
