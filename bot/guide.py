"""The event guide in a conversation: one question a message, then the plan; pure.

Its state is what was told so far; everything said follows from it. The rules are in `bot.permits`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bot.permits import FACTS, FactsError, Status, plan, read_facts, standing, wording
from bot.permits.facts import Type
from bot.permits.hearing import answered, day_heard, heard, moved, time_heard
from bot.permits.papers import outline
from bot.permits.papers.rows import duty_rows
from bot.permits.papers.words import paper_words
from bot.permits.reminders import reminders
from bot.replies import Choice, Reply
from bot.texts import texts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.permits import Plan, PlannedDuty

# Values of the guide's buttons begin so; the longest stay within Telegram's 64 bytes.
MARK = "g."
# How people begin to try something out, in the three languages.
_WHAT_IF = (
    "entä jos", "entäs jos", "enta jos", "mitä jos", "mitäs jos", "mitä tapahtuu jos", "mites jos",
    "tänk om", "vad händer om", "hur blir det om", "men om", "vad om", "va om",
    "what if", "what happens if", "and if", "how about if", "what about if",
)  # fmt: skip
# How people say that a list is complete.
_NO_MORE = frozenset(
    {
        *("ei muuta", "ei enää", "ei muita", "siinä kaikki", "siinä se", "ei enempää"),
        *("inget mer", "inget annat", "det var allt", "inte mer", "int mer", "det är allt"),
        *("no more", "nothing else", "that's all", "thats all", "that is all", "nothing more"),
    }
)
# A duty's reasons name so many others at most, and a plan's first message so many lines.
_NAMED = 2
_URGENT = 5
_LINES = 14
_BUTTONS = 6
# A message stays below what Telegram carries, with room for what the channel adds.
_LONGEST = 3_600


@dataclass(frozen=True)
class Guide:
    """What the guide remembers of an event.

    Attributes:
        facts: As `read_facts` takes them; None was asked and is not known.
        asked: The facts asked for so far, in order; the last is the one being asked.
        stage: `confirm` what was heard at first, `ask`, `plan`, or `paused`.
        day: The day told for the moment being asked, ISO, until its time of day is told too.
        picked: The values chosen so far of the set being asked.
        whatif: Facts tried out beside the plan.
        event: The id under which the event is kept; empty until it is.
        done: The duties ticked off.
        reminds: Whether the resident wants reminders.
        rulings: What officers ruled, by duty, as `Decision.to_json` gives it.
        handed_in: The number of the ticket it was handed in with; empty until it is.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    stage: str = "confirm"
    day: str = ""
    picked: tuple[str, ...] = ()
    whatif: dict[str, Any] = field(default_factory=dict)
    event: str = ""
    done: tuple[str, ...] = ()
    reminds: bool = False
    rulings: dict[str, Any] = field(default_factory=dict)
    handed_in: str = ""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Guide:
        """Return the guide as it was saved; fields unknown to this version are left out."""
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        lists: dict[str, Any] = {
            name: tuple(known.pop(name, ())) for name in ("asked", "picked", "done")
        }
        return cls(**lists, **known)

    def to_json(self) -> dict[str, Any]:
        """Return the guide as JSON."""
        return asdict(self)

    def plan(self, now: datetime, locale: str) -> Plan:
        """Return the event's plan as it stands, with what officers ruled."""
        decided = standing(self.rulings, self.facts)
        return plan(read_facts(self.facts), now, locale=locale, decided=decided)


@dataclass(frozen=True)
class Said:
    """What the guide makes of an utterance.

    Attributes:
        guide: None once it is left for good.
        shown: How a pressed button is shown in the conversation; empty for what was typed.
    """

    guide: Guide | None
    replies: tuple[Reply, ...]
    shown: str = ""


