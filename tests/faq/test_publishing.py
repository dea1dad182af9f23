"""Entries written into the book's files: they read back the same, and nothing else changes."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings
from faq import book, publishing
from faq.publishing import CannotPublish, Draft, Words

DAY = date(2026, 11, 22)
TOWNS = ("helsinki", "espoo", "vantaa")
TEXTS = {
    "fi": Words(
        'Mitä "robotti" maksaa: 0 €?',
        ("paljonko #1 maksaa", "hinta?"),
        "Se on ilmainen.\n\n1. Avaa.\n2. Sulje.",
    ),
    "sv": Words("Vad kostar roboten?", (), "Den är gratis."),
    "en": Words("What does the robot cost?", ("price: robot",), "It is free of charge."),
}
DRAFT = Draft("robot-price", "robots", "general", "https://example.fi/a", "robot-team", TEXTS)


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped book."""
    return publishing.copied(Settings().content_dir, tmp_path / "faq", {})


def test_a_new_entry_reads_back(folder):
    """What was proposed stands in the book word for word, in every town, and all else is as it was."""
    before = {town: book.load(folder, town) for town in TOWNS}
    files = publishing.written(folder, "helsinki", DRAFT, DAY)
    assert set(files) == {"entries.yaml", "fi/robots.yaml", "sv/robots.yaml", "en/robots.yaml"}
    publishing.check(folder, files, "helsinki", DRAFT)
    publishing.put(folder, files)
    for town in TOWNS:
        after = book.load(folder, town)
        entry = after.entries["robot-price"]
        assert (entry.queue, entry.source, entry.owner, entry.reviewed) == (
            "general",
            "https://example.fi/a",
            "robot-team",
            DAY,
        )
        for locale, words in TEXTS.items():
            said = entry.texts[locale]
            assert (said.question, said.phrasings, said.answer.strip()) == (
                words.question,
                words.phrasings,
                words.answer,
            )
        assert {
            id_: entry for id_, entry in after.entries.items() if id_ != "robot-price"
        } == before[town].entries


def published(folder, draft, town="helsinki", day=DAY):
    """The town's book after the draft was checked and written."""
    files = publishing.written(folder, town, draft, day)
    publishing.check(folder, files, town, draft)
    publishing.put(folder, files)
    return book.load(folder, town)


def test_an_entry_there_is_replaced_in_its_place(folder):
    """The words of an entry that is there change where they stand; its other facts and all else stay."""
    before = book.load(folder, "helsinki")
    old = before.entries["digituki-price"]
    draft = Draft(old.id, "elsewhere", old.queue, "https://example.fi/b", "new-team", TEXTS)
    files = publishing.written(folder, "helsinki", draft, DAY)
    assert not any("elsewhere" in name for name in files)
    after = published(folder, draft)
    new = after.entries[old.id]
    assert (new.needs, new.source, new.reviewed, new.owner, new.topic) == (
        old.needs,
        "https://example.fi/b",
        DAY,
        "new-team",
        old.topic,
    )
    assert new.texts["sv"].question == TEXTS["sv"].question
    # What the draft does not say, the entry says no more.
    assert new.texts["fi"].easy is None
    assert list(after.entries) == list(before.entries)
    others = {id_: entry for id_, entry in before.entries.items() if id_ != old.id}
    assert {id_: entry for id_, entry in after.entries.items() if id_ != old.id} == others


def test_entries_can_be_filled_in_and_written_unchanged(folder):
    """Filled from the book and written, an entry of the shipped book (every fifth) says what it said before."""
    before = book.load(folder, "helsinki").entries
    for entry in list(before.values())[::5]:
        draft = publishing.filled(Draft(entry.id, owner="team"), entry)
        for locale, text in entry.texts.items():
            assert draft.texts[locale].phrasings == text.phrasings
        publishing.put(folder, publishing.written(folder, "helsinki", draft, entry.reviewed))
    after = book.load(folder, "helsinki").entries
    assert {id_: (entry.texts, entry.steps, entry.guide) for id_, entry in after.items()} == {
        id_: (entry.texts, entry.steps, entry.guide) for id_, entry in before.items()
    }


