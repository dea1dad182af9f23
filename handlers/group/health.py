"""Whether the staff's groups can be used: Telegram tells a bot little of what is done to it, so it asks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.group import faults
from bot.models import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from telegram import Bot, ChatFullInfo, ChatMember

    from bot.database import Database
    from bot.group.desk import Groups

log = logging.getLogger(__name__)

# What Telegram says, in posting and in changing topics (Source: its Bot API server's errors).
_SAID = {
    "not a forum": Fault.NO_TOPICS,
    "not enough rights": Fault.NO_RIGHTS,
    "have no rights": Fault.NO_RIGHTS,
    "need admin": Fault.NO_RIGHTS,
    "chat_admin_required": Fault.NO_RIGHTS,
    "chat_write_forbidden": Fault.NO_RIGHTS,
    "chat not found": Fault.OUT,
}
_AWAY = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.BANNED})


class Health:
    """Knows which groups cannot be used, and writes it down when that changes.

    Args:
        clock: The present moment, aware.
    """

    def __init__(
        self, bot: Bot, database: Database, clock: Callable[[], datetime], groups: Groups
    ) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._groups = groups

    async def look(self) -> None:
        """Ask Telegram how the bot stands in each group; while it cannot be asked, nothing changes."""
        for chat in sorted(self._groups.chats):
            try:
                fault = await self._found(int(chat))
            except TelegramError as error:
                log.info("group %s could not be looked at: %s", chat, type(error).__name__)
            else:
                await self._write_down(chat, fault)

    async def _found(self, chat: int) -> Fault | None:
        """Return what is wrong with a group; None when nothing is.

        Raises:
            TelegramError: That cannot be known now.
        """
        try:
            me = await self._bot.get_me()
            known = await self._bot.get_chat(chat)
            member = await self._bot.get_chat_member(chat, me.id)
        except TelegramError as error:
            fault = fault_in(error)
            if fault is None:
                raise
            return fault
        return _fault_of(known, member)

    async def failed(self, chat: str, error: TelegramError) -> None:
        """Take in that something could not be posted in a group."""
        fault = fault_in(error)
        if fault:
            await self._write_down(chat, fault)

    async def worked(self, chat: str) -> None:
        """Take in that a topic was made or changed in a group, which takes all that is needed."""
        await self._write_down(chat, None)

    async def _write_down(self, chat: str, fault: Fault | None) -> None:
        if chat not in self._groups.chats:
            return
        async with self._database.read() as session:
            # Looking first spares SQLite's only writer a transaction for each post.
            if await faults.is_marked(session, chat, fault):
                return
        async with self._database.write() as session:
            if fault:
                log.warning("the staff group %s cannot be used: %s", chat, fault)
                await faults.mark(session, chat, fault, self._clock())
            else:
                log.info("the staff group %s works again", chat)
                await faults.clear(session, chat, self._clock())


def fault_in(error: TelegramError) -> Fault | None:
    """Return what an error says about a whole group; None when it is about something else."""
    if isinstance(error, ChatMigrated):
        return Fault.MOVED
    if isinstance(error, Forbidden):
        return Fault.OUT
    if not isinstance(error, BadRequest):
        return None
    told = error.message.lower()
    return next((fault for sign, fault in _SAID.items() if sign in told), None)


def _fault_of(known: ChatFullInfo, member: ChatMember) -> Fault | None:
    if member.status in _AWAY:
        return Fault.OUT
    if known.type != ChatType.SUPERGROUP or not known.is_forum:
        return Fault.NO_TOPICS
    return None if may_manage_topics(member) else Fault.NO_RIGHTS


def may_manage_topics(member: ChatMember) -> bool:
    """Return whether a member of a group may make, name and close topics."""
    return bool(getattr(member, "can_manage_topics", False)) or (
        member.status == ChatMemberStatus.OWNER
    )
