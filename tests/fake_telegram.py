"""A strict Telegram for tests: the Bot API over HTTP, and the people who write to the bot.

    async with FakeTelegram(token="123:abc") as server:
        person = server.person(language_code="fi")
        ...  # start the bot with base_url=f"{server.url}/bot"
        await person.command("/start")
        await person.hears("Tervetuloa")
    assert server.violations == []

Every call is checked against aiogram's copy of the Bot API schema and against the limits that
Telegram enforces beyond it. A call that Telegram would refuse, or whose mistake it would quietly
ignore, is refused and noted in `violations`; a refusal the bot cannot foresee (a block, a flood
limit, an outage) is not.

To try a bot by hand: `python -m tests.fake_telegram --port 9090`, then
POST /_control/people/1001/says {"text": "hei"} and GET /_control/people/1001/heard.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import inspect
import io
import ipaddress
import itertools
import json
import math
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar, cast, get_args
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from PIL import Image
from pydantic import BaseModel, ValidationError

from tests.telegram_schema import SCHEMA, UPDATE_KINDS, BufferedInputFile, Update, checks

JSON = dict[str, Any]

TEXT_LIMIT = 4096  # UTF-16 units, counted after the entities are parsed
CAPTION_LIMIT = 1024
DOWNLOAD_LIMIT = 20 * 2**20  # bytes; what getFile offers to a bot
PHOTO_LIMIT = 10 * 2**20
PHOTO_SIDES = 10_000  # width and height together
PHOTO_RATIO = 20
UPLOAD_LIMIT = 50 * 2**20
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
SUPERGROUPS = 1_000_000_000_000  # their numbers begin below minus this
TOPIC_NAME_LIMIT = 128
INLINE_LIMIT = 50  # results of one inline query
# Who an administrator that hides behind the group seems to be.
ANONYMOUS: JSON = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
# What a bot may react with where the group allows all; a few of the seventy-odd.
REACTIONS = set("👍👎❤🔥🎉👀👌🙏🤔✍🤝👏")
CHAT_ACTION = re.compile(
    r"typing|choose_sticker|find_location|upload_document"
    r"|upload_photo|(record|upload)_(video|voice|video_note)"
)


class Refusal(Exception):
    """Telegram answers this call with an error.

    `blame` tells whether the bot could have known better; only then is it a violation.
    """

    def __init__(
        self, code: int, description: str, parameters: JSON | None = None, *, blame: bool = True
    ) -> None:
        super().__init__(description)
        self.code, self.description = code, description
        self.parameters, self.blame = parameters, blame


def bad(description: str) -> Refusal:
    """Return the refusal for a call that is wrong in itself."""
    return Refusal(400, f"Bad Request: {description}")


# What the schema says about a call.


def checked(method: str, sent: Mapping[str, Any]) -> JSON:
    """Return the parameters as values, decoded from a form or from JSON.

    Raises:
        Refusal: The method or a parameter is unknown, or a value breaks the schema or a limit.
    """
    if method not in ANSWERS:
        known = "is real, but not in this fake" if method in SCHEMA else "is not in the Bot API"
        raise Refusal(404, f"Not Found: method not found ({known})")
    fields = SCHEMA[method].model_fields
    # Telegram ignores a parameter it does not know, which hides a misspelt name.
    if unknown := sent.keys() - fields.keys():
        raise bad(f"unknown parameter {min(unknown)!r}")
    values = {name: decoded(value, fields[name].annotation) for name, value in sent.items()}
    try:
        model = checks(SCHEMA[method]).validate_python(values)
    except ValidationError as fault:
        first = fault.errors()[0]
        raise bad(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for path in extras(model):
        raise bad(f"unknown field {path!r}")
    if "reply_markup" in values:
        check_markup(values["reply_markup"])
    return values


def decoded(value: Any, annotation: Any) -> Any:
    """Return what a form field means: text as it is, anything else read from its JSON."""
    if not isinstance(value, str):
        return value
    kinds: tuple[Any, ...] = get_args(annotation) or (annotation,)
    if int in kinds and str in kinds:  # A chat: its number, or the @name of a channel.
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    if str in kinds:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def extras(value: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted path of every field the schema does not know, however deep."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or ():
            yield f"{path}{name}"
        for name in type(value).model_fields:
            yield from extras(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from extras(item, f"{path}{index}.")


def check_own(kind: Any, value: Any) -> None:
    """Assert that what this fake says is in the schema too: no test rests on an invention."""
    unknown = list(extras(checks(kind).validate_python(value)))
    assert not unknown, f"the fake made up the fields {unknown}"


# What Telegram checks beyond the schema.


def units(text: str) -> int:
    """Return the length as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def check_markup(markup: JSON) -> None:
    """Refuse a keyboard whose buttons Telegram would not show."""
    if not markup.keys() & {"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"}:
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if sum(map(len, rows)) > 100:
        raise bad("reply markup is too long")
    for button in itertools.chain(*rows, *markup.get("keyboard", [])):
        if not button["text"].strip():
            raise bad("can't parse keyboard button: text must be non-empty")
    for button in itertools.chain(*rows):
        check_inline_button(button)


def check_inline_button(button: JSON) -> None:
    """Refuse a button that does not do exactly one thing, and one that Telegram can do."""
    wrong = "can't parse inline keyboard button: "
    looks = {"text", "style", "icon_custom_emoji_id"}
    actions = {name for name in button.keys() - looks if button[name] not in ("", None, False)}
    if not actions:
        raise bad(f"{wrong}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad(f"{wrong}exactly one action is allowed, not {', '.join(sorted(actions))}")
    if len(button.get("callback_data", "").encode()) > 64:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in button and not is_public_url(button["url"]):
        raise bad(f"inline keyboard button URL {button['url']!r} is invalid: Wrong HTTP URL")


def is_public_url(url: str) -> bool:
    """Tell whether Telegram shows this as a link: http(s) with a dotted host, or tg://."""
    parts = urlsplit(url)
    if parts.scheme == "tg":
        return True
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")


TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
REFERENCE = r"&(?P<char>[#\w]+);"
TOKENS = re.compile(r"<(?P<end>/?)(?P<tag>[^\s>/]*)(?P<rest>[^>]*)(?P<closed>>?)|" + REFERENCE)
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def parse_html(source: str) -> tuple[str, list[JSON]]:
    """Return the text without its tags, and the entities the tags stand for.

    Raises:
        Refusal: A tag is unknown, crossed or never closed.
    """
    text, entities, at = "", [], 0
    open_tags: list[tuple[str, JSON]] = []
    for token in TOKENS.finditer(source):
        text += source[at : token.start()]
        at = token.end()
        if token["char"]:
            text += character(token)
            continue
        tag, rest = token["tag"].lower(), token["rest"]
        fault = f"at byte offset {len(source[: token.start()].encode())}"
        if not token["closed"]:
            raise bad(f"can't parse entities: Unclosed start tag {fault}")
        if token["end"]:
            if not open_tags:
                raise bad(f"can't parse entities: Unexpected end tag {fault}")
            opened, entity = open_tags.pop()
            if tag != opened:
                raise bad(
                    f"can't parse entities: Unmatched end tag {fault}, "
                    f'expected "</{opened}>", found "</{tag}>"'
                )
            entity["length"] = units(text) - entity["offset"]
        else:
            if tag not in TAGS or (tag == "span" and "tg-spoiler" not in rest):
                raise bad(f'can\'t parse entities: Unsupported start tag "{tag}" {fault}')
            entity = {"type": TAGS[tag], "offset": units(text), **attributes(tag, rest)}
            open_tags.append((tag, entity))
            entities.append(entity)
    if open_tags:
        tag = open_tags[-1][0]
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
    return trimmed(text + source[at:], entities)


def character(token: re.Match[str]) -> str:
    """Return the character an HTML reference stands for; Telegram leaves those it does not know."""
    name = token["char"]
    if number := re.fullmatch(r"#(?:x([0-9a-fA-F]+)|(\d+))", name):
        return chr(int(number[1], 16) if number[1] else int(number[2]))
    return CHARACTERS.get(name, token[0])


def attributes(tag: str, rest: str) -> JSON:
    """Return what a tag's attributes add to its entity."""
    given = {name: value for name, _, value in re.findall(r"([\w-]+)=([\"'])(.*?)\2", rest)}
    if tag == "a":
        return {"url": re.sub(REFERENCE, character, given.get("href", ""))}
    if tag == "tg-emoji":
        return {"custom_emoji_id": given.get("emoji-id", "")}
    return {"type": "expandable_blockquote"} if "expandable" in rest else {}


def trimmed(text: str, entities: list[JSON]) -> tuple[str, list[JSON]]:
    """Return text and entities without the white space around the text, as Telegram shows them."""
    shift, text = len(text) - len(text.lstrip()), text.strip()
    kept = []
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        start = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, units(text))
        # A link without an address is shown as plain text.
        if end > start and entity.get("url") != "":
            kept.append({**entity, "offset": start, "length": end - start})
    return text, kept


