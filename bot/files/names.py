"""What a file is called where people see it."""

from __future__ import annotations

import re
import unicodedata

from bot.files.kinds import ENDINGS
from bot.masking import masked

LONGEST_STEM = 80
# Control and format characters among them the marks that turn the reading direction, with which a
# program's name is made to look like a picture's; and what systems do not allow in names.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_KNOWN_ENDING = re.compile(
    rf"\.({'|'.join([*ENDINGS.values(), 'jpeg', 'oga', 'opus', 'heic', 'text'])})$", re.IGNORECASE
)


def clean_name(name: str, media_type: str, otherwise: str = "file") -> str:
    """Return a name that is safe to show and to save under: no path, no hidden marks, no secret.

    The ending says what the file is by its content, whatever it was called.

    Args:
        media_type: When it is none of those accepted, the name keeps the ending it came with.
        otherwise: What it is called when nothing readable is left.
    """
    whole = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    last = re.split(r"[/\\]", whole)[-1]
    seen = "".join(
        sign
        for sign in unicodedata.normalize("NFC", last)
        if unicodedata.category(sign) not in _HIDDEN
    )
    ending = ENDINGS.get(media_type)
    stem = " ".join(_FORBIDDEN.sub("_", seen).split())
    stem = _KNOWN_ENDING.sub("", stem) if ending else stem
    stem = masked(stem)[0][:LONGEST_STEM].strip(" .")
    stem = " ".join(_FORBIDDEN.sub("_", stem).split())
    if not any(sign.isalnum() for sign in stem):
        stem = otherwise
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return f"{stem}.{ending}" if ending else stem
