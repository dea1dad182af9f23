"""The desk over HTTP, as a browser without JavaScript meets it: the list, a ticket's forms, leads' pages."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.errors import (
    Answered,
    CannotMerge,
    NothingToDo,
    NotTheirs,
    OtherLanguage,
    TextMissing,
    TextUnusable,
    TicketHeld,
    Unanswered,
)
from bot.models import Block, CannedResponse, Draft, Message, Note, PendingReply, Role, SavedView
from bot.people import staff as people
from bot.texts import texts
from handlers.keys import TOWN
from tests.conftest import House, settings_for
from tests.handlers.conftest import Browser, escalated, lead, listening, rows, sent, told

SWEDISH = "Hej! Du kan boka tid till digitalt stöd på biblioteket eller per telefon."


@pytest.fixture
async def desk(house):
    """Maija, signed in."""
    await house.staff()
    return await Browser(house).signs_in()


@pytest.fixture
async def leads(house):
    """Liisa, who leads, signed in."""
    await lead(house)
    return await Browser(house).signs_in("Liisa")


async def number_of(house, name):
    async with house.database.read() as session:
        return str((await people.by_name(session, name)).id)


# The list


async def test_search_and_filters(house, desk):
    """The list shows what is searched and filtered for, and says how many there are."""
    _resident, first = await escalated(house, "Mikä on pesuloiden paras aika?")
    _resident, second = await escalated(house, "Var finns tvättstugan?", locale="sv")
    for query, shown, hidden in (
        ("q=pesulo", first, second),
        (f"q={second}", second, first),
        ("language=sv", second, first),
        ("q=tvätt&language=sv&waiting=1&sort=waiting", second, first),
        ("status=open&sort=newest", first, ""),
    ):
        page = await desk.opens(f"/staff?{query}")
        assert f'id="{shown}"' in page.text, query
        assert not hidden or f'id="{hidden}"' not in page.text
    assert "Mikä on pesuloiden paras aika?" in (await desk.opens("/staff")).words
    nothing = await desk.opens("/staff?q=kummitus")
    assert 'class="empty"' in nothing.text
    assert 'value="kummitus"' in nothing.text
    for query in ("mine=1", "overdue=1", "tag=x", "page=99999999", "sort=x&page=-1&q=%00"):
        assert (await desk.opens(f"/staff?{query}")).status == 200


async def test_pages_of_the_list(house, desk, monkeypatch):
    """More tickets than a page shows are turned over; the filters stay."""
    for _ in range(3):
        await escalated(house, "pesulan aika")
    monkeypatch.setattr("bot.work.ticket_list.PAGE", 2)
    monkeypatch.setattr("bot.work.ticket_list.listed.__kwdefaults__", {"limit": 2})
    page = await desk.opens("/staff?q=pesulan")
    following = re.search(r'rel="next" href="([^"]+)"', page.words)[1]
    assert following == "/staff?q=pesulan&page=2"
    page = await desk.opens(following)
    assert 'id="N-1003"' in page.text
    assert 'rel="prev"' in page.text
    assert 'rel="next"' not in page.text


async def test_bulk_close(house, desk):
    """Many are closed at once; what a colleague has, is foreign or does not exist is named with the reason."""
    numbers = [(await escalated(house))[1] for _ in range(3)]
    await (await house.staff("Pekka")).claims(numbers[1])
    form = [("numbers", number) for number in (*numbers, numbers[0], "N-9999", "x")]
    answer = await desk.asks(
        "POST", "/staff/bulk", data=[*form, ("do", "close"), ("outcome", "not_ours"), ("view", "")]
    )
    assert answer.status == 200
    assert told(TicketHeld("Pekka"), "fi") in answer.words
    # Nobody has answered any of them: that is said, and one button closes those all the same.
    assert answer.words.count(told(Unanswered("not_ours"), "fi")) == 2
    assert f'id="{numbers[0]}"' in answer.text
    assert "N-9999" in answer.words
    again = [
        *re.findall(r'type="hidden" name="(numbers)" value="([^"]+)"', answer.text),
        *(("do", "close"), ("outcome", "not_ours"), ("anyway", "1")),
    ]
    assert [value for name, value in again if name == "numbers"] == [numbers[0], numbers[2]]
    answer = await desk.asks("POST", "/staff/bulk", data=again)
    assert f'id="{numbers[1]}"' in answer.text
    for number in (numbers[0], numbers[2]):
        assert f'id="{number}"' not in answer.text
    assert f'id="{numbers[0]}"' in (await desk.opens("/staff?status=closed")).text


async def test_bulk_assign(house, desk, leads):
    """Staff give tickets to themselves only; leads to anybody who works in the queue."""
    numbers = [(await escalated(house))[1] for _ in range(2)]
    await house.staff("Eeva", queues=["events"])
    maija, liisa, eeva = [await number_of(house, name) for name in ("Maija", "Liisa", "Eeva")]

    async def give(browser, number, to):
        form = {"numbers": number, "do": "assign", "to": to, "view": "mine=1"}
        return await browser.sends("/staff/bulk", **form)

    assert f'id="{numbers[0]}"' in (await give(desk, numbers[0], maija)).text
    assert f'id="{numbers[1]}"' not in (await give(desk, numbers[1], liisa)).text
    assert told(NotTheirs("Eeva"), "fi") in (await give(leads, numbers[1], eeva)).words
    for to in ("", "x", "9" * 30, "99"):
        assert (await give(leads, numbers[1], to)).status == 200
    await give(leads, numbers[1], maija)
    mine = (await desk.opens("/staff?mine=1")).text
    assert all(f'id="{number}"' in mine for number in numbers)


async def test_next_ticket(house, desk):
    """One leads to the next who waits, around the list, past what colleagues have; then to none."""
    antti = await house.staff("Antti")
    numbers = []
    for _ in range(4):
        numbers.append((await escalated(house))[1])
        house.clock.pass_(seconds=60)
    await antti.claims(numbers[1])

    async def after(number):
        return (await desk.opens(f"/staff/next?after={number}")).location.rpartition("/")[2]

    assert await after("") == await after("N-1") == await after("x") == numbers[0]
    assert await after(numbers[0]) == numbers[2]
    assert await after(numbers[1]) == numbers[2]
    assert await after(numbers[2]) == numbers[3]
    assert await after(numbers[3]) == numbers[0]
    for number in (numbers[0], numbers[2]):
        await desk.sends(f"/staff/tickets/{number}/close", anyway="1")
    assert await after(numbers[3]) == "staff?waiting=1&sort=waiting"
    assert await after(numbers[0]) == numbers[3]


async def test_closed_is_said(house, desk):
    """The list says which ticket was closed; a number that is none or another's says nothing."""
    _resident, number = await escalated(house)
    closed = await desk.sends(f"/staff/tickets/{number}/close", anyway="1")
    page = await desk.opens(closed.location)
    assert f"{number} on suljettu" in page.words or f"{number} is closed" in page.words
    assert f'href="/staff/next?after={number}"' in page.text
    for other in ("N-9999", "x", "", "%00"):
        page = await desk.opens(f"/staff?ended={other}")
        assert page.status == 200
        assert "?after=" not in page.text