def formatted(p: JSON, name: str) -> tuple[str, list[JSON]]:
    """Return a text or caption as it is shown, and its entities.

    Raises:
        Refusal: The markup does not parse, or is of a kind this fake does not read.
    """
    mode = p.get("parse_mode", "").lower()
    if mode == "html":
        return parse_html(p.get(name, ""))
    if mode:
        raise bad("unsupported parse_mode (this fake reads only HTML)")
    entities = p.get("caption_entities" if name == "caption" else "entities")
    return trimmed(p.get(name, ""), entities or found_entities(p.get(name, "")))


FOUND = re.compile(
    r"(?P<url>https?://[^\s<>]+)|(?P<email>[\w.+-]+@[\w-]+\.[\w.]+)|(?P<mention>(?<!\w)@\w{4,})"
    r"|(?P<hashtag>(?<!\w)#\w+)|(?P<bot_command>(?<![\w/])/[a-zA-Z0-9_]{1,32}(?:@\w+)?)"
)


def found_entities(text: str) -> list[JSON]:
    """Return the entities Telegram finds in plain text by itself: commands, links, names, tags."""
    return [
        {"type": m.lastgroup, "offset": units(text[: m.start()]), "length": units(m[0])}
        for m in FOUND.finditer(text)
    ]


# The people, the groups, and what they see.


@dataclass
class Record:
    """One message of the bot as it stands in a chat, and how it came to be so."""

    message: JSON
    reply_markup: JSON | None
    params: JSON
    edits: list[str] = field(default_factory=list)  # the texts it had before, oldest first
    deleted: bool = False

    @property
    def message_id(self) -> int:
        """The number Telegram gave this message in its chat."""
        return int(self.message["message_id"])

    @property
    def text(self) -> str:
        """The text or caption that is shown now; empty for a bare picture or document."""
        return str(self.message.get("text", self.message.get("caption", "")))

    @property
    def buttons(self) -> list[JSON]:
        """The buttons under the message or in its reply keyboard, row by row."""
        markup = self.reply_markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        return [button for row in rows for button in row]


@dataclass
class Topic:
    """A topic of a group; closed, only those who manage topics can write in it."""

    thread: int
    name: str
    closed: bool = False
    deleted: bool = False
    names: list[str] = field(default_factory=list)  # those it had before, oldest first
    opening: JSON = field(default_factory=dict)  # the service message it begins with

    @property
    def open(self) -> bool:
        """Whether everybody can write in it."""
        return not self.closed and not self.deleted


@dataclass
class Asked:
    """An inline query, waiting for answerInlineQuery; `answer` then holds its parameters."""

    id: str
    query: str
    answer: JSON | None = None

    @property
    def titles(self) -> list[str]:
        """The titles of the results, in order."""
        return [result["title"] for result in (self.answer or {}).get("results", [])]


@dataclass
class Press:
    """A pressed button, waiting for answerCallbackQuery; `answer` then holds its parameters."""

    id: str
    expired: bool = False
    answer: JSON | None = None


CLOSED = {
    "stranger": Refusal(403, "Forbidden: bot can't initiate conversation with a user"),
    "blocked": Refusal(403, "Forbidden: bot was blocked by the user", blame=False),
    "deactivated": Refusal(403, "Forbidden: user is deactivated", blame=False),
    "kicked": Refusal(403, "Forbidden: bot was kicked from the group chat", blame=False),
}


