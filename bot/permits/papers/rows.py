"""What there is to say of one duty, for the chat, the pages and the papers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.papers.outline import reasons
from bot.permits.register import register

if TYPE_CHECKING:
    from bot.permits.papers.words import PaperWords
    from bot.permits.plan import PlannedDuty


def duty_rows(duty: PlannedDuty, words: PaperWords) -> list[tuple[str, str]]:
    """Return what there is to say of a duty, as (label, text), empty rows left out."""
    entry = register()[duty.id]
    confidence = words.guide.phrase("confidences", entry.confidence)
    checked = words.phrase(
        "duty", "checked_on", day=words.guide.day(entry.checked), confidence=confidence
    )
    # That a date hangs on the start is said beside "by when".
    may_change = [fact for fact in duty.missing if fact != "start"]
    rows = [
        ("by_when", by_when(duty, words)),
        (addressee(duty, words), duty.authority),
        ("where", duty.where),
        ("fee", duty.fee),
        ("why", " ".join(reasons(duty))),
        ("may_change", words.guide.listed(words.guide.label(fact) for fact in may_change)),
        ("basis", duty.basis),
        ("source", duty.source),
        ("checked", checked),
    ]
    return [(words.phrase("duty", name), said) for name, said in rows if said]


def by_when(duty: PlannedDuty, words: PaperWords) -> str:
    """Return by when a duty is to be done, hard and recommended, in sentences."""
    sentences = []
    if duty.hard and duty.file_by:
        name = "hard" if duty.hard.date() == duty.file_by else "file_by"
        limits = {"moment": words.moment(duty.hard), "day": words.on_day(duty.file_by)}
        sentences.append(words.phrase("duty", name, **limits))
    if duty.recommended:
        day = words.on_day(duty.recommended.date())
        sentences.append(words.phrase("duty", "recommended", day=day))
    if not sentences:
        name = "date_unknown" if "start" in duty.missing else "no_date"
        sentences.append(words.phrase("duty", name))
    return " ".join(sentences)


def addressee(duty: PlannedDuty, words: PaperWords) -> str:
    """Return the phrase for whom a duty concerns: an authority, or the organiser who sees to it."""
    own = duty.authority == words.guide.authority("organiser")
    return "responsible" if own else "to_whom"
