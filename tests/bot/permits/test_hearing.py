"""Hearing the facts of an event: whole sentences, answers, halves of moments, and anything else."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import process_time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.permits import FACTS, LOCALES, read_facts
from bot.permits.data import read_yaml
from bot.permits.dates import HELSINKI
from bot.permits.errors import DataError
from bot.permits.facts import Type
from bot.permits.hearing import answered, day_heard, heard, moved, starts_guide, time_heard

NOW = datetime(2026, 11, 21, 12, tzinfo=HELSINKI)
STARTED = {"start": "2027-06-12T15:00"}
LATER = {"end", "sound_starts", "fireworks_at"}


def table(locale):
    """Return the sentences of one language."""
    path = Path(__file__).parent / "heard" / f"{locale}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


TABLES = {locale: table(locale) for locale in LOCALES}
INDEPENDENT = {locale: table(f"independent-{locale}") for locale in LOCALES}


def rows(section):
    """Return every row of a section in every language, with the language first."""
    return [(locale, row) for locale in LOCALES for row in TABLES[locale][section]]


@pytest.mark.parametrize(("locale", "row"), rows("said"))
def test_what_is_said_is_heard(locale, row):
    """Exactly the facts said, no more and no less."""
    assert heard(row["say"], locale, NOW) == row["facts"]


@pytest.mark.parametrize(("locale", "text"), rows("nothing"))
def test_nothing_is_guessed(locale, text):
    """Questions, conditions, other people's events and small talk say nothing of an event."""
    assert heard(text, locale, NOW) == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_there_are_sentences_enough(locale):
    """At least 110 whole sentences a language, and 25 of them say nothing; none is there twice."""
    said = [row["say"] for row in TABLES[locale]["said"]]
    assert len(said) + len(TABLES[locale]["nothing"]) >= 110
    assert len(TABLES[locale]["nothing"]) >= 25
    assert max(Counter([*said, *TABLES[locale]["nothing"]]).values()) == 1


@pytest.mark.parametrize(("locale", "row"), rows("answers"))
def test_answers_are_read(locale, row):
    """Yes, no, numbers, names, "don't know", several things at once, and what is no answer."""
    known = STARTED if row["fact"] in LATER else {}
    assert answered(row["fact"], row["say"], locale, NOW, known) == row["facts"]


def independent(section):
    """Return the rows that were written without knowing the words, and the moment they are read."""
    return [
        (locale, row, datetime.fromisoformat(INDEPENDENT[locale]["seen_from"]))
        for locale in LOCALES
        for row in INDEPENDENT[locale][section]
    ]


@pytest.mark.parametrize(("locale", "row", "at"), independent("said"))
def test_what_organisers_write_is_heard(locale, row, at):
    """All that a careful person would take from a message is heard, and nothing that is wrong."""
    now = at.replace(tzinfo=HELSINKI)
    found = heard(row["say"], locale, now)
    may = row.get("may", {})
    wrong = {
        name: value
        for name, value in found.items()
        if value not in [row["facts"].get(name), *may.get(name, [])]
    }
    assert wrong == {}
    assert row["facts"].keys() - found.keys() == set(row.get("unheard", []))
    if "day" in row:
        assert day_heard(row["say"], locale, now) == date.fromisoformat(row["day"])


