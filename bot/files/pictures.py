"""Pictures made anew from their dots: nothing else of the file is kept, so no place, no device, no trick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from bot.errors import FileRefused, Why
from bot.files.kinds import JPEG, PNG
from bot.files.sent import MILLION_DOTS

if TYPE_CHECKING:
    from pathlib import Path

# Enough to read a letter that was photographed.
LONGEST_SIDE = 4_096
_QUALITY = 88
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def redrawn(source: Path, target: Path, name: str, largest: int) -> str:
    """Draw the first frame of a picture anew, upright and without metadata; return its media type.

    It stays PNG when it has transparent or few colours to lose, unless that would be larger than
    `largest` bytes; photographs become JPEG. It takes a few tenths of a second, so call it in a thread.

    Raises:
        FileRefused: It cannot be decoded, or it has more dots than is sensible.
    """
    try:
        return _redrawn(source, target, name, largest)
    except FileRefused:
        raise
    except _TOO_LARGE:
        raise _too_many_dots(name) from None
    except Exception:  # noqa: BLE001 - a decoder raises whatever a broken picture leads it to
        raise FileRefused(Why.BROKEN, name) from None


def _redrawn(source: Path, target: Path, name: str, largest: int) -> str:
    with Image.open(source, formats=_FORMATS) as image:
        # The size is known from the head: a bomb is never unpacked.
        if image.width * image.height > MILLION_DOTS * 1_000_000:
            raise _too_many_dots(name)
        is_photograph = image.format == "JPEG" or (
            image.format == "WEBP" and not image.has_transparency_data
        )
        # A JPEG is read at a half or a quarter of its size when that is all that is kept.
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
        upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if not is_photograph:
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        _without_metadata(upright).save(target, "PNG")
        if target.stat().st_size <= largest:
            return PNG
        upright = _on_white(upright)
    _without_metadata(upright.convert("RGB")).save(target, "JPEG", quality=_QUALITY)
    return JPEG


def _too_many_dots(name: str) -> FileRefused:
    return FileRefused(Why.TOO_MANY_DOTS, name, MILLION_DOTS)


def _without_metadata(image: Image.Image) -> Image.Image:
    """Return the dots alone: Pillow writes what it knows of a picture back into the file."""
    image.info = {}
    image.getexif().clear()
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper
