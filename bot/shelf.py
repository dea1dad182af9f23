"""Where the town's book stands while it serves: what editors and leads change is taken up without a restart."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from typing import TYPE_CHECKING

from bot.errors import SettingsError
from bot.service.routing import Desk
from bot.texts import ZONE
from bot.town import arranged, town_from
from bot.withheld import SwitchedOff
from faq.book import BookError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from bot.settings import Settings
    from bot.town import Town
    from faq.book import Queue

log = logging.getLogger(__name__)

# How often the book's folder is looked at. Editors save several files in a row, so that a change is
# taken up only when the next look finds nothing more.
LOOK_SECONDS = 2.0
# A folder's files as they are now: name, time of the last change and size of each.
_Stamp = frozenset[tuple[str, int, int]]


class Shelf:
    """Where the town's book stands: gives the town as it is now, and takes up what editors change.

    What team leads have set for the queues is laid over the book. A book with any fault is refused
    as a whole: the one before stays.

    Args:
        clock: The present moment, aware.
        town: When it is at hand already; else it is read from the settings' folder.

    Raises:
        BookError: The book of answers cannot be used.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], datetime], town: Town | None = None
    ) -> None:
        self._source = (settings.content_dir, settings.town, settings.encoder_dir)
        self._clock = clock
        self._stamp = _stamp(settings.content_dir)
        self._settings = settings
        self._desk = Desk()
        self._off = SwitchedOff()
        self._read = self._placed(town or town_from(*self._source))
        self._town = self._read
        # What is wrong with the files as they are now, while an older book stays in use.
        self.faults: tuple[str, ...] = ()

    def __call__(self) -> Town:
        """Return the town with its present book, as of today."""
        today = self._clock().astimezone(ZONE).date()
        if self._town.today != today:
            self._town = replace(self._town, today=today)
        return self._town

    @property
    def book_queues(self) -> Mapping[str, Queue]:
        """Return the queues as the book has them, by id, whatever leads have set."""
        return self._read.book.queues

    def arrange(self, desk: Desk) -> None:
        """Lay what team leads have set over the book."""
        if desk != self._desk:
            self._desk = desk
            self._town = arranged(self._read, desk)

    def switch(self, off: SwitchedOff) -> None:
        """Give answers without what is switched off from now on, also when the book changes."""
        self._off = off
        self._read = replace(self._read, off=off)
        self._town = replace(self._town, off=off)

    def _placed(self, town: Town) -> Town:
        """Return a town that knows where its pages are and what staff have switched off."""
        settings = self._settings
        return replace(
            town, base_url=settings.base_url, secret_key=settings.secret_key, off=self._off
        )

    async def watch(self) -> None:
        """Take up changes for as long as the process lives."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception as error:  # editors' files must never stop the service
                log.exception("the book could not be looked at: %s", type(error).__name__)

    async def _look(self) -> None:
        found = await asyncio.to_thread(_stamp, self._source[0])
        if found == self._stamp:
            return
        await asyncio.sleep(LOOK_SECONDS)
        # Still being written: the next look will find it whole.
        if await asyncio.to_thread(_stamp, self._source[0]) != found:
            return
        self._stamp = found
        self.faults = await _learn(*self._source)
        if self.faults:
            log.error("the changed book has faults, the old one stays:\n%s", "\n".join(self.faults))
            return
        self._read = self._placed(await asyncio.to_thread(town_from, *self._source))
        self._town = arranged(self._read, self._desk)
        log.info("the changed book is in use: %s entries", len(self._town.book.entries))


async def _learn(folder: Path, town: str, encoder_dir: Path | None) -> tuple[str, ...]:
    """Learn a book into the cache, in a process of its own; return what is wrong with it.

    Learning keeps a processor busy for many seconds, in which this one goes on answering.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        learning = asyncio.get_running_loop().run_in_executor(
            process, _faults, folder, town, encoder_dir
        )
        try:
            return await learning
        except BrokenProcessPool:
            return ("the process that learns the book was ended; save a file again to retry",)


def _faults(folder: Path, town: str, encoder_dir: Path | None) -> tuple[str, ...]:
    try:
        os.nice(10)
        town_from(folder, town, encoder_dir)
    except BookError as error:
        return tuple(map(str, error.faults))
    except SettingsError as error:
        return (str(error),)
    return ()


def _stamp(folder: Path) -> _Stamp:
    found = []
    for path in folder.rglob("*.yaml"):
        try:
            about = path.stat()
        except OSError:
            continue  # It went away between the two.
        found.append((str(path), about.st_mtime_ns, about.st_size))
    return frozenset(found)
