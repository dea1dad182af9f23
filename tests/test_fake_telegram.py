"""The fake Telegram refuses what Telegram refuses, shown with the real python-telegram-bot."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputFile,
    InputTextMessageContent,
    ReplyKeyboardMarkup,
    ReplyParameters,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import Application, CallbackQueryHandler, CommandHandler

from tests.fake_telegram import SCHEMA, FakeTelegram, found_entities, parse_html
from tests.samples import picture

TOKEN = "123:abc"
PHOTO = picture("JPEG")
OUTSIDE_BMP = "\N{GRINNING FACE}"  # two UTF-16 units, one character


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch):
    """Let RetryAfter speak in timedeltas; its plain numbers are deprecated."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def server():
    """A Telegram that nothing wrong was asked of, unless the test took the violation itself."""
    before = asyncio.all_tasks()
    async with FakeTelegram(TOKEN) as fake:
        yield fake
    assert fake.violations == []
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}


def bot_of(server, token=TOKEN):
    """Return the real library's bot, pointed at the fake."""
    return Bot(token, base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot")


@pytest.fixture
async def bot(server):
    """The library's bot, with the fake as its Telegram."""
    async with bot_of(server) as started:
        yield started


@pytest.fixture
async def aino(server):
    """Somebody who has written to the bot, and whose first message was fetched."""
    person = server.person(user_id=1001, language_code="fi", first_name="Aino")
    await person.says("hei")
    server._pending.clear()
    return person


def keyboard(*labels, **button):
    """Return an inline keyboard of one row, each label its own callback data."""
    buttons = [InlineKeyboardButton(x, **(button or {"callback_data": x})) for x in labels]
    return InlineKeyboardMarkup([buttons])


@contextlib.contextmanager
def refused(server, why, error=BadRequest):
    """Expect that the call is refused for this reason, and noted as a violation."""
    with pytest.raises(error) as told:
        yield
    # The library changes the case of what Telegram says.
    assert why.lower() in str(told.value).lower()
    server.expected(why)


async def raw(server, method, token=TOKEN, **params):
    """Call a method without the library, as JSON, and return status and body."""
    async with (
        ClientSession() as http,
        http.post(f"{server.url}/bot{token}/{method}", json=params) as answer,
    ):
        return answer.status, await answer.json()


# What the bot receives.


async def test_get_me(bot):
    """The bot learns its own name, and its id is the token's number."""
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.username) == (123, True, "neuvokas_test_bot")


async def test_a_message_looks_as_from_telegram(server, bot):
    """A private text carries sender, chat, date and the entities Telegram finds in it."""
    person = server.person(user_id=77, language_code="sv", first_name="Åsa")
    message_id = await person.command("/start tjänst")
    [update] = await bot.get_updates()
    message = update.message
    assert (message.message_id, message.text) == (message_id, "/start tjänst")
    assert (message.from_user.id, message.from_user.is_bot) == (77, False)
    assert (message.from_user.language_code, message.chat.first_name) == ("sv", "Åsa")
    assert (message.chat.id, message.chat.type) == (77, "private")
    [entity] = message.entities
    assert (entity.type, entity.offset, entity.length) == ("bot_command", 0, 6)
    assert message.date.tzinfo is not None


def test_entities_are_found_in_units_of_utf_16():
    """A command after an emoji outside the basic plane begins two units later."""
    [command, link] = found_entities(f"{OUTSIDE_BMP} /apua https://espoo.example/x")
    assert (command["type"], command["offset"], command["length"]) == ("bot_command", 3, 5)
    assert (link["type"], link["offset"]) == ("url", 9)


async def test_ids_increase(server, bot):
    """Update ids rise by one across chats; message ids count in each chat."""
    one, two = server.person(), server.person()
    ids = [await one.says("a"), await two.says("b"), await one.says("c")]
    updates = await bot.get_updates()
    first = updates[0].update_id
    assert [u.update_id for u in updates] == [first, first + 1, first + 2]
    assert ids == [1, 1, 2]


async def test_offset_acknowledges(server, bot):
    """Unacknowledged updates come again; an offset deletes what is below it, for good."""
    person = server.person()
    for text in "abc":
        await person.says(text)
    updates = await bot.get_updates()
    assert await bot.get_updates() == updates
    [last] = await bot.get_updates(offset=updates[2].update_id)
    assert last.message.text == "c"
    assert await bot.get_updates() == (last,)
    assert await bot.get_updates(offset=last.update_id + 1) == ()
    assert await bot.get_updates() == ()


async def test_negative_offset(server, bot):
    """A negative offset keeps only the newest updates."""
    person = server.person()
    for text in "abc":
        await person.says(text)
    assert [u.message.text for u in await bot.get_updates(offset=-1)] == ["c"]
    assert len(await bot.get_updates()) == 1


async def test_limit(server, bot):
    """No more updates than asked for come at a time, oldest first."""
    person = server.person()
    for text in "abc":
        await person.says(text)
    assert [u.message.text for u in await bot.get_updates(limit=2)] == ["a", "b"]


async def test_long_poll(server, bot):
    """A long poll returns as soon as somebody writes, and empty when its time is over."""
    loop = asyncio.get_running_loop()
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    assert not poll.done()
    await server.person().says("hei")
    [update] = await asyncio.wait_for(poll, 1)
    begun = loop.time()
    assert await bot.get_updates(offset=update.update_id + 1, timeout=1) == ()
    assert 0.9 < loop.time() - begun < 2


async def test_allowed_updates(server, bot):
    """Only the kinds asked for are made, until the bot asks otherwise."""
    person = server.person()
    await bot.get_updates(allowed_updates=["message"])
    message_id = await person.says("hei")
    await person.edits(message_id, "hei hei")
    assert [u.effective_message.text for u in await bot.get_updates()] == ["hei"]
    await bot.get_updates(allowed_updates=Update.ALL_TYPES)
    await person.edits(message_id, "moi")
    assert (await bot.get_updates())[-1].edited_message.text == "moi"


async def test_misspelt_kinds_of_update(server, bot):
    """Telegram would ignore a kind it does not know, and the bot wait for ever."""
    with refused(server, "unknown kind of update 'mesage'"):
        await bot.get_updates(allowed_updates=["message", "mesage"])


async def test_an_edit_does_not_change_the_update_before_it(server, bot):
    """The first update still tells the first text, the second the new one with its date."""
    person = server.person()
    await person.edits(await person.says("katuu"), "katu /apua")
    said, edited = await bot.get_updates()
    assert said.message.text == "katuu"
    assert (edited.edited_message.text, edited.edited_message.message_id) == ("katu /apua", 1)
    assert edited.edited_message.edit_date
    assert edited.edited_message.entities[0].type == "bot_command"