@pytest.mark.parametrize(("locale", "row", "at"), independent("answers"))
def test_what_organisers_answer_is_read(locale, row, at):
    """A short answer gives its value, and one that is not clear gives none."""
    fact, now = row["fact"], at.replace(tzinfo=HELSINKI)
    known = STARTED if fact in LATER else {}
    found = answered(fact, row["say"], locale, now, known) or {}
    assert found.get(fact) in row["one_of"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_value_has_an_everyday_wording(locale):
    """Every value of every enum and set is reached by an answer in everyday words."""
    values = TABLES[locale]["values"]
    for name, fact in FACTS.items():
        if fact.type not in {Type.ENUM, Type.SET}:
            continue
        assert list(values[name]) == list(fact.values), name
        for value, say in values[name].items():
            found = answered(name, say, locale, NOW, {}) or {}
            expected = value if fact.type is Type.ENUM else [value]
            assert found.get(name) == expected, (name, say)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("fact", [name for name, fact in FACTS.items() if fact.type is Type.BOOL])
def test_every_yes_or_no_takes_yes_and_no(locale, fact):
    """The plainest yes and no answer every question that wants one, and "maybe" does not."""
    yes, no, maybe = {"fi": "joo ei ehkä", "sv": "jo nej kanske", "en": "yep nope maybe"}[
        locale
    ].split()
    assert answered(fact, yes, locale, NOW, {}) == {fact: True}
    assert answered(fact, no, locale, NOW, {}) == {fact: False}
    assert answered(fact, maybe, locale, NOW, {}) is None


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("fact", list(FACTS))
def test_nobody_needs_to_know(locale, fact):
    """Not knowing is an answer to every question, and makes the fact unknown."""
    say = {"fi": "En tiedä vielä.", "sv": "Vet inte ännu.", "en": "I don't know yet."}[locale]
    assert answered(fact, say, locale, NOW, STARTED) == {fact: None}


@pytest.mark.parametrize(("locale", "row"), rows("halves"))
def test_half_a_moment_is_told(locale, row):
    """The day and the time of day alone, so that the rest can be asked for."""
    day = day_heard(row["say"], locale, NOW)
    clock = time_heard(row["say"])
    assert (day and day.isoformat()) == row["day"]
    assert (clock and clock.strftime("%H:%M")) == row["time"]


@pytest.mark.parametrize(
    ("locale", "text"),
    [(one, say) for one in LOCALES for say in TABLES[one]["starts_guide"]["yes"]],
)
def test_an_organiser_starts_the_guide(locale, text):
    """Somebody who organises something and says so wants to know the duties."""
    assert starts_guide(text, locale)


@pytest.mark.parametrize(
    ("locale", "text"), [(one, say) for one in LOCALES for say in TABLES[one]["starts_guide"]["no"]]
)
def test_others_do_not_start_the_guide(locale, text):
    """Going to events, calendars, one price or form, and everything else that can be arranged."""
    assert not starts_guide(text, locale)


def test_a_date_without_a_year_is_the_next_one():
    """Today counts, yesterday is next year's; a leap day waits for its year."""
    assert day_heard("21.11.", "fi", NOW) == date(2026, 11, 21)
    assert day_heard("20.11.", "fi", NOW) == date(2027, 11, 20)
    assert day_heard("29.2.", "fi", NOW) == date(2028, 2, 29)
    assert day_heard("lauantaina", "fi", NOW) == date(2026, 11, 28)


def test_today_is_helsinkis_today():
    """`now` in another zone is another day there, not here."""
    late = datetime.fromisoformat("2026-11-21T22:30:00+00:00")
    assert day_heard("tänään", "fi", late) == date(2026, 11, 22)


@pytest.mark.parametrize("year", range(2026, 2040))
@pytest.mark.parametrize(
    ("locale", "say"),
    [("fi", "juhannusaattona"), ("sv", "på midsommarafton"), ("en", "midsummer eve")],
)
def test_midsummer_eve_is_a_friday(locale, say, year):
    """The Friday between 19 and 25 June, every year."""
    day = day_heard(say, locale, datetime(year, 1, 2, tzinfo=HELSINKI))
    assert day.weekday() == 4
    assert date(year, 6, 19) <= day <= date(year, 6, 25)


def test_an_hour_is_taken_only_where_one_reading_is_left():
    """After a start at three in the afternoon ten is ten in the evening; alone it is neither."""
    assert answered("end", "at ten", "en", NOW, STARTED) == {"end": "2027-06-12T22:00"}
    assert answered("end", "at ten", "en", NOW, {}) is None
    assert time_heard("at ten") is None
    assert time_heard("klo 10") == time(10)


def test_a_moment_that_cannot_be_is_left_out():
    """A time the clocks skip, and an end before a start that is known."""
    assert heard("Tapahtuma 28.3.2027 klo 03.30", "fi", NOW) == {}
    assert answered("end", "11.6.2027 klo 12", "fi", NOW, STARTED) is None


def test_contradictions_are_not_decided():
    """Two cities, two places or two dates: none is taken."""
    assert heard("Espoossa tai Vantaalla", "fi", NOW) == {}
    assert heard("i parken eller på stranden", "sv", NOW) == {}
    assert heard("5.6. klo 12 ja 12.6. klo 12", "fi", NOW) == {}


@pytest.mark.parametrize(
    ("locale", "say", "start"),
    [
        ("fi", "kesäkuun toinen päivä klo 12", "2027-06-02T12:00"),
        ("fi", "elokuun toinen lauantai klo 12", "2027-08-14T12:00"),
        ("fi", "toukokuun viimeisenä lauantaina klo 12", "2027-05-29T12:00"),
        ("fi", "la 12.6. iltaseitsemältä", "2027-06-12T19:00"),
        ("sv", "tjugoförsta juni kl 10", "2027-06-21T10:00"),
        ("sv", "den första lördagen i juni kl 10", "2027-06-05T10:00"),
        ("en", "the third of July at noon", "2027-07-03T12:00"),
        ("en", "June the twenty-third at noon", "2027-06-23T12:00"),
        ("en", "the last Sunday of May at noon", "2027-05-30T12:00"),
        ("fi", "elokuun toinen viikonloppu klo 12", None),
        ("fi", "viimeisenä lauantaina klo 12", None),
        ("sv", "första lördagen kl 10", None),
        ("en", "fifth Saturday of June 2028 at noon", None),
        ("en", "last Saturday at 2 pm", None),
        ("fi", "la-su 18.-19.6. klo 10", None),
    ],
)
def test_days_counted_in_words(locale, say, start):
    """A day is counted within its month; without a month nobody knows which is meant."""
    assert heard(say, locale, NOW).get("start") == start


@pytest.mark.parametrize(
    ("locale", "say", "peak"),
    [
        ("fi", "300 ihmistä, tai siis 400", 400),
        ("fi", "meitä onkin 400 eikä 300", 400),
        ("sv", "300 personer, nej förresten 400", 400),
        ("en", "300 people, sorry, 400", 400),
        ("fi", "300 henkeä, max 350", 350),
        ("en", "half a dozen people", 6),
        ("en", "three dozen people", 36),
        ("en", "80 guests, of whom 12 people sleep elsewhere", 80),
        ("en", "a party for 75", 75),
        ("fi", "300 ihmistä, siis yhteensä koko päivänä 1200", 300),
        ("fi", "300 henkeä, teltassa max 50", 300),
        ("fi", "300 henkeä, max 4 tuntia", 300),
        ("en", "300 people. Actually 2 bands.", 300),
        ("en", "a party for 3 hours", None),
        ("en", "we are at Kauppakatu 12", None),
        ("fi", "meitä on Mannerheimintie 5", None),
        ("en", "we are 12 and 14 years old", None),
    ],
)
def test_a_number_is_put_right_by_the_next(locale, say, peak):
    """Only a number that takes the place of the one before, and only if it counts the same."""
    assert heard(say, locale, NOW).get("peak") == peak


@pytest.mark.parametrize(
    ("locale", "say", "free"),
    [
        ("fi", "lippu 5 e", False),
        ("sv", "inträde 5 euro", False),
        ("en", "entry 0 €", True),
        ("fi", "lapset pääsevät ilmaiseksi, aikuisten lippu 10 e", False),
        ("fi", "makkara 2 e, kahvi 1 e", None),
        ("fi", "arpajaiset, arpa 2 e", None),
        ("en", "a raffle, tickets 2 €", None),
    ],
)
def test_a_price_at_the_door(locale, say, free):
    """The price of the entrance tells, not that of sausages or of a raffle."""
    assert heard(say, locale, NOW).get("free_entry") == free


MOVING = {
    "start": "2027-06-12T15:00",
    "end": "2027-06-12T22:00",
    "sound_starts": "2027-06-12T13:00",
    "peak": 100,
}


@pytest.mark.parametrize(
    ("locale", "say", "start"),
    [
        ("fi", "siirtyy viikolla eteenpäin", "2027-06-19T15:00"),
        ("fi", "tapahtuma siirtyykin 19.6.", "2027-06-19T15:00"),
        ("fi", "siirtyy kesäkuun 19. päivälle", "2027-06-19T15:00"),
        ("fi", "siirretään kahdella päivällä aikaisemmaksi", "2027-06-10T15:00"),
        ("fi", "lykkääntyy kuukaudella", "2027-07-12T15:00"),
        ("fi", "siirtyy tunnilla eteenpäin", "2027-06-12T16:00"),
        ("fi", "alkaakin klo 16", "2027-06-12T16:00"),
        ("fi", "tapahtuma onkin 19.6.", "2027-06-19T15:00"),
        ("fi", "siirtyy 12.-14.6. 19.-21.6.", "2027-06-19T15:00"),
        ("sv", "flyttas till 19.6", "2027-06-19T15:00"),
        ("sv", "skjuts upp två veckor", "2027-06-26T15:00"),
        ("sv", "flyttas en timme senare", "2027-06-12T16:00"),
        ("sv", "flyttas från 12 juni till 19 juni", "2027-06-19T15:00"),
        ("en", "it moves to 19 June", "2027-06-19T15:00"),
        ("en", "moved from 12 June to 19 June", "2027-06-19T15:00"),
        ("en", "postponed by a week", "2027-06-19T15:00"),
        ("en", "moves to the next day", "2027-06-13T15:00"),
        ("en", "it's now on 19.6. at 2 pm", "2027-06-19T14:00"),
    ],
)
def test_an_event_moves(locale, say, start):
    """The day, the time or a span is enough; the other moments of the event move along."""
    shift = datetime.fromisoformat(start) - datetime.fromisoformat(MOVING["start"])
    along = {
        name: (datetime.fromisoformat(MOVING[name]) + shift).isoformat(timespec="minutes")
        for name in ("end", "sound_starts")
    }
    assert moved(say, locale, NOW, MOVING) == {"start": start, **along}


def test_an_event_moves_to_a_new_span():
    """The new end that is told stands; the sound check still moves along."""
    assert moved("siirtyy 19.6. klo 12-18", "fi", NOW, MOVING) == {
        "start": "2027-06-19T12:00",
        "end": "2027-06-19T18:00",
        "sound_starts": "2027-06-19T10:00",
    }


@pytest.mark.parametrize(
    ("locale", "say"),
    [
        ("fi", ""),
        ("fi", "19.6."),
        ("fi", "ei siirretä 19.6."),
        ("fi", "voiko tapahtuma siirtyä 19.6.?"),
        ("fi", "jos siirtyy 19.6."),
        ("fi", "siirtyy lauantaille"),
        ("fi", "siirtyy Espooseen"),
        ("fi", "musiikki vaihtuu"),
        ("fi", "siirtyy 999999 viikkoa eteenpäin"),
        ("fi", "siirtyy " * 600),
        ("sv", "flyttas fram en vecka"),
        ("en", "moved to Sunday"),
        ("en", "not moved to 19 June"),
        ("en", "postponed by a few weeks"),
        ("en", "moved to 12 June"),
        ("en", "rescheduled to 31 June"),
        ("en", "moved to 12-14 June"),
        ("en", "moved to 19 June or 26 June"),
        ("en", "the stage is moved 3 metres"),
    ],
)
def test_nothing_moves(locale, say):
    """Not for a question, a condition, a denial, a bare day of the week, or where it stays."""
    assert moved(say, locale, NOW, MOVING) == {}


def test_what_has_no_start_cannot_move():
    """Nothing is known to move; and a month without such a day is no date."""
    assert moved("siirtyy 19.6.", "fi", NOW, {}) == {}
    last = {"start": "2027-01-31T12:00"}
    assert moved("siirtyy kuukaudella eteenpäin", "fi", NOW, last) == {}
    december = {"start": "2027-12-15T12:00"}
    assert moved("siirtyy kuukaudella eteenpäin", "fi", NOW, december) == {
        "start": "2028-01-15T12:00"
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_a_denial_goes_through_a_list(locale):
    """Everything in "no tents, stages or grills" is denied; what comes after "but" is not."""
    say = {
        "fi": "Ei telttaa, lavaa tai grilliä, mutta bändi tulee",
        "sv": "Inga tält, scener eller grillar, men ett band kommer",
        "en": "No tents, stages or grills, but a band is coming",
    }[locale]
    assert heard(say, locale, NOW) == {"music": ["live"]}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_words_are_for_facts_that_exist(locale):
    """Every language hears the same facts, and every named value is one of the fact's own."""
    file = read_yaml(f"texts/{locale}/hearing.yaml")
    assert set(file) == set(read_yaml("texts/en/hearing.yaml"))
    for section in ("facts", "answers"):
        assert set(file[section]) == set(read_yaml("texts/en/hearing.yaml")[section]), section
        for fact, values in file[section].items():
            assert set(values) <= {"nothing", "yes", "no", *FACTS[fact].values}, fact


def test_another_language_is_refused():
    """There are three, and a fourth is an error."""
    with pytest.raises(DataError, match="de"):
        heard("Konzert", "de", NOW)


PIECES = sorted(
    {
        piece
        for locale in LOCALES
        for row in [*TABLES[locale]["said"], *TABLES[locale]["answers"], *TABLES[locale]["halves"]]
        for piece in row["say"].split()
    }
)
WRITING = st.one_of(
    st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)
)
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2098, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=HELSINKI)
)


