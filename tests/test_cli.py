"""Every word of the command line, as somebody types it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import replace
from functools import cache
from importlib.metadata import version

import pytest
from sqlalchemy import update

from bot import __main__ as cli
from bot.app import now
from bot.database import Database
from bot.errors import NotFound, Unauthenticated
from bot.migrations import is_current
from bot.models import Audit, Role
from bot.people import staff as people
from bot.replies import Replies
from bot.service import queues
from bot.town import cache_dir
from faq import book, matching
from faq.book import Queue
from faq.matching import Candidate, Decision, Match

QUESTION = "Paljonko digituki maksaa?"
WORDS = {
    "serve",
    "migrate",
    "ask",
    "match",
    "evaluate",
    "check-content",
    "staff",
    "permits",
    "audit",
}

STAFF = [f"staff {word}" for word in ("add", "token", "list", "link", "cut-off")]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Each command runs in an empty folder, with only the settings its test gives."""
    for name in list(os.environ):
        if name.startswith("NEUVOKAS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def read_once(monkeypatch):
    """Each book is read once for all tests; the served process below reads it by itself."""
    monkeypatch.setattr(book, "load", _load)
    monkeypatch.setattr(matching, "Matcher", _matcher)


_load = cache(book.load)
_build = matching.Matcher
_built: dict[int, matching.Matcher] = {}


def _matcher(content, _cache=None, _encoder=None):
    if id(content) not in _built:
        _built[id(content)] = _build(content, cache_dir())
    return _built[id(content)]


def run(capsys, *words, stdin=None, monkeypatch=None):
    """Exit status, output and complaints of a command."""
    if stdin is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    capsys.readouterr()
    try:
        status = cli.main(words)
    except SystemExit as end:
        status = end.code
    said = capsys.readouterr()
    return status, said.out, said.err


def in_database(question):
    """What a coroutine finds in the database that the commands used."""

    async def within():
        database = Database("sqlite:///var/neuvokas.db")
        try:
            return await question(database)
        finally:
            await database.stop()

    return asyncio.run(within())


def test_every_word_is_tested():
    """A new word gets its tests here."""
    [words] = [
        action.choices
        for action in cli._parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    assert set(words) == WORDS


@pytest.mark.parametrize("word", ["", *sorted(WORDS), *STAFF, "audit verify"])
def test_help(capsys, word):
    """Every word explains itself."""
    status, out, err = run(capsys, *word.split(), "--help")
    assert (status, err) == (0, "")
    assert "usage: neuvokas" in out


def test_version(capsys):
    """The version is the package's."""
    assert run(capsys, "--version") == (0, f"neuvokas {version('neuvokas')}\n", "")


@pytest.mark.parametrize(
    "words", [[], ["dance"], ["ask"], ["staff"], ["staff", "add"], ["ask", "a", "b"]]
)
def test_misuse(capsys, words):
    """What is no command is refused with status 2 and how to use it."""
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert "usage: neuvokas" in err


@pytest.mark.parametrize("words", [["migrate"], ["ask", "hei"], ["serve"], ["staff", "token", "x"]])
def test_bad_setting(capsys, monkeypatch, words):
    """A bad setting stops every command with one clear line."""
    monkeypatch.setenv("NEUVOKAS_PORT", "eighty")
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert err.startswith("neuvokas: NEUVOKAS_PORT: ")
    assert err.count("\n") == 1


def test_migrate(capsys):
    """The tables are made; doing it again changes nothing."""
    for _ in range(2):
        status, out, err = run(capsys, "migrate")
        assert (status, err) == (0, "")
        assert out
    assert in_database(is_current)


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/none/neuvokas.db", "postgresql://bot:hidden@127.0.0.1:1/neuvokas"]
)
@pytest.mark.parametrize("words", [["migrate"], ["staff", "token", "Maija"], ["staff", "add", "M"]])
def test_database_away(capsys, monkeypatch, url, words):
    """A database that cannot be reached is one line, without the password."""
    monkeypatch.setenv("NEUVOKAS_DATABASE_URL", url)
    status, out, err = run(capsys, *words)
    assert (status, out) == (1, "")
    assert err.startswith("neuvokas: ")
    assert err.count("\n") == 1
    assert "hidden" not in err


def test_database_missing(capsys, monkeypatch, postgres):
    """A server without the database named is one line that names it."""
    base, _, query = postgres.partition("?")
    url = f"{base.rpartition('/')[0]}/forgotten" + (f"?{query}" if query else "")
    monkeypatch.setenv("NEUVOKAS_DATABASE_URL", url)
    status, out, err = run(capsys, "migrate")
    assert (status, out) == (1, "")
    assert "forgotten" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("question", "locale"), [(QUESTION, "fi"), ("Vad kostar digistödet?", "sv")]
)
def test_ask(capsys, town, question, locale):
    """The answer is shown word for word, with its source and review date."""
    status, out, err = run(capsys, "ask", question)
    entry = town.book.entries["digituki-price"]
    assert (status, err) == (0, "")
    assert entry.texts[locale].answer.strip() in out
    assert f"{entry.source}, {entry.reviewed.isoformat()}" in out


