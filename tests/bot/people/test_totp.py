"""One-time codes: which fit, once, and what stands in for the telephone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import WrongCode
from bot.models import Audit, Credential, Role, Staff
from bot.people import codes, totp, tries
from bot.people import staff as people
from tests.handlers.conftest import rows

KEY = "a secret key for tests, long enough"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238's own, in base 32


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_of_the_rfc(second, code):
    """The codes are those that RFC 6238 gives in its appendix, as six digits."""
    now = datetime.fromtimestamp(second, UTC)
    assert totp.step_of(SECRET, code, now, None) == second // 30
    assert totp.step_of(SECRET, f" {code[:3]} {code[3:]} ", now, None) == second // 30


@pytest.mark.parametrize(
    ("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_drift(steps, fits):
    """A telephone's clock may be half a minute off in either direction, not more."""
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    code = pyotp.TOTP(SECRET).at(now + timedelta(seconds=30 * steps))
    assert (totp.step_of(SECRET, code, now, None) is not None) is fits


def test_used_codes_fit_no_more():
    """A code fits once, and none before it fits after it."""
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    step = int(now.timestamp()) // 30
    for offset, after, expected in ((0, step, None), (-1, step, None), (1, step, step + 1)):
        code = pyotp.TOTP(SECRET).at(now + timedelta(seconds=30 * offset))
        assert totp.step_of(SECRET, code, now, after) == expected


@pytest.mark.parametrize(
    "code",
    ["", " ", "28708", "2870820", "28708a", "２８７０８２", "-28708", "0x1234", "\0", "x" * 10_000],
)
def test_no_code(code):
    """What is no code of six digits never fits and breaks nothing."""
    assert totp.step_of(SECRET, code, datetime.fromtimestamp(59, UTC), None) is None


@given(st.text(max_size=80))
def test_seal(text):
    """What is sealed can be read with the same key, and with no other."""
    sealed = totp.seal(KEY, text.replace("\ud800", ""))
    assert totp.unseal(KEY, sealed) == text.replace("\ud800", "")
    assert totp.unseal(KEY + "x", sealed) is None
    assert text not in sealed or len(text) < 8


@pytest.mark.parametrize("sealed", ["", "x", "gAAAA", "ä" * 50, "\ud800", "=" * 400])
def test_tampered_seal(sealed):
    """What was never sealed is nothing."""
    assert totp.unseal(KEY, sealed) is None


def test_recovery_codes():
    """There are eight, all different, without letters that look alike; typing them is forgiving."""
    made = totp.new_recovery_codes()
    assert len(set(made)) == 8
    assert not set("".join(made)) & set("ilo01")
    typed = made[0].upper().replace("-", " ")
    assert totp.recovery_secret(1, typed) == totp.recovery_secret(1, made[0])
    assert totp.recovery_secret(2, made[0]) != totp.recovery_secret(1, made[0])


@pytest.fixture
async def maija(database, clock):
    """A member of staff without codes."""
    async with database.write() as session:
        return await people.add(session, "Maija", Role.STAFF, ["general"], clock())


async def set_up(database, maija, clock):
    """Codes set up: the app's key, and the recovery codes."""
    secret, sealed = codes.offer(maija, KEY)
    async with database.write() as session:
        person = await session.get(Staff, maija.id)
        shown = await codes.confirm(
            session, person, sealed, pyotp.TOTP(secret).at(clock()), KEY, clock()
        )
    return secret, shown


async def used(database, maija, code, clock, key=KEY):
    """What a code opened."""
    async with database.write() as session:
        person = await session.get(Staff, maija.id, with_for_update=True)
        return await codes.use(session, person, code, key, clock())


async def test_setting_up(database, maija, clock):
    """The key is kept sealed; the code that confirmed it is used up, the next one opens."""
    secret, _shown = await set_up(database, maija, clock)
    async with database.read() as session:
        person = await session.get(Staff, maija.id)
        assert secret not in person.totp_secret
    assert await used(database, maija, pyotp.TOTP(secret).at(clock()), clock) is None
    clock.pass_(seconds=30)
    assert await used(database, maija, pyotp.TOTP(secret).at(clock()), clock) == "app"
    assert await used(database, maija, pyotp.TOTP(secret).at(clock()), clock) is None
    clock.pass_(seconds=30)
    newest = pyotp.TOTP(secret).at(clock())
    assert await used(database, maija, newest, clock, key="another key, long enough too") is None


