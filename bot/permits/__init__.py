"""The event-permit guide: facts about an event in, every notice and permit with its dates out.

Pure: no database, no network, and nothing imported from the rest of the house.
"""

from bot.permits.decision import Decision, deciding, standing
from bot.permits.errors import FactProblem, FactsError, OutOfForceError
from bot.permits.facts import FACTS, Facts, read_facts
from bot.permits.plan import Plan, PlannedDuty, Status, plan
from bot.permits.wording import LOCALES, Wording, wording

__all__ = [
    "FACTS",
    "LOCALES",
    "Decision",
    "FactProblem",
    "Facts",
    "FactsError",
    "OutOfForceError",
    "Plan",
    "PlannedDuty",
    "Status",
    "Wording",
    "deciding",
    "plan",
    "read_facts",
    "standing",
    "wording",
]
