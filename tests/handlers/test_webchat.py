"""The resident's page: the whole conversation without JavaScript, and the script's fragments."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot.cleaning import LONGEST_TEXT
from bot.errors import TextMissing, TextTooLong, Unauthenticated
from bot.models import Conversation, Message
from bot.replies import Replies
from bot.texts import texts
from handlers.pages import STATIC
from tests.handlers.conftest import Browser, escalated, rows, told

COOKIE = "neuvokas_chat"
QUESTION = "Paljonko digituki maksaa?"
FETCH = {"X-Requested-With": "fetch"}


def said(page):
    """The texts of the messages on a page, in order."""
    from html import unescape  # noqa: PLC0415 - only here

    return [
        unescape(text)
        for text in re.findall(r'<div class="text"[^>]*>(.*?)</div>', page.text, re.DOTALL)
    ]


async def test_first_visit(house, browser, town):
    """The first page greets, takes a question, and leaves nothing behind until one is asked."""
    page = await browser.opens("/")
    assert page.status == 200
    assert said(page) == [Replies(town, "fi").welcome().text]
    assert COOKIE not in page.headers.get("Set-Cookie", "")
    assert await rows(house.database, Conversation) == 0
    assert town.phone in page.words


@pytest.mark.parametrize(
    ("path", "accepted", "locale"),
    [
        ("/", "sv-FI,sv;q=0.9,en;q=0.5", "sv"),
        ("/", "en-US", "en"),
        ("/", "so", "en"),
        ("/", "", "fi"),
        ("/", ";;q=,*;q=é", "fi"),
        ("/?lang=sv", "en", "sv"),
        ("/?lang=<b>", "fi", "en"),
    ],
)
async def test_language_of_the_first_page(browser, town, path, accepted, locale):
    """The page greets in the language of the link or of the browser."""
    page = await browser.opens(path, headers={"Accept-Language": accepted})
    assert f'<html lang="{locale}"' in page.text
    assert said(page)[0] == Replies(town, locale).welcome().text


async def test_question_without_javascript(browser, town):
    """A form is sent, the browser is sent back, and the page shows question and answer."""
    nonce = (await browser.opens("/")).field("nonce")
    answer = await browser.sends("/chat", text=QUESTION, nonce=nonce)
    assert (answer.status, answer.location) == (303, "/#newest")
    page = await browser.opens("/")
    _greeting, question, reply = said(page)
    entry = town.book.entries["digituki-price"]
    assert question == QUESTION
    assert reply == entry.texts["fi"].answer
    assert f'href="{entry.source}"' in page.text
    assert 'id="newest"' in page.text


async def test_button_without_javascript(browser):
    """A pressed button is a form as well: a person is asked for, and the receipt has a number."""
    await browser.sends("/chat", choice="human")
    _greeting, pressed, receipt = said(await browser.opens("/"))
    assert pressed == texts("fi").gettext("Talk to a person")
    assert re.search(r"N-\d{4}", receipt)


async def test_language_button_before_anything_else(browser, town):
    """Pressing a language first begins the conversation in it."""
    await browser.sends("/chat", choice="lang:sv")
    page = await browser.opens("/", headers={"Accept-Language": "en"})
    assert '<html lang="sv"' in page.text
    assert said(page)[-1] == Replies(town, "sv").language_chosen().text


async def test_staff_reply_is_on_the_page(house, maija, browser):
    """A reply of staff is shown under the person's name, and what is added is marked as such."""
    await browser.sends("/chat", choice="human")
    [number] = await maija.queue()
    await browser.sends("/chat", text="kone on <tabletti>")
    await maija.replies(number, "Hei & tervetuloa!")
    page = await browser.opens("/")
    assert said(page)[-2:] == ["kone on <tabletti>", "Hei & tervetuloa!"]
    assert "<tabletti>" not in page.text
    assert texts("fi").gettext("%(name)s, city staff") % {"name": "Maija"} in page.words
    assert texts("fi").gettext("Added to question %(number)s") % {"number": number} in page.words


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", TextMissing()),
        (" \r\n ", TextMissing()),
        ("\0\x1b", TextMissing()),
        ("\u200d\u202e", TextMissing()),
        ("<x" * 2049, TextTooLong(4098, LONGEST_TEXT)),
        ("x" * 100_000, TextTooLong(100_000, LONGEST_TEXT)),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