class Chat:
    """A chat as its members see it: what the bot sent, changed and deleted there."""

    def __init__(self, server: FakeTelegram, info: JSON, state: str) -> None:
        self.server, self.info, self.state = server, info, state
        self.id = int(info["id"])
        self.moved: Group | None = None
        self.messages: list[Record] = []
        self.heard: list[str] = []
        self.actions: list[str] = []
        self.history: dict[int, JSON] = {}
        self._ids = itertools.count(1)
        self._shown: list[tuple[str, Record]] = []
        self._read = 0
        self._news = asyncio.Event()
        server.chats[self.id] = self

    async def hears(self, wanted: str | Callable[[str], bool], timeout: float = 15) -> Record:  # noqa: ASYNC109 - the caller's patience is the point.
        """Wait for a message, new or edited, that contains or satisfies `wanted`, and return it.

        Counts from the message after the one the last call returned, so that an old answer is not
        taken for a new one; what came before this call was made counts.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    self._news.clear()
                    for index, (text, record) in enumerate(self._shown[self._read :], self._read):
                        if wanted in text if isinstance(wanted, str) else wanted(text):
                            self._read = index + 1
                            return record
                    await self._news.wait()
        unread = [text for text, _ in self._shown[self._read :]]
        raise AssertionError(f"waited {timeout} s for {wanted!r}, heard only {unread}")

    def adds(self, sender: JSON, content: JSON, topic: Topic | None = None) -> JSON:
        """Return a new message of this chat, with the next number and the time."""
        message = {
            "message_id": next(self._ids),
            "from": sender,
            "chat": self.info,
            "date": int(time.time()),
            **{name: value for name, value in content.items() if value not in (None, [], "")},
        }
        if topic:
            message |= {"message_thread_id": topic.thread, "is_topic_message": True}
            # What is written in a topic answers the message that it begins with.
            message.setdefault("reply_to_message", topic.opening)
        self.history[message["message_id"]] = message
        return message

    def shows(self, record: Record) -> None:
        """Let the members see a message that is new or has changed."""
        self._shown.append((record.text, record))
        self._news.set()

    def bot_becomes(self, old: str, new: str, person: Person) -> None:
        """Tell the bot that somebody changed its place in this chat."""
        member = {"user": self.server.me}
        left = {"until_date": 0}
        self.server.deliver(
            "my_chat_member",
            {
                "chat": self.info,
                "from": person.user,
                "date": int(time.time()),
                "old_chat_member": {**member, "status": old, **(left if old == "kicked" else {})},
                "new_chat_member": {**member, "status": new, **(left if new == "kicked" else {})},
            },
        )


class Person(Chat):
    """Somebody who writes to the bot; the chat is their private one.

    Every action takes `chat`, the group to act in instead. Those that write return the message id.
    """

    def __init__(self, server: FakeTelegram, user: JSON) -> None:
        info = {"id": user["id"], "first_name": user["first_name"], "type": "private"}
        super().__init__(server, info, "stranger")
        self.user = user
        self.takes_voice = True  # paying people can forbid voice messages

    async def says(
        self,
        text: str,
        chat: Chat | None = None,
        *,
        reply_to: int | None = None,
        topic: Topic | None = None,
        anonymous: bool = False,
    ) -> int:
        """Send a text; commands, links and names in it become entities, as in the apps.

        `anonymous` hides the person behind the group, as its administrators can.
        """
        shown, entities = trimmed(text, found_entities(text))
        if not 0 < units(shown) <= TEXT_LIMIT:
            raise ValueError("the apps send no empty text, and split one above 4096 units")
        quoted = {"reply_to_message": (chat or self).history[reply_to]} if reply_to else {}
        content = {"text": shown, "entities": entities, **quoted}
        return self._sends(content, chat, topic, anonymous=anonymous)

    async def command(
        self, text: str, chat: Chat | None = None, *, topic: Topic | None = None
    ) -> int:
        """Send a command such as "/start" or "/permit fence"."""
        if not text.startswith("/"):
            raise ValueError("a command begins with a slash")
        return await self.says(text, chat, topic=topic)

    async def asks(self, query: str, chat: Chat | None = None) -> Asked | None:
        """Write the bot's name and a query into the field of a chat; None where it has no inline mode."""
        if units(query) > 256:
            raise ValueError("the apps send at most 256 units of a query")
        if not self.server.abilities["supports_inline_queries"]:
            return None
        asked = Asked(str(next(self.server.numbers)), query)
        self.server.inline[asked.id] = asked
        kind = "sender" if chat is None else chat.info["type"]
        update = {
            "id": asked.id,
            "from": self.user,
            "query": query,
            "offset": "",
            "chat_type": kind,
        }
        self.server.deliver("inline_query", update)
        return asked

    async def picks(
        self, asked: Asked, title: str, chat: Chat | None = None, *, topic: Topic | None = None
    ) -> int:
        """Send the result with this title; the message says by which bot it came."""
        results = (asked.answer or {}).get("results", [])
        chosen = next(result for result in results if result["title"] == title)
        text = chosen["input_message_content"]["message_text"]
        content = {"text": text, "entities": found_entities(text), "via_bot": self.server.me}
        return self._sends(content, chat, topic)

    async def sends_sticker(self, chat: Chat | None = None, *, topic: Topic | None = None) -> int:
        """Send a sticker."""
        kind = {"type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"}
        file = self.server.stores("stickers", ".webp", b"RIFF")
        return self._sends({"sticker": {**file, **kind, "width": 512, "height": 512}}, chat, topic)

    async def sends_photo(
        self,
        caption: str | None = None,
        chat: Chat | None = None,
        *,
        topic: Topic | None = None,
        content: bytes = b"\xff\xd8",
        album: str | None = None,
        anonymous: bool = False,
    ) -> int:
        """Send a photo, which arrives in two sizes, the small one first; `album` joins several."""
        if units(caption or "") > CAPTION_LIMIT:
            raise ValueError("the apps send no caption above 1024 units")
        sizes = [{"width": 90, "height": 60}, {"width": 1280, "height": 853}]
        small, large = (self.server.stores("photos", ".jpg", part) for part in (b"\xff", content))
        photo = [{**small, **sizes[0]}, {**large, **sizes[1]}]
        entities = found_entities(caption or "")
        captioned = {"caption": caption, "caption_entities": entities, "media_group_id": album}
        return self._sends({"photo": photo, **captioned}, chat, topic, anonymous=anonymous)

    async def sends_voice(
        self,
        chat: Chat | None = None,
        *,
        seconds: int = 3,
        content: bytes = b"OggS",
        topic: Topic | None = None,
    ) -> int:
        """Send a voice message."""
        file = self.server.stores("voice", ".oga", content)
        voice = {**file, "duration": seconds, "mime_type": "audio/ogg"}
        return self._sends({"voice": voice}, chat, topic)

    async def sends_document(
        self,
        name: str,
        content: bytes,
        chat: Chat | None = None,
        *,
        size: int | None = None,
        album: str | None = None,
        mime_type: str | None = None,
        caption: str | None = None,
        topic: Topic | None = None,
    ) -> int:
        """Send a document; `size` claims a number of bytes without the bytes."""
        file = self.server.stores("documents", "." + name.rpartition(".")[2], content, size)
        claimed = {"file_name": name} | ({"mime_type": mime_type} if mime_type else {})
        captioned = {"caption": caption, "caption_entities": found_entities(caption or "")}
        content_ = {"document": {**file, **claimed}, **captioned, "media_group_id": album}
        return self._sends(content_, chat, topic)

    async def edits_caption(self, message_id: int, caption: str, chat: Chat | None = None) -> None:
        """Change the words under a picture this person sent."""
        message = (chat or self).history[message_id]
        if message["from"] != self.user or "photo" not in message:
            raise ValueError("only one's own pictures have a caption to edit")
        message |= {"caption": caption, "edit_date": int(time.time())}
        self.server.deliver("edited_message", message)

    async def replaces_photo(
        self, message_id: int, content: bytes, chat: Chat | None = None
    ) -> None:
        """Put another picture in the place of one this person sent."""
        message = (chat or self).history[message_id]
        size = {"width": 1280, "height": 853}
        photo = [{**self.server.stores("photos", ".jpg", content), **size}]
        message |= {"photo": photo, "edit_date": int(time.time())}
        self.server.deliver("edited_message", message)

    async def moves(self, message_id: int, latitude: float, longitude: float) -> None:
        """Move a place that is shared for a while, which edits its message."""
        message = self.history[message_id]
        place = {**message["location"], "latitude": latitude, "longitude": longitude}
        message |= {"location": place, "edit_date": int(time.time())}
        self.server.deliver("edited_message", message)

    async def sends_location(
        self, latitude: float, longitude: float, chat: Chat | None = None
    ) -> int:
        """Send a place on the map."""
        return self._sends({"location": {"latitude": latitude, "longitude": longitude}}, chat)

    async def edits(self, message_id: int, text: str, chat: Chat | None = None) -> None:
        """Change the text of a message this person sent."""
        message = (chat or self).history[message_id]
        if message["from"] != self.user or "text" not in message:
            raise ValueError("only one's own text messages can be edited")
        shown, entities = trimmed(text, found_entities(text))
        message.pop("entities", None)
        message |= {"text": shown, "edit_date": int(time.time())}
        message |= {"entities": entities} if entities else {}
        self.server.deliver("edited_message", message)

    async def presses(
        self, button: str, chat: Chat | None = None, *, topic: Topic | None = None
    ) -> Press | None:
        """Press the button with this label or callback data on the newest message that has it.

        A button of a reply keyboard says its label, and None is returned.
        """
        chat = chat or self
        standing = [record for record in chat.messages if not record.deleted]
        if topic:
            standing = [r for r in standing if r.message.get("message_thread_id") == topic.thread]
        for record in reversed(standing):
            for has in record.buttons:
                if button not in (has["text"], has.get("callback_data")):
                    continue
                if "keyboard" in (record.reply_markup or {}):
                    await self.says(button, chat)
                    return None
                if "callback_data" not in has:
                    raise AssertionError(
                        f"{button!r} opens something else and tells the bot nothing"
                    )
                return self._presses(record.message, has["callback_data"])
        shown = [has["text"] for record in standing for has in record.buttons]
        raise AssertionError(f"no button {button!r} to press, only {shown}")

    async def blocks(self) -> None:
        """Block the bot, which learns of it by an update; its messages are refused from now on."""
        self.state = "blocked"
        self.bot_becomes("member", "kicked", self)

    async def unblocks(self) -> None:
        """Let the bot write again."""
        self.state = "open"
        self.bot_becomes("kicked", "member", self)

    def deactivates(self) -> None:
        """Delete this person's account; the bot is not told."""
        self.state = "deactivated"

    def _sends(
        self,
        content: JSON,
        chat: Chat | None,
        topic: Topic | None = None,
        *,
        anonymous: bool = False,
    ) -> int:
        if topic and (topic.deleted or (topic.closed and self.id not in chat_managers(chat))):
            raise ValueError("the apps show no field for writing in this topic")
        # Writing to a bot starts it, and lifts a block.
        if chat is None and self.state == "blocked":
            self.bot_becomes("kicked", "member", self)
        if chat is None and self.state in ("stranger", "blocked"):
            self.state = "open"
        sender = self.user
        if anonymous and chat:
            sender, content = ANONYMOUS, {**content, "sender_chat": chat.info}
        message = (chat or self).adds(sender, content, topic)
        self.server.deliver("message", message)
        return int(message["message_id"])

    def _presses(self, message: JSON, data: str) -> Press:
        press = Press(str(next(self.server.numbers)))
        self.server.presses[press.id] = press
        place = {"message": message, "chat_instance": str(message["chat"]["id"])}
        query = {"id": press.id, "from": self.user, "data": data, **place}
        self.server.deliver("callback_query", query)
        return press


