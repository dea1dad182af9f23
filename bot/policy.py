"""Who may do what: the one function that every page, API and button of staff asks."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.models import Role

if TYPE_CHECKING:
    from bot.models import Staff


class Act(StrEnum):
    """What staff do."""

    READ = "read"
    CLAIM = "claim"
    RELEASE = "release"
    RELEASE_OTHERS = "release_others"
    REPLY = "reply"
    CLOSE = "close"
    INVITE = "invite"


_LEADS_ONLY = {Act.RELEASE_OTHERS, Act.INVITE}


def may(staff: Staff, act: Act, queue: str | None = None) -> bool:
    """Return whether this member of staff may do this in this queue.

    Leads and admins work in every queue; staff in their own. `queue` is None for acts outside queues.
    """
    if staff.role in {Role.LEAD, Role.ADMIN}:
        return True
    return act not in _LEADS_ONLY and (queue is None or queue in staff.queues)


def may_appoint(staff: Staff, role: Role) -> bool:
    """Return whether this member of staff may make, or send a new link to, somebody of a role.

    A link sets a password, so nobody may hand one out for more rights than their own.
    """
    return may(staff, Act.INVITE) and (role is not Role.ADMIN or staff.role == Role.ADMIN)
