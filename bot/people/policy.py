"""Who may do what: the one function that every page, API and button of staff asks."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.models import Role

if TYPE_CHECKING:
    from bot.models import Staff


class Act(StrEnum):
    """What staff do."""

    # With a ticket of a queue.
    READ = "read"
    CLAIM = "claim"
    RELEASE = "release"
    REPLY = "reply"
    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"
    TRANSFER = "transfer"
    MERGE = "merge"
    TAG = "tag"
    JUDGE = "judge"  # say that the bot answered wrongly, with the right entry
    PROPOSE = "propose"  # make a reply a proposal for the book
    BLOCK = "block"
    CORRECT_EVENT = "correct_event"
    RELEASE_OTHERS = "release_others"
    ASSIGN = "assign"  # give a ticket to somebody else
    REVIEW_BLOCKS = "review_blocks"
    # With the service.
    INVITE = "invite"
    MANAGE_QUEUES = "manage_queues"
    MANAGE_CANNED = "manage_canned"
    SEE_NUMBERS = "see_numbers"
    READ_BOOK = "read_book"
    EDIT_BOOK = "edit_book"
    SWITCH_OFF = "switch_off"  # the kill switch of automatic answers
    READ_AUDIT = "read_audit"
    MANAGE_SETTINGS = "manage_settings"


_DAILY = frozenset(
    {
        *(Act.READ, Act.CLAIM, Act.RELEASE, Act.REPLY, Act.CLOSE, Act.REOPEN, Act.NOTE),
        *(Act.TRANSFER, Act.MERGE, Act.TAG, Act.JUDGE, Act.PROPOSE, Act.BLOCK),
        *(Act.CORRECT_EVENT, Act.READ_BOOK),
    }
)
_BOOK = frozenset({Act.READ_BOOK, Act.EDIT_BOOK, Act.SWITCH_OFF})
_ADMINS_ONLY = frozenset({Act.READ_AUDIT, Act.MANAGE_SETTINGS})
_ACTS = {
    Role.STAFF: _DAILY,
    Role.LEAD: frozenset(Act) - _ADMINS_ONLY - {Act.EDIT_BOOK},
    Role.ADMIN: frozenset(Act),
    Role.EDITOR: _BOOK,
}


def may(staff: Staff, act: Act, queue: str | None = None) -> bool:
    """Return whether this member of staff may do this in this queue.

    Leads and admins work in every queue, staff in their own, editors in none. `queue` is None for
    acts outside queues.
    """
    if act not in _ACTS[Role(staff.role)]:
        return False
    return queue is None or staff.role != Role.STAFF or queue in staff.queues


def may_appoint(staff: Staff, role: Role) -> bool:
    """Return whether this member of staff may make, or send a new link to, somebody of a role.

    A link sets a password, so nobody may hand one out for more rights than their own.
    """
    return may(staff, Act.INVITE) and (role != Role.ADMIN or staff.role == Role.ADMIN)
