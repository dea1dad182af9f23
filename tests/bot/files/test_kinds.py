"""What a file is, by its content: the short list, and everything that is refused."""

from __future__ import annotations

import pytest

from bot.errors import FileRefused, Why
from bot.files.kinds import ENDINGS, FileKind, kind_of, media_type_of
from tests import samples


@pytest.fixture
def typed(tmp_path):
    """The media type of content under a name."""

    def find(content: bytes, name: str = "x") -> str:
        path = tmp_path / "incoming"
        path.write_bytes(content)
        return media_type_of(path, name)

    return find


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (samples.picture("JPEG"), "image/jpeg"),
        (samples.picture("PNG"), "image/png"),
        (samples.picture("WEBP"), "image/webp"),
        (samples.picture("GIF"), "image/gif"),
        (samples.PDF, "application/pdf"),
        (samples.ODT, "application/vnd.oasis.opendocument.text"),
        (samples.DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (samples.OPUS, "audio/ogg"),
        (samples.MP3, "audio/mpeg"),
        (samples.MP3_TAGGED, "audio/mpeg"),
        (samples.M4A, "audio/mp4"),
        (samples.MP4, "video/mp4"),
        (samples.MOV, "video/quicktime"),
    ],
)
def test_accepted_whatever_it_is_called(typed, content, media_type):
    """The content decides: the same under its own name, none, and a lying one."""
    for name in ("", "x", "photo.exe", f"x.{ENDINGS[media_type]}", "../../etc/passwd"):
        assert typed(content, name) == media_type


@pytest.mark.parametrize(
    "content",
    [
        "Hyvää päivää".encode(),
        "\ufeffHyvää päivää".encode(),
        "Hyvää päivää".encode("utf-16"),
        "Hyvää päivää".encode("cp1252"),
        b"a\r\n\tb\n",
    ],
)
def test_text(typed, content):
    """Plain text is accepted in the alphabets people have, under a text's name only."""
    assert typed(content, "kirje.TXT") == "text/plain"
    for name in ("kirje.html", "kirje.bat", "kirje", "photo.jpg"):
        with pytest.raises(FileRefused) as refused:
            typed(content, name)
        assert refused.value.why is Why.UNKNOWN


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "empty.pdf", Why.EMPTY),
        (samples.HEIC, "IMG_1.HEIC", Why.HEIC),
        (samples.PROGRAM, "photo.jpg", Why.UNKNOWN),
        (samples.SVG, "picture.png", Why.UNKNOWN),
        (samples.HTML, "letter.pdf", Why.UNKNOWN),
        (samples.DOCM, "letter.docx", Why.UNKNOWN),
        (samples.OGG_FILM, "voice.ogg", Why.UNKNOWN),
        (b"PK\x03\x04 and then nothing", "letter.docx", Why.UNKNOWN),
        (samples.packed({"a.txt": b"x"}), "letter.docx", Why.UNKNOWN),
        (samples.packed({"mimetype": b"text/html", "content.xml": b""}), "a.odt", Why.UNKNOWN),
        (samples.DOCX[:-30], "cut.docx", Why.UNKNOWN),
        (b"text with \x00 in it", "letter.txt", Why.UNKNOWN),
        (b"\xff\xfe\x00", "odd.txt", Why.UNKNOWN),
        (b"\x81\x8d", "odd.txt", Why.UNKNOWN),
        (b"\xff\xfb", "short.mp3", Why.UNKNOWN),
        (b"\xff\xff\xff\xff", "bits.mp3", Why.UNKNOWN),
        (b"RIFF\0\0\0\0WAVEfmt ", "sound.webp", Why.UNKNOWN),
        (b"\0\0\0\x20ftypxxxx", "film.mp4", Why.UNKNOWN),
        (b" %PDF-1.7", "late.pdf", Why.UNKNOWN),
    ],
)
def test_refused(typed, content, name, why):
    """Empty, lying, broken and unwanted files are refused, each for its reason."""
    with pytest.raises(FileRefused) as refused:
        typed(content, name)
    assert refused.value.why is why


def test_packed_bomb(typed, monkeypatch):
    """A document that would unpack to very much, or of very many parts, is refused unopened."""
    from bot.files import kinds  # noqa: PLC0415 - only here

    assert typed(samples.DOCX)
    monkeypatch.setattr(kinds, "_LARGEST_UNPACKED", 5)
    with pytest.raises(FileRefused):
        typed(samples.DOCX)
    monkeypatch.setattr(kinds, "_LARGEST_UNPACKED", 300_000_000)
    monkeypatch.setattr(kinds, "_MOST_MEMBERS", 1)
    with pytest.raises(FileRefused):
        typed(samples.DOCX)


@pytest.mark.parametrize("name", ["voice.m4a", "VOICE.M4A", "voice.aac"])
def test_sound_in_a_film_container(typed, name):
    """A recorder's sound in the container of films is shown as sound."""
    assert typed(samples.MP4, name) == "audio/mp4"


def test_kinds():
    """Every accepted sort is shown in one of four ways; the unknown as a document."""
    kinds = {kind_of(media_type) for media_type in ENDINGS}
    assert kinds == set(FileKind)
    assert kind_of("") is FileKind.DOCUMENT
    assert kind_of("image/svg+xml") is FileKind.DOCUMENT
