"""Pictures made anew from their dots: nothing else of the file is kept, so no place, no device, no trick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from bot.errors import FileRefused, Why
from bot.files.kinds import JPEG, PNG

if TYPE_CHECKING:
    from pathlib import Path

# A telephone's camera has 12 to 50 million dots. A few kilobytes can claim a thousand million.
MOST_DOTS = 50_000_000
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
        with Image.open(source, formats=_FORMATS) as image:
            # The size is known from the head: a bomb is never unpacked.
            if image.width * image.height > MOST_DOTS:
                raise FileRefused(Why.TOO_MANY_DOTS, name, MOST_DOTS // 1_000_000)
            is_photograph = image.format == "JPEG" or (
                image.format == "WEBP" and not image.has_transparency_data
            )
            # A JPEG is read at a half or a quarter of its size when that is all that is kept.
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image.load()
            upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        if not is_photograph:
            clean = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            _without_metadata(clean).save(target, "PNG")
            if target.stat().st_size <= largest:
                return PNG
            upright = _on_white(clean)
        _without_metadata(upright.convert("RGB")).save(target, "JPEG", quality=_QUALITY)
    except FileRefused:
        raise
    except _TOO_LARGE:
        raise FileRefused(Why.TOO_MANY_DOTS, name, MOST_DOTS // 1_000_000) from None
    except Exception:  # a decoder raises whatever a broken picture leads it to
        raise FileRefused(Why.BROKEN, name) from None
    return JPEG


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
