"""Danger is recognised in three languages, and talk that only sounds like it is not."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from faq import alarms
from faq.alarms import ENTRIES, LOCALES, BadSigns, Sign, alarm, read, signs_in

HERE = Path(__file__).parent
BOOK = Path(alarms.__file__).parent
# Of ten cries for help nine are heard; a harmless message in a hundred may be taken wrongly.
LEAST_HEARD = 0.9
MOST_FALSE = 0.01
# Of the sentences that the book is taught by, so few that are about other things.
MOST_FALSE_IN_THE_BOOK = 0.0005
# These are about fraud as well, and a sentence may truly need the safety text.
NEAR = {
    "account-hacked",
    "is-it-genuine",
    "is-the-city-calling",
    "recognise-scams",
    "remote-program",
    "report-scam",
    "secrets-in-chat",
}


@cache
def sentences(locale: str) -> dict[str, list[str]]:
    """Return the measuring sentences of one language, by the entry they need."""
    found = yaml.safe_load((HERE / "alarms" / f"{locale}.yaml").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


@cache
def taught(locale: str) -> dict[str, list[str]]:
    """Return what the book is taught by in one language, by entry."""
    found: dict[str, list[str]] = {}
    for path in sorted((BOOK / locale / "utterances").glob("*.yaml")):
        for entry, said in yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader).items():
            found.setdefault(entry, []).extend(said)
    return found


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("entry", ENTRIES)
def test_danger_is_heard(locale: str, entry: str) -> None:
    """At least nine of ten sentences in need of a safety text get that very text."""
    said = sentences(locale)[entry]
    missed = [(text, alarm(text)) for text in said if alarm(text) != entry]
    assert len(missed) <= (1 - LEAST_HEARD) * len(said), missed


@pytest.mark.parametrize("locale", LOCALES)
def test_harmless_talk_raises_no_alarm(locale: str) -> None:
    """Idioms, illness long ago, courses, films and questions beforehand get no safety text."""
    harmless = sentences(locale)["nothing"]
    false = [(text, found) for text in harmless if (found := alarm(text))]
    assert len(false) <= MOST_FALSE * len(harmless), false


@pytest.mark.parametrize("locale", LOCALES)
def test_other_questions_raise_no_alarm(locale: str) -> None:
    """What people ask about everything else goes on to the matcher."""
    others = [
        text
        for entry, said in taught(locale).items()
        if entry not in NEAR and entry not in ENTRIES
        for text in said
    ]
    false = [(text, found) for text in others if (found := alarm(text))]
    assert len(false) <= MOST_FALSE_IN_THE_BOOK * len(others), false


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("rintaan sattuu", "emergency"),
        ("en saa henkeä", "emergency"),
        ("mies ei hengitä", "emergency"),
        ("isä makaa lattialla tajuttomana", "emergency"),
        ("keittiö palaa", "emergency"),
        ("jag får ingen luft", "emergency"),
        ("ont i bröstet", "emergency"),
        ("det brinner hos grannen", "emergency"),
        ("mamma vaknar inte", "emergency"),
        ("she is not breathing", "emergency"),
        ("I have chest pain", "emergency"),
        ("my kitchen is on fire", "emergency"),
        ("my husband is unconscious", "emergency"),
        ("en jaksa enää elää", "despair"),
        ("haluan kuolla", "despair"),
        ("tapan itseni", "despair"),
        ("itsemurha pyörii mielessä", "despair"),
        ("jag vill dö", "despair"),
        ("jag orkar inte leva", "despair"),
        ("jag tänker ta livet av mig", "despair"),
        ("I want to die", "despair"),
        ("I want to kill myself", "despair"),
        ("I don't want to live anymore", "despair"),
        ("annoin koodit", "gave-codes"),
        ("annoin pankkitunnukset huijarille", "gave-codes"),
        ("fyrkat lähti tililtä", "gave-codes"),
        ("tililtäni on viety rahaa", "gave-codes"),
        ("jag gav bankkoderna åt en bedragare", "gave-codes"),
        ("pengarna försvann från kontot", "gave-codes"),
        ("I gave my bank codes to a scammer", "gave-codes"),
        ("money is missing from my account", "gave-codes"),
        ("pankista soitetaan juuri nyt ja kysytään tunnuksia", "scam-call-now"),
        ("polisen ringer och frågar efter koder", "scam-call-now"),
        ("the caller asks for my bank codes", "scam-call-now"),
        ("poikani lyö minua", "money-abuse"),
        ("poikani vie eläkkeeni", "money-abuse"),
        ("min man slår mig", "money-abuse"),
        ("min son tar min pension", "money-abuse"),
        ("my husband hits me", "money-abuse"),
        ("my son takes my pension", "money-abuse"),
    ],
)
def test_plain_danger_is_never_missed(text: str, entry: str) -> None:
    """The plainest words for each danger always get their text."""
    assert alarm(text) == entry


@pytest.mark.parametrize(
    "text",
    [
        "kone lyö tyhjää",
        "sovellus kaatui",
        "akku kuoli",
        "puhelin kuoli",
        "tapan aikaa",
        "olen kuolemanväsynyt",
        "kuolen nauruun",
        "palohälytin testi",
        "haluan kuulla musiikkia",
        "saako antaa pankkitunnukset",
        "pitääkö antaa koodi",
        "voiko pankkitunnukset antaa tyttärelle",
        "mistä tunnistaa huijauspuhelun",
        "mikä on kriisipuhelimen numero",
        "mieheni kuoli, miten perunkirjoitus",
        "aivoinfarktin jälkeen isä kirjoittaa hitaasti",
        "ensiapukurssi elvytyksestä",
        "kirja itsemurhasta",
        "datorn dog",
        "att dö av skratt",
        "får jag ge bankkoderna",
        "hur känner jag igen ett bluffsamtal",
        "efter hjärtinfarkten orkar jag inte komma på plats",
        "räddningsplan för evenemanget",
        "min man dog, hur gör man bouppteckning",
        "my phone died",
        "I could kill for coffee",
        "killing time",
        "the app crashed",
        "fire stick",
        "should I give my codes",
        "how do I recognise a scam",
        "what is the number of the crisis line",
        "after the stroke dad types slowly",
        "a film about suicide",
        "funeral arrangements for my father",
        "",
        "   ",
        "???",
    ],
)
def test_idioms_and_questions_raise_nothing(text: str) -> None:
    """What only sounds like danger is left to the matcher."""
    assert alarm(text) is None


@pytest.mark.parametrize(
    ("tidy", "typed"),
    [
        ("En jaksa enää elää.", "EN JAKSA ENAA ELAA!!"),
        ("En jaksa elää.", "enjaksa elää"),
        ("rintaan sattuu", "rintaan   sattuu"),
        ("annoin pankkitunnukset huijarille", "annoin pankitunukset huijarile"),
        ("jag får inte luft", "jag far inte luft"),
        ("I can't breathe", "i cant breathe"),
        ("he is unconscious on the floor", "he is unconsious on the floor"),
        (
            "kävin kaupassa. rintaan sattuu",
            "kävin kaupassa ja sitten rintaan sattuu apua mitä teen",
        ),
    ],
)
def test_spelling_does_not_matter(tidy: str, typed: str) -> None:
    """Missing dots, capitals, lost spaces, doubled letters and small slips change nothing."""
    assert alarm(tidy) == alarm(typed)
    assert alarm(tidy) is not None


def test_life_comes_before_money() -> None:
    """Somebody in danger of life gets that text, whatever else the message tells."""
    assert alarm("annoin koodit huijarille ja nyt rintaan sattuu enkä saa henkeä") == "emergency"
    assert alarm("rahat vietiin tililtä, en halua enää elää") == "despair"


def test_a_clear_cry_is_heard_in_any_company() -> None:
    """A course or a film in the same message does not hide that somebody wants to die."""
    assert alarm("kävin elokuvakurssilla eikä se auttanut, haluan kuolla") == "despair"
    assert alarm("Is the course full? I want to die") == "despair"


def test_a_cry_at_the_end_of_a_long_message_is_heard() -> None:
    """Of a very long message the beginning and the end are read."""
    assert alarm("hyvää päivää " * 2_000 + "en jaksa enää elää") == "despair"


def test_a_dot_that_is_written_counts() -> None:
    """Who writes "läser" means reading, not locking."""
    assert alarm("min son läser tidningen") is None


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    """Any text gets an entry or nothing, and the same one every time."""
    found = alarm(text)
    assert found is None or found in ENTRIES
    assert alarm(text) == found


@given(st.text(alphabet=" \t\n", max_size=5), st.sampled_from(["annoin koodit", "jag vill dö"]))
def test_space_around_changes_nothing(space: str, text: str) -> None:
    """Empty lines and spaces around a cry for help do not hide it."""
    assert alarm(space + text + space) == alarm(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "en halua elää " * 7_000,
        "\x00\x1b\u202e" * 33_000,
        "pankki soittaa ja poikani vie rahat tililtä " * 2_300,
    ],
)
def test_huge_messages_are_safe(text: str) -> None:
    """A hundred thousand characters take no more time than a long message."""
    start = time.process_time()
    alarm(text)
    assert time.process_time() - start < 0.5


def test_recognising_takes_no_time() -> None:
    """A message costs less than a millisecond on average, once its words have been met."""
    said = [text for locale in LOCALES for texts in sentences(locale).values() for text in texts]
    for text in said:
        alarm(text)
    start = time.process_time()
    for text in said:
        alarm(text)
    assert (time.process_time() - start) / len(said) < 0.001


def test_every_sign_has_a_sentence() -> None:
    """A sign that nothing needs would mislead its editors: remove it, or add its sentence."""
    tried = [
        (entry, text)
        for locale in LOCALES
        for source in (sentences(locale), taught(locale))
        for entry in ENTRIES
        for text in source[entry]
    ]
    raised = {sign for entry, text in tried for sign in signs_in(text) if sign.entry == entry}
    untested = [(sign.locale, sign.entry, sign.line) for sign in all_signs() if sign not in raised]
    assert not untested


def all_signs() -> list[Sign]:
    """Return the signs of the town's own file."""
    return list(read(BOOK / "words" / "alarms.yaml").signs)