async def test_other_kinds_of_message(server, bot):
    """Stickers, photos, voice, documents and places arrive in the shape Telegram gives them."""
    person = server.person()
    await person.sends_sticker()
    await person.sends_photo()
    await person.sends_photo(caption="kuoppa")
    await person.sends_voice()
    await person.sends_document("lupa.pdf", b"%PDF")
    await person.sends_location(60.2, 24.9)
    got = [u.message for u in await bot.get_updates()]
    assert got[0].sticker.width == 512
    assert (got[1].photo[-1].width, got[1].caption) == (1280, None)
    assert got[2].caption == "kuoppa"
    assert got[3].voice.duration in (3, timedelta(seconds=3))
    assert (got[4].document.file_name, got[4].document.file_size) == ("lupa.pdf", 4)
    assert got[5].location.latitude == 60.2


async def test_a_person_sends_what_the_apps_send(server):
    """The apps trim a text, and send none that is empty or longer than a message may be."""
    person = server.person()
    await person.says("  hei\n")
    assert server.updates[0]["message"]["text"] == "hei"
    for text in ("  ", "x" * 4097):
        with pytest.raises(ValueError, match="4096"):
            await person.says(text)
    with pytest.raises(ValueError, match="slash"):
        await person.command("start")
    with pytest.raises(ValueError, match="one's own"):
        await server.person().edits(await person.says("hei", group := server.group()), "x", group)


async def test_a_group(server, bot):
    """People speak in a group, and the bot answers there without having met them in private."""
    group, person = server.group("Talo 5"), server.person()
    message_id = await person.says("/apua@neuvokas_test_bot", group)
    [update] = await bot.get_updates()
    assert (update.message.chat.type, update.message.chat.title) == ("group", "Talo 5")
    assert update.message.from_user.id == person.id
    await bot.send_message(
        group.id,
        "tässä",
        reply_markup=keyboard("ok"),
        reply_parameters=ReplyParameters(message_id),
    )
    assert group.heard == ["tässä"]
    assert person.heard == []
    await person.presses("ok", group)
    with refused(server, "can't initiate conversation", Forbidden):
        await bot.send_message(person.id, "hei")


# Two bots, and the wrong token.


async def test_wrong_token(server):
    """A token of another bot is unauthorized, one that is none is not found."""
    for token, status in (("124:abc", 401), ("nonsense", 404)):
        assert (await raw(server, "getMe", token))[0] == status
        server.expected(f"getMe: {status}")
    other = bot_of(server, "124:abc")
    with pytest.raises(InvalidToken):
        await other.initialize()
    await other.shutdown()
    server.expected("401 Unauthorized")


async def test_two_polls_conflict(server, bot):
    """The newer poll wins; the older ends with a conflict."""
    async with bot_of(server) as other:
        older = asyncio.create_task(bot.get_updates(timeout=10))
        await asyncio.sleep(0.1)
        newer = asyncio.create_task(other.get_updates(timeout=10))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await older
        await server.person().says("hei")
        assert len(await newer) == 1
    server.expected("409")


async def test_a_poll_given_up_is_no_conflict(bot):
    """A bot that dropped its poll, or was killed, may poll again at once."""
    for _ in range(5):
        poll = asyncio.create_task(bot.get_updates(timeout=10))
        await asyncio.sleep(0.05)
        poll.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await poll
    assert await bot.get_updates() == ()


async def test_no_polling_beside_a_webhook(server, bot):
    """Polling is refused while a webhook is set, and setting one ends a poll under way."""
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    await bot.set_webhook("http://127.0.0.1:1/hook")
    with pytest.raises(Conflict, match="terminated by setWebhook"):
        await poll
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()
    server.expected("setWebhook")
    server.expected("webhook is active")


# The webhook.


