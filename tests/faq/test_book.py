"""The loader refuses a faulty book with file, entry and fault, all faults at once."""

from __future__ import annotations

import shutil
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import yaml

from faq import book, checks

SHIPPED = Path(book.__file__).parent
ENTRY = 'print: {queue: "general", source: "https://a.example/", reviewed: 2026-11-21}\n'
WORDS = 'print:\n  question: "Where can I print?"\n  phrasings: ["printer"]\n  answer: |\n    At the library.\n'
QUEUES = 'general: {title: {fi: "Y", sv: "A", en: "G"}, hours: {mon: ["09:00-15:00"]}, languages: [fi, sv, en]}\n'


def more(field):
    """The queue with one field more."""
    return QUEUES.replace("}\n", f", {field}}}\n")


@pytest.fixture
def folder(tmp_path):
    """A small book without faults."""
    for locale in book.LOCALES:
        (tmp_path / locale).mkdir()
        (tmp_path / locale / "topic.yaml").write_text(WORDS)
    (tmp_path / "entries.yaml").write_text(ENTRY)
    (tmp_path / "queues.yaml").write_text(QUEUES)
    return tmp_path


def faults(folder, town="helsinki"):
    """Return the faults of a book as text; fails when it loads."""
    with pytest.raises(book.BookError) as caught:
        book.load(folder, town)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("town", ["helsinki", "espoo", "vantaa"])
def test_shipped_book_loads(town):
    """The shipped book has no faults in any town, and nothing an editor should mend."""
    loaded = book.load(SHIPPED, town)
    assert len(loaded.entries) >= 30
    assert {"digital-support", "events", "general"} <= set(loaded.queues)
    assert checks.advice(loaded) == []


