"""Proposals for the book: made without what is personal, tried, published, taken back."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from bot import learning, tickets
from bot.conversation import hear
from bot.errors import ChangedMeanwhile, NotAllowed, NotFound, TextMissing, TextTooLong
from bot.learning import Change, Trial
from bot.models import Message, Proposal, Publication, Role, Stage, Ticket
from bot.people import staff as people
from bot.respond import Kind
from bot.settings import Settings
from bot.town import load, town_from
from faq import publishing
from faq.publishing import CannotPublish, Draft, Words
from tests.bot.test_conversation import said
from tests.faq.folders import write, write_tests

# Nothing in the book fits these.
CAT = "naapurin kissa kiipesi puuhun"
DOG = "naapurin koira haukkuu kissalle"
IDENTITY = "131052-308T"
REPLY = (
    "Hei Matti Meikäläinen,\n\nPyörän voi lainata kirjastosta. Tunnuksesi on 131052-308T ja numerosi"
    " 040 123 4567.\nTerveisin Maija"
)
BIKE = Draft(
    "bike", "bikes", "digital-support", "https://a.example/bikes", "bike-team",
    {
        "fi": Words("Mistä voin lainata pyörän?", ("pyörän lainaaminen", "saako pyörän lainaksi", "pyörä lainaan"), "Saa."),
        "sv": Words("Var kan jag låna en cykel?", ("låna cykel", "cykel till låns"), "Ja."),
        "en": Words("Where can I borrow a bike?", ("borrow a bike", "bike loan", "bicycle rental"), "Yes."),
    },
)  # fmt: skip


@pytest.fixture
def settings(small_folder):
    """Settings with a small book of their own."""
    return replace(Settings(), content_dir=small_folder)


@pytest.fixture
def small(settings):
    """The town with the small book."""
    return town_from(settings.content_dir, "helsinki")


async def person(database, clock, name="Maija", role=Role.STAFF, queues=("digital-support",)):
    async with database.write() as session:
        return await people.add(session, name, role, list(queues), clock())


async def proposed(database, town, clock, staff, *texts, reply=REPLY):
    """A proposal made of the reply to what a resident said."""
    async with database.write() as session:
        for text in (*texts, "ihminen"):
            await hear(session, said(text), town, clock())
        ticket = (await session.scalars(select(Ticket).order_by(Ticket.id.desc()))).first()
        message = await tickets.reply(session, staff, ticket, reply, clock())
        await session.flush()
        return await learning.propose(session, staff, ticket, message, town, clock())


async def begun(database, town, clock, staff, draft=BIKE):
    """A proposal begun by hand and saved."""
    async with database.write() as session:
        made = await learning.begin(session, staff, town, {}, clock())
        learning.save(staff, made, draft, made.changed_at.isoformat(), town.book, clock())
        return made


async def saved(database, id_):
    async with database.read() as session:
        return await session.get(Proposal, id_)


async def as_tried(database, settings, proposal):
    """The proposal as if it had been tried on the book as it is now."""
    digest = load(settings.content_dir, settings.town).digest
    async with database.write() as session:
        found = await session.get(Proposal, proposal.id)
        found.stage, found.trial = Stage.TRIED, Trial(digest=digest).to_json()
        return found


async def published(database, settings, clock, staff, proposal):
    seen = (await as_tried(database, settings, proposal)).changed_at.isoformat()
    return await learning.publish(database, settings, staff, proposal.id, seen, clock())


# --- Proposing ------------------------------------------------------------------------------


async def test_a_reply_becomes_a_proposal(database, town, clock):
    """Its words without what is personal, the question asked, three languages, no source unseen."""
    maija = await person(database, clock)
    made = await proposed(database, town, clock, maija, "Mitä digituki maksaa?")
    draft = Draft.from_json(made.draft)
    entry = town.book.entries["digituki-price"]
    assert (draft.entry, draft.topic, draft.queue, draft.source, draft.owner) == (
        "",
        entry.topic,
        "digital-support",
        "",
        entry.owner,
    )
    assert set(draft.texts) == {"fi", "sv", "en"}
    assert draft.texts["fi"].question == "Mitä digituki maksaa?"
    assert draft.texts["fi"].answer.startswith("Hei •••,\n\nPyörän voi lainata kirjastosta.")
    for secret in (IDENTITY, "Matti", "Meikäläinen", "040", "Maija"):
        assert secret not in str(made.draft)
    assert draft.texts["sv"] == draft.texts["en"] == Words()
    assert (made.stage, made.staff_name, made.trial) == (Stage.DRAFT, "Maija", None)


async def test_proposing_twice(database, town, clock):
    """Of one reply there is one proposal, whoever presses the button again."""
    maija = await person(database, clock)
    made = await proposed(database, town, clock, maija, "Mitä digituki maksaa?")
    async with database.write() as session:
        ticket = await session.get(Ticket, made.ticket_id)
        message = await session.get(Message, made.message_id)
        again = await learning.propose(session, maija, ticket, message, town, clock())
    assert again.id == made.id
    assert len(await all_of(database, Proposal)) == 1


async def test_a_reply_to_nothing_asked(database, town, clock):
    """A ticket opened at once, without a question, and a reply of the longest sort make a proposal too."""
    maija = await person(database, clock, queues=("general",))
    made = await proposed(database, town, clock, maija, reply="Pitkä. " * 550)
    assert len(Draft.from_json(made.draft).texts["fi"].answer) <= learning.LONGEST_ANSWER


async def test_begun_by_hand(database, town, clock):
    """What residents asked stands there as other ways to ask, without secrets; other languages are empty."""
    async with database.write() as session:
        maija = await people.add(session, "Maija", Role.EDITOR, [], clock())
        asked = {"sv": ["låna cykel", f"jag {IDENTITY} vill låna cykel"], "xx": ["?"]}
        made = await learning.begin(session, maija, town, asked, clock())
    texts = Draft.from_json(made.draft).texts
    assert texts["sv"].phrasings == ("låna cykel", "jag ••• vill låna cykel")
    assert texts["fi"] == texts["en"] == Words()


async def all_of(database, table):
    async with database.read() as session:
        return (await session.scalars(select(table).order_by(table.id))).all()


# --- Saving ---------------------------------------------------------------------------------


async def test_saving_masks_and_counts_as_untried(database, small, settings, clock):
    """Secrets typed into any field are hidden; saving other words makes it a draft again."""
    maija = await person(database, clock)
    made = await as_tried(database, settings, await begun(database, small, clock, maija))
    texts = {**BIKE.texts, "fi": Words(f"Kuka on {IDENTITY}?", (IDENTITY,), f"Se on\r\n{IDENTITY}.", IDENTITY)}  # fmt: skip
    clock.pass_(seconds=1)
    async with database.write() as session:
        found = await session.get(Proposal, made.id)
        learning.save(maija, found, replace(BIKE, texts=texts), made.changed_at.isoformat(), small.book, clock())  # fmt: skip
    found = await saved(database, made.id)
    assert IDENTITY not in str(found.draft)
    assert Draft.from_json(found.draft).texts["fi"].answer == "Se on\n•••."
    assert (found.stage, found.trial) == (Stage.DRAFT, None)
    assert found.changed_at > made.changed_at


async def test_saving_on_a_stale_page(database, small, clock):
    """Other words on a page opened before the last change are refused; the same words again are no harm."""
    maija = await person(database, clock)
    made = await begun(database, small, clock, maija)
    stale = "2026-01-01T00:00:00+00:00"
    learning.save(maija, made, BIKE, stale, small.book, clock())
    before = made.draft
    for seen in (stale, "", "x" * 9_999, "\x00"):
        with pytest.raises(ChangedMeanwhile):
            learning.save(maija, made, replace(BIKE, owner="other"), seen, small.book, clock())
    assert made.draft == before


async def test_saving_nothing_and_too_much(database, small, clock):
    """An empty draft can be saved; a field with more than it holds is refused instead of being cut."""
    maija = await person(database, clock)
    made = await begun(database, small, clock, maija)
    for words in (
        Words("x" * 301),
        Words(answer="x" * 3_001),
        Words(easy="x" * 3_001),
        Words(phrasings=("x" * 301,)),
        Words(phrasings=tuple(f"{n} " + "x" * 250 for n in range(60))),
    ):
        draft = replace(BIKE, texts={**BIKE.texts, "sv": words})
        with pytest.raises(TextTooLong):
            learning.save(maija, made, draft, made.changed_at.isoformat(), small.book, clock())
    with pytest.raises(TextTooLong):
        learning.save(maija, made, replace(BIKE, entry="x" * 9_999), made.changed_at.isoformat(), small.book, clock())  # fmt: skip
    learning.save(maija, made, Draft(), made.changed_at.isoformat(), small.book, clock())
    assert Draft.from_json(made.draft).entry == ""
    with pytest.raises(CannotPublish):
        learning.ask_for_trial(maija, made, clock())


async def test_the_id_of_an_entry_fills_what_is_empty(database, small, clock):
    """Saved with the id of an entry there, empty fields hold its words; those removed then stay away."""
    maija = await person(database, clock)
    draft = replace(BIKE, entry="print", topic="", owner="", texts={"fi": Words(answer="Uusi.")})
    made = await begun(database, small, clock, maija, draft)
    now = Draft.from_json(made.draft)
    there = small.book.entries["print"]
    assert (now.topic, now.owner, now.source) == ("town", "team", BIKE.source)
    assert now.texts["fi"] == Words(
        there.texts["fi"].question, there.texts["fi"].phrasings, "Uusi."
    )
    assert now.texts["sv"].answer == "print sv."
    less = replace(now, texts={**now.texts, "fi": Words("K?", (), "Uusi.")})
    learning.save(maija, made, less, made.changed_at.isoformat(), small.book, clock())
    assert Draft.from_json(made.draft).texts["fi"].phrasings == ()


async def test_who_may_change_a_proposal(database, small, clock):
    """Its author and editors; other staff, leads too, may only read what comes from their queues."""
    maija = await person(database, clock)
    made = await begun(database, small, clock, maija)
    for role in Role:
        other = await person(database, clock, role.value, role)
        may_change = role in {Role.EDITOR, Role.ADMIN}
        assert learning.may_change(other, made) is may_change
        if not may_change:
            for act in (
                lambda who: learning.save(who, made, Draft(), made.changed_at.isoformat(), small.book, clock()),
                lambda who: learning.ask_for_trial(who, made, clock()),
                lambda who: learning.reject(who, made, "No.", made.changed_at.isoformat(), clock()),
            ):  # fmt: skip
                with pytest.raises(NotAllowed):
                    act(other)
    with pytest.raises(NotAllowed):
        learning.reject(maija, made, "No.", made.changed_at.isoformat(), clock())
    assert learning.may_change(maija, made)


async def test_who_sees_a_proposal(database, town, clock):
    """Staff see their own and those of their queues' tickets; leads, admins and editors see all."""
    maija = await person(database, clock)
    made = await proposed(database, town, clock, maija, "Mitä digituki maksaa?")
    by_hand = await begun(database, town, clock, maija)
    sees = {
        ("Pekka", Role.STAFF, ("events",)): [],
        ("Anna", Role.STAFF, ("digital-support",)): [made.id],
        ("Liisa", Role.LEAD, ()): [by_hand.id, made.id],
        ("Eeva", Role.EDITOR, ()): [by_hand.id, made.id],
        ("Aino", Role.ADMIN, ()): [by_hand.id, made.id],
    }
    for (name, role, queues), ids in sees.items():
        other = await person(database, clock, name, role, queues)
        async with database.read() as session:
            assert [one.id for one in await learning.newest(session, other)] == ids
            for id_ in (made.id, by_hand.id):
                if id_ in ids:
                    assert (await learning.of_id(session, other, id_)).id == id_
                else:
                    with pytest.raises(NotFound):
                        await learning.of_id(session, other, id_)
    async with database.read() as session:
        assert len(await learning.newest(session, maija)) == 2
        with pytest.raises(NotFound):
            await learning.of_id(session, maija, 999_999)


