"""What a staff group in Telegram still needs before staff can work in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.models import Staff
from bot.people.policy import Act, may
from handlers.group.health import may_manage_topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession
    from telegram import Bot, Chat

    from bot.group.desk import Groups
    from bot.texts import Texts
    from bot.town import Town


async def report(
    bot: Bot, chat: Chat, groups: Groups, town: Town, session: AsyncSession, words: Texts
) -> str:
    """Return what is in order in a group and what is missing, a line for each."""
    _ = words.gettext
    lines = [_line(is_so, good, bad) for is_so, good, bad in await _findings(bot, chat, words)]
    queues = [queue for queue in town.book.queues if groups.of(queue) == str(chat.id)]
    if str(chat.id) not in groups.chats:
        setting = _("The operator sets NEUVOKAS_STAFF_GROUP={chat} and starts the service again.")
        return "\n".join([*lines, f"✗ {setting.format(chat=chat.id)}"])
    titles = ", ".join(town.book.queues[queue].titles[words.locale] for queue in queues)
    lines.append(
        _line(
            bool(queues),
            _("Queues answered here: {queues}").format(queues=titles),
            _("No queue is answered in this group: see NEUVOKAS_STAFF_GROUP."),
        )
    )
    nowhere = [queue for queue in town.book.queues.values() if groups.of(queue.id) is None]
    if nowhere:
        names = ", ".join(queue.titles[words.locale] for queue in nowhere)
        lines.append("✗ " + _("Queues without a group: {queues}").format(queues=names))
    everybody = (await session.scalars(select(Staff).order_by(Staff.name))).all()
    return "\n".join([*lines, _ties(everybody, queues, words)])


async def _findings(bot: Bot, chat: Chat, words: Texts) -> list[tuple[bool, str, str]]:
    """Return what Telegram says: whether it is in order, how that is said, and what to do if not."""
    _ = words.gettext
    try:
        me = await bot.get_me()
        known = await bot.get_chat(chat.id)
        member = await bot.get_chat_member(chat.id, me.id)
    except TelegramError as error:
        return [(False, "", _("Telegram reports an error: {error}").format(error=error.message))]
    is_admin = member.status == ChatMemberStatus.ADMINISTRATOR
    return [
        (
            known.type == ChatType.SUPERGROUP and bool(known.is_forum),
            _("The group has topics."),
            _("The group has no topics: switch them on in the group's settings."),
        ),
        (
            may_manage_topics(member),
            _("The bot may manage topics."),
            _("Make the bot an administrator with the right to manage topics."),
        ),
        (
            is_admin or bool(me.can_read_all_group_messages),
            _("The bot reads what is written here."),
            _("The bot does not read what is written here: make it an administrator."),
        ),
        (
            bool(me.supports_inline_queries),
            _("Type the bot's name to find canned responses."),
            _("For canned responses, send /setinline to BotFather."),
        ),
    ]


def _ties(everybody: Sequence[Staff], queues: Sequence[str], words: Texts) -> str:
    """Return the line about who can answer from here."""
    working = [
        person
        for person in everybody
        if _has_joined(person) and any(may(person, Act.REPLY, queue) for queue in queues)
    ]
    untied = [person.name for person in working if person.telegram_id is None]
    tied = len(working) - len(untied)
    said = words.ngettext(
        "{tied} of {count} member of staff has tied a Telegram account.",
        "{tied} of {count} members of staff have tied a Telegram account.",
        len(working),
    ).format(tied=tied, count=len(working))
    if untied:
        missing = words.gettext("Still missing: {names}").format(names=", ".join(untied))
        return f"✗ {said} {missing}"
    return f"✓ {said}"


def _has_joined(person: Staff) -> bool:
    """Return whether somebody uses their account: the invited and those cut off do not."""
    return person.is_active and bool(person.password_hash or person.town_account)


def _line(is_so: bool, good: str, bad: str) -> str:
    return f"✓ {good}" if is_so else f"✗ {bad}"