def test_small_book(folder):
    """Every field arrives as it was written."""
    loaded = book.load(folder)
    entry = loaded.entries["print"]
    assert entry.texts["en"].answer == "At the library."
    assert entry.texts["en"].phrasings == ("printer",)
    assert loaded.queues["general"].hours[0] == ((time(9), time(15)),)
    assert loaded.queues["general"].hours[5] == ()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("entries.yaml", None, "entries.yaml: is missing"),
        ("entries.yaml", "", "entries.yaml: has no entries"),
        ("entries.yaml", "- a\n", "must be a mapping"),
        ("entries.yaml", "print: [", "cannot be read as YAML"),
        ("entries.yaml", "print: 5\n", "must be a mapping"),
        ("entries.yaml", "12:30: {}\n", "quotes"),
        ("entries.yaml", ENTRY + ENTRY, "'print' is there twice"),
        ("entries.yaml", '"a b": {}\n', "an id has"),
        ("entries.yaml", ENTRY.replace("2026-11-21", '"2026-11-21"'), "reviewed must be a day"),
        ("entries.yaml", ENTRY.replace('"general"', '"nowhere"'), "is not in queues.yaml"),
        (
            "entries.yaml",
            ENTRY.replace('"https://a.example/"', '"page 7"'),
            "source must be an address",
        ),
        ("entries.yaml", ENTRY.replace("}", ", colour: red}"), "'colour' is not a field"),
        ("entries.yaml", ENTRY.replace("}", ", needs: [1.3]}"), "needs: 1.3"),
        (
            "entries.yaml",
            ENTRY.replace("}", ", missing: [fi, sv, en]}"),
            "missing names every language",
        ),
        ("entries.yaml", ENTRY.replace("}", ", missing: [en]}"), "though missing says"),
        ("entries.yaml", ENTRY.replace("print", "scan"), "is not in entries.yaml"),
        ("entries.yaml", ENTRY.replace("}", ", valid_until: soon}"), "valid_until must be a day"),
        (
            "entries.yaml",
            ENTRY.replace("}", ", guide: [beer]}"),
            "guide is missing or not a mapping",
        ),
        ("reviews.yaml", "topic: often\n", "reviews.yaml: topic: write a number of days"),
        ("reviews.yaml", "topic: 0\n", "write a number of days, not 0"),
        ("en/topic.yaml", None, "en/: print: is not there"),
        ("en/topic.yaml", WORDS.replace('"printer"', "no"), "phrasings: False"),
        ("en/topic.yaml", WORDS.replace('"printer"', "12:30"), "phrasings: 750"),
        ("en/topic.yaml", WORDS.replace("    At the library.", "   "), "answer is empty"),
        ("en/topic.yaml", WORDS.replace('"Where can I print?"', "yes"), "put question in quotes"),
        ("en/topic.yaml", b"\xff\xfe\x00", "cannot be read as YAML"),
        ("en/other.yaml", WORDS, "is also in en/other.yaml"),
        ("queues.yaml", QUEUES.replace("09:00-15:00", "9-15"), 'write "09:00-15:00"'),
        ("queues.yaml", QUEUES.replace("09:00-15:00", "15:00-09:00"), 'write "09:00-15:00"'),
        ("queues.yaml", QUEUES.replace("09:00-15:00", "25:00-26:00"), 'write "09:00-15:00"'),
        ("queues.yaml", QUEUES.replace("mon", "monday"), "'monday' is not one of"),
        ("queues.yaml", QUEUES.replace('sv: "A", ', ""), "title has no sv"),
        ("queues.yaml", QUEUES.replace("[fi, sv, en]", "[de]"), "fi, sv or en"),
        ("queues.yaml", "", "queues.yaml: has no queues"),
        ("queues.yaml", QUEUES.replace("15:00", '12:00", "11:00-15:00'), "the periods overlap"),
        ("queues.yaml", more("first_reply: 0"), "first_reply must be minutes"),
        ("queues.yaml", more('resolve: "240"'), "resolve must be minutes"),
        ("queues.yaml", more("resolve: true"), "resolve must be minutes"),
        ("queues.yaml", more('fallback: "general"'), "'general' is not another queue"),
        ("queues.yaml", more('fallback: "nowhere"'), "'nowhere' is not another queue"),
        ("queues.yaml", more("exceptions: []"), "exceptions is missing or not a mapping"),
        ("queues.yaml", more('exceptions: {"31.12.": []}'), 'write a day such as "2026-12-31"'),
        ("queues.yaml", more('exceptions: {"2026-12-31": ["9-12"]}'), 'write "09:00-15:00"'),
    ],
)
def test_fault_is_named(folder, file, content, said):
    """Each fault is named with its file and entry, in words that say what to write."""
    path = folder / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    assert any(said in fault for fault in faults(folder)), faults(folder)


def test_all_faults_at_once(folder):
    """An editor sees everything that is wrong in one go."""
    (folder / "entries.yaml").write_text(ENTRY.replace("https", "ftp"))
    (folder / "fi" / "topic.yaml").write_text("print: {}\n")
    (folder / "sv" / "topic.yaml").unlink()
    found = "\n".join(faults(folder))
    assert "source" in found
    assert "fi/topic.yaml: print: question is missing" in found
    assert "sv/: print" in found


def test_a_language_may_be_missing_openly(folder):
    """An entry that says which language it lacks is accepted without it."""
    (folder / "entries.yaml").write_text(ENTRY.replace("}", ", missing: [sv]}"))
    (folder / "sv" / "topic.yaml").unlink()
    assert set(book.load(folder).entries["print"].texts) == {"fi", "en"}


def test_without_queues_any_name_will_do(folder):
    """A folder without queues.yaml accepts whatever queues its entries name."""
    (folder / "queues.yaml").unlink()
    (folder / "entries.yaml").write_text(ENTRY.replace("general", "anything"))
    assert set(book.load(folder).queues) == {"anything"}