async def test_put_aside(database, small, clock):
    """With a reason, secrets hidden; then nothing more can be done to it."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    made = await begun(database, small, clock, eeva)
    seen = made.changed_at.isoformat()
    with pytest.raises(ChangedMeanwhile):
        learning.reject(eeva, made, "Why.", "stale", clock())
    with pytest.raises(TextMissing):
        learning.reject(eeva, made, "  ", seen, clock())
    with pytest.raises(TextTooLong):
        learning.reject(eeva, made, "x" * 301, seen, clock())
    learning.reject(eeva, made, f"Väärin: {IDENTITY}", seen, clock())
    assert (made.stage, made.reason) == (Stage.REJECTED, "Väärin: •••")
    seen = made.changed_at.isoformat()
    with pytest.raises(ChangedMeanwhile):
        learning.reject(eeva, made, "Again.", seen, clock())
    with pytest.raises(ChangedMeanwhile):
        learning.save(eeva, made, Draft(), seen, small.book, clock())
    with pytest.raises(ChangedMeanwhile):
        learning.ask_for_trial(eeva, made, clock())


# --- Trials ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "before", "after", "worse"),
    [
        ("", "a", "b", False),
        ("a", "a", "b", True),
        ("a", "a", "", True),
        ("a", "b", "c", False),
        ("a", "", "a", False),
        ("a or b", "a", "b", False),
        ("a or b", "b", "c", True),
        ("nothing", "", "a", True),
        ("nothing", "a", "", False),
        ("nothing", "a", "b", False),
        ("a or nothing", "a", "", False),
        ("a or nothing", "", "b", True),
    ],
)
def test_what_is_worse(wanted, before, after, worse):
    """A test sentence that is right now and would be wrong is worse, also one that nothing may answer."""
    assert Change("?", "fi", wanted, before, after).is_worse is worse
    assert Change("?", "fi", wanted, after, before).is_better is worse


def test_a_trial_names_what_changes(settings, monkeypatch):
    """What would get another answer is named with both, the worse first; what stays is only counted."""
    monkeypatch.setattr(os, "nice", lambda _: 0)
    folder = settings.content_dir
    bike = "where can I borrow a bike"
    write_tests(
        folder,
        "en",
        {"print": [bike, "where can I print"], "print or bike": [bike], "bike": [bike]},
    )
    write_tests(folder, "sv", {"nothing": ["var kan jag låna cykel", "berätta en vits"]})
    files = publishing.written(folder, "helsinki", BIKE, date(2026, 11, 22))
    asked = [("haluan lainata pyörän", "fi"), ("miten uusin passin", "fi")]
    found = learning.compared(folder, "helsinki", None, files, asked)
    assert (found.sentences, found.questions, found.faults) == (8, 2, ())
    worse = [change for change in found.changes if change.is_worse]
    assert [(one.text, one.wanted, one.before, one.after) for one in worse] == [
        ("where can I borrow a bike", "print", "print", "bike")
    ]
    assert found.changes[0] == worse[0]
    assert Change("haluan lainata pyörän", "fi", "", "", "bike") in found.changes
    assert (found.worse, found.better, found.changed) == (1, 1, len(found.changes))
    assert "miten uusin passin" not in {change.text for change in found.changes}
    assert Trial.from_json(found.to_json()) == found
    assert found.digest == load(folder, "helsinki").digest


def test_unreadable_test_sentences(settings, monkeypatch):
    """A file of test sentences that cannot be read is named; none at all is no fault."""
    monkeypatch.setattr(os, "nice", lambda _: 0)
    for content in ("a: [", "- a", "a: 7", "7"):
        write(settings.content_dir / "tests" / "sv" / "bad.yaml", content)
        found = learning.compared(settings.content_dir, "helsinki", None, {}, [])
        assert found.faults == ("tests/sv/bad.yaml",)
    assert learning.test_sentences(settings.content_dir / "fi") == []


async def test_a_trial_in_a_process_of_its_own(database, small, settings, clock):
    """A proposal that waits is tried with residents' questions; afterwards none waits."""
    maija = await person(database, clock)
    made = await begun(database, small, clock, maija)
    async with database.write() as session:
        await hear(session, said("haluan lainata pyörän"), small, clock())
        learning.ask_for_trial(maija, await session.get(Proposal, made.id), clock())
    assert await learning.try_next(settings, database, small, clock())
    found = await saved(database, made.id)
    trial = Trial.from_json(found.trial)
    assert (found.stage, trial.faults, trial.sentences, trial.questions) == ("tried", (), 2, 1)
    assert [(change.text, change.after) for change in trial.changes] == [
        ("haluan lainata pyörän", "bike")
    ]
    assert not await learning.try_next(settings, database, small, clock())
    pekka = await person(database, clock, "Pekka")
    assert learning.changes_for(pekka, trial) == ()
    assert learning.changes_for(await person(database, clock, "Eeva", Role.EDITOR), trial)


