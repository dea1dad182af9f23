"""The Telegram door: what comes in, what goes out, and what goes wrong on either way."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from sqlalchemy import select

from bot.conversation import hear
from bot.errors import NotFound
from bot.models import Author, Channel, Conversation, Delivery, DeliveryStatus, Message, Ticket
from bot.respond import Kind, Utterance
from handlers import events
from handlers import telegram as channel
from handlers.keys import TOWN
from handlers.telegram import split
from tests.conftest import TOKEN, House, TelegramResident, attach, settings_for

WEBHOOK_SECRET = "webhook-secret"


@pytest.fixture
async def house(sqlite_url, telegram, clock, town):
    """The application with Telegram by polling, on SQLite."""
    built = House(
        settings_for(sqlite_url, telegram_token=TOKEN, telegram_api_url=telegram.url), clock, town
    )
    await built.start()
    attach(telegram, built)
    yield built
    await built.stop()


@pytest.fixture
async def hooked(sqlite_url, telegram, clock, town, unused_port):
    """The application with Telegram by webhook, on SQLite."""
    settings = settings_for(
        sqlite_url,
        telegram_token=TOKEN,
        telegram_api_url=telegram.url,
        public_url=f"http://127.0.0.1:{unused_port}",
        telegram_webhook_secret=WEBHOOK_SECRET,
    )
    built = House(settings, clock, town)
    await built.start(unused_port)
    attach(telegram, built)
    yield built
    await built.stop()


async def rows(house, table):
    async with house.database.read() as session:
        return (await session.scalars(select(table))).all()


async def until(condition, seconds=8):
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_menu_in_each_language(house, telegram):
    """Commands and descriptions are set for everybody and for each of the three languages."""

    async def done():
        return len(telegram.profile) >= 8

    await until(done)
    languages = {language for _, language in telegram.commands}
    assert languages == {"", "fi", "sv", "en"}
    for commands in telegram.commands.values():
        assert [c["command"] for c in commands] == [
            "human",
            "back",
            "repeat",
            "stop",
            "help",
            "language",
            "status",
        ]
    assert telegram.webhook == {}


@pytest.mark.parametrize("code", ["fi", "sv-FI", "en-GB", "uk", None])
async def test_greeting_follows_the_telegram_language(house, telegram, code):
    """First contact is greeted in the language of the person's Telegram, else in English or Finnish."""
    person = telegram.person(language_code=code)
    await person.command("/start")
    greeting = await person.hears("Neuvokas")
    word = {"fi": "IHMINEN", "sv-FI": "MÄNNISKA", "en-GB": "HUMAN", "uk": "HUMAN", None: "IHMINEN"}[
        code
    ]
    assert word in greeting.text


async def test_answer_shows_source_and_date(house, telegram, town):
    """An answer carries its source and the day it was checked, and its buttons."""
    person = TelegramResident(telegram, "fi")
    entry = town.book.entries["digituki-price"]
    replies = await person.says(entry.texts["fi"].question)
    assert entry.texts["fi"].answer.strip() in replies[-1]
    assert entry.source in replies[-1]
    assert "21. marraskuuta 2026" in replies[-1]
    assert len(person.person.messages[-1].buttons) >= 3


async def test_a_press_is_acknowledged(house, telegram):
    """A pressed button stops its waiting sign and has its effect."""
    person = TelegramResident(telegram, "fi")
    await person.says("ihminen")
    await person.presses("cancel")
    assert [name for name, _ in telegram.calls].count("answerCallbackQuery") == 1


@pytest.mark.parametrize(
    ("sort", "what"),
    [
        ("sends_sticker", ()),
        ("sends_photo", ()),
        ("sends_voice", ()),
        ("sends_location", (60.2, 24.9)),
    ],
)
async def test_what_cannot_be_read_is_answered(house, telegram, sort, what):
    """A sticker, picture, voice message or place gets a clear answer and a person to talk to."""
    person = telegram.person()
    await getattr(person, sort)(*what)
    answer = await person.hears(lambda text: "Neuvokas" not in text)
    assert any(button.get("callback_data") == "human" for button in answer.buttons)


async def test_caption_is_read(house, telegram, town):
    """A picture with words is answered by its words."""
    person = telegram.person()
    await person.sends_photo(caption=town.book.entries["digituki-price"].texts["fi"].question)
    await person.hears(town.book.entries["digituki-price"].texts["fi"].answer.strip()[:40])


async def test_edit_is_a_new_try(house, telegram, town):
    """An edited message is answered as it reads now."""
    person = telegram.person()
    number = await person.says("zxcv")
    await person.hears("Neuvokas")
    await person.edits(number, town.book.entries["digituki-price"].texts["fi"].question)
    await person.hears(town.book.entries["digituki-price"].texts["fi"].answer.strip()[:40])


