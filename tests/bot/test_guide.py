"""The event guide in a conversation: what it hears, asks, plans, tries out and hands over."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest

from bot.guide import MARK, Guide, Talk
from bot.models import Channel
from bot.permits import plan
from bot.permits.papers import outline
from bot.respond import Context, Deed, Kind, Matter, State, Utterance, respond

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SAID = {
    "fi": "Järjestän 800 hengen konsertin Kansalaistorilla 12.6. klo 15-22, olutta myydään",
    "sv": "Jag ordnar en konsert för 800 personer på Medborgartorget den 12 juni kl. 15-22, vi säljer öl",
    "en": "I am organising a concert for 800 people at Kansalaistori on 12 June 3pm-10pm, beer will be sold",
}
HEARD = {
    "kind": "public_event", "city": "helsinki", "peak": 800, "place": "city_square", "concert": True, "alcohol": "served",
    "start": "2027-06-12T15:00", "end": "2027-06-12T22:00",
}  # fmt: skip


class Chat:
    """One resident talking, everything in between kept as JSON, as a conversation keeps it."""

    def __init__(self, town, locale="en"):
        self.town, self.locale = town, locale
        self.state = State()
        self.replies = ()
        self.matter = None
        self.deed = None
        self.shown = ""

    @property
    def offered(self):
        return tuple((c.label, c.value) for c in self.replies[-1].choices) if self.replies else ()

    @property
    def text(self):
        return self.replies[-1].text

    @property
    def guide(self):
        return Guide.from_json(self.state.guide)

    def says(self, text, kind=Kind.TEXT):
        said = Utterance(Channel.WEB, "1", text, kind)
        context = Context(self.town, self.locale, NOW, self.matter, self.offered)
        turn = respond(
            State.from_json(self.state.to_json(), json.loads(json.dumps(self.state.guide))),
            said,
            context,
        )
        self.state, self.locale, self.deed, self.shown = (
            turn.state,
            turn.locale,
            turn.deed,
            turn.shown,
        )
        if self.state.guide:
            # An event has a number of its own as soon as it is kept.
            self.state.guide["event"] = self.state.guide["event"] or "e" * 32
        self.replies = turn.replies or self.replies
        return self

    def presses(self, value):
        return self.says(value, Kind.CHOICE)


@pytest.fixture
def chat(town):
    return Chat(town)


@pytest.mark.parametrize("locale", SAID)
def test_what_was_said_already_is_said_back(town, locale):
    """The first message's facts are heard in each language and confirmed before anything is asked."""
    chat = Chat(town, locale).says(SAID[locale])
    assert chat.guide.facts == HEARD
    assert chat.guide.stage == "confirm"
    assert "800" in chat.text
    assert chat.offered[0][1] == f"{MARK}yes"
    chat.says({"fi": "joo", "sv": "ja", "en": "yes"}[locale])
    assert chat.guide.asked == ("structures",)


def test_what_was_heard_wrong_is_put_right(chat):
    """Before confirming, one may press what to change, or write what is different."""
    chat.says(SAID["en"]).says("only 600 people")
    assert chat.guide.facts["peak"] == 600
    assert chat.guide.stage == "confirm"
    chat.presses(f"{MARK}fix:peak")
    assert chat.guide.asked == ("peak",)
    chat.says("700")
    assert chat.guide.facts == {**HEARD, "peak": 700}


def test_one_question_a_message_with_its_reason(chat):
    """Each question says what it decides, and always offers not to know, to stop and a person."""
    chat.says("we are planning a street party for 60 people").says("yes")
    values = [value for _, value in chat.offered]
    assert chat.text.count("?") == 1
    assert "This decides: " in chat.text
    assert values[-3:] == [f"{MARK}unknown", f"{MARK}stop", "human"]


def test_several_values_one_after_the_other(chat):
    """A set is filled by button, by words, or both, until there is no more."""
    chat.says(SAID["en"]).says("yes").presses(f"{MARK}set:structures:tent")
    assert chat.guide.picked == ("tent",)
    assert f"{MARK}set:structures:tent" not in [value for _, value in chat.offered]
    chat.says("and a stage")
    assert chat.guide.facts["structures"] == ["tent", "stage"]
    assert chat.guide.picked == ()
    chat.says("nothing else")
    assert chat.guide.facts["food"] == []