def test_queue_with_all_its_fields(folder):
    """A queue's exceptions, spans and fallback are read; spans are minutes of opening time."""
    (folder / "queues.yaml").write_text(
        more(
            'exceptions: {"2026-12-31": ["12:00-13:00", "09:00-11:00"], "2027-01-07": []},'
            ' first_reply: 90, resolve: 600, fallback: "other"'
        )
        + QUEUES.replace("general", "other")
    )
    queue = book.load(folder).queues["general"]
    assert queue.exceptions == {
        date(2026, 12, 31): ((time(9), time(11)), (time(12), time(13))),
        date(2027, 1, 7): (),
    }
    assert (queue.first_reply, queue.resolve) == (timedelta(minutes=90), timedelta(hours=10))
    assert queue.fallback == "other"


def test_overlay_replaces_and_adds(folder):
    """A town's answer replaces the base's, its phrasings are added, its source is its own."""
    for locale in book.LOCALES:
        (folder / "towns/espoo" / locale).mkdir(parents=True)
        (folder / "towns/espoo" / locale / "topic.yaml").write_text(
            'print: {phrasings: ["copies"], answer: "In Tapiola."}\n'
        )
    (folder / "towns/espoo/entries.yaml").write_text('print: {source: "https://espoo.example/"}\n')
    espoo, helsinki = book.load(folder, "espoo"), book.load(folder)
    assert espoo.entries["print"].texts["en"].answer == "In Tapiola."
    assert espoo.entries["print"].texts["en"].phrasings == ("printer", "copies")
    assert espoo.entries["print"].source == "https://espoo.example/"
    assert helsinki.entries["print"].texts["en"].answer == "At the library."
    assert espoo.digest != helsinki.digest


def test_overlay_in_one_language_only_is_refused(folder):
    """A town that answers differently in one language would answer wrongly in the others."""
    (folder / "towns/espoo/fi").mkdir(parents=True)
    (folder / "towns/espoo/fi/topic.yaml").write_text('print: {answer: "Tapiolassa."}\n')
    assert any("another language only" in fault for fault in faults(folder, "espoo"))


def test_an_overlaid_answer_drops_the_base_easy_one(folder):
    """The base's easy answer would contradict the town's own."""
    for locale in book.LOCALES:
        path = folder / locale / "topic.yaml"
        path.write_text(path.read_text() + '  easy: "Go to the library."\n')
        (folder / "towns/espoo" / locale).mkdir(parents=True)
        (folder / "towns/espoo" / locale / "topic.yaml").write_text(
            'print: {answer: "In Tapiola."}\n'
        )
    assert book.load(folder, "espoo").entries["print"].texts["en"].easy is None


def test_advice_names_doubles_and_thin_entries(folder):
    """Shared phrasings, long answers and few phrasings are told to the editor, not refused."""
    (folder / "entries.yaml").write_text(ENTRY + ENTRY.replace("print", "scan"))
    for locale in book.LOCALES:
        both = WORDS + WORDS.replace("print:", "scan:").replace("At the library.", "A" * 700)
        (folder / locale / "topic.yaml").write_text(both)
    found = "\n".join(map(str, checks.advice(book.load(folder))))
    assert "'printer' is also under print" in found
    assert "answer has 700 characters" in found
    assert "has 1 phrasings" in found


def test_digest_follows_content(folder):
    """The digest changes with a word and not with reading again."""
    before = book.load(folder).digest
    assert book.load(folder).digest == before
    (folder / "fi" / "topic.yaml").write_text(WORDS.replace("library", "town hall"))
    assert book.load(folder).digest != before


def test_the_shipped_book_can_be_copied(tmp_path):
    """A town's own content folder may start as a copy of the package's."""
    copy = tmp_path / "book"
    shutil.copytree(SHIPPED, copy)
    assert book.load(copy).entries.keys() == book.load(SHIPPED).entries.keys()