async def test_same_code_at_once(database, maija, clock):
    """Of many who send one code at the same moment, one gets in; the same with a recovery code."""
    secret, shown = await set_up(database, maija, clock)
    clock.pass_(seconds=30)
    for code, kind in ((pyotp.TOTP(secret).at(clock()), "app"), (shown[0], "recovery")):
        found = await asyncio.gather(*(used(database, maija, code, clock) for _ in range(6)))
        assert sorted(map(str, found)) == sorted([kind, *["None"] * 5])


@pytest.mark.parametrize("wrong", ["code", "sealed", "person", "key", "twice"])
async def test_confirming_wrongly(database, maija, clock, wrong):
    """Another code, a forged or a foreign key, or codes that are on already change nothing."""
    if wrong == "twice":
        await set_up(database, maija, clock)
    async with database.write() as session:
        pekka = await people.add(session, "Pekka", Role.STAFF, [], clock())
    secret, sealed = codes.offer(pekka if wrong == "person" else maija, KEY)
    code = "000000" if wrong == "code" else pyotp.TOTP(secret).at(clock())
    sealed = sealed[:-9] if wrong == "sealed" else sealed
    key = "another key, long enough too" if wrong == "key" else KEY
    with pytest.raises(WrongCode):
        async with database.write() as session:
            person = await session.get(Staff, maija.id)
            await codes.confirm(session, person, sealed, code, key, clock())
    async with database.read() as session:
        assert ((await session.get(Staff, maija.id)).totp_secret is not None) is (wrong == "twice")


async def test_recovery_codes_once_each(database, maija, clock):
    """Each recovery code opens once; new ones end the old; switching off ends them all."""
    _secret, shown = await set_up(database, maija, clock)
    assert await rows(database, Credential) == 8
    assert await used(database, maija, shown[0].upper(), clock) == "recovery"
    assert await used(database, maija, shown[0], clock) is None
    async with database.write() as session:
        person = await session.get(Staff, maija.id)
        fresh = await codes.renew_recovery_codes(session, person, clock())
    assert await used(database, maija, shown[1], clock) is None
    assert await used(database, maija, fresh[0], clock) == "recovery"
    async with database.write() as session:
        await codes.switch_off(session, await session.get(Staff, maija.id), clock())
    assert await used(database, maija, fresh[1], clock) is None
    assert await rows(database, Credential) == 0
    assert await rows(database, Audit) == 3


async def test_foreign_recovery_code(database, maija, clock):
    """A recovery code opens its own person's account only."""
    _secret, shown = await set_up(database, maija, clock)
    async with database.write() as session:
        pekka = await people.add(session, "Pekka", Role.STAFF, [], clock())
    assert await used(database, pekka, shown[0], clock) is None
    assert await used(database, maija, shown[0], clock) == "recovery"


@pytest.mark.parametrize(
    ("rule", "role", "required"),
    [
        (None, Role.ADMIN, False),
        ("leads", Role.STAFF, False),
        ("leads", Role.EDITOR, False),
        ("leads", Role.LEAD, True),
        ("leads", Role.ADMIN, True),
        *(("all", role, True) for role in Role),
    ],
)
def test_who_must(rule, role, required):
    """The town decides for whom codes are not a choice."""
    assert codes.are_required(Staff(name="x", role=role, queues=[]), rule) is required


async def test_tries_are_counted_together(database, clock):
    """Tries at the same moment, in any process, are all counted, each subject by itself."""

    async def tried(subject="name maija"):
        async with database.write() as session:
            return await tries.count(session, subject, clock(), timedelta(minutes=1))

    assert sorted(await asyncio.gather(*(tried() for _ in range(12)))) == list(range(1, 13))
    assert await tried("name pekka") == 1
    clock.pass_(seconds=59)
    assert await tried() == 13
    clock.pass_(seconds=2)
    assert await tried() == 1
    async with database.write() as session:
        await tries.forget(session, "name pekka")
    assert await tried("name pekka") == 1
    for odd in ("", "\0", "\ud800", "x" * 5_000):
        assert await tried(odd) == 1