async def test_error_keeps_the_text(browser, begun, text, error):
    """What cannot be taken is explained on the page, and every word stays in its field."""
    if begun:
        await browser.sends("/chat", text=QUESTION)
    answer = await browser.sends("/chat", headers={"Accept-Language": "fi"}, text=text)
    assert answer.status == 422
    assert told(error, "fi") in answer.words
    if len(text) > 5:
        assert text in answer.words
        assert "<x<x" not in answer.text
    if begun:
        assert QUESTION in said(answer)
    script = await browser.sends("/chat", headers=FETCH, text=text)
    assert (script.status, script.text) == (422, told(error, "fi"))


async def test_far_too_much(browser):
    """More than can be read at all is refused with a page."""
    answer = await browser.sends("/chat", text="x" * 300_000, headers={"Accept-Language": "en"})
    assert answer.status == 413
    assert texts("en").gettext("That was too much at once. Send less.") in answer.words


async def test_same_form_twice(either_house):
    """A double click says a thing once; other words from the same page are said as well."""
    browser = Browser(either_house)
    await browser.sends("/chat", text="hei")
    nonce = (await browser.opens("/")).field("nonce")
    answers = await asyncio.gather(
        *(browser.sends("/chat", text="ihminen", nonce=nonce) for _ in range(4))
    )
    assert [answer.status for answer in answers] == [303] * 4
    count = await rows(either_house.database, Message)
    await browser.sends("/chat", text="ihminen", nonce=nonce)
    assert await rows(either_house.database, Message) == count
    assert said(await browser.opens("/")).count("ihminen") == 1
    # Whoever goes back to the old page and writes something else is heard.
    await browser.sends("/chat", text="vielä yksi asia", nonce=nonce)
    assert "vielä yksi asia" in said(await browser.opens("/"))


async def test_nonce_that_is_none(either_house):
    """A made-up nonce loses nothing and breaks nothing."""
    for nonce in ("", "\0", "x" * 10_000, "ä🙂"):
        browser = Browser(either_house)
        await browser.sends("/chat", text="hei", nonce=nonce)
        await browser.sends("/chat", text=QUESTION, nonce=nonce)
        assert QUESTION in said(await browser.opens("/"))


async def test_finish_and_clear(house, browser, town):
    """Afterwards the next person on the same device sees a fresh greeting, even with the back key."""
    await browser.sends("/chat", text=QUESTION)
    answer = await browser.sends("/chat/end")
    assert (answer.status, answer.location) == (303, "/")
    assert "cache" in answer.headers["Clear-Site-Data"]
    assert browser.cookie(COOKIE) == ""
    assert said(await browser.opens("/")) == [Replies(town, "fi").welcome().text]
    await browser.sends("/chat", text="hei")
    assert QUESTION not in said(await browser.opens("/"))
    assert await rows(house.database, Conversation) == 2
    assert (await Browser(house).sends("/chat/end")).status == 303


@pytest.mark.parametrize("cookie", ["x", "x.y", ".", "." * 500, "0" * 32 + ".x", '"<b>"'])
async def test_cookie_that_opens_nothing(house, cookie):
    """An old or made-up cookie shows a fresh page, and the next question begins anew."""
    browser = Browser(house)
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    page = await browser.opens("/", headers=headers)
    assert page.status == 200
    assert len(said(page)) == 1
    assert (await browser.sends("/chat", headers=headers, text=QUESTION)).status == 303
    assert QUESTION in said(await browser.opens("/"))


async def test_anothers_conversation(house):
    """Knowing a conversation's id is not enough to see it."""
    owner, _number = await escalated(house, QUESTION)
    headers = {"Cookie": f"{COOKIE}={owner.id}.guessed"}
    assert QUESTION not in (await Browser(house).opens("/", headers=headers)).words


async def test_cookie(browser):
    """The conversation's cookie is out of reach of scripts and foreign sites."""
    answer = await browser.sends("/chat", text="hei")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=7776000" in cookie


async def test_foreign_origin(browser):
    """A foreign page can neither speak for a resident nor clear a conversation."""
    await browser.sends("/chat", text="hei")
    for path in ("/chat", "/chat/end"):
        answer = await browser.sends(path, headers={"Origin": "https://evil.example"}, text="x")
        assert answer.status == 403
    assert browser.cookie(COOKIE)