def test_an_answer_has_a_last_day(folder):
    """An entry is withheld from the day after its last one, and told to its owner before others."""
    (folder / "entries.yaml").write_text(
        ENTRY.replace("}", ", valid_until: 2026-12-31, owner: team}")
        + ENTRY.replace("print", "scan")
    )
    for locale in book.LOCALES:
        (folder / locale / "other.yaml").write_text(WORDS.replace("print:", "scan:"))
    loaded = book.load(folder)
    last = date(2026, 12, 31)
    assert not loaded.entries["print"].is_withheld(last)
    assert loaded.entries["print"].is_withheld(last + timedelta(1))
    assert not loaded.entries["scan"].is_withheld(date(2100, 1, 1))
    assert checks.stale(loaded, last) == []
    [first, second] = checks.stale(loaded, date(2028, 1, 1))
    assert (first.entry.id, first.since, first.is_withheld) == ("print", last, True)
    assert (second.entry.id, second.is_withheld) == ("scan", False)
    told = "\n".join(map(str, checks.advice(loaded, date(2027, 1, 1))))
    assert "print: is withheld since 2026-12-31 (team)" in told
    assert "scan: is due" not in told


def test_reviews_last_as_long_as_their_topic_says(folder):
    """A topic's own limit counts, else a year; a town's overlay does not change the topic."""
    assert book.load(folder).review_by(book.load(folder).entries["print"]) == date(2027, 11, 21)
    (folder / "reviews.yaml").write_text("topic: 10\n")
    overlay = folder / "towns" / "espoo" / "en"
    overlay.mkdir(parents=True)
    (overlay / "elsewhere.yaml").write_text('print:\n  question: "Print in Espoo?"\n')
    for town in ("helsinki", "espoo"):
        loaded = book.load(folder, town)
        assert loaded.entries["print"].topic == "topic"
        assert loaded.review_by(loaded.entries["print"]) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"answer": "One " + "two " * 30 + "end."},
            "answer: a sentence of 32 words is hard to read",
        ),
        ({"easy": "One " + "two " * 19 + "end."}, "easy: a sentence of 21 words is hard to read"),
        ({"answer": "A" * 601}, "answer has 601 characters"),
        ({"answer": "Write to 131052-308T."}, "looks like a personal identity code"),
        ({"phrasings": ["my account FI21 1234 5600 0007 85"]}, "looks like an account number"),
        ({"phrasings": ["card 4539 5787 6362 1486"]}, "looks like a card number"),
        ({"phrasings": ["call me 050 123 4567"]}, "looks like a mobile number"),
        ({"phrasings": ["mail aino@home.example"]}, "looks like an e-mail address"),
        ({"answer": "Call 050 123 4567 or mail print@city.example."}, ""),
        ({"answer": "- " + "word (see below, 12 34) " * 20}, ""),
    ],
)
def test_advice_on_words(folder, changed, said):
    """What is hard to read or holds a person's data is told; an office's own number is neither."""
    words = {"question": "Q?", "phrasings": [f"p{n}" for n in range(8)], "answer": "A.", **changed}
    words["phrasings"] += [f"p{n}" for n in range(8)]
    (folder / "en" / "topic.yaml").write_text(yaml.safe_dump({"print": words}, allow_unicode=True))
    told = [hint.fault for hint in checks.advice(book.load(folder)) if hint.file == "en"]
    assert any(said in hint for hint in told) if said else told == [], told


def test_advice_on_utterances(folder):
    """Few utterances, and any that two entries share, are told in their language."""
    (folder / "entries.yaml").write_text(ENTRY + ENTRY.replace("print", "scan"))
    for locale in book.LOCALES:
        (folder / locale / "other.yaml").write_text(
            WORDS.replace("print:", "scan:").replace("Where", "How").replace("printer", "scanner")
        )
    (folder / "en" / "utterances").mkdir()
    (folder / "en" / "utterances" / "topic.yaml").write_text(
        'print: ["my paper", "Scanner?"]\nscan: ["copy it"]\nnothing: ["copy IT"]\n'
    )
    told = "\n".join(map(str, checks.advice(book.load(folder))))
    assert "en: print: has 2 utterances" in told
    assert "fi: print: has 0 utterances" not in told
    assert "en: nothing: 'copy IT' is also under scan" in told
    assert "'scanner' is also under" in told or "'Scanner?' is also under" in told
