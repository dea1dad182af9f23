"""What staff have typed and not sent, so that it is there again on another device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.models import Draft

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff

FIELDS = ("reply", "note")
# More than can be sent: too long a text is explained when it is sent, and must not be lost before.
LONGEST_DRAFT = 20_000


async def keep(
    session: AsyncSession, staff: Staff, ticket_id: int, field: str, text: str, now: datetime
) -> None:
    """Keep what was typed so far; nothing but blanks ends the draft."""
    text = text.replace("\0", "")[:LONGEST_DRAFT]
    found = await session.get(Draft, (ticket_id, staff.id, field))
    if not text.strip():
        if found:
            await session.delete(found)
        return
    if found is None:
        found = Draft(ticket_id=ticket_id, staff_id=staff.id, field=field)
        session.add(found)
    found.text, found.changed_at = text, now


async def drop(session: AsyncSession, staff: Staff, ticket_id: int, field: str) -> None:
    """End a draft because it was sent."""
    await session.execute(
        delete(Draft).where(
            Draft.ticket_id == ticket_id, Draft.staff_id == staff.id, Draft.field == field
        )
    )


async def of_ticket(session: AsyncSession, staff: Staff, ticket_id: int) -> dict[str, str]:
    """Return a person's drafts on a ticket: field → text, empty when there is none."""
    query = select(Draft).where(Draft.ticket_id == ticket_id, Draft.staff_id == staff.id)
    kept = {draft.field: draft.text for draft in await session.scalars(query)}
    return {field: kept.get(field, "") for field in FIELDS}
