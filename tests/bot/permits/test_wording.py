"""The words: all there in every language, the right ones, with the right numbers."""

import re
import string
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from bot.permits import FACTS, LOCALES
from bot.permits.data import HERE
from bot.permits.dates import HELSINKI
from bot.permits.duties import RULES
from bot.permits.errors import DataError
from bot.permits.figures import Unit, figures
from bot.permits.graph import owners
from bot.permits.register import register
from bot.permits.wording import Wording, wording

FILES = ("duties.yaml", "facts.yaml", "phrases.yaml")
NAMES = yaml.safe_load((Path(__file__).parent / "names.yaml").read_text(encoding="utf-8"))

# Small words and endings that only one of the three languages has.
SIGNS = {
    "fi": re.compile(
        r"\b(ja|ei|on|tai|joka|jos|jossa|jonka|kun|se|sen|siitä|ovat|missä|mitä|kuka|milloin|kuinka|"
        r"oma|omat|oman|omaa|vain|voi|pitää|muu|muut|yli|asti|klo|ilman|euroa|kaupungin|kaupunki)\b"
        r"|ää|yy|öö|ii|uu|(ssa|ssä|lla|llä|sta|stä|lta|ltä|lle|iin|een|ille|inen|iset|jen|ien)\b",
        re.IGNORECASE,
    ),
    "sv": re.compile(
        r"\b(och|eller|för|som|det|är|en|ett|av|på|med|till|inte|ska|kan|den|vid|om|i|finns|hur|"
        r"när|var|vad|vem|alla|pris|per|dag|senast|mer|stadens|staden|kl|ingen|inget|inga|också)\b|å|(ningen|heten|arna|erna|"
        r"verket|verksamhet|erier|skap|tillstånd|öd|ör)\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(the|and|of|or|is|are|an|by|for|with|at|to|on|but|has|not|that|than|more|people|city|any|your|does|do|how|what|"
        r"when|where|who|will|there|over|from|event|licence|notice)\b",
        re.IGNORECASE,
    ),
}


def leaves(tree, path=()):
    """Go through the texts of a file with the path that leads to each."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, str(key)))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from leaves(value, (*path, str(number)))
    else:
        yield path, tree


def texts(locale, file):
    read = yaml.safe_load((HERE / "texts" / locale / file).read_text(encoding="utf-8"))
    return dict(leaves(read))


def places(text):
    """Return the names in braces, sorted, as often as they occur."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_there_in_every_language(locale, file):
    """The same texts with the same names, none of them empty or anything but text."""
    assert texts(locale, file).keys() == texts("en", file).keys()
    for path, text in texts(locale, file).items():
        assert isinstance(text, str), path
        assert text.strip() == text != "" or path[-1] == "list_separator", path


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("locale", ["fi", "sv"])
def test_translations_keep_places_and_numbers(locale, file):
    """A translation has the same places to fill in and the same numbers as the English text."""
    english = texts("en", file)
    for path, text in texts(locale, file).items():
        if path[0] == "dates":
            continue
        assert places(text) == places(english[path]), path
        assert numbers(text) == numbers(english[path]), path


def numbers(text):
    """Return the numbers of a text, whatever mark it writes between hours and minutes or decimals."""
    bare = re.sub(r"\{[^}]*\}", "", text)
    return sorted(re.sub(r"[.:,]", ".", found) for found in re.findall(r"\d+(?:[.:,]\d+)*", bare))


def looks_like(text):
    """Return the languages whose own small words and endings a text has most of."""
    score = {language: len(sign.findall(text)) for language, sign in SIGNS.items()}
    return {language for language, found in score.items() if found == max(score.values())}


@pytest.mark.parametrize("locale", LOCALES)
def test_each_language_is_itself(locale):
    """No sentence looks more like another language than like the one of its folder."""
    for file in FILES:
        for path, text in texts(locale, file).items():
            if len(text.split()) >= 4 and path[0] not in {"authorities", "statutes"}:
                assert locale in looks_like(text), (path, text)


