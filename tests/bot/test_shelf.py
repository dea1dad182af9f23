"""The book on its shelf: changes are taken up, faulty ones refused as a whole, days pass."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot import shelf as shelves
from bot.settings import Settings
from bot.shelf import Shelf
from tests.faq.test_book import ENTRY, QUEUES, WORDS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small book, in a folder of its own with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(shelves, "LOOK_SECONDS", 0.05)
    content = tmp_path / "content"
    for locale in ("fi", "sv", "en"):
        (content / locale).mkdir(parents=True)
        (content / locale / "topic.yaml").write_text(WORDS)
    (content / "entries.yaml").write_text(ENTRY)
    (content / "queues.yaml").write_text(QUEUES)
    return content


@pytest.fixture
async def shelf(folder, clock):
    """The shelf, being watched."""
    built = Shelf(replace(Settings(), content_dir=folder), clock)
    watching = asyncio.create_task(built.watch())
    yield built
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def until(holds):
    """Wait until it holds."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)


def answer(shelf):
    return shelf().book.entries["print"].texts["en"].answer


async def test_a_change_is_taken_up(folder, shelf):
    """A saved answer is given without a restart, and what the matcher finds follows."""
    before = shelf()
    (folder / "en" / "topic.yaml").write_text(WORDS.replace("library", "town hall"))
    await until(lambda: "town hall" in answer(shelf))
    assert shelf.faults == ()
    assert "library" in before.book.entries["print"].texts["en"].answer
    assert shelf().matcher.match("where can i print").candidates[0].entry == "print"


async def test_a_faulty_change_is_refused_as_a_whole(folder, shelf):
    """With any fault the old book stays, the faults are told, and mending them is enough."""
    (folder / "en" / "topic.yaml").write_text(WORDS.replace("library", "town hall"))
    (folder / "fi" / "topic.yaml").write_text("print: {}\n")
    await until(lambda: shelf.faults)
    assert any("fi/topic.yaml: print: question is missing" in fault for fault in shelf.faults)
    assert "library" in answer(shelf)
    (folder / "fi" / "topic.yaml").write_text(WORDS)
    await until(lambda: "town hall" in answer(shelf))
    assert shelf.faults == ()


async def test_a_guide_that_cannot_be_is_refused(folder, shelf):
    """What an entry tells the event guide is checked against the facts there are."""
    (folder / "entries.yaml").write_text(ENTRY.replace("}", ", guide: {beer: yes}}"))
    await until(lambda: shelf.faults)
    assert shelf.faults == ("entries.yaml: print: guide: beer: there is no such fact",)


async def test_a_folder_that_goes_away(folder, shelf):
    """While the files are gone the old book stays in use."""
    moved = folder.rename(folder.with_name("moved"))
    await until(lambda: shelf.faults)
    assert "library" in answer(shelf)
    moved.rename(folder)
    await until(lambda: not shelf.faults)


async def test_the_looking_survives(folder, shelf, monkeypatch):
    """An error while looking is logged, and the next change is taken up."""
    real, failures = shelves._stamp, iter([OSError("odd")])

    def sometimes(path):
        for failure in failures:
            raise failure
        return real(path)

    monkeypatch.setattr(shelves, "_stamp", sometimes)
    (folder / "en" / "topic.yaml").write_text(WORDS.replace("library", "town hall"))
    await until(lambda: "town hall" in answer(shelf))


def test_the_day_changes_in_finland(folder, clock):
    """The town knows the day it is in Helsinki."""
    shelf = Shelf(replace(Settings(), content_dir=folder), clock)
    clock.set(datetime(2026, 12, 31, 21, 59, tzinfo=UTC))
    assert shelf().today == date(2026, 12, 31)
    clock.pass_(seconds=120)
    assert shelf().today == date(2027, 1, 1)
