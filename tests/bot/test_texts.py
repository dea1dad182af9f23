"""The catalogues are complete and true to the code; dates are written as people write them."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.texts import CATALOGUES, accepted_languages, nearest_locale, texts

ROOT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}")


def catalogue(path: Path, locale: str | None = None):
    """Return the messages of a catalogue by msgid (the singular for plurals)."""
    with path.open("rb") as file:
        return {
            message.id if isinstance(message.id, str) else message.id[0]: message
            for message in read_po(file, locale=locale)
            if message.id
        }


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """The messages that stand in the code and the templates now."""
    path = tmp_path_factory.mktemp("pot") / "bot.pot"
    babel = Path(sys.executable).parent / "pybabel"
    subprocess.run(
        [babel, "-q", "extract", "-F", "pyproject.toml", "-o", path, "."], cwd=ROOT, check=True
    )
    return catalogue(path)


def test_template_catalogue_is_fresh(extracted):
    """bot.pot holds exactly what the code says; extract again when this fails."""
    assert set(catalogue(CATALOGUES / "bot.pot")) == set(extracted)


@pytest.mark.parametrize("locale", ["fi", "sv"])
def test_every_message_is_translated(extracted, locale):
    """Nothing is missing, fuzzy or left over, and placeholders are the same."""
    translated = catalogue(CATALOGUES / locale / "LC_MESSAGES" / "bot.po", locale)
    assert set(translated) == set(extracted)
    for id_, message in translated.items():
        forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        assert all(forms), id_
        assert not message.fuzzy, id_
        sources = message.id if isinstance(message.id, (list, tuple)) else [message.id]
        wanted = {frozenset(PLACEHOLDER.findall(source)) for source in sources}
        assert {frozenset(PLACEHOLDER.findall(form)) for form in forms} <= wanted, id_


@pytest.mark.parametrize(
    ("locale", "day", "weekday", "clock"),
    [
        ("fi", "21. marraskuuta 2026", "lauantai 21. marraskuuta", "9.05"),
        ("sv", "21 november 2026", "lördag 21 november", "9.05"),
        ("en", "21 November 2026", "Saturday 21 November", "9:05"),
    ],
)
def test_dates_as_people_write_them(locale, day, weekday, clock):
    """Each language writes dates and times its own way, times in Finland's zone."""
    words = texts(locale)
    assert words.date(date(2026, 11, 21)) == day
    assert words.weekday(date(2026, 11, 21)) == weekday
    assert words.clock(datetime(2026, 11, 21, 7, 5, tzinfo=UTC)) == clock


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("fi-FI,fi;q=0.9,en;q=0.8", "fi"), ("sv-FI", "sv"), ("en-US,en;q=0.5", "en"), ("", "fi"),
        ("ru,uk;q=0.8", "en"), ("de;q=0.9,sv;q=0.5", "sv"), ("en;q=0.1,fi;q=0.9", "fi"), ("*", "fi"),
        ("fi;q=x", "fi"), (";;;,,,q=", "en"), ("fi;q=" + "9" * 400, "fi"),
    ],
)  # fmt: skip
def test_browser_languages(header, locale):
    """The best of our languages that the browser names; English for whoever names none of them."""
    assert nearest_locale(accepted_languages(header)) == locale