async def test_views(house, desk, leads):
    """A view is saved with its filters and deleted; leads share theirs; a name too long is explained."""
    answer = await desk.sends("/staff/views", name="Ruotsi", view="language=sv&page=3")
    assert (answer.status, answer.location) == (303, "/staff?language=sv&page=3")
    await leads.sends("/staff/views", name="Kaikille", view="overdue=1", shared="1")
    page = await desk.opens("/staff")
    assert 'href="/staff?language=sv"' in page.text
    assert "Kaikille" in page.text
    assert "Ruotsi" not in (await leads.opens("/staff")).text
    assert (await desk.sends("/staff/views", name=" ", view="")).status == 422
    assert (await desk.sends("/staff/views", delete="2")).status == 404
    assert (await desk.sends("/staff/views", delete="1")).status == 303
    assert await rows(house.database, SavedView) == 1


# Writing


async def test_reply_waits_and_is_taken_back(house, desk):
    """A reply shows that it waits; taken back, its words are in the field again; afterwards it is too late."""
    resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    await desk.sends(f"{path}/reply", text="Hei!")
    page = await desk.opens(path)
    id_ = re.search(r'name="reply" value="(\d+)"', page.text)[1]
    assert await desk.sends(f"{path}/undo", reply=id_)
    assert ">Hei!</textarea>" in (await desk.opens(path)).text
    assert "Hei!" not in await resident.heard()
    await desk.sends(f"{path}/reply", text="Hei sinä!")
    await sent(house)
    for late in (id_, "99", "x", ""):
        answer = await desk.sends(f"{path}/undo", reply=late)
        assert answer.location == f"{path}?late=1#newest"
    assert 'class="problem"' in (await desk.opens(f"{path}?late=1")).text
    assert (await resident.heard())[-1] == "Hei sinä!"
    assert await rows(house.database, PendingReply) == 0


