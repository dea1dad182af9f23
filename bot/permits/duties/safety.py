"""Safety: the rescue plan and what belongs to it, fire and fireworks, safety records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.answers import any_of
from bot.permits.ruling import Note, Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.answers import Answer
    from bot.permits.case import Case


def rescue_plan(case: Case) -> Ruling:
    """A rescue plan is due from a crowd at once, or for fire, odd exits or special danger.

    Private events too. A grill that cannot set the ground alight is no open fire, and a family's
    own rockets do not call for a plan. A demonstration never needs one for its size alone; from
    that size on it is told to get in touch.
    """
    crowd = case.peak.at_least("rescue-plan-people")
    causes = any_of(
        case.fire.has_any("open_fire", "fire_show", "fireworks_show", "stage_effects"),
        _rockets_for_an_audience(case),
        case.exits_differ,
        case.special_group,
    )
    required = causes | (crowd & ~case.is_meeting)
    # Who is only told to get in touch has no limit to miss.
    return Ruling(
        required=required,
        ask=crowd & case.is_meeting,
        hard="" if required.is_no else "rescue-plan",
    )


def consumer_service_records(case: Case) -> Ruling:
    """A business, or an association serving others than its members, keeps safety records."""
    serves_others = case.organiser.is_in("company") | (
        case.organiser.is_in("association") & case.is_public_event
    )
    return Ruling(required=serves_others & ~case.is_meeting)


def special_effects_notice(case: Case) -> Ruling:
    """Pyrotechnics or hazardous chemicals as effects, at a public event or meeting."""
    return Ruling(
        required=case.fire.has_any("stage_effects") & ~case.is_private,
        hard="special-effects",
    )


def fireworks_show_notice(case: Case) -> Ruling:
    """A fireworks show, or shop-bought rockets anywhere but at a private person's own party."""
    return Ruling(
        required=case.fire.has_any("fireworks_show") | _rockets_for_an_audience(case),
        hard="fireworks-show",
    )


def private_fireworks_notice(case: Case) -> Ruling:
    """Shop-bought rockets at a private person's own party, outside New Year's night."""
    own_rockets = case.fire.has_any("fireworks_f2_f3").then(case.is_family_party)
    hour_is_open = own_rockets.is_yes and case.firework_hour_matters
    return Ruling(
        required=own_rockets.then(~case.fires_in_free_window),
        exempt=own_rockets & case.fires_in_free_window,
        hard="private-fireworks",
        hangs_on=("fireworks_at",) if hour_is_open else (),
        notes=(Note("fireworks-assumed"),) if hour_is_open else (),
    )


def open_fire(case: Case) -> Ruling:
    """A fire that can spread over the ground or by sparks needs the owner's leave and a plan."""
    return Ruling(required=case.fire.has_any("open_fire"), hard="rescue-plan")


def fire_show(case: Case) -> Ruling:
    """A fire performance counts as open fire and belongs in the rescue plan."""
    return Ruling(required=case.fire.has_any("fire_show"), hard="rescue-plan")


def gas_bottles(case: Case) -> Ruling:
    """Gas bottles at the stalls of a public event, or wherever a rescue plan is due."""
    has_plan = case.is_public_event | rescue_plan(case).required
    return Ruling(required=case.fire.has_any("lpg").then(has_plan))


def temporary_lodging(case: Case) -> Ruling:
    """People sleeping where it is not approved: a plan from a number on, below it rescue says."""
    return Ruling(
        required=case.overnight_guests.at_least("lodging-plan-people"),
        ask=case.overnight_guests.is_any,
        recommended="lodging-early",
    )


def first_aid(case: Case) -> Ruling:
    """First aid is a part of the rescue plan."""
    plan = rescue_plan(case)
    return Ruling(required=plan.required, ask=plan.ask)


def sports_safety_plan(case: Case) -> Ruling:
    """Football and the like under the European convention: the police say whether it is one.

    No fact tells which sport it is, so a crowd on a sports ground is enough to ask.
    """
    crowd = case.peak.at_least("rescue-plan-people")
    on_sports_ground = case.place.is_in("beach_or_sports")
    return Ruling(ask=case.is_public_event & on_sports_ground & crowd)


def _rockets_for_an_audience(case: Case) -> Answer:
    return case.fire.has_any("fireworks_f2_f3").then(~case.is_family_party)


RULES: dict[str, Rule] = {
    "P06": rescue_plan,
    "P07": consumer_service_records,
    "P08": special_effects_notice,
    "P09": fireworks_show_notice,
    "P10": private_fireworks_notice,
    "P11": open_fire,
    "P12": fire_show,
    "P13": gas_bottles,
    "P14": temporary_lodging,
    "P16": first_aid,
    "P18": sports_safety_plan,
}
