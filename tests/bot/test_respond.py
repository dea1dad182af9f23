"""What is said to one utterance: choices, guided answers, misses, commands; decided without I/O."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.models import Channel
from bot.respond import Context, Deed, Kind, Matter, State, Utterance, respond
from bot.town import town_from
from faq import book
from faq.alarms import ENTRIES
from faq.matching import Candidate, Decision, Match

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GUIDE = """
  question: "How do I make the text bigger?"
  phrasings: ["letters too small"]
  answer: |
    We make the text bigger.
    1. Open Settings.
    2. Press Display.
       It may be called Screen.
    3. Move the slider.
"""


@pytest.fixture(scope="module")
def guided(tmp_path_factory):
    """A town whose book has one guided answer."""
    folder = tmp_path_factory.mktemp("book")
    for locale in book.LOCALES:
        (folder / locale).mkdir()
        (folder / locale / "phone.yaml").write_text(f"bigger:{GUIDE}")
    (folder / "entries.yaml").write_text(
        'bigger: {queue: "q", source: "https://a.example/", reviewed: 2026-11-21, steps: true}\n'
    )
    return town_from(folder, "helsinki")


def turn(town, text, state=None, *, kind=Kind.TEXT, locale="en", matter=None, offered=()):
    """Return the turn for one utterance."""
    said = Utterance(Channel.WEB, "a", text, kind)
    return respond(state or State(), said, Context(town, locale, NOW, matter, offered))


def offered(turn):
    """Return the choices under the newest reply, as the next turn is given them."""
    return tuple((choice.label, choice.value) for choice in turn.replies[-1].choices)


def test_guided_answer_comes_one_step_at_a_time(guided):
    """Each step is one message, the beginning with the first, and the last asks whether it helped."""
    first = turn(guided, "show:bigger", kind=Kind.CHOICE)
    assert first.replies[0].text == "Step 1 of 3\nWe make the text bigger.\n\n1. Open Settings."
    assert first.replies[0].entry == "bigger"
    second = turn(guided, "1", first.state, offered=offered(first))
    assert second.replies[0].text == "Step 2 of 3\n2. Press Display.\n   It may be called Screen."
    third = turn(guided, "yes", second.state, offered=offered(second))
    assert third.replies[0].text.endswith("3. Move the slider.")
    values = [choice.value for choice in third.replies[0].choices]
    assert values == ["helped:bigger", "stuck:bigger:3", "unsure:bigger:3", "human"]
    back = turn(guided, "back", third.state, offered=offered(third))
    assert back.replies[0].text == second.replies[0].text


@pytest.mark.parametrize("said", ["stuck:bigger:2", "unsure:bigger:2"])
def test_whoever_is_stuck_gets_ways_on(guided, said):
    """ "It does not work" and "I do not know" lead to the step again, the whole guide, or a person."""
    stuck = turn(guided, said, kind=Kind.CHOICE)
    values = [choice.value for choice in stuck.replies[0].choices]
    assert values == ["step:bigger:2", "whole:bigger", "human"]
    whole = turn(guided, "whole:bigger", stuck.state, kind=Kind.CHOICE)
    assert whole.replies[0].text == guided.book.entries["bigger"].texts["en"].answer


@pytest.mark.parametrize(
    "value", ["step:bigger:0", "step:bigger:4", "step:bigger:x", "step:none:1", "stuck:bigger:"]
)
def test_steps_that_are_not_there(guided, value):
    """A step of another book or out of range gets a kind answer."""
    assert "no longer works" in turn(guided, value, kind=Kind.CHOICE).replies[0].text


@pytest.mark.parametrize(
    ("said", "locale", "entry"),
    [
        ("annoin koodit sille miehelle", "fi", "gave-codes"),
        ("fyrkat lähti tililtä", "fi", "gave-codes"),
        ("mies ei hengitä", "sv", "emergency"),
        ("jag vill inte leva längre", "fi", "despair"),
        ("my husband is not breathing", "fi", "emergency"),
        ("HELP my husband is not breathing", "en", "emergency"),
        ("poikani vie rahani ja uhkaa minua", "en", "money-abuse"),
    ],
)
@pytest.mark.parametrize("matter", [None, Matter(1, "N-1001", "Maija")])
def test_danger_is_answered_before_anything_else(town, said, locale, entry, matter):
    """The safety text comes at once, in the language of the cry, also while staff have the ticket."""
    answered = turn(town, said, locale=locale, matter=matter)
    [reply] = answered.replies
    assert reply.entry == entry
    assert reply.text == town.book.entries[entry].texts[answered.locale].answer.strip()
    assert [choice.value for choice in reply.choices] == [f"easy:{entry}", "human"]
    assert answered.state.tried[0]["entry"] == entry
    # What was said reaches the people who have the ticket as well.
    assert answered.deed is (Deed.ADD if matter else None)


@pytest.mark.parametrize(
    "said",
    [
        "kone lyö tyhjää", "sovellus kaatui", "kuolen nauruun", "akku kuoli", "tapan aikaa", "my phone died",
        "I could die of laughter", "this app is killing me", "datorn dog", "jag dör av skratt", "appen kraschade",
        "palovaroittimen testi",
    ],
)  # fmt: skip
def test_idioms_are_no_danger(town, said):
    """Words of danger in an idiom give no safety text, neither as the answer nor as a choice."""
    for reply in turn(town, said).replies:
        assert reply.entry not in ENTRIES
        assert not {choice.value.removeprefix("show:") for choice in reply.choices} & {
            "despair",
            "emergency",
        }


def test_a_book_without_safety_texts(guided):
    """Where the book has no such entry, a cry is matched like anything else."""
    assert turn(guided, "my husband is not breathing").replies


@pytest.mark.parametrize("value", ["show:bigger", "whole:bigger", "step:bigger:2", "easy:bigger"])
def test_a_withheld_answer_is_not_given(guided, value):
    """After its last day an answer is on no way given, by question or button; a person is offered."""
    entry = replace(guided.book.entries["bigger"], valid_until=date(2026, 12, 31))
    content = replace(guided.book, entries={**guided.book.entries, "bigger": entry})
    town = replace(guided, book=content, today=date(2026, 12, 31))
    last = turn(town, value, kind=Kind.CHOICE)
    assert last.replies[0].entry == "bigger"
    [reply] = turn(replace(town, today=date(2027, 1, 1)), value, kind=Kind.CHOICE).replies
    assert "brought up to date" in reply.text
    assert town.phone in reply.text
    assert reply.entry is None
    assert [choice.value for choice in reply.choices] == ["human"]


def test_guided_answer_needs_steps(guided, tmp_path):
    """The loader refuses a guided answer without numbered lines, and steps that is not yes or no."""
    folder = tmp_path / "book"
    shutil.copytree(Path(book.__file__).parent, folder)
    entries = folder / "entries.yaml"
    entries.write_text(
        entries.read_text().replace("digituki-price: {", "digituki-price: {steps: true, ", 1)
    )
    with pytest.raises(book.BookError, match="steps is true"):
        book.load(folder)
    entries.write_text(entries.read_text().replace("steps: true", 'steps: "yes"', 1))
    with pytest.raises(book.BookError, match="steps must be true or false"):
        book.load(folder)


@pytest.mark.parametrize("locale", book.LOCALES)
def test_every_reply_fits_its_limits(town, locale):
    """Buttons are short enough for a phone and their values for Telegram; all choices lead on."""
    from bot.replies import Replies  # noqa: PLC0415 - only here

    words = Replies(town, locale)
    replies = [words.answer(entry) for entry in town.book.entries]
    replies += [words.welcome(), words.help(has_ticket=True), words.help(has_ticket=False)]
    replies += [
        words.suggest(list(town.book.entries)[:3]),
        words.not_found(),
        words.not_found_again(),
    ]
    for reply in replies:
        assert reply.text.strip()
        for choice in reply.choices:
            assert len(choice.value.encode()) <= 64
            assert words.choice(choice.value)
            pressed = turn(town, choice.value, kind=Kind.CHOICE, locale=locale)
            assert pressed.replies or pressed.deed


def test_silence_while_staff_have_the_ticket(town):
    """While staff have a ticket only command words are answered; what else is said is added to it."""
    matter = Matter(1, "N-1001", None)
    added = turn(town, "How much does digital support cost?", matter=matter)
    assert (added.deed, added.replies) == (Deed.ADD, ())
    for command in ("status", "help", "language", "back"):
        answered = turn(town, command, matter=matter)
        assert answered.replies or answered.deed


def test_numbers_without_choices_are_text(town):
    """A number answers only what was just offered; else it is matched or goes to the ticket."""
    assert turn(town, "2").replies
    assert turn(town, "2", matter=Matter(1, "N-1001", "Maija")).deed is Deed.ADD


def test_misses_are_counted_in_a_row(town):
    """A found answer in between makes the next miss the first again."""
    first = turn(town, "zxcv qwrt")
    second = turn(town, "zxcv qwrt", first.state)
    assert second.state.misses == 2
    found = turn(town, "show:digituki-price", second.state, kind=Kind.CHOICE)
    assert found.state.misses == 0


def test_state_survives_json(town):
    """The state is the same after it was saved, and unknown fields of another version do no harm."""
    state = turn(town, "show:digituki-price", kind=Kind.CHOICE).state
    assert State.from_json({**state.to_json(), "from_the_future": 1}) == state
    assert State.from_json({}) == State()


@pytest.mark.parametrize(
    "text", ["Где я могу распечатать?", "أين يمكنني الطباعة؟", "打印机在哪里可以用"]
)
def test_other_scripts_are_told_which_languages_we_speak(town, text):
    """Whoever writes in another script is told, in English, the three languages, and offered a person."""
    reply = turn(town, text, locale="fi").replies[0]
    assert "Finnish, Swedish and English" in reply.text
    assert [choice.value for choice in reply.choices] == ["lang:fi", "lang:sv", "lang:en", "human"]


class TwoFound:
    """A matcher that finds two questions in everything."""

    def match(self, _text, locale):
        parts = tuple(
            Match(Decision.ANSWER, (Candidate(entry, 0.9),), locale)
            for entry in ("digituki-price", "printing")
        )
        return Match(Decision.SUGGEST, parts[0].candidates, locale, parts)


def test_two_questions_are_both_accounted_for(town):
    """Two questions in one message become two choices; after the first the other is a step back."""
    both = replace(town, matcher=TwoFound())
    first = turn(both, "what does it cost and where can I print")
    values = [choice.value for choice in first.replies[0].choices]
    assert values == ["show:digituki-price", "show:printing", "none"]
    shown = turn(both, "1", first.state, offered=offered(first))
    assert shown.replies[0].entry == "digituki-price"
    back = turn(both, "back", shown.state)
    assert [choice.value for choice in back.replies[0].choices] == values