async def waiting(database, small, clock, draft=BIKE):
    """A proposal that waits for its trial, and its author."""
    maija = await person(database, clock)
    made = await begun(database, small, clock, maija, draft)
    async with database.write() as session:
        learning.ask_for_trial(maija, await session.get(Proposal, made.id), clock())
    return maija, made


async def test_a_trial_of_what_cannot_be(database, small, settings, clock):
    """What the book could not be used with is said; it cannot be published then."""
    _maija, made = await waiting(database, small, clock, replace(BIKE, queue="nowhere"))
    await learning.try_next(settings, database, small, clock())
    found = await saved(database, made.id)
    assert any("nowhere" in fault for fault in Trial.from_json(found.trial).faults)
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    with pytest.raises(CannotPublish):
        await learning.publish(
            database, settings, eeva, made.id, found.changed_at.isoformat(), clock()
        )
    assert await all_of(database, Publication) == []


async def test_a_trial_whose_process_is_killed(database, small, settings, clock, monkeypatch):
    """When the process dies, the trial says so and the proposal waits no longer."""
    _maija, made = await waiting(database, small, clock)
    monkeypatch.setattr(learning, "compared", die)
    await learning.try_next(settings, database, small, clock())
    found = await saved(database, made.id)
    assert (found.stage, Trial.from_json(found.trial).faults) == ("tried", ("ended",))


