"""The staff API: the same acts as on the console, for programs with a personal token."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import select

from bot import tickets
from bot.errors import NotFound, TextMissing, TextTooLong, TicketEnded, TicketHeld, Unauthenticated
from bot.models import Message, Role, Staff, Status, Ticket
from bot.people import staff as people
from tests.handlers.conftest import escalated, lead, raw, rows, told

RACES = 50


async def test_queues_are_ones_own(house):
    """Staff see their own queues, leads all, with how many tickets wait and are claimed."""
    await escalated(house)
    _resident, number = await escalated(house)
    pekka = await house.staff("Pekka", queues=["events", "general"])
    await pekka.claims(number)
    _status, seen = await pekka.asks("GET", "/queues")
    assert [queue["id"] for queue in seen["queues"]] == ["events", "general"]
    _events, general = seen["queues"]
    assert (general["open"], general["claimed"]) == (1, 1)
    assert general["titles"]["sv"] == house.town.book.queues["general"].titles["sv"]
    _status, all_ = await (await lead(house)).asks("GET", "/queues")
    assert [queue["id"] for queue in all_["queues"]] == list(house.town.book.queues)


async def test_tickets_of_own_queues(house):
    """A ticket goes to the queue of its subject and is listed for those who work there only."""
    _resident, general = await escalated(house)
    _resident, support = await escalated(house, "Paljonko digituki maksaa?")
    pekka = await house.staff("Pekka", queues=["digital-support"])
    liisa = await lead(house)
    assert await pekka.queue() == [support]
    assert await liisa.queue() == [general, support]
    assert await liisa.queue(queue="general") == [general]
    assert await liisa.queue(queue="events") == []


async def test_tickets_by_status(house, maija):
    """Without a status the live tickets are listed; with one, those."""
    numbers = [(await escalated(house))[1] for _ in range(3)]
    await maija.claims(numbers[1])
    await maija.closes(numbers[2])
    for status, expected in (
        ("", numbers[:2]),
        ("open", numbers[:1]),
        ("claimed", numbers[1:2]),
        ("closed", numbers[2:]),
        ("cancelled", []),
    ):
        _status, body = await maija.asks("GET", "/tickets", params={"status": status})
        assert [ticket["number"] for ticket in body["tickets"]] == expected, status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"status": "lost"}, 400),
        ({"status": "OPEN"}, 400),
        ({"queue": "gardens"}, 400),
        ({"queue": "\0"}, 400),
        ({"queue": "events"}, 403),
    ],
)
async def test_tickets_of_what(house, query, status):
    """An unknown queue or status is refused with the known ones, a foreign queue without."""
    pekka = await house.staff("Pekka", queues=["general"])
    got, problem = await pekka.asks("GET", "/tickets", params=query)
    assert (got, problem["status"]) == (status, status)
    if status == 400:
        assert ("general" if "queue" in query else "cancelled") in problem["detail"]


async def test_ticket_has_the_whole_story(house, maija):
    """A ticket shows what was said from the beginning, and what the bot had tried."""
    _resident, number = await escalated(house, "Paljonko digituki maksaa?")
    ticket = await maija.opens(number.lower())
    assert ticket["number"] == number
    assert (ticket["status"], ticket["holder"], ticket["channel"]) == ("open", None, "web")
    assert ticket["tried"][0]["entry"] == ticket["entry"] == "digituki-price"
    assert ticket["queue"] == "digital-support"
    said = [message["text"] for message in ticket["messages"]]
    assert "Paljonko digituki maksaa?" in said
    assert ticket["created_at"] <= ticket["reply_by"]
    assert ticket["resolve_by"] > ticket["reply_by"]
    async with house.database.write() as session:
        (await session.scalars(select(Ticket))).one().resolve_by = None
    assert (await maija.opens(number))["resolve_by"] is None


@pytest.mark.parametrize(
    "number", ["N-9999", "N-1000", "N-0001", "1001", "x", "N-", "N-%00", "N-" + "9" * 30, "..%2f"]
)
async def test_no_such_ticket(house, maija, number):
    """A number that is no ticket's gets 404, whatever is asked of it."""
    for method, act in (("GET", ""), ("POST", "/claim"), ("POST", "/release"), ("POST", "/close")):
        status, problem = await maija.asks(method, f"/tickets/{number}{act}")
        assert (status, problem["detail"]) == (404, told(NotFound(), "fi"))