async def test_groups_are_left_alone(house, telegram):
    """What is said in a group is nobody's question to the town."""
    person = telegram.person()
    group = telegram.group()
    await person.says("ihminen", chat=group)
    await telegram.house_settled()
    assert group.heard == []
    assert await rows(house, Conversation) == []


async def test_redelivered_update_is_taken_in_once(house, telegram):
    """Telegram delivering an update again makes no second ticket and no second receipt."""
    person = TelegramResident(telegram, "fi")
    await person.says("ihminen")
    telegram.redeliver()
    await asyncio.sleep(0.2)
    await telegram.house_settled()
    assert len(await rows(house, Ticket)) == 1
    heard = len(person.person.heard)
    assert heard == len(set(person.person.heard))


async def test_reordered_updates_keep_their_order(house, telegram):
    """Updates that arrive out of order are taken in by their numbers."""
    person = telegram.person()
    with telegram.reordered():
        for number in range(5):
            await person.says(f"zxcv {number}")
    await telegram.house_settled()
    said = [m.text for m in await rows(house, Message) if m.author == Author.RESIDENT]
    assert said == [f"zxcv {number}" for number in range(5)]


async def test_a_blocked_bot_is_shown_to_staff(house, telegram):
    """A reply that cannot arrive is marked, and the ticket says that the resident is unreachable."""
    person = TelegramResident(telegram, "fi")
    await person.says("ihminen")
    staff = await house.staff()
    [number] = await staff.queue()
    await person.person.blocks()
    await staff.replies(number, "Hei!")

    async def failed():
        return any(d.status == DeliveryStatus.FAILED for d in await rows(house, Delivery))

    await until(failed)
    assert (await staff.opens(number))["reachable"] is False


async def test_flood_control_is_honoured(house, telegram):
    """Told to wait, the outbox waits and then delivers everything, in order."""
    person = telegram.person()
    telegram.flood(person.id, retry_after=1)
    await person.says("zxcv")
    await person.hears("Neuvokas", timeout=8)
    await telegram.house_settled()
    assert len(person.heard) == 2


async def test_pace_is_kept_under_load(house, telegram, real_pace):
    """Sixty residents at once are answered without once running into Telegram's limits."""
    people = [telegram.person(user_id=9_000 + number) for number in range(40)]
    for person in people:
        await person.command("/start")
    await asyncio.gather(*(person.hears("Neuvokas", timeout=20) for person in people))
    assert telegram.floods == []


async def test_lost_response_loses_nothing(house, telegram):
    """When Telegram's answer to a sent message is lost, the message arrives once or twice, never not."""
    person = telegram.person()
    telegram.lose_response()
    await person.command("/start")
    await person.hears("Neuvokas", timeout=10)
    await telegram.house_settled()
    assert 1 <= len(person.heard) <= 2


async def test_outage_of_telegram_is_survived(house, telegram):
    """Errors of Telegram's servers delay messages and lose none."""
    person = telegram.person()
    telegram.fail(502, times=2)
    await person.command("/start")
    await person.hears("Neuvokas", timeout=15)


async def test_offset_moves_after_the_commit(sqlite_url, telegram, clock, town, monkeypatch):
    """An update whose transaction failed is not acknowledged before it was taken in."""
    built = House(
        settings_for(sqlite_url, telegram_token=TOKEN, telegram_api_url=telegram.url), clock, town
    )
    failures = iter([OSError("database gone")] * 2)
    real = channel.hear

    async def sometimes(*args, **kwargs):
        for failure in failures:
            assert telegram._pending, "acknowledged before the commit"
            raise failure
        return await real(*args, **kwargs)

    monkeypatch.setattr(channel, "hear", sometimes)
    monkeypatch.setattr(channel, "_RETRY_SECONDS", 0.05)
    async with built:
        person = telegram.person()
        await person.command("/start")
        await person.hears("Neuvokas", timeout=8)


async def test_a_poisonous_update_does_not_stop_the_others(house, telegram, monkeypatch):
    """An update that always fails is given up after some tries; the next ones are answered."""
    real = channel.hear

    async def picky(session, said, *args, **kwargs):
        if said.text == "poison":
            raise RuntimeError("cannot")
        return await real(session, said, *args, **kwargs)

    monkeypatch.setattr(channel, "hear", picky)
    monkeypatch.setattr(channel, "_RETRY_SECONDS", 0.01)
    person = telegram.person()
    await person.says("poison")
    await person.says("/start")
    await person.hears("Neuvokas", timeout=8)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_one_process_polls_and_another_takes_over(database_url, telegram, clock, town):
    """Two processes on one database share one token: one polls, and when it ends the other does."""
    settings = settings_for(database_url, telegram_token=TOKEN, telegram_api_url=telegram.url)
    person = telegram.person()
    async with House(settings, clock, town) as second:
        async with House(settings, clock, town):
            await person.command("/start")
            await person.hears("Neuvokas", timeout=15)
            await person.says("/help")
            await person.hears(lambda text: "09 310 11111" in text)
        await person.says("/language")
        await person.hears("Välj språk", timeout=15)
        assert second.url
    assert person.heard.count(person.heard[0]) == 1


