"""The words for a ticket's states, outcomes and log, as its pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from bot.models import TicketAct
    from bot.texts import Texts
    from faq.book import Queue


def outcome_label(outcome: str, words: Texts) -> str:
    """Return what became of a ticket."""
    _ = words.gettext
    return {
        "solved": _("Solved"),
        "no_reply": _("No reply from the resident"),
        "referred": _("Referred elsewhere"),
        "not_ours": _("Not the city's matter"),
        "duplicate": _("Duplicate"),
        "blocked": _("Resident blocked"),
    }.get(outcome, outcome)


def log_line(act: TicketAct, words: Texts, queues: Mapping[str, Queue]) -> str:
    """Return one line of a ticket's log, without who and when."""
    _ = words.gettext
    detail = act.detail
    told = _WITH_DETAIL.get(act.act)
    if told:
        return told(detail, words, queues)
    return {
        "claim": _("claimed it"),
        "release": _("put it back into its queue"),
        "reply": _("replied"),
        "undo": _("took a reply back before it went out"),
        "unsent": _("wrote a reply that could not go out; it is a draft again"),
        "note": _("wrote an internal note"),
        "cancel": _("cancelled it"),
        "reopen": _("opened it again"),
        "lift": _("lifted the block"),
        "confirm": _("reviewed the block: it stays"),
    }.get(act.act, act.act)


def _title(queue: str, words: Texts, queues: Mapping[str, Queue]) -> str:
    return queues[queue].titles[words.locale] if queue in queues else queue


def _opened(detail: Mapping[str, Any], words: Texts, queues: Mapping[str, Queue]) -> str:
    title = _title(detail.get("queue", ""), words, queues)
    return words.gettext("asked for a person; queue: {queue}").format(queue=title)


def _transferred(detail: Mapping[str, Any], words: Texts, queues: Mapping[str, Queue]) -> str:
    _ = words.gettext
    parts = []
    if detail.get("queue") != detail.get("from"):
        title = _title(detail.get("queue", ""), words, queues)
        parts.append(_("moved it to the queue {queue}").format(queue=title))
    if detail.get("to"):
        parts.append(_("passed it to {name}").format(name=detail["to"]))
    return f"{', '.join(parts)}: {detail.get('reason', '')}"


def _closed(detail: Mapping[str, Any], words: Texts, _queues: Mapping[str, Queue]) -> str:
    outcome = outcome_label(detail.get("outcome", ""), words)
    return words.gettext("closed it: {outcome}").format(outcome=outcome)


def _judged(detail: Mapping[str, Any], words: Texts, _queues: Mapping[str, Queue]) -> str:
    _ = words.gettext
    wrong, right = detail.get("entry") or "–", detail.get("right")
    if right:
        return _("said that the bot answered wrongly: {wrong}, right would be {right}").format(
            wrong=wrong, right=right
        )
    return _("said that the bot answered wrongly: {wrong}; the book has no answer").format(
        wrong=wrong
    )


def _blocked(detail: Mapping[str, Any], words: Texts, _queues: Mapping[str, Queue]) -> str:
    days = detail.get("days", 0)
    told = words.ngettext(
        "blocked the resident for {count} day: {reason}",
        "blocked the resident for {count} days: {reason}",
        days,
    )
    return told.format(count=days, reason=detail.get("reason", ""))


def _simply(msgid: str, name: str) -> Callable[..., str]:
    def told(detail: Mapping[str, Any], words: Texts, _queues: object) -> str:
        return words.gettext(msgid).format(**{name: detail.get(name, "")})

    return told


def _(text: str) -> str:
    """Mark a text for translation where the language is not known yet."""
    return text


_WITH_DETAIL: dict[str, Callable[[Mapping[str, Any], Texts, Mapping[str, Queue]], str]] = {
    "open": _opened,
    "transfer": _transferred,
    "close": _closed,
    "judge": _judged,
    "unjudge": _simply(_("took back that the bot answered wrongly: {entry}"), "entry"),
    "block": _blocked,
    "assign": _simply(_("gave it to {to}"), "to"),
    "merge": _simply(_("merged it into {into}"), "into"),
    "merged": _simply(_("merged {number} into it"), "number"),
    "tag": _simply(_("added the tag {tag}"), "tag"),
    "untag": _simply(_("removed the tag {tag}"), "tag"),
}