def test_what_is_told_beside_the_question_is_said_back(chat):
    """Another fact than the one asked for is taken, said back, and the question comes once more."""
    chat.says("we are planning a street party for 60 people").says("yes")
    asked = chat.guide.asked[-1]
    chat.says("there will be a tent")
    assert "I noted: Structures: tent." in chat.text
    assert chat.guide.facts["structures"] == ["tent"]
    assert chat.guide.asked[-1] == asked


def test_a_number_is_an_answer_and_no_button(chat):
    """Where a number is asked for, "5" is five people and not the fifth button."""
    chat.presses(f"{MARK}go").presses(f"{MARK}set:kind:private").presses(f"{MARK}set:city:espoo")
    assert chat.guide.asked[-1] == "peak"
    assert chat.says("5").guide.facts["peak"] == 5


def test_a_day_without_a_time_is_asked_for_its_time(town):
    """A day alone is kept, and the time asked for; the two together are the moment."""
    chat = Chat(town)
    chat.state = State(guide=Guide(asked=("start",), stage="ask").to_json())
    chat.says("12 June 2027")
    assert "at what time" in chat.text
    chat.says("15.30")
    assert chat.guide.facts["start"] == "2027-06-12T15:30"


def test_what_does_not_fit_is_told_and_asked_again(town):
    """An end before the start is no answer; what was told stays."""
    chat = Chat(town)
    start = {"start": "2027-06-12T15:00"}
    chat.state = State(guide=Guide(facts=start, asked=("end",), stage="ask").to_json())
    chat.says("10 June 2027").says("15.00")
    assert "does not fit" in chat.text
    assert chat.guide.facts == start


@pytest.mark.parametrize("words", ["I don't know", "no idea", "not decided yet"])
def test_not_to_know_is_always_possible(chat, words):
    """What one does not know stays unknown, and is not asked again."""
    chat.says(SAID["en"]).says("yes").says(words)
    assert chat.guide.facts["structures"] is None
    assert chat.guide.asked[-1] != "structures"


def test_what_is_no_answer(chat):
    """Nonsense is told kindly; a question to the book is answered, and the guide goes on."""
    chat.says(SAID["en"]).says("yes").says("zxcv qwrtp")
    assert "did not understand" in chat.text
    chat.says("How much does digital support cost?")
    assert chat.replies[0].entry == "digituki-price"
    assert chat.text.startswith("What structures")
    assert chat.guide.facts == HEARD


def test_an_answer_to_another_question_is_not_lost(chat):
    """Whatever is told out of turn is kept."""
    chat.says(SAID["en"]).says("yes").says("the organiser is an association")
    assert chat.guide.facts["organiser"] == "association"
    assert chat.guide.asked[-1] == "structures"


def test_back_and_stop_and_resume(chat):
    """Back asks the question before; stop keeps everything, and days later one goes on."""
    chat.says(SAID["en"]).says("yes").presses(f"{MARK}set:structures:done")
    assert chat.guide.asked[-1] == "food"
    chat.says("back")
    assert chat.guide.asked[-1] == "structures"
    assert "structures" not in chat.guide.facts
    chat.says("stop")
    assert chat.guide.stage == "paused"
    chat.says("How much does digital support cost?")
    assert chat.replies[-1].entry == "digituki-price"
    chat.presses(f"{MARK}resume")
    assert chat.guide.facts == HEARD
    assert chat.text.startswith("What structures")


@pytest.mark.parametrize(
    ("locale", "asks"),
    [("fi", "näytä suunnitelma"), ("sv", "visa planen"), ("en", "the plan, please")],
)
def test_the_plan_is_shown_in_mid_interview(town, locale, asks):
    """Asked for in words, the plan shows what is known so far, with the way back to the questions."""
    chat = Chat(town, locale).says(SAID[locale]).presses(f"{MARK}yes")
    question = chat.text
    chat.says(asks)
    assert chat.guide.stage == "plan"
    assert chat.offered[0][1] == f"{MARK}resume"
    chat.presses(f"{MARK}resume")
    assert chat.text == question


