"""The roof: builds the whole, and stops in reverse what it started in order."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot import events as told_events
from bot import jobs, learning
from bot import settings as environment
from bot.attachments import Files
from bot.counts import tallies
from bot.database import Database
from bot.files import FileStore
from bot.group import faults
from bot.group.desk import Groups
from bot.migrations import migrate
from bot.models import Channel
from bot.outbox import LEASE, Worker
from bot.people import audit, staff
from bot.people.oidc import Provider
from bot.service import ladder, queues
from bot.shelf import Shelf
from bot.switches import Watcher
from bot.work import pending, presence
from handlers import events, health, metrics, openapi, resident_api, staff_api, webchat, webhook
from handlers.access import gate, rights, sign_in, town_sign_in
from handlers.group.desk import Desk
from handlers.keys import CLOCK, DATABASE, FILES, SETTINGS, STOPPING, SWITCHES, TELEGRAM, TOWN
from handlers.middleware import AccessLogger, add_headers, errors, same_origin
from handlers.pages import STATIC
from handlers.staff import (
    account,
    audit_log,
    blocks,
    canned,
    console,
    event_desk,
    files,
    me,
    numbers,
    people,
    switches,
    ticket_list,
)
from handlers.staff import learning as learning_pages
from handlers.staff import queues as queue_pages
from handlers.telegram import Telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.outbox import Sender
    from bot.settings import Settings
    from bot.town import Town

log = logging.getLogger(__name__)

# What is done by the clock, the most urgent first.
JOBS: list[jobs.Job] = [
    jobs.Job("replies", pending.LOOK_SECONDS, pending.send_due),
    jobs.Job("reminders", 30, told_events.remind),
    ladder.JOB,
    jobs.Job("count messages", 10, tallies.gather),
    jobs.Job("count waits", 60, tallies.follow),
    jobs.Job("audit log", 3600, audit.log_head),
    jobs.Job("what has run out", 3600, staff.forget_expired),
    jobs.Job("presence", 15.0, presence.forget),
]
_SWEEP_SECONDS = 3_600.0
LARGEST_BODY = 256 * 1024


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def init_app(
    settings: Settings, clock: Callable[[], datetime] = now, town: Town | None = None
) -> web.Application:
    """Return the whole application, not yet started.

    Args:
        clock: The present moment, aware.
        town: When it is at hand already; else it is read from the settings' folder.

    Raises:
        BookError: The book of answers cannot be used.
    """
    settings = environment.with_secret_key(settings)
    app = web.Application(
        middlewares=[errors, same_origin, gate.rights], client_max_size=LARGEST_BODY
    )
    app[SETTINGS] = settings
    app[CLOCK] = clock
    shelf = Shelf(settings, clock, town)
    app[TOWN] = shelf
    app[DATABASE] = Database(settings.database_url, clock)
    numbers.prepare(app)
    app[SWITCHES] = Watcher(app[DATABASE], shelf.switch)
    app[STOPPING] = asyncio.Event()
    app[FILES] = Files(app[DATABASE], FileStore(settings.files_dir), settings.limits, clock)
    senders: dict[str, Sender] = {}
    if settings.telegram_token:
        channel = app[TELEGRAM] = Telegram(
            settings.telegram_token,
            settings.telegram_api_url,
            app[DATABASE],
            shelf,
            clock,
            partial(events.fetch, app),
            app[FILES].store,
            settings.limits,
        )
        groups = Groups.from_settings(settings)
        channel.desk = Desk(channel.bot, app[DATABASE], shelf, clock, groups, app[FILES])
        app[FILES].fetcher = channel
        senders[Channel.TELEGRAM] = channel
        app.add_routes(webhook.routes(app[TELEGRAM]))
        app.cleanup_ctx.extend([database, arranging, switched, telegram, deliveries(senders)])
        if groups.chats:
            app.cleanup_ctx.append(desk)
    else:
        app.cleanup_ctx.extend([database, arranging, switched])
        if settings.staff_group:
            log.warning("NEUVOKAS_STAFF_GROUP does nothing without NEUVOKAS_TELEGRAM_TOKEN")
    app.add_routes(
        [
            *webchat.ROUTES,
            *events.ROUTES,
            *resident_api.ROUTES,
            *sign_in.ROUTES,
            *ticket_list.ROUTES,
            *console.ROUTES,
            *event_desk.ROUTES,
            *canned.ROUTES,
            *blocks.ROUTES,
            *learning_pages.ROUTES,
            *files.ROUTES,
            *people.ROUTES,
            *queue_pages.ROUTES,
            *switches.ROUTES,
            *numbers.ROUTES,
            *me.ROUTES,
            *account.ROUTES,
            *town_sign_in.ROUTES,
            *audit_log.ROUTES,
            *staff_api.ROUTES,
            *openapi.ROUTES,
            *health.ROUTES,
            *metrics.ROUTES,
            web.static("/static", STATIC),
        ]
    )
    rights.check(app)
    if settings.oidc_issuer:
        app[town_sign_in.PROVIDER] = Provider(settings)
    app.cleanup_ctx.append(watching(shelf))
    app.cleanup_ctx.append(working)
    metrics.prepare(app)
    app.on_shutdown.append(end_streams)
    app.on_response_prepare.append(add_headers)
    return app


async def database(app: web.Application) -> AsyncIterator[None]:
    """Bring the tables up to date, and hear the nudges of other processes."""
    await migrate(app[DATABASE])
    await app[DATABASE].start()
    yield
    await app[DATABASE].stop()


async def arranging(app: web.Application) -> AsyncIterator[None]:
    """Lay what team leads set for the queues over the book, now and whenever it changes."""
    async with app[DATABASE].read() as session:
        app[TOWN].arrange(await queues.desk(session))
    task = asyncio.create_task(queues.follow(app[DATABASE], app[TOWN].arrange), name="queues")
    yield
    await _end(task)


async def switched(app: web.Application) -> AsyncIterator[None]:
    """Know what staff have switched off before anybody is answered, and go on hearing of it."""
    await app[SWITCHES].look()
    task = asyncio.create_task(app[SWITCHES].run(), name="switches")
    yield
    await _end(task)


async def telegram(app: web.Application) -> AsyncIterator[None]:
    """Serve Telegram: by webhook when the public address is known, else by polling."""
    settings = app[SETTINGS]
    hook = (
        (settings.public_url + webhook.PATH, webhook.secret_of(settings))
        if settings.public_url
        else None
    )
    serving = asyncio.create_task(app[TELEGRAM].serve(hook), name="telegram")
    yield
    await _end(serving)
    await app[TELEGRAM].stop()


async def desk(app: web.Application) -> AsyncIterator[None]:
    """Keep the staff's topics in Telegram up to date, and carry out what they write with files."""
    desk = app[TELEGRAM].desk
    works = {"desk": desk.topics.run, "desk files": desk.writings.run} if desk else {}
    tasks = [asyncio.create_task(run(), name=name) for name, run in works.items()]
    yield
    for task in tasks:
        await _end(task)


