"""What people send beside words: what it is, its name, its picture without metadata, where it lies."""

from bot.files.intake import taken_in
from bot.files.kinds import ACCEPTED, FileKind
from bot.files.names import clean_name
from bot.files.refusals import refusal
from bot.files.sent import Limits, SentFile
from bot.files.store import FileStore

__all__ = [
    "ACCEPTED",
    "FileKind",
    "FileStore",
    "Limits",
    "SentFile",
    "clean_name",
    "refusal",
    "taken_in",
]