def test_the_plan_of_somebody_who_stopped(chat):
    """Days later the word is enough; without any event, or while staff have the ticket, it is no command."""
    chat.says(SAID["en"]).presses(f"{MARK}yes").says("stop")
    assert chat.says("show me the plan").guide.stage == "plan"
    chat.matter = Matter(1, "N-1001", "Maija")
    assert chat.says("plan").deed is Deed.ADD


def test_a_plan_without_an_event_is_a_question(chat):
    chat.says("plan")
    assert not chat.state.guide


def complete(chat):
    """Answer everything by the first button of each question but what leaves it."""
    for _ in range(60):
        if chat.guide.stage == "plan" and f"{MARK}none-left" not in dict(
            map(reversed, chat.offered)
        ):
            return chat
        values = [value for _, value in chat.offered]
        own = [v for v in values if v.endswith((":done", ":no", ":0"))] or values
        if own[0] == f"{MARK}unknown":
            chat.says("2 days")
            continue
        chat.presses(own[0])
    raise AssertionError("no plan after sixty answers")


@pytest.mark.parametrize("locale", SAID)
def test_the_plan(town, locale):
    """All told, the plan stands: its summary, each duty by tap, and everything at once."""
    chat = complete(Chat(town, locale).says(SAID[locale]))
    made = plan(chat.guide.facts, NOW, locale=locale)
    to_do = outline.to_do(made)
    assert len(chat.guide.asked) <= 25
    assert str(len(to_do)) in chat.text
    assert len(chat.text) <= 3_700
    duty = to_do[0]
    button = next(value for label, value in chat.offered if label == duty.name)
    chat.presses(button)
    assert chat.shown == duty.name
    for part in (duty.name.upper(), duty.authority, duty.fee, duty.source):
        assert part in chat.text
    chat.presses(f"{MARK}plan").presses(f"{MARK}all")
    whole = "\n".join(reply.text for reply in chat.replies)
    assert all(duty.name.upper() in whole for duty in to_do)
    assert all(len(reply.text) <= 3_700 for reply in chat.replies)


def test_what_if_shows_only_the_difference(chat):
    """Trying out changes nothing until one says so; then the plan follows."""
    complete(chat.says(SAID["en"]))
    told = chat.guide.facts
    chat.says("what if only 50 people come?")
    assert "no more needed: Rescue plan" in chat.text
    assert chat.guide.facts == told
    chat.presses(f"{MARK}keep")
    assert chat.guide.facts == told
    chat.says("What if 50 people come?").presses(f"{MARK}apply")
    assert chat.guide.facts["peak"] == 50
    assert chat.guide.whatif == {}
    chat.says("what if pigs fly")
    assert "What if 250 people come?" in chat.text


def test_a_new_date_moves_everything(chat):
    """A change told in words says what it changes."""
    complete(chat.says(SAID["en"]))
    chat.says("the date has changed: 19 June 2027 3pm-10pm")
    assert chat.guide.facts["start"] == "2027-06-19T15:00"
    assert "other date: " in chat.text


def test_a_person_gets_everything_told(chat):
    """Asking for a person passes on what was told, to the queue of events."""
    chat.says(SAID["en"]).says("yes").says("human")
    assert chat.deed is Deed.HAND_IN
    assert "People at the same time: 800" in chat.text
    entry = chat.town.book.entries[chat.state.tried[0]["entry"]]
    assert entry.queue == "events"


def test_staff_hear_what_is_said_while_they_have_the_ticket(chat):
    """While staff have the ticket the guide is silent, and goes on by its buttons afterwards."""
    chat.says(SAID["en"]).says("yes")
    chat.matter = Matter(1, "N-1001", "Maija")
    chat.says("and a stage")
    assert chat.deed is Deed.ADD
    chat.matter = None
    chat.presses(f"{MARK}set:structures:stage")
    assert chat.guide.picked == ("stage",)


