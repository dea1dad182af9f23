"""Bars as SVG that can be read by eye, by ear and without colours; pure.

Every bar has its number beside it, and a page gives the same as a table under each chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

# Units of the drawing; 360 is about the width of a phone, so that letters keep their size there.
_WIDTH = 360
_LINE = 20
_GAP = 12
_PLOT = 140
# A letter's width at most, and what stays free between two labels.
_LETTER = 7.5
_APART = 8


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        value: Its length; None when the number is not given.
        shown: The number as people read it, or why it is not given.
    """

    label: str
    value: float | None
    shown: str


def lying(id_: str, title: str, about: str, bars: Sequence[Bar]) -> Markup:
    """Return bars from left to right, each under its label, for what has names."""
    most = max((bar.value or 0 for bar in bars), default=0) or 1
    height = len(bars) * (2 * _LINE + _GAP) or 1
    parts = []
    for n, bar in enumerate(bars):
        top = n * (2 * _LINE + _GAP)
        length = 0 if bar.value is None else round((_WIDTH - 90) * bar.value / most, 1)
        parts.append(
            Markup('<text x="0" y="{}" class="label">{}</text>').format(top + 15, bar.label)
        )
        if bar.value is None:
            parts.append(
                Markup('<text x="0" y="{}" class="missing">{}</text>').format(top + 35, bar.shown)
            )
            continue
        parts.append(
            Markup(
                '<rect x="0" y="{}" width="{}" height="16" class="bar"/>'
                '<text x="{}" y="{}" class="value">{}</text>'
            ).format(top + 22, length, length + 6, top + 35, bar.shown)
        )
    return _drawing(id_, title, about, height, parts)


def standing(id_: str, title: str, about: str, bars: Sequence[Bar]) -> Markup:
    """Return bars side by side, for what has an order: hours, days, months."""
    most = max((bar.value or 0 for bar in bars), default=0) or 1
    step = _WIDTH / max(len(bars), 1)
    room = max((len(bar.label) for bar in bars), default=0) * _LETTER + _APART
    every = max(1, ceil(room / step))
    base = _PLOT + 18
    parts = [
        Markup('<text x="0" y="12" class="value">{}</text>').format(
            next((bar.shown for bar in bars if bar.value == most), "")
        ),
        Markup('<path d="M0 18H{0}M0 {1}H{0}" class="line"/>').format(_WIDTH, base),
    ]
    for n, bar in enumerate(bars):
        left, width = round(n * step + step * 0.1, 1), round(step * 0.8, 1)
        if bar.value is None:
            # A dashed outline, not a low bar: the number is left out, it is not nought.
            parts.append(
                Markup('<rect x="{}" y="{}" width="{}" height="12" class="hidden"/>').format(
                    left, base - 12, width
                )
            )
        elif bar.value:
            height = round(_PLOT * bar.value / most, 1)
            parts.append(
                Markup('<rect x="{}" y="{}" width="{}" height="{}" class="bar"/>').format(
                    left, round(base - height, 1), width, height
                )
            )
        # The last one would be cut off at the edge.
        if n % every == 0 and (not n or left + room - _APART <= _WIDTH):
            parts.append(
                Markup('<text x="{}" y="{}" class="label">{}</text>').format(
                    left, base + 18, bar.label
                )
            )
    return _drawing(id_, title, about, base + 26, parts)


def _drawing(id_: str, title: str, about: str, height: float, parts: Sequence[Markup]) -> Markup:
    head = Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-about">'
        '<title id="{}-title">{}</title><desc id="{}-about">{}</desc>'
        # The words inside are in the title, the description and the table.
        '<g aria-hidden="true">'
    ).format(_WIDTH, height, id_, id_, id_, title, id_, about)
    return head + Markup("").join(parts) + Markup("</g></svg>")
