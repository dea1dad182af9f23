"""The duties: one small function for each, by subject, under the number it has in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.duties import (
    animals_air_water,
    food_and_drink,
    gathering,
    money,
    people,
    safety,
    structures,
    surroundings,
    traffic,
)

if TYPE_CHECKING:
    from bot.permits.ruling import Rule

RULES: dict[str, Rule] = dict(
    sorted(
        (
            gathering.RULES
            | safety.RULES
            | surroundings.RULES
            | food_and_drink.RULES
            | structures.RULES
            | traffic.RULES
            | money.RULES
            | animals_air_water.RULES
            | people.RULES
        ).items()
    )
)
