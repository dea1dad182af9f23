"""Signing in with the town's account, against a real provider over HTTP that can misbehave."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from sqlalchemy import select

from bot.errors import ProviderAway, SignInRefused
from bot.models import Audit, Credential, Role, Staff, Status, Ticket
from bot.people.oidc import rights_of
from bot.settings import GroupRole
from bot.texts import texts
from handlers.access.town_sign_in import PROVIDER
from handlers.keys import SETTINGS
from handlers.staff.common import COOKIE
from tests.conftest import House, settings_for
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, Resident
from tests.handlers.conftest import PASSWORD, Browser, escalated, rows, told

ROLES = (
    GroupRole("bosses", "lead"),
    GroupRole("helpdesk", "staff", ("general",)),
    GroupRole("events team", "staff", ("events",)),
)
NOT_HERE = "The town's account is yours, but it opens nothing here. Ask your team lead for the right group."


@pytest.fixture
async def provider(clock):
    """The town's provider, with Aino signed in there."""
    async with FakeProvider(clock) as running:
        yield running


def settings(url, provider, **values):
    """Settings of a town with this provider."""
    return settings_for(
        url,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_roles=ROLES,
        **values,
    )


@pytest.fixture
async def town_house(sqlite_url, clock, town, provider):
    """The application with the provider."""
    built = House(settings(sqlite_url, provider), clock, town)
    await built.start()
    at_its_own_address(built)
    yield built
    await built.stop()


def at_its_own_address(house):
    """Let the way back be written with the free port at which the house happens to serve."""
    object.__setattr__(house.app[SETTINGS], "public_url", house.url)


async def arrives_at_provider(browser):
    """Go to the provider, which sends the browser back: gives the path back."""
    answer = await browser.opens("/staff/sign-in/town")
    assert answer.status == 303, answer.words
    return await sent_back(answer.location)


async def sent_back(address):
    """What the provider answers to the browser: the path back to us."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(address, allow_redirects=False) as response,
    ):
        assert response.status == 302, await response.text()
        parts = urlsplit(response.headers["Location"])
        return f"{parts.path}?{parts.query}"


async def signs_in(browser, headers=None):
    """The whole way; gives our answer."""
    return await browser.opens(await arrives_at_provider(browser), headers=headers)


async def refused(browser, message, status=401):
    """The whole way, at whose end there is no session but an explanation."""
    answer = await signs_in(browser, {"Accept-Language": "en"})
    assert answer.status == status, answer.words
    assert message in answer.words
    assert browser.cookie(COOKIE) == ""
    assert (await browser.opens("/staff")).location == "/staff/sign-in"


async def test_signing_in(town_house, provider, browser_of):
    """A first visit makes the account with the rights of the group; a second one finds it again."""
    for _ in range(2):
        browser = browser_of(town_house)
        page = await browser.opens("/staff/sign-in")
        assert 'href="/staff/sign-in/town"' in page.text
        answer = await signs_in(browser)
        assert (answer.status, answer.location) == (303, "/staff")
        page = await browser.opens("/staff")
        assert page.status == 200
        assert "Aino Aalto" in page.words
    async with town_house.database.read() as session:
        (person,) = (await session.scalars(select(Staff))).all()
        entries = await session.scalars(select(Audit).order_by(Audit.id))
        # What was looked at meanwhile is noted a little later, and is not asked about here.
        acts = [entry.act for entry in entries if entry.act != "listed"]
    assert (person.role, person.queues, person.locale) == ("staff", ["general"], "sv")
    assert (person.password_hash, acts) == (None, ["joined", "sign_in", "sign_in"])
    challenges = {asked["code_challenge"] for asked in provider.asked}
    assert len(challenges) == 2 == len({asked["nonce"] for asked in provider.asked})


@pytest.fixture
def browser_of():
    """A new browser at a house."""
    return Browser


async def test_rights_follow_the_groups(town_house, provider, browser_of, clock):
    """Each sign-in takes the rights that the town gives now; a ticket no longer theirs goes back."""
    browser = browser_of(town_house)
    await signs_in(browser)
    _resident, number = await escalated(town_house)
    assert (await browser.sends(f"/staff/tickets/{number}/claim")).status == 303
    provider.person.groups = ["events team", "something else"]
    await signs_in(browser_of(town_house))
    assert (await browser.opens(f"/staff/tickets/{number}")).status == 404
    async with town_house.database.read() as session:
        (ticket,) = (await session.scalars(select(Ticket))).all()
        assert (ticket.status, ticket.holder_id) == (Status.OPEN, None)
    provider.person.groups = ["helpdesk", "bosses"]
    await signs_in(browser_of(town_house))
    assert (await browser.opens("/staff/people")).status == 200


@pytest.mark.parametrize(
    "groups", [[], ["cooks"], None, "cooks", {"helpdesk": 1}, [["helpdesk"], 7]]
)
async def test_groups_that_mean_nothing(town_house, provider, browser_of, groups):
    """Whoever's groups mean nothing here is told so, and no account is made."""
    provider.person.groups = groups
    await refused(browser_of(town_house), texts("en").gettext(NOT_HERE), 403)
    assert await rows(town_house.database, Staff) == 0


