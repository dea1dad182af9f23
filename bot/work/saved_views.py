"""Choices of filters that people keep under a name; leads may give theirs to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from bot.cleaning import cleaned
from bot.errors import NotFound, NothingToDo
from bot.models import SavedView
from bot.people.policy import Act, may

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff
    from bot.work.ticket_list import Filters

LONGEST_NAME = 60
# More than anybody can find their way in.
MOST_VIEWS = 30


async def seen_by(session: AsyncSession, staff: Staff) -> Sequence[SavedView]:
    """Return a person's own views and the shared ones, by name."""
    query = (
        select(SavedView)
        .where(or_(SavedView.staff_id == staff.id, SavedView.is_shared))
        .order_by(SavedView.name, SavedView.id)
    )
    return (await session.scalars(query)).all()


async def save(
    session: AsyncSession, staff: Staff, name: str, filters: Filters, *, is_shared: bool
) -> SavedView:
    """Keep filters under a name; an own view of that name is replaced. Only leads share.

    Raises:
        TextMissing, TextTooLong: The name.
        NothingToDo: There are too many already, or the filters are too long to keep.
    """
    name = " ".join(cleaned(name, LONGEST_NAME).split())
    query = filters.address(page="")
    if len(query) > SavedView.query.type.length:
        raise NothingToDo
    own = select(SavedView).where(SavedView.staff_id == staff.id)
    found = (await session.scalars(own.where(SavedView.name == name))).first()
    if found is None:
        count = select(func.count()).select_from(own.subquery())
        if (await session.scalar(count) or 0) >= MOST_VIEWS:
            raise NothingToDo
        found = SavedView(staff_id=staff.id, name=name)
        session.add(found)
    found.query = query
    found.is_shared = is_shared and may(staff, Act.ASSIGN)
    return found


async def delete(session: AsyncSession, staff: Staff, id_: int) -> None:
    """Delete an own view; leads may delete shared ones of others.

    Raises:
        NotFound: There is none that this person may delete.
    """
    found = await session.get(SavedView, id_)
    if found is None or not (
        found.staff_id == staff.id or (found.is_shared and may(staff, Act.ASSIGN))
    ):
        raise NotFound(str(id_))
    await session.delete(found)
