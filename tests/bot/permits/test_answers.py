"""Three-valued answers: what is decided asks for nothing more."""

import itertools

import pytest

from bot.permits.answers import NO, YES, Answer, Reason, any_of

UNKNOWN = Answer(None, ("peak",))
PAIRS = list(itertools.product((YES, NO, UNKNOWN), repeat=2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_logic_agrees_with_every_way_the_unknown_can_turn_out(one, other):
    """An answer is decided exactly when every way the unknown halves can turn out agrees."""
    ones = [one.truth] if one.truth is not None else [True, False]
    others = [other.truth] if other.truth is not None else [True, False]
    both = {a and b for a in ones for b in others}
    either = {a or b for a in ones for b in others}
    assert (one & other).truth == (both.pop() if len(both) == 1 else None)
    assert (one | other).truth == (either.pop() if len(either) == 1 else None)
    assert (~one).truth == (None if one.truth is None else not one.truth)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_decided_answer_misses_nothing(one, other):
    """Only what is undecided names missing facts, and it always names one."""
    for answer in (one & other, one | other, one.then(other), one.or_else(other), ~one):
        assert bool(answer.missing) == (answer.truth is None)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_then_and_or_else_decide_as_and_and_or(one, other):
    """They change what is asked first, never what comes out."""
    assert one.then(other).truth == (one & other).truth
    assert one.or_else(other).truth == (one | other).truth


def test_then_asks_the_gate_first():
    """Whether there is a tent comes before how long it stands."""
    tent, days = Answer(None, ("structures",)), Answer(None, ("structure_days",))
    assert (tent & days).missing == ("structures", "structure_days")
    assert tent.then(days).missing == ("structures",)
    assert YES.then(days).missing == ("structure_days",)
    assert tent.or_else(days).missing == ("structures",)
    assert NO.or_else(days).missing == ("structure_days",)


def test_reasons_are_those_that_decided():
    """A yes keeps the yeses, a no the noes; each reason is told once."""
    yes, no = Answer(True, reasons=(Reason("a"),)), Answer(False, reasons=(Reason("b"),))
    assert (yes | no).reasons == (Reason("a"),)
    assert (yes & no).reasons == (Reason("b"),)
    assert (yes & yes).reasons == (Reason("a"),)
    assert any_of(no, yes, no).reasons == (Reason("a"),)


def test_a_stale_figure_only_counts_while_undecided():
    """A figure nobody checked for that day is no trouble where the facts decide without it."""
    stale = Answer(None, stale=("some-figure",))
    assert (stale & YES).stale == ("some-figure",)
    assert (stale & NO).stale == ()