async def test_reply_goes_out_by_itself(house, desk):
    """The running application sends what waits, without anybody's doing."""
    resident, number = await escalated(house)
    await desk.sends(f"/staff/tickets/{number}/reply", text="Hei!")
    house.clock.pass_(seconds=6)
    await resident.hears("Hei!", within=10)


async def test_close_sends_what_waits(house, desk):
    """Whoever replies and closes at once has replied first."""
    resident, number = await escalated(house)
    await desk.sends(f"/staff/tickets/{number}/reply", text="Hei!")
    await desk.sends(f"/staff/tickets/{number}/close", outcome="referred")
    heard = await resident.heard()
    assert heard[-2] == "Hei!"
    assert texts("fi").gettext("Did that help?")[:0] + number in heard[-1]


async def test_close_without_an_answer_is_stopped_once(house, desk):
    """Nobody is told that a question is closed which nobody has answered, unless that is meant."""
    resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    assert (
        "/close"
        not in re.search(r'<div class="acts">.*?</div>', (await desk.opens(path)).text, re.DOTALL)[
            0
        ]
    )
    before = await resident.heard()
    stopped = await desk.sends(f"{path}/close", outcome="referred", text="Kirjoitan juuri")
    assert stopped.status == 409
    assert told(Unanswered("referred"), "fi") in stopped.words
    assert "Kirjoitan juuri" in stopped.words
    assert f'formaction="{path}/close" formnovalidate name="anyway"' in stopped.text
    assert '<option value="referred" selected>' in stopped.text
    assert await resident.heard() == before
    # What is typed comes along, and is still there on the closed ticket.
    closed = await desk.sends(
        f"{path}/close", outcome="referred", text="Kirjoitan juuri", anyway="1"
    )
    assert closed.location == f"/staff?ended={number}"
    assert number in (await resident.heard())[-1]
    assert "Kirjoitan juuri" in (await desk.opens(path)).words


async def test_close_over_the_api(house, maija):
    """Programs are stopped as well, with all as it was, unless they say that it is meant."""
    _resident, number = await escalated(house)
    path = f"/tickets/{number}/close"
    for body in ({"outcome": "referred"}, {"anyway": "yes"}, {"anyway": False}):
        status, problem = await maija.asks("POST", path, json=body)
        assert (status, problem["detail"]) == (409, told(Unanswered("solved"), "fi"))
    assert (await maija.opens(number))["status"] == "open"
    status, body = await maija.asks("POST", path, json={"outcome": "referred", "anyway": True})
    assert (status, body["outcome"]) == (200, "referred")


async def test_why_an_ended_ticket_stays_ended(house, desk):
    """A blocked resident's, a cancelled and a merged ticket do not promise to come back by themselves."""
    promise = texts("fi").gettext(
        "This ticket is ended. If the resident says it did not help, it comes back by itself."
    )
    _resident, blocked = await escalated(house)
    await desk.sends(f"/staff/tickets/{blocked}/block", reason="Uhkaa.", days="7")
    _other, merged = await escalated(house)
    _third, into = await escalated(house)
    await desk.sends(f"/staff/tickets/{merged}/merge", into=into)
    for number in (blocked, merged):
        page = await desk.opens(f"/staff/tickets/{number}")
        assert 'class="empty"' in page.text
        assert promise not in page.words
    await desk.sends(f"/staff/tickets/{into}/close", anyway="1")
    assert promise in (await desk.opens(f"/staff/tickets/{into}")).words


async def test_transfer_offers_who_can_take_it(house, desk):
    """Behind each name stand its queues; who has none, or was cut off, is not offered."""
    await house.staff("Eeva", queues=["events"])
    await house.staff("Nolla", queues=[])
    _resident, number = await escalated(house)
    page = await desk.opens(f"/staff/tickets/{number}")
    title = house.app[TOWN]().book.queues["events"].titles["fi"]
    offered = re.search(r'<select id="to-person".*?</select>', page.text, re.DOTALL)[0]
    assert f'data-queues="events">Eeva: {title}<' in offered
    assert "Nolla" not in offered
    async with house.database.write() as session:
        (await people.by_name(session, "Eeva")).cut_off_at = house.clock()
    assert ">Eeva" not in (await desk.opens(f"/staff/tickets/{number}")).text