class Hook:
    """A receiver of updates; it answers with the statuses given, then with 200."""

    def __init__(self):
        self.url = ""
        self.got = []
        self.secrets = []
        self.statuses = []
        self.body = ""
        self.news = asyncio.Event()
        self.at_once = self.most_at_once = 0

    async def take(self, request):
        """Note an update and answer."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.got.append((await request.json())["message"]["text"])
        self.news.set()
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        await asyncio.sleep(0.01)
        self.at_once -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        elsewhere = {"Location": "/elsewhere"} if status == 302 else {}
        return web.Response(status=status, text=self.body, headers=elsewhere)

    async def elsewhere(self, _):
        """Accept whoever follows a redirect, as Telegram does not."""
        return web.Response()

    async def has(self, count):
        """Wait until so many updates came."""
        async with asyncio.timeout(5):
            while len(self.got) < count:
                self.news.clear()
                await self.news.wait()
        # One that should not have come would come now.
        await asyncio.sleep(0.1)


@pytest.fixture
async def hook():
    """A web server that waits for updates."""
    receiver = Hook()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    app.router.add_get("/elsewhere", receiver.elsewhere)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def test_webhook_delivers_in_order(server, bot, hook):
    """Updates, those that waited too, arrive one after another with the secret."""
    person = server.person()
    await person.says("1")
    await bot.set_webhook(hook.url, secret_token="s3cret_-")
    assert (await bot.get_webhook_info()).url == hook.url
    for text in "234":
        await person.says(text)
    await hook.has(4)
    assert hook.got == ["1", "2", "3", "4"]
    assert set(hook.secrets) == {"s3cret_-"}
    assert hook.most_at_once == 1
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_webhook_retries(server, bot, hook):
    """What was not answered with 2xx, a redirect included, comes again before the next."""
    hook.statuses = [500, 302]
    await bot.set_webhook(hook.url)
    person = server.person()
    await person.says("1")
    await person.says("2")
    await hook.has(1)
    info = await bot.get_webhook_info()
    assert "Wrong response from the webhook: " in info.last_error_message
    await hook.has(4)
    assert hook.got == ["1", "1", "1", "2"]
    assert set(hook.secrets) == {None}


async def test_webhook_out_of_reach(server, bot, hook):
    """Updates wait while nobody listens, and can be dropped."""
    await bot.set_webhook("http://127.0.0.1:1/hook")
    await server.person().says("1")
    await asyncio.sleep(0.1)
    info = await bot.get_webhook_info()
    assert info.pending_update_count == 1
    assert "Connection failed" in info.last_error_message
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    await server.person().says("2")
    await hook.has(1)
    assert hook.got == ["2"]
    await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).url == ""


async def test_webhook_answer_with_a_call(server, bot, hook):
    """A call in the answer is carried out, and what is wrong with it is told."""
    person = server.person()
    hook.body = json.dumps({"method": "sendMessage", "chat_id": person.id, "text": "hei"})
    await bot.set_webhook(hook.url)
    await person.says("1")
    await hook.has(1)
    hook.body = '{"method": "sendMessage"}'
    await person.says("2")
    await hook.has(2)
    hook.body = "<p>nothing that Telegram knows</p>"
    await person.says("3")
    await hook.has(3)
    assert await person.hears("hei")
    while (await bot.get_webhook_info()).pending_update_count:
        await asyncio.sleep(0.01)
    server.expected("chat_id: Field required")
    server.expected("webhook's answer is no call")


@pytest.mark.parametrize(
    ("url", "secret", "why"),
    [
        ("http://espoo.example/hook", None, "An HTTPS URL must be provided"),
        ("https://espoo.example:8080/hook", None, "only on ports"),
        ("https://espoo.example/hook", "ä", "secret token"),
        ("https://espoo.example/hook", "x" * 257, "secret token"),
    ],
)
async def test_webhook_limits(server, bot, url, secret, why):
    """A webhook needs HTTPS on a known port and a plain secret."""
    with refused(server, why):
        await bot.set_webhook(url, secret_token=secret)


# What the bot says.


async def test_a_person_hears(server, bot, aino):
    """Messages are heard in order; waiting finds the next one that fits, not an old one."""
    await bot.send_message(aino.id, "yksi")
    await bot.send_message(aino.id, "kaksi")
    assert aino.heard == ["yksi", "kaksi"]
    assert (await aino.hears("yksi")).message_id == 2
    assert (await aino.hears(lambda text: text.startswith("ka"))).text == "kaksi"
    waiting = asyncio.create_task(aino.hears("yksi"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await bot.send_message(aino.id, "yksi taas")
    assert (await waiting).text == "yksi taas"
    with pytest.raises(AssertionError, match="heard only"):
        await aino.hears("neljä", timeout=0.05)
    assert server.calls[-1] == ("sendMessage", {"chat_id": 1001, "text": "yksi taas"})


async def test_html_is_shown_without_tags(bot, aino):
    """Tags become entities, character references characters, and the edges are trimmed."""
    message = await bot.send_message(
        aino.id,
        f"\n<b>{OUTSIDE_BMP} Aika</b> &lt;5 &amp; "
        "<a href='https://hel.fi/?a=1&amp;b=2'>linkki</a> ",
        parse_mode=ParseMode.HTML,
    )
    assert message.text == aino.heard[-1] == f"{OUTSIDE_BMP} Aika <5 & linkki"
    bold, link = message.entities
    assert (bold.type, bold.offset, bold.length) == ("bold", 0, 7)
    assert (link.type, link.url) == ("text_link", "https://hel.fi/?a=1&b=2")
    assert message.parse_entity(link) == "linkki"


def test_html_of_every_kind():
    """All tags of the documentation are read, nested ones too."""
    source = (
        "<strong>a</strong><em>b</em><ins>c</ins><del>d</del><tg-spoiler>e</tg-spoiler>"
        '<span class="tg-spoiler">f</span><pre><code class="language-python">g</code></pre>'
        "<blockquote expandable>h</blockquote><blockquote>i</blockquote>"
        '<tg-emoji emoji-id="5">j</tg-emoji>&#228;&nbsp;'
    )
    text, entities = parse_html(source)
    assert text == "abcdefghijä&nbsp;"
    assert [e["type"] for e in entities] == [
        *["bold", "italic", "underline", "strikethrough", "spoiler", "spoiler", "pre", "code"],
        *["expandable_blockquote", "blockquote", "custom_emoji"],
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<b>auki", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>ristiin</b></i>", 'expected "</i>", found "</b>"'),
        ("kiinni</b>", "Unexpected end tag at byte offset 6"),
        ("ä <h1>otsikko</h1>", 'Unsupported start tag "h1" at byte offset 3'),
        ("<span>x</span>", 'Unsupported start tag "span"'),
        ("alle < 5 m", "Unclosed start tag"),
        ("2 < 5 > 3", 'Unsupported start tag ""'),
    ],
)
async def test_html_must_balance(server, bot, aino, source, why):
    """Tags that are unknown, crossed or open are refused in texts, edits and captions."""
    sent = await bot.send_message(aino.id, "x")
    calls = (
        bot.send_message(aino.id, source, parse_mode="HTML"),
        bot.edit_message_text(source, aino.id, sent.message_id, parse_mode="HTML"),
        bot.send_photo(aino.id, PHOTO, caption=source, parse_mode="HTML"),
    )
    for call in calls:
        with refused(server, why):
            await call
    assert aino.heard == ["x"]


async def test_other_parse_modes_are_refused(server, bot, aino):
    """A markup this fake cannot check is not waved through."""
    with refused(server, "reads only HTML"):
        await bot.send_message(aino.id, "*x*", parse_mode="MarkdownV2")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 4097, "message is too long"),
        (OUTSIDE_BMP * 2049, "message is too long"),
        (" \n ", "message text is empty"),
        ("<b> </b>", "message text is empty"),
    ],
)
async def test_text_length(server, bot, aino, text, why):
    """A text has 1 to 4096 UTF-16 units, counted after parsing, when sent and when edited."""
    sent = await bot.send_message(aino.id, "x")
    with refused(server, why):
        await bot.send_message(aino.id, text, parse_mode="HTML")
    with refused(server, why):
        await bot.edit_message_text(text, aino.id, sent.message_id, parse_mode="HTML")


async def test_longest_texts(bot, aino):
    """At the limit itself everything still goes through; tags do not count."""
    await bot.send_message(aino.id, "<b>" + "x" * 4096 + "</b>", parse_mode="HTML")
    await bot.send_message(aino.id, OUTSIDE_BMP * 2048)
    await bot.send_photo(aino.id, PHOTO, caption=OUTSIDE_BMP * 512)
    assert len(aino.messages) == 3


async def test_caption_length(server, bot, aino):
    """A caption has at most 1024 units."""
    for send in (bot.send_photo, bot.send_document):
        with refused(server, "caption is too long"):
            await send(aino.id, b"\xff\xd8", caption="x" * 1025)


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"callback_data": "ä" * 33}, "BUTTON_DATA_INVALID"),
        ({"callback_data": ""}, "Text buttons are unallowed"),
        ({}, "Text buttons are unallowed"),
        ({"url": "http://localhost/x"}, "Wrong HTTP URL"),
        ({"url": "https://hel.fi", "callback_data": "x"}, "exactly one action"),
        ({"callback_dat": "x"}, "callback_dat"),
        ({"text": " ", "callback_data": "x"}, "must be non-empty"),
        ({"text": 5, "callback_data": "x"}, "inline_keyboard"),
    ],
)
async def test_inline_buttons(server, aino, button, why):
    """A button has a label and exactly one action that Telegram can carry out."""
    markup = {"inline_keyboard": [[{"text": "nappi", **button}]]}
    status, body = await raw(
        server, "sendMessage", chat_id=aino.id, text="x", reply_markup=json.dumps(markup)
    )
    assert (status, body["ok"], body["error_code"]) == (400, False, 400)
    assert why in body["description"]
    server.expected(why)


async def test_inline_buttons_from_the_library(server, bot, aino):
    """64 bytes of callback data pass, 65 do not, and neither do 101 buttons."""
    await bot.send_message(aino.id, "x", reply_markup=keyboard("ä" * 32, "b"))
    await bot.send_message(aino.id, "x", reply_markup=keyboard("hel", url="https://hel.fi"))
    for wrong in (keyboard("x" * 65), keyboard(*map(str, range(101)))):
        with pytest.raises(BadRequest):
            await bot.send_message(aino.id, "x", reply_markup=wrong)
        server.violations.pop()


async def test_reply_keyboard(server, bot, aino):
    """Pressing a button of a reply keyboard says its label."""
    markup = ReplyKeyboardMarkup([["Jätteet", "Luvat"]], resize_keyboard=True)
    sent = await bot.send_message(aino.id, "Mistä?", reply_markup=markup)
    assert sent.reply_markup is None
    assert [b["text"] for b in aino.messages[-1].buttons] == ["Jätteet", "Luvat"]
    assert await aino.presses("Luvat") is None
    assert server.updates[-1]["message"]["text"] == "Luvat"
    status, body = await raw(
        server,
        "sendMessage",
        chat_id=aino.id,
        text="x",
        reply_markup={"keyboard": [[{"text": ""}]]},
    )
    assert (status, "must be non-empty" in body["description"]) == (400, True)
    server.expected("must be non-empty")


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"text": "x", "chat_id": 1001, "silent": True}, "unknown parameter 'silent'"),
        ({"text": "x"}, "chat_id: Field required"),
        ({"text": None, "chat_id": 1001}, "text: Field required"),
        ({"chat_id": 1001}, "text: Field required"),
        ({"text": "x", "chat_id": 1001, "disable_notification": "perhaps"}, "valid boolean"),
        ({"text": "x", "chat_id": 1001, "reply_markup": {"inline": []}}, "reply_markup"),
        ({"text": "x", "chat_id": 1001, "reply_markup": "not json"}, "reply_markup"),
        ({"text": "x", "chat_id": 1001, "reply_markup": {}}, "expected as reply markup"),
        (
            {"text": "x", "chat_id": 1001, "link_preview_options": {"is_disable": True}},
            "unknown field 'link_preview_options.is_disable'",
        ),
        ({"text": "x", "chat_id": 1001, "entities": [{"type": "bold"}]}, "offset"),
    ],
)
async def test_the_schema_is_enforced(server, aino, params, why):
    """Missing, misspelt and mistyped parameters are refused, nested ones too."""
    status, body = await raw(server, "sendMessage", **params)
    assert (status, body["ok"]) == (400, False)
    assert why in server.expected("sendMessage")
    assert aino.heard == []


async def test_forms_and_addresses_are_read(server, aino):
    """Parameters may come as a form, multipart or in the address, as PTB and curl send them."""
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    markup = json.dumps({"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]})
    params = {"chat_id": "1001", "text": "123", "reply_markup": markup}
    async with ClientSession() as http:
        for how in ({"data": params}, {"params": params}):
            async with http.post(url, **how) as answer:
                assert (await answer.json())["result"]["reply_markup"]["inline_keyboard"]
        async with http.get(url, params=params | {"disable_notification": "true"}) as answer:
            assert answer.status == 200
    assert aino.heard == ["123"] * 3


async def test_unknown_methods(server, bot, aino):
    """A method that does not exist is not found, nor is one that this fake leaves out."""
    assert len(SCHEMA) > 150
    assert (await raw(server, "sendMesage", chat_id=1))[0] == 404
    server.expected("is not in the Bot API")
    with refused(server, "is real, but not in this fake", InvalidToken):
        await bot.send_dice(aino.id)


async def test_replies(server, bot, aino):
    """A reply quotes a message of the chat; one that is not there must be allowed for."""
    sent = await bot.send_message(aino.id, "x", reply_parameters=ReplyParameters(1))
    assert sent.reply_to_message.text == "hei"
    with refused(server, "replied not found"):
        await bot.send_message(aino.id, "x", reply_parameters=ReplyParameters(99))
    missing = ReplyParameters(99, allow_sending_without_reply=True)
    await bot.send_message(aino.id, "x", reply_parameters=missing)
    await aino.says("mitä?", reply_to=sent.message_id)
    assert (await bot.get_updates())[-1].message.reply_to_message.from_user.is_bot


async def test_edits(bot, aino):
    """An edit changes what stands in the chat and takes the keyboard away unless it brings one."""
    sent = await bot.send_message(aino.id, "ennen", reply_markup=keyboard("a"))
    await bot.edit_message_text("jälkeen", aino.id, sent.message_id, reply_markup=keyboard("b"))
    [record] = aino.messages
    assert (record.text, record.edits, aino.heard) == ("jälkeen", ["ennen"], ["ennen"])
    assert [b["text"] for b in record.buttons] == ["b"]
    assert (await aino.hears("jälkeen")) is record
    await bot.edit_message_reply_markup(aino.id, sent.message_id)
    assert record.reply_markup is None
    assert "reply_markup" not in record.message
    assert record.edits == ["ennen"]
    with pytest.raises(AssertionError, match="no button 'b'"):
        await aino.presses("b")


async def test_impossible_edits(server, bot, aino):
    """The same text again, a missing message and somebody else's cannot be edited."""
    sent = await bot.send_message(aino.id, "x", reply_markup=keyboard("a"))
    cases = [
        (("x", sent.message_id, keyboard("a")), "not modified"),
        (("y", 99, None), "to edit not found"),
        (("y", 1, None), "can't be edited"),
    ]
    for (text, message_id, markup), why in cases:
        with refused(server, why):
            await bot.edit_message_text(text, aino.id, message_id, reply_markup=markup)
    with refused(server, "not specified"):
        await bot.edit_message_text("x", inline_message_id="5")
    with refused(server, "no caption"):
        await bot.edit_message_caption(aino.id, sent.message_id, caption="x")


