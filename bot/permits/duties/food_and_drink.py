"""Food and drink: registering and reporting food sales, and serving alcohol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.answers import Answer
    from bot.permits.case import Case


def food_registration(case: Case) -> Ruling:
    """A new food business registers with its home municipality."""
    return Ruling(required=case.food.has_any("new_business"), hard="food-registration")


def mobile_food_notice(case: Case) -> Ruling:
    """Mobile food premises registered elsewhere tell the municipality where they sell."""
    return Ruling(required=case.food.has_any("mobile_from_elsewhere"), hard="mobile-food")


def small_sale(case: Case) -> Ruling:
    """Occasional, low-risk sale by private people, clubs and classes needs no filing."""
    return Ruling(exempt=case.food.has_any("hobby_small"))


def serving_licence(case: Case) -> Ruling:
    """Serving stronger drinks on ground that is not approved for it needs a licence."""
    return Ruling(
        required=_serves(case).then(case.serving_area.is_in("not_approved")),
        recommended="serving-licence-early",
    )


def serving_notice(case: Case) -> Ruling:
    """A licensed server in an approved area only gives notice."""
    return Ruling(
        required=_serves(case).then(case.serving_area.is_in("approved")),
        hard="serving-notice",
    )


def serving_area_approval(case: Case) -> Ruling:
    """An owner may have an area approved so that servers need only give notice; nobody must."""
    return Ruling(exempt=_serves(case) & case.serving_area.is_in("not_approved"))


def extended_serving(case: Case) -> Ruling:
    """Serving after the ordinary hours: a notice indoors, a licence outdoors.

    Four eve nights a year have longer ordinary hours.
    """
    after_hours = _serves(case).then(case.can_serve_after_hours.then(case.serving_after_0130))
    required = after_hours & ~case.ends_on_a_serving_eve
    return Ruling(
        required=required,
        hard="extended-serving" if case.indoors.is_yes else "",
        recommended="extended-serving-outdoors-early" if case.indoors.is_no else "",
        hangs_on=("indoors",) if required.is_yes else (),
    )


def no_own_drinks(case: Case) -> Ruling:
    """Nobody drinks their own alcohol at a public event, and the organiser may not allow it."""
    return Ruling(required=case.is_public_event)


def _serves(case: Case) -> Answer:
    return case.alcohol.is_in("served")


RULES: dict[str, Rule] = {
    "P27": food_registration,
    "P28": mobile_food_notice,
    "P29": small_sale,
    "P30": serving_licence,
    "P31": serving_notice,
    "P32": serving_area_approval,
    "P33": extended_serving,
    "P34": no_own_drinks,
}
