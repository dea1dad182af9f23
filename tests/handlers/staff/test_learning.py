"""The pages about what the book should learn: from a reply to the book and back, without script."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot import learning, shelf
from bot.errors import ChangedMeanwhile, NotAllowed, NotFound
from bot.learning import Change, Trial
from bot.models import Audit, Message, Proposal, Publication, Role, Stage
from bot.settings import Settings
from bot.town import load, town_from
from faq import publishing
from tests.conftest import House, WebResident, settings_for
from tests.handlers.conftest import Browser, escalated, rows, sent, told

IDENTITY = "131052-308T"
QUESTION = "haluan lainata pyörän"
FORM = {
    "entry": "bike", "topic": "bikes", "queue": "digital-support", "source": "https://a.example/b", "owner": "team",
    "question_fi": "Mistä voin lainata pyörän?", "answer_fi": "Kirjastosta.", "easy_fi": "",
    "phrasings_fi": "pyörän lainaaminen\nsaako pyörän lainaksi\n\npyörä lainaan",
    "question_sv": "Var kan jag låna en cykel?", "answer_sv": "På biblioteket.", "phrasings_sv": "låna cykel",
    "question_en": "Where can I borrow a bike?", "answer_en": "At the library.", "phrasings_en": "bike loan",
}  # fmt: skip
MALFORMED = ("0", "-1", "x", "1.0", "%00", "١", "9" * 18, "9" * 40, "N-1001")


@pytest.fixture
async def small_house(sqlite_url, clock, small_folder, monkeypatch):
    """The application with a small book of its own that is looked at often."""
    monkeypatch.setattr(shelf, "LOOK_SECONDS", 0.2)
    town = town_from(small_folder, "helsinki")
    built = House(settings_for(sqlite_url, content_dir=small_folder), clock, town)
    await built.start()
    yield built
    await built.stop()


async def as_(house, name, role, queues=()):
    """The browser of a new member of staff."""
    await house.staff(name, role, list(queues))
    return await Browser(house).signs_in(name)


@pytest.fixture
async def maija(small_house):
    """The browser of somebody who works in one queue."""
    return await as_(small_house, "Maija", Role.STAFF, ["digital-support"])


@pytest.fixture
async def eeva(small_house):
    """An editor's browser."""
    return await as_(small_house, "Eeva", Role.EDITOR)


async def proposed(browser, text="Pyörän saa kirjastosta."):
    """The address of a proposal made of a reply in a ticket of the digital support queue."""
    _resident, number = await escalated(browser.house, QUESTION)
    answer = await browser.sends(f"/staff/tickets/{number}/reply", text=text)
    assert answer.status == 303, answer.words
    await sent(browser.house)
    page = await browser.opens(f"/staff/tickets/{number}")
    made = await browser.sends(f"/staff/tickets/{number}/propose", message=page.field("message"))
    assert made.status == 303, made.words
    return made.location


async def seen(browser, address):
    return (await browser.opens(address)).field("seen")


async def saves(browser, address, act="save", **form):
    return await browser.sends(
        f"{address}/{act}", **{**FORM, "seen": await seen(browser, address), **form}
    )


async def as_tried(house, address, **values):
    """The proposal as if it had been tried."""
    digest = load(house.settings.content_dir, "helsinki").digest
    async with house.database.write() as session:
        found = await session.get(Proposal, int(address.rpartition("/")[2]))
        found.stage, found.trial = Stage.TRIED, Trial(digest=digest, **values).to_json()


async def until(holds):
    async with asyncio.timeout(120):
        while not await holds():
            await asyncio.sleep(0.2)


async def test_from_a_reply_to_the_book_and_back(jobs_run, small_house, maija, eeva):
    """Proposed, filled in, tried, published: the bot gives it; taken back, it does not."""
    address = await proposed(maija, f"Hei Matti! Pyörän saa kirjastosta, {IDENTITY}.")
    page = await maija.opens(address)
    assert IDENTITY not in page.text
    assert "Hei •••! Pyörän saa kirjastosta" in page.words
    assert page.field("question_fi") == QUESTION
    assert [page.text.count(f'name="answer_{locale}"') for locale in ("fi", "sv", "en")] == [1] * 3
    assert (await saves(maija, address, "try")).status == 303

    async def is_tried():
        async with small_house.database.read() as session:
            return (await session.get(Proposal, 1)).stage == Stage.TRIED

    await until(is_tried)
    page = await eeva.opens(address)
    assert QUESTION in page.words
    # Residents' questions come from every queue; her own page says only how many.
    assert QUESTION not in (await maija.opens(address)).words
    done = await eeva.sends(f"{address}/publish", seen=page.field("seen"))
    assert (done.status, done.location) == (303, "/staff/learning?done=publish")
    assert 'role="status"' in (await eeva.opens(done.location)).text
    assert 'role="status"' not in (await eeva.opens("/staff/learning?done=anything")).text
    resident = WebResident(small_house, "fi")

    async def answered():
        return any("Kirjastosta." in said for said in await resident.says(QUESTION))

    await until(answered)
    overview = await eeva.opens("/staff/learning")
    assert "/staff/publications/1/take-back" in overview.text
    assert "take-back" not in (await maija.opens("/staff/learning")).text
    back = await eeva.sends("/staff/publications/1/take-back")
    assert (back.status, back.location) == (303, "/staff/learning?done=back")
    assert not (small_house.settings.content_dir / "fi/bikes.yaml").exists()
    again = await eeva.sends("/staff/publications/1/take-back")
    assert again.status == 409
    async with small_house.database.read() as session:
        written = await session.execute(
            select(Audit.staff_name, Audit.act, Audit.object)
            .where(Audit.act.in_(("published", "taken_back")))
            .order_by(Audit.id)
        )
        assert written.all() == [("Eeva", "published", "bike"), ("Eeva", "taken_back", "bike")]
    assert 'role="alert"' in again.text