def test_ask_json(capsys, town):
    """For programs the decision, the candidates and the answer are JSON."""
    status, out, _err = run(capsys, "ask", "--json", QUESTION)
    shown = json.loads(out)
    assert status == 0
    assert set(shown) == {"entry", "decision", "candidates", "locale", "answer"}
    assert (shown["entry"], shown["locale"]) == ("digituki-price", "fi")
    assert shown["answer"] == town.book.entries["digituki-price"].texts["fi"].answer
    assert shown["candidates"][0]["entry"] == "digituki-price"


def test_ask_without_an_answer(capsys):
    """Without an answer the bot's own words are shown, in the language asked for."""
    status, out, _err = run(capsys, "ask", "qwrtp zxcvb", "--locale", "en")
    assert status == 0
    assert "I did not find an answer" in out


def test_ask_with_suggestions(capsys, monkeypatch, town):
    """When several entries fit, they are shown as the resident would see them."""
    ids = list(town.book.entries)[:4]
    candidates = tuple(Candidate(entry, 0.5) for entry in ids)

    class Unsure:
        def match(self, _text, _locale):
            return Match(Decision.SUGGEST, candidates, "sv")

    monkeypatch.setattr(cli, "town_from", lambda *_: replace(town, matcher=Unsure()))
    status, out, _err = run(capsys, "ask", "boka eller avboka")
    words = Replies(town, "sv")
    assert status == 0
    assert out.splitlines()[0] == words.suggest(ids[:3]).text
    assert out.splitlines()[1].startswith("1. ")
    assert words.question(ids[3]) not in out


def test_match(capsys, monkeypatch):
    """Each line of standard input gets its line, empty ones none."""
    lines = f"{QUESTION}\n\nqwrtp zxcvb\n"
    status, out, _err = run(capsys, "match", stdin=lines, monkeypatch=monkeypatch)
    first, second = out.splitlines()
    assert status == 0
    assert first.startswith("answer (fi): digituki-price ")
    assert second.startswith("escalate (")


def test_match_jsonl(capsys, monkeypatch):
    """JSON lines in, JSON lines out."""
    lines = f'{json.dumps({"text": QUESTION})}\n{{"text": "qwrtp zxcvb"}}\n'
    status, out, _err = run(capsys, "match", "--jsonl", stdin=lines, monkeypatch=monkeypatch)
    first, second = map(json.loads, out.splitlines())
    assert status == 0
    assert (first["entry"], first["decision"]) == ("digituki-price", "answer")
    assert (second["entry"], second["decision"]) == (None, "escalate")


