"""What residents say, and how each channel carries it."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from benchmarks.load import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load import Client

LOCALES = ("fi", "fi", "fi", "sv", "en")
QUESTIONS = {
    "fi": (
        "Paljonko digituki maksaa?",
        "mistä saan apua puhelimen kans Itäkeskuksessa",
        "sain tekstiviestin jossa pyydettiin pankkitunnuksia, mitä teen",
        "pitääkö pihajuhlista ilmottaa jollekin",
        "mihin aikaan digituen puhelin on auki",
        "voiko joku opettaa tabletin käyttöä kirjastossa",
        "haluisin järjestää konsertin puistossa, mitä lupia tarvii",
        "naapurin koira haukkuu parvekkeella joka yö",
    ),
    "sv": (
        "Vad kostar digistödet?",
        "var får jag hjälp med min telefon nära Kallio",
        "jag fick ett konstigt meddelande från banken",
        "behöver jag tillstånd för en gatufest",
        "när är telefonrådgivningen öppen",
        "kan någon visa hur man använder en surfplatta",
        "hur anmäler man ett evenemang",
        "grannens hund skäller hela natten",
    ),
    "en": (
        "How much does digital support cost?",
        "where do i get help with my phone near Kallio",
        "someone called and asked for my bank codes, is it a scam",
        "do i need a permit for a street party",
        "what time does the help line open",
        "can somebody teach me to use a tablet at the library",
        "how do i book a place in the park for a concert",
        "my neighbour's dog barks all night",
    ),
}
HELP = {"fi": "ohje", "sv": "hjälp", "en": "help"}
REPEAT = {"fi": "toista", "sv": "upprepa", "en": "repeat"}
HUMAN = {"fi": "ihminen", "sv": "människa", "en": "human"}
STATUS = {"fi": "tilanne", "sv": "läge", "en": "status"}
STOP = {"fi": "lopeta", "sv": "sluta", "en": "stop"}
CHOICES = ("show:digituki-phone", "helped:digituki-phone", "show:digituki-place", "help")
# Every so many visits somebody asks for a person, adds a line and thinks better of it.
ASKS_FOR_PERSON = 8


class Talk:
    """What one resident says, one thing after another without end: ("text" | "choice", words)."""

    def __init__(self, number: int) -> None:
        self.locale = LOCALES[number % len(LOCALES)]
        self._visit = number
        self._left: list[tuple[str, str]] = []

    def next(self) -> tuple[str, str]:
        """Return what the resident says next."""
        if not self._left:
            self._left = list(self._next_visit())
            self._visit += 1
        return self._left.pop(0)

    def _next_visit(self) -> Sequence[tuple[str, str]]:
        if self._visit % ASKS_FOR_PERSON == 0:
            said = (HUMAN, STATUS)
            return (
                ("text", self._question(0)),
                *(("text", words[self.locale]) for words in said),
                ("text", self._question(1)),
                ("choice", "cancel-yes"),
            )
        command = (HELP, REPEAT)[self._visit % 2][self.locale]
        return (
            ("text", self._question(0)),
            ("text", "1"),
            ("text", self._question(3)),
            ("choice", CHOICES[self._visit % len(CHOICES)]),
            ("text", command),
            ("text", self._question(5)),
            # Whoever began the event guide would otherwise be asked about one event for ever.
            ("text", STOP[self.locale]),
        )

    def _question(self, ahead: int) -> str:
        questions = QUESTIONS[self.locale]
        return questions[(self._visit + ahead) % len(questions)]


class Web:
    """Residents at the web chat's API.

    Args:
        opened: Each conversation's id and token.
    """

    def __init__(self, opened: Sequence[tuple[str, str]]) -> None:
        self.conversations = len(opened)
        self._opened = opened
        self._talks = [Talk(number) for number in range(len(opened))]
        self._keys = count()

    @classmethod
    async def arrive(cls, client: Client, conversations: int) -> Web:
        """Return residents, each with a conversation begun."""

        async def begin(number: int) -> tuple[str, str]:
            body = json.dumps({"locale": Talk(number).locale}).encode()
            begun = json.loads(await client.post(Request("/api/v1/conversations", {}, body)))
            return begun["id"], begun["token"]

        return cls(await asyncio.gather(*map(begin, range(conversations))))

    def next(self, conversation: int) -> Request:
        """Return what this conversation says next, with a key as the page sends it."""
        id_, token = self._opened[conversation]
        kind, words = self._talks[conversation].next()
        return Request(
            f"/api/v1/conversations/{id_}/messages",
            {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{next(self._keys)}"},
            json.dumps({kind: words}, ensure_ascii=False).encode(),
        )


class Telegram:
    """Residents in private chats with the bot; updates come as Telegram posts them.

    Args:
        secret: What Telegram sends with each update.
    """

    def __init__(self, conversations: int, secret: str) -> None:
        self.conversations = conversations
        self._headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        self._talks = [Talk(number) for number in range(conversations)]
        self._updates = count(800_000_001)

    def next(self, conversation: int) -> Request:
        """Return the update that carries what this conversation says next."""
        kind, words = self._talks[conversation].next()
        number = next(self._updates)
        update = {"update_id": number} | (
            {"message": self._message(conversation, number, words)}
            if kind == "text"
            else {"callback_query": self._press(conversation, number, words)}
        )
        return Request("/telegram", self._headers, json.dumps(update, ensure_ascii=False).encode())

    def _message(self, conversation: int, number: int, text: str) -> dict[str, Any]:
        return {
            "message_id": number % 1_000_000,
            "from": self._person(conversation),
            "chat": self._chat(conversation),
            "date": int(time.time()),
            "text": text,
        }

    def _press(self, conversation: int, number: int, value: str) -> dict[str, Any]:
        bot = {"id": 123456, "is_bot": True, "first_name": "Neuvokas", "username": "neuvokas_bot"}
        message = self._message(conversation, number, "Tarkoititko jotain näistä?")
        buttons = [[{"text": "Puhu ihmisen kanssa", "callback_data": value}]]
        return {
            "id": str(number),
            "from": self._person(conversation),
            "message": message | {"from": bot, "reply_markup": {"inline_keyboard": buttons}},
            "chat_instance": str(conversation),
            "data": value,
        }

    def _person(self, conversation: int) -> dict[str, Any]:
        locale = self._talks[conversation].locale
        known = {"first_name": "Aino", "last_name": "Virtanen", "username": f"aino{conversation}"}
        return {"id": 5001 + conversation, "is_bot": False, **known, "language_code": locale}

    def _chat(self, conversation: int) -> dict[str, Any]:
        known = {"first_name": "Aino", "last_name": "Virtanen", "username": f"aino{conversation}"}
        return {"id": 5001 + conversation, **known, "type": "private"}


class Echoed:
    """What other residents say, sent to the echo instead."""

    def __init__(self, residents: Web | Telegram) -> None:
        self.conversations = residents.conversations
        self._residents = residents

    def next(self, conversation: int) -> Request:
        """Return the same request with another address."""
        said = self._residents.next(conversation)
        return Request("/echo", said.headers, said.body)