def die(*_given):
    os._exit(9)


class Deadly:
    """What ends the process that takes it up."""

    def __reduce__(self):
        return os._exit, (1,)


async def test_a_process_that_dies_before_it_has_read_everything():
    """However much a process was still to be handed over, its death is noticed."""
    with pytest.raises(EOFError):
        await learning._in_a_process(die, Deadly(), "more than a pipe holds" * 50_000)


def sleep(*_given):
    import time  # noqa: PLC0415 - in the process of its own

    time.sleep(600)


async def test_a_trial_that_is_cut_off(database, small, settings, clock, monkeypatch):
    """When the service stops meanwhile, the process ends at once and the proposal still waits."""
    _maija, made = await waiting(database, small, clock)
    monkeypatch.setattr(learning, "compared", sleep)
    trying = asyncio.create_task(learning.try_next(settings, database, small, clock()))
    await asyncio.sleep(1)
    trying.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await trying
    assert (await saved(database, made.id)).stage == Stage.TRYING


async def test_other_words_saved_during_a_trial(database, small, settings, clock, monkeypatch):
    """What was saved meanwhile is a draft that has not been tried."""
    maija, made = await waiting(database, small, clock)

    async def meanwhile(*_given):
        clock.pass_(seconds=1)
        async with database.write() as session:
            found = await session.get(Proposal, made.id)
            learning.save(maija, found, replace(BIKE, owner="new"), found.changed_at.isoformat(), small.book, clock())  # fmt: skip
        return Trial(1, 1)

    monkeypatch.setattr(learning, "_tried", meanwhile)
    await learning.try_next(settings, database, small, clock())
    found = await saved(database, made.id)
    assert (found.stage, found.trial, found.draft["owner"]) == (Stage.DRAFT, None, "new")