# --- The file -------------------------------------------------------------------------------


def book_of(tmp_path: Path, words: str, sign: str) -> Path:
    """Return a file with one list and one sign in Finnish, nothing else."""
    empty: dict[str, Any] = {entry: {"always": [], "signs": [], "unless": []} for entry in ENTRIES}
    content = {locale: {"words": {}, **empty} for locale in LOCALES}
    content["fi"] = {"words": yaml.safe_load(words), **empty}
    content["fi"]["emergency"] = {"always": [], "signs": [sign], "unless": []}
    path = tmp_path / "alarms.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_a_small_file_is_read(tmp_path: Path) -> None:
    """A list and a sign that uses it are all it takes."""
    (sign,) = read(book_of(tmp_path, '{CHEST: "rinta, rintaan"}', "CHEST sattu* -kone*")).signs
    assert (sign.locale, sign.entry, sign.line) == ("fi", "emergency", "CHEST sattu* -kone*")
    assert sign.parts == (((("rinta",), ("rintaan",)),), ((("sattu*",),),))


@pytest.mark.parametrize(
    ("words", "sign", "fault"),
    [
        ('{CHEST: "rinta"}', "CHSET sattu*", "there is no list CHSET"),
        ('{CHEST: "rinta"}', "rinta sattu*", "no sign uses CHEST"),
        ('{chest: "rinta"}', "sattu*", "must be named in capitals"),
        ("{CHEST: [rinta]}", "CHEST", "must be one quoted text"),
        ('{CHEST: "rinta, , rintaan"}', "CHEST", "is no word or words"),
        ('{CHEST: "rin(ta"}', "CHEST", "is no word or words"),
        ('{CHEST: "rinta"}', "-CHEST", "names nothing to look for"),
        ('{CHEST: "rinta"}', "CHEST>", "is no word or words"),
        ("[CHEST]", "sattu*", "'words' must be lists of words by name"),
    ],
)
def test_a_fault_says_where_it_is(tmp_path: Path, words: str, sign: str, fault: str) -> None:
    """A slip of an editor is refused with the file, the language and what is wrong."""
    with pytest.raises(BadSigns, match="alarms.yaml: fi") as refused:
        read(book_of(tmp_path, words, sign))
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fi: [", "not readable as YAML"),
        ("fi: {}\nfi: {}", "'fi' is there twice"),
        ("", "'fi' must hold exactly"),
        ("fi: {words: {}}", "'fi' must hold exactly words, emergency, despair"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """What is no YAML, or lacks a language or an entry, is refused."""
    path = tmp_path / "alarms.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadSigns) as refused:
        read(path)
    assert fault in str(refused.value)