def test_an_answer_leads_into_the_guide_with_its_fact_set(chat):
    """Under an answer about events stands a button; what its asker told is known."""
    entry = chat.town.book.entries["event-alcohol-sale"]
    chat.presses(f"show:{entry.id}")
    assert (chat.offered[0][1]) == f"{MARK}entry:{entry.id}"
    chat.presses(f"{MARK}entry:{entry.id}")
    assert chat.guide.facts == {"alcohol": "served"}
    chat.presses("show:digituki-price")
    assert not any(value.startswith(MARK) for _, value in chat.offered)


def test_every_entry_with_a_guide_begins_it(town):
    """Whatever an entry tells the guide can be confirmed and gone on from."""
    for entry in town.book.entries.values():
        if entry.guide is not None:
            chat = Chat(town).presses(f"{MARK}entry:{entry.id}")
            assert chat.guide.facts == dict(entry.guide)
            if entry.guide:
                chat.presses(f"{MARK}yes")
            assert chat.guide.asked


@pytest.mark.parametrize(
    "value",
    ["", "x", "set:", "set:peak", "set:peak:5", "set:nothing:yes", "set:structures:castle", "duty:P99", "fix:nothing",
     "entry:nothing", "entry:digituki-price", "duty:"],
)  # fmt: skip
def test_buttons_that_are_not_there(chat, value):
    """Foreign and old buttons get a kind answer, with a guide and without one."""
    for begun in (False, True):
        if begun:
            chat.says(SAID["en"]).says("yes")
        facts = chat.guide.facts if begun else None
        chat.presses(MARK + value)
        assert "no longer works" in chat.text
        assert (chat.guide.facts if begun else None) == facts


@pytest.mark.parametrize("seed", range(12))
def test_any_way_through(town, seed):
    """Whatever is pressed, there is always a next thing to press, within all limits."""
    chance = random.Random(seed)
    locale = chance.choice(["fi", "sv", "en"])
    chat = Chat(town, locale).says(SAID[locale])
    for _ in range(40):
        buttons = [value for _, value in chat.offered if value.startswith(MARK)]
        assert buttons
        for reply in chat.replies:
            assert reply.text.strip()
            assert len(reply.text) <= 3_700
            assert all(len(choice.value.encode()) <= 64 for choice in reply.choices)
        chat.presses(chance.choice(buttons))
        assert "no longer works" not in chat.text


def test_the_language_may_change_in_the_middle(chat):
    """What was told stays, and the next question is in the new language."""
    chat.says(SAID["en"]).says("yes").presses("lang:sv")
    chat.presses(f"{MARK}set:structures:done")
    assert chat.guide.facts["structures"] == []
    assert "Det här avgör" in chat.text


def test_talk_without_a_guide_is_none():
    """Buttons of a guide that was never begun are none, but for the one that begins it."""
    talk = Talk("en", NOW)
    assert talk.press(None, f"{MARK}yes") is None
    assert talk.press(None, f"{MARK}go").guide


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("fi", "tapahtuma siirtyykin 19.6."),
        ("sv", "evenemanget flyttas till 19.6"),
        ("en", "it moves to 19 June"),
    ],
)
def test_a_moved_day_moves_everything(town, locale, said):
    """A new day alone moves start and end, and says which dates change."""
    chat = Chat(town, locale).says(SAID[locale]).presses(f"{MARK}yes").presses(f"{MARK}plan")
    chat.says(said)
    assert (chat.guide.facts["start"], chat.guide.facts["end"]) == (
        "2027-06-19T15:00",
        "2027-06-19T22:00",
    )
    assert "→" in chat.text


def test_what_if_it_moves(chat):
    """A day is tried out like anything else, and nothing is kept."""
    chat.says(SAID["en"]).presses(f"{MARK}yes").presses(f"{MARK}plan")
    chat.says("what if it moves to 19 June?")
    assert "→" in chat.text
    assert chat.guide.facts["start"] == "2027-06-12T15:00"
    chat.presses(f"{MARK}apply")
    assert chat.guide.facts["end"] == "2027-06-19T22:00"