def chat_managers(chat: Chat | None) -> set[int]:
    """Return the ids of the people who manage a group's topics."""
    return chat.managers if isinstance(chat, Group) else set()


class Group(Chat):
    """A group the bot is in. People speak there with `person.says("hei", group)`.

    With topics, they name one: `person.says("hei", group, topic=group.topic("N-1001"))`. The bot is
    an administrator with `rights`, or an ordinary member when there are none.
    """

    def __init__(self, server: FakeTelegram, info: JSON, state: str) -> None:
        super().__init__(server, info, state)
        # The General topic has number 1, which no message and no other topic has.
        self._ids = itertools.count(2 if info.get("is_forum") else 1)
        self.topics: dict[int, Topic] = {}
        self.rights: set[str] = set()
        self.managers: set[int] = set()
        self.members: set[int] = set()
        self.reactions: set[str] | None = None  # those allowed; None: all
        self.reacted: dict[int, list[str]] = {}  # the bot's reactions, by message

    def topic(self, part: str) -> Topic:
        """Return the newest topic that stands and has this in its name."""
        found = [t for t in self.topics.values() if part in t.name and not t.deleted]
        assert found, f"no topic {part!r}, only {[t.name for t in self.topics.values()]}"
        return found[-1]

    def deletes(self, topic: Topic) -> None:
        """Delete a topic with everything in it, as an administrator can; the bot is not told."""
        topic.deleted = True
        for record in self.messages:
            if record.message.get("message_thread_id") == topic.thread:
                record.deleted = True
                self.history.pop(record.message_id, None)

    def shown_in(self, topic: Topic) -> list[str]:
        """Return the texts of the bot that stand in a topic, oldest first."""
        records = [record for record in self.messages if not record.deleted]
        own = [r for r in records if r.message.get("message_thread_id") == topic.thread]
        return [record.text for record in own]

    async def removes_bot(self, person: Person) -> None:
        """Let a person throw the bot out."""
        self.state = "kicked"
        self.bot_becomes("member", "kicked", person)

    async def takes_bot_back(self, person: Person) -> None:
        """Let a person add the bot again; its rights are those it has."""
        self.state = "open"
        self.bot_becomes("kicked", "member", person)

    def switches_topics(self, *, on: bool) -> None:
        """Switch topics on or off; the bot is not told, and the topics come back as they were."""
        if on:
            self.info["is_forum"] = True
        else:
            self.info.pop("is_forum", None)

    async def migrates(self, person: Person) -> Group:
        """Become a supergroup, and return it; the old chat tells callers its new number."""
        number = self.id - SUPERGROUPS
        self.moved = Group(self.server, {**self.info, "id": number, "type": "supergroup"}, "open")
        service = self.adds(person.user, {"migrate_to_chat_id": number})
        self.server.deliver("message", service)
        arrived = self.moved.adds(person.user, {"migrate_from_chat_id": self.id})
        self.server.deliver("message", arrived)
        return self.moved


# The server.


@dataclass
class Fault:
    """Something that goes wrong for the next `times` calls of a method, or in a chat."""

    kind: str  # fail, flood, lose or slow
    times: int
    method: str | None = None
    chat_id: int | None = None
    amount: float = 0  # the status, or seconds

    def hits(self, method: str, chat_id: Any) -> bool:
        """Tell whether this call is meant; the long poll is spared unless it is named."""
        meant = method != "getUpdates" if self.method is None else method == self.method
        return self.times > 0 and meant and self.chat_id in (None, chat_id)


@dataclass(frozen=True)
class Pace:
    """How many messages Telegram takes, over which it asks for a pause."""

    overall: int = 30  # in a second
    chat: int = 1  # in a second
    group: int = 20  # in a minute


@dataclass
class Flood:
    """A call that was answered with 429."""

    chat_id: int
    retry_after: int
    at: float  # by the server's clock


@dataclass(eq=False)
class Queued:
    """An update on its way; `again` keeps one that is redelivered until it has been handed out."""

    update: JSON
    again: bool = False