async def test_journey_by_webhook(hooked, telegram):
    """By webhook the same conversation is held; the secret is the one we set."""

    async def set_up():
        return bool(telegram.webhook)

    await until(set_up)
    assert telegram.webhook["secret_token"] == WEBHOOK_SECRET
    person = TelegramResident(telegram, "fi")
    await person.person.says("ihminen")
    await person.person.hears("N-1001")
    await person.presses("cancel")
    assert [name for name, _ in telegram.calls].count("answerCallbackQuery") == 1
    await person.presses("keep")
    staff = await hooked.staff()
    await staff.replies("N-1001", "Hei Aino!")
    assert "Maija" in await person.hears("Hei Aino!")


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        (None, b"{}", 403), ("wrong", b"{}", 403), ("webhook-secre\u00e4", b"{}", 403),
        (WEBHOOK_SECRET, b"", 400), (WEBHOOK_SECRET, b"[]", 400), (WEBHOOK_SECRET, b"{", 400),
        (WEBHOOK_SECRET, b'"update"', 400), (WEBHOOK_SECRET, b'{"update_id": "x", "message": 5}', 400),
        (WEBHOOK_SECRET, b"[" * 100_000, 400), (WEBHOOK_SECRET, b"\xff\xfe", 400),
        (WEBHOOK_SECRET, b'{"message": {}}', 400), (WEBHOOK_SECRET, b" " * 300_000, 413),
        (WEBHOOK_SECRET, b'{"update_id": 1}', 200),
        (WEBHOOK_SECRET, b'{"update_id": 2, "message": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "group"}}}', 200),
    ],
)  # fmt: skip
async def test_webhook_refuses_what_is_not_telegrams(hooked, secret, body, status):
    """Wrong secrets, oversized bodies and malformed updates are refused; unknown sorts pass quietly."""
    headers = (
        {"X-Telegram-Bot-Api-Secret-Token": secret.encode().decode("latin-1")} if secret else {}
    )
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{hooked.url}/telegram", data=body, headers=headers) as response,
    ):
        assert response.status == status
    assert await rows(hooked, Message) == []


async def test_webhook_answers_500_until_the_commit(hooked, telegram, monkeypatch):
    """A failing transaction is answered 500, so that Telegram delivers the update again."""
    real, failures = channel.hear, iter([OSError("gone"), RuntimeError("odd")])

    async def sometimes(*args, **kwargs):
        for failure in failures:
            raise failure
        return await real(*args, **kwargs)

    monkeypatch.setattr(channel, "hear", sometimes)
    person = telegram.person()
    await person.command("/start")
    await person.hears("Neuvokas", timeout=10)
    assert len([m for m in await rows(hooked, Message) if m.author == Author.RESIDENT]) == 1


def test_long_texts_are_split():
    """Texts over Telegram's limit go out in parts of at most 4,096 UTF-16 units, nothing lost."""
    for text in ("x" * 10_000, "word " * 2_000, "🙂" * 5_000, "line\n" * 3_000, "short"):
        parts = split(text)
        assert all(0 < len(part.encode("utf-16-le")) // 2 <= 4096 for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())


async def test_a_plan_comes_as_files(house, telegram):
    """The papers come as documents and a picture, in order, each once, and the buttons come last."""
    person = telegram.person(language_code="en")
    await person.says(
        "I am organising a concert for 800 people at Kansalaistori on 12 June 3pm-10pm"
    )
    await person.hears("I understood this")
    await person.presses("g.yes")
    await person.hears("?")
    await person.presses("g.stop")
    await person.hears("I keep what you told")
    await person.presses("g.resume")
    await person.hears("?")
    async with house.database.write() as session:
        conversation = (await session.scalars(select(Conversation))).one()
        said = Utterance(Channel.TELEGRAM, conversation.address, "g.papers", Kind.CHOICE, "x:1")
        await hear(session, said, house.app[TOWN](), house.clock(), conversation)
    await person.hears("Here is your plan", timeout=15)
    sent = [record.message for record in person.messages][-5:]
    assert [next((kind for kind in ("document", "photo", "text") if kind in one), "") for one in sent] == [
        "document", "document", "photo", "document", "text",
    ]  # fmt: skip
    assert sent[0]["document"]["file_name"] == "permit-plan.pdf"
    assert telegram.violations == []


async def test_a_file_that_is_gone_is_left_out(house):
    """An event that is no more holds nothing up: what else there is to say is said."""
    with pytest.raises(NotFound):
        await events.fetch(house.app, "/events/x/pdf")
    for href in (
        "",
        "/etc/passwd",
        "/events/../x",
        f"/events/{house.app[TOWN]().plan_key('0' * 32)}/pdf",
    ):
        with pytest.raises(NotFound):
            await events.fetch(house.app, href)
