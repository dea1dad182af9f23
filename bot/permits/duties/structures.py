"""Structures and technics: tents and stages, power, lasers, radio microphones, film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.case import Case


def building_permit(case: Case) -> Ruling:
    """Event structures that stand longer than three months need a building permit.

    For fences and tables that stay so long no fact tells their size, so building control says.
    """
    stands_long = case.structure_days.more_than("structure-days")
    return Ruling(
        required=case.has_large_structure.then(stands_long),
        ask=case.structures.has_any().then(stands_long),
        recommended="building-permit-early",
    )


def structure_safety(case: Case) -> Ruling:
    """A tent, stage or stand has its papers on the spot."""
    return Ruling(required=case.has_large_structure)


def temporary_power(case: Case) -> Ruling:
    """Temporary electricity is installed and inspected by a licensed installer."""
    return Ruling(required=case.temporary_power, recommended="temporary-power-early")


def high_power_laser(case: Case) -> Ruling:
    """A strong laser where the public may be needs a licence; among guests the authority says."""
    return Ruling(
        required=case.high_power_laser & ~case.is_private,
        ask=case.high_power_laser,
        recommended="laser-early",
    )


def radio_microphones(case: Case) -> Ruling:
    """Wireless microphones on licensed bands need a radio licence."""
    return Ruling(required=case.radio_microphones, recommended="radio-early")


def film_screening(case: Case) -> Ruling:
    """A film shown to the public has its screening rights and its age limit."""
    return Ruling(required=case.film & ~case.is_private, recommended="film-early")


RULES: dict[str, Rule] = {
    "P35": building_permit,
    "P36": structure_safety,
    "P37": temporary_power,
    "P38": high_power_laser,
    "P39": radio_microphones,
    "P40": film_screening,
}