class Talk:
    """The guide's part of a conversation in one language.

    Args:
        now: The present moment, aware.
        is_fetched: Whether the resident must open the page to see what is said, as on the web.
    """

    def __init__(self, locale: str, now: datetime, *, is_fetched: bool = False) -> None:
        self.locale = locale
        self._is_fetched = is_fetched
        self._now = now
        self._texts = texts(locale)
        self._words = paper_words(locale)
        self._guide_words = wording(locale)
        self._plans: dict[str, Plan] = {}

    # --- Beginning and going on -------------------------------------------------------------

    def begin(self, text: str, known: Mapping[str, Any] | None = None) -> Said:
        """Begin with what was said of the event already; say it back to be confirmed."""
        facts = self._sound({**(known or {}), **heard(text, self.locale, self._now)})
        guide = Guide(facts)
        if not facts:
            return self._go_on(replace(guide, stage="ask"), self._welcome())
        return Said(guide, (self._back_said(guide),))

    def resume(self, guide: Guide) -> Said:
        """Go on where the guide was left."""
        return self._go_on(replace(guide, stage="ask"), "")

    def hear(self, guide: Guide, text: str) -> Said | None:
        """Take what was typed; None when it is no answer to what was asked."""
        if guide.stage == "paused":
            return None
        asks_what_if = self._what_if_in(text)
        if asks_what_if is not None and guide.stage != "confirm":
            return self._what_if(guide, asks_what_if)
        if guide.stage == "confirm":
            more = self._heard(guide, text)
            changed = replace(guide, facts=self._sound({**guide.facts, **more}))
            return Said(changed, (self._back_said(changed),)) if more else None
        if guide.stage == "plan" or not guide.asked:
            more = self._heard(guide, text)
            return self._changed(guide, more) if more else None
        return self._answer(guide, text)

    def press(self, guide: Guide | None, value: str) -> Said | None:
        """Act on a button of the guide; None when there is no such button."""
        name, _, rest = value.removeprefix(MARK).partition(":")
        _ = self._texts.gettext
        if name == "go":
            return replace(self.begin("", {}), shown=_("Make a plan for my event"))
        if guide is None:
            return None
        if name == "set":
            return self._set(guide, rest)
        acts = {
            "yes": lambda: self._go_on(replace(guide, stage="ask"), ""),
            "unknown": lambda: self._unknown(guide),
            "back": lambda: self.back(guide),
            "stop": lambda: self.stop(guide),
            "resume": lambda: self.resume(guide),
            "none-left": lambda: self._none_left(guide),
            "plan": lambda: Said(replace(guide, stage="plan"), (self._plan_said(guide),)),
            "keep": lambda: self._kept(guide),
            "apply": lambda: self._changed(replace(guide, whatif={}), guide.whatif),
            "change": lambda: Said(guide, (self._back_said(guide),)),
            "whatif": lambda: Said(guide, (self._how_to_try(),)),
            "all": lambda: Said(guide, self._whole(guide)),
            "more": lambda: Said(guide, (self._more(),)),
            "remind": lambda: self._remind(guide),
            "quiet": lambda: self._quiet(guide),
            "arrived": lambda: self._arrived(guide),
        }
        if name in {"done", "undone"}:
            return self._tick(guide, rest, is_done=name == "done")
        if name == "duty":
            known = {duty.id for duty in outline.to_do(self._plan(guide))}
            if rest not in known:
                return None
            duty = self._plan(guide)[rest]
            return Said(guide, (self._detail(guide, duty),), duty.name)
        if name == "fix":
            if rest not in guide.facts:
                return None
            return self._ask_again(guide, rest)
        if name not in acts:
            return None
        return replace(acts[name](), shown=self.label(value) or value)

    def label(self, value: str) -> str | None:
        """Return what stands on a button of the guide; None for one it does not have."""
        _ = self._texts.gettext
        name, _colon, rest = value.removeprefix(MARK).partition(":")
        plain = {
            "go": _("Make a plan for my event"),
            "yes": _("Yes, that is right"),
            "unknown": _("I do not know"),
            "back": _("Back"),
            "stop": _("Stop, and keep what I told"),
            "resume": _("Go on with my event"),
            "none-left": _("None of these"),
            "plan": _("Show the plan"),
            "keep": _("Keep it as it was"),
            "apply": _("Change the plan so"),
            "change": _("Change something"),
            "whatif": _("What if …?"),
            "all": _("Show everything"),
            "papers": _("As PDF, calendar and link"),
            "more": _("Change, try out, or stop"),
            "remind": _("Remind me of the dates"),
            "quiet": _("Do not remind me"),
            "hand-in": _("Hand it in to the city"),
            "move": _("Go on in another channel"),
        }
        if name == "fix" and rest in FACTS:
            return self._guide_words.label(rest)
        return plain.get(name)

    def back(self, guide: Guide) -> Said:
        """Ask the question before once more."""
        if guide.stage != "ask" or len(guide.asked) < 2:  # noqa: PLR2004 - this one and one before
            return Said(guide, (self._back_said(guide),))
        before = guide.asked[-2]
        facts = {name: value for name, value in guide.facts.items() if name != before}
        undone = replace(guide, facts=facts, asked=guide.asked[:-2], day="", picked=())
        return self._go_on(undone, "", ask=before)

    def stop(self, guide: Guide) -> Said:
        """Leave the guide; what was told stays."""
        _ = self._texts.gettext
        text = _(
            "I keep what you told about your event. You can go on at any time, also after days."
        )
        return Said(replace(guide, stage="paused"), (Reply(text, self._buttons("resume")),))

    def told(self, guide: Guide) -> str:
        """Return everything told of the event, a line each; for the people it is passed on to."""
        return self._told(guide.facts, lines=True)

    def not_understood(self, guide: Guide) -> Said:
        """Say kindly that this was no answer, and ask once more."""
        _ = self._texts.gettext
        again = self.question_again(guide)
        text = _("I did not understand that as an answer.")
        return Said(guide, (replace(again, text=f"{text}\n\n{again.text}"),))

    def awaits_number(self, guide: Guide) -> bool:
        """Return whether a number typed now is an answer and not the number of a button."""
        if guide.stage != "ask" or not guide.asked:
            return False
        return FACTS[guide.asked[-1]].type in {Type.COUNT, Type.DATETIME}

    def question_again(self, guide: Guide) -> Reply:
        """Return the question being asked, or what to do with the plan, once more."""
        if guide.stage == "confirm":
            return self._back_said(guide)
        if guide.stage == "ask" and guide.asked:
            return self._question(guide, guide.asked[-1], "")
        return self._plan_said(guide)

    # --- After the plan: ticking off, reminders, another channel ------------------------------

    def _tick(self, guide: Guide, duty: str, *, is_done: bool) -> Said | None:
        """Tick a duty off, or take that back; None when the plan has no such duty."""
        _ = self._texts.gettext
        named = {one.id: one.name for one in outline.to_do(self._plan(guide))}
        if duty not in named:
            return None
        done = tuple(one for one in guide.done if one != duty) + ((duty,) if is_done else ())
        ticked = replace(guide, done=done)
        left = sum(one not in done for one in named)
        if is_done:
            text = _("Good, this is done: {duty}.").format(duty=named[duty])
        else:
            text = _("It is open again: {duty}.").format(duty=named[duty])
        rest = self._texts.ngettext(
            "{count} thing is left.", "{count} things are left.", left
        ).format(count=left) if left else _("Everything in your plan is done.")  # fmt: skip
        back = self._tick_button(duty, is_done=is_done)
        reply = Reply(f"{text} {rest}", (*self._buttons("plan"), back, self._human()))
        return Said(ticked, (reply,), back.label if not is_done else _("Done"))

    def _remind(self, guide: Guide) -> Said:
        """Begin to remind of every deadline that is still ahead."""
        _ = self._texts.gettext
        ahead = reminders(self._plan(guide), guide.done)
        if not ahead:
            return Said(
                guide,
                (Reply(_("There is no date ahead to remind you of."), self._plan_buttons(guide)),),
            )
        lines = [
            _("I remind you here before each deadline, the first time on {day}.").format(
                day=self._words.on_day(ahead[0].at.date())
            ),
            _("What you tick off is not reminded of. If a date moves, so do the reminders."),
        ]
        if self._is_fetched:
            lines.append(
                _(
                    "You see the reminders when you open this page. If you want them on your phone, take the"
                    " dates to your calendar, or go on in Telegram."
                )
            )
        buttons = ("papers", "move", "quiet", "plan") if self._is_fetched else ("quiet", "plan")
        return Said(
            replace(guide, reminds=True),
            (Reply("\n".join(lines), (*self._buttons(*buttons), self._human())),),
        )

    def _quiet(self, guide: Guide) -> Said:
        """Stop reminding."""
        _ = self._texts.gettext
        text = _("I do not remind you any more. Your plan stays here.")
        return Said(
            replace(guide, reminds=False),
            (Reply(text, (*self._buttons("plan", "remind"), self._human())),),
        )

    def reminder(self, guide: Guide, duties: Collection[str]) -> Reply | None:
        """Return a reminder of duties; None when none of them is still to be done."""
        _ = self._texts.gettext
        made = self._plan(guide)
        lines, ticks = [], []
        for duty in outline.to_do(made):
            if duty.id not in duties or duty.id in guide.done:
                continue
            kinds = [
                f"{self._words.day(one.day)} ({outline.deadline_kind(one, made.as_of, self._words)})"
                for one in outline.deadlines_of(duty)
            ]
            lines.append(f"– {duty.name}: {'; '.join(kinds)}")
            late = outline.call_now(duty, self._words)
            lines += [late] if late else []
            ticks.append(Choice(_("Done: {duty}").format(duty=duty.name), f"{MARK}done:{duty.id}"))
        if not lines:
            return None
        name = outline.event_name(read_facts(guide.facts), self._words)
        head = _("A reminder about your event ({event}):").format(event=name)
        text = "\n".join([head, *lines])[:_LONGEST]
        return Reply(text, (*ticks[:_BUTTONS], *self._buttons("plan", "quiet"), self._human()))

    def _arrived(self, guide: Guide) -> Said:
        """Go on with an event that was taken along from another channel."""
        _ = self._texts.gettext
        again = self.question_again(
            replace(guide, stage="ask") if guide.stage == "paused" else guide
        )
        text = _("Your event is here now. We go on where you were.")
        stage = "ask" if guide.stage == "paused" else guide.stage
        return Said(replace(guide, stage=stage), (replace(again, text=f"{text}\n\n{again.text}"),))

    # --- What an officer put right --------------------------------------------------------------

    def corrected(self, before: Guide, after: Guide, fact: str, reason: str) -> str:
        """Return what an officer's correction of a fact means for the plan."""
        _ = self._texts.gettext
        told = self._told({fact: after.facts[fact]})
        lines = [_("I put this right in your plan: {told}").format(told=told)]
        if before.facts.get(fact) is not None:
            value = self._words.value(fact, read_facts(before.facts)[fact])
            lines.append(_("You had told: {value}").format(value=value))
        lines += [_("Reason: {reason}").format(reason=reason), *self.changes(before, after)]
        return "\n".join(lines)[:_LONGEST]

    def ruled(self, before: Guide, after: Guide, duty: str, reason: str) -> str:
        """Return what an officer's ruling about a duty means for the plan."""
        _ = self._texts.gettext
        decided = self._plan(after)[duty]
        if duty not in after.rulings:
            text = _("I took back what was decided about {duty}.")
        elif decided.status is Status.REQUIRED:
            text = _("I looked at your plan. This is needed: {duty}")
        else:
            text = _("I looked at your plan. This is not needed: {duty}")
        lines = [text.format(duty=decided.name), _("Reason: {reason}").format(reason=reason)]
        changes = self.changes(before, after)
        if self._plan(before)[duty].status is not decided.status:
            # Such as from "ask the authority": the ruling is the change.
            changes = [line for line in changes if line != _("Nothing changes in the plan.")]
        return "\n".join([*lines, *changes])[:_LONGEST]

    def after_notice(self) -> tuple[Choice, ...]:
        """Return the buttons under what an officer tells about a plan."""
        return (*self._buttons("plan"), self._human())

    # --- Answers ----------------------------------------------------------------------------

    def _answer(self, guide: Guide, text: str) -> Said | None:
        fact = guide.asked[-1]
        if FACTS[fact].type is Type.SET and " ".join(text.lower().strip(" .!").split()) in _NO_MORE:
            return self._taken(guide, {fact: list(guide.picked)})
        found = self._half(guide, fact, text) or answered(
            fact, text, self.locale, self._now, _known(guide.facts)
        )
        if found is None:
            is_moment = FACTS[fact].type is Type.DATETIME
            day = day_heard(text, self.locale, self._now) if is_moment else None
            if day:
                half = replace(guide, day=day.isoformat())
                return Said(half, (self._ask_time(guide, fact, day),))
            # No answer to this question, but perhaps to another one.
            more = self._heard(guide, text)
            return self._taken(guide, more, is_aside=True) if more else None
        said_now = found.get(fact)
        if FACTS[fact].type is Type.SET and isinstance(said_now, list):
            found[fact] = list(dict.fromkeys([*guide.picked, *said_now]))
        return self._taken(guide, found)

    def _half(self, guide: Guide, fact: str, text: str) -> dict[str, Any] | None:
        """Return the moment whose day was told before and whose time is told now."""
        clock = time_heard(text) if guide.day else None
        if clock is None:
            return None
        moment = datetime.combine(date.fromisoformat(guide.day), clock)
        return {fact: moment.isoformat(timespec="minutes")}

    def _set(self, guide: Guide, rest: str) -> Said | None:
        fact, _, value = rest.partition(":")
        if fact not in FACTS or guide.stage != "ask" or guide.asked[-1:] != (fact,):
            return None
        kind = FACTS[fact].type
        shown = self._value_label(fact, value)
        if kind is Type.BOOL and value in {"yes", "no"}:
            return replace(self._taken(guide, {fact: value == "yes"}), shown=shown)
        if kind is Type.ENUM and value in FACTS[fact].values:
            return replace(self._taken(guide, {fact: value}), shown=shown)
        if kind is Type.SET and value == "done":
            return replace(self._taken(guide, {fact: list(guide.picked)}), shown=shown)
        if kind is Type.COUNT and value == "0":
            return replace(self._taken(guide, {fact: 0}), shown=shown)
        if kind is Type.SET and value in FACTS[fact].values:
            picked = (*guide.picked, *(() if value in guide.picked else (value,)))
            more = replace(guide, picked=picked)
            if len(picked) == len(FACTS[fact].values):
                return replace(self._taken(more, {fact: list(picked)}), shown=shown)
            return Said(more, (self._question(more, fact, ""),), shown)
        return None

    def _unknown(self, guide: Guide) -> Said:
        if guide.stage != "ask" or not guide.asked:
            return self._go_on(guide, "")
        return self._taken(guide, {guide.asked[-1]: None})

    def _none_left(self, guide: Guide) -> Said:
        """Take it that nothing of the checklist is there."""
        absent = {name: _absent(name) for name in self._plan(guide).checklist}
        return self._go_on(replace(guide, facts={**guide.facts, **absent}), "")

    def _taken(self, guide: Guide, found: Mapping[str, Any], *, is_aside: bool = False) -> Said:
        """Keep an answer and go on; what was told beside the question is said back."""
        _ = self._texts.gettext
        facts = {**_moved_along(guide.facts, found), **found}
        problem = _problem(facts)
        if problem:
            reply = self._question(guide, guide.asked[-1], self._told_wrong(problem))
            return Said(replace(guide, day="", picked=()), (reply,))
        noted = _("I noted: {told}.").format(told=self._told(found)) if is_aside else ""
        return self._go_on(replace(guide, facts=facts, day="", picked=()), noted)

    def _heard(self, guide: Guide, text: str) -> dict[str, Any]:
        """Return the facts in what was written, a moved event with all its moments."""
        now = self._now
        return {
            **heard(text, self.locale, now),
            **moved(text, self.locale, now, _known(guide.facts)),
        }

    def _told_wrong(self, fact: str) -> str:
        _ = self._texts.gettext
        return _("This does not fit with the rest: {label}. Please tell it again.").format(
            label=self._guide_words.label(fact)
        )

    def changes(self, before: Guide, after: Guide) -> list[str]:
        """Return what one state of an event changes in the plan of another, a line each."""
        _ = self._texts.gettext
        lines = self._difference(self._plan(before), self._plan(after))
        lapsed = standing(before.rulings, before.facts).keys() - standing(
            after.rulings, after.facts
        )
        names = {duty.id: duty.name for duty in self._plan(after).duties}
        lines += [
            _(
                "What the city's staff decided about {duty} was for other facts and no longer holds."
            ).format(duty=names[duty])
            for duty in sorted(lapsed)
        ]
        return lines

    def _changed(self, guide: Guide, more: Mapping[str, Any]) -> Said:
        """Take in a change and say what it changes."""
        facts = {**_moved_along(guide.facts, more), **more}
        if _problem(facts):
            return Said(
                guide, (Reply(self._told_wrong(_problem(facts)), self._plan_buttons(guide)),)
            )
        changed = replace(guide, facts=facts, whatif={}, stage="ask")
        told = self._told(
            {name: facts[name] for name in facts if facts[name] != guide.facts.get(name)}
        )
        return self._go_on(changed, "\n".join([told, *self.changes(guide, changed)]))

    def _what_if_in(self, text: str) -> str | None:
        """Return what comes after "what if"; None when it is no such question."""
        plain = " ".join(text.lower().split())
        begins = next((words for words in _WHAT_IF if plain.startswith(words)), None)
        return None if begins is None else plain.removeprefix(begins).strip()

    def _what_if(self, guide: Guide, text: str) -> Said | None:
        more = self._heard(guide, text.rstrip(" ?"))
        facts = {**_moved_along(guide.facts, more), **more}
        _ = self._texts.gettext
        if not more or _problem(facts):
            return Said(guide, (self._how_to_try(),))
        difference = self.changes(guide, replace(guide, facts=facts))
        text = "\n".join([_("If so: {told}").format(told=self._told(more)), *difference])
        reply = Reply(text[:_LONGEST], self._buttons("apply", "keep"))
        return Said(replace(guide, whatif=dict(more)), (reply,))

    def _kept(self, guide: Guide) -> Said:
        _ = self._texts.gettext
        kept = replace(guide, whatif={})
        again = self.question_again(kept)
        text = _("All stays as it was.")
        return Said(kept, (replace(again, text=f"{text}\n\n{again.text}"),))

    # --- What is said -----------------------------------------------------------------------

    def _go_on(self, guide: Guide, before: str, ask: str | None = None) -> Said:
        """Ask what is still to be asked, or give the plan."""
        made = self._plan(guide)
        fact = ask or made.next_question
        if fact:
            asked = replace(guide, stage="ask", asked=(*guide.asked, fact))
            return Said(asked, (self._question(asked, fact, before),))
        if made.checklist:
            return Said(replace(guide, stage="plan"), (self._checklist(made, before),))
        told = replace(guide, stage="plan")
        reply = self._plan_said(told)
        text = f"{before}\n\n{reply.text}" if before else reply.text
        return Said(told, (replace(reply, text=text[:_LONGEST]),))

    def _question(self, guide: Guide, fact: str, before: str) -> Reply:
        words = self._guide_words
        _ = self._texts.gettext
        lines = [before, words.question(fact)] if before else [words.question(fact)]
        waiting = [duty.name for duty in self._plan(guide).duties if fact in duty.missing]
        if waiting:
            named = words.listed(waiting[:_NAMED])
            lines.append(_("This decides: {duties}.").format(duties=named))
        if guide.picked:
            chosen = words.listed(words.value(fact, frozenset([one])) for one in guide.picked)
            lines.append(_("So far: {chosen}. Is there more?").format(chosen=chosen))
        elif FACTS[fact].type is Type.SET:
            lines.append(_("You can name several."))
        choices = [*self._values(guide, fact), *self._buttons("unknown")]
        if len(guide.asked) > 1:
            choices += self._buttons("back")
        return Reply("\n".join(lines), (*choices, *self._buttons("stop"), self._human()))

    def _values(self, guide: Guide, fact: str) -> list[Choice]:
        """Return the buttons that answer a question."""
        kind = FACTS[fact].type
        if kind is Type.BOOL:
            return [self._value(fact, "yes"), self._value(fact, "no")]
        if kind is Type.COUNT and FACTS[fact].absent == 0:
            return [self._value(fact, "0")]
        chosen = [
            self._value(fact, value)
            for value, _ in self._guide_words.choices(fact)
            if value not in guide.picked
        ]
        return [*chosen, self._value(fact, "done")] if kind is Type.SET else chosen

    def _value(self, fact: str, value: str) -> Choice:
        label = self._value_label(fact, value)
        if value == "done":
            _ = self._texts.gettext
            label = _("None of these / no more")
        return Choice(label[:1].upper() + label[1:], f"{MARK}set:{fact}:{value}")

    def _value_label(self, fact: str, value: str) -> str:
        _ = self._texts.gettext
        if value in {"yes", "no"}:
            return self._guide_words.phrase("words", value)
        if value == "done":
            return _("None of these / no more")
        if value == "0":
            return _("None")
        return dict(self._guide_words.choices(fact)).get(value, value)

    def _ask_time(self, guide: Guide, fact: str, day: date) -> Reply:
        _ = self._texts.gettext
        text = _(
            "{question} On {day}: at what time? You can write for example 15 or 15.30."
        ).format(question=self._guide_words.question(fact), day=self._words.on_day(day))
        return replace(self._question(guide, fact, ""), text=text)

    def _welcome(self) -> str:
        _ = self._texts.gettext
        return _(
            "I help you find every notice and permit your event needs, with dates. I ask one thing"
            " at a time. You can answer in your own words."
        )

    def _back_said(self, guide: Guide) -> Reply:
        """Say back what was understood, to be confirmed or put right."""
        _ = self._texts.gettext
        text = _(
            "I understood this:\n{told}\n\nIs it right? You can also write what is different or"
            " missing."
        ).format(told=self._told(guide.facts, lines=True))
        names = [name for name in outline.FACTS_TOLD if name in guide.facts][:_BUTTONS]
        fixes = [
            Choice(
                _("Change: {label}").format(label=self._guide_words.label(name)),
                f"{MARK}fix:{name}",
            )
            for name in names
        ]
        return Reply(text, (*self._buttons("yes"), *fixes, *self._buttons("stop"), self._human()))

    def _how_to_try(self) -> Reply:
        _ = self._texts.gettext
        return Reply(
            _(
                "Write what would be different, for example: What if 250 people come? I show only what"
                " would change."
            ),
            (*self._buttons("plan"), self._human()),
        )

    def _ask_again(self, guide: Guide, fact: str) -> Said:
        """Ask for a fact told already once more."""
        facts = {name: value for name, value in guide.facts.items() if name != fact}
        said = self._go_on(replace(guide, facts=facts, picked=(), day=""), "", ask=fact)
        return replace(said, shown=self._guide_words.label(fact))

    def _checklist(self, made: Plan, before: str) -> Reply:
        _ = self._texts.gettext
        features = "\n".join(f"– {self._guide_words.label(name)}" for name in made.checklist)
        text = _(
            "Last: will there be any of these?\n{features}\n\nWrite what there will be, or press None"
            " of these."
        ).format(features=features)
        buttons = self._buttons("none-left", "plan", "back", "stop")
        return Reply(f"{before}\n\n{text}" if before else text, (*buttons, self._human()))

    def _told(self, facts: Mapping[str, Any], *, lines: bool = False) -> str:
        known = read_facts(facts)
        words = self._guide_words
        said = [
            f"{words.label(name)}: {self._words.value(name, known[name])}"
            for name in outline.FACTS_TOLD
            if name in known
        ]
        return "\n".join(f"– {one}" for one in said) if lines else "; ".join(said)

    def _plan_said(self, guide: Guide) -> Reply:
        """Return the plan at a glance: what is urgent, then the timeline, then what is open."""
        made, facts = self._plan(guide), read_facts(guide.facts)
        words, gettext = self._words, self._texts.gettext
        _ = gettext
        head = [outline.event_name(facts, words), outline.event_time(facts, words)]
        to_do = outline.to_do(made)
        count = self._texts.ngettext(
            "Your event needs {count} thing to be seen to.",
            "Your event needs {count} things to be seen to.",
            len(to_do),
        ).format(count=len(to_do))
        lines = [" · ".join(part for part in head if part), count]
        ticked = sum(duty.id in guide.done for duty in to_do)
        if ticked:
            lines.append(_("Done already: {count}.").format(count=ticked))
        if guide.handed_in:
            lines.append(
                _("Handed in to the city's staff under the number {number}.").format(
                    number=guide.handed_in
                )
            )
        urgent = [(duty, why) for duty, why in outline.urgent(made) if duty.id not in guide.done]
        if urgent:
            lines += ["", words.phrase("document", "urgent")]
            lines += [
                f"! {duty.name} – {words.phrase('urgency', why)}" for duty, why in urgent[:_URGENT]
            ]
        lines += self._timeline(made, guide.done)
        undated = [duty for duty in to_do if not outline.deadlines_of(duty)]
        if undated:
            more = f" +{len(undated) - _LINES}" if len(undated) > _LINES else ""
            shown = "\n".join(
                f"{'✓' if duty.id in guide.done else '–'} {duty.name}" for duty in undated[:_LINES]
            )
            lines += ["", _("Without a date of their own:"), shown + more]
        open_ = made.having(Status.OPEN)
        if open_:
            lines += ["", self._texts.ngettext(
                "{count} thing is still open, because something is not known yet.",
                "{count} things are still open, because something is not known yet.",
                len(open_),
            ).format(count=len(open_))]  # fmt: skip
        asked = made.having(Status.ASK)
        if asked and not guide.handed_in:
            lines += ["", self._texts.ngettext(
                "{count} thing is for the authority to decide. If you hand the plan in, the right people at"
                " the city look at it, and you need not explain again.",
                "{count} things are for the authority to decide. If you hand the plan in, the right people"
                " at the city look at them, and you need not explain again.",
                len(asked),
            ).format(count=len(asked))]  # fmt: skip
        lines += ["", words.phrase("document", "disclaimer")]
        return Reply("\n".join(lines)[:_LONGEST], self._plan_buttons(guide))

    def _timeline(self, made: Plan, done: tuple[str, ...]) -> list[str]:
        found = outline.deadlines(made)
        if not found:
            return []
        words = self._words
        lines = ["", words.phrase("document", "timeline")]
        for one in found[:_LINES]:
            kind = outline.deadline_kind(one, made.as_of, words)
            if one.duty.id in done:
                lines.append(f"✓ {words.short_day(one.day)} {one.duty.name}")
            else:
                lines.append(f"{words.short_day(one.day)} {one.duty.name} ({kind})")
        if len(found) > _LINES:
            lines.append(f"+{len(found) - _LINES}")
        return lines

    def _plan_buttons(self, guide: Guide) -> tuple[Choice, ...]:
        made = self._plan(guide)
        urgent = [duty for duty, _ in outline.urgent(made)]
        others = [duty for duty in outline.to_do(made) if duty not in urgent]
        # What is done comes last, where it is still at hand to be taken back.
        ordered = sorted((*urgent, *others), key=lambda duty: duty.id in guide.done)
        duties = [Choice(duty.name, f"{MARK}duty:{duty.id}") for duty in ordered[:_BUTTONS]]
        remind = ("quiet",) if guide.reminds else ("remind",) if reminders(made, guide.done) else ()
        hand_in = () if guide.handed_in else ("hand-in",)
        # Whoever looks at the plan in mid-interview finds the way back to the questions first.
        go_on = ("resume",) if made.next_question else ()
        names = ("all", "papers", *remind, *hand_in, "more")
        return (*self._buttons(*go_on), *duties, *self._buttons(*names), self._human())

    def _more(self) -> Reply:
        _ = self._texts.gettext
        names = ("whatif", "change", "move", "stop", "plan")
        return Reply(
            _("What would you like to do with your plan?"), (*self._buttons(*names), self._human())
        )

    def _whole(self, guide: Guide) -> tuple[Reply, ...]:
        """Return every duty's details, in as few messages as they fit into."""
        parts = [self._detail_text(duty) for duty in outline.to_do(self._plan(guide))]
        found: list[str] = []
        for part in parts:
            if found and len(found[-1]) + len(part) + 2 < _LONGEST:
                found[-1] = f"{found[-1]}\n\n{part}"
            else:
                found.append(part[:_LONGEST])
        last = self._plan_buttons(guide)
        texts_ = found or [self._words.phrase("document", "nothing_required")]
        return (*map(Reply, texts_[:-1]), Reply(texts_[-1], last))

    def _detail(self, guide: Guide, duty: PlannedDuty) -> Reply:
        """Return one duty in plain words."""
        text = f"{self._detail_text(duty)}\n\n{self._words.phrase('document', 'disclaimer')}"
        tick = self._tick_button(duty.id, is_done=duty.id in guide.done)
        return Reply(text[:_LONGEST], (tick, *self._buttons("plan"), self._human()))

    def _tick_button(self, duty: str, *, is_done: bool) -> Choice:
        _ = self._texts.gettext
        if is_done:
            return Choice(_("Not done after all"), f"{MARK}undone:{duty}")
        return Choice(_("Done"), f"{MARK}done:{duty}")

    def _detail_text(self, duty: PlannedDuty) -> str:
        words = self._words
        told = [f"{name}: {value}" for name, value in duty_rows(duty, words)]
        late = outline.call_now(duty, words)
        return "\n".join(
            [
                duty.name.upper() if not late else f"! {duty.name.upper()}",
                *filter(None, [late]),
                *told,
            ]
        )

    def _difference(self, before: Plan, after: Plan) -> list[str]:
        """Return what is needed only now, no more, or on another day."""
        _ = self._texts.gettext
        needed = {duty.id: duty for duty in outline.to_do(before)}
        lines = []
        for duty in outline.to_do(after):
            old = needed.pop(duty.id, None)
            if old is None:
                lines.append(_("+ new: {duty}").format(duty=self._with_date(duty)))
            elif (old.file_by, old.recommended) != (duty.file_by, duty.recommended):
                lines.append(_("→ other date: {duty}").format(duty=self._with_date(duty)))
        lines += [_("– no more needed: {duty}").format(duty=duty.name) for duty in needed.values()]
        return lines or [_("Nothing changes in the plan.")]

    def _with_date(self, duty: PlannedDuty) -> str:
        days = [one.day for one in outline.deadlines_of(duty)]
        return f"{duty.name} ({self._words.short_day(min(days))})" if days else duty.name

    def _plan(self, guide: Guide) -> Plan:
        """Return the plan as it stands; made once for the same facts, since a turn asks for it often."""
        key = repr((sorted(guide.facts.items()), guide.rulings))
        if key not in self._plans:
            self._plans[key] = guide.plan(self._now, self.locale)
        return self._plans[key]

    def _buttons(self, *names: str) -> tuple[Choice, ...]:
        return tuple(Choice(self.label(f"{MARK}{name}") or name, f"{MARK}{name}") for name in names)

    def _human(self) -> Choice:
        _ = self._texts.gettext
        return Choice(_("Talk to a person"), "human")

    def _sound(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Return facts without those that contradict one another."""
        while wrong := _problem(facts):
            facts = {name: value for name, value in facts.items() if name != wrong}
        return facts


def _moved_along(facts: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts with every moment moved as far as the start is; the rest as it was."""
    if not more.get("start") or not facts.get("start"):
        return dict(facts)
    span = (
        datetime.fromisoformat(more["start"]).date() - datetime.fromisoformat(facts["start"]).date()
    )
    return {
        name: (datetime.fromisoformat(value) + span).isoformat(timespec="minutes")
        if FACTS[name].type is Type.DATETIME and value
        else value
        for name, value in facts.items()
    }


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _problem(facts: Mapping[str, Any]) -> str:
    """Return the fact that does not fit with the others; empty when all do."""
    try:
        read_facts(facts)
    except FactsError as error:
        return error.problems[0].fact
    return ""


def _absent(fact: str) -> Any:
    """Return the value that says there is none of it."""
    by_kind: dict[Type, Any] = {Type.SET: [], Type.BOOL: False, Type.COUNT: 0}
    kind = FACTS[fact].type
    return by_kind[kind] if kind in by_kind else FACTS[fact].absent
