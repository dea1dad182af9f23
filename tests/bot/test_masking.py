"""Secrets are hidden before anything is stored; what merely looks like one stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import MASK, masked


@pytest.mark.parametrize(
    "text",
    [
        "hetu on 131052-308T", "131052-308t", "131052 -308T", "se on 010594Y9032", "010594Y9021 kuuluu mulle",
        "020594X903P", "030694W9024", "020504A902E", "020504B904H", "131052–308T",
        "kortti 4111 1111 1111 1111", "5500-0000-0000-0004", "tili FI21 1234 5600 0007 85", "FI2112345600000785",
        "salasanani on Kissa1947", "Mun salasana on Kissa1947 miks se ei toimi", "PIN-koodi: 4711",
        "mitt lösenord är Hund1950", "my password is Fluffy99", "käyttäjätunnus 12345678", "koodi on 0482",
    ],
)  # fmt: skip
def test_secret_is_hidden(text):
    """Identity codes of every century sign, cards, accounts, and what is said to be a password."""
    safe, had_secret = masked(text)
    assert had_secret
    assert MASK in safe
    for secret in (
        "308T",
        "9032",
        "1947",
        "4711",
        "1111 1111",
        "0007",
        "Hund",
        "Fluffy",
        "0482",
        "5678",
    ):
        assert secret.lower() not in safe.lower()


@pytest.mark.parametrize(
    "text",
    [
        "puhelin 040 123 4567", "09 310 10011", "tulen 12.6. klo 15-22", "131052-308X", "lasku 1234567890123",
        "kysymykseni N-1042", "800 hengen konsertti 12.6.2027", "salasana unohtui", "salasana ei toimi",
        "koodi ei tule", "Windows 10", "postinumero 00530", "jag glömde lösenordet", "I forgot my password",
        "asun 00100 Helsingissä", "Galaxy S21 5G",
    ],
)  # fmt: skip
def test_innocent_text_stays(text):
    """Telephone numbers, dates, ticket numbers and talk about passwords stay as they are."""
    assert masked(text) == (text, False)


@given(st.text(max_size=300))
def test_masking_never_fails_and_is_stable(text):
    """Any text can be masked, and masking twice changes nothing more."""
    once, _ = masked(text)
    assert masked(once)[0] == once
