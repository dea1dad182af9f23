"""What files are called, and what people are told when one cannot be taken or shown; pure wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import Why
from bot.files.kinds import FileKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.errors import FileRefused
    from bot.texts import Texts


def called(kind: FileKind, words: Texts) -> str:
    """Return what a file without a name is called."""
    _ = words.gettext
    return {
        FileKind.PICTURE: _("picture"),
        FileKind.VOICE: _("voice message"),
        FileKind.VIDEO: _("video"),
        FileKind.DOCUMENT: _("file"),
    }[kind]


def standing_for(kinds: Sequence[FileKind], words: Texts) -> str:
    """Return what stands for the words of a message that is only files: [picture], [3 files]."""
    if len(kinds) == 1:
        return f"[{called(kinds[0], words)}]"
    number = len(kinds)
    counted = words.ngettext("{number} file", "{number} files", number)
    return f"[{counted.format(number=number)}]"


def refusal(error: FileRefused, words: Texts) -> str:
    """Return what is wrong with a file and what to do."""
    _ = words.gettext
    name = error.name or _("The file")
    limit = error.limit
    match error.why:
        case Why.EMPTY:
            return _("{name} is empty. Choose another file.").format(name=name)
        case Why.TOO_LARGE:
            return _("{name} is too large: a file may have at most {limit} MB.").format(
                name=name, limit=limit
            )
        case Why.MESSAGE_FULL:
            return _(
                "The files are too large together: at most {limit} MB at once. Send them in several messages."
            ).format(limit=limit)
        case Why.TICKET_FULL:
            return _(
                "There is no room for more files in this matter: at most {limit} MB in all. You can"
                " still write."
            ).format(limit=limit)
        case Why.TOO_MANY:
            return _(
                "Too many files at once: at most {limit}. Send the others in the next message."
            ).format(limit=limit)
        case Why.HEIC:
            return _(
                "{name} is a picture in Apple's own format, which cannot be opened here. Send it as"
                " a photo or as JPEG."
            ).format(name=name)
        case Why.TOO_MANY_DOTS:
            return _(
                "{name} has too many dots: a picture may have at most {limit} million. Send it smaller."
            ).format(name=name, limit=limit)
    return _refusal_of_content(error, name, words)


def _refusal_of_content(error: FileRefused, name: str, words: Texts) -> str:
    _ = words.gettext
    match error.why:
        case Why.UNKNOWN:
            return _(
                "{name} cannot be taken: only pictures, voice recordings, short videos, PDF, Word and"
                " OpenDocument files and plain text can."
            ).format(name=name)
        case Why.BROKEN:
            return _(
                "{name} is broken and cannot be opened. Take the picture again, or choose another file."
            ).format(name=name)
        case Why.CUT_OFF:
            return _("The connection broke before everything had arrived. Send it again.")
        case Why.GONE:
            return _("{name} is not there any more. Ask for it again.").format(name=name)
    return _("{name} cannot be opened or kept just now. Try again in a moment.").format(name=name)
