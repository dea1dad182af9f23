"""The figures of an evaluation, on matches made by hand."""

from __future__ import annotations

from faq.evaluation import Asked, measure, table
from faq.matching import Candidate, Decision, Match


def asked(entry, decision, *candidates, locale="fi", spoken="fi"):
    """Return one sentence and what became of it."""
    found = tuple(Candidate(name, score) for name, score in candidates)
    return Asked("x", entry, locale, Match(Decision(decision), found, spoken))


def test_figures():
    """Firsts, threes, wrong answers, refusals, languages and calibration are counted as named."""
    figures = measure(
        [
            asked("a", "answer", ("a", 0.95)),
            asked("a", "answer", ("b", 0.91), ("a", 0.5)),
            asked("a", "suggest", ("b", 0.45), ("c", 0.4), ("a", 0.3)),
            asked("a", "escalate"),
            asked(None, "answer", ("a", 0.92), spoken="sv"),
            asked(None, "escalate", ("a", 0.1)),
        ]
    )["fi"]
    assert figures["asked"] == 6
    assert figures["top_1"] == 0.25
    assert figures["top_3"] == 0.75
    assert figures["answered"] == 0.5
    assert figures["wrong_answers"] == round(2 / 6, 4)
    assert figures["nothing_answered"] == 0.5
    assert figures["nothing_refused"] == 0.5
    assert figures["language_right"] == round(5 / 6, 4)
    assert figures["calibration"][-1] == {"from": 0.9, "count": 3, "right": 0.3333}


def test_either_of_two_entries_is_right():
    """Where a label names two entries, whichever is found first is right, and no third one."""
    figures = measure(
        [
            asked("a or b", "answer", ("b", 0.95), ("a", 0.02)),
            asked("a or b", "suggest", ("c", 0.5), ("d", 0.2), ("a", 0.1)),
            asked("a or b", "answer", ("c", 0.91)),
            asked(None, "answer", ("b", 0.93)),
        ]
    )["fi"]
    assert figures["top_1"] == round(1 / 3, 4)
    assert figures["top_3"] == round(2 / 3, 4)
    assert figures["wrong_answers"] == 0.5
    assert figures["nothing_answered"] == 1.0


def test_a_kind_refusal_is_no_wrong_answer():
    """To what nothing fits, the entry that says so is no answer; to a question it is a wrong one."""
    refused = measure([asked(None, "answer", ("off-topic", 0.95))])["fi"]
    assert (refused["wrong_answers"], refused["nothing_answered"]) == (0.0, 0.0)
    assert measure([asked("a", "answer", ("off-topic", 0.95))])["fi"]["wrong_answers"] == 1.0


def test_groups_and_table():
    """Each language has its row and all of them one; nothing asked is a dash, not a zero."""
    figures = measure(
        [asked("a", "answer", ("a", 1.0)), asked("a", "answer", ("a", 1.0), locale="sv")]
    )
    assert list(figures) == ["fi", "sv", "all"]
    shown = table(figures)
    assert "100.0%" in shown
    assert "-" in shown
    assert measure([]) == {}
    assert table({})
