"""Unanswered questions in groups: the same together, the rest apart."""

from __future__ import annotations

from faq.clusters import clusters


def test_the_same_question_is_one_group():
    """Questions in nearly the same words stand together, the largest group first."""
    found = clusters(
        ["missä voin lainata pyörän", "voiko pyörän lainata jostain", "mistä lainaan pyörän", "koska on uimahalli auki",
         "uimahalli auki koska", "kissani karkasi"]
    )  # fmt: skip
    assert [cluster.size for cluster in found] == [3, 2, 1]
    assert all("pyörän" in example for example in found[0].examples)


def test_nothing_or_little():
    """None, one, the same twice, and text without words: no error, nothing invented."""
    assert clusters([]) == ()
    assert clusters(["?!", "  "]) == ()
    assert [cluster.size for cluster in clusters(["moi"])] == [1]
    (both,) = clusters(["uimahallin aukiolo", "uimahallin aukiolo"])
    assert (both.size, both.examples) == (2, ("uimahallin aukiolo",))