def test_a_text_in_the_wrong_language_would_be_noticed():
    """The check above tells at least nineteen in twenty sentences from those of another language."""
    for locale in LOCALES:
        for other in LOCALES:
            if other == locale:
                continue
            sentences = [
                text for text in texts(other, "duties.yaml").values() if len(text.split()) >= 6
            ]
            noticed = sum(locale not in looks_like(text) for text in sentences)
            assert noticed / len(sentences) > 0.95, (locale, other)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_is_left_untranslated(locale):
    """No sentence is the same in two languages; names and addresses may be."""
    for other in LOCALES:
        if other == locale:
            continue
        for file in FILES:
            theirs = texts(other, file)
            for path, text in texts(locale, file).items():
                if len(text.split()) >= 3 and path[-1] not in {
                    "any",
                    "helsinki",
                    "espoo",
                    "vantaa",
                }:
                    assert text != theirs[path], path


@pytest.mark.parametrize("duty", RULES)
def test_the_names_are_the_authorities_own(duty):
    """Each duty has the name its authority uses, in each language."""
    assert [wording(locale).duty(duty).name for locale in LOCALES] == NAMES[duty]


@pytest.mark.parametrize("locale", LOCALES)
def test_no_limit_is_written_into_a_sentence(locale):
    """Figures stand in figures.yaml alone: a duty's sentence names them, it does not repeat them.

    Laser classes, firework categories and the like are names, not figures.
    """
    for path, text in texts(locale, "duties.yaml").items():
        assert set(numbers(text)) <= {"1", "3", "4"}, path
        assert set(places(text)) <= set(figures()), path


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_named_has_words(locale):
    """Every duty, fact, value, authority, owner, statute and fee can be told."""
    words = wording(locale)
    assert set(texts(locale, "facts.yaml")) >= {(name, "question") for name in FACTS}
    for name, fact in FACTS.items():
        assert words.label(name)
        assert words.question(name).endswith("?") or name in {"lottery_eur", "fundraising_eur"} | {
            "overnight_guests"
        }
        assert [value for value, _ in words.choices(name)] == list(fact.values)
    for name, entry in register().items():
        assert words.duty(name).when
        assert words.authority(entry.authority)
        assert words.basis(entry)
        assert words.fees(entry, entry.checked)
        assert words.phrase("confidences", entry.confidence)
    for owner in owners():
        assert words.phrase("owners", owner)


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_told_that_nobody_asks_for(locale):
    """No authority, owner, statute or fee label is left over from a rule that is gone."""
    phrases = yaml.safe_load((HERE / "texts" / locale / "phrases.yaml").read_text(encoding="utf-8"))
    entries = register().values()
    elsewhere = {"sports-grounds", "market-squares", "police-board"}  # Chosen by the rules.
    assert set(phrases["authorities"]) == {entry.authority for entry in entries} | elsewhere
    assert set(phrases["owners"]) == set(owners())
    acts = {basis.act for entry in entries for basis in entry.basis}
    assert set(phrases["statutes"]) == acts
    fees = {name for name, figure in figures().items() if name.startswith("fee-")}
    assert set(phrases["fee_labels"]) == fees


@pytest.mark.parametrize(
    ("locale", "written"),
    [("fi", "12.6.2027 klo 9.05"), ("sv", "12.6.2027 kl. 9.05"), ("en", "12 June 2027 at 9:05")],
)
def test_moments_are_written_as_people_write_them(locale, written):
    """Finnish and Swedish with full stops, English with the month's name."""
    assert wording(locale).moment(datetime(2027, 6, 12, 9, 5, tzinfo=HELSINKI)) == written


def test_figures_are_told_in_sentences():
    """A sentence shows the figure's own value, clock or day."""
    assert "200 people or more" in wording("en").duty("P06").when
    assert "klo 22.00" in wording("fi").duty("P01").when
    assert "31 December at 18:00" in wording("en").duty("P10").exceptions
    assert "31.12 kl. 18.00" in wording("sv").duty("P10").exceptions
    assert figures()["free-fireworks-from"].unit is Unit.MOMENT_OF_YEAR


def test_another_language_is_refused():
    """There are three, and a fourth is an error and no English in disguise."""
    with pytest.raises(DataError, match="de"):
        Wording("de")
