"""The plan as an accessible PDF: tagged (PDF/UA-1), in ordinary or large print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import typst

from bot.permits.papers.cleaning import kept_together, printable
from bot.permits.papers.outline import (
    FACTS_TOLD,
    Urgency,
    call_now,
    deadline_kind,
    deadlines,
    event_name,
    event_time,
    remark_on_dates,
    to_do,
    told,
    told_absent,
    urgent,
)
from bot.permits.papers.rows import addressee, by_when, duty_rows
from bot.permits.papers.words import paper_words
from bot.permits.plan import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.permits.facts import Facts
    from bot.permits.papers.words import PaperWords
    from bot.permits.plan import Plan, PlannedDuty

Block: TypeAlias = dict[str, object]
Rows: TypeAlias = list[tuple[str, object]]

_TEMPLATE = Path(__file__).with_name("plan.typ")
# A block of no more letters than this fits on a page of large print.
_ON_ONE_PAGE = 700
# A word longer than this is broken, or it would run off a page in large print.
_LONGEST_WORD = 40


def plan_pdf(plan: Plan, facts: Facts, locale: str, *, large: bool = False) -> bytes:
    """Return the plan as a tagged PDF; in large print the text is 18 points.

    `plan` was made from `facts` in the same locale. The same input gives the same bytes.

    Raises:
        DataError: There are no texts in that locale.
    """
    words = paper_words(locale)
    name = event_name(facts, words)
    heading = words.phrase("document", "heading")
    data = {
        "lang": locale,
        "region": words.territory,
        "large": large,
        "title": _shown(": ".join(part for part in (heading, name) if part)),
        "description": words.phrase("document", "disclaimer"),
        "page": words.phrase("document", "page"),
        "blocks": list(_blocks(plan, facts, words)),
    }
    return typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards="ua-1",
        # Only the fonts inside the package: the same page on every machine.
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=int(plan.as_of.timestamp()),
    )


def _blocks(plan: Plan, facts: Facts, words: PaperWords) -> Iterable[Block]:
    yield _heading(1, words.phrase("document", "heading"))
    for line in (event_name(facts, words), event_time(facts, words)):
        if line:
            yield {"kind": "lead", "text": _shown(line)}
    made = f"{words.on_day(plan.as_of.date())} {words.clock(plan.as_of)}"
    yield _paragraph(words.phrase("document", "made", moment=made))
    yield {"kind": "notice", "text": words.phrase("document", "disclaimer")}
    yield from _urgent(plan, words)
    yield from _timeline(plan, facts, words)
    yield from _duties(plan, words)
    yield from _open(plan, words)
    yield from _told(facts, words)


def _urgent(plan: Plan, words: PaperWords) -> Iterable[Block]:
    pressing = urgent(plan)
    if not pressing and not deadlines(plan):
        return
    yield _heading(2, words.phrase("document", "urgent"))
    if not pressing:
        yield _paragraph(words.phrase("document", "nothing_urgent"))
    for duty, why in pressing:
        rows: Rows = [
            (words.phrase("duty", "by_when"), call_now(duty, words) or by_when(duty, words)),
            (_addressee_label(duty, words), duty.authority),
        ]
        if why is not Urgency.LATE:
            rows.append((words.phrase("duty", "where"), duty.where))
        text = f"{words.phrase('urgency', why)}: {duty.name}"
        length = sum(len(said) for _, said in rows if isinstance(said, str))
        yield {
            "kind": "urgent",
            "text": _shown(text),
            "rows": _shown_rows(rows),
            # Kept on one page, unless no page could hold it.
            "breakable": length > _ON_ONE_PAGE,
        }


def _timeline(plan: Plan, facts: Facts, words: PaperWords) -> Iterable[Block]:
    yield _heading(2, words.phrase("document", "timeline"))
    start, found = facts.moment("start"), deadlines(plan)
    remark = remark_on_dates(plan, facts, words)
    if remark:
        yield _paragraph(remark)
    if not found:
        return
    yield _paragraph(words.phrase("document", "timeline_note"))
    rows = [
        (one.day, f"{one.duty.name} – {deadline_kind(one, plan.as_of, words)}") for one in found
    ]
    if start:
        line = words.phrase("moments", "start", clock=words.clock(start))
        # The event comes before what may fall on its own day only by its place in the list.
        rows = sorted([*rows, (start.date(), line)], key=lambda row: row[0])
    yield {
        "kind": "table",
        "head": [words.phrase("document", "date"), words.phrase("document", "what")],
        "rows": [[_shown(words.day(day)), _shown(line)] for day, line in rows],
    }


def _duties(plan: Plan, words: PaperWords) -> Iterable[Block]:
    for status, title in ((Status.REQUIRED, "required"), (Status.ASK, "ask")):
        duties = [duty for duty in to_do(plan) if duty.status is status]
        if duties:
            yield _heading(2, words.phrase("document", title))
            yield _paragraph(words.phrase("document", f"{title}_note"))
        for duty in duties:
            yield _heading(3, duty.name)
            yield {
                "kind": "terms",
                "rows": _shown_rows(
                    [
                        (name, _address(said) if said == duty.source else said)
                        for name, said in duty_rows(duty, words)
                    ]
                ),
            }
    if not to_do(plan):
        is_open = bool(plan.having(Status.OPEN))
        yield _heading(2, words.phrase("document", "required"))
        message = "not_decided" if is_open else "nothing_required"
        yield _paragraph(words.phrase("document", message))


def _open(plan: Plan, words: PaperWords) -> Iterable[Block]:
    duties = plan.having(Status.OPEN)
    if not duties:
        return
    yield _heading(2, words.phrase("document", "open"))
    yield _paragraph(words.phrase("document", "open_note"))
    rows: Rows = [(duty.name, " ".join(duty.because)) for duty in duties]
    yield {"kind": "terms", "rows": _shown_rows(rows)}


def _told(facts: Facts, words: PaperWords) -> Iterable[Block]:
    yield _heading(2, words.phrase("document", "told"))
    rows: Rows = [(words.guide.label(name), words.value(name, facts[name])) for name in told(facts)]
    for title, names in (("answered_no", told_absent(facts)), ("declined", facts.declined)):
        if names:
            labels = "; ".join(words.guide.label(name) for name in FACTS_TOLD if name in names)
            rows.append((words.phrase("document", title), f"{labels}."))
    if rows:
        yield {"kind": "terms", "rows": _shown_rows(rows)}
    else:
        yield _paragraph(words.phrase("document", "told_nothing"))


def _addressee_label(duty: PlannedDuty, words: PaperWords) -> str:
    return words.phrase("duty", addressee(duty, words))


def _address(source: str) -> object:
    """Return a web address as a link, anything else as text."""
    is_web = source.startswith(("https://", "http://")) and printable(source) == source
    return {"link": source} if is_web else source


def _heading(level: int, text: str) -> Block:
    return {"kind": "heading", "level": level, "text": _shown(text)}


def _paragraph(text: str) -> Block:
    return {"kind": "paragraph", "text": _shown(text)}


def _shown_rows(rows: Rows) -> list[list[object]]:
    return [[_shown(name), _shown(said) if isinstance(said, str) else said] for name, said in rows]


def _shown(text: str) -> str:
    return kept_together(" ".join(_broken(word) for word in printable(text).split(" ")))


def _broken(word: str) -> str:
    if len(word) <= _LONGEST_WORD:
        return word
    parts = range(0, len(word), _LONGEST_WORD)
    # A zero-width space lets a line end there and shows nothing.
    return "\u200b".join(word[at : at + _LONGEST_WORD] for at in parts)
