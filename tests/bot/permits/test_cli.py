"""The command line: the contract others call, and clear words for wrong input."""

import argparse
import io
import json
from xml.etree import ElementTree as ET

import pytest

from bot.permits import LOCALES
from bot.permits.cli import add_parser, main
from bot.permits.duties import RULES
from bot.permits.graph import draw, owners
from bot.permits.reading import facts_read

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(capsys, tmp_path):
    """Run `permits …` with facts in a file; return status, standard output and errors."""
    parser = argparse.ArgumentParser(prog="neuvokas")
    add_parser(parser.add_subparsers(required=True))

    def run_it(*words, facts=None):
        if facts is not None:
            path = tmp_path / "facts.json"
            path.write_text(facts if isinstance(facts, str) else json.dumps(facts))
            words = [str(path) if word == "FACTS" else word for word in words]
        args = parser.parse_args(["permits", *words])
        assert args.run is main
        status = main(args)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_it


def test_the_json_contract(run, facts_for):
    """Exactly the promised names and types, sixty duties in order."""
    facts = facts_for(peak=800, organiser="company")
    status, out, _ = run("plan", "FACTS", "--as-of", "2027-06-01T09:00", "--json", facts=facts)
    told = json.loads(out)
    assert status == 0
    assert list(told) == ["as_of", "duties", "next_question"]
    assert told["as_of"] == "2027-06-01T09:00"
    assert told["next_question"] is None
    assert [duty["id"] for duty in told["duties"]] == list(RULES)
    for duty in told["duties"]:
        assert list(duty) == [
            "id",
            "status",
            "hard",
            "recommended",
            "file_by",
            "late",
            "missing",
            "because",
            "authority",
            "basis",
            "source",
            "confidence",
        ]
        assert duty["status"] in {"required", "open", "ask", "not_required"}
        assert duty["because"]
    plan = {duty["id"]: duty for duty in told["duties"]}
    assert plan["P06"]["hard"] == "2027-05-29T12:00:00"
    assert plan["P06"]["file_by"] == "2027-05-28"
    assert plan["P06"]["late"] is True
    assert plan["P01"]["recommended"] == "2027-05-13T12:00:00"
    assert plan["P55"]["hard"] is plan["P55"]["file_by"] is plan["P55"]["recommended"] is None


def test_moments_come_back_as_they_were_given(run, facts_for):
    """Local times stay local; times with an offset get one."""
    facts = facts_for(peak=800, start="2027-06-12T09:00:00Z", end="2027-06-12T18:00:00Z")
    facts |= {"sound_starts": facts["start"], "fireworks_at": facts["start"]}
    _, out, _ = run("plan", "FACTS", "--as-of", "2027-01-01", "--json", facts=facts)
    duties = {duty["id"]: duty for duty in json.loads(out)["duties"]}
    assert duties["P06"]["hard"] == "2027-05-29T12:00:00+03:00"


def test_open_duties_name_what_decides_them(run):
    """With nothing known the kind of event is asked for, and each open duty says what it waits for."""
    _, out, _ = run("plan", "FACTS", "--as-of", "2027-01-01T00:00", "--json", facts={})
    told = json.loads(out)
    assert told["next_question"] == "kind"
    for duty in told["duties"]:
        assert (duty["status"] == "open") == bool(duty["missing"])


@pytest.mark.parametrize("locale", LOCALES)
def test_people_can_read_it(run, facts_for, locale):
    """Without --json the plan is told in words, in each language."""
    facts = facts_for(peak=800, drone="filming")
    status, out, _ = run("plan", "FACTS", "--as-of", "2027-01-01", "--locale", locale, facts=facts)
    assert status == 0
    assert {"fi": "Pelastussuunnitelma", "sv": "Räddningsplan", "en": "Rescue plan"}[locale] in out
    assert "29" in out


def test_facts_can_come_through_a_pipe(run, monkeypatch):
    """A dash reads the facts from standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO('{"kind": "private"}'))
    status, out, _ = run("plan", "-", "--as-of", "2027-01-01", "--json")
    assert status == 0
    assert json.loads(out)["next_question"] == "city"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"peek": 3}, "peek: there is no such fact"),
        ({"peak": "3"}, "peak: must be a whole number of people"),
        ({"start": "2027-02-30T12:00"}, "start: is no possible date and time"),
        ({"start": "2027-06-12T12:00", "end": "2027-06-11T12:00"}, "end: the event must end after"),
        ('{"peak": 1, "peak": 2}', "peak: is given twice"),
        ("[]", "must be one JSON object"),
        ("{", "is not JSON"),
    ],
)
def test_wrong_facts_are_named(run, facts, told):
    """Status 2, nothing on standard output, and the fact's name with what is wrong on the other."""
    status, out, err = run("plan", "FACTS", "--as-of", "2027-01-01", "--json", facts=facts)
    assert (status, out) == (2, "")
    assert told in err


def test_a_wrong_moment_and_a_lost_file_are_named(run):
    """So are the other things a command line can get wrong."""
    status, _, err = run("plan", "FACTS", "--as-of", "soon", facts={})
    assert status == 2
    assert err.startswith("as-of: ")
    status, _, err = run("plan", "/nowhere/facts.json")
    assert status == 2
    assert "/nowhere/facts.json" in err


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("duty", RULES)
def test_every_duty_can_be_explained(run, duty, locale):
    """Its name, its trigger, its facts, its basis and its source."""
    status, out, _ = run("explain", duty.lower(), "--locale", locale)
    assert status == 0
    assert out.startswith(f"{duty} ")
    assert "https://" in out
    assert "{" not in out


def test_an_unknown_duty_is_an_error(run):
    """The error says which there are."""
    status, out, err = run("explain", "P61")
    assert (status, out) == (2, "")
    assert "P60" in err


def test_the_graph_shows_every_reading(run):
    """Valid SVG with a title, and a line from each fact to each duty that reads it."""
    status, out, _ = run("graph")
    assert status == 0
    root = ET.fromstring(out)  # noqa: S314 - our own drawing
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text
    drawn = {path.get("data-edge") for path in root.iter(f"{SVG}path")}
    assert drawn == {f"{fact} {duty}" for duty in RULES for fact in facts_read(duty)}


@pytest.mark.parametrize("locale", LOCALES)
def test_an_owner_sees_their_own_rules(locale):
    """Every duty is on exactly one desk's drawing."""
    seen = []
    for owner in owners():
        root = ET.fromstring(draw(locale, owner))  # noqa: S314 - our own drawing
        texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
        seen += [duty for duty in RULES if any(f"{duty} " in text for text in texts)]
    assert sorted(seen) == list(RULES)
