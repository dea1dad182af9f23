"""Text made safe to print: no control characters, and nothing the papers' font cannot show."""

from __future__ import annotations

import re

# What Libertinus Serif, the font inside the typst package, has glyphs for; a test prints them all.
# An accessible PDF may not contain a character its font cannot show (ISO 14289-1, 7.21.4.1).
SHOWN = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xAC),  # Latin-1, without the soft hyphen
    (0xAE, 0x17F),  # Latin-1 and Latin Extended-A
    (0x400, 0x45F),  # Cyrillic
    (0x1E00, 0x1EFF),  # Latin Extended Additional
    (0x2010, 0x2015),  # hyphens and dashes
    (0x2018, 0x2022),  # quotation marks, dagger, bullet
    (0x2026, 0x2026),  # ellipsis
    (0x20AC, 0x20AC),  # euro
    (0x2212, 0x2212),  # minus
    (0x2264, 0x2265),  # at most, at least
)

_UNSHOWN = re.compile("[^" + "".join(f"{chr(low)}-{chr(high)}" for low, high in SHOWN) + "]+")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+"
)
# Between two digits (a telephone number), before a sign, and between "klo" and its hour.
_KEPT_TOGETHER = re.compile(r"(?<=\d) (?=[\d€§])|(?<=\bklo) (?=\d)|(?<=\bkl\.) (?=\d)")
_UNSHOWN_MARK = "?"


def printable(text: str) -> str:
    """Return a text on one line, what the font lacks as a question mark."""
    return _UNSHOWN.sub(_UNSHOWN_MARK, _SPACE.sub(" ", text)).strip()


def kept_together(text: str) -> str:
    """Return a text in which no line ends inside a telephone number, a time or an amount."""
    return _KEPT_TOGETHER.sub("\u00a0", text)


def without_controls(text: str) -> str:
    """Return a text with its line breaks but no other control characters, for a calendar."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