async def test_captions_are_edited(server, bot, aino):
    """A picture's caption can be changed, its text not."""
    sent = await bot.send_photo(aino.id, PHOTO, caption="ennen")
    await bot.edit_message_caption(aino.id, sent.message_id, caption="jälkeen")
    assert (aino.messages[0].text, aino.messages[0].edits) == ("jälkeen", ["ennen"])
    with refused(server, "no text in the message"):
        await bot.edit_message_text("x", aino.id, sent.message_id)


async def test_deletions(server, bot, aino):
    """A deleted message is gone for editing, for pressing and for deleting again."""
    sent = await bot.send_message(aino.id, "x", reply_markup=keyboard("a"))
    await bot.delete_message(aino.id, sent.message_id)
    await bot.delete_message(aino.id, 1)
    assert aino.messages[0].deleted
    assert aino.heard == ["x"]
    with pytest.raises(AssertionError, match="no button"):
        await aino.presses("a")
    with refused(server, "to edit not found"):
        await bot.edit_message_text("y", aino.id, sent.message_id)
    with refused(server, "to delete not found"):
        await bot.delete_message(aino.id, sent.message_id)
    group = server.group()
    said = await aino.says("hei", group)
    with refused(server, "can't be deleted"):
        await bot.delete_message(group.id, said)