async def test_claim(house, maija):
    """The first gets it, and again gets it; the second is told by name who has it."""
    pekka = await house.staff("Pekka")
    _resident, number = await escalated(house)
    for _ in range(2):
        status, ticket = await maija.claims(number)
        assert (status, ticket["status"], ticket["holder"]) == (200, "claimed", "Maija")
        assert ticket["claimed_at"]
    status, problem = await pekka.claims(number)
    assert (status, problem["detail"]) == (409, told(TicketHeld("Maija"), "fi"))
    assert "Maija" in problem["detail"]


async def test_claim_races(either_house):
    """However often two staff claim at the same moment, exactly one gets it and both know who."""
    house = either_house
    members = {name: await house.staff(name) for name in ("Maija", "Pekka")}
    async with house.database.write() as session:
        from bot.conversation import begin  # noqa: PLC0415 - only here

        for _ in range(RACES):
            conversation, _token, _greeting = await begin(session, "fi", house.town, house.clock())
            await tickets.escalate(
                session, conversation, house.town, entry=None, tried=(), now=house.clock()
            )
    numbers = await members["Maija"].queue()
    assert len(numbers) == RACES
    for number in numbers:
        answers = await asyncio.gather(*(member.claims(number) for member in members.values()))
        results = dict(zip(members, answers, strict=True))
        [winner] = [name for name, (status, _body) in results.items() if status == 200]
        [loser] = [name for name in members if name != winner]
        assert results[winner][1]["holder"] == winner
        assert results[loser] == (
            409,
            {
                "type": "about:blank",
                "title": "Conflict",
                "status": 409,
                "detail": told(TicketHeld(winner), "fi"),
            },
        )


async def test_release(house, maija):
    """The holder may release, others may not, a lead may; the ticket keeps its place."""
    pekka, liisa = await house.staff("Pekka"), await lead(house)
    numbers = [(await escalated(house))[1] for _ in range(2)]
    await maija.claims(numbers[0])
    status, problem = await pekka.asks("POST", f"/tickets/{numbers[0]}/release")
    assert (status, problem["detail"]) == (409, told(TicketHeld("Maija"), "fi"))
    for releaser in (maija, liisa):
        await maija.claims(numbers[0])
        status, ticket = await releaser.asks("POST", f"/tickets/{numbers[0]}/release")
        assert (status, ticket["status"], ticket["holder"]) == (200, "open", None)
        assert await maija.queue() == numbers


async def test_reply_reaches_the_resident(either_house):
    """A reply claims the ticket and comes to the resident under the person's name."""
    maija = await either_house.staff()
    resident, number = await escalated(either_house)
    status, body = await maija.asks(
        "POST", f"/tickets/{number}/reply", json={"text": "  Hei!\r\nKokeile\u0000 näin.\u001b "}
    )
    assert status == 200
    assert (body["status"], body["holder"]) == ("claimed", "Maija")
    assert body["replied_at"]
    [reply] = body["messages"]
    assert (reply["author"], reply["staff_name"]) == ("staff", "Maija")
    assert reply["text"] == "Hei!\nKokeile näin."
    assert reply["ticket"] == number
    _status, heard = await resident.call("GET", f"/{resident.id}/messages")
    assert heard["messages"][-1] == reply