async def test_which_questions_are_tried(database, town, clock):
    """What was typed and looked up, once, in the language it was asked in; no button, cry or added words."""
    price = "Mitä digituki maksaa?"
    async with database.write() as session:
        for text, kind in (
            (CAT, Kind.TEXT),
            ("hej", Kind.TEXT),
            (price, Kind.TEXT),
            (price, Kind.TEXT),
            ("show:digituki-place", Kind.CHOICE),
            ("mieheni ei hengitä", Kind.TEXT),
            ("photo", Kind.UNREADABLE),
            ("ihminen", Kind.TEXT),
            ("tämä menee jo virkailijalle", Kind.TEXT),
        ):
            await hear(session, said(text, kind=kind), town, clock())
    async with database.read() as session:
        assert await learning.newest_questions(session) == [(price, "fi"), (CAT, "fi")]
        unanswered = select(func.count()).where(Message.is_unanswered)
        assert await session.scalar(unanswered) == 1


# --- Publishing and taking back -------------------------------------------------------------


async def test_published_and_taken_back(database, small, settings, clock):
    """The files hold it, the matcher finds it; taken back, they are as before and it is a draft again."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    names = dict.fromkeys(("entries.yaml", "fi/bikes.yaml", "sv/bikes.yaml", "en/bikes.yaml"))
    before = publishing.current(settings.content_dir, names)
    made = await begun(database, small, clock, eeva)
    kept = await published(database, settings, clock, eeva, made)
    assert (kept.entry, kept.staff_name, set(kept.after)) == ("bike", "Eeva", set(names))
    assert dict(kept.before) == before
    assert load(settings.content_dir, "helsinki").entries["bike"].texts["en"].answer == "Yes."
    found = await saved(database, made.id)
    assert found.stage == Stage.PUBLISHED
    with pytest.raises(ChangedMeanwhile):
        learning.save(eeva, found, Draft(), found.changed_at.isoformat(), small.book, clock())
    with pytest.raises(ChangedMeanwhile):
        await learning.publish(
            database, settings, eeva, made.id, found.changed_at.isoformat(), clock()
        )
    assert learning.to_take_back(await all_of(database, Publication)) == kept.id
    undone = await learning.take_back(database, settings, eeva, kept.id, clock())
    assert (undone.undoes, undone.entry) == (kept.id, "bike")
    assert publishing.current(settings.content_dir, names) == before
    assert (await saved(database, made.id)).stage == Stage.DRAFT
    for id_ in (kept.id, undone.id):
        with pytest.raises(ChangedMeanwhile):
            await learning.take_back(database, settings, eeva, id_, clock())
    both = await all_of(database, Publication)
    assert len(both) == 2
    assert learning.to_take_back(both[::-1]) is None


async def test_publishing_what_was_not_tried(database, small, settings, clock):
    """A draft, a stale page, a proposal tried on another book and one unknown are refused, nothing written."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    made = await begun(database, small, clock, eeva)
    before = {path: path.read_text() for path in settings.content_dir.rglob("*.yaml")}

    async def refused(error, seen, id_=made.id):
        with pytest.raises(error):
            await learning.publish(database, settings, eeva, id_, seen, clock())

    await refused(ChangedMeanwhile, made.changed_at.isoformat())
    tried = await as_tried(database, settings, made)
    seen = tried.changed_at.isoformat()
    await refused(ChangedMeanwhile, "2026-01-01")
    await refused(NotFound, seen, 999_999)
    for other in (Role.STAFF, Role.LEAD):
        who = await person(database, clock, other.value, other)
        with pytest.raises(NotAllowed):
            await learning.publish(database, settings, who, made.id, seen, clock())
        with pytest.raises(NotAllowed):
            await learning.take_back(database, settings, who, 1, clock())
    assert {path: path.read_text() for path in settings.content_dir.rglob("*.yaml")} == before
    words = settings.content_dir / "sv/town.yaml"
    words.write_text(words.read_text().replace("print sv.", "Mended by hand."))
    with pytest.raises(CannotPublish, match="book"):
        await learning.publish(database, settings, eeva, made.id, seen, clock())
    assert await all_of(database, Publication) == []
    with pytest.raises(NotFound):
        await learning.take_back(database, settings, eeva, 1, clock())


