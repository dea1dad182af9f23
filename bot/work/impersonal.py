"""Hides who a text is about, where what one person was told is to be told to everybody; pure.

Names have no form of their own, so they are hidden where people write them: after a greeting, under
a letter, after "my name is". Whoever reads the text before it is published finds the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.masking import MASK, masked

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.,-])(?:\+|00?)\d(?:[\s-]?\d){5,13}(?!\d)")
_NAME = r"[A-ZÅÄÖÉ][\w'’-]+"
_NAMES = rf"{_NAME}(?: {_NAME}){{0,2}}"
_GREETED = re.compile(
    rf"(?m)^(\s*(?:(?i:hei|moi|terve|hyvä|hyvää päivää|hej|bästa|god dag|hello|hi|dear|good morning)),? )({_NAMES})"
)
_SIGNED = re.compile(
    r"((?:^|(?<=[.!?] ))\s*(?:(?:ystävällisin |parhain )?(?:terveisin|terveisiä|terv)|yst\.? ?terv"
    r"|(?:(?:med )?(?:bästa |vänlig |vänliga ))?hälsning(?:ar)?|(?:best |kind |warm )?regards|yours sincerely)"
    r"\.?[ \t]*,?[ \t]*(?:\n[ \t]*)?)(\S[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_CALLED = re.compile(rf"\b((?i:nimeni on|jag heter|mitt namn är|my name is) )({_NAMES})")
# A name of two words only: "olen Kalliossa" says where somebody is.
_AM = re.compile(rf"\b((?i:olen|jag är|i am|i'm|this is) )({_NAME} {_NAME})")
# With a door: a home. A street and a number alone are as often an office's.
_HOME = re.compile(
    r"\b[A-ZÅÄÖ][\w-]*(?:katu|tie|kuja|polku|kaari|ranta|tori|gatan|vägen|gränden|stigen|bågen)\s+\d+"
    r"\s?[a-zA-Z]?\s?(?:\d+|bst\s?\d+|as\.?\s?\d+)\b"
)


def impersonal(text: str, *, names: Iterable[str] = (), public: Iterable[str] = ()) -> str:
    """Return a text without secrets, names, homes, and people's telephone numbers and addresses.

    Args:
        names: Of people who may be in it, such as whoever wrote it.
        public: Texts in which every number and address is everybody's to know, such as the book's.
    """
    known = contacts(public)
    safe = masked(text)[0]
    for name in names:
        if name.strip():
            safe = re.sub(rf"(?<!\w){re.escape(name.strip())}(?!\w)", MASK, safe)
    for pattern in (_GREETED, _SIGNED, _CALLED, _AM):
        safe = pattern.sub(rf"\1{MASK}", safe)
    safe = _HOME.sub(MASK, safe)
    for pattern in (_EMAIL, _PHONE):
        safe = pattern.sub(lambda one: one[0] if _plain(one[0]) in known else MASK, safe)
    return safe


def contacts(texts: Iterable[str]) -> frozenset[str]:
    """Return the telephone numbers and e-mail addresses in texts, as they are compared."""
    return frozenset(
        _plain(found)
        for text in texts
        for pattern in (_EMAIL, _PHONE)
        for found in pattern.findall(text)
    )


def _plain(contact: str) -> str:
    """Return a number or address without what people write in different ways."""
    if "@" in contact:
        return contact.casefold().rstrip(".")
    digits = re.sub(r"\D", "", contact)
    return re.sub(r"^(?:00)?358", "0", digits)
