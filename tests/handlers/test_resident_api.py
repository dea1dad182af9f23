"""The resident API: what programs send, and what they are told."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.cleaning import LONGEST_TEXT
from bot.errors import NotFound, TextMissing, TextTooLong, Unauthenticated
from bot.models import Message
from bot.replies import Replies
from bot.texts import texts
from tests.conftest import WebResident
from tests.handlers.conftest import Browser, escalated, raw, rows, told

API = "/api/v1/conversations"
QUESTION = "Paljonko digituki maksaa?"


async def conversation(house, locale="fi"):
    resident = WebResident(house, locale)
    await resident.arrives()
    return resident


async def saying(resident, body, **headers):
    return await resident.call("POST", f"/{resident.id}/messages", json=body, headers={**headers})


@pytest.mark.parametrize(
    ("locale", "accepted", "greeted"),
    [
        ("fi", "en", "fi"),
        ("sv", "fi", "sv"),
        ("en", "fi", "en"),
        (None, "sv-FI, en;q=0.5", "sv"),
        (None, "", "fi"),
        (None, "de", "en"),
    ],
)
async def test_begin(house, browser, town, locale, accepted, greeted):
    """A conversation begins with an id, a token and a greeting in the language asked for."""
    answer = await browser.asks(
        "POST", API, json={"locale": locale}, headers={"Accept-Language": accepted}
    )
    assert answer.status == 201
    assert set(answer.json) == {"id", "token", "messages"}
    assert answer.location == f"{API}/{answer.json['id']}/messages"
    [greeting] = answer.json["messages"]
    assert greeting["text"] == Replies(town, greeted).welcome().text
    assert [choice["value"] for choice in greeting["choices"]] == [
        "lang:fi",
        "lang:sv",
        "lang:en",
        "human",
    ]


async def test_begin_without_a_body(browser):
    """A conversation can be begun with an empty request."""
    assert (await browser.asks("POST", API)).status == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"fi"', 400),
        (b"\xff\xfe", 400),
        (b'{"locale": "de"}', 422),
        (b'{"locale": ["fi"]}', 422),
        (b'{"locale": 7}', 422),
    ],
)
async def test_begin_with_a_bad_body(browser, body, status):
    """What is no JSON object, or names no language of ours, is refused in the reader's language."""
    answers = [
        await browser.asks("POST", API, data=body, headers={"Accept-Language": tag})
        for tag in ("en", "sv")
    ]
    for answer in answers:
        assert (answer.status, answer.json["status"]) == (status, status)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answers[0].json["detail"] != answers[1].json["detail"]


async def test_answer_has_its_source(house, town):
    """The resident's own message comes back first, then the answer with its source and review date."""
    resident = await conversation(house)
    status, body = await saying(resident, {"text": QUESTION})
    assert status == 200
    own, answer = body["messages"]
    assert (own["author"], own["text"], own["entry"]) == ("resident", QUESTION, None)
    entry = town.book.entries["digituki-price"]
    assert answer["author"] == "bot"
    assert answer["text"] == entry.texts["fi"].answer
    assert answer["entry"] == {
        "id": entry.id,
        "source": entry.source,
        "reviewed": entry.reviewed.isoformat(),
    }
    assert own["id"] < answer["id"]
    assert own["at"].endswith("Z")


async def test_choice_is_shown_by_its_label(house):
    """A pressed button is heard by its value and shown by its label; the ticket's number comes along."""
    resident = await conversation(house)
    _status, body = await saying(resident, {"choice": "human"})
    own, receipt = body["messages"]
    assert own["text"] == texts("fi").gettext("Talk to a person")
    assert own["ticket"] == receipt["ticket"]
    assert own["ticket"] in receipt["text"]


async def test_after(house):
    """Everything after a message is given, oldest first, and nothing else."""
    resident = await conversation(house)
    _status, body = await saying(resident, {"text": QUESTION})
    own, *replies = body["messages"]
    _status, everything = await resident.call("GET", f"/{resident.id}/messages")
    ids = [message["id"] for message in everything["messages"]]
    assert ids == sorted(ids)
    assert len(ids) == 2 + len(replies)
    for after, expected in ((0, everything["messages"]), (own["id"], replies), (ids[-1], [])):
        _status, later = await resident.call("GET", f"/{resident.id}/messages?after={after}")
        assert later["messages"] == expected


@pytest.mark.parametrize(
    "after",
    ["-1", "x", "1.5", "", "٣", "9" * 19, pytest.param("9" * 5000, id="5,000 digits")],
)
async def test_after_what(house, after):
    """What is no message's number is refused, however long it is."""
    resident = await conversation(house)
    status, problem = await resident.call("GET", f"/{resident.id}/messages?after={after}")
    assert (status, problem["status"]) == (400, 400)
    status, _problem = await resident.call(
        "GET", f"/{resident.id}/events", headers={"Last-Event-ID": after or "x"}
    )
    assert status == 400


