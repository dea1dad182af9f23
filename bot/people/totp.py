"""One-time codes from a telephone's app (RFC 6238), and the codes that replace the telephone; pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

import pyotp
from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from datetime import datetime

# Seconds that a code is shown; every app assumes this when it is told nothing else.
STEP = 30
RECOVERY_CODES = 8
_DIGITS = 6
# A telephone's clock may be this many steps off.
_DRIFT = 1
# Four groups of four are 77 bits. Letters and digits that look alike are left out.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """Return a new key for an app, in base 32: 160 bits, as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def address(secret: str, name: str, issuer: str) -> str:
    """Return what the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, after: int | None) -> int | None:
    """Return the number of the half minute that a code belongs to; None when it does not fit.

    Args:
        after: The newest that was used; it and those before fit no more.
    """
    present = int(now.timestamp()) // STEP
    codes = pyotp.TOTP(secret)
    digits = "".join(code.split())
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    fitting = [
        step
        for step in range(present - _DRIFT, present + _DRIFT + 1)
        if hmac.compare_digest(codes.generate_otp(step), digits)
    ]
    return next((step for step in fitting if after is None or step > after), None)


def new_recovery_codes() -> list[str]:
    """Return codes such as `abcd-efgh-jkmn-pqrs`, each good for one sign-in without the telephone."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_secret(staff_id: int, code: str) -> str:
    """Return what stands for a recovery code, however it was typed."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return f"recovery:{staff_id}:{plain}"


def seal(key: str, text: str) -> str:
    """Return a text that only the holder of the service's key can read."""
    return _box(key).encrypt(text.encode()).decode()


def unseal(key: str, sealed: str) -> str | None:
    """Return the text; None when it was sealed with another key or tampered with."""
    try:
        return _box(key).decrypt(sealed.encode("utf-8", "replace")).decode()
    except InvalidToken:
        return None


def _box(key: str) -> Fernet:
    derived = hmac.digest(key.encode(), b"one-time codes", hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived))