# The script's fragments


async def test_script_gets_the_new_messages(browser, town):
    """The script is given what is new, the conversation's id and the language spoken."""
    answer = await browser.sends("/chat", headers=FETCH, text=QUESTION)
    assert answer.status == 200
    assert "<html" not in answer.text
    assert [QUESTION, town.book.entries["digituki-price"].texts["fi"].answer] == said(answer)[-2:]
    assert answer.headers["Content-Language"] == "fi"
    assert answer.headers["X-Conversation"] == browser.cookie(COOKIE).partition(".")[0]
    again = await browser.sends("/chat", headers=FETCH, text="hur mycket kostar digistödet?")
    assert again.headers["Content-Language"] == "sv"


async def test_script_fetches_what_is_newer(browser):
    """Everything after a message is given as the page would show it."""
    await browser.sends("/chat", text=QUESTION)
    everything = await browser.opens("/chat/messages")
    ids = [int(id_) for id_ in re.findall(r'data-id="(\d+)"', everything.text)]
    assert len(ids) == len(said(everything)) == 3
    later = await browser.opens(f"/chat/messages?after={ids[1]}")
    assert said(later) == said(everything)[2:]
    assert said(await browser.opens(f"/chat/messages?after={ids[2]}")) == []


@pytest.mark.parametrize("after", ["x", "-1", "²", pytest.param("9" * 5000, id="5,000 digits")])
async def test_script_fetches_after_what(browser, after):
    """What is no message's number is refused."""
    await browser.sends("/chat", text=QUESTION)
    assert (await browser.opens(f"/chat/messages?after={after}")).status == 400


async def test_script_without_a_conversation(browser):
    """Without a conversation there is nothing to fetch."""
    answer = await browser.opens("/chat/messages", headers={"Accept-Language": "en"})
    assert answer.status == 401
    assert told(Unauthenticated(), "en") in answer.words


# What the page is made of


async def pages(browser):
    """The pages that residents see."""
    first = await browser.opens("/")
    await browser.sends("/chat", text=QUESTION)
    return [first, await browser.opens("/"), await browser.opens("/nothing")]


async def test_nothing_is_loaded_from_elsewhere(browser):
    """No page loads or sends anything to a third party; only links lead away, opened by the reader."""
    for page in await pages(browser):
        links = set(re.findall(r'<a [^>]*href="(https?://[^"]*)"', page.text))
        addresses = set(re.findall(r'(?:https?:)?//[\w.-]+[^"\s<]*', page.text))
        assert addresses <= links | {link.partition(":")[2] for link in links}
        for address in re.findall(r'(?:src|action|data|poster)="([^"]*)"', page.text):
            assert address.startswith(("/", "#")) and not address.startswith("//")
        for link in re.findall(r"<link [^>]*>", page.text):
            assert 'href="/static/' in link


async def test_static_files_load_nothing_from_elsewhere(browser):
    """Neither do stylesheet and scripts; each is there under the address the page names."""
    page = await browser.opens("/")
    named = set(re.findall(r'"(/static/[^"?]+)', page.text))
    assert {path.rpartition(".")[2] for path in named} >= {"js", "css"}
    for path in named:
        assert (await browser.opens(path)).status == 200, path
    for file in (*STATIC.glob("*.css"), *STATIC.glob("*.js")):
        content = file.read_text()
        assert not re.search(
            r'(?:url\(|@import|import |fetch\(|src=)\s*["\'`]?(?:https?:)?//', content
        )


async def test_headers(browser):
    """Every page forbids what it does not need: foreign content, framing, inline scripts."""
    for page in await pages(browser):
        rules = dict(
            rule.strip().partition(" ")[::2]
            for rule in page.headers["Content-Security-Policy"].split(";")
        )
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
        assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
        assert "unsafe" not in str(rules)
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", page.text)


async def test_unknown_address_is_a_page(browser):
    """A wrong address gets a page in the reader's language that leads back."""
    page = await browser.opens("/nothing/here", headers={"Accept-Language": "sv"})
    assert page.status == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'href="/"' in page.text
    assert '<html lang="sv"' in page.text
