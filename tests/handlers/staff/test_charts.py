"""Charts: the right lengths, something to read for everybody, and nothing that breaks the page."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from handlers.staff.charts import Bar, lying, standing

NAME = "{http://www.w3.org/2000/svg}"
MANY = [Bar(f"{n}.11.", n, str(n)) for n in range(31)]


def read(drawn):
    """The chart as a tree; a chart that is no XML fails here."""
    return ET.fromstring(str(drawn))  # noqa: S314 - our own drawing


def bars(tree, side):
    return [float(bar.get(side)) for bar in tree.iter("rect") if bar.get("class") == "bar"]


@pytest.mark.parametrize("draw", [lying, standing])
@pytest.mark.parametrize("given", [[], [Bar("a", 0, "0")], [Bar("a", None, "fewer than 5")], MANY])
def test_every_chart_can_be_read(draw, given):
    """Nothing, noughts, what is not given, many: each is a picture with a title and a description."""
    tree = read(draw("c", "Questions", "By day.", given))
    assert tree.get("role") == "img"
    assert tree.get("aria-labelledby") == "c-title c-about"
    assert [part.text for part in (tree.find("title"), tree.find("desc"))] == [
        "Questions",
        "By day.",
    ]


def test_lengths():
    """A bar is as long as its number says, beside the longest."""
    given = [Bar("a", 10, "10"), Bar("b", 5, "5"), Bar("c", 0, "0"), Bar("d", None, "fewer than 5")]
    longest, half, nought = bars(read(lying("c", "t", "a", given)), "width")
    assert (longest, half, nought) == (270, 135, 0)
    high, low = bars(read(standing("c", "t", "a", given)), "height")
    assert high == 2 * low


def test_what_is_not_given_is_no_nought():
    """A number that is left out looks unlike a nought, by shape or words and not by colour."""
    given = [Bar("a", 7, "7"), Bar("b", None, "fewer than 5")]
    assert "fewer than 5" in str(lying("c", "t", "a", given))
    assert 'class="hidden"' in str(standing("c", "t", "a", given))


def test_words_are_escaped():
    """A topic that editors named oddly cannot become a part of the page."""
    drawn = str(lying("c", "<b>", "&", [Bar("<script>", 1, '"1"')]))
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    read(drawn)


def test_labels_of_many_bars_do_not_overlap():
    """Of a month's days only so many are labelled as have room."""
    labels = [
        float(text.get("x"))
        for text in read(standing("c", "t", "a", MANY)).iter("text")
        if text.get("class") == "label"
    ]
    assert len(labels) > 3
    assert min(after - before for before, after in pairwise(labels)) >= 34


def test_long_labels_stay_apart_and_inside():
    """Labels as long as a whole date do not run into one another, nor out of the picture."""
    days = [Bar(f"{n + 1}.11.2026", n, str(n)) for n in range(31)]
    for given in (days, days[:14], days[:7], days[:2]):
        drawn = read(standing("c", "t", "a", given)).iter("text")
        placed = [(float(one.get("x")), one.text) for one in drawn if one.get("class") == "label"]
        # Digits of 13 pixels are about 7.3 wide.
        ends = [x + 7.3 * len(label) for x, label in placed]
        assert all(end < x for end, (x, _label) in zip(ends, placed[1:], strict=False))
        assert ends[-1] <= 360
