"""The numbers: the page for leads, the same for programs, open statistics, the AI register's entry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from bot import districts, topics
from bot.counts import exports, register, report
from bot.counts.numbers import Period, Waiting, of, read_period, share
from bot.counts.register import minutes
from bot.errors import NotAllowed, NotFound
from bot.people.policy import Act, may
from bot.texts import ZONE, texts
from handlers.access.rights import needs, noted
from handlers.keys import CLOCK, DATABASE, NOTED, TOWN
from handlers.middleware import bad_request, locale_of
from handlers.pages import page
from handlers.staff.charts import Bar, lying, standing
from handlers.staff.common import allowed
from handlers.staff_api import staff_behind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from markupsafe import Markup

    from bot.counts.numbers import Row, Table
    from bot.counts.report import Report
    from bot.texts import Texts
    from faq.book import Book

ROUTES = web.RouteTableDef()
_KINDS = ("week", "month", "quarter", "year")
# A report costs the database up to a second for each month, so that it is kept for a while.
_FRESH_WHEN_ENDED = timedelta(minutes=10)
_FRESH = timedelta(minutes=1)
REPORTS = web.AppKey("REPORTS", dict[str, "tuple[datetime, Report]"])
MAKING = web.AppKey("MAKING", asyncio.Lock)
_MOST_KEPT = 24


def prepare(app: web.Application) -> None:
    """Give the application what reports are kept in."""
    app[REPORTS] = {}
    app[MAKING] = asyncio.Lock()


@ROUTES.get("/staff/numbers")
@needs(Act.SEE_NUMBERS)
async def numbers_page(request: web.Request) -> web.Response:
    """Return the numbers of a period with charts, and a table under each."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.SEE_NUMBERS)
    town, words, period = request.app[TOWN](), texts(me.locale), _asked(request)
    found = await _report(request.app, period)
    return page(
        request,
        "staff_numbers.html",
        me.locale,
        me=me,
        report=found,
        period=period,
        title=period_title(period, words),
        kinds=[(kind, of(kind, period.first)) for kind in _KINDS],
        kind_names=_kind_names(words),
        part_names=part_names(words),
        sections=[_section(found, name, town.book, words) for name in report.DIMENSIONS],
        districts=_districts(found, town.id, words),
        equality=_equality(found, town.book, words),
        not_found=_not_found(found, town.book, words),
        shown=lambda value: _number(value, words),
        spread=lambda pair: _times(pair, words),
        share=share,
    )


@ROUTES.get("/staff/numbers.{form:csv|json}")
@noted("exported")
@needs(Act.SEE_NUMBERS)
async def numbers_file(request: web.Request) -> web.Response:
    """Return the numbers of a period as a file."""
    async with request.app[DATABASE].read() as session:
        await allowed(request, session, Act.SEE_NUMBERS)
    period = _asked(request)
    request[NOTED] = f"{request.path} {period.name}"
    found = await _report(request.app, period)
    if request.match_info["form"] == "csv":
        return _csv(found)
    return _as_file(
        web.json_response(exports.as_json(found, request.app[TOWN]().id)), found, "json"
    )


@ROUTES.get("/api/v1/staff/numbers")
@noted("exported")
@needs(Act.SEE_NUMBERS)
async def numbers(request: web.Request) -> web.Response:
    """Return the numbers of a period."""
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        if not may(staff, Act.SEE_NUMBERS):
            raise NotAllowed(Act.SEE_NUMBERS)
    named, period = request.query.get("period", ""), _asked(request)
    if named and period.name != named:
        _ = texts(staff.locale).gettext
        raise bad_request(_("A period is such as 2026-W47, 2026-11, 2026-Q4 or 2026."))
    request[NOTED] = f"{request.path} {period.name}"
    found = await _report(request.app, period)
    return web.json_response(exports.as_json(found, request.app[TOWN]().id))


@ROUTES.get("/api/v1/open/statistics")
async def open_statistics(request: web.Request) -> web.Response:
    """Return a whole month's numbers to anybody."""
    found = await _open_report(request)
    return web.json_response(exports.as_json(found, request.app[TOWN]().id))


@ROUTES.get("/open/statistics.csv")
async def open_statistics_file(request: web.Request) -> web.Response:
    """Return a whole month's numbers to anybody, as a file."""
    return _csv(await _open_report(request))


@ROUTES.get("/api/v1/open/ai-register")
async def register_entry(request: web.Request) -> web.Response:
    """Return the AI register's entry in every language."""
    return web.json_response(register.as_json(request.app[TOWN](), await _open_report(request)))


@ROUTES.get("/open/ai-register")
async def register_page(request: web.Request) -> web.Response:
    """Return the AI register's entry, and where the open statistics are."""
    town, locale = request.app[TOWN](), locale_of(request)
    found = await _open_report(request)
    months = [found.period]
    for _n in range(11):
        months.append(months[-1].before)
    return page(
        request,
        "open_register.html",
        locale,
        town=town.name(locale),
        parts=register.entry(town, found, locale),
        months=[(month.name, period_title(month, texts(locale))) for month in months],
    )