async def test_other_language_is_stopped_once(house, desk):
    """A reply in another language is stopped with every word kept, and goes out when it is insisted on."""
    resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    answer = await desk.sends(f"{path}/reply", text=SWEDISH, nonce="n")
    assert answer.status == 409
    assert told(OtherLanguage("sv", "fi"), "fi") in answer.words
    assert SWEDISH in answer.words
    assert 'name="anyway"' in answer.text
    assert await rows(house.database, PendingReply) == 0
    again = await desk.sends(f"{path}/reply", text=SWEDISH, nonce="n", anyway="1")
    assert again.status == 303
    await sent(house)
    assert (await resident.heard())[-1] == SWEDISH


async def test_who_cannot_reply_hears_that_first(house, desk):
    """With a colleague's ticket the reply's language does not matter, and nothing but a note is offered."""
    antti = await house.staff("Antti")
    _resident, number = await escalated(house)
    await antti.claims(number)
    path = f"/staff/tickets/{number}"
    page = await desk.opens(path)
    assert f'action="{path}/close"' not in page.text
    assert f'action="{path}/note"' in page.text
    refused = await desk.sends(f"{path}/reply", text=SWEDISH)
    assert refused.status == 409
    assert told(TicketHeld("Antti"), "fi") in refused.words
    assert SWEDISH in refused.words
    assert 'name="anyway"' not in refused.text


async def test_other_language_over_the_api(house, maija):
    """Programs are stopped as well, unless they say that it is meant."""
    resident, number = await escalated(house)
    path = f"/tickets/{number}/reply"
    status, problem = await maija.asks("POST", path, json={"text": SWEDISH})
    assert (status, problem["detail"]) == (409, told(OtherLanguage("sv", "fi"), "fi"))
    assert (await maija.opens(number))["holder"] is None
    status, _body = await maija.asks("POST", path, json={"text": SWEDISH, "anyway": True})
    assert status == 200
    assert (await resident.heard())[-1] == SWEDISH


async def test_colleague_replied_meanwhile(house, desk):
    """A reply from a page that has not seen a colleague's is stopped, kept, and can be insisted on."""
    _resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    seen = (await desk.opens(path)).field("seen")
    pekka = await house.staff("Pekka")
    await pekka.replies(number, "Moi!")
    await pekka.asks("POST", f"/tickets/{number}/release")
    answer = await desk.sends(f"{path}/reply", text="Hei!", seen=seen, nonce="n")
    assert answer.status == 409
    assert told(Answered("Pekka"), "fi") in answer.words
    assert ">Hei!</textarea>" in answer.text
    assert answer.field("seen") != seen
    fresh = answer.field("seen")
    assert (await desk.sends(f"{path}/reply", text="Hei!", seen=fresh)).status == 303


async def test_resident_wrote_meanwhile(house, desk):
    """What the resident added meanwhile stops nothing, but is pointed out."""
    resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    seen = (await desk.opens(path)).field("seen")
    await resident.says("hoituikin jo")
    answer = await desk.sends(f"{path}/reply", text="Hei!", seen=seen)
    assert answer.location == f"{path}?more=1#newest"
    page = await desk.opens(f"{path}?more=1")
    assert 'class="notice"' in page.text
    assert "hoituikin jo" in page.text
    assert (await desk.sends(f"{path}/reply", text="Hei!", seen="x" * 50)).status == 404


async def test_draft_is_kept_when_a_reply_fails(house, desk):
    """What could not be sent is there on the next page, on any device."""
    _resident, number = await escalated(house)
    await (await house.staff("Pekka")).claims(number)
    await desk.sends(f"/staff/tickets/{number}/reply", text="Pitkä vastaus.")
    elsewhere = await Browser(house).signs_in()
    assert "Pitkä vastaus." in (await elsewhere.opens(f"/staff/tickets/{number}")).text
    draft = f"/staff/tickets/{number}/draft"
    assert (await desk.sends(draft, field="reply", text="")).status == 204
    assert (await desk.sends(draft, field="other", text="x")).status == 404
    assert await rows(house.database, Draft) == 0


