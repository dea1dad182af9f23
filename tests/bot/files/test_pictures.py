"""Pictures are drawn anew: nothing of the file but its dots is kept, and no bomb is unpacked."""

from __future__ import annotations

import pytest
from PIL import Image

from bot.errors import FileRefused, Why
from bot.files import pictures
from tests import samples

LARGEST = 10_000_000


@pytest.fixture
def drawn(tmp_path):
    """Draw content anew; gives the media type and the picture."""

    def draw(content: bytes, largest: int = LARGEST):
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(content)
        media_type = pictures.redrawn(source, target, "kuva", largest)
        image = Image.open(target)
        image.load()
        return media_type, image, target.read_bytes()

    return draw


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        (samples.picture("JPEG"), "image/jpeg", "JPEG"),
        (samples.picture("JPEG", mode="CMYK"), "image/jpeg", "JPEG"),
        (samples.picture("JPEG", mode="L"), "image/jpeg", "JPEG"),
        (samples.picture("PNG"), "image/png", "PNG"),
        (samples.picture("PNG", mode="RGBA"), "image/png", "PNG"),
        (samples.picture("PNG", mode="P"), "image/png", "PNG"),
        (samples.picture("PNG", mode="1"), "image/png", "PNG"),
        (samples.picture("WEBP"), "image/jpeg", "JPEG"),
        (samples.picture("WEBP", mode="RGBA"), "image/png", "PNG"),
        (samples.picture("GIF"), "image/png", "PNG"),
    ],
)
def test_each_format(drawn, content, media_type, kind):
    """Every accepted format becomes one that everything can show."""
    found, image, _content = drawn(content)
    assert (found, image.format, image.size) == (media_type, kind, (60, 40))


def test_nothing_but_the_dots(drawn):
    """Where and with what a photo was taken, and what was written into it, is gone."""
    given = samples.photo_with_place()
    assert b"Secret Phone" in given
    _media_type, image, content = drawn(given)
    assert not image.getexif()
    assert b"Secret Phone" not in content
    assert b"taken at home" not in content
    assert b"Exif" not in content


def test_text_in_a_png_is_gone(drawn):
    """A PNG's text is metadata too."""
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - only here

    said = PngInfo()
    said.add_text("Author", "Aino", zip=True)
    import io  # noqa: PLC0415 - only here

    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG", pnginfo=said, dpi=(72, 72))
    _media_type, image, content = drawn(out.getvalue())
    assert image.info == {}
    assert b"Aino" not in content


def test_upright(drawn):
    """A photo taken with the telephone on its side is turned before it forgets that."""
    _media_type, image, _content = drawn(samples.photo_with_place(orientation=6))
    assert image.size == (40, 60)


def test_large_pictures_become_smaller(drawn):
    """A picture with more dots than a reader needs is made smaller."""
    _media_type, image, _content = drawn(samples.picture("JPEG", (5_000, 2_000)))
    assert max(image.size) == pictures.LONGEST_SIDE


def test_too_large_without_loss(drawn):
    """What would be too large as PNG becomes JPEG, on white where nothing was."""
    media_type, image, _content = drawn(samples.picture("PNG", mode="RGBA"), largest=10)
    assert (media_type, image.mode) == ("image/jpeg", "RGB")


def test_first_frame_of_a_film(drawn):
    """Of a moving picture the first frame stays."""
    import io  # noqa: PLC0415 - only here

    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    _media_type, image, _content = drawn(out.getvalue())
    assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
    assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (samples.bomb(), Why.TOO_MANY_DOTS),
        (samples.bomb(7_100, 7_100), Why.TOO_MANY_DOTS),
        (samples.bomb(100, 1_000), Why.BROKEN),
        (samples.picture("PNG")[:-40], Why.BROKEN),
        (samples.picture("JPEG", (600, 400))[:-400], Why.BROKEN),
        (b"\x89PNG\r\n\x1a\n", Why.BROKEN),
        (b"\xff\xd8\xff", Why.BROKEN),
        (b"RIFF\0\0\0\0WEBP", Why.BROKEN),
        (b"GIF89a", Why.BROKEN),
        (b"GIF89a" + b"\xff" * 200, Why.BROKEN),
    ],
)
def test_refused(drawn, content, why):
    """Broken pictures, and those that claim more dots than is sensible, are refused."""
    with pytest.raises(FileRefused) as refused:
        drawn(content)
    assert refused.value.why is why