async def _open_report(request: web.Request) -> Report:
    """Return the report of the month that is asked for, or of the newest whole one.

    Raises:
        NotFound: It is no month, or one that has not ended.
    """
    app, now = request.app, request.app[CLOCK]()
    newest = of("month", now.astimezone(ZONE).date()).before
    asked = request.query.get("month")
    period = newest if asked is None else read_period(asked)
    # Months only: from a year and eleven months the twelfth could be worked out.
    if period is None or period.kind != "month" or period.last > newest.last:
        raise NotFound(asked)
    return await _report(app, period)


async def _report(app: web.Application, period: Period) -> Report:
    """Return a period's report, made at most once in a while, and one at a time."""
    now, kept = app[CLOCK](), app[REPORTS]
    has_ended = period.last < now.astimezone(ZONE).date()
    async with app[MAKING]:
        made_at, found = kept.get(period.name, (None, None))
        fresh = _FRESH_WHEN_ENDED if has_ended else _FRESH
        if found is None or made_at is None or now - made_at > fresh:
            async with app[DATABASE].read() as session:
                found = await report.made(session, period, app[TOWN](), now)
            kept.pop(period.name, None)
            kept[period.name] = (now, found)
            while len(kept) > _MOST_KEPT:
                del kept[next(iter(kept))]
    return found


def _asked(request: web.Request) -> Period:
    """Return the period in the address; this month when there is none or it names nothing."""
    today = request.app[CLOCK]().astimezone(ZONE).date()
    return read_period(request.query.get("period", "")) or of("month", today)


def _csv(found: Report) -> web.Response:
    response = web.Response(text=exports.as_csv(found), content_type="text/csv", charset="utf-8")
    return _as_file(response, found, "csv")


def _as_file(response: web.Response, found: Report, form: str) -> web.Response:
    name = f"neuvokas-{found.period.name}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def period_title(period: Period, words: Texts) -> str:
    """Return a period's name as people say it."""
    _ = words.gettext
    year = period.first.year
    if period.kind == "week":
        return _("Week {number}, {first} – {last}").format(
            number=int(period.name[6:]),
            first=words.date(period.first),
            last=words.date(period.last),
        )
    if period.kind == "quarter":
        return _("Quarter {number} of {year}").format(number=period.name[6:], year=year)
    return words.month(period.first) if period.kind == "month" else str(year)


def _kind_names(words: Texts) -> dict[str, str]:
    _ = words.gettext
    return {"week": _("Week"), "month": _("Month"), "quarter": _("Quarter"), "year": _("Year")}


def part_names(words: Texts) -> dict[str, str]:
    """Return what stands above the columns of what came of questions."""
    _ = words.gettext
    return {
        "confirmed": _("Helped (said so)"),
        "assumed": _("Answered, nothing said"),
        "wrong": _("Did not help, or was wrong"),
        "passed_on": _("Asked a person after it"),
        "not_found": _("Not found"),
        "otherwise": _("Other"),
    }


@dataclass(frozen=True)
class Section:
    """One dimension on the page: a chart, and the table under it."""

    id: str
    title: str
    chart: Markup
    table: Table
    waits: Mapping[str, Waiting]
    labels: Mapping[str, str]


def _section(found: Report, dimension: str, book: Book, words: Texts) -> Section:
    _ = words.gettext
    table = found.questions[dimension]
    labels = {name: _label(dimension, name, book, words) for name in table.rows}
    is_ordered = dimension in {"day", "hour"}
    rows = list(table.rows.items())
    if not is_ordered:
        rows.sort(key=lambda item: -(item[1].total or 0))
    if dimension == "topic":
        # Where nothing was asked there is nothing to see.
        rows = [(name, row) for name, row in rows if row.total != 0]
    bars = [
        Bar(
            labels[name] if not is_ordered else _short(dimension, name, words),
            row.total,
            _number(row.total, words),
        )
        for name, row in rows
    ]
    title = _titles(words)[dimension]
    about = _("Bars show how many questions there were. The same numbers are in the table below.")
    draw = standing if is_ordered else lying
    chart = draw(f"chart-{dimension}", title, about, bars)
    kept = type(table)(table.columns, dict(rows), table.total)
    waits = found.tickets[dimension]
    labels |= {name: _label(dimension, name, book, words) for name in waits}
    return Section(dimension, title, chart, kept, waits, labels)


def _districts(
    found: Report, town: str, words: Texts
) -> tuple[list[tuple[str, Waiting]], Markup] | None:
    """Return the tickets of each part of town and a chart of them; None where none is asked for."""
    _ = words.gettext
    known = districts.of_town(town)
    if not known:
        return None
    rows = [
        (known[name].names[words.locale] if name in known else name or _("Not said"), wait)
        for name, wait in found.tickets["district"].items()
    ]
    chart = lying(
        "chart-district",
        _("Questions to staff by part of town"),
        _("Bars show how many questions there were. The same numbers are in the table below."),
        [Bar(label, wait.tickets, _number(wait.tickets, words)) for label, wait in rows],
    )
    return rows, chart


