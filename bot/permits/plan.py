"""The plan: every duty's status, its dates and its reasons, and the next question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.permits.case import Case
from bot.permits.dates import (
    HELSINKI,
    days_before,
    hours_before,
    is_later,
    last_working_day,
    working_days_before,
)
from bot.permits.duties import RULES
from bot.permits.facts import Facts, read_facts
from bot.permits.figures import Figures, Unit, figures
from bot.permits.interview import next_question
from bot.permits.register import Confidence, Entry, Late, contact, register
from bot.permits.wording import Wording, wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from bot.permits.answers import Reason
    from bot.permits.decision import Decision
    from bot.permits.figures import Figure
    from bot.permits.ruling import Note, Rule, Ruling


class Status(StrEnum):
    """Where a duty stands."""

    REQUIRED = "required"
    OPEN = "open"  # unknown facts decide it
    ASK = "ask"  # the sources leave it to the authority, or are too old to be used
    NOT_REQUIRED = "not_required"


@dataclass(frozen=True, slots=True)
class PlannedDuty:
    """One duty in the plan of one event, in the plan's locale.

    `hard` and `recommended` are moments in Helsinki time, given for required and asked duties
    whose start is known; `file_by` is the last working day not after the hard limit. `missing`
    are facts not given that can still change the status or a date. `owner` is the desk that
    answers for the rule, and that gets the facts when the status is ask.
    """

    id: str
    status: Status
    hard: datetime | None
    recommended: datetime | None
    file_by: date | None
    late: bool
    missing: tuple[str, ...]
    because: tuple[str, ...]
    name: str
    authority: str
    basis: str
    where: str
    fee: str
    source: str
    confidence: Confidence
    owner: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All duties of one event in the order of their numbers, and what to ask next.

    When `next_question` is None and `checklist` is not empty, those facts are features of rare
    events, to be shown together; a plan without both is complete.
    """

    as_of: datetime
    duties: tuple[PlannedDuty, ...]
    next_question: str | None
    checklist: tuple[str, ...]

    def __getitem__(self, name: str) -> PlannedDuty:
        """Return one duty by its number."""
        return next(duty for duty in self.duties if duty.id == name)

    def having(self, status: Status) -> tuple[PlannedDuty, ...]:
        """Return the duties with one status, in the order of their numbers."""
        return tuple(duty for duty in self.duties if duty.status is status)


def plan(
    facts: Facts | Mapping[str, object],
    as_of: datetime,
    *,
    locale: str = "en",
    decided: Mapping[str, Decision] | None = None,
    rules: Mapping[str, Rule] = RULES,
    known_figures: Figures | None = None,
) -> Plan:
    """Return the plan of one event as it stands at a moment.

    `as_of` is aware. Plain facts are read and checked first; reading them once with `read_facts`
    saves the work. `decided` is what officers ruled, by duty; it stands before the rules.

    Raises:
        FactsError: Plain facts have wrong names, types, values or impossible dates.
    """
    known = facts if isinstance(facts, Facts) else read_facts(facts)
    as_of = as_of.astimezone(HELSINKI)
    case = Case(known, known_figures or figures(), as_of.date())
    planner = _Planner(case, as_of, wording(locale), decided or {})
    duties = tuple(planner.planned(name, rule(case)) for name, rule in rules.items())
    deciding = Counter(fact for duty in duties for fact in duty.missing)
    if "city" not in known and any(planner.depends_on_city(duty) for duty in duties):
        deciding["city"] += 1
    question, checklist = next_question(known, deciding)
    return Plan(as_of, duties, question, checklist)


def status_of(ruling: Ruling) -> Status:
    """Return the one status a ruling comes to."""
    for answer, status in ((ruling.required, Status.REQUIRED), (ruling.ask, Status.ASK)):
        if answer.is_yes:
            return status
        if answer.truth is None:
            # Without a fact to ask for, only a figure out of its dates is in the way.
            return Status.OPEN if answer.missing else Status.ASK
    return Status.NOT_REQUIRED