async def test_a_folder_that_cannot_be_written(database, small, settings, clock, monkeypatch):
    """When the files cannot be written, nothing is kept: neither publication nor stage nor file."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    made = await begun(database, small, clock, eeva)

    def read_only(**_given):
        raise PermissionError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(publishing.tempfile, "mkstemp", read_only)
        with pytest.raises(PermissionError):
            await published(database, settings, clock, eeva, made)
    assert (await saved(database, made.id)).stage == Stage.TRIED
    assert await all_of(database, Publication) == []
    assert not (settings.content_dir / "fi/bikes.yaml").exists()
    kept = await published(database, settings, clock, eeva, made)
    with monkeypatch.context() as patch:
        patch.setattr(publishing.tempfile, "mkstemp", read_only)
        with pytest.raises(PermissionError):
            await learning.take_back(database, settings, eeva, kept.id, clock())
    assert (settings.content_dir / "fi/bikes.yaml").exists()
    assert len(await all_of(database, Publication)) == 1


async def test_a_database_that_does_not_keep_it(database, small, settings, clock, monkeypatch):
    """When the files are written and the database then fails, the files are as before."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    made = await begun(database, small, clock, eeva)
    real = publishing.put

    def then_fails(folder, files):
        real(folder, files)
        if (folder / "fi/bikes.yaml").exists():
            raise ConnectionError

    monkeypatch.setattr(publishing, "put", then_fails)
    before = {path: path.read_text() for path in settings.content_dir.rglob("*.yaml")}
    with pytest.raises(ConnectionError):
        await published(database, settings, clock, eeva, made)
    assert {path: path.read_text() for path in settings.content_dir.rglob("*.yaml")} == before
    assert await all_of(database, Publication) == []