def test_a_guided_entry_needs_steps(folder):
    """Words without steps for an entry that is given step by step are refused, with file and fault."""
    old = book.load(folder, "helsinki").entries["phone-sound"]
    assert old.steps
    draft = Draft(old.id, old.topic, old.queue, old.source, "team", TEXTS)
    before = publishing.current(folder, {"entries.yaml": 1, "fi/phone.yaml": 1, "sv/phone.yaml": 1})
    with pytest.raises(CannotPublish) as refused:
        published(folder, draft)
    assert any("sv/phone.yaml: phone-sound: steps is true" in one for one in refused.value.faults)
    assert publishing.current(folder, before) == before


def test_another_town_changes_its_own_words(folder):
    """What Espoo publishes stands in Espoo's folder; Helsinki and Vantaa answer as before."""
    before = {town: book.load(folder, town) for town in TOWNS}
    base = before["helsinki"].entries["digituki-price"].texts["fi"].phrasings
    texts = {**TEXTS, "fi": Words("Mitä?", (*base, "aivan uusi kysymys"), "Ei mitään.")}
    for id_ in ("digituki-price", "robot-price"):
        draft = Draft(id_, "robots", "general", "https://example.fi/e", "team", texts)
        files = publishing.written(folder, "espoo", draft, DAY)
        assert all(name.startswith("towns/espoo/") for name in files)
        after = published(folder, draft, "espoo").entries[id_]
        assert after.texts["fi"].answer == "Ei mitään."
        assert after.source == "https://example.fi/e"
    words = (folder / "towns/espoo/fi/digital-support.yaml").read_text()
    assert "aivan uusi kysymys" in words
    assert base[0] not in words
    for town in ("helsinki", "vantaa"):
        after = book.load(folder, town).entries
        assert {id_: entry.texts for id_, entry in after.items()} == {
            id_: entry.texts for id_, entry in before[town].entries.items()
        }


@pytest.fixture
def small(tmp_path):
    """A small book whose one line a test writes by hand."""

    def with_line(facts, words="", town=""):
        for locale in book.LOCALES:
            (tmp_path / locale).mkdir(exist_ok=True)
            (tmp_path / locale / "topic.yaml").write_text(words)
        (tmp_path / "entries.yaml").write_text(facts)
        return tmp_path

    return with_line


BLOCK = """# What comes first.

robot-price:
  question: "Old?"

  phrasings:
  - "old"
  answer: |
    Old.

    Older.

  easy: |
    Old.
# What comes after.
other:
  question: "Other?"
  answer: "Other."
"""
OTHER = 'other: {queue: "general", source: "https://a.fi", reviewed: 2026-01-01}\n'


@pytest.mark.parametrize(
    ("facts", "has", "has_not"),
    [
        ('{queue: "general", source: "https://a.fi", reviewed: 2026-01-01}', "robot-team", ""),
        ("{queue: general, source: https://a.fi, reviewed: 2026-01-01, owner: team}", "robot-team", " team"),
        ("{queue: 'general', reviewed: 2026-01-01, source: 'https://a.fi'}  # ours", "# ours", "'"),
        ('{queue: "general", source: "https://a.fi", reviewed: 2026-01-01, valid_until: 2026-11-21}', "", "valid"),
        ('{queue: "general", source: "https://a.fi", reviewed: 2026-01-01, valid_until: 2026-11-22}', "valid", ""),
        ('{queue: "general", source: "https://a.fi", reviewed: 2026-01-01, missing: ["fi", "sv"]}', "", "missing"),
    ],
)  # fmt: skip
def test_a_line_written_by_hand(small, facts, has, has_not):
    """However an entry's line is written, it says the new facts and keeps its comment."""
    folder = small(f"robot-price: {facts}\n{OTHER}", BLOCK)
    if "missing" in facts:
        for locale in ("fi", "sv"):
            (folder / locale / "topic.yaml").write_text(BLOCK[BLOCK.index("other:") :])
    entry = published(folder, DRAFT).entries["robot-price"]
    assert (entry.owner, entry.reviewed, entry.source) == (
        "robot-team",
        DAY,
        "https://example.fi/a",
    )
    line = (folder / "entries.yaml").read_text().splitlines()[0]
    assert has in line
    assert not has_not or has_not not in line


