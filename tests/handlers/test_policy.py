"""Who may do what: the table itself, and that no staff route can be reached around it."""

from __future__ import annotations

import re

import pytest

from bot.errors import NotFound, Unauthenticated
from bot.models import Role, Staff
from bot.policy import Act, may, may_appoint
from tests.handlers.conftest import Browser, escalated, told

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
# Before anybody is known there is a form, a one-time link, and leaving.
PUBLIC = {
    ("GET", "/staff/sign-in"),
    ("POST", "/staff/sign-in"),
    ("POST", "/staff/sign-out"),
    ("GET", "/staff/join/{secret}"),
    ("POST", "/staff/join/{secret}"),
}
# What concerns no single ticket; each shows only what its reader may see, as tested by name.
WITHOUT_A_TICKET = {
    ("GET", "/api/v1/staff/queues"),
    ("GET", "/api/v1/staff/tickets"),
    ("GET", "/staff"),
    ("GET", "/staff/book"),
    ("GET", "/staff/events"),
    ("GET", "/staff/people"),
    ("POST", "/staff/people"),
}


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


def staff_routes(house):
    """Every staff route of the running application, as (method, pattern, addresses to try)."""
    for route in house.app.router.routes():
        resource = route.resource
        path = resource.canonical if resource else ""
        if not re.match(r"/(api/v1/)?staff\b", path) or route.method == "HEAD":
            continue
        yield route.method, path, resource


def filled(path, resource, number):
    """The addresses of a route about a ticket, one for each act the route knows."""
    addresses = [path.replace("{number}", number).replace("{secret}", "x" * 43)]
    # Whose files are whose is tested with real ones, in test_files.py.
    addresses = [address.replace("{key}", "0" * 32) for address in addresses]
    if "{act}" in path:
        addresses = [addresses[0].replace("{act}", act) for act in Act]
        pattern = resource.get_info()["pattern"]
        addresses = [address for address in addresses if pattern.fullmatch(address)]
    assert addresses
    assert "{" not in "".join(addresses), f"say in this test what {path} needs"
    return addresses


async def test_no_route_without_credentials(house):
    """Every staff route of the routing table refuses strangers and does nothing for them."""
    maija = await house.staff()
    _resident, number = await escalated(house)
    before = await maija.opens(number)
    walked = 0
    for method, path, resource in staff_routes(house):
        if (method, path) in PUBLIC:
            continue
        for address in filled(path, resource, number):
            answer = await Browser(house).asks(
                method,
                address,
                data={"text": "Hei!"} if method == "POST" else None,
                headers={"Accept-Language": "en"},
            )
            is_page = method == "GET" and path.startswith("/staff") and path != "/staff/events"
            if is_page:
                assert (answer.status, answer.location) == (303, "/staff/sign-in"), address
            else:
                assert answer.status == 401, (method, address)
                assert told(Unauthenticated(), "en") in answer.words
            walked += 1
    assert walked >= 16
    assert await maija.opens(number) == before


async def test_no_route_to_a_foreign_queue(house):
    """Every staff route about a ticket hides those of foreign queues and leaves them alone."""
    maija = await house.staff()
    pekka = await house.staff("Pekka", queues=["events"])
    browser = await Browser(house).signs_in("Pekka")
    _resident, number = await escalated(house)
    before = await maija.opens(number)
    walked = 0
    for method, path, resource in staff_routes(house):
        if (method, path) in PUBLIC | WITHOUT_A_TICKET:
            continue
        assert "{number}" in path, f"say in this test what {method} {path} may show to whom"
        for address in filled(path, resource, number):
            if address.startswith("/api/"):
                status, problem = await pekka.asks(
                    method, address.removeprefix("/api/v1/staff"), json={"text": "Hei!"}
                )
                assert (status, problem["detail"]) == (404, told(NotFound(), "fi")), address
            else:
                answer = await browser.asks(
                    method, address, data={"text": "Hei!"} if method == "POST" else None
                )
                assert answer.status == 404, address
                assert told(NotFound(), "fi") in answer.words
            walked += 1
    assert walked >= 10
    assert await maija.opens(number) == before


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
    answer = await browser.sends("/staff/people", name="Uusi", role="staff")
    assert answer.status == status
    assert ("/staff/join/" in answer.text) is (status == 200)