async def test_chat_actions(server, bot, aino):
    """Typing shows; an action Telegram does not know is refused."""
    await bot.send_chat_action(aino.id, "typing")
    assert aino.actions == ["typing"]
    with refused(server, "wrong parameter action"):
        await bot.send_chat_action(aino.id, "thinking")


async def test_presses(bot, aino):
    """A press on the newest message with that button reaches the bot with message and data."""
    await bot.send_message(aino.id, "vanha", reply_markup=keyboard("ok"))
    new = await bot.send_message(aino.id, "uusi", reply_markup=keyboard("ok", "ei"))
    press = await aino.presses("ok")
    [update] = await bot.get_updates()
    query = update.callback_query
    assert (query.data, query.message.message_id) == ("ok", new.message_id)
    assert query.message.reply_markup == keyboard("ok", "ei")
    assert (query.from_user.id, query.message.from_user.is_bot) == (aino.id, True)
    assert press.answer is None
    await query.answer("x" * 200, show_alert=True)
    assert press.answer["text"] == "x" * 200
    by_data = [[InlineKeyboardButton("Kyllä", callback_data="yes:1")]]
    await bot.send_message(aino.id, "?", reply_markup=InlineKeyboardMarkup(by_data))
    await aino.presses("yes:1")
    await aino.presses("Kyllä")
    assert [u.callback_query.data for u in (await bot.get_updates())[1:]] == ["yes:1"] * 2
    await bot.send_message(aino.id, "?", reply_markup=keyboard("auki", url="https://hel.fi"))
    with pytest.raises(AssertionError, match="opens something else"):
        await aino.presses("auki")


async def test_callback_answers(server, bot, aino):
    """An answer has at most 200 units and a query that exists; a late one is nobody's fault."""
    await bot.send_message(aino.id, "x", reply_markup=keyboard("ok"))
    press = await aino.presses("ok")
    with refused(server, "MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(press.id, "x" * 201)
    old = "query is too old and response timeout expired or query ID is invalid"
    with refused(server, old):
        await bot.answer_callback_query("5")
    server.expire_presses()
    with pytest.raises(BadRequest, match=f"(?i){old}"):
        await bot.answer_callback_query(press.id)
    assert server.violations == []


async def test_commands(server, bot):
    """Commands are kept per scope and language."""
    commands = [BotCommand("start_1", "x" * 256)]
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands(commands, scope=scope, language_code="fi")
    assert await bot.get_my_commands(scope=scope, language_code="fi") == tuple(commands)
    assert await bot.get_my_commands() == ()
    assert server.commands['{"type": "all_private_chats"}', "fi"][0]["command"] == "start_1"


@pytest.mark.parametrize(
    ("command", "count", "language", "why"),
    [
        (("Start", "x"), 1, "", "BOT_COMMAND_INVALID"),
        (("jäte", "x"), 1, "", "BOT_COMMAND_INVALID"),
        (("x" * 33, "x"), 1, "", "BOT_COMMAND_INVALID"),
        (("x", " "), 1, "", "BOT_COMMAND_DESCRIPTION_INVALID"),
        (("x", "x" * 257), 1, "", "BOT_COMMAND_DESCRIPTION_INVALID"),
        (("x", "x"), 101, "", "BOT_COMMANDS_TOO_MUCH"),
        (("x", "x"), 1, "pt_BR", "invalid language code"),
    ],
)
async def test_command_limits(server, command, count, language, why):
    """Names are lower-case ASCII up to 32, descriptions 1-256, commands at most 100."""
    commands = [dict(zip(("command", "description"), command, strict=True))] * count
    status, body = await raw(server, "setMyCommands", commands=commands, language_code=language)
    assert (status, why in body["description"]) == (400, True)
    server.expected(why)


async def test_profile(server, bot):
    """Name and descriptions have their lengths, and another language falls back to the default."""
    await bot.set_my_description("x" * 512)
    await bot.set_my_short_description("lyhyt", language_code="fi")
    await bot.set_my_name("Neuvokas")
    assert (await bot.get_my_description(language_code="sv")).description == "x" * 512
    assert (await bot.get_my_short_description("fi")).short_description == "lyhyt"
    assert server.profile["name", ""] == "Neuvokas"
    for call in (
        bot.set_my_description("x" * 513),
        bot.set_my_short_description("x" * 121),
        bot.set_my_name("x" * 65),
    ):
        with refused(server, "too long"):
            await call


async def test_uploads(server, bot, aino):
    """Pictures and documents are uploaded, can be sent again by id, and downloaded."""
    sent = await bot.send_photo(aino.id, PHOTO, caption="<i>kuva</i>", parse_mode="HTML")
    assert (sent.caption, sent.photo[0].file_size) == ("kuva", len(PHOTO))
    paper = await bot.send_document(aino.id, InputFile(b"BEGIN", "aika.ics"))
    assert paper.document.file_name == "aika.ics"
    await bot.send_document(aino.id, paper.document.file_id)
    await bot.send_photo(aino.id, "https://hel.fi/kuva.png")
    assert aino.heard == ["kuva"]
    assert len(aino.messages) == 4
    file = await bot.get_file(paper.document.file_id)
    assert await file.download_as_bytearray() == b"BEGIN"
    async with ClientSession() as http:
        for token, status in ((TOKEN, 404), ("9:x", 401)):
            async with http.get(f"{server.url}/file/bot{token}/none") as answer:
                assert answer.status == status
    server.expected("download: 401")


async def test_upload_limits(server, bot, aino):
    """Empty files, unknown ids and pictures above 10 MB are refused."""
    with refused(server, "wrong file identifier"):
        await bot.send_photo(aino.id, "nonsense")
    with refused(server, "must be non-empty"):
        await bot.send_document(aino.id, InputFile(b"", "x.txt"))
    with refused(server, "Request Entity Too Large", NetworkError):
        await bot.send_photo(aino.id, b"\xff" * (10 * 2**20 + 1))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xd8 no picture", "Image_process_failed"),
        (picture(size=(6_000, 4_001)), "Photo_invalid_dimensions"),
        (picture(size=(2_100, 100)), "Photo_invalid_dimensions"),
    ],
)
async def test_no_photo(server, bot, aino, content, why):
    """What cannot be shown as a photo is refused, and goes as a document."""
    with pytest.raises(BadRequest, match=why):
        await bot.send_photo(aino.id, content)
    await bot.send_document(aino.id, content)


