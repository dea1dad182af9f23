"""What is personal in a reply is hidden; what everybody may know stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import MASK
from bot.work.impersonal import contacts, impersonal

PUBLIC = ("Soita 09 310 10011 tai kirjoita digituki@hel.fi.",)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hei Matti Meikäläinen, tervetuloa!", "Hei •••, tervetuloa!"),
        ("Hej Anna! Välkommen.", "Hej •••! Välkommen."),
        ("Dear Mr John Smith,\nyou can", "Dear •••,\nyou can"),
        ("Hei! Digituki on maksuton.", "Hei! Digituki on maksuton."),
        ("Hyvä tietää: se on maksuton.", "Hyvä tietää: se on maksuton."),
        ("Tule kirjastoon.\nTerveisin\nMaija Virtanen, digituki", "Tule kirjastoon.\nTerveisin\n•••"),
        ("Kom till oss. Med vänlig hälsning, Kalle", "Kom till oss. Med vänlig hälsning, •••"),
        ("Come in.\nKind regards, Kalle", "Come in.\nKind regards, •••"),
        ("Nimeni on Liisa Korhonen ja olen kotona", "Nimeni on ••• ja olen kotona"),
        ("I am Jane Doe and I am lost", "I am ••• and I am lost"),
        ("Soita 040 123 4567 tai +358 40 1234567", "Soita ••• tai •••"),
        ("Soita 09 310 10011, +358 9 310 10011 tai 0931010011.", None),
        ("Kirjoita matti.m@example.com tai Digituki@hel.fi", "Kirjoita ••• tai Digituki@hel.fi"),
        ("Asut osoitteessa Mannerheimintie 5 A 12", "Asut osoitteessa •••"),
        ("Kirjasto on osoitteessa Rikhardinkatu 3", None),
        ("Avoinna 9-15, 23.11.2026, 2026-11-23, hinta 1 000 euroa, 00530 Helsinki", None),
        ("Tunnus 131052-308T", "Tunnus •••"),
        ("Tukipyyntö N-1042, soita 112", None),
        ("", ""),
        ("\n\n", None),
    ],
)  # fmt: skip
def test_what_is_hidden(text, left):
    """Names where they are written, private numbers, addresses and homes go; the town's own stay."""
    assert impersonal(text, public=PUBLIC) == (text if left is None else left)


def test_names_that_are_known():
    """Whoever wrote it is hidden wherever the name stands, and only as a whole word."""
    text = "Maija soittaa; maijat eivät. Maijan (Maija)"
    assert impersonal(text, names=["Maija", "", " "]) == "••• soittaa; maijat eivät. Maijan (•••)"
    assert impersonal("a+b", names=["a+b"]) == MASK


def test_contacts():
    """Numbers are compared without spaces and with or without the country's, addresses without case."""
    assert contacts(["+358 9 310 10011", "Info@Hel.FI."]) == {"0931010011", "info@hel.fi"}


@given(before=st.text(max_size=100), after=st.text(max_size=100))
def test_a_number_in_any_text(before, after):
    """Whatever stands around it, a private number does not come through."""
    assert "040 1234567" not in impersonal(f"{before} 040 1234567 {after}")
