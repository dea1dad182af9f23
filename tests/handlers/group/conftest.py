"""The staff's group in Telegram, and the application that answers in it."""

from __future__ import annotations

import pytest

from tests.conftest import TOKEN, House, attach, settings_for


def opened(url, telegram, clock, town, groups, **values):
    """The application with these groups."""
    settings = settings_for(
        url, telegram_token=TOKEN, telegram_api_url=telegram.url, staff_group=groups, **values
    )
    built = House(settings, clock, town)
    attach(telegram, built)
    return built


@pytest.fixture
def group(telegram):
    """The staff's group, with topics, where the bot is an administrator."""
    return telegram.group("Neuvonta", forum=True)


@pytest.fixture
def limits():
    """How large files may be; what the settings say when nothing is given."""
    return {}


@pytest.fixture
async def desk(sqlite_url, telegram, group, clock, town, limits):
    """The application with one group for all queues, on SQLite."""
    async with opened(sqlite_url, telegram, clock, town, (("", group.id),), **limits) as built:
        yield built


@pytest.fixture
async def either_desk(database_url, telegram, group, clock, town, limits):
    """The application with one group for all queues, on each database."""
    async with opened(database_url, telegram, clock, town, (("", group.id),), **limits) as built:
        yield built
