"""Who may do what: the table itself, and that no staff route can be reached around it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace

import pytest
from aiohttp import web

from bot.app import init_app
from bot.models import Base, Role, Staff
from bot.people import staff as people
from bot.people.policy import Act, may, may_appoint
from handlers.access import rights
from handlers.keys import TOWN
from handlers.staff import console
from tests.conftest import House, settings_for
from tests.handlers.conftest import Browser, escalated

ROUTES = list(console.ROUTES)

EVERYWHERE = {
    *(Act.READ, Act.CLAIM, Act.RELEASE, Act.REPLY, Act.CLOSE, Act.REOPEN, Act.NOTE),
    *(Act.TRANSFER, Act.MERGE, Act.TAG, Act.JUDGE, Act.PROPOSE, Act.BLOCK),
    *(Act.CORRECT_EVENT, Act.READ_BOOK),
}
LEADS_ONLY = {
    *(Act.RELEASE_OTHERS, Act.ASSIGN, Act.REVIEW_BLOCKS, Act.INVITE, Act.MANAGE_QUEUES),
    *(Act.MANAGE_CANNED, Act.SEE_NUMBERS),
}
EDITORS = {Act.READ_BOOK, Act.EDIT_BOOK, Act.SWITCH_OFF}
ADMINS_ONLY = {Act.READ_AUDIT, Act.MANAGE_SETTINGS}
# What is about an object other than a ticket, for people who do not see every queue: which test says
# that nobody reaches a foreign one.
ABOUT_OTHER_OBJECTS: dict[str, str] = {
    "/staff/proposals/{id}": "tests/handlers/staff/test_learning.py",
    "/staff/proposals/{id}/{act}": "tests/handlers/staff/test_learning.py",
}
# Asking these is no reading: they last as long as the page is open.
STREAMS = {"/staff/events"}
IDENTITIES = ("own", "foreign", "lead", "admin", "editor")


def someone(role, *queues):
    return Staff(name="Maija", role=role, queues=list(queues))


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
def test_may(role, act):
    """Staff do the daily work in their own queues, leads in all; editors see to the book alone."""
    person = someone(role, "general")
    allowed = {
        Role.STAFF: EVERYWHERE,
        Role.LEAD: EVERYWHERE | LEADS_ONLY | {Act.SWITCH_OFF},
        Role.ADMIN: set(Act),
        Role.EDITOR: EDITORS,
    }[role]
    assert may(person, act) is (act in allowed)
    assert may(person, act, "general") is (act in allowed)
    assert may(person, act, "events") is (act in allowed and role is not Role.STAFF)


def test_every_act_has_a_rule():
    """A new act is for somebody, decided here."""
    assert set(Act) == EVERYWHERE | LEADS_ONLY | EDITORS | ADMINS_ONLY


@pytest.mark.parametrize("appointed", Role)
@pytest.mark.parametrize("role", Role)
def test_may_appoint(role, appointed):
    """Nobody hands out more rights than their own: staff none, leads no admins."""
    allowed = {
        Role.STAFF: set(),
        Role.LEAD: {Role.STAFF, Role.LEAD, Role.EDITOR},
        Role.ADMIN: set(Role),
        Role.EDITOR: set(),
    }
    assert may_appoint(someone(role), appointed) is (appointed in allowed[role])


@dataclass(frozen=True)
class Caller:
    """Somebody who tries every door, over both of them.

    Attributes:
        person: Who they are to the policy; None for whom nobody knows.
    """

    browser: Browser
    token: str
    person: Staff | None

    async def asks(self, method, address):
        """What comes back from one address."""
        if address.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            body = {"json": {"text": "Hei!"}} if method != "GET" else {}
            return await self.browser.asks(method, address, headers=headers, **body)
        form = {"data": {"text": "Hei!", "name": "Uusi"}} if method != "GET" else {}
        return await self.browser.asks(method, address, **form)


async def callers(house):
    """Everybody there can be: each role, in the ticket's queue and in another, nobody, and cut off."""
    found = {"stranger": Caller(Browser(house), "", None)}
    for name, role, queues in (
        ("own", Role.STAFF, ["general"]),
        ("foreign", Role.STAFF, ["events"]),
        ("lead", Role.LEAD, []),
        ("admin", Role.ADMIN, []),
        ("editor", Role.EDITOR, []),
        ("cut off", Role.ADMIN, []),
    ):
        member = await house.staff(name, role, queues)
        browser = await Browser(house).signs_in(name)
        found[name] = Caller(browser, member.token, someone(role, *queues))
    async with house.database.write() as session:
        # Only the mark: even with everything else left in place nothing may open.
        (await people.by_name(session, "cut off")).cut_off_at = house.clock()
    found["cut off"] = replace(found["cut off"], person=None)
    return found