async def test_one_group_as_text(town_house, provider, browser_of):
    """Some providers name a single group without a list."""
    provider.person.groups = "helpdesk"
    assert (await signs_in(browser_of(town_house))).status == 303


async def test_rights_taken_away(town_house, provider, browser_of):
    """Who loses the groups is refused, and what was open before ends: sessions and claims."""
    browser = browser_of(town_house)
    await signs_in(browser)
    _resident, number = await escalated(town_house)
    await browser.sends(f"/staff/tickets/{number}/claim")
    provider.person.groups = []
    await refused(browser_of(town_house), texts("en").gettext(NOT_HERE), 403)
    assert (await browser.opens("/staff")).location == "/staff/sign-in"
    async with town_house.database.read() as session:
        assert (await session.scalars(select(Ticket))).one().holder_id is None


async def test_cut_off_at_the_provider(town_house, provider, browser_of):
    """Somebody cut off at the provider does not come back, and there is no password beside it."""
    await signs_in(browser_of(town_house))
    provider.person.is_cut_off = True
    await refused(browser_of(town_house), told(SignInRefused(""), "en"))
    answer = await browser_of(town_house).sends(
        "/staff/sign-in", name="Aino Aalto", password=PASSWORD
    )
    assert answer.status == 401


async def test_cut_off_here(town_house, provider, browser_of):
    """Somebody cut off here does not come back through the provider either."""
    browser = browser_of(town_house)
    await signs_in(browser)
    async with town_house.database.write() as session:
        (await session.scalars(select(Staff))).one().cut_off_at = town_house.clock()
    assert (await browser.opens("/staff")).location == "/staff/sign-in"
    await refused(browser_of(town_house), texts("en").gettext(NOT_HERE), 403)


@pytest.mark.parametrize(
    ("claims", "faults"),
    [
        ({"iss": "https://evil.example"}, ()),
        ({"iss": None}, ()),
        ({"aud": "another client"}, ()),
        ({"aud": ["another client", "a third"]}, ()),
        ({"aud": [CLIENT_ID, "another client"]}, ()),
        ({"aud": [CLIENT_ID, "another client"], "azp": "another client"}, ()),
        ({"aud": None}, ()),
        ({"exp": 1_000_000_000}, ()),
        ({"exp": None}, ()),
        ({"exp": "tomorrow"}, ()),
        ({"iat": 4_000_000_000}, ()),
        ({"iat": None}, ()),
        ({"nonce": "another"}, ()),
        ({"nonce": None}, ()),
        ({"sub": None}, ()),
        ({"sub": 7}, ()),
        ({}, ("signature: another key",)),
        ({}, ("signature: none",)),
        ({}, ("signature: secret",)),
        ({}, ("signature: garbage",)),
        ({}, ("token: no id_token",)),
    ],
)
async def test_answers_not_believed(town_house, provider, browser_of, claims, faults):
    """Another issuer, audience, time, nonce or signature: nothing of it is believed."""
    provider.claims = claims
    provider.faults = set(faults)
    await refused(browser_of(town_house), told(SignInRefused(""), "en"))
    assert await rows(town_house.database, Staff) == 0


async def test_shared_audience(town_house, provider, browser_of):
    """A token for several is good when it was made for us."""
    provider.claims = {"aud": [CLIENT_ID, "another client"], "azp": CLIENT_ID}
    assert (await signs_in(browser_of(town_house))).status == 303


@pytest.mark.parametrize("seconds", [-50, 50])
async def test_clocks_may_differ_a_little(town_house, provider, browser_of, seconds):
    """The provider's clock may be off by less than a minute."""
    now = int(town_house.clock().timestamp())
    provider.claims = {"iat": now + seconds, "exp": now + (300 if seconds > 0 else seconds)}
    assert (await signs_in(browser_of(town_house))).status == 303


