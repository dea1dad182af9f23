"""The data files: nothing without a unit, a basis, a source, an owner or a date."""

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from bot.permits import FACTS
from bot.permits.data import HERE, read_yaml
from bot.permits.duties import RULES
from bot.permits.errors import DataError, OutOfForceError
from bot.permits.figures import LEAD_UNITS, figures, read_figures
from bot.permits.register import Late, contact, read_register, register

FIGURE = {
    "value": 5,
    "unit": "days",
    "source": "an act",
    "valid_from": date(2020, 1, 1),
    "checked": date(2026, 11, 21),
}
DUTY = {
    "owner": "police",
    "authority": "police",
    "basis": [{"act": "530/1999", "at": "14 §"}],
    "fee": "free",
    "confidence": "SEEN",
    "sources": ["https://www.finlex.fi/"],
    "checked": date(2026, 11, 21),
}


def test_a_right_figure_and_a_right_duty_are_read():
    """The examples the refusals below start from."""
    assert read_figures({"some": FIGURE})["some"].number == 5
    assert read_register({"P01": DUTY})["P01"].owner == "police"


@pytest.mark.parametrize("field", ["value", "unit", "source", "valid_from", "checked"])
def test_a_figure_without_a_field_is_refused(field):
    """A figure has a value, a unit, a source, a first day and the day it was checked."""
    with pytest.raises(DataError, match=rf"some: .*{field}"):
        read_figures({"some": {key: value for key, value in FIGURE.items() if key != field}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "5"},
        {"value": 5.0},
        {"value": True},
        {"unit": "clock"},
        {"source": " "},
        {"valid_from": "2020-01-01"},
        {"valid_to": "2020-01-01"},
        {"colour": "red"},
    ],
)
def test_a_wrong_figure_is_refused(wrong):
    """A value of the wrong kind, an empty source, a date that is text, a field nobody knows."""
    with pytest.raises(DataError, match="some"):
        read_figures({"some": FIGURE | wrong})


@pytest.mark.parametrize("field", list(DUTY))
def test_a_duty_without_a_field_is_refused(field):
    """A duty has an owner, an authority, a basis, a fee, a confidence, sources and a date."""
    with pytest.raises(DataError, match=rf"P01: .*{field}"):
        read_register({"P01": {key: value for key, value in DUTY.items() if key != field}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"owner": ""},
        {"basis": []},
        {"sources": []},
        {"checked": "2026-11-21"},
        {"in_force": "2025-05-05"},
        {"colour": "red"},
    ],
)
def test_a_wrong_duty_is_refused(wrong):
    """An empty basis, source or owner is as good as none."""
    with pytest.raises(DataError, match="P01"):
        read_register({"P01": DUTY | wrong})


def test_an_entry_twice_is_refused(tmp_path, monkeypatch):
    """YAML would keep the second and say nothing."""
    monkeypatch.setattr("bot.permits.data.HERE", tmp_path)
    (tmp_path / "twice.yaml").write_text("a: {b: 1, c: 2}\nd: {b: 1, b: 2}\n")
    with pytest.raises(DataError, match="d: b is there twice"):
        read_yaml("twice.yaml")


def test_a_figure_is_given_only_for_its_days():
    """First and last day included, and not a day more."""
    known = read_figures({"some": FIGURE | {"valid_to": date(2025, 12, 31)}})
    assert known.on("some", date(2020, 1, 1)).number == 5
    assert known.on("some", date(2025, 12, 31)).number == 5
    for day in (date(2019, 12, 31), date(2026, 1, 1)):
        with pytest.raises(OutOfForceError, match="some"):
            known.on("some", day)


@pytest.mark.parametrize("name", list(figures()))
def test_a_figure_holds_together(name):
    """It begins before it ends, and was checked after it began."""
    figure = figures()[name]
    assert figure.valid_from <= figure.checked
    assert figure.valid_to is None or figure.valid_from <= figure.valid_to
    if name.startswith("fee-"):
        assert figure.valid_to is not None, "a price is good for a year"


@pytest.mark.parametrize("name", list(RULES))
def test_a_duty_has_all_its_papers(name):
    """Basis, source, owner and date; lead times and fees that are figures; someone to call."""
    entry = register()[name]
    assert entry.basis
    assert all(source.startswith("https://") for source in entry.sources)
    assert entry.checked <= date.today()  # noqa: DTZ011 - a day is enough here
    for lead in (*([entry.hard] if entry.hard else []), *entry.recommended):
        assert figures()[lead].unit in LEAD_UNITS
    for fee in entry.fees:
        assert figures()[fee].unit == "EUR"
    if entry.hard:
        assert entry.late in Late
        for city in (*FACTS["city"].values, ""):
            assert str(contact(entry.authority, city))


def test_every_figure_is_used():
    """No figure stands in the file that no rule, fee or sentence uses."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in HERE.rglob("*.py"))
    listed = {name for entry in register().values() for name in entry.fees}
    for name in figures():
        assert f'"{name}"' in code or name in listed, name


def test_no_limit_is_written_into_the_rules():
    """The duties' code names figures; a number in it would be a limit in the wrong place."""
    for path in (HERE / "duties").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                # The toilets' table is a formula of its own, sourced beside it.
                assert path.name == "surroundings.py", f"{path.name}: {node.value}"


def test_the_guide_is_pure():
    """It imports the standard library, itself, and what words and papers need: no database, no network."""
    allowed = re.compile(
        r"bot\.permits(\.|$)|yaml$|__future__$|argparse$|ast$|calendar$|collections(\.abc)?$|"
        r"dataclasses$|datetime$|enum$|functools$|json$|pathlib$|re$|sys$|typing$|xml\.sax\.saxutils$|"
        r"zoneinfo$|babel(\.(dates|numbers))?$|icalendar$|typst$"
    )
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert allowed.match(name), f"{path.relative_to(Path(HERE))} imports {name}"
