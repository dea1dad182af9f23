"""Everything the bot itself says, and the choices it offers; pure wording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import districts
from bot.files import refusal
from bot.permits.papers.names import Paper, file_name
from bot.service import hours
from bot.texts import LANGUAGES, LOCALES, ZONE, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from bot.errors import FileRefused
    from bot.town import Town
    from faq.book import Queue

# Ids have 63 bits; a number with more digits than this is no ticket's.
_LONGEST_ID = 18


@dataclass(frozen=True)
class Choice:
    """A button: what stands on it, and what pressing it says (at most 64 bytes)."""

    label: str
    value: str


@dataclass(frozen=True)
class File:
    """A file that goes with a message: what it is called, and its address below the service's own."""

    name: str
    href: str


@dataclass(frozen=True)
class Reply:
    """One thing to say.

    Attributes:
        entry: Id of the book's entry whose answer this is, word for word.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    entry: str | None = None
    files: tuple[File, ...] = ()


class Replies:
    """What the bot says for one town in one language."""

    def __init__(self, town: Town, locale: str) -> None:
        self._town = town
        self._texts = texts(locale)
        self.locale = locale

    def choice(self, value: str) -> Choice | None:
        """Return the button with this value; None when no such button exists (any more)."""
        label = self._label(value)
        return Choice(label, value) if label else None

    def _label(self, value: str) -> str | None:
        _ = self._texts.gettext
        name, _colon, rest = value.partition(":")
        plain = {
            "human": _("Talk to a person"),
            "help": _("What can I ask?"),
            "language": _("Language"),
            "status": _("How is it going?"),
            "cancel": _("Cancel my question"),
            "cancel-yes": _("Yes, cancel it"),
            "keep": _("No, keep it"),
            "aside": _("Ask something else"),
            "resume": _("Back to the staff's question"),
            "none": _("None of these – ask a person"),
            "no-thanks": _("No, thank you"),
            "district": _("Tell my part of town"),
            "no-district": _("I would rather not say"),
        }
        entry_id, _colon, number = rest.partition(":")
        if name in {"step", "stuck", "unsure"}:
            return self._step_label(name, entry_id, number)
        if not rest:
            return self.guide_label() if name == "g.go" else plain.get(name)
        if name == "lang":
            return LANGUAGES.get(rest)
        if name == "district":
            district = districts.of_town(self._town.id).get(rest)
            return district.label(self.locale) if district else None
        if name in {"solved", "unsolved"} and rest.isdecimal() and len(rest) <= _LONGEST_ID:
            return _("Yes, it helped") if name == "solved" else _("No, it did not help")
        entry = self._town.book.entries.get(rest)
        if entry is None:
            return None
        about = {
            "helped": _("This helped"),
            "missed": _("This did not help"),
            "easy": _("In easy language"),
            "whole": _("The whole guide"),
        }
        if name == "show":
            return self.question(rest)
        if name == "g.entry" and entry.guide is not None:
            return self.guide_label()
        return about.get(name)

    def _choices(self, *values: str) -> tuple[Choice, ...]:
        return tuple(choice for choice in map(self.choice, values) if choice)

    def question(self, entry: str) -> str:
        """Return an entry's question in this language, or in one it has."""
        spoken = self._town.book.entries[entry].texts
        return (spoken.get(self.locale) or next(iter(spoken.values()))).question

    def welcome(self) -> Reply:
        """Return the greeting: what this is, what it can do, that a person is near, the languages."""
        _ = self._texts.gettext
        greeting = _(
            "Hello! I am Neuvokas, an automatic service of {town}. I answer questions about digital"
            " support, scams and organising events, with answers that the city's own people wrote."
            " Write your question in your own words. You can talk to a person at any time: press"
            " the button or write HUMAN."
        ).format(town=self._town.name(self.locale))
        return Reply(
            f"{greeting}\n\n{self.paused().text}" if self._town.off.is_all else greeting,
            self._choices(*(f"lang:{locale}" for locale in LOCALES), "human"),
        )

    def help(self, *, has_ticket: bool) -> Reply:
        """Return what can be asked and which words always work."""
        _ = self._texts.gettext
        text = _(
            "You can ask for example:\n{examples}\n\nThese words work at any time: HUMAN, BACK, REPEAT,"
            " STOP, HELP, LANGUAGE, STATUS. If you would rather call: {phone}."
        )
        shown = [
            entry.id for entry in self._town.book.entries.values() if self.locale in entry.texts
        ]
        step = max(1, len(shown) // 3)
        examples = "\n".join(f"– {self.question(entry)}" for entry in shown[::step][:3])
        values = ("status", "aside", "language") if has_ticket else ("human", "language")
        return Reply(text.format(examples=examples, phone=self._town.phone), self._choices(*values))

    def languages(self) -> Reply:
        """Return the choice of languages, each in its own name."""
        return Reply(
            "Valitse kieli. Välj språk. Choose a language.",
            self._choices(*(f"lang:{locale}" for locale in LOCALES)),
        )

    def language_chosen(self) -> Reply:
        """Return that the conversation goes on in this language."""
        _ = self._texts.gettext
        return Reply(
            _("We speak English now. What would you like to ask?"), self._choices("help", "human")
        )

    def answer(self, entry: str) -> Reply:
        """Return an entry's answer, word for word; when it may not be given, offer a person."""
        if self._town.is_withheld(entry):
            return self._withheld()
        spoken = self._town.book.entries[entry].texts.get(self.locale)
        if spoken is None:
            _ = self._texts.gettext
            return Reply(
                _(
                    "This answer has not been written in English yet. A person can answer you in English."
                ),
                self._choices("human"),
            )
        return self.step(entry, 1) if self._steps(entry) else self.whole(entry)

    def paused(self) -> Reply:
        """Return that nothing is answered automatically now, with a person one tap away."""
        _ = self._texts.gettext
        return Reply(
            _(
                "I do not give automatic answers at the moment. A person can answer you: press the button"
                " or write HUMAN. If you would rather call, the number is {phone}."
            ).format(phone=self._town.phone),
            self._choices("human"),
        )

    def guide_paused(self) -> Reply:
        """Return that the event guide is silent, that nothing is lost, and a person."""
        _ = self._texts.gettext
        return Reply(
            _(
                "The event guide is not in use at the moment. What you told about your event is kept."
                " A person can help you with the notices and permits. If you would rather call, the"
                " number is {phone}."
            ).format(phone=self._town.phone),
            self._choices("human"),
        )

    def _withheld(self) -> Reply:
        if self._town.off.is_all:
            return self.paused()
        _ = self._texts.gettext
        return Reply(
            _(
                "We have an answer to this, but it is being brought up to date, so I do not show it now."
                " A person can answer you. If you would rather call, the number is {phone}."
            ).format(phone=self._town.phone),
            self._choices("human"),
        )

    def _step_label(self, name: str, entry: str, number: str) -> str | None:
        _ = self._texts.gettext
        if not number.isdecimal() or not 1 <= int(number) <= len(self._steps(entry)):
            return None
        return {
            "step": _("Ready, go on"),
            "stuck": _("It does not work"),
            "unsure": _("I do not know"),
        }[name]

    def _steps(self, entry: str) -> tuple[str, ...]:
        """Return a guided answer's steps in this language; empty when it has none."""
        found = self._town.book.entries.get(entry)
        spoken = found.texts.get(self.locale) if found and found.steps else None
        return spoken.steps if spoken else ()

    def step(self, entry: str, number: int) -> Reply:
        """Return one step of a guided answer, the first being 1; after the last, whether it helped."""
        _ = self._texts.gettext
        steps = self._steps(entry)
        if not 1 <= number <= len(steps) or self._town.is_withheld(entry):
            return self.answer(entry)
        text = _("Step {number} of {count}").format(number=number, count=len(steps))
        onward = (f"step:{entry}:{number + 1}",) if number < len(steps) else (f"helped:{entry}",)
        return Reply(
            f"{text}\n{steps[number - 1]}",
            self._choices(*onward, f"stuck:{entry}:{number}", f"unsure:{entry}:{number}", "human"),
            entry,
        )

    def stuck(self, entry: str, number: int) -> Reply:
        """Return ways on for whoever is stuck at a step."""
        _ = self._texts.gettext
        return Reply(
            _(
                "No worry, this happens to many. You can try the step again, see the whole guide, or ask a person."
            ),
            (
                Choice(_("Try the step again"), f"step:{entry}:{number}"),
                *self._choices(f"whole:{entry}", "human"),
            ),
        )

    def whole(self, entry: str) -> Reply:
        """Return the whole answer at once."""
        spoken = self._town.book.entries[entry].texts.get(self.locale)
        if spoken is None or self._town.is_withheld(entry):
            return self.answer(entry)
        easy = (f"easy:{entry}",) if spoken.easy else ()
        guide = () if self._town.off.is_guide else (f"g.entry:{entry}",)
        return Reply(
            spoken.answer,
            self._choices(*guide, f"helped:{entry}", f"missed:{entry}", *easy, "human"),
            entry,
        )

    def guide_label(self) -> str:
        """Return what stands on the button that begins the event guide."""
        _ = self._texts.gettext
        return _("Make a plan for my event")

    def papers(self, path: str) -> Reply:
        """Return the private link to a plan and its papers, with the papers as files.

        Args:
            path: The plan's address below the service's own.
        """
        _ = self._texts.gettext
        link = f"{self._town.base_url}{path}"
        return Reply(
            _(
                "Here is your plan as a page. There you also get it as a PDF (large print too), for your"
                " calendar, as a picture, and as a draft for the notice:\n{link}\n\nWhoever has the link"
                " sees the plan, so give it only to those who need it. The page always shows what you"
                " told last."
            ).format(link=link),
            (Choice(_("Show the plan"), "g.plan"), *self._choices("human")),
            files=tuple(
                File(file_name(paper, self.locale), f"{path}/{paper}")
                for paper in (Paper.PDF, Paper.ICS, Paper.PNG, Paper.TXT)
            ),
        )

    def event_handling(self, number: str, handling: str, day: date | None = None) -> Reply:
        """Return where staff stand with an event notice that was handed in."""
        _ = self._texts.gettext
        text = {
            "received": _("Your event notice {number} has arrived. Nobody has begun with it yet."),
            "in_review": _("Your event notice {number} is being looked at."),
            "more_needed": _(
                "We need more from you about your event notice {number}. See our messages here, and"
                " write the answer in this conversation."
            ),
            "decided": _(
                "We are done with your event notice {number}. What we put right or decided stands in your plan."
            ),
        }[handling].format(number=number)
        if day:
            text = f"{text} " + _("Last change: {day}.").format(day=self._texts.date(day))
        return Reply(text, (Choice(_("Show the plan"), "g.plan"), *self._choices("human")))

    def event_left(self, *, is_web: bool) -> Reply:
        """Return that the event was taken along to the other channel."""
        _ = self._texts.gettext
        where = _("on the web") if is_web else _("in Telegram")
        return Reply(
            _(
                "Your event was taken along, and goes on {where}. Its reminders come there too."
            ).format(where=where)
        )

    def moving_code(self, code: str) -> Reply:
        """Return the one-time code that takes an event along, and what to do with it."""
        _ = self._texts.gettext
        return Reply(
            _(
                "Write this code to me in the other channel, in Telegram or on the web page {address}:\n{code}\n\n"
                "It works once and for an hour. Give it to nobody else. Until you use it, everything"
                " stays here."
            ).format(code=code, address=self._town.base_url or "Neuvokas"),
            (Choice(_("Show the plan"), "g.plan"), *self._choices("human")),
        )

    def no_such_code(self) -> Reply:
        """Return that a one-time code does not work (any more), and how to get another."""
        _ = self._texts.gettext
        return Reply(
            _(
                "This code does not work. A code works once and for an hour. You get a new one where"
                " your event is: press Change, try out, or stop, and then Go on in another channel."
            ),
            self._choices("help", "human"),
        )

    def event_passed_on(self, told: str) -> Reply:
        """Return what was told of an event, as it is passed on to people."""
        _ = self._texts.gettext
        return Reply(
            _("I pass on what you told, so that you need not tell it again:\n{told}").format(
                told=told
            ),
            (Choice(_("Show the plan"), "g.plan"),),
        )

    def warning(self, entry: str) -> Reply:
        """Return a safety text, with a person at hand and nothing else to think about."""
        if self._town.is_withheld(entry):
            return self._shortest_warning()
        return replace(self.answer(entry), choices=self._choices(f"easy:{entry}", "human"))

    def _shortest_warning(self) -> Reply:
        """Return what stays true of any danger, while a safety text itself is switched off."""
        _ = self._texts.gettext
        return Reply(
            _(
                "If anybody is in danger, call 112 now. If your money or your bank codes are in danger,"
                " call your bank now. A person can help you here, or by telephone: {phone}."
            ).format(phone=self._town.phone),
            self._choices("human"),
        )

    def easy_answer(self, entry: str) -> Reply:
        """Return an entry's answer in easy language, or the ordinary one when there is none."""
        spoken = self._town.book.entries[entry].texts.get(self.locale)
        if spoken is None or not spoken.easy or self._town.is_withheld(entry):
            return self.answer(entry)
        return Reply(
            spoken.easy, self._choices(f"helped:{entry}", f"missed:{entry}", "human"), entry
        )

    def suggest(self, entries: Sequence[str]) -> Reply:
        """Return up to three questions to choose from, numbered, and a way out.

        Among questions about organising an event, the guide is a choice as well.
        """
        _ = self._texts.gettext
        if all(map(self._town.is_withheld, entries)):
            return self._withheld()
        guided = not self._town.off.is_guide and any(
            self._town.book.entries[entry].guide is not None for entry in entries
        )
        values = [*(f"show:{entry}" for entry in entries), *(["g.go"] if guided else []), "none"]
        return Reply(
            _("Did you mean one of these? Press one, or write its number."), self._numbered(values)
        )

    def _numbered(self, values: Sequence[str]) -> tuple[Choice, ...]:
        offered = self._choices(*values)
        return tuple(
            Choice(f"{number}. {choice.label}", choice.value)
            for number, choice in enumerate(offered, start=1)
        )

    def two_questions(self, entries: Sequence[str]) -> Reply:
        """Return the questions found in one message, to be taken one after the other."""
        _ = self._texts.gettext
        if all(map(self._town.is_withheld, entries)):
            return self._withheld()
        return Reply(
            _("You asked more than one thing. Which shall we take first? The other waits here."),
            self._numbered([*(f"show:{entry}" for entry in entries), "none"]),
        )

    def other_language(self) -> Reply:
        """Return, in English, which languages are spoken here, and that a person helps."""
        return Reply(
            "I can answer in Finnish, Swedish and English. A person can help you, too.",
            self._choices(*(f"lang:{locale}" for locale in LOCALES), "human"),
        )

    def not_found(self) -> Reply:
        """Return the first miss: it may be said in other words, or a person helps."""
        _ = self._texts.gettext
        return Reply(
            _(
                "I did not find an answer to that. You can put it in other words, or I can pass your"
                " question on to a person."
            ),
            self._choices("human", "help"),
        )

    def not_found_again(self) -> Reply:
        """Return the second miss in a row: never ask to rephrase again."""
        _ = self._texts.gettext
        return Reply(
            _(
                "I have no answer to this, but a person does. Shall I pass your question on? If you"
                " would rather call, the number is {phone}."
            ).format(phone=self._town.phone),
            self._choices("human", "no-thanks"),
        )

    def glad(self) -> Reply:
        """Return that it is good the answer helped."""
        _ = self._texts.gettext
        return Reply(_("Good to hear! You can ask me something else at any time."))

    def no_thanks(self) -> Reply:
        """Return that nothing was passed on."""
        _ = self._texts.gettext
        return Reply(
            _("All right, I did not pass anything on. You can ask again whenever you like."),
            self._choices("help", "human"),
        )

    def did_not_help(self, others: Sequence[str]) -> Reply:
        """Return what to do after an answer that did not help: the next best ones, or a person."""
        _ = self._texts.gettext
        if not others:
            return Reply(
                _("I am sorry it did not help. A person can look at your question."),
                self._choices("human", "no-thanks"),
            )
        return Reply(
            _(
                "I am sorry it did not help. Is it one of these? Or a person can look at your question."
            ),
            self._numbered([*(f"show:{entry}" for entry in others), "none"]),
        )

    def stopped(self) -> Reply:
        """Return that nothing goes on, and how to begin again."""
        _ = self._texts.gettext
        return Reply(_("We stop here. Nothing is left open. Write to me whenever you like."))

    def stop_with_ticket(self, number: str) -> Reply:
        """Ask whether the question that staff have shall be cancelled as well."""
        _ = self._texts.gettext
        return Reply(
            _("Your question {number} is still with our staff. Shall I cancel it?").format(
                number=number
            ),
            self._numbered(["cancel-yes", "keep"]),
        )

    def kept(self, number: str) -> Reply:
        """Return that the ticket stays."""
        _ = self._texts.gettext
        return Reply(
            _("Your question {number} stays with our staff. The answer comes here.").format(
                number=number
            )
        )

    def cancelled(self, number: str) -> Reply:
        """Return that the ticket is cancelled."""
        _ = self._texts.gettext
        return Reply(
            _(
                "Your question {number} is cancelled. You can ask a person again at any time."
            ).format(number=number),
            self._choices("help", "human"),
        )

    def receipt(
        self,
        number: str,
        queue: Queue,
        place: int,
        now: datetime,
        reply_by: datetime,
        *,
        asks_district: bool = False,
    ) -> Reply:
        """Return that the question is with staff, when somebody answers, and what goes on meanwhile."""
        _ = self._texts.gettext
        lines = [
            _("I passed your question on to our staff. Its number is {number}.").format(
                number=number
            ),
            self._promise(queue, now, reply_by),
            self._place(place),
            _(
                "The answer comes here. If you want to add something, just write it: staff will see it."
            ),
        ]
        if not asks_district:
            return Reply("\n".join(lines), self._choices("status", "cancel", "aside"))
        lines.append(
            _(
                "If you tell your part of town, our staff can name a place near you. You need not tell it."
            )
        )
        return Reply("\n".join(lines), self._choices("district", "status", "cancel", "aside"))

    def districts(self) -> Reply:
        """Return the parts of town to choose from, with a way not to say."""
        _ = self._texts.gettext
        values = [f"district:{id_}" for id_ in districts.of_town(self._town.id)]
        return Reply(_("Which part of town are you in?"), self._choices(*values, "no-district"))

    def district_kept(self, id_: str | None) -> Reply:
        """Return that staff see the part of town, or that none is kept."""
        _ = self._texts.gettext
        district = districts.of_town(self._town.id).get(id_ or "")
        said = (
            _("Thank you. Our staff see that you are in this part of town: {district}.").format(
                district=district.names[self.locale]
            )
            if district
            else _("That is fine. No part of town is kept. The answer comes here.")
        )
        # Whoever has said it can take it back at once.
        back = ("no-district",) if district else ()
        return Reply(said, self._choices("status", "cancel", "aside", *back))

    def passed_on(self, number: str) -> Reply:
        """Return that one more question went to the ticket that staff have already."""
        _ = self._texts.gettext
        return Reply(
            _("I added this to your question {number}, which is with our staff already.").format(
                number=number
            ),
            self._choices("status", "cancel"),
        )

    def _place(self, place: int) -> str:
        if place <= 1:
            return self._texts.gettext("You are next in the queue.")
        before = place - 1
        return self._texts.ngettext(
            "There is {count} question before yours.",
            "There are {count} questions before yours.",
            before,
        ).format(count=before)

    def _promise(self, queue: Queue, now: datetime, reply_by: datetime) -> str:
        """Return what was promised; once it was missed, that it was."""
        _ = self._texts.gettext
        if hours.next_open(queue, now) is None:
            return _("Somebody answers as soon as possible.")
        deadline = reply_by.astimezone(ZONE)
        if deadline < now:
            return self._late(deadline)
        if deadline.date() == now.astimezone(deadline.tzinfo).date():
            return _("Somebody answers today by {time}.").format(time=self._texts.clock(deadline))
        opens = self._opens(queue, now, deadline)
        if opens is None:
            return _("Somebody answers by {time} on {day}.").format(
                time=self._texts.clock(deadline), day=self._texts.weekday(deadline.date())
            )
        return _(
            "Our staff are back on {day} at {opens}. Somebody answers that day by {time}."
        ).format(
            day=self._texts.weekday(deadline.date()),
            opens=self._texts.clock(opens),
            time=self._texts.clock(deadline),
        )

    @staticmethod
    def _opens(queue: Queue, now: datetime, deadline: datetime) -> datetime | None:
        """Return when staff are back, if the deadline is in the next opening.

        None when it is in a later one, or hours were changed after the promise.
        """
        start, end = next(period for period in hours.openings(queue, now) if period[0] > now)
        return start if start <= deadline <= end else None

    def _late(self, deadline: datetime) -> str:
        _ = self._texts.gettext
        return _(
            "We promised an answer by {moment}, and we are late. We are sorry."
            " If you would rather call: {phone}."
        ).format(moment=self._texts.moment(deadline), phone=self._town.phone)

    def late(self, number: str, place: int, holder: str | None, deadline: datetime) -> Reply:
        """Return that the promise was missed, where the ticket stands now, and whom to call.

        Args:
            holder: Who has claimed it; None while it waits.
        """
        _ = self._texts.gettext
        lines = [self._late(deadline)]
        if holder:
            has = _("{name} has your question {number} now. The answer comes here.")
            lines.append(has.format(name=holder, number=number))
        else:
            waits = _("Your question {number} is waiting for our staff.")
            lines += [waits.format(number=number), self._place(place)]
        return Reply("\n".join(lines), self._choices("status", "cancel"))

    def waiting(
        self, number: str, queue: Queue, place: int, now: datetime, reply_by: datetime
    ) -> Reply:
        """Return where a ticket stands that nobody has claimed."""
        _ = self._texts.gettext
        lines = [
            _("Your question {number} is waiting for our staff.").format(number=number),
            self._place(place),
            self._promise(queue, now, reply_by),
        ]
        return Reply("\n".join(lines), self._choices("cancel", "aside"))

    def in_hand(self, number: str, holder: str) -> Reply:
        """Return who has the ticket."""
        _ = self._texts.gettext
        return Reply(
            _("{name} has your question {number} now. The answer comes here.").format(
                name=holder, number=number
            ),
            self._choices("cancel", "aside"),
        )

    def nothing_waiting(self) -> Reply:
        """Return that no question of the resident is with staff."""
        _ = self._texts.gettext
        return Reply(
            _("You have no question waiting with our staff."), self._choices("human", "help")
        )

    def cancel_which(self, number: str) -> Reply:
        """Ask once more before a ticket is cancelled, since a finger slips easily."""
        _ = self._texts.gettext
        return Reply(
            _("Shall I cancel your question {number}?").format(number=number),
            self._numbered(["cancel-yes", "keep"]),
        )

    def back_to_staff(self) -> tuple[Choice, ...]:
        """Return the button that leads back to the question that staff have."""
        return self._choices("resume")

    def aside(self, number: str) -> Reply:
        """Return that the bot listens again while staff keep the ticket."""
        _ = self._texts.gettext
        return Reply(
            _("Ask away, I am listening. Our staff still have your question {number}.").format(
                number=number
            ),
            self._choices("resume"),
        )

    def closed(self, number: str, ticket: int, name: str, outcome: str = "solved") -> Reply:
        """Return that staff closed the ticket and why, and ask whether it helped.

        Args:
            outcome: A `bot.models.Outcome`.
        """
        _ = self._texts.gettext
        why = {
            "no_reply": _(
                "{name} has closed your question {number}, because we have not heard from you. Did"
                " the answer help?"
            ),
            "referred": _(
                "{name} has closed your question {number} and told you who can help with it. Did"
                " that help?"
            ),
            "not_ours": _(
                "{name} has closed your question {number}, because the city does not handle this"
                " matter. Did the answer help?"
            ),
            "duplicate": _(
                "{name} has closed your question {number}, because you have asked the same in another"
                " question. Did the answer help?"
            ),
        }.get(outcome, _("{name} has closed your question {number}. Did the answer help?"))
        return Reply(
            why.format(name=name, number=number),
            self._choices(f"solved:{ticket}", f"unsolved:{ticket}"),
        )

    def taken_up(self, number: str, name: str) -> Reply:
        """Return that staff have opened a closed ticket again."""
        _ = self._texts.gettext
        return Reply(
            _(
                "{name} has taken up your question {number} again. The answer comes here. If you want"
                " to add something, just write it."
            ).format(name=name, number=number),
            self._choices("status", "cancel", "aside"),
        )

    def merged(self, number: str, other: str) -> Reply:
        """Return that two tickets are one from now on."""
        _ = self._texts.gettext
        return Reply(
            _(
                "Your question {number} is about the same matter as question {other}, so we answer them"
                " together. The answer comes here."
            ).format(number=number, other=other)
        )

    def blocked(self, until: datetime) -> Reply:
        """Return that staff do not answer for a while, that a person reviews it, and what works."""
        _ = self._texts.gettext
        return Reply(
            _(
                "Our staff do not take messages from you before {day} at {time}, because of how they"
                " were treated here. A team lead reviews this decision. You can still ask me, and your"
                " messages are kept. If somebody is in danger, call 112. If you would rather call the"
                " city, the number is {phone}."
            ).format(
                day=self._texts.weekday(until.astimezone(ZONE).date()),
                time=self._texts.clock(until),
                phone=self._town.phone,
            )
        )

    def unblocked(self) -> Reply:
        """Return that staff take messages again."""
        _ = self._texts.gettext
        return Reply(
            _("A team lead has looked at it: you can write to our staff again."),
            self._choices("human", "help"),
        )

    def solved(self) -> Reply:
        """Return thanks for saying that it helped."""
        _ = self._texts.gettext
        return Reply(_("Good to hear, thank you! You can ask me again at any time."))

    def reopened(
        self, number: str, queue: Queue, place: int, now: datetime, reply_by: datetime
    ) -> Reply:
        """Return that the ticket is with staff again, and when somebody answers."""
        _ = self._texts.gettext
        lines = [
            _("I am sorry. I passed your question {number} back to our staff.").format(
                number=number
            ),
            self._promise(queue, now, reply_by),
            self._place(place),
            _("You can write here what is still missing: staff will see it."),
        ]
        return Reply("\n".join(lines), self._choices("status", "cancel"))

    def closed_already(self, number: str) -> Reply:
        """Return that this ticket cannot be reopened (any more)."""
        _ = self._texts.gettext
        return Reply(
            _(
                "Question {number} is not open any more. A person is happy to look at a new one."
            ).format(number=number),
            self._choices("human"),
        )

    def secret_hidden(self) -> Reply:
        """Tell kindly that a secret was hidden before anything was saved."""
        _ = self._texts.gettext
        return Reply(
            _(
                "I hid a number or password from your message before anything was saved. Please do not"
                " send identity codes, bank codes or passwords here: we never need them."
            )
        )

    def unknown_choice(self) -> Reply:
        """Return that a button no longer works, and ways on."""
        _ = self._texts.gettext
        return Reply(
            _("That button no longer works. Please write your question, or choose one of these."),
            self._choices("help", "human"),
        )

    def cannot_read(self) -> Reply:
        """Return that pictures, voices and stickers cannot be read here, and ways on."""
        _ = self._texts.gettext
        return Reply(
            _(
                "I can only read text, so I cannot open a picture, a voice message or a file. Please"
                " write it in your own words, or talk to a person."
            ),
            self._choices("human"),
        )

    def files_wait(self) -> Reply:
        """Return that a person can look at the file that came, and that it goes along."""
        _ = self._texts.gettext
        return Reply(
            _(
                "Thank you, it arrived. I can only read text, but a person can open it. Choose"
                " “Talk to a person” and it goes along, or write your question in your own words."
            ),
            self._choices("human"),
        )

    def file_refused(self, error: FileRefused) -> Reply:
        """Return why a file cannot be taken, and what to do."""
        return Reply(refusal(error, self._texts))

    def nothing_to_repeat(self) -> Reply:
        """Return the greeting when nothing was said yet."""
        return self.welcome()
