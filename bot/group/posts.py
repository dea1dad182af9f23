"""What stands in a ticket's topic in the staff's Telegram group; pure wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.models import LIVE, Author, Channel, Note, Status
from bot.texts import LANGUAGES, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.models import Attachment, Message, Ticket, TicketAct
    from bot.texts import Texts
    from bot.town import Town

PREFIX = "desk"
# Telegram takes 4,096 UTF-16 units in a message, and no sign has more than two.
_LONGEST_POST = 2_000
# The bot's own answers are known from the book; their beginning says which one it was.
_LONGEST_ANSWER = 200
# Telegram takes 128 units in a topic's name; beside a name this much of the question is seen on a phone.
_LONGEST_TITLE = 120
_LONGEST_WORDS = 48


@dataclass(frozen=True)
class Said:
    """A message or a note, as it stands in a topic.

    Attributes:
        files: What came with it.
        is_more: It stands there already; these are files that came later, as an album's do.
    """

    line: Message | Note
    files: Sequence[Attachment] = ()
    is_more: bool = False


def locale_of(town: Town, queue: str) -> str:
    """Return the language in which a queue's group is written to: the first one its staff serve."""
    return next(iter(town.book.queue(queue).languages), "fi")


def title(ticket: Ticket, question: str) -> str:
    """Return the topic's name: number, language, who has it, how the question begins."""
    parts = [ticket.number, ticket.locale]
    if ticket.status == Status.CLAIMED and ticket.holder:
        parts.append(ticket.holder.name)
    words = _cut(" ".join(question.split()), _LONGEST_WORDS)
    name = " · ".join([*parts, *([words] if words else [])])
    return _within(f"✓ {name}" if ticket.status not in LIVE else name, _LONGEST_TITLE)


def question(messages: Iterable[Message]) -> str:
    """Return what the resident asked, a line for each message; empty when only buttons were pressed.

    What was written after the first reply of staff is no part of the question, nor is what was put
    otherwise.
    """
    lines: list[str] = []
    offered: set[str] = set()
    for message in messages:
        if message.author == Author.STAFF:
            break
        if message.edits_id:
            continue
        if message.author == Author.BOT:
            offered |= {choice["label"] for choice in message.choices}
        elif message.text not in offered:
            lines.append(message.text)
    return "\n".join(lines)


def opening(ticket: Ticket, town: Town, asked: str | None, files: Sequence[Attachment] = ()) -> str:
    """Return the first post: number, language, queue, who waits and what was asked.

    Args:
        asked: None when the whole conversation follows.
        files: What came with the question.
    """
    words = texts(locale_of(town, ticket.queue))
    _ = words.gettext
    queue = town.book.queue(ticket.queue).titles[words.locale]
    where = _("Telegram") if ticket.conversation.channel == Channel.TELEGRAM else _("Web chat")
    lines = [f"{ticket.number} · {LANGUAGES[ticket.locale]} · {queue}"]
    waits = _("A resident is waiting ({where}).").format(where=where)
    if not ticket.replied_at and ticket.status in LIVE:
        promise = _("An answer was promised by {moment}.").format(
            moment=words.moment(ticket.reply_by)
        )
        waits = f"{waits} {promise}"
    lines += [waits] if ticket.status in LIVE else []
    if asked is not None:
        lines += ["", asked or _("The resident asked for a person and wrote no question.")]
        lines += _listed(files, _address(ticket, town), words)
    return "\n".join(lines)


def log(said: Iterable[Said], ticket: Ticket, town: Town) -> str:
    """Return messages and notes as a conversation, oldest first; the bot's own answers are cut."""
    words = texts(locale_of(town, ticket.queue))
    address = _address(ticket, town)
    return joined(["\n".join([_line(one, words), *_files(one, address, words)]) for one in said])


def _address(ticket: Ticket, town: Town) -> str:
    return f"{town.base_url}/staff/tickets/{ticket.number}"


def _files(said: Said, address: str, words: Texts) -> list[str]:
    return _listed(said.files, f"{address}#m{said.line.id}", words)


def _listed(files: Sequence[Attachment], address: str, words: Texts) -> list[str]:
    """Return a line for each file, and where they can be opened; empty without files.

    They are not posted themselves: only those who may read the ticket can open them.
    """
    _ = words.gettext
    lines = []
    for row in files:
        note = _("cannot be opened") if row.fault else words.size(row.size) if row.size else ""
        lines.append(" · ".join(part for part in (f"📎 {row.name}", note) if part))
        if row.transcript:
            lines.append(
                "{label}: {text}".format(label=_("What is said in it"), text=row.transcript)
            )
    return [*lines, _("Open it in the console: {address}").format(address=address)] if lines else []