@settings(max_examples=300, deadline=None)
@given(text=WRITING, locale=st.sampled_from(LOCALES), now=MOMENTS)
def test_whatever_is_written_can_be_read(text, locale, now):
    """No text raises, and what is heard is always accepted."""
    read_facts(heard(text, locale, now))
    assert day_heard(text, locale, now) is None or day_heard(text, locale, now) >= date(2000, 1, 1)
    assert time_heard(text) is None or isinstance(time_heard(text), time)
    assert starts_guide(text, locale) in {True, False}
    read_facts(moved(text, locale, now, MOVING))


@settings(max_examples=300, deadline=None)
@given(
    text=WRITING,
    locale=st.sampled_from(LOCALES),
    fact=st.sampled_from(sorted(FACTS)),
    start=st.one_of(st.none(), MOMENTS),
)
def test_whatever_is_answered_can_be_read(text, locale, fact, start):
    """No answer raises; with what is known it is always accepted, and it answers the question."""
    known = {} if start is None else {"start": start.replace(tzinfo=None).isoformat()}
    try:
        read_facts(known)
    except ValueError:  # a start in the hour that the clocks skip
        known = {}
    found = answered(fact, text, locale, NOW, known)
    if found is not None:
        assert fact in found
        read_facts(known | found)


@pytest.mark.parametrize("locale", LOCALES)
def test_hearing_is_quick(locale):
    """A message takes a few milliseconds of work, and the longest ones less than a blink."""
    texts = [row["say"] for row in TABLES[locale]["said"]]
    heard(texts[0], locale, NOW)  # reads the words
    began = process_time()
    for text in texts:
        heard(text, locale, NOW)
    assert timedelta(seconds=(process_time() - began) / len(texts)) < timedelta(milliseconds=5)
    for piece in ("ei ", "tio", "1 ", "klo ", "12.6. ", ", ", "ja tai ei ", "kadun suljetaan "):
        began = process_time()
        heard((piece * 4096)[:4096], locale, NOW)
        assert process_time() - began < 1, piece