def test_what_stands_around_an_entry_stays(small):
    """Comments and entries before and after are as they were, to the letter."""
    folder = small(f'robot-price: {{queue: "general", source: "https://a.fi", reviewed: 2026-01-01}}\n{OTHER}', BLOCK)  # fmt: skip
    published(folder, DRAFT)
    words = (folder / "fi/topic.yaml").read_text()
    assert words.startswith("# What comes first.\n\nrobot-price:\n")
    assert words.endswith(BLOCK[BLOCK.index("# What comes after.") :])
    assert "Old" not in words


@pytest.mark.parametrize(
    "facts",
    [
        'robot-price:\n  queue: "general"\n  source: "https://a.fi"\n  reviewed: 2026-01-01\n',
        'robot-price: {queue: "general",\n  source: "https://a.fi", reviewed: 2026-01-01}\n',
        'robot-price: {queue: "general", "source": "https://a.fi", reviewed: 2026-01-01}\n',
    ],
)
def test_a_line_that_is_not_understood(small, facts):
    """An entry written in another way is refused rather than left half changed."""
    folder = small(facts + OTHER, BLOCK)
    book.load(folder)
    before = publishing.current(folder, {"entries.yaml": 1, "fi/topic.yaml": 1})
    with pytest.raises(CannotPublish):
        published(folder, DRAFT)
    assert publishing.current(folder, before) == before


def test_what_is_missing_is_named(folder):
    """Each missing or malformed field is named; nothing is written."""
    assert publishing.faults(Draft()) == (
        "entry",
        "topic",
        "source",
        "queue",
        "owner",
        "words:fi",
        "words:sv",
        "words:en",
    )
    for bad in ("../../etc", "A b", "", "x" * 60, "ä"):
        with pytest.raises(CannotPublish, match="entry"):
            publishing.written(
                folder, "helsinki", Draft(bad, "robots", "general", "https://a.fi", "t", TEXTS), DAY
            )
    with pytest.raises(CannotPublish, match="topic"):
        publishing.written(
            folder, "helsinki", Draft("robot", "../x", "general", "https://a.fi", "t", TEXTS), DAY
        )


def test_a_book_that_could_not_be_used_is_refused(folder):
    """An unknown queue, or an id that stands in two files, is found before anything is written."""
    wrong = Draft("robot-price", "robots", "nowhere", "https://a.fi", "t", TEXTS)
    with pytest.raises(CannotPublish):
        publishing.check(folder, publishing.written(folder, "helsinki", wrong, DAY))


def test_a_full_disk_changes_nothing(folder, monkeypatch):
    """When one file cannot be written, none is."""
    before = publishing.current(folder, {"entries.yaml": 1, "fi/robots.yaml": 1})
    files = publishing.written(folder, "helsinki", DRAFT, DAY)
    real = publishing.os.fsync
    calls = []

    def full(handle):
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(publishing.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        publishing.put(folder, files)
    assert publishing.current(folder, before) == before
    assert list(folder.rglob(".new-*")) == []


def test_taking_back_removes_new_files(folder):
    """The files as they were come back; one that was not there goes."""
    files = publishing.written(folder, "helsinki", DRAFT, DAY)
    before = publishing.current(folder, files)
    publishing.put(folder, files)
    publishing.put(folder, before)
    publishing.check(folder, before)
    assert publishing.current(folder, files) == before
    assert not (folder / "fi/robots.yaml").exists()


LINES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"),
    min_size=1,
    max_size=60,
).filter(lambda text: text.strip())


@given(question=LINES, answer=st.lists(LINES, min_size=1, max_size=4), phrasing=LINES)
def test_any_words_read_back(tmp_path_factory, question, answer, phrasing):
    """Whatever is written, quotes, colons, hashes or spaces, the book has the same words."""
    folder = tmp_path_factory.mktemp("book") / "faq"
    folder.mkdir()
    (folder / "queues.yaml").write_text(
        'general:\n  title: {fi: "a", sv: "b", en: "c"}\n  hours: {}\n', encoding="utf-8"
    )
    words = Words(question, (phrasing,), "\n".join(answer), "\n".join(answer))
    draft = Draft(
        "one", "topic", "general", "https://a.fi", "team", dict.fromkeys(book.LOCALES, words)
    )
    try:
        read = published(folder, draft).entries["one"].texts["fi"]
    finally:
        shutil.rmtree(Path(folder).parent, ignore_errors=True)
    assert read.question == " ".join(question.split())
    assert read.phrasings == (" ".join(phrasing.split()),)
    assert read.answer.split() == words.answer.split()