async def test_note(house, desk):
    """A note is shown with its word, written once by a double click, and never reaches the resident."""
    resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    nonce = (await desk.opens(path)).field("nonce")
    heard = await resident.heard()
    await asyncio.gather(
        *(desk.sends(f"{path}/note", text="Vain <meille>.", nonce=nonce) for _ in range(3))
    )
    page = await desk.opens(path)
    assert "Vain <meille>." in page.words
    assert 'class="message internal"' in page.text
    assert await resident.heard() == heard
    assert await rows(house.database, Note) == 1
    assert (await desk.sends(f"{path}/note", text=" ")).status == 422


async def test_ready_texts(house, desk):
    """Canned responses and the book's answers come below what is typed, in the ticket's language; nothing is sent."""
    _resident, number = await escalated(house, locale="sv")
    path = f"/staff/tickets/{number}/compose"
    async with house.database.write() as session:
        from bot.work import canned  # noqa: PLC0415 - only here

        boss = await people.by_name(session, "Maija")
        both = {"fi": "Hei!", "sv": "Hej, jag heter {name}."}
        await canned.save(session, boss, None, name="T", queue=None, texts=both, now=house.clock())
    answer = await desk.sends(path, text="Bra.", insert="canned", canned="1")
    assert "Bra.\n\nHej, jag heter Maija.</textarea>" in answer.text
    answer = await desk.sends(path, text="Bra.", insert="entry:digituki-price")
    book = house.app[TOWN]().book.entries["digituki-price"]
    assert book.texts["sv"].answer.strip() in answer.words
    assert f"Källa: {book.source}" in answer.words
    found = await desk.sends(path, text="Bra.", insert="", book="paljonko digituki maksaa")
    assert 'value="entry:digituki-price"' in found.text
    assert ">Bra.</textarea>" in found.text
    part = await desk.sends(
        path, headers={"X-Requested-With": "fetch"}, text="", insert="canned", canned="1"
    )
    assert part.json["text"] == "Hej, jag heter Maija."
    for wrong in ("entry:nothing", "canned"):
        assert (await desk.sends(path, text="Bra.", insert=wrong, canned="9")).status == 404
    assert await rows(house.database, PendingReply) == 0
    assert await rows(house.database, Message) == 3


# Other acts


async def test_acts_by_form(house, desk, leads):
    """Transfer, tag, judge, merge, assign, close, reopen and block each have a form that does it."""
    numbers = [(await escalated(house, "pesulan aika"))[1] for _ in range(3)]
    first, second, third = (f"/staff/tickets/{number}" for number in numbers)
    maija = await number_of(house, "Maija")
    for browser, path, form in (
        (desk, f"{first}/tag", {"tag": "Pesu la"}),
        (desk, f"{first}/tag", {"remove": "pesu-la"}),
        (desk, f"{first}/judge", {"message": "", "right": "digituki-price"}),
        (leads, f"{first}/assign", {"to": maija}),
        (desk, f"{first}/transfer", {"queue": "events", "reason": "Tapahtuma."}),
        (desk, f"{second}/merge", {"into": numbers[0]}),
        (desk, f"{first}/close", {"outcome": "referred", "anyway": "1"}),
        (desk, f"{first}/reopen", {}),
        (desk, f"{third}/block", {"reason": "Uhkaus.", "days": "7"}),
    ):
        answer = await browser.sends(path, **form)
        assert answer.status == 303, (path, answer.words)
    page = await desk.opens(first)
    for said in ("Tapahtuma.", "pesu-la", numbers[1]):
        assert said in page.words
    assert numbers[0] in (await desk.opens(second)).text
    assert await rows(house.database, Block) == 1