def _titles(words: Texts) -> dict[str, str]:
    _ = words.gettext
    return {
        "day": _("Questions by day"),
        "hour": _("Questions by hour of the day"),
        "topic": _("Questions by topic"),
        "queue": _("Questions by queue"),
        "language": _("Questions by language"),
        "channel": _("Questions by channel"),
        "easy_language": _("Easy and ordinary language"),
    }


def _label(dimension: str, name: str, book: Book, words: Texts) -> str:
    _ = words.gettext
    if not name:
        return _("Not known")
    if dimension == "day":
        return words.date(_day(name))
    if dimension == "hour":
        return _("{hour}:00–{hour}:59").format(hour=name)
    if dimension == "topic":
        return topics.title(name, words)
    if dimension == "queue":
        return book.queues[name].titles[words.locale] if name in book.queues else name
    if dimension == "language":
        return {"fi": _("Finnish"), "sv": _("Swedish"), "en": _("English")}.get(name, name)
    return {
        "web": _("Web chat"),
        "telegram": "Telegram",
        report.EASY: _("Easy language"),
        report.ORDINARY: _("Ordinary language"),
    }.get(name, name)


def _short(dimension: str, name: str, words: Texts) -> str:
    """Return a label for under a narrow bar."""
    if dimension == "hour":
        return name
    day = _day(name)
    return f"{day.day}/{day.month}" if words.locale == "en" else f"{day.day}.{day.month}."


def _day(name: str) -> date:
    return date.fromisoformat(name)


def _number(value: int | None, words: Texts) -> str:
    """Return a number, or that it is not given."""
    _ = words.gettext
    return _("not shown") if value is None else str(value)


def _times(pair: tuple[int, int] | None, words: Texts) -> str:
    return f"{minutes(pair[0], words)} / {minutes(pair[1], words)}" if pair else "–"


@dataclass(frozen=True)
class Equal:
    """One language or way of writing beside the others.

    Attributes:
        row: What came of its questions.
        waiting: How long its tickets waited.
        not_found: How many of its questions found no answer, in per cent.
    """

    label: str
    row: Row
    waiting: Waiting
    not_found: int | None


def _equality(found: Report, book: Book, words: Texts) -> tuple[list[Equal], Markup, list[str]]:
    """Return the rows to compare, a chart of their waiting, and what it comes to in words."""
    _ = words.gettext
    rows = []
    for dimension in ("language", "easy_language"):
        table = found.questions[dimension]
        at = table.columns.index("not_found")
        for name, row in table.rows.items():
            label = _label(dimension, name, book, words)
            wait = found.tickets[dimension].get(name, Waiting())
            rows.append(Equal(label, row, wait, share(row.parts[at], row.total)))
    bars = [
        Bar(
            row.label,
            row.waiting.reply[0] if row.waiting.reply else None,
            minutes(row.waiting.reply[0], words) if row.waiting.reply else _("too few to tell"),
        )
        for row in rows
    ]
    chart = lying(
        "chart-equality",
        _("How long half of the residents waited for the first reply"),
        _("Bars show minutes in opening hours. The same numbers are in the table below."),
        bars,
    )
    return rows, chart, _compared(found, book, words)


def _compared(found: Report, book: Book, words: Texts) -> list[str]:
    _ = words.gettext
    waits = found.tickets["language"]
    names = {name: _label("language", name, book, words) for name in waits}
    said = []
    finnish = waits["fi"].reply
    for name in ("sv", "en"):
        other = waits[name].reply
        if finnish and other:
            longer = other[0] - finnish[0]
            said.append(_difference(names[name], names["fi"], longer, words))
    easy, ordinary = (
        found.tickets["easy_language"][name].reply for name in (report.EASY, report.ORDINARY)
    )
    if easy and ordinary:
        said.append(
            _difference(_("Easy language"), _("Ordinary language"), easy[0] - ordinary[0], words)
        )
    return said or [_("There are too few questions to staff to compare how long they waited.")]


def _difference(one: str, other: str, longer: int, words: Texts) -> str:
    _ = words.gettext
    if longer > 0:
        text = _("{one} waits {time} longer than {other}.")
    elif longer < 0:
        text = _("{one} waits {time} less than {other}.")
    else:
        text = _("{one} waits as long as {other}.")
    return text.format(one=one, other=other, time=minutes(abs(longer), words))


def _not_found(
    found: Report, book: Book, words: Texts
) -> tuple[list[tuple[str, int, int | None]], Markup]:
    """Return the topics where help is asked and not found, most first, and a chart of them."""
    _ = words.gettext
    table = found.questions["topic"]
    at = table.columns.index("not_found")
    rows = sorted(
        (
            (
                _label("topic", name, book, words),
                row.parts[at] or 0,
                share(row.parts[at], row.total),
            )
            for name, row in table.rows.items()
            if row.parts[at]
        ),
        key=lambda row: -row[1],
    )
    chart = lying(
        "chart-not-found",
        _("Help asked and not found, by the nearest topic"),
        _("Bars show how many questions found no answer. The same numbers are in the table below."),
        [Bar(label, count, str(count)) for label, count, _share in rows],
    )
    return rows, chart
