"""What people send beside words: what it is, its name, its picture without metadata, where it lies."""

from bot.files.intake import taken_in
from bot.files.kinds import ACCEPTED, FileKind
from bot.files.names import clean_name
from bot.files.sent import HREF, Limits, SentFile
from bot.files.store import FileStore, new_key
from bot.files.wording import called, refusal, standing_for

__all__ = [
    "ACCEPTED",
    "HREF",
    "FileKind",
    "FileStore",
    "Limits",
    "SentFile",
    "called",
    "clean_name",
    "new_key",
    "refusal",
    "standing_for",
    "taken_in",
]