@pytest.mark.parametrize("line", ["no JSON", "[]", "{}", '"text"', "7"])
def test_match_with_a_bad_line(capsys, monkeypatch, line):
    """A line that is none is refused with what to write."""
    with pytest.raises(SystemExit, match='{"text": "..."}'):
        monkeypatch.setattr(sys, "stdin", io.StringIO(line + "\n"))
        cli.main(["match", "--jsonl"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [["check-content"], ["match"]])
def test_content_elsewhere(capsys, monkeypatch, elsewhere, words):
    """A folder without a usable book is refused with what is wrong there."""
    status, out, err = run(
        capsys, *words, "--content", str(elsewhere), stdin="hei\n", monkeypatch=monkeypatch
    )
    assert status == 1
    assert "cannot be used" in out + err
    assert "Traceback" not in out + err


def test_check_content(capsys):
    """The book of every town is checked."""
    status, out, err = run(capsys, "check-content", "--quick")
    assert (status, err) == (0, "")
    for town in ("helsinki", "espoo", "vantaa"):
        assert re.search(rf"^{town}: \d+ entries, no faults$", out, re.MULTILINE)


def test_check_content_finds_confusions(capsys, elsewhere):
    """Of a small book all is said at once: hints, and what another entry would get."""
    for locale in book.LOCALES:
        (elsewhere / locale).mkdir()
        (elsewhere / locale / "topic.yaml").write_text(
            'print: {question: "print", phrasings: ["printer paper", "print a page", "swimming pool water"], answer: "A."}\n'
            'swim: {question: "swim", phrasings: ["swimming pool", "where to swim", "pool water"], answer: "B."}\n'
        )
    fact = '{queue: "q", source: "http://127.0.0.1:1/", reviewed: 2026-11-21}'
    (elsewhere / "entries.yaml").write_text(f"print: {fact}\nswim: {fact}\n")
    status, out, _err = run(capsys, "check-content", "--content", str(elsewhere))
    assert status == 0
    assert "helsinki: 2 entries, no faults" in out
    assert "hint: en: print: has 3 phrasings" in out
    assert re.search(r"^\d+ of about 0 utterances would go to another entry$", out, re.MULTILINE)
    status, out, _err = run(
        capsys, "check-content", "--quick", "--online", "--content", str(elsewhere)
    )
    assert status == 1
    assert "1 sources asked, 1 do not answer" in out
    assert "print, swim" in out


def test_evaluate(capsys, elsewhere):
    """Known sentences are judged and the figures shown, as a table or as JSON."""
    file = elsewhere / "known.jsonl"
    known = [
        {"text": QUESTION, "entry": "digituki-price", "locale": "fi"},
        {"text": "qwrtp zxcvb", "entry": None},
    ]
    file.write_text("\n".join(map(json.dumps, known)) + "\n\n")
    status, table, _err = run(capsys, "evaluate", str(file))
    assert status == 0
    assert table.strip()
    status, out, _err = run(capsys, "evaluate", "--json", str(file))
    assert status == 0
    assert json.loads(out)


@pytest.mark.parametrize(
    "line",
    ["no JSON", "7", '{"text": "hei"}', '{"text": "hei", "entry": "no-such-entry"}', None],
)
def test_evaluate_with_a_bad_file(capsys, elsewhere, line):
    """A file that is missing or holds anything else is refused in one line."""
    file = elsewhere / "known.jsonl"
    if line:
        file.write_text(line + "\n")
    status, out, err = run(capsys, "evaluate", str(file))
    assert (status, out) == (2, "")
    assert err.startswith("neuvokas: ")
    assert err.count("\n") == 1


def test_staff_add(capsys, monkeypatch):
    """Somebody is added to their queues, and the one-time link is printed."""
    monkeypatch.setenv("NEUVOKAS_PUBLIC_URL", "https://neuvokas.example.fi")
    status, out, err = run(
        capsys, "staff", "add", "Maija Åberg", "--queues", "general, events", "--role", "lead"
    )
    assert (status, err) == (0, "")
    link = re.fullmatch(r"https://neuvokas\.example\.fi/staff/join/([\w-]{43})\n", out)
    assert link

    async def invited(database):
        async with database.read() as session:
            return (await people.invitation(session, link[1], now())).staff

    person = in_database(invited)
    assert (person.name, person.role) == ("Maija Åberg", Role.LEAD)
    assert person.queues == ["general", "events"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["Maija"], 1),
        (["  mAIJA "], 1),
        ([""], 1),
        (["x" * 61], 1),
        (["Pekka", "--queues", "gardens"], 2),
        (["Pekka", "--role", "king"], 2),
    ],
)
def test_staff_add_refused(capsys, words, status):
    """A name that is taken or empty, an unknown queue or role: one line says which."""
    run(capsys, "staff", "add", "Maija")
    got, out, err = run(capsys, "staff", "add", *words)
    assert (got, out) == (status, "")
    assert "neuvokas" in err
    assert "Traceback" not in err


def test_staff_add_to_a_queue_of_the_desk(capsys):
    """A queue that a lead made is known as well; an unknown one is told with all there are."""
    assert run(capsys, "migrate")[0] == 0

    async def made(database):
        async with database.write() as session:
            lead = await people.add(session, "Liisa", Role.LEAD, [], now())
            week = (((dt.time(9), dt.time(15)),),) * 5 + ((), ())
            await queues.keep(session, Queue("parking", {}, week, ("fi",)), lead, now(), seen=None)

    in_database(made)
    words = ("staff", "add", "Maija", "--languages", "sv, fi", "--queues")
    status, out, err = run(capsys, *words, "parking,gardens")
    assert (status, out) == (2, "")
    assert "no queue gardens" in err
    assert "general" in err
    assert "parking" in err
    assert run(capsys, *words, "parking, general")[0] == 0

    async def added(database):
        async with database.read() as session:
            return await people.by_name(session, "Maija")

    person = in_database(added)
    assert (person.queues, person.languages) == (["parking", "general"], ["fi", "sv"])
    status, _out, err = run(capsys, "staff", "add", "Pekka", "--languages", "fi,de")
    assert status == 2
    assert "no language de; there are fi, sv, en" in err


