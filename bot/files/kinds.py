"""What a file is, by its content alone: a short list of what is accepted; everything else is refused.

The table is our own. The libraries that guess types know thousands and answer with a list of maybes
(puremagic calls any ZIP a likely Word document, and an MP3 hardly anything); here a dozen kinds must
each be proven. Pictures are proven once more, by decoding them.
"""

from __future__ import annotations

import zipfile
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.errors import FileRefused, Why

if TYPE_CHECKING:
    from pathlib import Path


class FileKind(StrEnum):
    """How a file is shown."""

    PICTURE = "picture"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"


JPEG, PNG, WEBP, GIF = "image/jpeg", "image/png", "image/webp", "image/gif"
PICTURES = frozenset({JPEG, PNG, WEBP, GIF})
TEXT, PDF = "text/plain", "application/pdf"
ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OGG, MP3, M4A = "audio/ogg", "audio/mpeg", "audio/mp4"
MP4, MOV = "video/mp4", "video/quicktime"
# The ending each gets, whatever it was called before.
ENDINGS = {
    JPEG: "jpg",
    PNG: "png",
    WEBP: "webp",
    GIF: "gif",
    TEXT: "txt",
    PDF: "pdf",
    ODT: "odt",
    DOCX: "docx",
    OGG: "ogg",
    MP3: "mp3",
    M4A: "m4a",
    MP4: "mp4",
    MOV: "mov",
}
# What a browser's file chooser is told. HEIC is left out so that an iPhone converts it to JPEG by itself.
ACCEPTED = ",".join([*ENDINGS, ".txt", ".odt", ".docx", ".ogg", ".oga", ".opus", ".m4a"])
# Of text that a browser or a system could run, nothing is accepted under another name.
_TEXT_ENDINGS = (".txt", ".text", ".log", ".md", ".csv")
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_VIDEO_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"MSNV")
_VOICE_ENDINGS = (".m4a", ".aac")
_HEAD = 4_096
# Far above what a text document unpacks to, far below what would hurt.
_LARGEST_UNPACKED = 300_000_000
_MOST_MEMBERS = 5_000


def kind_of(media_type: str) -> FileKind:
    """Return how a file of this media type is shown."""
    family = media_type.partition("/")[0]
    if media_type in PICTURES:
        return FileKind.PICTURE
    return {"audio": FileKind.VOICE, "video": FileKind.VIDEO}.get(family, FileKind.DOCUMENT)


def media_type_of(path: Path, name: str) -> str:
    """Return the media type of a file, by its content.

    Args:
        name: As it was sent; it decides only between harmless neighbours, such as sound and film
            in the same container.

    Raises:
        FileRefused: It is empty, or nothing that is accepted.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise FileRefused(Why.EMPTY, name)
    found = _by_signature(head, name.lower())
    if found == "zip":
        found = _packed(path)
    if found is None and name.lower().endswith(_TEXT_ENDINGS) and _is_text(path):
        found = TEXT
    if found is None:
        raise FileRefused(Why.UNKNOWN, name)
    return found


def _by_signature(head: bytes, name: str) -> str | None:
    """Return the media type, `zip` for what must be looked into, or None."""
    signatures = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG, b"%PDF-": PDF, b"ID3": MP3}
    signatures |= {b"GIF87a": GIF, b"GIF89a": GIF, b"PK\x03\x04": "zip"}
    for signature, media_type in signatures.items():
        if head.startswith(signature):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"OggS"):
        # Ogg may hold film too; voice messages are Opus, recorders also write Vorbis.
        return OGG if b"OpusHead" in head or b"\x01vorbis" in head else None
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12], name)
    return MP3 if _is_mp3(head) else None


def _by_brand(brand: bytes, name: str) -> str | None:
    """Return what the brand of an ISO container says it is."""
    if brand in _HEIC_BRANDS:
        raise FileRefused(Why.HEIC, name)
    if brand in (b"M4A ", b"M4B "):
        return M4A
    if brand in _VIDEO_BRANDS:
        return M4A if name.endswith(_VOICE_ENDINGS) else MP4
    return MOV if brand == b"qt  " else None


def _is_mp3(head: bytes) -> bool:
    """Whether it begins with a frame of MPEG audio: sync, layer 3, a bit rate and a sampling rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - the format's bits
        return False
    return head[2] & 0xF0 not in (0x00, 0xF0) and head[2] & 0x0C != 0x0C  # noqa: PLR2004


def _packed(path: Path) -> str | None:
    """Return which document a ZIP archive is; None for any other archive, and for one with macros."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            unpacked = sum(member.file_size for member in members.values())
            if len(members) > _MOST_MEMBERS or unpacked > _LARGEST_UNPACKED:
                return None
            if "[Content_Types].xml" in members and "word/document.xml" in members:
                return None if any(name.endswith("vbaProject.bin") for name in members) else DOCX
            declared = members.get("mimetype")
            if declared is None or declared.file_size != len(ODT) or "content.xml" not in members:
                return None
            return ODT if archive.read("mimetype") == ODT.encode() else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        return None


def _is_text(path: Path) -> bool:
    """Whether the whole file reads as text, in UTF-8, UTF-16 with its mark, or Windows' Western letters."""
    content = path.read_bytes()
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(ord(sign) < ord(" ") and sign not in "\t\n\r\f" for sign in set(text))
    return False
