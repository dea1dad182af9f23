"""What to say and do to one utterance; pure: no database, no network, no clock."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.commands import SWITCH, command_in
from bot.counts.outcomes import Outcome
from bot.counts.outcomes import Said as Counted
from bot.guide import MARK, Guide, Talk
from bot.permits.hearing import starts_guide
from bot.replies import Replies, Reply
from bot.texts import LOCALES
from faq.alarms import ENTRIES, is_said_otherwise, most_urgent
from faq.language import is_foreign
from faq.matching import Decision
from faq.spelling import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.files import SentFile
    from bot.guide import Said
    from bot.models import Channel
    from bot.town import Town
    from faq.alarms import Sign
    from faq.matching import Candidate

# Longer trails help nobody to find back.
_TRAIL = 10
_SUGGESTED = 3
# Whoever writes that a battery died is not asked whether they want to live: below this score one in
# thirty is right, and the signs of danger were looked for before.
_DANGER = 0.05
_TRIED = 5


class Kind(StrEnum):
    """What the resident sent."""

    TEXT = "text"
    CHOICE = "choice"
    EDITED = "edited"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Utterance:
    """What a resident said, whatever the channel.

    Attributes:
        address: The channel's name for the resident.
        text: What was typed; for a choice its value; for what cannot be read, its sort (`photo`).
        key: The channel's id of this message, the same when it is delivered again; None when it has none.
        locale: The language the channel suggests at first contact.
        files: What came along; the text is then the caption, or the sort of what came.
        remote_id: What the channel calls the message, also when it is edited.
        album: The channel's name for several messages with files that are one.
    """

    channel: Channel
    address: str
    text: str
    kind: Kind = Kind.TEXT
    key: str | None = None
    locale: str = "fi"
    files: tuple[SentFile, ...] = ()
    remote_id: str | None = None
    album: str | None = None


@dataclass(frozen=True)
class State:
    """What the bot remembers of a conversation beside its messages.

    Attributes:
        trail: What was shown, as choice values, newest last; `back` walks it.
        misses: Utterances in a row that nothing fitted.
        tried: What was shown or thought of since the last ticket, `[{"entry", "score"}]`.
        aside: While staff have a ticket, the resident asks the bot something else.
        guide: The event that the guide is told about, as `Guide.to_json` gives it; kept apart,
            so `to_json` leaves it out.
    """

    trail: tuple[str, ...] = ()
    misses: int = 0
    tried: tuple[dict[str, Any], ...] = ()
    aside: bool = False
    guide: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any], guide: dict[str, Any] | None = None) -> State:
        """Return the state as it was saved; fields unknown to this version are left out."""
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        trail, tried = (tuple(known.pop(name, ())) for name in ("trail", "tried"))
        return cls(trail=trail, tried=tried, **{**known, "guide": guide})

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON, without the event."""
        state = asdict(self)
        del state["guide"]
        return state

    def showing(self, value: str) -> State:
        """Return the state after something was shown."""
        if self.trail[-1:] == (value,):
            return self
        return replace(self, trail=(*self.trail, value)[-_TRAIL:])


@dataclass(frozen=True)
class Matter:
    """The ticket that staff have of this resident.

    Attributes:
        id: The ticket's id, as in the choices about it.
        holder: Who has claimed it; None while it waits.
    """

    id: int
    number: str
    holder: str | None


class Deed(StrEnum):
    """What else an utterance asks for, beside replies; done by `bot.conversation`."""

    ESCALATE = "escalate"
    ADD = "add"
    CANCEL = "cancel"
    STATUS = "status"
    REPEAT = "repeat"
    REOPEN = "reopen"
    SOLVED = "solved"
    PAPERS = "papers"
    HAND_IN = "hand_in"
    MOVE = "move"
    DISTRICT = "district"


_OUTCOMES: dict[Deed | None, Outcome] = {
    Deed.ADD: Outcome.ADDED,
    Deed.ESCALATE: Outcome.ESCALATED,
    Deed.HAND_IN: Outcome.ESCALATED,
}


@dataclass(frozen=True)
class Turn:
    """What the bot does with one utterance.

    Attributes:
        shown: How the utterance is shown in the conversation: a button by its label.
        ticket: The ticket's id for REOPEN and SOLVED.
        district: The district's id for DISTRICT; None to keep none.
        counted: What it counts as in the numbers.
    """

    state: State
    locale: str
    shown: str
    replies: tuple[Reply, ...] = ()
    deed: Deed | None = None
    ticket: int | None = None
    counted: Counted = field(default_factory=Counted)
    district: str | None = None


