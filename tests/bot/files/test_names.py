"""What files are called where people see it, whatever they were called before."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.files.kinds import ENDINGS
from bot.files.names import LONGEST_STEM, clean_name

NAMES = st.text(alphabet=st.characters(exclude_categories=[]), max_size=300) | st.text(
    alphabet='./\\ \u202e\u200b:*?"<>|%\n\0ajpg', max_size=60
)


@given(NAMES, st.sampled_from(["", *ENDINGS]))
@example("../../etc/passwd", "text/plain")
@example("con", "")
@example("\ud800", "image/png")
@example("a" * 500 + ".jpg", "image/jpeg")
def test_any_name_is_safe(name, media_type):
    """No path, no hidden or turning mark, nothing a system forbids; short, not empty, its own ending."""
    clean = clean_name(name, media_type)
    assert not set(clean) & set('/\\<>:"|?*\n\r\0')
    assert not any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in clean)
    assert clean == clean.strip(" .")
    assert 0 < len(clean) <= LONGEST_STEM + 6
    clean.encode()
    if media_type:
        assert clean.endswith("." + ENDINGS[media_type])
    assert clean_name(clean, media_type) == clean


@pytest.mark.parametrize(
    ("name", "media_type", "clean"),
    [
        ("Kirje pankista.pdf", "application/pdf", "Kirje pankista.pdf"),
        ("photo.jpeg", "image/jpeg", "photo.jpg"),
        ("PHOTO.JPG", "image/png", "PHOTO.png"),
        ("IMG_1.HEIC", "image/jpeg", "IMG_1.jpg"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Users\\Aino\\kuva.png", "image/png", "kuva.png"),
        ("gpj.\u202eexe", "application/pdf", "gpj.exe.pdf"),
        ("kuva\u0308.png", "image/png", "kuv\u0061\u0308.png".replace("a\u0308", "ä")),
        ("  a   b  ", "", "a b"),
        ("...", "image/png", "file.png"),
        ("", "image/png", "file.png"),
        ("CON.txt", "text/plain", "_CON.txt"),
        ("program.exe", "", "program.exe"),
        ("Оплата.pdf", "application/pdf", "Оплата.pdf"),
        ("ä" * 200 + ".pdf", "application/pdf", "ä" * LONGEST_STEM + ".pdf"),
    ],
)
def test_names(name, media_type, clean):
    """A name keeps what people know it by."""
    assert clean_name(name, media_type) == clean


def test_a_secret_in_a_name():
    """An identity code in a name is hidden like one in a message."""
    assert "131052-308T" not in clean_name("hakemus 131052-308T.pdf", "application/pdf")


def test_what_has_no_name():
    """Without a readable name it is called what the caller says."""
    assert clean_name("\u200b", "image/jpeg", "kuva") == "kuva.jpg"