def _line(said: Said, words: Texts) -> str:
    _ = words.gettext
    line = said.line
    if said.is_more:
        by_staff = _("{name} sent more files:").format(name=line.staff_name)
        return by_staff if line.staff_name else _("The resident sent more files:")
    if isinstance(line, Note):
        who = _("Internal note by {name}, not sent to the resident:").format(name=line.staff_name)
    elif line.author == Author.STAFF:
        who = _("{name} to the resident:").format(name=line.staff_name)
    elif line.author == Author.RESIDENT and line.edits_id:
        who = _("The resident has edited a message. Now it reads:")
    elif line.author == Author.RESIDENT:
        who = _("Resident:")
    else:
        text = _cut(" ".join(line.text.split()), _LONGEST_ANSWER)
        return _("Bot:") + f"\n{text}"
    return f"{who}\n{line.text}"


def so_far(said: Iterable[Said], ticket: Ticket, town: Town) -> str:
    """Return the whole conversation, for a topic that is made again."""
    _ = texts(locale_of(town, ticket.queue)).gettext
    return joined([_("The conversation so far:"), log(said, ticket, town)])


def standing(ticket: Ticket, before: str | None, town: Town) -> str:
    """Return the line that says where the ticket stands now.

    Args:
        before: Its status as last told.
    """
    _ = texts(locale_of(town, ticket.queue)).gettext
    name = ticket.holder.name if ticket.holder else ""
    if ticket.status == Status.CLAIMED:
        return _("{name} has it.").format(name=name)
    if ticket.status == Status.CLOSED:
        return _("✓ Closed by {name}.").format(name=name) if name else _("✓ Closed.")
    if ticket.status == Status.CANCELLED:
        return _("✓ The resident cancelled it.")
    if before not in LIVE:
        return _("Open again. It is waiting in its queue.")
    return _("Back in the queue: nobody has it.")


def moved(ticket: Ticket, passed_on: TicketAct | None, town: Town) -> str:
    """Return the line that says in which queue the ticket is now, who passed it on and why."""
    words = texts(locale_of(town, ticket.queue))
    _ = words.gettext
    queue = town.book.queue(ticket.queue).titles[words.locale]
    if passed_on is None:
        return _("Passed on to the queue {queue}.").format(queue=queue)
    return _("{name} passed it on to the queue {queue}: {reason}").format(
        name=passed_on.staff_name, queue=queue, reason=passed_on.detail.get("reason", "")
    )


def unreachable(town: Town, queue: str) -> str:
    """Return the line that says that replies do not arrive."""
    _ = texts(locale_of(town, queue)).gettext
    return _("The resident has blocked the bot or left the chat: replies do not arrive.")


def buttons(ticket: Ticket, town: Town) -> list[dict[str, str]]:
    """Return what can be done to the ticket by pressing."""
    _ = texts(locale_of(town, ticket.queue)).gettext
    labels = {
        "claim": _("Claim"),
        "release": _("Release"),
        "close": _("Close"),
        "reopen": _("Open again"),
    }
    acts = {
        Status.OPEN: ("claim",),
        Status.CLAIMED: ("release", "close"),
        Status.CLOSED: ("reopen",),
    }.get(Status(ticket.status), ())
    pressed = [{"label": labels[act], "value": f"{PREFIX}:{act}:{ticket.id}"} for act in acts]
    if ticket.status == Status.CLAIMED:
        pressed.append({"label": _("Canned responses"), "inline": f"{ticket.number} "})
    return pressed


def parts(text: str) -> list[str]:
    """Return a text in posts that Telegram takes, cut between lines or words where possible."""
    cut = []
    while len(text) > _LONGEST_POST:
        end = max(text.rfind("\n", 0, _LONGEST_POST), text.rfind(" ", 0, _LONGEST_POST))
        end = end if end > 0 else _LONGEST_POST
        cut.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*cut, text] if text else cut


def is_from_here(line: Message | Note, chat: str) -> bool:
    """Return whether a line was written in this very group, so that it stands there already."""
    return (line.key or "").startswith("staff:") and f":{key_of(chat, '')}" in (line.key or "")


def key_of(chat: str, message_id: str) -> str:
    """Return the key of what somebody wrote in the group."""
    return f"telegram:{chat}:{message_id}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _within(text: str, units: int) -> str:
    """Return the text in so many UTF-16 units, as Telegram counts them."""
    while len(text.encode("utf-16-le")) // 2 > units:
        text = text[:-2].rstrip() + "…"
    return text


def joined(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as one text."""
    return "\n\n".join(part for part in paragraphs if part)
