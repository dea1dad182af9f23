"""The service's entry in the town's register of artificial intelligence; pure wording.

The parts are those of Helsinki's register: https://ai.hel.fi/en/ai-register/
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from bot.texts import LOCALES, texts

if TYPE_CHECKING:
    from bot.counts.report import Report
    from bot.texts import Texts
    from bot.town import Town


@dataclass(frozen=True)
class Part:
    """One part of the entry.

    Attributes:
        id: Its name for programs.
        paragraphs: Plain text.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...]


def entry(town: Town, report: Report, locale: str) -> tuple[Part, ...]:
    """Return the entry in a language, with the numbers of the newest whole month."""
    words = texts(locale)
    _ = words.gettext
    name = town.name(locale)
    return (
        Part("name", _("Name"), (_("Neuvokas, the help bot of {town}").format(town=name),)),
        Part("purpose", _("Purpose"), _purpose(words)),
        Part("data", _("Data"), _data(town, words)),
        Part("logic", _("How it works"), _logic(words)),
        Part("oversight", _("Human oversight"), _oversight(words)),
        Part("risks", _("Risks and what is done about them"), _risks(words)),
        Part("equality", _("Equality"), _equality(words)),
        Part("numbers", _("Numbers"), _numbers(report, words)),
        Part(
            "contact",
            _("Contact"),
            (
                _("The city's advice line: {phone}. In the chat: write HUMAN.").format(
                    phone=town.phone
                ),
            ),
        ),
    )


def as_json(town: Town, report: Report) -> dict[str, Any]:
    """Return the entry in every language, for a register to take in."""
    spoken = {locale: entry(town, report, locale) for locale in LOCALES}
    return {
        "town": town.id,
        "version": version("neuvokas"),
        "period": report.period.name,
        "entry": {
            part.id: {
                locale: {"title": parts[n].title, "text": "\n\n".join(parts[n].paragraphs)}
                for locale, parts in spoken.items()
            }
            for n, part in enumerate(spoken["en"])
        },
    }


def _purpose(words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _(
            "Neuvokas answers residents' questions about digital support, scams and organising events,"
            " at any hour, on the web and in Telegram. When it has no answer, or when the resident"
            " wants so, it passes the question on to the city's staff."
        ),
    )


def _data(town: Town, words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    return (
        words.ngettext(
            "The answers are a book of {count} question, written and checked by the city's own people,"
            " with their sources.",
            "The answers are a book of {count} questions, written and checked by the city's own people,"
            " with their sources.",
            len(town.book.entries),
        ).format(count=len(town.book.entries)),
        _(
            "It learns to recognise questions from example sentences that were written for it. It does"
            " not learn from what residents write. Identity codes, card numbers and passwords are"
            " hidden before a message is saved."
        ),
    )


def _logic(words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _(
            "The service compares the question with those in the book and shows the nearest answer word"
            " for word. When several are near, it asks which one is meant. When none is near enough,"
            " it says so. It does not write any text itself."
        ),
        _(
            "Danger to life, despair and fraud under way are recognised by words, and get a fixed text at once."
        ),
        _(
            "The event guide follows written rules: each has its source, and nothing in it is estimated."
        ),
    )


def _oversight(words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _("A person can be asked for at any time, and staff see what the bot has answered."),
        _(
            "Staff can switch off one answer, a topic or all automatic answers, which takes effect within"
            " two seconds. Each answer has an owner and a day by which it must be checked again."
        ),
        _("The service makes no decisions about anybody's rights, benefits or duties."),
    )


def _risks(words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _(
            "It may understand a question wrongly and show an answer to another one. Each answer names its"
            " question's source, asks whether it helped, and has a person one tap away."
        ),
        _(
            "An answer may be out of date. Answers past their last day are not shown, and their owners are told."
        ),
        _(
            "Somebody may write things that are nobody's business. Secrets are hidden before saving, and"
            " numbers are never shown for fewer than five people."
        ),
    )


def _equality(words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    return (
        _(
            "The same answers are given in Finnish, Swedish and English, many in easy language as well."
            " It is watched whether any language waits longer or gets fewer answers."
        ),
        _(
            "Age, sex and background are not asked. The part of town is asked only where staff can then"
            " name a place nearby, and nobody needs to answer."
        ),
    )


def _numbers(report: Report, words: Texts) -> tuple[str, ...]:
    _ = words.gettext
    whole = report.all_questions.total
    confirmed, assumed, wrong, passed_on, not_found, _otherwise = whole.parts

    def said(value: int | None) -> str:
        return _("not shown") if value is None else str(value)

    lines = [
        _("Month: {month}").format(month=report.period.name),
        _("Questions: {number}").format(number=said(whole.total)),
        _("Answered, said to have helped: {number}").format(number=said(confirmed)),
        _("Answered, nothing more said: {number}").format(number=said(assumed)),
        _("Answered, did not help or was wrong: {number}").format(number=said(wrong)),
        _("Answered, then a person was asked for: {number}").format(number=said(passed_on)),
        _("No answer found: {number}").format(number=said(not_found)),
        _("Questions to staff: {number}").format(number=said(report.all_tickets.tickets)),
    ]
    if report.all_tickets.reply:
        lines.append(
            _("First reply, in opening hours: half within {time}").format(
                time=minutes(report.all_tickets.reply[0], words)
            )
        )
    return ("\n".join(lines),)


def minutes(value: int, words: Texts) -> str:
    """Return so many minutes as people say them."""
    _ = words.gettext
    hours, rest = divmod(value, 60)
    if not hours:
        return _("{minutes} min").format(minutes=rest)
    if not rest:
        return _("{hours} h").format(hours=hours)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
