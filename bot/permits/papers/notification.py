"""A draft for the authority's own form: what is known in words, the rest as marked gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bot.permits.case import Case
from bot.permits.duties import RULES
from bot.permits.errors import DataError
from bot.permits.figures import figures
from bot.permits.papers.words import paper_words
from bot.permits.reading import facts_read
from bot.permits.register import register

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.permits.facts import Facts
    from bot.permits.papers.words import PaperWords


@dataclass(frozen=True, slots=True)
class _Form:
    """What a form asks besides the common part: facts, and gaps only the organiser can fill."""

    facts: tuple[str, ...]
    gaps: tuple[str, ...] = ()


# Any day on which the figures hold that choose between authorities; an event's own start goes first.
_DAY = date(2026, 11, 21)
# Every form asks who, what, where, when and how many.
_COMMON = frozenset({"kind", "organiser", "place", "city", "start", "end", "peak"})
_TRAFFIC = ("street_traffic", "traffic_controllers", "public_transport_affected")
_FORMS = {
    "P01": _Form(
        (
            "free_entry",
            "structures",
            "amplified_outdoors",
            "alcohol",
            "food",
            "fire",
            "street_traffic",
            "traffic_controllers",
            "stewards",
            "special_group",
        ),
        ("steward_names",),
    ),
    "P02": _Form(("amplified_outdoors", "structures", "street_traffic", "stewards"), ("route",)),
    "P03": _Form(
        (
            "free_entry",
            "restricts_area",
            "structures",
            "structure_days",
            "amplified_outdoors",
            "alcohol",
            "food",
            "fire",
            "street_traffic",
        ),
        ("area_plan",),
    ),
    "P04": _Form(("free_entry", "structures", "amplified_outdoors", "alcohol")),
    "P05": _Form(
        ("structures", "structure_days", "amplified_outdoors", "alcohol", "fire"), ("area_plan",)
    ),
    "P06": _Form(
        (
            "indoors",
            "structures",
            "exits_differ",
            "fire",
            "alcohol",
            "stewards",
            "special_group",
            "overnight_guests",
        ),
        ("rescue_plan",),
    ),
    "P08": _Form(("indoors", "fire"), ("blaster",)),
    "P09": _Form(("fire", "fireworks_at"), ("show_organiser",)),
    "P10": _Form(("fire", "fireworks_at")),
    "P11": _Form(("fire",), ("owner_consent",)),
    "P15": _Form(("stewards", "alcohol", "serving_after_0130"), ("steward_names",)),
    "P19": _Form(
        ("sound_starts", "amplified_outdoors", "concert", "music", "near_homes"),
        ("sound", "neighbours"),
    ),
    "P22": _Form(("food", "unpacked_food", "structures"), ("waste",)),
    "P28": _Form(("food",), ("sellers",)),
    "P41": _Form(_TRAFFIC, ("route", "traffic_plan")),
    "P42": _Form(_TRAFFIC, ("route", "traffic_plan")),
    "P48": _Form(("fundraising_eur",), ("purpose",)),
}


def notification_text(facts: Facts, duty_id: str, locale: str) -> str:
    """Return a draft to copy into the form of a duty, a line for each thing the form asks.

    What is not known stands as a gap: `[fill in: …]`. A duty without a form of its own gets the
    common part and the facts its rule looks at. `locale` is the language to file in.

    Raises:
        DataError: There is no such duty, or there are no texts in that locale.
    """
    if duty_id not in register():
        raise DataError(f"no such duty: {duty_id}")
    words = paper_words(locale)
    lines = [
        words.phrase("notification", "draft"),
        "",
        words.guide.duty(duty_id).name,
        f"{words.phrase('notification', 'to')}: {_authority(duty_id, facts, words)}",
        "",
        *_common(facts, words),
        *_own(facts, _form(duty_id), words),
    ]
    return "\n".join(lines) + "\n"


def _form(duty_id: str) -> _Form:
    return _FORMS.get(duty_id) or _Form(
        tuple(name for name in facts_read(duty_id) if name not in _COMMON)
    )


def _common(facts: Facts, words: PaperWords) -> Iterable[str]:
    label = words.guide.label
    yield _line(
        words.phrase("notification", "event"),
        _known(facts, ("kind",), words),
        _gap("event_gap", words),
    )
    yield _line(
        label("organiser"), _known(facts, ("organiser",), words), _gap("organiser_gap", words)
    )
    yield _line(words.phrase("notification", "contact"), "", _gap("contact_gap", words))
    yield _line(label("place"), _known(facts, ("place", "city"), words), _gap("place_gap", words))
    for name in ("start", "end", "peak"):
        yield _told(name, facts, words)


def _own(facts: Facts, form: _Form, words: PaperWords) -> Iterable[str]:
    for name in form.facts:
        yield _told(name, facts, words)
    for gap in form.gaps:
        # Nobody has to be named where there are no stewards.
        if gap != "steward_names" or facts.get("stewards") is not False:
            yield _line(words.phrase("notification", gap), "", _gap(f"{gap}_gap", words))


def _authority(duty_id: str, facts: Facts, words: PaperWords) -> str:
    case = Case(facts, figures(), _DAY)
    key = RULES[duty_id](case).authority or register()[duty_id].authority
    return words.guide.authority(key, case.city.value or "")


def _told(name: str, facts: Facts, words: PaperWords) -> str:
    if name in facts:
        return _line(words.guide.label(name), words.value(name, facts[name]))
    gap = words.phrase("notification", "gap", what=words.guide.question(name))
    return _line(words.guide.label(name), gap)


def _known(facts: Facts, names: tuple[str, ...], words: PaperWords) -> str:
    return words.guide.listed(words.value(name, facts[name]) for name in names if name in facts)


def _gap(name: str, words: PaperWords) -> str:
    return words.phrase("notification", "gap", what=words.phrase("notification", name))


def _line(label: str, *parts: str) -> str:
    return f"{label}: {', '.join(part for part in parts if part)}"