def deliveries(senders: dict[str, Sender]) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what delivers queued messages through these senders."""

    async def deliver(app: web.Application) -> AsyncIterator[None]:
        worker = Worker(app[DATABASE], senders, app[CLOCK])
        working = asyncio.create_task(worker.run(), name="outbox")
        yield
        worker.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(working, LEASE.total_seconds())

    return deliver


def watching(shelf: Shelf) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what takes up the editors' changes."""

    async def watch(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(shelf.watch(), name="book")
        yield
        await _end(task)

    return watch


async def working(app: web.Application) -> AsyncIterator[None]:
    """Do what is done by the clock."""
    # A trial learns the book anew and needs to know where it stands; a sweep, where the files lie.
    own = (
        jobs.Job("trials", 5, partial(learning.try_next, app[SETTINGS])),
        jobs.Job("files that are nobody's", _SWEEP_SECONDS, app[FILES].sweep),
    )
    groups = Groups.from_settings(app[SETTINGS])
    desks = (faults.job(groups),) if groups.chats and TELEGRAM in app else ()
    task = asyncio.create_task(
        jobs.run([*JOBS, *own, *desks], app[DATABASE], app[TOWN], app[CLOCK]), name="jobs"
    )
    yield
    await _end(task)


async def end_streams(app: web.Application) -> None:
    """Let pages that listen go, so that stopping need not wait for them."""
    app[STOPPING].set()
    app[DATABASE].nudges.publish_all()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _settle_memory(_app: web.Application) -> None:
    """Spare the garbage collector the book and the matcher, which live as long as the process.

    Going through them takes a tenth of a second, in which nobody is answered. It also looks less
    often at what is new, since one message alone makes more objects than it waits for by itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def serve(settings: Settings, greeting: Callable[[web.Application], object] | None = None) -> None:
    """Serve until the process is told to stop.

    Args:
        greeting: Awaited with the started application, to say where it is.
    """
    app = init_app(settings)
    app.on_startup.append(_settle_memory)
    if greeting:
        app.on_startup.append(greeting)  # type: ignore[arg-type]
    web.run_app(
        app,
        host=settings.host,
        port=settings.port,
        access_log_class=AccessLogger,
        print=None,
        shutdown_timeout=10,
    )