async def test_what_cannot_be_proposed(small_house, maija):
    """A resident's words, another ticket's reply, a foreign ticket and numbers that are none: not found."""
    await proposed(maija)
    _resident, other = await escalated(small_house, "missä voin tulostaa")
    _resident, own = await escalated(small_house, "moi")
    async with small_house.database.write() as session:
        messages = (await session.scalars(select(Message))).all()
    ids = {str(one.id) for one in messages}
    for number in (own, other, "N-9999", "x"):
        for message in (*ids, *MALFORMED, ""):
            answer = await maija.sends(f"/staff/tickets/{number}/propose", message=message)
            assert answer.status == 404, (number, message)
            assert told(NotFound(), "fi") in answer.words
    residents = [one for one in messages if one.author != "staff"]
    assert residents
    for one in residents:
        answer = await maija.sends("/staff/tickets/N-1001/propose", message=str(one.id))
        assert answer.status == 404
    assert await rows(small_house.database, Proposal) == 1
    assert (await maija.sends("/staff/tickets/N-1001/propose")).status == 404


async def test_numbers_that_are_none(small_house, eeva):
    """A malformed or unknown number is not found, whatever is to be done with it."""
    for id_ in MALFORMED:
        assert (await eeva.opens(f"/staff/proposals/{id_}")).status == 404, id_
        for act in ("save", "try", "publish", "reject"):
            assert (await eeva.sends(f"/staff/proposals/{id_}/{act}", **FORM)).status == 404, id_
        assert (await eeva.sends(f"/staff/publications/{id_}/take-back")).status == 404, id_
    assert (await eeva.sends("/staff/proposals/1/burn")).status in {404, 405}


@pytest.mark.parametrize("role", Role)
async def test_who_may_do_what(small_house, maija, role):
    """Staff and leads read and propose, editors and admins change, publish, put aside and take back."""
    address = await proposed(maija)
    assert (await saves(maija, address)).status == 303
    browser = await as_(small_house, "Aino", role, ["digital-support"])
    may_edit = role in {Role.EDITOR, Role.ADMIN}
    page = await browser.opens(address)
    assert page.status == 200
    assert (" disabled" not in page.text) is may_edit
    assert ("/staff/tickets/N-1001" in page.text) is (role is not Role.EDITOR)
    assert (await browser.opens("/staff/learning")).status == 200
    refused = None if may_edit else told(NotAllowed(), "fi")
    for act, good in (("save", 303), ("try", 303), ("reject", 303)):
        answer = await saves(browser, address, act, owner="others", reason="Ei.")
        assert answer.status == (good if may_edit else 403), act
        assert refused is None or refused in answer.words
    answer = await browser.sends(f"{address}/publish", seen=await seen(browser, address))
    assert answer.status == (409 if may_edit else 403)
    # There is none; whoever may not is not even told so.
    answer = await browser.sends("/staff/publications/1/take-back")
    assert answer.status == (404 if may_edit else 403)
    made = await browser.sends("/staff/proposals", locale="fi", asked="missä kylmälaukku")
    assert made.status == 303
    assert "missä kylmälaukku" in (await browser.opens(made.location)).words
    assert (await saves(browser, made.location, owner="own")).status == 303


async def test_a_foreign_queues_proposal(small_house, maija):
    """Staff of another queue find neither it nor its words, by any address."""
    address = await proposed(maija)
    pekka = await as_(small_house, "Pekka", Role.STAFF, ["general"])
    assert "Pyörän saa kirjastosta" in (await maija.opens(address)).words
    overview = await pekka.opens("/staff/learning")
    assert QUESTION not in overview.words
    assert address not in overview.text
    assert (await pekka.opens(address)).status == 404
    for act in ("save", "try", "publish", "reject"):
        answer = await pekka.sends(f"{address}/{act}", **FORM)
        assert answer.status == 404, act
        assert "Pyörän saa kirjastosta" not in answer.words