async def test_albums_and_edits_of_pictures(server, bot, aino):
    """Pictures of an album share a name; captions, pictures and shared places can be edited."""
    first = await aino.sends_photo("kaksi", album="a1")
    await aino.sends_photo(album="a1")
    await aino.edits_caption(first, "kolme")
    await aino.replaces_photo(first, PHOTO)
    place = await aino.sends_location(60.2, 24.9)
    await aino.moves(place, 60.3, 24.9)
    updates = await bot.get_updates()
    assert [u.message.media_group_id for u in updates[:2]] == ["a1", "a1"]
    assert [u.edited_message.message_id for u in (*updates[2:4], updates[5])] == [
        first,
        first,
        place,
    ]
    assert updates[2].edited_message.caption == "kolme"


async def test_downloads(server, bot, aino):
    """A resident's file can be fetched up to 20 MB."""
    await aino.sends_document("lupa.txt", b"lupa")
    await aino.sends_document("video.mp4", b"", size=20 * 2**20 + 1)
    small, big = [u.message.document for u in await bot.get_updates()]
    assert await (await small.get_file()).download_as_bytearray() == b"lupa"
    with refused(server, "file is too big"):
        await big.get_file()
    with refused(server, "invalid file_id"):
        await bot.get_file("nonsense")


# Who may be written to.


async def test_strangers(server, bot):
    """The bot cannot write first, nor to somebody who does not exist."""
    person = server.person(user_id=55)
    with refused(server, "bot can't initiate conversation with a user", Forbidden):
        await bot.send_message(55, "hei")
    for chat_id in (56, "@nobody"):
        with refused(server, "chat not found"):
            await bot.send_message(chat_id, "hei")
    await person.says("hei")
    await bot.send_message(55, "hei")
    assert person.heard == ["hei"]


async def test_blocked(bot, aino):
    """Who blocked the bot is not reached, the bot is told, and it is not the bot's mistake."""
    await aino.blocks()
    for call in (bot.send_message(aino.id, "hei"), bot.send_chat_action(aino.id, "typing")):
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await call
    await aino.unblocks()
    await bot.send_message(aino.id, "hei taas")
    assert aino.heard == ["hei taas"]
    changes = [u.my_chat_member.new_chat_member.status for u in await bot.get_updates()]
    assert changes == ["kicked", "member"]
    await aino.blocks()
    await aino.says("sittenkin")  # Whoever writes lifts the block.
    await bot.send_message(aino.id, "hei vielä")
    assert (await bot.get_updates())[-2].my_chat_member.new_chat_member.status == "member"


async def test_deactivated(bot, aino):
    """A deleted account is not reached."""
    aino.deactivates()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(aino.id, "hei")


async def test_group_leaves(server, bot, aino):
    """A group that became a supergroup tells its new number; one may also throw the bot out."""
    group = server.group()
    moved = await group.migrates(aino)
    with pytest.raises(ChatMigrated) as migrated:
        await bot.send_message(group.id, "hei")
    assert migrated.value.new_chat_id == moved.id
    await bot.send_message(moved.id, "hei")
    assert moved.heard == ["hei"]
    first, second = await bot.get_updates()
    assert first.message.migrate_to_chat_id == moved.id
    assert second.message.migrate_from_chat_id == group.id
    await moved.removes_bot(aino)
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(moved.id, "hei")


# What goes wrong.


async def test_flood_on_demand(server, bot, aino):
    """The next messages to one chat are refused with the pause; others go through."""
    other = server.person()
    await other.says("hei")
    server.flood(aino.id, retry_after=7, times=2)
    await bot.send_message(other.id, "ohi")
    for _ in range(2):
        with pytest.raises(RetryAfter) as flood:
            await bot.send_message(aino.id, "hei")
        assert flood.value.retry_after == timedelta(seconds=7)
    await bot.send_message(aino.id, "hei")
    assert aino.heard == ["hei"]
    assert [(f.chat_id, f.retry_after) for f in server.floods] == [(aino.id, 7)] * 2
    server.flood(None, retry_after=1)
    with pytest.raises(RetryAfter):
        await bot.send_message(other.id, "hei")


async def test_pace():
    """One message a second to a chat, thirty to all, twenty a minute to a group; then a pause."""
    now = 0.0

    async def sends(chat):
        try:
            await bot.send_message(chat.id, "x")
        except RetryAfter as flood:
            return flood.retry_after.total_seconds()
        return 0

    fake = FakeTelegram(TOKEN, clock=lambda: now)
    async with fake as server, bot_of(server) as bot:
        server.enforce_pace()
        people = [server.person() for _ in range(31)]
        for person in people:
            await person.says("hei")
        assert [await sends(people[0]) for _ in range(2)] == [0, 1]
        now = 1.0
        assert [await sends(person) for person in people] == [0] * 30 + [1]
        now = 10.0
        group = server.group()
        for _ in range(20):
            assert await sends(group) == 0
            now += 1
        assert await sends(group) == 40
        assert await sends(people[0]) == 0
        now = 70.0
        assert await sends(group) == 0
        assert len(server.floods) == 3
        assert server.violations == []


async def test_pace_by_the_wall_clock(server, bot, aino):
    """Who waits a second between messages never meets the limit."""
    server.enforce_pace()
    for text in "ab":
        await bot.send_message(aino.id, text)
        await asyncio.sleep(1)
    assert server.floods == []


@pytest.mark.parametrize("status", [500, 502])
async def test_outage(server, bot, aino, status):
    """Calls fail without effect for a while; polls only when they are named."""
    server.fail(status, times=2)
    assert await bot.get_updates() == ()
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(aino.id, "hei")
    await bot.send_message(aino.id, "hei")
    assert aino.heard == ["hei"]
    server.fail(status, method="getUpdates")
    with pytest.raises(NetworkError):
        await bot.get_updates()


async def test_lost_response(server, bot, aino):
    """The message is in the chat, and the bot cannot know it."""
    server.lose_response()
    with pytest.raises(NetworkError):
        await bot.send_message(aino.id, "hei")
    assert aino.heard == ["hei"]
    await bot.send_message(aino.id, "hei")
    assert aino.heard == ["hei", "hei"]


async def test_slow_response(server, bot, aino):
    """The message is in the chat at once, but the answer comes too late for the caller."""
    server.slow(1)
    with pytest.raises(TimedOut):
        await bot.send_message(aino.id, "hei", read_timeout=0.1)
    assert aino.heard == ["hei"]
    begun = asyncio.get_running_loop().time()
    server.slow(0.2)
    await bot.send_message(aino.id, "hei")
    assert asyncio.get_running_loop().time() - begun >= 0.2