def addresses(house, number):
    """Every staff route of the running application that is not public: (method, address, pattern, need)."""
    for route, path in rights.staff_routes(house.app):
        need = rights.need_of(route.handler)
        if route.method == "HEAD" or need.is_public:
            continue
        pattern = route.resource.get_info().get("pattern")
        names = re.findall(r"{(\w+)}", path)
        found = []
        for chosen in itertools.product(*(values(name, pattern, number) for name in names)):
            address = path.format(**dict(zip(names, chosen, strict=True)))
            if pattern is None or pattern.fullmatch(address):
                found.append(address)
        assert found, f"say in this test what {path} needs"
        yield from ((route.method, address, path, need) for address in found)


def values(name, pattern, number):
    """What may stand in one place of an address."""
    # Whose files are whose is tested with real ones, in test_files.py.
    known = {"number": number, "queue": "general", "key": "0" * 32}
    if name in known:
        return [known[name]]
    words = re.search(rf"\(\?P<{name}>([\w|-]+)\)", pattern.pattern)
    return words[1].split("|") if words else ["1"]


def refusal(caller, need, method, address):
    """The status with which the policy refuses this caller there; None when it lets them in."""
    if caller.person is None:
        is_page = method == "GET" and address.startswith("/staff") and address not in STREAMS
        return 303 if is_page else 401
    act = need.act
    if need.is_on_ticket:
        if act is None:
            act = Act(address.rpartition("/")[2])
        if not may(caller.person, Act.READ, "general"):
            return 404
        return None if may(caller.person, act, "general") else 403
    return None if act is None or may(caller.person, act) else 403


async def contents(database):
    """Everything in the database, but when sessions and tokens were last used."""
    async with database.read() as session:
        return {
            table.name: sorted(
                str({key: value for key, value in row._mapping.items() if key != "seen_at"})
                for row in await session.execute(table.select())
            )
            for table in Base.metadata.sorted_tables
        }


def test_every_route_says_whom_it_is_for(house):
    """No staff route is left undecided; those that are not here yet are named."""
    assert rights.undeclared(house.app) == []
    for route, path in rights.staff_routes(house.app):
        need = rights.need_of(route.handler)
        is_daily = need.act is None or may(someone(Role.STAFF, "general"), need.act)
        if "{" in path and is_daily and not need.is_public and not need.is_on_ticket:
            assert path in ABOUT_OTHER_OBJECTS, f"name the test of {path} with foreign objects"


async def test_every_route_refuses_whom_it_should(house):
    """Every staff route, in pages and API, refuses each role, and strangers, as the policy says.

    The routes are the running application's, and what each needs is declared beside it, so a new
    route is walked without being written here.
    """
    await house.staff("holder")
    _resident, number = await escalated(house)
    everybody = await callers(house)
    before = await contents(house.database)
    refused = dict.fromkeys(everybody, 0)
    for method, address, _path, need in addresses(house, number):
        for name, caller in everybody.items():
            expected = refusal(caller, need, method, address)
            if expected is None:
                continue
            answer = await caller.asks(method, address)
            assert answer.status == expected, (name, method, address)
            if expected == 303:
                assert answer.location == "/staff/sign-in", (name, address)
            refused[name] += 1
    assert await contents(house.database) == before
    assert refused["stranger"] == refused["cut off"] >= 25
    assert refused["foreign"] > refused["own"] > refused["lead"] > refused["admin"] == 0
    assert refused["editor"] >= 12


@pytest.mark.parametrize("name", IDENTITIES)
async def test_every_page_opens_for_whom_it_should(house, name):
    """What the policy allows is not refused either: every page opens for whom it is."""
    _resident, number = await escalated(house)
    caller = (await callers(house))[name]
    opened = 0
    for method, address, path, need in addresses(house, number):
        is_about_other = "{" in path.replace("{number}", "")
        if method != "GET" or address in STREAMS or is_about_other:
            continue
        if refusal(caller, need, method, address) is None:
            answer = await caller.asks(method, address)
            # An editor's console begins with the book, and the next ticket is this one or none.
            onward = {"/staff/book", "/staff?waiting=1&sort=waiting", f"/staff/tickets/{number}"}
            assert answer.status == 200 or answer.location in onward, (method, address)
            opened += 1
    assert opened >= 4


async def test_undeclared_route(sqlite_url, clock, town, monkeypatch):
    """A staff route that nobody has decided about keeps the application from being built."""

    async def forgotten(_request):
        return web.Response()

    for path in ("/staff/forgotten", "/api/v1/staff/forgotten", "/staff"):
        monkeypatch.setattr(console, "ROUTES", [*ROUTES, web.post(path, forgotten)])
        with pytest.raises(rights.UndeclaredRouteError, match=f"POST {path} .*forgotten"):
            init_app(settings_for(sqlite_url), clock, town)
    monkeypatch.setattr(console, "ROUTES", [*ROUTES, web.post("/staffing", forgotten)])
    init_app(settings_for(sqlite_url), clock, town)


async def test_undeclared_route_opens_for_nobody(sqlite_url, clock, town, monkeypatch):
    """Even if such a route got into the application, nobody would get through it."""
    reached = []

    async def forgotten(request):
        reached.append(request.path)
        return web.Response()

    monkeypatch.setattr(console, "ROUTES", [*ROUTES, web.post("/staff/forgotten", forgotten)])
    monkeypatch.setattr(rights, "check", lambda _app: None)
    async with House(settings_for(sqlite_url), clock, town) as house:
        await house.staff("Tuki", Role.ADMIN)
        browser = await Browser(house).signs_in("Tuki")
        assert (await browser.sends("/staff/forgotten")).status == 403
        assert (await browser.sends("/staff/nowhere")).status == 404
    assert reached == []


