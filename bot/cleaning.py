"""What can be read of what people write; pure."""

from __future__ import annotations

import unicodedata

from bot.errors import TextMissing, TextTooLong

# Telegram's own limit; a longer text is refused with a clear answer instead of being cut.
LONGEST_TEXT = 4_096


def cleaned(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return what can be read of a text: no control characters, no half characters, no outer spaces.

    Raises:
        TextMissing: Nothing is left.
        TextTooLong: More is left than can be read at once.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(whole) > 4 * longest:
        raise TextTooLong(len(whole), longest)
    normal = unicodedata.normalize("NFC", whole.replace("\r\n", "\n"))
    kept = "".join(
        sign for sign in normal if sign in "\n\t" or unicodedata.category(sign) != "Cc"
    ).strip()
    # A text of nothing but joiners and direction marks is as empty as one of spaces.
    if not any(unicodedata.category(sign) not in {"Cf", "Zs", "Zl", "Zp", "Cc"} for sign in kept):
        raise TextMissing
    if len(kept) > longest:
        raise TextTooLong(len(kept), longest)
    return kept