class _Planner:
    """Turns the rulings about one case into planned duties in one locale."""

    def __init__(
        self, case: Case, as_of: datetime, words: Wording, decided: Mapping[str, Decision]
    ) -> None:
        self.case = case
        self.as_of = as_of
        self.words = words
        self.decided = decided
        self.city = case.city.value or ""
        self._reasons: dict[Reason, str] = {}

    def planned(self, name: str, ruling: Ruling) -> PlannedDuty:
        """Return one duty as it stands in the plan."""
        entry, text = register()[name], self.words.duty(name)
        key = ruling.authority or entry.authority
        status = status_of(ruling)
        handed_over = self._handed_over(entry, ruling, status, self.words.authority(key, self.city))
        if handed_over:
            status = Status.ASK
        decision = self.decided.get(name)
        if decision:
            status = Status(decision.status)
        hard = recommended = None
        if status in (Status.REQUIRED, Status.ASK):
            hard = self._counted_back(ruling.hard, ruling.counted_from)
            recommended = self._counted_back(ruling.recommended, ruling.counted_from)
        late = hard is not None and is_later(self.as_of, hard)
        because = handed_over or self._because(name, ruling, status, key)
        if decision:
            because = (self._decided(decision),)
        if hard:
            because = (*because, self._when_to_file(entry, key, hard))
        return PlannedDuty(
            id=name,
            status=status,
            hard=hard,
            recommended=recommended,
            file_by=last_working_day(hard.date()) if hard else None,
            late=late,
            missing=() if decision else self._missing(ruling, status, key),
            because=because,
            name=text.name,
            authority=self.words.authority(key, self.city),
            basis=self.words.basis(entry),
            where=text.where,
            fee=self.words.fees(entry, self.case.day, self.city),
            source=entry.sources[0],
            confidence=entry.confidence,
            owner=entry.owner,
        )

    def _decided(self, decision: Decision) -> str:
        words = self.words
        day = words.day(decision.day)
        return words.phrase(
            "plan", "decided", officer=decision.officer, day=day, reason=decision.reason
        )

    def depends_on_city(self, duty: PlannedDuty) -> bool:
        """Say whether a duty that may come up goes to another authority in another city."""
        is_possible = duty.status is not Status.NOT_REQUIRED
        return is_possible and self.words.differs_by_city(register()[duty.id].authority)

    def _handed_over(
        self, entry: Entry, ruling: Ruling, status: Status, authority: str
    ) -> tuple[str, ...]:
        """Return why a rule may not be used on the event's day; empty while it may."""
        if status not in (Status.REQUIRED, Status.ASK):
            return ()
        if entry.in_force and self.case.day < entry.in_force:
            first = self.words.day(entry.in_force)
            return (self.words.phrase("plan", "not_in_force", first=first, authority=authority),)
        stale = (
            ()
            if ruling.required.is_yes or ruling.ask.is_yes
            else (ruling.required.stale + ruling.ask.stale)
        )
        if ruling.hard and self.case.figure(ruling.hard) is None:
            stale = (*stale, ruling.hard)
        return tuple(self._stale(self.case.limits.all[name], authority) for name in stale[:1])

    def _stale(self, figure: Figure, authority: str) -> str:
        words = {"figure": figure.name, "authority": authority}
        words["first"] = self.words.day(figure.valid_from)
        if figure.valid_to is None:
            return self.words.phrase("plan", "stale_open", **words)
        return self.words.phrase("plan", "stale", last=self.words.day(figure.valid_to), **words)

    def _because(
        self, name: str, ruling: Ruling, status: Status, authority: str
    ) -> tuple[str, ...]:
        words = self.words
        if status is Status.OPEN:
            labels = words.listed(words.label(fact) for fact in _deciding(ruling))
            return (words.phrase("plan", "open", facts=labels),)
        deciding = ruling.ask if status is Status.ASK else ruling.required
        if status is Status.NOT_REQUIRED and not deciding.reasons:
            deciding = ruling.exempt
        because = [self._reason(reason) for reason in _worth_telling(deciding.reasons, status)]
        if status is Status.ASK:
            name_of = words.authority(authority, self.city)
            because.append(words.phrase("plan", "ask", authority=name_of))
        if status is Status.NOT_REQUIRED and ruling.exempt.is_yes:
            because.append(words.phrase("plan", "exempt", when=words.duty(name).when))
        if status in (Status.REQUIRED, Status.ASK):
            because += [self._note(note) for note in ruling.notes]
            if register()[name].confidence is Confidence.KNOWN:
                because.append(words.phrase("plan", "unsure"))
        return tuple(because) or (words.duty(name).when,)

    def _reason(self, reason: Reason) -> str:
        # Many duties hang on the same few facts.
        if reason not in self._reasons:
            self._reasons[reason] = self.words.reason(reason, self.case.facts)
        return self._reasons[reason]

    def _note(self, note: Note) -> str:
        days = {name: self.words.day(day) for name, day in note.days}
        return self.words.phrase("notes", note.phrase, **dict(note.numbers), **days)

    def _when_to_file(self, entry: Entry, authority: str, hard: datetime) -> str:
        words = self.words
        if not is_later(self.as_of, hard):
            file_by = words.day(last_working_day(hard.date()))
            return words.phrase("plan", "file_by", hard=words.moment(hard), file_by=file_by)
        reach = f"{words.authority(authority, self.city)}, {contact(authority, self.city)}"
        return words.phrase(
            "late", entry.late or Late.NO_CLAUSE, hard=words.moment(hard), contact=reach
        )

    def _counted_back(self, lead: str, counted_from: str) -> datetime | None:
        """Return the moment a lead time before the event; None without one or without a start."""
        figure = self.case.figure(lead) if lead else None
        moment = self.case.facts.moment(counted_from) or self.case.start
        if figure is None or moment is None:
            return None
        count_back = {
            Unit.HOURS: hours_before,
            Unit.DAYS: days_before,
            Unit.WORKING_DAYS: working_days_before,
        }[figure.unit]
        return count_back(moment, figure.number)

    def _missing(self, ruling: Ruling, status: Status, authority: str) -> tuple[str, ...]:
        """Return the facts not given that can still change the status, a date or the authority."""
        if status is Status.OPEN:
            return _deciding(ruling)
        missing = list(ruling.hangs_on)
        if status in (Status.REQUIRED, Status.ASK):
            if ruling.hard or ruling.recommended:
                missing.append("start")
            if self.words.differs_by_city(authority):
                missing.append("city")
        return tuple(name for name in dict.fromkeys(missing) if name not in self.case.facts)


def _worth_telling(reasons: tuple[Reason, ...], status: Status) -> Iterable[Reason]:
    """Return one reason for each fact, without asides where there is a plain yes."""
    if status in (Status.REQUIRED, Status.ASK):
        reasons = tuple(reason for reason in reasons if not reason.is_aside) or reasons
    by_fact: dict[str, Reason] = {}
    for reason in reasons:
        # The comparison with a limit says more than the fact alone.
        if reason.fact not in by_fact or (reason.figure and not by_fact[reason.fact].figure):
            by_fact[reason.fact] = reason
    return by_fact.values()


def _deciding(ruling: Ruling) -> tuple[str, ...]:
    return ruling.required.missing or ruling.ask.missing