async def test_the_gate_asks_even_if_the_handler_does_not(sqlite_url, clock, town, monkeypatch):
    """What is declared holds by itself: a handler that asks nobody anything is not reached."""
    reached = []

    def careless(declaration):
        async def handler(request):
            reached.append(request.path)
            return web.Response()

        return declaration(handler)

    routes = [
        web.get("/staff/careless", careless(rights.needs(Act.READ_AUDIT))),
        web.post("/staff/careless", careless(rights.needs(Act.READ_AUDIT))),
        web.get("/api/v1/staff/careless", careless(rights.needs(Act.READ_AUDIT))),
        web.get("/staff/careless/{number}", careless(rights.on_ticket(Act.READ))),
        web.post("/staff/careless/{number}/{act}", careless(rights.on_ticket())),
    ]
    monkeypatch.setattr(console, "ROUTES", [*ROUTES, *routes])
    async with House(settings_for(sqlite_url), clock, town) as house:
        _resident, number = await escalated(house)
        everybody = await callers(house)
        for method, path in (
            ("GET", "/staff/careless"),
            ("POST", "/staff/careless"),
            ("GET", "/api/v1/staff/careless"),
            ("GET", f"/staff/careless/{number}"),
            ("POST", f"/staff/careless/{number}/claim"),
            ("POST", f"/staff/careless/{number}/assign"),
            ("POST", f"/staff/careless/{number}/nonsense"),
            ("GET", "/staff/careless/N-9999"),
            ("GET", "/staff/careless/x"),
        ):
            for name in ("stranger", "cut off", "foreign", "editor"):
                await everybody[name].asks(method, path)
        await everybody["own"].asks("POST", f"/staff/careless/{number}/assign")
        await everybody["own"].asks("POST", f"/staff/careless/{number}/nonsense")
        assert reached == []
        await everybody["own"].asks("POST", f"/staff/careless/{number}/claim")
        assert reached == [f"/staff/careless/{number}/claim"]


async def test_refused_page_keeps_what_was_typed(house):
    """Whoever is signed out or loses the right while writing gets their words back."""
    _resident, number = await escalated(house)
    everybody = await callers(house)
    words = "Kirjoitin tätä puoli tuntia."
    for name, status in (("stranger", 401), ("cut off", 401), ("foreign", 404)):
        answer = await everybody[name].browser.sends(f"/staff/tickets/{number}/reply", text=words)
        assert answer.status == status
        assert words in answer.words


async def test_lists_show_own_queues_only(house):
    """Lists of tickets, with or without a filter, never show a foreign queue's ticket."""
    pekka = await house.staff("Pekka", queues=["events"])
    browser = await Browser(house).signs_in("Pekka")
    _resident, number = await escalated(house)
    for path in ("/staff", "/staff?queue=general", "/staff?status=open", "/staff?queue=%00"):
        answer = await browser.opens(path)
        assert answer.status == 200
        assert number not in answer.text
    assert await pekka.queue() == []
    _status, seen = await pekka.asks("GET", "/queues")
    assert [queue["id"] for queue in seen["queues"]] == ["events"]


@pytest.mark.parametrize("role", Role)
async def test_people_page_is_for_leads(house, role):
    """Who is on the staff, and inviting, is for leads and admins."""
    await house.staff("Maija", role, ["general"])
    browser = await Browser(house).signs_in()
    status = 200 if role in {Role.LEAD, Role.ADMIN} else 403
    assert (await browser.opens("/staff/people")).status == status
    answer = await browser.sends("/staff/people", name="Uusi", role="staff", queues="general")
    assert answer.status == status
    assert ("/staff/join/" in answer.text) is (status == 200)


@pytest.mark.parametrize("role", Role)
async def test_switches_are_for_leads_and_editors(house, role):
    """Switching answers off, and seeing the history, is for leads, admins and editors."""
    await house.staff("Maija", role, ["general"])
    browser = await Browser(house).signs_in()
    may_switch = role is not Role.STAFF
    assert (await browser.opens("/staff/switches")).status == (200 if may_switch else 403)
    answer = await browser.sends("/staff/switches", what="all", sure="1", reason="It is wrong.")
    assert answer.status == (303 if may_switch else 403)
    assert house.app[TOWN]().off.is_all is may_switch


@pytest.mark.parametrize("role", Role)
async def test_numbers_are_for_leads(house, role):
    """The numbers are for leads and admins, on the page, as a file and for programs."""
    member = await house.staff("Maija", role, ["general"])
    browser = await Browser(house).signs_in()
    status = 200 if role in {Role.LEAD, Role.ADMIN} else 403
    for path in ("/staff/numbers", "/staff/numbers.csv", "/staff/numbers.json"):
        assert (await browser.opens(path)).status == status
    assert (await member.asks("GET", "/numbers"))[0] == status