@dataclass
class Poll:
    """A getUpdates call that is waiting."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str | None = None

    def end(self, reason: str) -> None:
        """Let the call return; a reason is told as a conflict."""
        self.ended = reason
        self.wake.set()


ANSWERS: dict[str, Callable[..., Any]] = {}
Answer = TypeVar("Answer", bound=Callable[..., Any])


def answers(*methods: str) -> Callable[[Answer], Answer]:
    """Mark the function that answers a method, given its parameters; of several also its name."""

    def keep(answer: Answer) -> Answer:
        for method in methods:
            named = functools.partial(answer, method=method)
            ANSWERS[method] = named if len(methods) > 1 else answer
        return answer

    return keep


class FakeTelegram:
    """Telegram for one bot, listening on localhost while the `async with` block runs.

    `clock` returns seconds and serves the pace alone; `webhook_retry` is the first pause in seconds
    after a webhook failed, doubled each time up to a hundredfold.
    """

    def __init__(
        self,
        token: str = "123:abc",
        *,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        webhook_retry: float = 0.05,
    ) -> None:
        self.token, self.port, self.clock, self.webhook_retry = token, port, clock, webhook_retry
        self.url = ""
        self.me: JSON = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Neuvokas",
            "username": "neuvokas_test_bot",
        }
        self.violations: list[str] = []
        self.calls: list[tuple[str, JSON]] = []  # every call that passed the schema, oldest first
        self.floods: list[Flood] = []
        self.pace: Pace | None = None
        self.chats: dict[int, Chat] = {}
        self.presses: dict[str, Press] = {}
        self.inline: dict[str, Asked] = {}
        self.abilities: dict[str, bool] = dict.fromkeys(
            ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries"), True
        )
        self.files: dict[str, tuple[JSON, bytes]] = {}
        self.commands: dict[tuple[str, str], list[JSON]] = {}  # by scope (as JSON) and language
        self.profile: dict[tuple[str, str], str] = {}  # by name ("description"…) and language
        self.webhook: JSON = {}  # as given to setWebhook; empty while there is none
        self.updates: list[JSON] = []  # every update that was made, oldest first
        self.numbers = itertools.count(1)
        self._update_ids = itertools.count(700_000_001)
        self._pending: list[Queued] = []
        self._held: list[JSON] | None = None
        self._allowed = UPDATE_KINDS - NOT_BY_DEFAULT
        self._faults: list[Fault] = []
        self._accepted: deque[tuple[float, int]] = deque()
        self._poll: Poll | None = None
        self._arrived = asyncio.Event()
        self._webhook_error: JSON = {}
        self._delivery: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=UPLOAD_LIMIT + 2**20)
        people = "/_control/people/{id:\\d+}"
        app.add_routes(
            [
                web.route("*", "/bot{token:[^/]+}/{method}", self._on_call),
                web.get("/file/bot{token:[^/]+}/{path:.+}", self._on_download),
                web.post(f"{people}/says", self._on_says),
                web.post(f"{people}/presses", self._on_presses),
                web.get(f"{people}/heard", self._on_heard),
                web.get(f"{people}/messages", self._on_messages),
                web.get("/_control/violations", self._on_violations),
            ]
        )
        # A caller that gives up ends its long poll; the next one would be taken for a second bot.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stop_delivery()
        if self._poll:
            self._poll.end("")
        if self._runner:
            await self._runner.cleanup()

    # Who there is.

    def person(
        self,
        user_id: int | None = None,
        *,
        language_code: str | None = "fi",
        first_name: str = "Aino",
    ) -> Person:
        """Return the person with this id, new unless known; a new one has not written yet."""
        number = user_id or next(n for n in itertools.count(1001) if n not in self.chats)
        known = self.chats.get(number)
        if isinstance(known, Person):
            return known
        user = {"id": number, "is_bot": False, "first_name": first_name}
        return Person(self, user | ({"language_code": language_code} if language_code else {}))

    def group(self, title: str = "Naapurit", *, kind: str = "group", forum: bool = False) -> Group:
        """Return a new group with the bot in it; `kind` may be "supergroup".

        With `forum` it has topics, and the bot is an administrator who may manage them.
        """
        kind = "supergroup" if forum else kind
        number = -(5001 + len(self.chats)) - (SUPERGROUPS if kind == "supergroup" else 0)
        info: JSON = {"id": number, "type": kind, "title": title}
        group = Group(self, info | ({"is_forum": True} if forum else {}), "open")
        group.rights = {"can_manage_topics"} if forum else set()
        return group

    def stores(self, folder: str, suffix: str, content: bytes, size: int | None = None) -> JSON:
        """Keep a file for getFile and return its ids and size."""
        number = next(self.numbers)
        ids: JSON = {"file_id": f"file-{number}", "file_unique_id": f"u{number}"}
        file = {**ids, "file_size": len(content) if size is None else size}
        path = f"{folder}/file_{number}{suffix}"
        self.files[file["file_id"]] = ({**file, "file_path": path}, content)
        return file

    def expected(self, part: str) -> str:
        """Take the oldest violation, which must contain `part`, off the list and return it."""
        assert self.violations, f"no violation, though {part!r} was expected"
        assert part in self.violations[0], self.violations[0]
        return self.violations.pop(0)

    # What can go wrong, on demand.

    def flood(self, chat_id: int | None, retry_after: int, times: int = 1) -> None:
        """Answer the next `times` messages to a chat (None: any) with 429 and this pause."""
        self._faults.append(Fault("flood", times, None, chat_id, retry_after))

    def fail(self, status: int = 500, times: int = 1, method: str | None = None) -> None:
        """Answer the next `times` calls with this status before they have any effect."""
        self._faults.append(Fault("fail", times, method, amount=status))

    def lose_response(self, times: int = 1, method: str | None = "sendMessage") -> None:
        """Accept the next `times` calls, then drop the connection instead of answering."""
        self._faults.append(Fault("lose", times, method))

    def slow(self, seconds: float, times: int = 1, method: str | None = None) -> None:
        """Accept the next `times` calls at once, but answer them late."""
        self._faults.append(Fault("slow", times, method, amount=seconds))

    def enforce_pace(self, pace: Pace | None = None) -> None:
        """Answer 429 from now on to whoever sends faster than Telegram allows; see `floods`."""
        self.pace = pace or Pace()

    def expire_presses(self) -> None:
        """Let the buttons pressed so far be too old to answer, which is not the bot's fault."""
        for press in self.presses.values():
            press.expired = True

    # Updates on their way to the bot.

    def deliver(self, kind: str, payload: JSON) -> int | None:
        """Send the bot an update and return its id; None if the bot did not ask for this kind."""
        if kind not in self._allowed:
            return None
        # The payload is copied as it is now: an edit must not change updates already made.
        update = json.loads(json.dumps({"update_id": next(self._update_ids), kind: payload}))
        check_own(Update, update)
        self.updates.append(update)
        if self._held is None:
            self._queue(Queued(update))
        else:
            self._held.append(update)
        return int(update["update_id"])

    def redeliver(self, update_id: int | None = None) -> None:
        """Deliver an update (the newest unless named) once more, even if it was acknowledged."""
        wanted = [u for u in self.updates if update_id in (None, u["update_id"])]
        self._queue(Queued(wanted[-1], again=True))

    @contextlib.contextmanager
    def reordered(self, order: Callable[[list[JSON]], Iterable[JSON]] = reversed) -> Iterator[None]:
        """Hold updates back within the block, then deliver them in another order (newest first)."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for update in order(held):
                self._queue(Queued(update))

    def _queue(self, queued: Queued) -> None:
        self._pending.append(queued)
        self._arrived.set()
        if self._poll:
            self._poll.wake.set()

    def _take(self, offset: int, limit: int) -> list[JSON]:
        """Forget what the offset acknowledges and return what comes next."""
        if offset < 0:
            self._pending = self._pending[offset:]
        else:
            self._pending = [q for q in self._pending if q.again or q.update["update_id"] >= offset]
        batch = self._pending[:limit]
        for queued in batch:
            queued.again = False
        return [queued.update for queued in batch]

    async def _deliver_to_webhook(self) -> None:
        """Post the updates one after another, each until it is taken."""
        pause = self.webhook_retry
        async with ClientSession(timeout=ClientTimeout(total=60)) as http:
            while True:
                if not self._pending:
                    self._arrived.clear()
                    await self._arrived.wait()
                first = self._pending[0]
                error = await self._post_to_webhook(http, first.update)
                if error is None:
                    self._pending.remove(first)
                    pause = self.webhook_retry
                    continue
                told = {"last_error_date": int(time.time()), "last_error_message": error}
                self._webhook_error = told
                await asyncio.sleep(pause)
                pause = min(pause * 2, self.webhook_retry * 100)

    async def _post_to_webhook(self, http: ClientSession, update: JSON) -> str | None:
        secret = self.webhook.get("secret_token")
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            async with http.post(
                self.webhook["url"], json=update, headers=headers, allow_redirects=False
            ) as answer:
                body = await answer.text()
        except TimeoutError:
            return "Read timeout expired"
        except ClientError as error:
            return f"Connection failed: {type(error).__name__}"
        if not answer.ok or answer.status >= 300:
            return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        if body:
            await self._perform_answer(body)
        return None

    async def _perform_answer(self, body: str) -> None:
        """Carry out the call that a webhook's answer may hold; nobody hears what came of it."""
        try:
            sent: JSON = json.loads(body)
            method = sent.pop("method")
            p = checked(method, sent)
            self.calls.append((method, p))
            result = ANSWERS[method](self, p)
            if inspect.isawaitable(result):
                await result
        except Refusal as refusal:
            self.violations.append(f"webhook's answer: {refusal.code} {refusal.description}")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.violations.append(f"webhook's answer is no call: {error!r}")

    async def _stop_delivery(self) -> None:
        if self._delivery:
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)
            self._delivery = None

    # Calls from the bot.

    async def _on_call(self, request: web.Request) -> web.StreamResponse:
        """Check one call, carry it out and answer it."""
        method = request.match_info["method"]
        sent = await self._sent(request)
        chat_id = decoded(sent.get("chat_id"), int)
        try:
            self._check_token(request.match_info["token"])
            p = checked(method, sent)
            self.calls.append((method, p))
            self._hinder(method, p)
            result = ANSWERS[method](self, p)
            if inspect.isawaitable(result):
                result = await result
            check_own(SCHEMA[method].__returning__, result)
            body, status = {"ok": True, "result": result}, 200
        except Refusal as refusal:
            status, told = refusal.code, refusal.description
            body = {"ok": False, "error_code": status, "description": told}
            body |= {"parameters": refusal.parameters} if refusal.parameters else {}
            if refusal.blame:
                target = "" if chat_id is None else f" to {chat_id}"
                self.violations.append(f"{method}{target}: {status} {told}")
        except Exception as error:  # The bot would take it for an outage, and the test for nothing.
            self.violations.append(f"{method}: the fake failed: {error!r}")
            raise
        if late := self._fault("slow", method, chat_id):
            await asyncio.sleep(late.amount)
        if status == 200 and self._fault("lose", method, chat_id) and request.transport:
            request.transport.abort()
        if status == 502:  # It comes from the server in front of the Bot API, and is no JSON.
            page = "<html>502 Bad Gateway</html>"
            return web.Response(status=502, text=page, content_type="text/html")
        return web.json_response(body, status=status)

    async def _sent(self, request: web.Request) -> JSON:
        """Return the parameters from the address, a form or JSON; files as aiogram's kind."""
        sent: JSON = dict(request.query)
        if request.content_type == "application/json":
            given = cast("JSON", await request.json())
            return sent | {name: value for name, value in given.items() if value is not None}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as file:
                    sent[name] = BufferedInputFile(file.read(), value.filename)
            else:
                sent[name] = value
        return sent

    def _check_token(self, token: str) -> None:
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise Refusal(404, "Not Found")
        if token != self.token:
            raise Refusal(401, "Unauthorized")

    def _fault(self, kind: str, method: str, chat_id: Any) -> Fault | None:
        """Use up one of the faults of this kind that hit this call."""
        for fault in self._faults:
            if fault.kind == kind and fault.hits(method, chat_id):
                fault.times -= 1
                return fault
        return None

    def _hinder(self, method: str, p: JSON) -> None:
        """Refuse a call that an outage or a flood limit stands in the way of."""
        if fault := self._fault("fail", method, p.get("chat_id")):
            told = {500: "Internal Server Error", 502: "Bad Gateway"}.get(
                int(fault.amount), "Error"
            )
            raise Refusal(int(fault.amount), told, blame=False)
        if p.get("chat_id") not in self.chats or method == "sendChatAction":
            return
        flood = self._fault("flood", method, p["chat_id"])
        pause = math.ceil(flood.amount) if flood else 0
        # A new topic puts a message into the group as well.
        if not pause and method.startswith(("send", "createForumTopic")):
            pause = self._pause(p["chat_id"])
        if pause:
            self.floods.append(Flood(p["chat_id"], pause, self.clock()))
            told = f"Too Many Requests: retry after {pause}"
            raise Refusal(429, told, {"retry_after": pause}, blame=False)

    def _pause(self, chat_id: int) -> int:
        """Count one message; return 0, or the seconds until the pace allows it."""
        if not self.pace:
            return 0
        now, sent = self.clock(), self._accepted
        while sent and sent[0][0] <= now - 60:
            sent.popleft()
        # A second counts as 0.95: keeping the pace exactly must survive a jittery network.
        recent = [chat for at, chat in sent if at > now - 0.95]
        if len(recent) >= self.pace.overall or recent.count(chat_id) >= self.pace.chat:
            return 1
        minute = [at for at, chat in sent if chat == chat_id]
        if chat_id < 0 and len(minute) >= self.pace.group:
            return max(1, math.ceil(minute[-self.pace.group] + 60 - now))
        sent.append((now, chat_id))
        return 0

    def _chat(self, p: JSON) -> Chat:
        """Return the chat a call names, if the bot may write there."""
        chat = self.chats.get(p["chat_id"])
        if chat is None:
            raise bad("chat not found")
        if chat.moved:
            told = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, told, {"migrate_to_chat_id": chat.moved.id}, blame=False)
        if refusal := CLOSED.get(chat.state):
            raise Refusal(refusal.code, refusal.description, blame=refusal.blame)
        return chat

    def _record(self, p: JSON) -> tuple[Chat, Record]:
        """Return the bot's own message that a call wants to edit, and its chat."""
        if "chat_id" not in p or "message_id" not in p:
            raise bad("message identifier is not specified")
        chat = self._chat(p)
        for record in chat.messages:
            if record.message_id == p["message_id"] and not record.deleted:
                return chat, record
        known = p["message_id"] in chat.history
        raise bad("message can't be edited" if known else "message to edit not found")

    # Receiving.

    @answers("getMe")
    def _get_me(self, _: JSON) -> JSON:
        return {**self.me, **self.abilities}

    @answers("getUpdates")
    async def _get_updates(self, p: JSON) -> list[JSON]:
        if self.webhook:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if self._poll:
            # A caller that has hung up may not have been noticed yet.
            await asyncio.sleep(0.02)
        if self._poll:
            self._poll.end(
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )
        self._allow(p)
        poll = self._poll = Poll()
        limit = min(max(p.get("limit", 100), 1), 100)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(p.get("timeout", 0), 50)):
                    while not (batch := self._take(p.get("offset", 0), limit)):
                        await poll.wake.wait()
                        poll.wake.clear()
                        if poll.ended is not None:
                            break
        finally:
            if self._poll is poll:
                self._poll = None
        if poll.ended:
            raise Refusal(409, poll.ended)
        return batch

    def _allow(self, p: JSON) -> None:
        """Keep the kinds of update the bot asks for; a call that names none changes nothing."""
        if "allowed_updates" not in p:
            return
        if unknown := set(p["allowed_updates"]) - UPDATE_KINDS:
            raise bad(f"unknown kind of update {min(unknown)!r}")  # Telegram would ignore it.
        self._allowed = set(p["allowed_updates"]) or UPDATE_KINDS - NOT_BY_DEFAULT

    @answers("setWebhook")
    async def _set_webhook(self, p: JSON) -> bool:
        if not p["url"]:
            return await self._delete_webhook(p)
        parts = urlsplit(p["url"])
        # Plain HTTP is what Telegram's own local server allows; tests need it on this machine.
        if parts.scheme != "https" and not is_local(parts.hostname or ""):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if parts.scheme == "https" and (parts.port or 443) not in (443, 80, 88, 8443):
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", p.get("secret_token", "none")):
            raise bad("secret token contains unallowed characters or is not of 1-256 characters")
        self._allow(p)
        if self._poll:
            self._poll.end("Conflict: terminated by setWebhook request")
        await self._stop_delivery()
        if p.get("drop_pending_updates"):
            self._pending.clear()
        self.webhook, self._webhook_error = p, {}
        self._delivery = asyncio.create_task(self._deliver_to_webhook())
        return True

    @answers("deleteWebhook")
    async def _delete_webhook(self, p: JSON) -> bool:
        await self._stop_delivery()
        self.webhook, self._webhook_error = {}, {}
        if p.get("drop_pending_updates"):
            self._pending.clear()
        return True

    @answers("getWebhookInfo")
    def _get_webhook_info(self, _: JSON) -> JSON:
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": "certificate" in self.webhook,
            "pending_update_count": len(self._pending),
            "allowed_updates": sorted(self._allowed),
            **self._webhook_error,
        }

    # Messages.

    def _posts(self, p: JSON, content: JSON) -> JSON:
        """Add the bot's message to its chat and return it."""
        chat, reply = self._chat(p), p.get("reply_parameters")
        topic = self._topic(p, chat) if "message_thread_id" in p else None
        if reply and reply["message_id"] in chat.history:
            content["reply_to_message"] = chat.history[reply["message_id"]]
        elif reply and not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        markup = p.get("reply_markup")
        # A message carries its inline keyboard; a reply keyboard is shown, but not told of again.
        inline = markup if markup and markup.get("inline_keyboard") else None
        self._check_inline_buttons(inline)
        message = chat.adds(self.me, {**content, "reply_markup": inline}, topic)
        record = Record(message, markup, p)
        chat.messages.append(record)
        if record.text:
            chat.heard.append(record.text)
        chat.shows(record)
        return message

    def _topic(self, p: JSON, chat: Chat) -> Topic:
        """Return the topic in which the bot may write."""
        topic = chat.topics.get(p["message_thread_id"]) if isinstance(chat, Group) else None
        if topic is None or topic.deleted or not chat.info.get("is_forum"):
            # A topic that was there may have been deleted meanwhile; the bot is not told of that.
            told = "Bad Request: message thread not found"
            raise Refusal(400, told, blame=topic is None)
        if topic.closed and "can_manage_topics" not in cast("Group", chat).rights:
            raise Refusal(400, "Bad Request: TOPIC_CLOSED", blame=False)
        return topic

    def _check_inline_buttons(self, markup: JSON | None) -> None:
        """Refuse a button that begins an inline query where the bot has no inline mode."""
        buttons = itertools.chain(*(markup or {}).get("inline_keyboard", []))
        wanted = any(name.startswith("switch_inline") for button in buttons for name in button)
        if wanted and not self.abilities["supports_inline_queries"]:
            raise bad("BUTTON_TYPE_INVALID")

    @answers("sendMessage")
    def _send_message(self, p: JSON) -> JSON:
        text, entities = formatted(p, "text")
        self._chat(p)
        check_text(text)
        return self._posts(p, {"text": text, "entities": entities})

    @answers("sendPhoto", "sendDocument", "sendVoice")
    def _send_file(self, p: JSON, method: str) -> JSON:
        kind = method.removeprefix("send").lower()
        caption, entities = formatted(p, "caption")
        self._chat(p)
        check_caption(caption)
        given: Any = p[kind]
        name = ""
        if isinstance(given, BufferedInputFile):
            if not given.data:
                raise bad("file must be non-empty")
            if len(given.data) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
                raise Refusal(413, "Request Entity Too Large")
            if kind == "photo":
                check_photo(given.data)
            if kind == "voice" and (person := self.chats.get(p["chat_id"])):
                check_voice(given.data, person)
            name = given.filename or "file"
            file = self.stores(f"{kind}s", "." + name.rpartition(".")[2], given.data)
        elif given in self.files:
            file = {k: v for k, v in self.files[given][0].items() if k != "file_path"}
        elif is_public_url(given):
            file = self.stores(f"{kind}s", ".bin", b"?")
        else:
            raise bad("wrong file identifier/HTTP URL specified")
        sized = [{**file, "width": 1280, "height": 853}]
        named = {"file_name": name} if name else {}
        shown: Any = {**file, **({"duration": 3} if kind == "voice" else named)}
        shown = sized if kind == "photo" else shown
        return self._posts(p, {kind: shown, "caption": caption, "caption_entities": entities})

    @answers("editMessageText", "editMessageCaption", "editMessageReplyMarkup")
    def _edit_message(self, p: JSON, method: str) -> JSON:
        change: JSON = {}
        kind = method.removeprefix("editMessage").lower()
        if kind != "replymarkup":
            shown, entities = formatted(p, kind)
            change[kind] = shown
            change["entities" if kind == "text" else "caption_entities"] = entities
        chat, record = self._record(p)
        if kind == "text" and "text" not in record.message:
            raise bad("there is no text in the message to edit")
        if kind == "caption" and "text" in record.message:
            raise bad("there is no caption in the message to edit")
        if kind == "text":
            check_text(shown)
        elif kind == "caption":
            check_caption(shown)
        # An edit without a keyboard takes the old one away.
        markup = p.get("reply_markup") or {}
        change["reply_markup"] = markup if markup.get("inline_keyboard") else None
        if all((record.message.get(name) or None) == (new or None) for name, new in change.items()):
            raise bad(
                "message is not modified: specified new message content and reply markup "
                "are exactly the same as a current content and reply markup of the message"
            )
        before = record.text
        record.message |= {**change, "edit_date": int(time.time())}
        for name in [name for name, value in record.message.items() if value in (None, [], "")]:
            del record.message[name]
        record.reply_markup = change["reply_markup"]
        if record.text != before:
            record.edits.append(before)
            chat.shows(record)
        return record.message

    @answers("deleteMessage")
    def _delete_message(self, p: JSON) -> bool:
        chat = self._chat(p)
        message = chat.history.pop(p["message_id"], None)
        if message is None:
            raise bad("message to delete not found")
        if message["from"] != self.me and not isinstance(chat, Person):
            raise bad("message can't be deleted")
        for record in chat.messages:
            record.deleted = record.deleted or record.message is message
        return True

    @answers("sendChatAction")
    def _send_chat_action(self, p: JSON) -> bool:
        if not CHAT_ACTION.fullmatch(p["action"]):
            raise bad("wrong parameter action in request")
        self._chat(p).actions.append(p["action"])
        return True

    @answers("answerCallbackQuery")
    def _answer_callback_query(self, p: JSON) -> bool:
        if units(p.get("text", "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        press = self.presses.get(p["callback_query_id"])
        if press is None or press.expired:
            told = "query is too old and response timeout expired or query ID is invalid"
            raise Refusal(400, f"Bad Request: {told}", blame=press is None)
        press.answer = p
        return True

    @answers("answerInlineQuery")
    def _answer_inline_query(self, p: JSON) -> bool:
        asked = self.inline.get(p["inline_query_id"])
        if asked is None or asked.answer is not None:
            told = "query is too old and response timeout expired or query ID is invalid"
            raise Refusal(400, f"Bad Request: {told}", blame=asked is None)
        results = p["results"]
        if len(results) > INLINE_LIMIT:
            raise bad("RESULTS_TOO_MUCH")
        if len({result["id"] for result in results}) < len(results):
            raise bad("RESULT_ID_DUPLICATE")
        for result in results:
            if not 0 < len(result["id"].encode()) <= 64:
                raise bad("RESULT_ID_INVALID")
            if result["type"] != "article":
                raise bad("this fake shows only articles")
            if not result["title"].strip():
                raise bad("ARTICLE_TITLE_EMPTY")
            check_text(formatted(dict(result["input_message_content"]), "message_text")[0])
        start = p.get("button", {}).get("start_parameter")
        if start is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", start):
            raise bad("START_PARAM_INVALID")
        asked.answer = p
        return True

    # Groups with topics.

    @answers("createForumTopic")
    def _create_forum_topic(self, p: JSON) -> JSON:
        chat = self._forum(p, "create a topic")
        name = topic_name(p["name"])
        color = {"icon_color": 7322096}
        opening = chat.adds(self.me, {"forum_topic_created": {"name": name, **color}})
        thread = opening["message_id"]
        opening |= {"message_thread_id": thread, "is_topic_message": True}
        chat.topics[thread] = Topic(thread, name, opening=opening)
        return {"message_thread_id": thread, "name": name, **color}

    @answers("editForumTopic")
    def _edit_forum_topic(self, p: JSON) -> bool:
        chat = self._forum(p, "manage topics")
        topic = self._known_topic(p, chat)
        name = topic_name(p.get("name") or topic.name)
        if name == topic.name:
            raise bad("TOPIC_NOT_MODIFIED")
        topic.names.append(topic.name)
        topic.name = name
        chat.adds(self.me, {"forum_topic_edited": {"name": name}}, topic)
        return True

    @answers("closeForumTopic", "reopenForumTopic")
    def _close_forum_topic(self, p: JSON, method: str) -> bool:
        chat = self._forum(p, "manage topics")
        topic, wanted = self._known_topic(p, chat), method == "closeForumTopic"
        if topic.closed is wanted:
            # How it stands cannot be asked for, so this answer is how a bot learns it.
            raise Refusal(400, "Bad Request: TOPIC_NOT_MODIFIED", blame=False)
        topic.closed = wanted
        chat.adds(self.me, {f"forum_topic_{'closed' if wanted else 'reopened'}": {}}, topic)
        return True

    def _forum(self, p: JSON, wish: str) -> Group:
        """Return the group with topics a call names, if the bot may do this there."""
        chat = self._chat(p)
        if not isinstance(chat, Group) or not chat.info.get("is_forum"):
            # An administrator may have switched topics off; the bot is not told.
            blame = not isinstance(chat, Group) or not chat.topics
            raise Refusal(400, "Bad Request: the chat is not a forum", blame=blame)
        if "can_manage_topics" not in chat.rights:
            # An administrator may have taken the right away; the bot is not always told.
            raise Refusal(400, f"Bad Request: not enough rights to {wish}", blame=False)
        return chat

    def _known_topic(self, p: JSON, chat: Group) -> Topic:
        topic = chat.topics.get(p["message_thread_id"])
        if topic is None or topic.deleted:
            raise Refusal(400, "Bad Request: TOPIC_ID_INVALID", blame=topic is None)
        return topic

    @answers("setMessageReaction")
    def _set_message_reaction(self, p: JSON) -> bool:
        chat = self._chat(p)
        if p["message_id"] not in chat.history:
            raise Refusal(400, "Bad Request: message to react not found", blame=False)
        # Custom ones need a premium account, which no bot has.
        emoji = [reaction.get("emoji", "custom") for reaction in p.get("reaction", [])]
        if len(emoji) > 1:
            raise bad("too many reactions")
        if any(one not in REACTIONS for one in emoji):
            raise bad("REACTION_INVALID")
        if isinstance(chat, Group):
            if chat.reactions is not None and not chat.reactions.issuperset(emoji):
                raise Refusal(400, "Bad Request: REACTION_INVALID", blame=False)
            chat.reacted[p["message_id"]] = emoji
        return True

    @answers("getChat")
    def _get_chat(self, p: JSON) -> JSON:
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
        accepted = {"accepted_gift_types": dict.fromkeys((*gifts, "gifts_from_channels"), False)}
        return {**self._chat(p).info, "accent_color_id": 0, "max_reaction_count": 11, **accepted}

    @answers("getChatMember")
    def _get_chat_member(self, p: JSON) -> JSON:
        chat = self._chat(p)
        if not isinstance(chat, Group):
            raise bad("method is available for groups only")
        if p["user_id"] != self.me["id"]:
            person = self.chats.get(p["user_id"])
            if not isinstance(person, Person):
                raise Refusal(400, "Bad Request: user not found", blame=False)
            inside = person.id in chat.members | chat.managers
            return {"status": "member" if inside else "left", "user": person.user}
        if not chat.rights:
            return {"status": "member", "user": self.me}
        names = (
            *("can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
            *("can_restrict_members", "can_promote_members", "can_change_info"),
            *("can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories"),
            *("can_send_welcome_messages", "can_pin_messages", "can_manage_topics"),
        )
        rights = {name: name in chat.rights | {"can_manage_chat"} for name in names}
        own = {"can_be_edited": False, "is_anonymous": False}
        return {"status": "administrator", "user": self.me, **own, **rights}

    @answers("getFile")
    def _get_file(self, p: JSON) -> JSON:
        if p["file_id"] not in self.files:
            raise bad("invalid file_id")
        file, _ = self.files[p["file_id"]]
        if file["file_size"] > DOWNLOAD_LIMIT:
            raise bad("file is too big")
        return file

    # How the bot presents itself.

    @answers("setMyCommands")
    def _set_my_commands(self, p: JSON) -> bool:
        key, commands = scope_of(p), p.get("commands", [])
        if "chat_id" in p.get("scope", {}):
            self._chat(p["scope"])
        if len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= units(command["description"].strip()) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[key] = commands
        return True

    @answers("getMyCommands")
    def _get_my_commands(self, p: JSON) -> list[JSON]:
        return self.commands.get(scope_of(p), [])

    @answers("setMyDescription", "setMyShortDescription", "setMyName")
    def _set_profile(self, p: JSON, method: str) -> bool:
        name, limit = PROFILE[method.removeprefix("setMy")]
        if units(p.get(name, "")) > limit:
            raise bad(f"{name} is too long")
        self.profile[name, scope_of(p)[1]] = p.get(name, "")
        return True

    @answers("getMyDescription", "getMyShortDescription", "getMyName")
    def _get_profile(self, p: JSON, method: str) -> JSON:
        name, _ = PROFILE[method.removeprefix("getMy")]
        default = self.profile.get((name, ""), "")
        return {name: self.profile.get((name, scope_of(p)[1])) or default}

    # Downloads, and the operator's side.

    async def _on_download(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            self.violations.append("download: 401 Unauthorized")
            raise web.HTTPUnauthorized
        for file, content in self.files.values():
            if file["file_path"] == request.match_info["path"]:
                return web.Response(body=content)
        raise web.HTTPNotFound

    async def _on_says(self, request: web.Request) -> web.Response:
        said = await request.json()
        known = {"language_code": said["language_code"]} if "language_code" in said else {}
        person = self.person(int(request.match_info["id"]), **known)
        try:
            message_id = await person.says(said["text"])
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"message_id": message_id})

    async def _on_presses(self, request: web.Request) -> web.Response:
        try:
            await self._known(request).presses((await request.json())["button"])
        except AssertionError as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.json_response({})

    async def _on_heard(self, request: web.Request) -> web.Response:
        return web.json_response({"heard": self._known(request).heard})

    async def _on_messages(self, request: web.Request) -> web.Response:
        records = self._known(request).messages
        return web.json_response({"messages": [r.message for r in records if not r.deleted]})

    async def _on_violations(self, _: web.Request) -> web.Response:
        return web.json_response({"violations": self.violations})

    def _known(self, request: web.Request) -> Person:
        person = self.chats.get(int(request.match_info["id"]))
        if not isinstance(person, Person):
            raise web.HTTPNotFound(text="nobody with this id has written yet")
        return person


PROFILE = {
    "Description": ("description", 512),
    "ShortDescription": ("short_description", 120),
    "Name": ("name", 64),
}


def scope_of(p: JSON) -> tuple[str, str]:
    """Return whom a command list or description is for: the scope as JSON, and the language."""
    language = p.get("language_code", "")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise bad("invalid language code specified")
    return json.dumps(p.get("scope") or {"type": "default"}, sort_keys=True), language


def topic_name(name: str) -> str:
    """Return a topic's name as it is shown; a longer one would quietly be cut."""
    if not name.strip():
        raise bad("topic title must be non-empty")
    if units(name) > TOPIC_NAME_LIMIT:
        raise bad("topic title is too long")
    return name.strip()


def check_text(text: str) -> None:
    """Refuse a message that is empty or too long once its entities are parsed."""
    if not text:
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("message is too long")


def check_caption(caption: str) -> None:
    """Refuse a caption that is too long once its entities are parsed."""
    if units(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")


def check_photo(content: bytes) -> None:
    """Refuse what Telegram does not show as a photo; a bot may well try and send a document then."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    except OSError:
        raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED", blame=False) from None
    if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
        raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", blame=False)


def check_voice(content: bytes, chat: Chat) -> None:
    """Refuse a voice message that is no Opus, and one to somebody who takes none."""
    if not content.startswith(b"OggS") or b"OpusHead" not in content[:200]:
        # Telegram would send it as a file; here it is the bot that has to say so.
        raise bad("a voice message must be Opus in Ogg")
    if isinstance(chat, Person) and not chat.takes_voice:
        raise Refusal(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", blame=False)


def is_local(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve(token: str, port: int) -> None:
    """Print the address and serve until the process is interrupted or terminated."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with FakeTelegram(token, port=port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="A Telegram to try the bot against.")
    options.add_argument("--port", type=int, default=9090)
    options.add_argument("--token", default="123:abc")
    chosen = options.parse_args()
    asyncio.run(serve(chosen.token, chosen.port))
