"""The guide on the command line: plan an event, explain a duty, draw the rules."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.permits.dates import HELSINKI
from bot.permits.duties import RULES
from bot.permits.errors import FactProblem, FactsError
from bot.permits.facts import read_facts, read_moment
from bot.permits.figures import figures
from bot.permits.graph import draw, owners
from bot.permits.plan import Plan, PlannedDuty, Status, plan
from bot.permits.reading import facts_read
from bot.permits.register import register
from bot.permits.wording import LOCALES, Wording, wording

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from bot.permits.facts import Facts

OK, WRONG_INPUT = 0, 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word `permits` and its own words to a command line."""
    parser = subparsers.add_parser("permits", help="plan an event's notices and permits")
    words = parser.add_subparsers(dest="permits_command", required=True, metavar="COMMAND")

    planning = words.add_parser("plan", help="every duty of one event, with dates and reasons")
    planning.add_argument("facts", metavar="FACTS.json", help="the known facts; - reads them here")
    planning.add_argument("--as-of", metavar="ISO", help="the moment to plan at; now if not given")
    planning.add_argument("--json", action="store_true", help="for programs instead of people")

    explaining = words.add_parser("explain", help="one duty: its rule, basis, fee and source")
    explaining.add_argument("duty", metavar="DUTY", help="a number from P01 to P60")

    drawing = words.add_parser("graph", help="which facts decide which duties, as SVG")
    drawing.add_argument("--owner", choices=owners(), default="", help="one desk's rules only")

    for command in (planning, explaining, drawing):
        command.add_argument("--locale", choices=LOCALES, default="en")
    parser.set_defaults(run=main)


def main(args: argparse.Namespace) -> int:
    """Do what the command line says and return its exit status; 2 means the input was wrong."""
    try:
        match args.permits_command:
            case "plan":
                text = _plan(args)
            case "explain":
                text = _explain(args.duty.upper(), wording(args.locale))
            case _:
                text = draw(args.locale, args.owner)
    except FactsError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        return WRONG_INPUT
    sys.stdout.write(text)
    return OK


def _plan(args: argparse.Namespace) -> str:
    facts = read_facts(_read_json(args.facts))
    as_of, as_of_text = _as_of(args.as_of)
    result = plan(facts, as_of, locale=args.locale)
    if args.json:
        return json.dumps(as_json(result, facts, as_of_text), ensure_ascii=False, indent=2) + "\n"
    return "\n".join(_told(result, wording(args.locale))) + "\n"


def as_json(result: Plan, facts: Facts, as_of: str = "") -> dict[str, object]:
    """Return a plan as plain values; moments are written the way the facts' moments were."""

    def iso(moment: datetime | None) -> str | None:
        if moment is None:
            return None
        return (moment if facts.with_offset else moment.replace(tzinfo=None)).isoformat()

    return {
        "as_of": as_of or result.as_of.isoformat(),
        "duties": [
            {
                "id": duty.id,
                "status": duty.status.value,
                "hard": iso(duty.hard),
                "recommended": iso(duty.recommended),
                "file_by": duty.file_by.isoformat() if duty.file_by else None,
                "late": duty.late,
                "missing": list(duty.missing),
                "because": list(duty.because),
                "authority": duty.authority,
                "basis": duty.basis,
                "source": duty.source,
                "confidence": duty.confidence.value,
            }
            for duty in result.duties
        ],
        "next_question": result.next_question,
    }


def _read_json(path: str) -> dict[str, object]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        given = json.loads(text, object_pairs_hook=_without_doubles)
    except OSError as error:
        raise FactsError(FactProblem(path, error.strerror or "cannot be read")) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FactsError(FactProblem(path, f"is not JSON: {error}")) from error
    if not isinstance(given, dict):
        raise FactsError(FactProblem(path, "must be one JSON object of facts"))
    return given


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # JSON lets the second of two equal names win in silence.
    names = [name for name, _ in pairs]
    doubles = [FactProblem(name, "is given twice") for name in set(names) if names.count(name) > 1]
    if doubles:
        raise FactsError(*doubles)
    return dict(pairs)


def _as_of(text: str | None) -> tuple[datetime, str]:
    """Return the moment to plan at, and how to write it; a date alone is its first minute."""
    if text is None:
        now = datetime.now(HELSINKI).replace(microsecond=0)
        return now, now.isoformat()
    try:
        return datetime.combine(date.fromisoformat(text), time(), HELSINKI), text
    except ValueError:
        pass
    try:
        return read_moment(text), text
    except ValueError as error:
        raise FactsError(FactProblem("as-of", str(error))) from error


def _told(result: Plan, words: Wording) -> Iterator[str]:
    yield words.phrase("headings", "plan", moment=words.moment(result.as_of))
    for status in (Status.REQUIRED, Status.ASK, Status.OPEN):
        duties = result.having(status)
        if duties:
            yield ""
            yield f"== {words.phrase('statuses', status)} =="
        for duty in duties:
            yield from _told_duty(duty, words)
    yield ""
    if result.next_question:
        question = words.question(result.next_question)
        yield f"{words.phrase('headings', 'next_question')}: {question} [{result.next_question}]"
    elif result.checklist:
        yield words.phrase("headings", "checklist")
        for fact in result.checklist:
            yield f"  - {words.label(fact)} [{fact}]"
    else:
        yield words.phrase("headings", "nothing_more")


def _told_duty(duty: PlannedDuty, words: Wording) -> Iterator[str]:
    yield f"{duty.id} {duty.name}"
    lines = [("authority", duty.authority), ("where", duty.where)]
    if duty.hard:
        lines.append(("hard", words.moment(duty.hard)))
    if duty.file_by:
        lines.append(("file_by", words.day(duty.file_by)))
    if duty.recommended:
        lines.append(("recommended", words.day(duty.recommended.date())))
    lines.append(("fee", duty.fee))
    if duty.status is not Status.OPEN:
        for heading, text in lines:
            yield f"    {words.phrase('headings', heading)}: {text}"
    for reason in duty.because:
        yield f"    - {reason}"


def _explain(duty: str, words: Wording) -> str:
    if duty not in RULES:
        raise FactsError(FactProblem(duty, f"no such duty; there are {', '.join(RULES)}"))
    entry, text = register()[duty], words.duty(duty)
    cities = [city for city, _ in words.choices("city")]
    authority = words.authority(entry.authority)
    if words.differs_by_city(entry.authority):
        by_city = (words.authority(entry.authority, city) for city in cities)
        authority = "; ".join(dict.fromkeys(by_city))
    rows = [
        ("when", text.when),
        ("except", text.exceptions),
        ("facts", words.listed(words.label(fact) for fact in facts_read(duty))),
        ("hard", words.lead(figures()[entry.hard]) if entry.hard else ""),
        ("lead", words.listed(words.lead(figures()[name]) for name in entry.recommended)),
        ("authority", authority),
        ("where", text.where),
        ("fee", words.fees(entry, entry.checked)),
        ("basis", words.basis(entry)),
        ("confidence", f"{entry.confidence}: {words.phrase('confidences', entry.confidence)}"),
        ("source", " ".join(entry.sources)),
        ("checked", words.day(entry.checked)),
        ("owner", words.phrase("owners", entry.owner)),
    ]
    lines = [f"{duty} {text.name}"]
    lines += [f"{words.phrase('headings', heading)}: {said}" for heading, said in rows if said]
    return "\n".join(lines) + "\n"