BAD = {
    "no JSON": (b"{text", 400),
    "nothing": (b"", 400),
    "not an object": (b"[]", 400),
    "no text": (b"{}", 422),
    "a number": (b'{"text": 7}', 422),
    "empty": (b'{"text": ""}', 422),
    "spaces": (b'{"text": " \\n "}', 422),
    "control characters": (b'{"text": "\\u0000\\u0001"}', 422),
    "100,000 characters": (json.dumps({"text": "x" * 100_000}).encode(), 422),
    "a little too long": (json.dumps({"text": "x" * 3_901}).encode(), 422),
    "300 KB": (b'{"text": "' + b"x" * 300_000 + b'"}', 413),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_reply(house, maija, name):
    """A reply that cannot be sent is refused with a problem document, and nothing changes."""
    body, status = BAD[name]
    _resident, number = await escalated(house)
    before = await maija.opens(number)
    got, problem = await maija.asks("POST", f"/tickets/{number}/reply", data=body)
    assert (got, problem["status"]) == (status, status)
    assert problem["detail"]
    assert await maija.opens(number) == before


async def test_errors_speak_the_persons_language(house, maija):
    """What is wrong is said in the language the member of staff chose."""
    _resident, number = await escalated(house)
    async with house.database.write() as session:
        person = await people.by_name(session, "Maija")
        person.locale = "sv"
    for text, error in ((" ", TextMissing()), ("x" * 4_000, TextTooLong(4_000, 3_900))):
        _status, problem = await maija.asks(
            "POST",
            f"/tickets/{number}/reply",
            json={"text": text},
            headers={"Accept-Language": "en"},
        )
        assert problem["detail"] == told(error, "sv")


async def test_half_a_character(either_house):
    """Half a character in a reply is marked as unreadable instead of breaking anything."""
    maija = await either_house.staff()
    _resident, number = await escalated(either_house)
    status, body = await maija.asks(
        "POST", f"/tickets/{number}/reply", data=b'{"text": "hei \\ud83d"}'
    )
    assert (status, body["messages"][0]["text"]) == (200, "hei \ufffd")


async def test_redelivered_reply_is_harmless(either_house):
    """The same Idempotency-Key sends a reply once, even at the same moment, even after closing."""
    maija = await either_house.staff()
    _resident, number = await escalated(either_house)
    path, key = f"/tickets/{number}/reply", {"Idempotency-Key": "r1"}
    answers = await asyncio.gather(
        *(maija.asks("POST", path, json={"text": "Hei!"}, headers=key) for _ in range(4))
    )
    assert {status for status, _body in answers} == {200}
    assert len({body["messages"][0]["id"] for _status, body in answers}) == 1
    await maija.closes(number)
    count = await rows(either_house.database, Message)
    status, again = await maija.asks("POST", path, json={"text": "Hei!"}, headers=key)
    assert (status, again["messages"]) == (200, answers[0][1]["messages"])
    assert await rows(either_house.database, Message) == count


@pytest.mark.parametrize("key", ["", "x" * 61])
async def test_key_that_is_none(house, maija, key):
    """An empty or overlong Idempotency-Key is refused."""
    _resident, number = await escalated(house)
    status, problem = await maija.asks(
        "POST",
        f"/tickets/{number}/reply",
        json={"text": "Hei!"},
        headers={"Idempotency-Key": key},
    )
    assert status == 400
    assert "60" in problem["detail"]


async def test_reply_to_anothers_ticket(house, maija):
    """Nobody replies over the head of the holder, not even a lead."""
    _resident, number = await escalated(house)
    await maija.claims(number)
    for other in (await house.staff("Pekka"), await lead(house)):
        for act, body in (("reply", {"text": "Hei!"}), ("close", None)):
            status, problem = await other.asks("POST", f"/tickets/{number}/{act}", json=body)
            assert (status, problem["detail"]) == (409, told(TicketHeld("Maija"), "fi"))
    assert (await maija.opens(number))["replied_at"] is None


@pytest.mark.parametrize("ended", ["closed", "cancelled"])
async def test_ended_ticket(house, maija, ended):
    """What is ended cannot be claimed, released or replied to; closing twice changes nothing."""
    resident, number = await escalated(house)
    if ended == "closed":
        await maija.closes(number)
    else:
        await resident.call("POST", f"/{resident.id}/messages", json={"choice": "cancel-yes"})
    before = await maija.opens(number)
    assert before["status"] == ended
    assert before["closed_at"]
    for act in ("claim", "release", "reply", "close"):
        status, body = await maija.asks("POST", f"/tickets/{number}/{act}", json={"text": "Hei!"})
        if (act, ended) == ("close", "closed"):
            assert status == 200
        else:
            assert (status, body["detail"]) == (409, told(TicketEnded(), "fi"))
    assert await maija.opens(number) == before


async def test_close_asks_whether_it_helped(house, maija):
    """Closing asks the resident; "no" brings the ticket back unclaimed."""
    resident, number = await escalated(house)
    await maija.replies(number, "Kokeile uudestaan.")
    await maija.closes(number)
    _status, heard = await resident.call("GET", f"/{resident.id}/messages")
    yes, no = heard["messages"][-1]["choices"]
    assert yes["value"].startswith("solved:")
    await resident.call("POST", f"/{resident.id}/messages", json={"choice": no["value"]})
    ticket = await maija.opens(number)
    assert (ticket["status"], ticket["holder"], ticket["closed_at"]) == ("open", None, None)


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic eDp5", "Token x"])
async def test_wrong_token(house, header):
    """A token that opens nothing is refused with 401, before anything else is looked at."""
    pekka = await house.staff("Pekka")
    pekka.token = "wrong"
    headers = {"Accept-Language": "en"} | ({"Authorization": header} if header else {})
    for method, path in (
        ("GET", "/queues"),
        ("GET", "/tickets?status=nonsense"),
        ("GET", "/tickets/N-1001"),
        ("POST", "/tickets/N-1001/claim"),
    ):
        status, problem = await pekka.asks(method, path, headers=headers)
        assert (status, problem["detail"]) == (401, told(Unauthenticated(), "en"))


async def test_token_of_bytes_that_are_no_text(house):
    """A token of arbitrary bytes opens nothing and breaks nothing."""
    answer = await raw(
        house,
        b"GET /api/v1/staff/queues HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Authorization: Bearer \xff\xfe\r\n\r\n",
    )
    assert answer.split(b" ")[1] in {b"400", b"401"}


async def test_other_secrets_are_no_tokens(house, maija):
    """A resident's token, a browser's session and an invitation open nothing here."""
    resident, _number = await escalated(house)
    async with house.database.write() as session:
        person = await people.by_name(session, "Maija")
        others = [
            await people.issue(session, kind, person, house.clock(), None)
            for kind in ("session", "invitation")
        ]
    for secret in (resident.token, *others):
        maija.token = secret
        assert (await maija.asks("GET", "/queues"))[0] == 401


async def test_token_that_ran_out(house, maija, clock):
    """A secret with an end opens nothing after it."""
    async with house.database.write() as session:
        person = await people.by_name(session, "Maija")
        maija.token = await people.issue(
            session, "token", person, house.clock(), people.SESSION_LASTS
        )
    assert (await maija.asks("GET", "/queues"))[0] == 200
    clock.pass_(hours=13)
    assert (await maija.asks("GET", "/queues"))[0] == 401


async def test_names_beyond_ascii(either_house):
    """Names are one person's whatever their capitals and spaces, in Finnish and Swedish too."""
    await either_house.staff("Åsa Öhman")
    async with either_house.database.read() as session:
        for name in ("Åsa Öhman", "åsa öhman", " ÅSA  ÖHMAN "):
            assert await people.by_name(session, name), name
        assert await people.by_name(session, "Asa Ohman") is None
    with pytest.raises(people.NameTaken):
        async with either_house.database.write() as session:
            await people.add(session, "ÅSA ÖHMAN", Role.STAFF, [], either_house.clock())
    assert await rows(either_house.database, Staff) == 1


async def test_statuses_are_all_listed(house, maija):
    """Every status there is can be asked for."""
    for status in Status:
        assert (await maija.asks("GET", "/tickets", params={"status": status}))[0] == 200
