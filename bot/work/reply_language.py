"""Whether a reply is in the language of its ticket; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.errors import OtherLanguage
from faq.language import is_foreign

if TYPE_CHECKING:
    from bot.town import Town

# A few words are names, thanks or a product's menu: they are never stopped.
FEWEST_WORDS = 5
# How much better another language must explain the text, in nats. Measured on one-sentence replies:
# the right language is ahead by 30 or more, and a sentence full of foreign names by less than 10.
MARGIN = 12.0
FOREIGN = "other"
# Addresses, numbers and times belong to no language.
_NO_WORD = re.compile(r"://|@|\d")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def other_language(text: str, locale: str, town: Town) -> str | None:
    """Return the language a reply is plainly in, when it is not the ticket's.

    Args:
        locale: The ticket's language.

    Returns:
        A locale, or `other` for a language that we do not speak; None when nothing speaks
        against sending it.
    """
    kept = (part for part in text.split() if not _NO_WORD.search(part))
    words = _LETTERS.findall(" ".join(kept))
    if len(words) < FEWEST_WORDS:
        return None
    said = " ".join(words)
    if is_foreign(said):
        return FOREIGN
    likely = town.matcher.likely(said)
    best = max(likely, key=lambda language: likely[language])
    return best if likely[best] - likely[locale] > MARGIN else None


def check(text: str, locale: str, town: Town) -> None:
    """Stop a reply that is plainly not in its ticket's language.

    Raises:
        OtherLanguage: It is in another.
    """
    found = other_language(text, locale, town)
    if found:
        raise OtherLanguage(found, locale)