def test_staff_token(capsys):
    """A personal token is printed that opens the staff API for that person."""
    run(capsys, "staff", "add", "Maija")
    status, out, _err = run(capsys, "staff", "token", "maija")
    assert status == 0

    async def behind(database):
        async with database.read() as session:
            return (await people.behind(session, out.strip(), "token", now())).name

    assert in_database(behind) == "Maija"


def test_staff_token_revoked(capsys):
    """All of a person's tokens end at once."""
    run(capsys, "staff", "add", "Maija")
    secrets = [run(capsys, "staff", "token", "Maija")[1].strip() for _ in range(2)]
    status, out, _err = run(capsys, "staff", "token", "Maija", "--revoke")
    assert (status, out) == (0, "Maija has no tokens any more.\n")

    async def opened(database):
        async with database.read() as session:
            for secret in secrets:
                with pytest.raises(Unauthenticated):
                    await people.behind(session, secret, "token", now())

    in_database(opened)


def test_staff_list(capsys):
    """Everybody is listed with role, way of signing in and queues, as a table or as JSON."""
    assert run(capsys, "staff", "list") == (0, "", "")
    run(capsys, "staff", "add", "Maija", "--queues", "general,events")
    run(capsys, "staff", "add", "Aino", "--role", "lead")
    _status, out, _err = run(capsys, "staff", "list")
    assert out == "Aino\tlead\tnot yet\nMaija\tstaff\tnot yet\tgeneral, events\n"
    _status, out, _err = run(capsys, "staff", "list", "--json")
    assert json.loads(out)[1] == {
        "name": "Maija",
        "role": "staff",
        "queues": ["general", "events"],
        "signs_in": "not yet",
    }


def test_staff_link(capsys, monkeypatch):
    """A new link replaces the old one, for whoever lost password or phone."""
    monkeypatch.setenv("NEUVOKAS_PUBLIC_URL", "https://neuvokas.example.fi")
    old = run(capsys, "staff", "add", "Maija")[1].strip().rpartition("/")[2]
    status, out, _err = run(capsys, "staff", "link", "maija")
    assert status == 0
    new = out.strip().removeprefix("https://neuvokas.example.fi/staff/join/")

    async def opened(database):
        async with database.read() as session:
            assert (await people.invitation(session, new, now())).staff.name == "Maija"
            with pytest.raises(NotFound):
                await people.invitation(session, old, now())

    in_database(opened)


def test_staff_cut_off(capsys):
    """Who is cut off is listed so and gets neither token nor link."""
    run(capsys, "staff", "add", "Maija")
    assert run(capsys, "staff", "cut-off", "maija")[:2] == (0, "Maija is cut off.\n")
    assert "cut off" in run(capsys, "staff", "list")[1]
    for words in (["token", "Maija"], ["link", "Maija"], ["cut-off", "Maija"]):
        status, out, err = run(capsys, "staff", *words)
        assert (status, out) == (1, "")
        assert "is cut off" in err


def test_staff_cut_off_the_last_lead(capsys):
    """The only lead is not cut off, and the way out is named."""
    run(capsys, "staff", "add", "Liisa", "--role", "lead")
    status, _out, err = run(capsys, "staff", "cut-off", "Liisa")
    assert status == 1
    assert "add another lead" in err


@pytest.mark.parametrize("word", ["link", "cut-off"])
def test_staff_nobody(capsys, word):
    """A name that nobody has is said back."""
    status, out, err = run(capsys, "staff", word, "Nobody")
    assert (status, out) == (1, "")
    assert "'Nobody'" in err


