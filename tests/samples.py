"""Files to send in tests: small ones of each kind, and the ones that nobody should take."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

EXIF_GPS = 0x8825
EXIF_MAKER = 0x010F
EXIF_ORIENTATION = 0x0112


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB") -> bytes:
    """A picture, half red and half blue, so that it can be told which way up it is."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0] // 2, size[1]))
    image = image.convert(mode)
    if mode == "RGBA":
        image.putpixel((0, 0), (0, 0, 0, 0))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def photo_with_place(orientation: int = 1) -> bytes:
    """A photo that tells where and with what it was taken."""
    image = Image.open(io.BytesIO(picture("JPEG")))
    exif = image.getexif()
    exif[EXIF_MAKER] = "Secret Phone"
    exif[EXIF_ORIENTATION] = orientation
    exif.get_ifd(EXIF_GPS).update({1: "N", 2: (60.0, 10.0, 1.0), 3: "E", 4: (24.0, 56.0, 1.0)})
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"taken at home")
    return out.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few kilobytes whose head claims very many dots."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * 64), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def packed(members: dict[str, bytes]) -> bytes:
    """A ZIP with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


ODT = packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office/>"})
DOCX = packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
DOCM = packed(
    {"[Content_Types].xml": b"<T/>", "word/document.xml": b"<w/>", "word/vbaProject.bin": b"x"}
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
OPUS = b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01" + bytes(64)
OGG_FILM = b"OggS\0\x02" + bytes(20) + b"\x01\x2a\x80theora" + bytes(64)
MP3 = b"\xff\xfb\x90\x64" + bytes(400)
MP3_TAGGED = b"ID3\x04\0" + bytes(400)
M4A = b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + bytes(64)
MP4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + bytes(64)
MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(64)
HEIC = b"\0\0\0\x20ftypheic\0\0\0\0mif1heic" + bytes(64)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!doctype html><script>alert(1)</script>"
PROGRAM = b"MZ\x90\0\x03" + bytes(400)