async def test_redelivery_is_harmless(either_house):
    """The same Idempotency-Key says a thing once, even many times at once, and answers the same."""
    resident = await conversation(either_house)
    again = [saying(resident, {"choice": "human"}, **{"Idempotency-Key": "k1"}) for _ in range(5)]
    answers = await asyncio.gather(*again)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 200
    _status, other = await saying(resident, {"text": QUESTION}, **{"Idempotency-Key": "k2"})
    assert other["messages"][0]["id"] > answers[0][1]["messages"][-1]["id"]
    assert await rows(either_house.database, Message) == 1 + 2 + len(other["messages"])


async def test_same_key_in_two_conversations(house):
    """A key belongs to its conversation: another resident's same key changes nothing."""
    first, second = await conversation(house), await conversation(house)
    for resident in (first, second):
        _status, body = await saying(resident, {"text": QUESTION}, **{"Idempotency-Key": "1"})
        assert body["messages"][0]["id"]
        assert len(body["messages"]) == 2


@pytest.mark.parametrize("key", ["", "x" * 81])
async def test_key_that_is_none(house, key):
    """An empty or overlong Idempotency-Key is refused, and nothing is said."""
    resident = await conversation(house)
    status, problem = await saying(resident, {"text": QUESTION}, **{"Idempotency-Key": key})
    assert status == 400
    assert "80" in problem["detail"]
    assert await rows(house.database, Message) == 1