async def test_duplicates(server, bot):
    """An acknowledged update comes once more with the same id, then is gone."""
    await server.person().says("hei")
    [update] = await bot.get_updates()
    assert await bot.get_updates(offset=update.update_id + 1) == ()
    server.redeliver(update.update_id)
    assert await bot.get_updates(offset=update.update_id + 1) == (update,)
    assert await bot.get_updates(offset=update.update_id + 1) == ()


async def test_duplicates_by_webhook(server, bot, hook):
    """The webhook gets the update twice."""
    await bot.set_webhook(hook.url)
    await server.person().says("hei")
    await hook.has(1)
    server.redeliver()
    await hook.has(2)
    assert hook.got == ["hei", "hei"]


async def test_reordered(server, bot, hook):
    """What is held back within the block arrives newest first, or as told."""
    person = server.person()
    with server.reordered():
        for text in "abc":
            await person.says(text)
        assert await bot.get_updates() == ()
    assert [u.message.text for u in await bot.get_updates()] == ["c", "b", "a"]
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    with server.reordered(lambda held: held[1:] + held[:1]):
        for text in "def":
            await person.says(text)
    await hook.has(3)
    assert hook.got == ["e", "f", "d"]


async def test_a_fault_of_the_fake_is_seen(server, bot, aino):
    """When the fake itself fails, the test is told, and does not take it for an outage."""
    aino.adds = lambda *_: {"message_id": 1, "mood": "good"}
    with pytest.raises(NetworkError):
        await bot.send_message(aino.id, "hei")
    server.expected("the fake failed")


async def test_invented_updates_are_refused(server):
    """The fake checks itself: an update outside the schema is an error of the test."""
    with pytest.raises(AssertionError, match=r"made up the fields \['message.mood'\]"):
        server.deliver("message", {**server.person().adds({}, {}), "mood": "good", "from": None})


async def test_nothing_is_left_behind():
    """Leaving the block ends a poll and a webhook's deliveries, and frees the port."""
    before = asyncio.all_tasks()
    async with FakeTelegram(TOKEN) as first:
        bot = bot_of(first)
        await bot.initialize()
        poll = asyncio.create_task(bot.get_updates(timeout=10))
        await asyncio.sleep(0.1)
    assert await poll == ()
    async with FakeTelegram(TOKEN, port=first.port) as second:
        await bot.set_webhook("http://127.0.0.1:1/hook")
        await second.person().says("hei")
    await bot.shutdown()
    assert asyncio.all_tasks() == before
    assert first.violations == second.violations == []


# The whole library.


async def test_a_bot_at_work(server):
    """An ordinary bot of the library polls, answers, edits on a press and stops cleanly."""

    async def start(update, _):
        await update.message.reply_html("<b>Hei!</b>", reply_markup=keyboard("Jätteet"))

    async def press(update, _):
        await update.callback_query.answer()
        await update.callback_query.edit_message_text(f"Valitsit: {update.callback_query.data}")

    builder = Application.builder().token(TOKEN).base_url(f"{server.url}/bot")
    app = builder.build()
    app.add_handlers([CommandHandler("start", start), CallbackQueryHandler(press)])
    async with app:
        await app.updater.start_polling()
        await app.start()
        aino = server.person()
        await aino.command("/start")
        await aino.hears("Hei!")
        pressed = await aino.presses("Jätteet")
        changed = await aino.hears("Valitsit: Jätteet")
        assert (changed.edits, pressed.answer is not None) == (["Hei!"], True)
        await app.updater.stop()
        await app.stop()


# From another process.


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
async def process(request):
    """The address of the fake as an operator starts it, stopped with either signal."""
    root = Path(__file__).parent.parent
    command = [sys.executable, "-W", "error", "-m", "tests.fake_telegram", "--port", "0"]
    running = await asyncio.create_subprocess_exec(
        *command, cwd=root, stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    yield (await asyncio.wait_for(running.stdout.readline(), 120)).decode().strip()
    running.send_signal(request.param)
    assert await asyncio.wait_for(running.wait(), 60) == 0


async def test_operator(process):
    """An operator speaks as anybody and reads what the bot answered."""
    people = f"{process}/_control/people/5"
    async with ClientSession() as http, Bot(TOKEN, base_url=f"{process}/bot") as bot:

        async def get(url):
            async with http.get(url) as answer:
                return answer.status, await answer.json(content_type=None) if answer.ok else None

        async def post(url, body):
            async with http.post(url, json=body) as answer:
                return answer.status

        assert (await get(f"{people}/heard"))[0] == 404
        assert await post(f"{people}/says", {"text": "/start", "language_code": "sv"}) == 200
        assert await post(f"{people}/says", {"text": ""}) == 400
        [update] = await bot.get_updates(timeout=5)
        assert update.message.entities[0].type == "bot_command"
        assert update.message.from_user.language_code == "sv"
        await bot.send_message(5, "hej", reply_markup=keyboard("ok"))
        assert await get(f"{people}/heard") == (200, {"heard": ["hej"]})
        _, messages = await get(f"{people}/messages")
        assert messages["messages"][0]["reply_markup"]["inline_keyboard"][0][0]["text"] == "ok"
        assert await post(f"{people}/presses", {"button": "ok"}) == 200
        assert await post(f"{people}/presses", {"button": "no"}) == 409
        assert (await bot.get_updates())[-1].callback_query.data == "ok"
        assert await get(f"{process}/_control/violations") == (200, {"violations": []})


# Groups with topics.


@pytest.fixture
async def forum(server):
    """A supergroup with topics, where the bot may manage them."""
    return server.group("Neuvonta", forum=True)


async def test_a_topic_and_what_is_written_in_it(server, bot, aino, forum):
    """Messages of a topic say so, on both ways; the General topic has no number."""
    made = await bot.create_forum_topic(forum.id, "N-1001")
    topic = forum.topic("N-1001")
    assert (made.message_thread_id, made.name) == (topic.thread, "N-1001")
    sent = await bot.send_message(forum.id, "hei", message_thread_id=topic.thread)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic.thread, True)
    assert sent.reply_to_message.forum_topic_created.name == "N-1001"
    await aino.says("moi", forum, topic=topic)
    await aino.says("kaikille", forum)
    one, two = (update.message for update in await bot.get_updates())
    assert (one.message_thread_id, one.is_topic_message) == (topic.thread, True)
    assert (two.message_thread_id, two.is_topic_message) == (None, None)
    assert forum.shown_in(topic) == ["hei"]


