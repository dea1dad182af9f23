"""Hides secrets in what people write, before anything is stored, logged or matched; pure.

Source: the personal identity code's form and check characters are those of the Digital and
Population Data Services Agency, with the century signs added in 2023; cards are checked by Luhn,
account numbers by ISO 13616.
"""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "•••"
_CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_IDENTITY = re.compile(
    r"(?<![\w])(\d{2})(\d{2})(\d{2})\s?([-+–A-FU-Y])\s?(\d{3})([0-9A-Y])(?!\w)", re.IGNORECASE
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{2,4}){3,8}\b", re.IGNORECASE)
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
# "salasanani on X", "PIN-koodi: 1234", "mitt lösenord är X", "my password is X".
_SAID = re.compile(
    r"(?P<name>\b(?:salasana\w*|tunnusluku\w*|tunnussana\w*|pin(?:[- ]?koodi\w*)?|käyttäjätunnus\w*|avainluku\w*"
    r"|koodi(?:ni|t)?|lösenord\w*|pinkod\w*|pin-kod\w*|användarnamn\w*|användar-id|kod(?:en)?"
    r"|password|passcode|pin code|user ?id|code)\b"
    r"(?:\s+(?:on|är|is|oli|var|was))?\s*[:=]?\s*)(?P<value>(?=[^\s]*\d)[^\s,;]{4,40})",
    re.IGNORECASE,
)
_SHORTEST_IBAN = 15


def masked(text: str) -> tuple[str, bool]:
    """Return the text with every secret replaced by a mark, and whether there was any."""
    changed = text
    for pattern, is_secret in _PATTERNS:
        changed = pattern.sub(partial(_hidden, is_secret), changed)
    changed = _SAID.sub(lambda found: found["name"] + MASK, changed)
    return changed, changed != text


def _hidden(is_secret: Callable[[re.Match[str]], bool], found: re.Match[str]) -> str:
    return MASK if is_secret(found) else found[0]


def _is_identity_code(found: re.Match[str]) -> bool:
    day, month, year, sign, serial, check = found.groups()
    century = _CENTURIES.get(sign.upper().replace("–", "-"))
    try:
        date((century or 0) + int(year), int(month), int(day))
    except ValueError:
        return False
    return century is not None and _CHECK[int(f"{day}{month}{year}{serial}") % 31] == check.upper()


def _is_card(found: re.Match[str]) -> bool:
    digits = [int(sign) for sign in found[0] if sign.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(found: re.Match[str]) -> bool:
    number = re.sub(r"\s", "", found[0]).upper()
    if len(number) < _SHORTEST_IBAN:
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    (_IDENTITY, _is_identity_code),
    (_IBAN, _is_iban),
    (_CARD, _is_card),
)
