"""A picture of which facts decide which duties, for the officials who own the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from bot.permits.facts import FACTS
from bot.permits.reading import facts_read
from bot.permits.register import register
from bot.permits.wording import wording

if TYPE_CHECKING:
    from bot.permits.wording import Wording

_ROW = 24
_TOP = 70
_FACT_EDGE, _DUTY_EDGE, _WIDTH = 380, 760, 1240
# Dark enough to read on white (at least 4.5 to 1), one for each desk in turn.
_COLOURS = (
    "#8a1c1c",
    "#0b5394",
    "#38761d",
    "#7a4100",
    "#5b2c83",
    "#00626b",
    "#9c2a5b",
    "#4d4d00",
    "#3d3d8f",
    "#5f4b32",
)


def owners() -> tuple[str, ...]:
    """Return the desks that own rules, in the order of their first duty."""
    return tuple(dict.fromkeys(entry.owner for entry in register().values()))


def draw(locale: str, owner: str = "") -> str:
    """Return an SVG: facts on the left, duties on the right under the desk that owns them.

    With an owner, only that desk's duties and the facts they read.
    """
    words = wording(locale)
    desks = [desk for desk in owners() if owner in ("", desk)]
    duties = {desk: [n for n, entry in register().items() if entry.owner == desk] for desk in desks}
    read = {fact for names in duties.values() for name in names for fact in facts_read(name)}
    facts = [fact for fact in FACTS if fact in read]
    rows = sum(len(names) + 1 for names in duties.values())
    height = _TOP + _ROW * max(rows, len(facts)) + _ROW
    # The shorter column is spread over the height of the longer one.
    step = (height - _TOP - _ROW) / max(1, len(facts))
    fact_y = {fact: _TOP + step * (number + 0.5) for number, fact in enumerate(facts)}
    lines, labels = _duty_column(words, duties, fact_y)
    title = words.phrase("headings", "graph")
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'lang="{locale}" role="img" aria-labelledby="title" '
        'font-family="sans-serif" font-size="14">'
    )
    fact_labels = [
        f'<text x="{_FACT_EDGE - 10}" y="{y + 5:.0f}" text-anchor="end">'
        f"{escape(words.label(fact))}</text>"
        for fact, y in fact_y.items()
    ]
    return "\n".join(
        [
            opening,
            f'<title id="title">{escape(title)}</title>',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            f'<text x="20" y="36" font-size="20" font-weight="bold">{escape(title)}</text>',
            *lines,
            *fact_labels,
            *labels,
            "</svg>",
            "",
        ]
    )


def _duty_column(
    words: Wording, duties: dict[str, list[str]], fact_y: dict[str, float]
) -> tuple[list[str], list[str]]:
    lines, labels = [], []
    y = _TOP + _ROW / 2
    for number, (desk, names) in enumerate(duties.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        labels.append(
            f'<text x="{_DUTY_EDGE + 10}" y="{y + 5:.0f}" font-weight="bold" fill="{colour}">'
            f"{escape(words.phrase('owners', desk))}</text>"
        )
        y += _ROW
        for name in names:
            text = f"{name} {words.duty(name).name}"
            facts = facts_read(name)
            told = words.listed(words.label(fact) for fact in facts)
            labels.append(
                f'<text x="{_DUTY_EDGE + 10}" y="{y + 5:.0f}" fill="{colour}">'
                f"<title>{escape(told)}</title>{escape(text)}</text>"
            )
            lines += [_line(fact_y[fact], y, colour, f"{fact} {name}") for fact in facts]
            y += _ROW
    return lines, labels


def _line(from_y: float, to_y: float, colour: str, name: str) -> str:
    middle = (_FACT_EDGE + _DUTY_EDGE) / 2
    return (
        f'<path d="M{_FACT_EDGE} {from_y:.0f} C{middle:.0f} {from_y:.0f} {middle:.0f} {to_y:.0f} '
        f'{_DUTY_EDGE} {to_y:.0f}" fill="none" stroke="{colour}" stroke-opacity="0.45" '
        f"data-edge={quoteattr(name)}/>"
    )