@dataclass(frozen=True)
class Context:
    """What a turn is decided from, beside the utterance.

    Attributes:
        locale: The language spoken so far.
        now: The present moment, aware.
        matter: The ticket that staff have, if any.
        offered: The choices under the newest message to the resident, in order, as (label, value).
    """

    town: Town
    locale: str
    now: datetime
    matter: Matter | None = None
    offered: tuple[tuple[str, str], ...] = field(default=())


def respond(state: State, said: Utterance, context: Context) -> Turn:
    """Decide what to say and do."""
    return _Responder(state, said, context).turn()


class _Responder:
    """One utterance being decided."""

    def __init__(self, state: State, said: Utterance, context: Context) -> None:
        self.state = state
        self.said = said
        self.town = context.town
        self.locale = context.locale
        self.now = context.now
        self.matter = context.matter
        self.offered = context.offered
        self._talks: dict[str, Talk] = {}

    @property
    def replies(self) -> Replies:
        return Replies(self.town, self.locale)

    @property
    def talk(self) -> Talk:
        if self.locale not in self._talks:
            is_web = self.said.channel == "web"
            self._talks[self.locale] = Talk(self.locale, self.now, is_fetched=is_web)
        return self._talks[self.locale]

    @property
    def guide(self) -> Guide | None:
        """The guide being talked to; None when there is none or it was left."""
        guide = Guide.from_json(self.state.guide) if self.state.guide else None
        return guide if guide and guide.stage != "paused" else None

    def turn(self) -> Turn:
        if self.said.kind is Kind.CHOICE:
            return self._choose(self.said.text)
        if self.said.kind is Kind.UNREADABLE:
            deed = Deed.ADD if self.matter and not self.state.aside else None
            return self._say(self.replies.cannot_read(), shown=f"[{self.said.text}]", deed=deed)
        danger = most_urgent(self.said.text)
        if danger and danger.entry in self.town.book.entries:
            return self._warn(danger)
        value = self._offered_value()
        if value:
            return self._choose(value)
        command = command_in(self.said.text)
        if command in SWITCH:
            return self._choose(f"lang:{SWITCH[command]}", shown=self.said.text)
        to_staff = self.matter and not self.state.aside and command == "hello"
        if command and command not in {"yes", "no", "plan"} and not to_staff:
            return self._command(command)
        if self.matter and not self.state.aside:
            return self._say(deed=Deed.ADD)
        if command == "plan" and self.state.guide:
            return self._press_guide(f"{MARK}plan", self.said.text)
        return self._told_guide(self.guide) if self.guide else self._match()

    def _warn(self, danger: Sign) -> Turn:
        """Give a fixed safety text at once, also while staff have a ticket, who get the message too."""
        self.locale = danger.locale
        entry = danger.entry
        return self._say(
            self.replies.warning(entry),
            state=replace(
                self.state.showing(f"show:{entry}"), misses=0, tried=self._tried_first(entry)
            ),
            deed=Deed.ADD if self.matter and not self.state.aside else None,
            counted=Counted(Outcome.WARNED, entry),
        )

    def _say(
        self,
        *replies: Reply,
        state: State | None = None,
        shown: str | None = None,
        deed: Deed | None = None,
        ticket: int | None = None,
        counted: Counted | None = None,
    ) -> Turn:
        return Turn(
            state or self.state,
            self.locale,
            self.said.text if shown is None else shown,
            replies,
            deed,
            ticket,
            counted or Counted(_OUTCOMES.get(deed, Outcome.OTHER)),
        )

    def _given(self, entry: str, outcome: Outcome = Outcome.ASSUMED) -> Counted:
        """Return what an answer counts as: as none when it may not be given."""
        return Counted(Outcome.PAUSED if self.town.is_withheld(entry) else outcome, entry)

    def _guided(self, said: Said, shown: str | None = None) -> Turn:
        """Say what the guide says, and keep what it was told.

        Whoever presses the guide's buttons while staff have a ticket talks to the guide from then on,
        with the way back to staff at hand.
        """
        told = said.guide.to_json() if said.guide else None
        state = replace(self.state, misses=0, guide=told, aside=self.matter is not None)
        *first, last = said.replies
        if self.matter and not self.state.aside:
            last = replace(last, choices=(*last.choices, *self.replies.back_to_staff()))
        return self._say(
            *first,
            last,
            state=state,
            shown=shown or said.shown or None,
            counted=Counted(Outcome.GUIDED),
        )

    def _told_guide(self, guide: Guide) -> Turn:
        """Hand what was typed to the guide; what is no answer may be a question to the book."""
        is_off = self.town.off.is_guide
        said = None if is_off else self.talk.hear(guide, self.said.text)
        if said:
            return self._guided(said)
        match = self.town.matcher.match(self.said.text, self.locale)
        if match.entry and self._may_mean(match.candidates[0]):
            counted = self._given(match.entry)
            if is_off:
                return self._say(self.replies.answer(match.entry), counted=counted)
            answer = replace(self.replies.answer(match.entry), choices=())
            return self._say(answer, self.talk.question_again(guide), counted=counted)
        if is_off:
            return self._say(self.replies.guide_paused())
        return self._guided(self.talk.not_understood(guide))

    def _press_guide(self, value: str, shown: str | None) -> Turn:
        if self.town.off.is_guide:
            pressed = next((label for label, offered in self.offered if offered == value), value)
            return self._say(self.replies.guide_paused(), shown=shown or pressed)
        name, _, rest = value.partition(":")
        if name == f"{MARK}entry":
            entry = self.town.book.entries.get(rest)
            label = self.replies.choice(value)
            if entry is None or label is None:
                return self._say(self.replies.unknown_choice(), shown=shown or value)
            return self._guided(self.talk.begin("", entry.guide), shown or label.label)
        kept = Guide.from_json(self.state.guide) if self.state.guide else None
        deed = {f"{MARK}papers": Deed.PAPERS, f"{MARK}move": Deed.MOVE}.get(name)
        if deed and kept and kept.event:
            return self._say(shown=shown or self.talk.label(value), deed=deed)
        if name == f"{MARK}hand-in" and kept and kept.facts:
            return self._hand_over(kept, shown or self.talk.label(value) or value)
        if name == f"{MARK}no-code":
            return self._say(self.replies.no_such_code(), shown=shown)
        said = self.talk.press(kept, value)
        if said is None:
            return self._say(self.replies.unknown_choice(), shown=shown or value)
        return self._guided(said, shown)

    def _offered_value(self) -> str | None:
        """Return the value of the offered choice that the text means: its number, its words, yes or no."""
        text = self.said.text.strip().rstrip(".)")
        if self.guide and self.talk.awaits_number(self.guide):
            return None
        if text.isdecimal() and len(text) == 1:
            number = int(text)
            return self.offered[number - 1][1] if 1 <= number <= len(self.offered) else None
        said = plain(text)
        for label, value in self.offered:
            if said and said in {
                plain(label),
                plain(label).partition(" ")[2] if label[0].isdecimal() else "",
            }:
                return value
        meant = {
            "yes": ("solved", "cancel-yes", "step", "helped", f"{MARK}yes"),
            "no": ("unsolved", "keep", "missed", "stuck", "no-thanks"),
        }.get(command_in(text) or "", ())
        return next((value for _, value in self.offered if value.partition(":")[0] in meant), None)

    def _command(self, command: str) -> Turn:
        if command == "human":
            return self._human(self.said.text)
        if command == "status":
            return self._say(deed=Deed.STATUS)
        if command == "repeat":
            return self._say(deed=Deed.REPEAT)
        if command == "language":
            return self._say(self.replies.languages())
        if command == "back":
            return self._back()
        if command == "stop" and self.guide:
            return self._guided(self.talk.stop(self.guide))
        if command == "stop":
            if self.matter:
                return self._say(self.replies.stop_with_ticket(self.matter.number))
            return self._say(self.replies.stopped(), state=State(guide=self.state.guide))
        if command in {"start", "hello"}:
            return self._say(self.replies.welcome(), state=self.state.showing("welcome"))
        return self._say(self.replies.help(has_ticket=self.matter is not None))

    def _human(self, shown: str) -> Turn:
        if self.matter and not self.state.aside:
            return self._say(shown=shown, deed=Deed.STATUS)
        # The conversation since the last ticket goes along, so that nobody has to explain again.
        if self.guide and self.guide.facts:
            return self._hand_over(self.guide, shown)
        # Who has begun the guide has an event in mind, even when nothing of it was told yet.
        tried = self._tried_events() if self.guide else self.state.tried
        return self._say(
            state=replace(self.state, misses=0, aside=False, tried=tried),
            shown=shown,
            deed=Deed.ESCALATE,
        )

    def _hand_over(self, guide: Guide, shown: str) -> Turn:
        """Pass an event on to the people who know events, with all that was told."""
        tried = self._tried_events()
        return self._say(
            self.replies.event_passed_on(self.talk.told(guide)),
            state=replace(self.state, misses=0, aside=False, tried=tried),
            shown=shown,
            deed=Deed.HAND_IN,
        )

    def _tried_events(self) -> tuple[dict[str, Any], ...]:
        """Return what was tried with the guide's own entry first, so that its queue gets the ticket."""
        about = next(
            (id_ for id_, entry in self.town.book.entries.items() if entry.guide is not None), ""
        )
        return self._tried_first(about) if about else self.state.tried

    def _back(self) -> Turn:
        if self.guide and self.town.off.is_guide:
            return self._say(self.replies.guide_paused())
        if self.guide:
            return self._guided(self.talk.back(self.guide))
        if self.matter and self.state.aside:
            return self._choose("resume", shown=self.said.text)
        trail = self.state.trail[:-1]
        before = replace(self.state, trail=trail)
        return self._say(self._screen(trail[-1] if trail else "welcome"), state=before)

    def _screen(self, value: str) -> Reply:
        """Return what was shown for a choice value, again."""
        name, _, rest = value.partition(":")
        if name in {"show", "whole"} and rest in self.town.book.entries:
            return self.replies.answer(rest) if name == "show" else self.replies.whole(rest)
        if name == "step":
            entry, _, number = rest.partition(":")
            if entry in self.town.book.entries and number.isdecimal():
                return self.replies.step(entry, int(number))
        if name == "suggest":
            known = [entry for entry in rest.split(",") if entry in self.town.book.entries]
            if known:
                return self.replies.suggest(known)
        return self.replies.welcome()

    def _choose(self, value: str, shown: str | None = None) -> Turn:
        """Act on a pressed button, or on words that mean one."""
        if value.startswith(MARK):
            return self._press_guide(value, shown)
        choice = self.replies.choice(value)
        if choice is None:
            return self._say(self.replies.unknown_choice(), shown=shown or value)
        label = shown or choice.label
        name, _, rest = value.partition(":")
        if name in {"human", "none"}:
            return self._human(label)
        if name == "show":
            return self._say(
                self.replies.answer(rest),
                state=replace(self.state.showing(value), misses=0, tried=self._tried_first(rest)),
                shown=label,
                counted=self._given(rest, Outcome.CHOSEN),
            )
        if name in {"step", "whole"}:
            return self._say(self._screen(value), state=self.state.showing(value), shown=label)
        if name in {"stuck", "unsure"}:
            entry, _, number = rest.partition(":")
            return self._say(self.replies.stuck(entry, int(number)), shown=label)
        if name == "lang":
            self.locale = rest
            return self._say(self.replies.language_chosen(), shown=label)
        if name in {"solved", "unsolved"} and rest.isdecimal():
            deed = Deed.SOLVED if name == "solved" else Deed.REOPEN
            return self._say(shown=label, deed=deed, ticket=int(rest))
        return self._choose_plainly(name, rest, label)

    def _choose_plainly(self, name: str, rest: str, label: str) -> Turn:
        """Act on the buttons that need no more than a reply, or concern the ticket at hand."""
        replies = self.replies
        simple: dict[str, Callable[[], Reply]] = {
            "help": lambda: replies.help(has_ticket=self.matter is not None),
            "language": replies.languages,
            "no-thanks": replies.no_thanks,
            "helped": replies.glad,
            "easy": lambda: replies.easy_answer(rest),
        }
        if name in simple:
            outcome = {"helped": Outcome.CONFIRMED, "easy": Outcome.EASY}.get(name, Outcome.OTHER)
            return self._say(simple[name](), shown=label, counted=Counted(outcome, rest))
        if name == "missed":
            others = [tried["entry"] for tried in self.state.tried if tried["entry"] != rest]
            known = [
                entry
                for entry in others
                if entry in self.town.book.entries and not self.town.is_withheld(entry)
            ][: _SUGGESTED - 1]
            missed = replace(self.state, misses=self.state.misses + 1)
            return self._say(
                replies.did_not_help(known),
                state=missed,
                shown=label,
                counted=Counted(Outcome.WRONG, rest),
            )
        if name == "status" or self.matter is None:
            return self._say(shown=label, deed=Deed.STATUS)
        if name == "district" and not rest:
            return self._say(replies.districts(), shown=label)
        if name in {"district", "no-district"}:
            told = self._say(shown=label, deed=Deed.DISTRICT)
            return replace(told, district=rest or None)
        number = self.matter.number
        if name == "cancel-yes":
            return self._say(state=replace(self.state, aside=False), shown=label, deed=Deed.CANCEL)
        if name == "cancel":
            return self._say(replies.cancel_which(number), shown=label)
        if name == "aside":
            return self._say(
                replies.aside(number), state=replace(self.state, aside=True), shown=label
            )
        # What is left is `keep` and `resume`.
        return self._say(replies.kept(number), state=replace(self.state, aside=False), shown=label)

    def _match(self) -> Turn:
        if is_foreign(self.said.text):
            return self._say(self.replies.other_language(), counted=Counted(Outcome.FOREIGN))
        match = self.town.matcher.match(self.said.text, self.locale)
        if match.locale in LOCALES:
            self.locale = match.locale
        if starts_guide(self.said.text, self.locale):
            if self.town.off.is_guide:
                return self._say(self.replies.guide_paused())
            return self._guided(self.talk.begin(self.said.text))
        tried = tuple(
            {"entry": candidate.entry, "score": round(candidate.score, 3)}
            for candidate in match.candidates[:_TRIED]
        )
        if self.town.off.is_all and not self._is_safe(match.entry):
            # Whatever else would be said, to ask again too, leads to an answer that is not given.
            return self._say(
                self.replies.paused(),
                state=replace(self.state, tried=tried or self.state.tried),
                counted=Counted(Outcome.PAUSED, str(tried[0]["entry"]) if tried else ""),
            )
        if match.parts:
            asked = [part.candidates[0].entry for part in match.parts]
            state = replace(self.state, misses=0, tried=tried)
            return self._say(
                self.replies.two_questions(asked),
                state=state.showing("suggest:" + ",".join(asked)),
                counted=Counted(Outcome.SUGGESTED, asked[0]),
            )
        entries = [candidate.entry for candidate in match.candidates if self._may_mean(candidate)]
        if match.decision is Decision.ESCALATE or not entries:
            first = self.state.misses == 0
            state = replace(
                self.state, misses=self.state.misses + 1, tried=tried or self.state.tried
            )
            return self._say(
                self.replies.not_found() if first else self.replies.not_found_again(),
                state=state,
                counted=Counted(Outcome.NOT_FOUND, str(tried[0]["entry"]) if tried else ""),
            )
        state = replace(self.state, misses=0, tried=tried)
        if match.entry and match.entry == entries[0]:
            shown = f"show:{match.entry}"
            return self._say(
                self.replies.answer(match.entry),
                state=state.showing(shown),
                counted=self._given(match.entry),
            )
        suggested = entries[:_SUGGESTED]
        return self._say(
            self.replies.suggest(suggested),
            state=state.showing("suggest:" + ",".join(suggested)),
            counted=Counted(Outcome.SUGGESTED, suggested[0]),
        )

    def _is_safe(self, entry: str | None) -> bool:
        """Whether it is a safety text that is given even when everything else is switched off."""
        return (
            entry in ENTRIES
            and not self.town.is_withheld(entry)
            and not is_said_otherwise(self.said.text, entry)
        )

    def _may_mean(self, candidate: Candidate) -> bool:
        """Whether an entry may be meant: none of danger that hardly fits, or is but an idiom's word."""
        entry = candidate.entry
        return entry not in ENTRIES or (
            candidate.score >= _DANGER and not is_said_otherwise(self.said.text, entry)
        )

    def _tried_first(self, entry: str) -> tuple[dict[str, Any], ...]:
        """Return what was tried with the entry that was chosen by hand in front."""
        chosen = [tried for tried in self.state.tried if tried["entry"] == entry] or [
            {"entry": entry, "score": 1.0}
        ]
        return (*chosen, *(tried for tried in self.state.tried if tried["entry"] != entry))[:_TRIED]