BAD = {
    "no JSON": (b"{text", 400),
    "nothing": (b"", 400),
    "not an object": (b'["text"]', 400),
    "a number": (b"7", 400),
    "not UTF-8": (b'{"text": "\xe4"}', 400),
    "deep": (b"[" * 50_000, 400),
    "long number": (b'{"text": ' + b"1" * 5_000 + b"}", 400),
    "no text": (b"{}", 422),
    "null": (b'{"text": null}', 422),
    "both": (b'{"text": "a", "choice": "human"}', 422),
    "text is a number": (b'{"text": 7}', 422),
    "choice is a list": (b'{"choice": ["human"]}', 422),
    "empty": (b'{"text": ""}', 422),
    "spaces": (b'{"text": " \\n\\t "}', 422),
    "control characters": (b'{"text": "\\u0000\\u0007\\u001b"}', 422),
    "joiners": (b'{"text": "\\u200d\\u2060\\u202e"}', 422),
    "empty choice": (b'{"choice": ""}', 422),
    "100,000 characters": (json.dumps({"text": "x" * 100_000}).encode(), 422),
    "a little too long": (json.dumps({"text": "x" * (LONGEST_TEXT + 1)}).encode(), 422),
    "long choice": (json.dumps({"choice": "x" * 100_000}).encode(), 422),
    "300 KB": (b'{"text": "' + b"x" * 300_000 + b'"}', 413),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input(house, name):
    """Every bad body gets a problem document in the conversation's language, and nothing is saved."""
    body, status = BAD[name]
    details = []
    for locale in ("fi", "sv"):
        resident = await conversation(house, locale)
        got, problem = await resident.call(
            "POST", f"/{resident.id}/messages", data=body, headers={"Accept-Language": locale}
        )
        assert (got, problem["status"]) == (status, status), problem
        assert problem["type"] == "about:blank"
        details.append(problem["detail"])
    assert details[0] != details[1]
    assert await rows(house.database, Message) == 2


async def test_error_speaks_the_conversations_language(house):
    """What cannot be read is said in the language spoken, whatever the browser prefers."""
    resident = await conversation(house, "sv")
    english = {"Accept-Language": "en"}
    _status, problem = await saying(resident, {"text": " "}, **english)
    assert problem["detail"] == told(TextMissing(), "sv")
    _status, problem = await saying(resident, {"text": "x" * 5000}, **english)
    assert problem["detail"] == told(TextTooLong(5000, LONGEST_TEXT), "sv")


async def test_control_characters_are_left_out(either_house):
    """Control and half characters inside a text are dropped or marked; the rest is heard."""
    resident = await conversation(either_house)
    status, body = await saying(resident, {"text": "Paljonko\u0000 digituki\u001b maksaa?\ud83d"})
    assert status == 200
    assert body["messages"][0]["text"] == "Paljonko digituki maksaa?\ufffd"


UNKNOWN = (
    "nonsense",
    "show:no-such-entry",
    "lang:xx",
    "human:digituki-price",
    "solved:abc",
    "solved:1",
    "unsolved:" + "9" * 30,
    "easy:",
    ":",
    "🙂" * 40,
    "Robert'); DROP TABLE messages;--",
)


async def test_unknown_choice(either_house):
    """A choice that is none (any more) gets a clear reply with ways on, never an error."""
    resident = await conversation(either_house)
    unknown = Replies(either_house.town, "fi").unknown_choice()
    for choice in UNKNOWN:
        status, body = await saying(resident, {"choice": choice})
        assert status == 200, (choice, body)
        _own, reply = body["messages"]
        assert reply["text"] == unknown.text, choice
        assert reply["choices"]


async def test_choice_about_anothers_ticket(house, maija, town):
    """Somebody else's ticket cannot be reopened by guessing its number."""
    _owner, number = await escalated(house)
    await maija.closes(number)
    stranger = await conversation(house)
    _status, body = await saying(stranger, {"choice": "unsolved:1"})
    assert body["messages"][-1]["text"] == Replies(town, "fi").unknown_choice().text
    assert (await maija.opens(number))["status"] == "closed"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "Bearer wrong",
        "token",
        pytest.param("Bearer " + "x" * 4000, id="long"),
    ],
)
async def test_wrong_token(house, browser, header):
    """A token that opens nothing is refused with 401 and the scheme to use, on every route."""
    resident = await conversation(house)
    for method, path in (("POST", "messages"), ("GET", "messages"), ("GET", "events")):
        answer = await browser.asks(
            method,
            f"{API}/{resident.id}/{path}",
            headers={"Authorization": header, "Accept-Language": "sv"},
            json={"text": QUESTION} if method == "POST" else None,
        )
        assert (answer.status, answer.json["status"]) == (401, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json["detail"] == told(Unauthenticated(), "sv")


@pytest.mark.parametrize("header", [b"Authorization: Bearer ", b"Cookie: neuvokas_chat=x."])
async def test_token_of_bytes_that_are_no_text(house, header):
    """A token of arbitrary bytes opens nothing and breaks nothing."""
    head = (
        b"GET /api/v1/conversations/x/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    )
    answer = await raw(house, head + header + b"\xff\xfe\xed\xa0\x80\r\n\r\n")
    assert answer.split(b" ")[1] in {b"400", b"401", b"404"}


async def test_foreign_conversation(house):
    """One conversation's token does not open another, whether it exists or not."""
    mine, other = await conversation(house), await conversation(house)
    for id_ in (other.id, "0" * 32, "nonsense", "%2e%2e"):
        for method, path in (("POST", "messages"), ("GET", "messages"), ("GET", "events")):
            status, problem = await mine.call(
                method, f"/{id_}/{path}", json={"text": "hei"}, headers={"Accept-Language": "en"}
            )
            assert (status, problem["detail"]) == (404, told(NotFound(), "en"))
    _status, theirs = await other.call("GET", f"/{other.id}/messages")
    assert len(theirs["messages"]) == 1


async def test_page_cookie_opens_the_same(house, browser):
    """The page's own cookie opens its conversation's API, and no other's."""
    await browser.sends("/chat", text=QUESTION)
    id_ = browser.cookie("neuvokas_chat").partition(".")[0]
    assert (await browser.opens(f"{API}/{id_}/messages")).status == 200
    other = await conversation(house)
    assert (await browser.opens(f"{API}/{other.id}/messages")).status == 404


async def test_secret_never_comes_back(house):
    """An identity code is masked in what is given back, and the resident is told."""
    resident = await conversation(house)
    _status, body = await saying(resident, {"text": "tunnukseni on 131052-308T, auta"})
    assert "131052-308T" not in json.dumps(body)
    assert body["messages"][1]["text"] == Replies(house.town, "fi").secret_hidden().text


@pytest.mark.parametrize(
    ("origin", "site", "status"),
    [
        ("https://evil.example", "cross-site", 403),
        ("https://evil.example", None, 403),
        ("null", None, 403),
        ("http://[", None, 403),
        (None, "same-site", 403),
        ("own", "same-origin", 201),
        (None, None, 201),
    ],
)
async def test_foreign_origin(house, browser, origin, site, status):
    """What a foreign page makes a browser send is refused; programs send no Origin and pass."""
    headers = {"Origin": house.url if origin == "own" else origin, "Sec-Fetch-Site": site}
    sent = {name: value for name, value in headers.items() if value is not None}
    assert (await browser.asks("POST", API, json={}, headers=sent)).status == status


async def test_unknown_address_and_method(browser):
    """A wrong address or method gets a problem document; the right methods are named."""
    missing = await browser.opens("/api/v1/nothing", headers={"Accept-Language": "en"})
    assert (missing.status, missing.json["title"]) == (404, "Not Found")
    wrong = await browser.asks("DELETE", API)
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    assert wrong.json["detail"]


async def test_nothing_is_kept_in_caches(house, browser):
    """Answers are kept out of caches and carry the security headers."""
    answer = await browser.asks("POST", API)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


async def test_our_own_fault(house, browser, monkeypatch, caplog):
    """An unforeseen error is a problem document; the log has its cause but not what was written."""

    async def fails(*_args, **_kwargs):
        raise RuntimeError

    resident = await conversation(house)
    monkeypatch.setattr("handlers.resident_api.hear", fails)
    status, problem = await saying(
        resident, {"text": "naapurin Pekka"}, **{"Accept-Language": "en"}
    )
    assert (status, problem["title"]) == (500, "Internal Server Error")
    assert "RuntimeError" in caplog.text
    assert "Pekka" not in caplog.text
    assert resident.id not in caplog.text


async def test_two_browsers_do_not_mix(house):
    """Each browser has its own conversation."""
    first, second = Browser(house), Browser(house)
    await first.sends("/chat", text=QUESTION)
    await second.sends("/chat", text=QUESTION)
    assert first.cookie("neuvokas_chat") != second.cookie("neuvokas_chat")