async def test_topics_are_named_closed_and_opened(server, bot, aino, forum):
    """A change that changes nothing is refused, as is writing where a topic is closed."""
    thread = (await bot.create_forum_topic(forum.id, "yksi")).message_thread_id
    topic = forum.topics[thread]
    await bot.edit_forum_topic(forum.id, thread, name="kaksi")
    assert (topic.name, topic.names) == ("kaksi", ["yksi"])
    with refused(server, "TOPIC_NOT_MODIFIED"):
        await bot.edit_forum_topic(forum.id, thread, name="kaksi")
    with pytest.raises(BadRequest, match="(?i)topic_not_modified"):
        await bot.reopen_forum_topic(forum.id, thread)
    await bot.close_forum_topic(forum.id, thread)
    with pytest.raises(BadRequest, match="(?i)topic_not_modified"):
        await bot.close_forum_topic(forum.id, thread)
    with pytest.raises(ValueError, match="no field"):
        await aino.says("moi", forum, topic=topic)
    # Who manages topics can still write in a closed one.
    await bot.send_message(forum.id, "hei", message_thread_id=thread)
    forum.managers.add(aino.id)
    await aino.says("moi", forum, topic=topic)
    forum.rights.clear()
    with pytest.raises(BadRequest, match="(?i)topic_closed"):
        await bot.send_message(forum.id, "hei", message_thread_id=thread)


async def test_a_deleted_topic(server, bot, aino, forum):
    """Nobody tells the bot that a topic was deleted: it learns when it uses it, without blame."""
    thread = (await bot.create_forum_topic(forum.id, "yksi")).message_thread_id
    await bot.send_message(forum.id, "hei", message_thread_id=thread)
    forum.deletes(forum.topics[thread])
    with pytest.raises(BadRequest, match="(?i)message thread not found"):
        await bot.send_message(forum.id, "hei", message_thread_id=thread)
    for change in (bot.edit_forum_topic, bot.close_forum_topic, bot.reopen_forum_topic):
        with pytest.raises(BadRequest, match="(?i)topic_id_invalid"):
            await change(forum.id, thread)
    with refused(server, "message thread not found"):
        await bot.send_message(forum.id, "hei", message_thread_id=1)
    assert [update.message for update in await bot.get_updates()] == []


async def test_where_there_are_no_topics(server, bot, forum):
    """Topics need a group that has them, the right to manage them, and a name."""
    plain = server.group("Kahvihuone", kind="supergroup")
    with refused(server, "the chat is not a forum"):
        await bot.create_forum_topic(plain.id, "yksi")
    with refused(server, "message thread not found"):
        await bot.send_message(plain.id, "hei", message_thread_id=2)
    for name, why in {" ": "non-empty", "ä" * 129: "too long"}.items():
        with refused(server, why):
            await bot.create_forum_topic(forum.id, name)
    forum.rights.clear()
    with pytest.raises(BadRequest, match="(?i)not enough rights"):
        await bot.create_forum_topic(forum.id, "yksi")


async def test_a_new_topic_counts_as_a_message(server, bot, forum):
    """It puts a message into the group, so the pace counts it."""
    server.enforce_pace()
    await bot.create_forum_topic(forum.id, "yksi")
    with pytest.raises(RetryAfter):
        await bot.send_message(forum.id, "hei")


async def test_inline_queries(server, bot, aino, forum):
    """What somebody types after the bot's name is answered once, and a result is sent as theirs."""
    asked = await aino.asks("auki", forum)
    [update] = await bot.get_updates()
    query = update.inline_query
    assert (query.query, query.from_user.id, query.chat_type) == ("auki", aino.id, "supergroup")
    content = InputTextMessageContent("Avoinna arkisin.")
    results = [InlineQueryResultArticle("1", "Aukiolo", content)]
    await bot.answer_inline_query(query.id, results, is_personal=True, cache_time=0)
    assert asked.titles == ["Aukiolo"]
    await aino.picks(asked, "Aukiolo", forum)
    [update] = await bot.get_updates(offset=update.update_id + 1)
    assert update.message.text == "Avoinna arkisin."
    assert update.message.via_bot.id == 123
    with pytest.raises(BadRequest, match="(?i)too old"):
        await bot.answer_inline_query(query.id, results)
    again = await aino.asks("x", forum)
    with refused(server, "RESULT_ID_DUPLICATE"):
        await bot.answer_inline_query(again.id, results * 2)
    with refused(server, "query ID is invalid"):
        await bot.answer_inline_query("0", results)


async def test_without_inline_mode(server, bot, aino, forum):
    """Nobody can ask, and a button that would ask is refused."""
    server.abilities["supports_inline_queries"] = False
    assert await aino.asks("auki", forum) is None
    markup = keyboard("Valmiit", switch_inline_query_current_chat="auki")
    with refused(server, "BUTTON_TYPE_INVALID"):
        await bot.send_message(forum.id, "hei", reply_markup=markup)


async def test_reactions(server, bot, aino, forum):
    """The bot reacts with what Telegram has and the group allows."""
    sent = await aino.says("hei", forum)
    await bot.set_message_reaction(forum.id, sent, "👍")
    assert forum.reacted == {sent: ["👍"]}
    with refused(server, "REACTION_INVALID"):
        await bot.set_message_reaction(forum.id, sent, "✅")
    forum.reactions = {"🎉"}
    with pytest.raises(BadRequest, match="(?i)reaction_invalid"):
        await bot.set_message_reaction(forum.id, sent, "👍")
    with pytest.raises(BadRequest, match="(?i)message to react not found"):
        await bot.set_message_reaction(forum.id, 999, "👍")


async def test_who_is_in_a_group(server, bot, aino, forum):
    """The bot can ask what kind of group it is, and what its members may do."""
    known = await bot.get_chat(forum.id)
    assert (known.type, known.is_forum) == ("supergroup", True)
    me = await bot.get_chat_member(forum.id, 123)
    assert (me.status, me.can_manage_topics, me.can_delete_messages) == (
        "administrator",
        True,
        False,
    )
    assert (await bot.get_chat_member(forum.id, aino.id)).status == "left"
    forum.members.add(aino.id)
    assert (await bot.get_chat_member(forum.id, aino.id)).status == "member"
    with pytest.raises(BadRequest, match="(?i)user not found"):
        await bot.get_chat_member(forum.id, 5)


async def test_an_anonymous_administrator(server, bot, aino, forum):
    """Who writes as the group seems to be one of Telegram's own bots."""
    await aino.says("hei", forum, anonymous=True)
    [update] = await bot.get_updates()
    assert update.message.from_user.is_bot
    assert update.message.sender_chat.id == forum.id


async def test_commands_of_one_group(server, bot, forum):
    """Commands can be set for a group that the bot is in, and for no other."""
    await bot.set_my_commands([("claim", "Ota")], scope=BotCommandScopeChat(forum.id))
    with refused(server, "chat not found"):
        await bot.set_my_commands([("claim", "Ota")], scope=BotCommandScopeChat(-100123456))
