"""A file as it travels from a channel into a conversation, and how large it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import Why

if TYPE_CHECKING:
    from bot.files.kinds import FileKind

MEGABYTE = 1_000_000
# Where residents fetch their files.
HREF = "/chat/files/"
# A telephone's camera has 12 to 50 million dots. A few kilobytes can claim a thousand million.
MILLION_DOTS = 50


@dataclass(frozen=True)
class SentFile:
    """One file that somebody sent.

    Attributes:
        kind: By its content once it is here; before that as the channel calls it.
        name: As it may be shown; empty when it has none.
        size: Bytes; 0 when unknown.
        key: 32 hexadecimal digits, not guessable: its name on our disk and in addresses.
        sha256: Of what lies on our disk; None until it does.
        remote_id: What the channel calls it, to fetch it with; None when it came with the request.
        remote_key: What the channel calls it whoever asks, to know it again.
        fault: Why it cannot be had; None when it can, as far as is known.
    """

    kind: FileKind
    media_type: str
    name: str
    size: int
    key: str
    sha256: str | None = None
    remote_id: str | None = None
    remote_key: str | None = None
    fault: Why | None = None


@dataclass(frozen=True)
class Limits:
    """How much may be sent, in megabytes (a million bytes): in a file, a message, a ticket; how many files."""

    file: int = 10
    message: int = 20
    ticket: int = 60
    count: int = 10

    def of(self, why: Why) -> int:
        """Return the limit that a refusal names; 0 when it names none."""
        named = {
            Why.TOO_LARGE: self.file,
            Why.MESSAGE_FULL: self.message,
            Why.TICKET_FULL: self.ticket,
            Why.TOO_MANY: self.count,
            Why.TOO_MANY_DOTS: MILLION_DOTS,
        }
        return named.get(why, 0)

    @property
    def file_bytes(self) -> int:
        """Return how many bytes a file may have."""
        return self.file * MEGABYTE

    @property
    def message_bytes(self) -> int:
        """Return how many bytes the files of one message may have together."""
        return self.message * MEGABYTE

    @property
    def ticket_bytes(self) -> int:
        """Return how many bytes the files of one ticket may have together."""
        return self.ticket * MEGABYTE
