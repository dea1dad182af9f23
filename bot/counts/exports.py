"""The numbers of a period as rows that anybody can read, with what each means; pure."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bot.counts.numbers import FEWEST
from bot.texts import LOCALES, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.counts.report import Report
    from bot.texts import Texts

SHOWN, LEFT_OUT = "shown", "left_out"
FIELDS = ("period", "dimension", "category", "measure", "value", "status")


@dataclass(frozen=True)
class Fact:
    """One number.

    Attributes:
        status: `shown`, or `left_out` when it stands for fewer than five people or would give such a number away.
    """

    period: str
    dimension: str
    category: str
    measure: str
    value: int | None
    status: str


def facts(report: Report) -> Iterator[Fact]:
    """Yield every number of a report, in a fixed order."""

    def fact(dimension: str, category: str, measure: str, value: int | None) -> Fact:
        status = LEFT_OUT if value is None else SHOWN
        return Fact(report.period.name, dimension, category, measure, value, status)

    yield fact("all", "all", "messages", report.messages)
    whole = report.all_questions
    yield fact("all", "all", "questions", whole.total.total)
    for measure, value in zip(whole.columns, whole.total.parts, strict=True):
        yield fact("all", "all", measure, value)
    for dimension, table in report.questions.items():
        for category, row in table.rows.items():
            yield fact(dimension, category or "none", "questions", row.total)
            for measure, value in zip(table.columns, row.parts, strict=True):
                yield fact(dimension, category or "none", measure, value)
    for dimension, waits in report.tickets.items():
        for category, wait in waits.items():
            name = category or "none"
            yield fact(dimension, name, "tickets", wait.tickets)
            if wait.tickets == 0:
                continue  # Nobody waited, so that there is no time to leave out.
            for kind, spread in (("reply", wait.reply), ("close", wait.close)):
                yield fact(dimension, name, f"{kind}_median", spread[0] if spread else None)
                yield fact(dimension, name, f"{kind}_ninth_tenth", spread[1] if spread else None)


def as_csv(report: Report) -> str:
    """Return the numbers as CSV with a line of names (RFC 4180)."""
    file = io.StringIO()
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    for fact in facts(report):
        writer.writerow({**asdict(fact), "value": "" if fact.value is None else fact.value})
    return file.getvalue()


def as_json(report: Report, town: str) -> dict[str, Any]:
    """Return the numbers with their dictionary."""
    return {
        "town": town,
        "period": report.period.name,
        "first_day": report.period.first.isoformat(),
        "last_day": report.period.last.isoformat(),
        "made_at": report.made_at.isoformat().replace("+00:00", "Z"),
        "fewest_people": FEWEST,
        "dictionary": dictionary(),
        "numbers": [
            {name: value for name, value in asdict(fact).items() if name != "period"}
            for fact in facts(report)
        ],
    }


def dictionary() -> dict[str, dict[str, dict[str, str]]]:
    """Return what each field, dimension and measure means, by language."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for locale in LOCALES:
        for kind, meanings in _meanings(texts(locale)).items():
            for name, meaning in meanings.items():
                found.setdefault(kind, {}).setdefault(name, {})[locale] = meaning
    return found


def _meanings(words: Texts) -> dict[str, dict[str, str]]:
    return {"fields": _fields(words), "dimensions": _dimensions(words), "measures": measures(words)}


def _fields(words: Texts) -> dict[str, str]:
    _ = words.gettext
    return {
        "period": _("Week, month, quarter or year of the calendar, in Finland's time."),
        "dimension": _("What the numbers are divided by; “all” when they are not divided."),
        "category": _("The part of the dimension; “none” when it is not known."),
        "measure": _("What is counted or measured."),
        "value": _("The number; empty when it is left out."),
        "status": _(
            "“shown”, or “left_out” when the number stands for fewer than five people or would let"
            " such a number be worked out, or when there is nothing to measure."
        ),
    }


def _dimensions(words: Texts) -> dict[str, str]:
    _ = words.gettext
    return {
        "day": _("The day, ISO 8601."),
        "hour": _("The hour of the day, 0 to 23."),
        "topic": _("The topic of the answer, or of the nearest one when none was found."),
        "queue": _("The queue of staff that the subject belongs to."),
        "language": _("The language of the conversation: fi, sv or en."),
        "channel": _("Where the conversation is held: web or telegram."),
        "district": _(
            "The part of town that residents named when they passed a question to staff; of tickets only."
        ),
        "easy_language": _("“easy” when the resident asked for easy language, else “ordinary”."),
    }


def measures(words: Texts) -> dict[str, str]:
    """Return what each measure means."""
    _ = words.gettext
    return {
        "messages": _("Everything that residents sent, buttons too."),
        "questions": _("Questions to the automatic answers, each counted once."),
        "confirmed": _("Answered, and the resident said that it helped."),
        "assumed": _("Answered, and the resident said nothing more about it."),
        "wrong": _(
            "Answered, and the resident said that it did not help, or staff that it was wrong."
        ),
        "passed_on": _("Answered, and the resident then asked for a person."),
        "not_found": _("No answer was found."),
        "otherwise": _(
            "Several questions were offered and none taken, danger was answered with its fixed text,"
            " the language is not spoken here, or the answer was out of date or switched off."
        ),
        "tickets": _("Questions that went to staff."),
        "reply_median": _("Minutes to the first reply in opening hours; half waited no longer."),
        "reply_ninth_tenth": _(
            "Minutes to the first reply in opening hours; nine in ten waited no longer."
        ),
        "close_median": _("Minutes to the closing in opening hours; half waited no longer."),
        "close_ninth_tenth": _(
            "Minutes to the closing in opening hours; nine in ten waited no longer."
        ),
    }