async def test_two_publish_at_once(database, small, settings, clock):
    """Of two proposals published at the same time none overwrites the other's lines."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    drafts = [replace(BIKE, entry=f"bike-{n}", topic=f"bikes-{n}") for n in range(2)]
    made = [await begun(database, small, clock, eeva, draft) for draft in drafts]
    tried = [await as_tried(database, settings, one) for one in made]
    found = await asyncio.gather(
        *(
            learning.publish(database, settings, eeva, one.id, one.changed_at.isoformat(), clock())
            for one in tried
        ),
        return_exceptions=True,
    )
    done = [one for one in found if isinstance(one, Publication)]
    refused = [one for one in found if isinstance(one, ChangedMeanwhile | CannotPublish)]
    assert (len(done), len(refused)) == (1, 1), found
    entries = load(settings.content_dir, "helsinki").entries
    assert [id_ for id_ in entries if id_.startswith("bike")] == [done[0].entry]


async def test_taking_back_what_changed_since(database, small, settings, clock):
    """A file that somebody changed since is left alone, and so is an entry that others now lean on."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    kept = await published(database, settings, clock, eeva, await begun(database, small, clock, eeva))  # fmt: skip
    words = settings.content_dir / "fi/bikes.yaml"
    original = words.read_text()
    words.write_text(original + "# Mine.\n")
    with pytest.raises(ChangedMeanwhile):
        await learning.take_back(database, settings, eeva, kept.id, clock())
    words.write_text(original)
    write(settings.content_dir / "fi/utterances/bikes.yaml", 'bike: ["polkupyörä"]\n')
    with pytest.raises(CannotPublish):
        await learning.take_back(database, settings, eeva, kept.id, clock())
    assert words.read_text() == original


async def test_the_newest_first(database, small, settings, clock):
    """Only the newest publication that stands can be taken back, then the one before it."""
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    first, second = [
        await published(
            database, settings, clock, eeva,
            await begun(database, small, clock, eeva, replace(BIKE, entry=f"bike-{n}", topic=f"bikes-{n}")),
        )
        for n in range(2)
    ]  # fmt: skip
    with pytest.raises(ChangedMeanwhile):
        await learning.take_back(database, settings, eeva, first.id, clock())
    for one in (second, first):
        async with database.read() as session:
            assert learning.to_take_back(await learning.publications(session)) == one.id
        await learning.take_back(database, settings, eeva, one.id, clock())
    assert "bike" not in (settings.content_dir / "entries.yaml").read_text()


# --- What was asked and not answered --------------------------------------------------------


async def test_unanswered_by_language(database, town, clock):
    """Grouped per language with counts; staff do not read what is in a foreign queue's ticket."""
    pekka = await person(database, clock, "Pekka", queues=("elsewhere",))
    eeva = await person(database, clock, "Eeva", Role.EDITOR)
    async with database.write() as session:
        for address in ("1", "2"):
            await hear(session, said(CAT, address=address), town, clock())
        await hear(session, said(DOG, address="3"), town, clock())
        await hear(session, said("zxcv qwer asdf", address="4", locale="en"), town, clock())
        await hear(session, said("ihminen", address="2"), town, clock())
    async with database.read() as session:
        all_, his = [await learning.unanswered(session, who) for who in (eeva, pekka)]
    assert all_ == {"fi": (DOG, CAT, CAT), "sv": (), "en": ("zxcv qwer asdf",)}
    assert his == {"fi": (DOG, CAT), "sv": (), "en": ("zxcv qwer asdf",)}
    groups = await learning.grouped(all_)
    assert [(found.size, found.examples) for found in groups["fi"]] in (
        [(3, (CAT, DOG))],
        [(2, (CAT,)), (1, (DOG,))],
    )
    assert groups["sv"] == ()
    assert [found.size for found in groups["en"]] == [1]