@pytest.mark.parametrize(
    "fault",
    [
        "description: not JSON",
        "description: a list",
        "description: error",
        "description: another issuer",
        "description: incomplete",
    ],
)
async def test_bad_description(town_house, provider, browser_of, fault):
    """A provider that describes itself wrongly counts as away; when it is mended it works again."""
    provider.faults = {fault}
    browser = browser_of(town_house)
    answer = await browser.opens("/staff/sign-in/town", headers={"Accept-Language": "en"})
    assert answer.status == 503
    assert told(ProviderAway(""), "en") in answer.words
    assert await rows(town_house.database, Credential) == 0
    provider.faults = set()
    assert (await signs_in(browser)).status == 303


@pytest.mark.parametrize(
    "fault", ["token: not JSON", "token: error", "token: a list", "keys: nonsense", "keys: error"]
)
async def test_bad_answers_on_the_way_back(town_house, provider, browser_of, fault):
    """What fails at the provider on the way back is explained, and the next try may succeed."""
    provider.faults = {fault}
    browser = browser_of(town_house)
    answer = await signs_in(browser, {"Accept-Language": "en"})
    assert answer.status in {401, 503}, answer.words
    assert 'role="alert"' in answer.text
    provider.faults = set()
    assert (await signs_in(browser)).status == 303


async def test_provider_away(town_house, provider, browser_of):
    """While the provider is away the password still works, before the way there and on the way back."""
    await town_house.staff()
    browser = browser_of(town_house)
    back = await arrives_at_provider(browser)
    await provider.stop()
    for path in (back, "/staff/sign-in/town"):
        answer = await browser.opens(path, headers={"Accept-Language": "en"})
        # The way there is known for an hour; it is the browser that finds nobody.
        assert answer.status == (503 if path == back else 303)
    await browser_of(town_house).signs_in()


@pytest.mark.parametrize("state", ["", "another", "ä" * 50])
async def test_wrong_state(town_house, provider, browser_of, state):
    """What comes back with another state was not asked for by this browser."""
    browser = browser_of(town_house)
    query = parse_qs(urlsplit(await arrives_at_provider(browser)).query)
    answer = await browser.opens(
        "/staff/sign-in/town/back",
        params={"code": query["code"][0], "state": state},
        headers={"Accept-Language": "en"},
    )
    assert answer.status == 401
    assert told(SignInRefused(""), "en") in answer.words


async def test_way_back_in_another_browser(town_house, provider, browser_of):
    """A link back that somebody was tricked into opening signs nobody in."""
    back = await arrives_at_provider(browser_of(town_house))
    other = browser_of(town_house)
    await arrives_at_provider(other)
    for browser in (browser_of(town_house), other):
        assert (await browser.opens(back)).status == 401
        assert browser.cookie(COOKIE) == ""


async def test_way_back_twice(town_house, provider, browser_of):
    """The way back leads in once, also with the cookie kept and when sent twice at once."""
    browser = browser_of(town_house)
    back = await arrives_at_provider(browser)
    kept = {"Cookie": f"neuvokas_town={browser.cookie('neuvokas_town')}"}
    answers = await asyncio.gather(
        *(browser_of(town_house).opens(back, headers=kept) for _ in range(3))
    )
    assert sorted(answer.status for answer in answers) == [303, 401, 401]


async def test_replayed_code(town_house, provider, browser_of):
    """A code that was used already is refused by the provider, and by us with it."""
    browser = browser_of(town_house)
    used = parse_qs(urlsplit(await arrives_at_provider(browser)).query)["code"][0]
    provider.codes.pop(used)
    query = parse_qs(urlsplit(await arrives_at_provider(browser)).query)
    answer = await browser.opens(
        "/staff/sign-in/town/back", params={"code": used, "state": query["state"][0]}
    )
    assert answer.status == 401


async def test_way_back_too_late(town_house, provider, browser_of, clock):
    """After ten minutes the way back is closed."""
    browser = browser_of(town_house)
    back = await arrives_at_provider(browser)
    clock.pass_(minutes=11)
    assert (await browser.opens(back)).status == 401


async def test_no_code_and_no_cookie(town_house, provider, browser_of):
    """Coming back with nothing, or without having left, is refused without asking the provider."""
    for path in ("", "?", "?state=x", "?code=x", "?code=x&state=x", "?error=access_denied"):
        assert (await browser_of(town_house).opens(f"/staff/sign-in/town/back{path}")).status == 401
    assert provider.keys_asked == 0