def test_audit_verify(capsys):
    """A whole log is said to be whole, with a hash to note; a broken one says where, with status 1."""
    run(capsys, "staff", "add", "Maija")
    run(capsys, "staff", "token", "Maija")
    status, out, _err = run(capsys, "audit", "verify")
    assert status == 0
    hash_ = re.fullmatch(r"2 entries follow one another; the last has the hash (\w{64})\n", out)[1]
    assert run(capsys, "audit", "verify", "--noted", f"2:{hash_}")[0] == 0
    status, out, _err = run(capsys, "audit", "verify", "--noted", f"2:{'0' * 64}")
    assert status == 1
    assert "entry 2 has another hash" in out

    async def tamper(database):
        async with database.write() as session:
            await session.execute(update(Audit).where(Audit.id == 1).values(staff_name="Pekka"))

    in_database(tamper)
    status, out, _err = run(capsys, "audit", "verify")
    assert status == 1
    assert out == "0 entries follow one another, then the log breaks: entry 1 was changed\n"


@pytest.mark.parametrize("noted", ["", "x", "1", ":abc", "1:"])
def test_audit_verify_misused(capsys, noted):
    """What is not a number and a hash is said back."""
    status, _out, err = run(capsys, "audit", "verify", "--noted", noted)
    assert status == 2
    assert "NUMBER:HASH" in err


def test_staff_token_for_nobody(capsys):
    """A token for somebody who is not there is refused with how to add them."""
    status, out, err = run(capsys, "staff", "token", "Nobody")
    assert (status, out) == (1, "")
    assert "'Nobody'" in err
    assert "staff add" in err


class Served:
    """`neuvokas serve` as a process of its own."""

    def __init__(self, folder, port):
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NEUVOKAS_")
        }
        self.url = f"http://localhost:{port}"
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=folder,
            env={**environment, "NEUVOKAS_PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = []
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, kept), daemon=True)
            for pipe, kept in ((self.process.stdout, self.lines), (self.process.stderr, self.log))
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(pipe, kept):
        for line in pipe:
            kept.append(line.rstrip("\n"))

    def ready(self):
        """Wait until it answers; every line it prints at the start is there by then."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log
            with contextlib.suppress(OSError):
                return fetch(f"{self.url}/readyz")[0]
            time.sleep(0.05)
        raise AssertionError(self.log)

    def stop(self):
        """Ask it to stop as a system does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        for reader in self._readers:
            reader.join(30)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


def fetch(url, **form):
    """Status and text of a page; with fields, of a sent form."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(url, data, timeout=60) as answer:  # noqa: S310 - our own address
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_serve_on_a_taken_port(capsys, monkeypatch):
    """Whoever starts a second one by mistake is told in one line, and the first goes on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("NEUVOKAS_PORT", str(port))
        status, _out, err = run(capsys, "serve")
    assert status == 1
    complaint = err.splitlines()[-1]
    assert complaint.startswith("neuvokas: ")
    assert str(port) in complaint
    assert "Traceback" not in err


def test_serve(elsewhere):
    """The first start prints where to go and the first lead's link; once used, no start prints it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    first = Served(elsewhere, port)
    try:
        assert first.ready() == 200
        pages, console, link = first.lines
        assert pages.endswith(f" http://localhost:{port}/")
        assert console.endswith(f" http://localhost:{port}/staff")
        path = re.search(rf"http://localhost:{port}(/staff/join/[\w-]{{43}})$", link)[1]
        status, page = fetch(
            f"{first.url}{path}", name="Liisa", password="a good password", locale="fi"
        )
        assert (status, "Liisa" in page) == (200, False)
    finally:
        assert first.stop() == 0
    assert not any("Traceback" in line for line in first.log)
    # What was written or is secret is not in the log.
    assert not any(path.rpartition("/")[2] in line for line in first.log)
    again = Served(elsewhere, port)
    try:
        assert again.ready() == 200
        assert len(again.lines) == 2
        assert "/staff/join/" not in "".join(again.lines)
        assert fetch(f"{again.url}{path}")[0] == 404
        assert fetch(f"{again.url}/staff/sign-in", name="Liisa", password="a good password")[0]
    finally:
        assert again.stop() == 0


def test_permits_are_mounted(tmp_path, capsys):
    """The permit guide's words are reached through the same command line."""
    facts = tmp_path / "facts.json"
    facts.write_text('{"city": "helsinki", "kind": "private", "peak": 20}')
    assert cli.main(["permits", "plan", str(facts), "--as-of", "2026-11-21T12:00", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["duties"]
    facts.write_text('{"cty": "helsinki"}')
    assert cli.main(["permits", "plan", str(facts)]) == 2
    assert "cty" in capsys.readouterr().err