async def test_acts_that_cannot_be_done(house, desk):
    """What cannot be done says why, and gives back what was typed."""
    _resident, number = await escalated(house, "pesulan aika")
    path = f"/staff/tickets/{number}"
    for act, form, error in (
        ("transfer", {"queue": "events", "reason": " "}, TextMissing()),
        ("transfer", {"queue": "general", "reason": "Syy <tämä>."}, NothingToDo()),
        ("merge", {"into": "N-9999"}, CannotMerge()),
        ("merge", {"into": number}, CannotMerge()),
        ("judge", {"right": "", "message": ""}, None),
        ("block", {"reason": "Syy <tämä>.", "days": "2"}, NothingToDo()),
        ("reopen", {}, NothingToDo()),
    ):
        answer = await desk.sends(f"{path}/{act}", **form)
        if error:
            assert answer.status in {409, 422}, act
            assert told(error, "fi") in answer.words
        for text in form.values():
            assert text.strip() in answer.words or answer.status == 303
        assert "<tämä>" not in answer.text
    for act, form in (
        ("transfer", {"queue": "x", "reason": "y"}),
        ("transfer", {"to": "x", "reason": "y"}),
        ("judge", {"right": "x"}),
        ("judge", {"message": "9" * 30}),
        ("close", {"outcome": "blocked"}),
        ("block", {"reason": "x", "days": "x"}),
    ):
        assert (await desk.sends(f"{path}/{act}", **form)).status == 404, act
    assert (await desk.sends(f"{path}/assign", to="1")).status == 403


async def test_merge_by_the_digits(house, desk):
    """The other ticket may be named by its digits alone."""
    (_one, first), (_other, second) = await escalated(house), await escalated(house)
    merged = await desk.sends(f"/staff/tickets/{second}/merge", into=f" {first[2:]} ")
    assert merged.location.partition("#")[0] == f"/staff/tickets/{first}"


async def test_transferred_out_of_sight(house):
    """Whoever passes a ticket to a queue of others is led back to the list."""
    await house.staff(queues=["general", "digital-support"])
    desk = await Browser(house).signs_in()
    _resident, number = await escalated(house)
    answer = await desk.sends(
        f"/staff/tickets/{number}/transfer", queue="events", reason="Tapahtuma."
    )
    assert answer.location == "/staff"
    assert (await desk.opens(f"/staff/tickets/{number}")).status == 404


async def test_other_tickets_of_the_resident(house, desk):
    """A ticket shows the same resident's others, and only counts those in queues its reader does not see."""
    resident, first = await escalated(house)
    for _ in range(2):
        await desk.sends(f"/staff/tickets/{first}/close", anyway="1")
        await resident.call("POST", f"/{resident.id}/messages", json={"choice": "human"})
    await desk.sends("/staff/tickets/N-1002/reopen")
    async with house.database.write() as session:
        from bot.models import Ticket  # noqa: PLC0415 - only here

        (await session.get_one(Ticket, 1)).queue = "events"
        (await people.by_name(session, "Maija")).queues = ["general"]
    page = await desk.opens("/staff/tickets/N-1002")
    assert "/staff/tickets/N-1001" not in page.text
    assert (
        texts("fi").ngettext("%(num)s more in another queue", "%(num)s more in other queues", 1)
        % {"num": 1}
        in page.words
    )


async def test_presence_is_streamed(house, desk):
    """A ticket's own stream hears of who looks at it; another ticket's does not wake it."""
    _resident, number = await escalated(house)
    await house.staff("Pekka")
    pekka = await Browser(house).signs_in("Pekka")
    path = f"/staff/events?ticket={number}"
    async with listening(house, path, cookie_jar=desk.jar) as stream:
        await stream.event()
        await pekka.sends(f"/staff/tickets/{number}/presence", writing="1")
        assert (await stream.event())["event"] == "changed"
        part = await desk.opens(f"/staff/tickets/{number}", headers={"X-Requested-With": "fetch"})
        assert "Pekka" in part.text
        await escalated(house)
        with pytest.raises(TimeoutError):
            await stream.event(within=0.5)
        await pekka.sends(f"/staff/tickets/{number}/presence", left="1")
        await stream.event()
    page = await desk.opens(f"/staff/tickets/{number}", headers={"X-Requested-With": "fetch"})
    assert "Pekka" not in page.text
    assert (await desk.opens("/staff/events?ticket=N-9999")).status == 404


async def test_stream_ends_with_the_right_to_see(house, desk, leads):
    """Once a ticket is where its reader does not see it, its stream says no more."""
    _resident, number = await escalated(house)
    async with house.database.write() as session:
        (await people.by_name(session, "Maija")).queues = ["general"]
    path = f"/staff/events?ticket={number}"
    async with listening(house, path, cookie_jar=desk.jar) as stream:
        await stream.event()
        moved = {"queue": "events", "reason": "Tapahtuma."}
        assert (await leads.sends(f"/staff/tickets/{number}/transfer", **moved)).status == 303
        assert await stream.ended(within=5)