async def test_new_keys_at_the_provider(town_house, provider, browser_of):
    """A provider may change its key; forged signatures do not make us ask for keys again and again."""
    assert (await signs_in(browser_of(town_house))).status == 303
    assert provider.keys_asked == 1
    provider.faults = {"signature: another key"}
    for _ in range(3):
        assert (await signs_in(browser_of(town_house))).status == 401
    assert provider.keys_asked <= 2
    town_house.app[PROVIDER]._keys_at -= 60
    provider.faults = set()
    provider.new_key()
    assert (await signs_in(browser_of(town_house))).status == 303


async def test_namesakes(town_house, provider, browser_of):
    """A name that is taken gets a number: nobody takes over an account by being called alike."""
    await town_house.staff("aino aalto", Role.ADMIN)
    await signs_in(browser_of(town_house))
    provider.person = Resident(sub="aino-2")
    await signs_in(browser_of(town_house))
    async with town_house.database.read() as session:
        found = (await session.scalars(select(Staff).order_by(Staff.id))).all()
    assert [(one.name, one.role) for one in found] == [
        ("aino aalto", "admin"),
        ("Aino Aalto 2", "staff"),
        ("Aino Aalto 3", "staff"),
    ]


@pytest.mark.parametrize("name", ["", None, " ", "x" * 500, 7, "\0"])
async def test_name_that_cannot_be_used(town_house, provider, browser_of, name):
    """Without a name that residents could see there is no account."""
    provider.person = Resident(name=name)
    await refused(browser_of(town_house), told(SignInRefused(""), "en"))
    assert await rows(town_house.database, Staff) == 0


async def test_connecting_an_account(town_house, provider, browser_of):
    """Somebody with a password connects the town's account: same account, and the password ends."""
    await town_house.staff("Maija", Role.LEAD)
    desk = await browser_of(town_house).signs_in()
    page = await desk.sends("/staff/me/town")
    address = page.words.split('class="button main" href="')[1].split('"')[0]
    answer = await desk.opens(await sent_back(address))
    assert (answer.status, answer.location) == (303, "/staff")
    async with town_house.database.read() as session:
        person = (await session.scalars(select(Staff))).one()
    assert (person.name, person.password_hash, person.role) == ("Maija", None, "staff")
    other = await browser_of(town_house).sends("/staff/sign-in", name="Maija", password=PASSWORD)
    assert other.status == 401
    assert "/staff/me/town" not in (await desk.opens("/staff/me")).text


async def test_connecting_what_belongs_to_another(town_house, provider, browser_of):
    """A town's account that has an account here cannot be connected with a second one."""
    await signs_in(browser_of(town_house))
    await town_house.staff("Maija")
    desk = await browser_of(town_house).signs_in()
    page = await desk.sends("/staff/me/town")
    address = page.words.split('class="button main" href="')[1].split('"')[0]
    assert (await desk.opens(await sent_back(address))).status == 401
    await browser_of(town_house).signs_in()


async def test_town_sessions_need_no_second_code(sqlite_url, clock, town, provider):
    """Where codes are required here, the town's own sign-in counts as enough."""
    house = House(settings(sqlite_url, provider, require_totp="all"), clock, town)
    await house.start()
    at_its_own_address(house)
    browser = Browser(house)
    await signs_in(browser)
    assert (await browser.opens("/staff")).status == 200
    page = await browser.opens("/staff/me/sessions")
    assert page.status == 200
    await house.stop()


async def test_without_a_provider(house, browser):
    """A town without a provider shows no button, and its addresses are not there."""
    assert "/staff/sign-in/town" not in (await browser.opens("/staff/sign-in")).text
    assert (await browser.opens("/staff/sign-in/town")).status == 404
    assert (await browser.opens("/staff/sign-in/town/back")).status == 404


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (set(), None),
        ({"cooks"}, None),
        ({"helpdesk"}, ("staff", ("general",))),
        ({"helpdesk", "events team"}, ("staff", ("general", "events"))),
        ({"helpdesk", "bosses"}, ("lead", ())),
    ],
)
def test_what_groups_mean(groups, expected):
    """The first group of the setting gives the role; staff work in the queues of all their groups."""
    found = rights_of(frozenset(groups), ROLES)
    assert (found and (found.role, found.queues)) == expected


async def test_log_holds_no_names(town_house, provider, browser_of, caplog):
    """The log says what was wrong, never who it was nor what the provider wrote."""
    provider.claims = {"nonce": "somebody's words"}
    await refused(browser_of(town_house), told(SignInRefused(""), "en"))
    assert "SignInRefused" in caplog.text
    assert "Aino" not in caplog.text
    assert "somebody's words" not in caplog.text