async def test_a_stale_page(small_house, maija, eeva):
    """Of two pages open at once the second is refused, with what was typed on it still there."""
    address = await proposed(maija)
    old = await seen(eeva, address)
    assert (await saves(maija, address)).status == 303
    late = await eeva.sends(f"{address}/save", **{**FORM, "seen": old, "answer_sv": "Nytt svar."})
    assert late.status == 409
    assert told(ChangedMeanwhile(), "fi") in late.words
    assert "Nytt svar." in late.words
    again = await eeva.sends(
        f"{address}/save", **{**FORM, "seen": late.field("seen"), "answer_sv": "Nytt svar."}
    )
    assert again.status == 303
    twice = await eeva.sends(f"{address}/save", **{**FORM, "seen": old, "answer_sv": "Nytt svar."})
    assert twice.status == 303


async def test_what_is_missing_or_too_much(small_house, maija):
    """Trying what is not complete names what is missing; too long words are kept; an empty form is saved."""
    address = await proposed(maija)
    answer = await saves(maija, address, "try", owner="", answer_sv="", entry="Ä!")
    assert answer.status == 422
    assert "Svenska" in answer.words
    assert "Kirjastosta." in answer.words
    long = "pitkä " * 600
    answer = await saves(maija, address, answer_fi=long)
    assert answer.status == 422
    assert long.strip() in answer.words
    assert (await saves(maija, address, answer_fi="x" * 300_000)).status == 413
    assert (await maija.sends(f"{address}/save", seen=await seen(maija, address))).status == 303
    assert (await maija.sends(f"{address}/try", seen=await seen(maija, address))).status == 422
    assert (await maija.sends(f"{address}/save")).status == 303


async def test_a_reason_is_needed(small_house, maija, eeva):
    """Putting aside without a reason, or with too long a one, is refused; the reason is shown."""
    address = await proposed(maija)
    for reason in ("", " ", "x" * 301):
        answer = await eeva.sends(
            f"{address}/reject", seen=await seen(eeva, address), reason=reason
        )
        assert answer.status == 422
    answer = await eeva.sends(f"{address}/reject", seen=await seen(eeva, address), reason="Väärin.")
    assert answer.status == 303
    assert "Väärin." in (await maija.opens(address)).words
    assert (await saves(maija, address, owner="x")).status == 409


async def test_a_folder_that_cannot_be_written(small_house, maija, eeva, monkeypatch):
    """In a read-only folder, publishing says what to do and keeps nothing."""
    address = await proposed(maija)
    await saves(maija, address)
    await as_tried(small_house, address)

    def read_only(**_given):
        raise PermissionError(30, "Read-only file system")

    page = await eeva.opens(address)
    with monkeypatch.context() as patch:
        patch.setattr(publishing.tempfile, "mkstemp", read_only)
        answer = await eeva.sends(f"{address}/publish", seen=page.field("seen"))
    assert answer.status == 503
    assert 'role="alert"' in answer.text
    assert await rows(small_house.database, Publication) == 0
    assert not (small_house.settings.content_dir / "fi/bikes.yaml").exists()
    assert (await eeva.sends(f"{address}/publish", seen=page.field("seen"))).status == 303
    with monkeypatch.context() as patch:
        patch.setattr(publishing.tempfile, "mkstemp", read_only)
        assert (await eeva.sends("/staff/publications/1/take-back")).status == 503
    assert (small_house.settings.content_dir / "fi/bikes.yaml").exists()


async def test_what_a_trial_found_is_shown(small_house, maija, eeva):
    """The worse ones are marked, faults are said in words, markup in sentences is text."""
    address = await proposed(maija)
    await saves(maija, address)
    changes = (
        Change("missä <b>voin</b> tulostaa", "fi", "print", "print", "bike"),
        Change("<script>", "fi", "", "", "bike"),
    )
    await as_tried(small_house, address, sentences=1, questions=1, changed=2, worse=1, better=4321, changes=changes)  # fmt: skip
    page = await eeva.opens(address)
    assert "4321" in page.text
    assert "&lt;b&gt;voin&lt;/b&gt;" in page.text
    assert "&lt;script&gt;" in page.text
    assert page.text.count('<tr role="row" class="late">') == 1
    assert "&lt;script&gt;" not in (await maija.opens(address)).text
    for fault in ("ended", "book", "by-hand:fi", "fi/town.yaml: print: answer is missing"):
        await as_tried(small_house, address, faults=(fault,))
        assert (await eeva.opens(address)).status == 200
        refused = await eeva.sends(f"{address}/publish", seen=await seen(eeva, address))
        assert refused.status == 422, fault


def test_the_shipped_sentences_are_found():
    """The test sentences beside the shipped book are what a trial tries."""
    found = learning.test_sentences(Settings().content_dir)
    assert len(found) > 1_000
    assert {locale for _, locale, _ in found} == {"fi", "sv", "en"}
    assert any(wanted == "nothing" for *_, wanted in found)