# Leads' pages


async def test_canned_page(house, leads):
    """Leads make, change and delete canned responses; what cannot be used is explained and kept."""
    form = {"name": "Terve", "queue": "events", "text_fi": "Hei {name}", "text_sv": ""}
    assert (await leads.sends("/staff/canned", id="", **form)).status == 303
    page = await leads.opens("/staff/canned?change=1")
    assert "Hei {name}" in page.text
    form = {"name": "Terve", "text_fi": "Hei <{nimi}>"}
    answer = await leads.sends("/staff/canned", id="1", **form)
    assert answer.status == 422
    assert told(TextUnusable(), "fi") in answer.words
    assert "Hei <{nimi}>" in answer.words
    assert (await leads.sends("/staff/canned", id="99", name="x", text_fi="y")).status == 404
    assert (await leads.sends("/staff/canned", delete="x")).status == 404
    assert (await leads.opens("/staff/canned?change=nothing")).status == 200
    assert (await leads.sends("/staff/canned", delete="1")).status == 303
    assert await rows(house.database, CannedResponse) == 0


async def test_blocks_page(house, leads):
    """A lead sees who was blocked and why, lets it stay, then lifts it; twice is explained."""
    resident, number = await escalated(house)
    await leads.sends(f"/staff/tickets/{number}/block", reason="Uhkaus.", days="30")
    assert "Uhkaus." in (await leads.opens("/staff/blocks")).text
    for do, status in (("keep", 303), ("lift", 303), ("lift", 409)):
        assert (await leads.sends("/staff/blocks", block="1", do=do)).status == status
    assert (await leads.sends("/staff/blocks", block="7", do="lift")).status == 404
    said = await resident.presses(texts("fi").gettext("Talk to a person"))
    assert "N-1002" in said[0]


@pytest.mark.parametrize("role", Role)
async def test_leads_pages_are_for_leads(house, role):
    """Canned responses and blocks are kept by leads and admins alone."""
    await house.staff("Maija", role, ["general"])
    browser = await Browser(house).signs_in()
    is_lead = role in {Role.LEAD, Role.ADMIN}
    for path in ("/staff/canned", "/staff/blocks"):
        assert (await browser.opens(path)).status == (200 if is_lead else 403)
    answer = await browser.sends("/staff/canned", name="x", text_fi="y")
    assert answer.status == (303 if is_lead else 403)
    answer = await browser.sends("/staff/blocks", block="1", do="keep")
    assert answer.status == (404 if is_lead else 403)


@pytest.mark.parametrize("role", [Role.EDITOR])
async def test_editors_have_no_tickets(house, role):
    """An editor sees no list, and neither changes many tickets nor keeps views."""
    await house.staff("Maija", role, [])
    browser = await Browser(house).signs_in()
    assert (await browser.opens("/staff")).location == "/staff/book"
    for path in ("/staff/bulk", "/staff/views"):
        assert (await browser.sends(path, numbers="N-1001", name="x")).status == 403


async def test_two_claim_and_reply_at_once(either_house):
    """Of many who reply to an unclaimed ticket at the same moment, exactly one does."""
    resident, number = await escalated(either_house)
    browsers = []
    for name in ("Maija", "Pekka", "Anna"):
        await either_house.staff(name)
        browsers.append(await Browser(either_house).signs_in(name))
    answers = await asyncio.gather(
        *(browser.sends(f"/staff/tickets/{number}/reply", text="Hei!") for browser in browsers)
    )
    assert sorted(answer.status for answer in answers) == [303, 409, 409]
    await sent(either_house)
    assert (await resident.heard()).count("Hei!") == 1


async def test_restart_sends_what_waited(sqlite_url, clock, town):
    """A reply that waited when the service stopped goes out when it starts again."""
    async with House(settings_for(sqlite_url), clock, town) as house:
        await house.staff()
        desk = await Browser(house).signs_in()
        resident, number = await escalated(house)
        await desk.sends(f"/staff/tickets/{number}/reply", text="Hei!")
    clock.pass_(seconds=30)
    async with House(settings_for(sqlite_url), clock, town) as house:
        resident.house = house
        await resident.hears("Hei!", within=10)
