"""The plan's dates as a picture, narrow enough for a phone: an SVG with real text, and a PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import typst

from bot.permits.papers.cleaning import kept_together, printable
from bot.permits.papers.outline import (
    deadline_kind,
    deadlines,
    event_name,
    nearness,
    remark_on_dates,
)
from bot.permits.papers.words import paper_words

if TYPE_CHECKING:
    from datetime import date

    from bot.permits.facts import Facts
    from bot.permits.papers.outline import Deadline
    from bot.permits.papers.words import PaperWords
    from bot.permits.plan import Plan

# Everything is in units of which a phone's screen is 540 wide, and the PNG has two pixels to one.
_WIDTH = 540
_PIXELS_PER_UNIT = 2
_DATES_END, _AXIS, _TEXT = 126, 148, 176
_TEXT_WIDTH = _WIDTH - _TEXT - 20
_TITLE, _NAME, _DETAIL = 28, 21, 18
_LINE = 1.3  # of the text's size
_GAP = 22
# No longer than this in a picture; the other papers have the whole text.
_LONGEST = 120

# On white each has a contrast of at least 7 to 1 (WCAG 2.2, 1.4.6).
_INK, _MUTED, _URGENT, _HARD = "#1a1a1a", "#4a4a4a", "#8a1c1c", "#0b3d91"

# Any browser has a plain typeface; Typst has only those inside its package.
_FONTS_OF_A_BROWSER = "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif"
_FONT_OF_TYPST = "Libertinus Serif"

_PAGE = b"""#set page(width: 540pt, height: auto, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg", width: 100%)
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing on a day: what it is, what kind of day, and the mark that goes with it."""

    day: date
    name: str
    detail: str
    mark: str  # hard, recommended, urgent, event or made


def timeline_svg(plan: Plan, facts: Facts, locale: str) -> str:
    """Return the plan's dates as an SVG of real text, 540 units wide, dates down the left.

    What is urgent has a mark and a word of its own beside its colour. `plan` was made from
    `facts` in the same locale.

    Raises:
        DataError: There are no texts in that locale.
    """
    return _drawn(plan, facts, paper_words(locale), _FONTS_OF_A_BROWSER)


def timeline_png(plan: Plan, facts: Facts, locale: str) -> bytes:
    """Return the same picture as a PNG, 1080 pixels wide; `timeline_text` says what it shows.

    Raises:
        DataError: There are no texts in that locale.
    """
    picture = _drawn(plan, facts, paper_words(locale), _FONT_OF_TYPST)
    return typst.compile(
        _PAGE,
        format="png",
        ppi=72 * _PIXELS_PER_UNIT,
        ignore_system_fonts=True,
        sys_inputs={"picture": picture},
        timestamp=int(plan.as_of.timestamp()),
    )


def timeline_text(plan: Plan, facts: Facts, locale: str) -> str:
    """Return what the picture shows, a line for each thing on it, for those who do not see it.

    Raises:
        DataError: There are no texts in that locale.
    """
    words = paper_words(locale)
    lines = [event_name(facts, words), remark_on_dates(plan, facts, words)]
    lines += [
        f"{words.day(one.day)}: {', '.join(part for part in (one.name, one.detail) if part)}."
        for one in _entries(plan, facts, words)
    ]
    return "\n".join(printable(line) for line in lines if line)


def _entries(plan: Plan, facts: Facts, words: PaperWords) -> list[_Entry]:
    """Return what stands on the timeline, by day; the plan comes first on its day and the event last."""
    entries = [_entry(one, plan, words) for one in deadlines(plan)]
    if entries:
        made = words.phrase("moments", "made")
        entries.append(_Entry(plan.as_of.date(), made, "", "made"))
    start = facts.moment("start")
    if start:
        name = words.phrase("moments", "start", clock=words.clock(start))
        entries.append(_Entry(start.date(), name, "", "event"))
    return sorted(
        entries, key=lambda entry: (entry.day, entry.mark == "event", entry.mark != "made")
    )


def _entry(deadline: Deadline, plan: Plan, words: PaperWords) -> _Entry:
    mark = "urgent" if nearness(deadline, plan.as_of) else str(deadline.kind)
    detail = deadline_kind(deadline, plan.as_of, words)
    return _Entry(deadline.day, deadline.duty.name, detail, mark)


def _drawn(plan: Plan, facts: Facts, words: PaperWords, font: str) -> str:
    title = words.phrase("timeline", "title")
    told = timeline_text(plan, facts, words.locale)
    head, y = _lines([title], 24, 20, _TITLE, _WIDTH - 48, bold=True)
    remarks = [event_name(facts, words), remark_on_dates(plan, facts, words)]
    below, y = _lines(
        [one for one in remarks if one], 24, y + 6, _DETAIL, _WIDTH - 48, colour=_MUTED
    )
    entries = _entries(plan, facts, words)
    legend, y = _legend(words, y + 10) if deadlines(plan) else ([], y)
    axis_from = y + _GAP
    rows, y = _rows(entries, words, axis_from) if entries else ([], y)
    height = round(y + _GAP)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" lang="{words.locale}" role="img" '
        f'aria-labelledby="timeline-title timeline-desc" font-family="{font}">'
    )
    axis = f'<path d="M{_AXIS} {axis_from:.0f} V{y:.0f}" stroke="{_MUTED}" stroke-width="2"/>'
    return "\n".join(
        [
            opening,
            f'<title id="timeline-title">{escape(title)}</title>',
            f'<desc id="timeline-desc">{escape(told)}</desc>',
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            *head,
            *below,
            *legend,
            *([axis] if rows else []),
            *rows,
            "</svg>",
            "",
        ]
    )


def _legend(words: PaperWords, top: float) -> tuple[list[str], float]:
    drawn: list[str] = []
    y = top
    for mark in ("hard", "recommended", "urgent"):
        text, below = _lines(
            [words.phrase("timeline", f"legend_{mark}")], 56, y, _DETAIL, _WIDTH - 80
        )
        drawn += [*_mark(mark, 36, y + _DETAIL * 0.72), *text]
        y = below + 8
    return drawn, y


def _rows(entries: list[_Entry], words: PaperWords, top: float) -> tuple[list[str], float]:
    drawn: list[str] = []
    y, last_day = top, None
    for entry in entries:
        if entry.day != last_day:
            drawn += _date(entry.day, words, y)
        drawn += _mark(entry.mark, _AXIS, y + _NAME * 0.72)
        name, below = _lines([entry.name], _TEXT, y, _NAME, _TEXT_WIDTH, bold=True)
        colour = _URGENT if entry.mark == "urgent" else _INK
        details = [entry.detail] if entry.detail else []
        detail, below = _lines(details, _TEXT, below, _DETAIL, _TEXT_WIDTH, colour=colour)
        drawn += [*name, *detail]
        # The date has two lines, also where the entry has one.
        y = max(below, y + 2 * _NAME * _LINE) + _GAP
        last_day = entry.day
    return drawn, y - _GAP


def _date(day: date, words: PaperWords, top: float) -> list[str]:
    size = _DETAIL
    first, second = words.short_day(day), str(day.year)
    at = f'x="{_DATES_END}" text-anchor="end" font-size="{size}"'
    return [
        f'<text {at} y="{top + size:.0f}" font-weight="bold" fill="{_INK}">{escape(first)}</text>',
        f'<text {at} y="{top + size * (1 + _LINE):.0f}" fill="{_MUTED}">{second}</text>',
    ]


def _mark(mark: str, x: float, y: float) -> list[str]:
    """Return a mark; each kind has a shape of its own, so that none hangs on its colour."""
    stroke = f'stroke-width="3" stroke="{_URGENT if mark == "urgent" else _HARD}"'
    match mark:
        case "hard":
            return [f'<circle cx="{x}" cy="{y:.0f}" r="9" fill="{_HARD}" {stroke}/>']
        case "recommended":
            return [f'<circle cx="{x}" cy="{y:.0f}" r="9" fill="#ffffff" {stroke}/>']
        case "urgent":
            return [
                f'<path d="M{x} {y - 15:.0f} l15 15 l-15 15 l-15 -15 z" fill="{_URGENT}"/>',
                # An exclamation mark that no typeface can move.
                f'<path d="M{x} {y - 9:.0f} v11 m0 3 v4" stroke="#ffffff" stroke-width="4"/>',
            ]
        case "event":
            return [f'<rect x="{x - 10}" y="{y - 10:.0f}" width="20" height="20" fill="{_INK}"/>']
        case _:
            return [f'<path d="M{x - 10} {y:.0f} h20" {stroke}/>']


def _lines(
    texts: list[str],
    x: float,
    top: float,
    size: int,
    width: float,
    *,
    bold: bool = False,
    colour: str = _INK,
) -> tuple[list[str], float]:
    """Return texts as wrapped lines below a height, and the height they end at."""
    weight = ' font-weight="bold"' if bold else ""
    drawn, y = [], top
    for text in texts:
        for line in _wrapped(kept_together(printable(text)), width / size / (1.06 if bold else 1)):
            drawn.append(
                f'<text x="{x}" y="{y + size:.0f}" font-size="{size}"{weight} fill="{colour}">'
                f"{escape(line)}</text>"
            )
            y += size * _LINE
    return drawn, y


def _wrapped(text: str, width: float) -> list[str]:
    """Return a text in lines no wider than so many times its size, cut short where it is endless."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST].rstrip()}…"
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer) <= width:
            lines[-1] = longer
            continue
        pieces = _pieces(word, width)
        lines += pieces if lines[-1] else []
        if not lines[0]:
            lines = pieces
    return lines


def _pieces(word: str, width: float) -> list[str]:
    """Return a word cut into pieces that fit; whole where it fits."""
    pieces = [""]
    for letter in word:
        if _width(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _width(text: str) -> float:
    """Return about how wide a text is, in times its size, in a wide typeface such as Verdana."""
    return sum(
        0.38 if letter in "iljtfrI.,:;!|'() -" else 0.92 if letter in "mwMW@%—" else 0.62
        for letter in text
    ) + 0.12 * sum(letter.isupper() for letter in text)
