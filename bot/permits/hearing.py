"""Hears the facts of an event in what people write; pure.

The words are in texts/<locale>/hearing.yaml. Only what was said is heard, and nothing is guessed:
a fact nobody spoke of is unknown, never "no", and where two readings are possible neither is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING

from bot.permits.data import read_yaml
from bot.permits.dates import HELSINKI
from bot.permits.errors import DataError, FactsError
from bot.permits.facts import FACTS, Turn, Type, read_facts, read_moment
from bot.permits.spoken import AND, NOT, Hit, Phrases, Said, Stance
from bot.permits.spoken_numbers import Number, NumberWords
from bot.permits.spoken_times import (
    Calendar,
    Clocks,
    Days,
    Frame,
    TimeWords,
    Watch,
    fits_any,
    moments,
    taken,
)
from bot.permits.wording import LOCALES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Any day does where only the time of day is wanted.
_ANY_DAY = datetime(2000, 1, 1, tzinfo=HELSINKI)
# Where and what an event is stands beside denials that mean something else.
_SETTING = ("kind", "organiser", "city", "place")
_OUTDOOR_PLACES = frozenset(
    {"city_street", "city_square", "market_square", "city_park", "beach_or_sports", "nature_area"}
    | {"own_yard", "housing_company", "state_road"}
)
# An organiser and the event are named this close to each other.
_ONE_THOUGHT = 9
# "Ihmisiä tulee noin 200": so many words stand between the people and their number.
_COUNTED_AFTER = 4
# "500 at the start at the same time": so many words between a crowd and its moment.
_ONCE_AFTER = 6
# "300 ihmistä, tai siis 400": so many words between a number and the one that takes its place.
_CORRECTED_AFTER = 2
# What an event moves by; a month is no fixed span.
_UNITS = {
    "move hours": timedelta(hours=1),
    "move days": timedelta(days=1),
    "move weeks": timedelta(weeks=1),
    "move months": timedelta(0),
}
_FARTHEST_MOVE = 99
# Alcohol is served in the night when the bar has such an hour.
_LATE, _EARLY = time(1, 30), time(6)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Phrases that together say one value of one fact: one list, or two near each other."""

    fact: str
    value: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ears:
    """One language's words, ready to be listened for."""

    phrases: Phrases
    rules: tuple[_Rule, ...]
    places: Mapping[str, tuple[str, ...]]
    numbers: NumberWords
    times: TimeWords


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one text holds before it is judged."""

    said: Said
    days: list[Days]
    dated: frozenset[int]
    clocks: list[Clocks]
    numbers: list[Number]


def heard(text: str, locale: str, now: datetime) -> dict[str, object]:
    """Return the facts said in a free text, as the plain values that `read_facts` accepts.

    A set holds what was named; there may be more. A date without a year is the next one from
    `now`, which is aware. Conditions ("jos sataa"), questions whether something is allowed, what
    was last year and what only may be are not heard.
    """
    ears = _ears(locale)
    listened = _listen(text, ears, now)
    return _accepted(_facts(listened, ears, Frame()))


def answered(
    fact: str, text: str, locale: str, now: datetime, known: Mapping[str, object]
) -> dict[str, object] | None:
    """Return the answer to the question about one fact, with whatever else was said in it.

    The fact is None where the resident does not know it. Returns None where the text cannot be
    read as an answer; `day_heard` and `time_heard` then tell what half of a moment was there.
    `known` are the facts so far: a time alone is on the day of the known start, or in its night.
    """
    ears = _ears(locale)
    kind = FACTS[fact].type
    is_moment = kind is Type.DATETIME
    listened = _listen(text, ears, now, is_asked=is_moment)
    if _asks_back(listened.said):
        return None
    frame = Frame(fact if is_moment else None, _moment(known.get("start")) if is_moment else None)
    facts = _facts(listened, ears, frame, asked=fact)
    if fact not in facts:
        facts |= _plain_answer(fact, listened)
    facts = _accepted(facts, known)
    if fact in facts:
        return facts
    if listened.said.named("unknown"):
        return {**facts, fact: None}
    return None


def moved(text: str, locale: str, now: datetime, known: Mapping[str, object]) -> dict[str, object]:
    """Return the moments of an event after it was told to have moved; empty where it was not.

    "Siirtyy 19.6.", "a week later" and "starts at 4 pm instead" move the known start, and the end,
    the sound check and the fireworks move along unless they are told as well. A day keeps the
    known time of day, a time the known day. A mere day of the week moves nothing: before the old
    day or after it, nobody can tell. `known` are the facts so far; without a start nothing moves.
    """
    ears = _ears(locale)
    listened = _listen(text, ears, now)
    said, start = listened.said, _moment(known.get("start"))
    moves = said.named("move move")
    is_told = bool(moves) and all(said.stance(hit) is Stance.SAID for hit in moves)
    if start is None or not is_told or "?" in text:
        return {}
    times = _new_times(listened, ears, start)
    if "start" not in times or times["start"] == start:
        return {}
    shift = times["start"] - start
    along = {
        name: moment + shift
        for name in ("end", "sound_starts", "fireworks_at")
        if (moment := _moment(known.get(name)))
    }
    return _accepted({name: _iso(moment) for name, moment in (along | times).items()})


def day_heard(text: str, locale: str, now: datetime) -> date | None:
    """Return the day a text names, the first where it names several; None where it names none."""
    days = _listen(text, _ears(locale), now).days
    return days[0].first if days else None


def time_heard(text: str) -> time | None:
    """Return the time of day a text names in any of the languages, or the first of a span.

    None where there is none, or where it may be meant in the morning as well as in the evening.
    """
    readings = [_listen(text, _ears(locale), _ANY_DAY, is_asked=True) for locale in LOCALES]
    # What one language reads as a day ("12 June") is no time of day in another.
    in_days = {at for one in readings for at in one.dated}
    found = [
        clocks
        for one in readings
        for clocks in one.clocks[:1]
        if in_days.isdisjoint(range(clocks.start, clocks.end))
    ]
    if not found:
        return None
    # The language that understands most of the words is the one that was written.
    return max(found, key=lambda clocks: clocks.end - clocks.start).begin


def starts_guide(text: str, locale: str) -> bool:
    """Say whether somebody tells that they organise an event and wants to know its duties.

    Questions about one thing only (a price, a form, a telephone number), about going to events
    and about calendars of events do not start the guide.
    """
    said = Said.read(text, _ears(locale).phrases)
    if said.named("guide other"):
        return False
    events = said.named("guide event")
    organising = [
        hit
        for hit in said.named("guide organise")
        if not (_is_denied_verb(hit, said) or said.is_doubted(hit))
        and any(said.words_between(*_gap(hit, event)) <= _ONE_THOUGHT for event in events)
    ]
    if said.named("guide permits"):
        return bool(events)
    if said.named("guide duties"):
        return bool(organising)
    return bool(organising) and not said.named("guide question") and "?" not in text


def _is_denied_verb(verb: Hit, said: Said) -> bool:
    return any(hit.end == verb.start or hit.start == verb.end for hit in said.named(NOT))


def _gap(one: Hit, other: Hit) -> tuple[int, int]:
    first, second = sorted((one, other), key=lambda hit: hit.start)
    return first.end, second.start


def _listen(text: str, ears: _Ears, now: datetime, *, is_asked: bool = False) -> _Heard:
    said = Said.read(text, ears.phrases)
    today = now.astimezone(HELSINKI).date()
    calendar = Calendar(said, ears.times, ears.numbers, today)
    days = calendar.days()
    dated = taken(days) | calendar.contradicted
    clocks = Watch(said, ears.times, ears.numbers, dated).clocks(is_asked=is_asked)
    numbers = ears.numbers.all_in(said.tokens, dated | taken(clocks))
    return _Heard(said, days, dated, clocks, numbers)


def _facts(
    listened: _Heard, ears: _Ears, frame: Frame, asked: str | None = None
) -> dict[str, object]:
    facts = _named(listened.said, ears, asked)
    facts |= _counted(listened, asked)
    price = None if asked == "lottery_eur" else _entry_price(listened)
    if price == 0:
        facts["free_entry"] = True
    elif price is not None:
        facts.setdefault("free_entry", False)
    if _has_late_bar(listened):
        facts.setdefault("serving_after_0130", True)
    _settle(facts, listened.said)
    times = moments(listened.said, listened.days, listened.clocks, frame)
    return facts | {name: _iso(moment) for name, moment in times.items()}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


# Where an event moves.


def _new_times(listened: _Heard, ears: _Ears, start: datetime) -> dict[str, datetime]:
    """Return the new moments told; a start where the day or the time is a new one."""
    said = listened.said
    new = [
        one
        for one in listened.days
        if start.date() not in {one.first, one.last} and not _is_bare_weekday(one, said, ears)
    ] or _from_to(listened, start)
    span = _shift(listened, ears, start)
    if len(new) + (span is not None) > 1 or (listened.days and not new):
        return {}
    kept = start if span is None else span
    if not new:
        new = [Days(0, 0, kept.date(), kept.date())]
    spans = {hit.start for name in _UNITS for hit in said.named(name)}
    clocks = [one for one in listened.clocks if spans.isdisjoint(range(one.start, one.end))]
    told = moments(said, new, clocks, Frame())
    if "start" not in told:
        if not _may_keep_time(clocks, kept):
            return {}
        told["start"] = datetime.combine(new[0].first, kept.time())
    return told


def _from_to(listened: _Heard, start: datetime) -> list[Days]:
    """Return the second day of "from 12 June to 19 June", where the first is the known one."""
    return [
        Days(one.start, one.end, one.last, one.last)
        for one in listened.days
        if one.first == start.date() != one.last
        and all(token.text != "-" for token in listened.said.tokens[one.start : one.end])
    ]


def _is_bare_weekday(days: Days, said: Said, ears: _Ears) -> bool:
    """Say whether a day is told by its name alone, so that its week is not known."""
    tokens = said.tokens[days.start : days.end]
    is_name = len(tokens) == 1 and any(
        fits_any(tokens[0].text, stems) for stems in ears.times.weekdays
    )
    return is_name and not said.has("next week", clause=said.clauses[days.start])


def _may_keep_time(clocks: Iterable[Clocks], start: datetime) -> bool:
    return all(start.time() in one.first.times and one.last is None for one in clocks)


def _shift(listened: _Heard, ears: _Ears, start: datetime) -> datetime | None:
    """Return the start moved by what is told: "viikolla eteenpäin", "two days earlier"."""
    said = listened.said
    if any(
        said.has("day after", clause=said.clauses[hit.start]) for hit in said.named("move move")
    ):
        return start + timedelta(days=1)
    directions = {hit.name for hit in said.hits if hit.name in {"move later", "move earlier"}}
    units = [hit for hit in said.hits if hit.name in _UNITS]
    if len(directions) != 1 or len(units) != 1:
        return None
    unit = units[0]
    if unit.start and said.tokens[unit.start - 1].text in ears.numbers.vague:
        return None
    # "Kahdella päivällä" reads as two in the afternoon too, so the number is read anew.
    read = said.tokens[: unit.start]
    numbers = [ears.numbers.at(read, at) for at in range(max(unit.start - 3, 0), unit.start)]
    counts = [number.value for number in numbers if number and number.end == unit.start]
    many = (counts[0] if counts else 1) * (1 if directions == {"move later"} else -1)
    if abs(many) > _FARTHEST_MOVE:
        return None
    if unit.name == "move months":
        return _months_on(start, many)
    return start + many * _UNITS[unit.name]


def _months_on(start: datetime, many: int) -> datetime | None:
    """Return the same day of another month, or None where that month has no such day."""
    years, month = divmod(start.month - 1 + many, 12)
    try:
        return start.replace(year=start.year + years, month=month + 1)
    except ValueError:
        return None


# What phrases name.


def _named(said: Said, ears: _Ears, asked: str | None) -> dict[str, object]:
    """Return the facts whose values are named, an asked fact also by the words of its answers."""
    found: dict[str, list[tuple[Hit, str]]] = {}
    absent: set[str] = set()
    for rule in ears.rules:
        is_answer = rule.parts[0].startswith("answer ")
        if is_answer and rule.fact != asked:
            continue
        for hit, stance in _spoken(rule, said):
            if is_answer and said.has("unknown", clause=said.clauses[hit.start]):
                continue  # "I" in "I don't know" says nothing of the organiser.
            if rule.value == "nothing":
                if stance is Stance.DENIED and not _is_partial_denial(rule.fact, hit, said):
                    absent.add(rule.fact)
            elif stance is Stance.SAID and not _is_lottery_ticket(rule, hit, said):
                found.setdefault(rule.fact, []).append((hit, rule.value))
            elif stance is Stance.DENIED and _turns(rule, asked):
                turned = "no" if rule.value == "yes" else "yes"
                found.setdefault(rule.fact, []).append((hit, turned))
    facts = {fact: _value(fact, _best(hits)) for fact, hits in found.items()}
    facts |= _in_places(said, ears, facts)
    facts |= {fact: _absence(fact) for fact in absent if facts.get(fact) is None}
    return {fact: value for fact, value in facts.items() if value is not None}


def _spoken(rule: _Rule, said: Said) -> list[tuple[Hit, Stance]]:
    stance = said.setting_stance if rule.fact in _SETTING else said.stance
    if len(rule.parts) == 1:
        return [(hit, stance(hit)) for hit in said.named(rule.parts[0])]
    first, second = rule.parts
    others = [hit for hit in said.named(second) if stance(hit) is Stance.SAID]
    return [
        (_around(one, other), Stance.SAID)
        for one in said.named(first)
        if (other := next((hit for hit in others if said.near(one, hit)), None))
        and stance(one) is Stance.SAID
    ]


def _around(one: Hit, other: Hit) -> Hit:
    return Hit(min(one.start, other.start), max(one.end, other.end), one.name, one.weight)


def _turns(rule: _Rule, asked: str | None) -> bool:
    """Say whether denying a phrase says the opposite: "no stewards" does, "not outdoors" when asked."""
    return rule.value == "yes" or (rule.value == "no" and rule.fact in {"free_entry", asked})


def _is_lottery_ticket(rule: _Rule, hit: Hit, said: Said) -> bool:
    """Say whether the tickets are those of a raffle, not of the event."""
    return rule.fact == "free_entry" and _is_of_raffle(hit.start, said)


def _is_of_raffle(at: int, said: Said) -> bool:
    """Say whether a raffle is spoken of here or right before: "a raffle, tickets 2 e"."""
    clause = said.clauses[at]
    return any(said.has("count lottery_eur", clause=one) for one in (clause - 1, clause))


def _is_partial_denial(fact: str, hit: Hit, said: Said) -> bool:
    """Say whether only a part is denied: "no other food", "no music outdoors", no sale of alcohol.

    "Emme myy alkoholia": there may be guests' own drinks.
    """
    if any(other.end == hit.start for other in said.named("besides")):
        return True
    is_outdoors_only = any(other.start == hit.end for other in said.named("group outdoors"))
    if is_outdoors_only and fact != "amplified_outdoors":
        return True
    if any(other.covers(hit) for other in said.hits if other.name.startswith(f"fact {fact} ")):
        return True  # "No open fire": there may be a grill.
    return fact == "alcohol" and any(
        said.clauses[sale.start] == said.clauses[hit.start]
        and not any(one.start in range(*_gap(sale, hit)) for one in said.named(AND))
        for sale in said.named("group sell")
    )


def _best(hits: list[tuple[Hit, str]]) -> list[str]:
    """Return the values said, of phrases that meet only those of the longest."""
    kept = [
        value
        for hit, value in hits
        if not any(hit.touches(other) and other.weight > hit.weight for other, _ in hits)
    ]
    return list(dict.fromkeys(kept))


def _value(fact: str, values: list[str]) -> object:
    """Return the one value said, a set's values in order, or None where two contradict."""
    if FACTS[fact].type is Type.SET:
        return [value for value in FACTS[fact].values if value in values]
    if fact == "alcohol" and set(values) == {"low", "served"}:
        return "low"  # Selling mild drinks is still mild drinks.
    if fact == "organiser" and len(values) > 1:
        values = [value for value in values if value != "private_person"]  # "We are a club."
    if len(values) != 1:
        return None
    return values[0] == "yes" if FACTS[fact].type is Type.BOOL else values[0]


def _absence(fact: str) -> object:
    match FACTS[fact].type:
        case Type.SET:
            return []
        case Type.BOOL:
            return False
        case Type.COUNT:
            return 0
        case _:
            return "none" if "none" in FACTS[fact].values else None


def _in_places(said: Said, ears: _Ears, facts: Mapping[str, object]) -> dict[str, object]:
    """Return what well-known places say of city and place; a place's name is the surest word."""
    found: dict[str, set[str]] = {"city": set(), "place": set()}
    for line, values in ears.places.items():
        for hit in said.named(line):
            if said.setting_stance(hit) is Stance.SAID:
                for value in values:
                    found["city" if value in FACTS["city"].values else "place"].add(value)
    city = found["city"] | ({str(facts["city"])} if facts.get("city") else set())
    return {
        name: values.pop() if len(values) == 1 else None
        for name, values in {"city": city, "place": found["place"]}.items()
        if values
    }


def _settle(facts: dict[str, object], said: Said) -> None:
    """Put right what only several facts together tell."""
    is_at_home = facts.get("kind") == "private" and facts.get("place") != "restaurant"
    if is_at_home and facts.get("alcohol") == "served":
        del facts["alcohol"]  # A host's own wine served to guests is not a sale.
    outdoors = facts.get("place") in _OUTDOOR_PLACES or facts.get("indoors") is False
    loud = [said.stance(hit) for hit in said.named("group loud")]
    is_loud_outdoors = outdoors and facts.get("indoors") is not True and set(loud) == {Stance.SAID}
    if is_loud_outdoors:
        facts.setdefault("amplified_outdoors", True)
    if facts.get("registered_association") is True:
        facts.setdefault("organiser", "association")


def _has_late_bar(listened: _Heard) -> bool:
    """Say whether the bar has an hour that can only be in the night: "bar open until 3 am"."""
    said = listened.said
    if any(token.text == "?" for token in said.tokens):
        return False
    return any(
        clock is not None and not clock.is_either and _LATE < clock.times[0] < _EARLY
        for clocks in listened.clocks
        for clock in (clocks.first, clocks.last)
        if said.has("group bar", clause=said.clauses[clocks.start])
        and not said.is_supposed(clocks.start)
    )


def _entry_price(listened: _Heard) -> int | None:
    """Return the highest price said right beside a ticket or the entrance: "lippu 5 e"."""
    said = listened.said
    entries = said.named("entry price")
    prices = [
        number.value
        for number in listened.numbers
        if _is_money(number, said)
        and not _is_of_raffle(number.start, said)
        and said.stance(number.hit) is not Stance.DOUBTFUL
        and any(
            (hit.end <= number.start and _only_estimates(range(hit.end, number.start), said))
            or hit.start == number.end + 1
            for hit in entries
        )
    ]
    return max(prices, default=None)


# What numbers count.


def _counted(listened: _Heard, asked: str | None) -> dict[str, object]:
    said = listened.said
    found: dict[str, list[tuple[int, bool]]] = {}
    before: tuple[Number, str] | None = None
    for number in listened.numbers:
        fact = _fact_of(number, listened)
        if before and _replaces(number, fact, before[0], said):
            fact = before[1]
            found.pop(fact, None)
        elif fact and _is_denied(number, said):
            fact = None
        if fact:
            is_peak = said.has("at once", clause=said.clauses[number.start])
            found.setdefault(fact, []).append((number.value, is_peak))
            before = number, fact
    tickets = _tickets_worth(listened, asked)
    if tickets is not None:
        found["lottery_eur"] = [(tickets, False)]
    facts: dict[str, object] = {}
    for fact, counts in found.items():
        surest = {value for value, is_peak in counts if is_peak} or {value for value, _ in counts}
        if len(surest) == 1:
            facts[fact] = surest.pop()
    if asked and FACTS[asked].type is Type.COUNT and asked not in facts:
        only = _asked_count(asked, listened)
        if only is not None:
            facts = {name: value for name, value in facts.items() if value != only} | {asked: only}
    return facts


def _replaces(number: Number, fact: str | None, before: Number, said: Said) -> bool:
    """Say whether a number puts the one before right ("tai siis 400") or tops it ("max 60")."""
    clause = said.clauses[number.start]
    if said.is_supposed(number.start) or said.has("in total", clause=clause):
        return False
    end = number.end
    is_alone = end >= len(said.tokens) or not said.tokens[end].is_word
    if fact is None and (not is_alone or _is_money(number, said)):
        return False
    since = _unit_end(before, said)
    gap = range(since, number.start)
    for hit in said.hits:
        if hit.name not in {"correction", "at most"} or hit.start not in gap:
            continue
        if not _only_estimates(range(hit.end, number.start), said):
            continue
        between = said.words_between(since, hit.start)
        if hit.name == "correction" and between <= _CORRECTED_AFTER:
            return True
        if hit.name == "at most" and between == 0 and number.value > before.value:
            return fact is None
    return False


def _unit_end(number: Number, said: Said) -> int:
    """Return where a number ends together with the word for what it counts."""
    at = _unit_at(number, said)
    ends = [hit.end for hit in said.hits if hit.start == at and hit.name in {"people", "euros"}]
    return max(ends, default=number.end)


def _only_estimates(gap: range, said: Said) -> bool:
    """Say whether nothing but "about", "maybe" and signs stands in a stretch of the text."""
    said_so = {
        at
        for hit in said.hits
        if hit.name in {"estimate", "doubt", "correction", "at most", "filler"}
        for at in range(hit.start, hit.end)
    }
    return all(at in said_so or not said.tokens[at].is_word for at in gap)


def _tickets_worth(listened: _Heard, asked: str | None) -> int | None:
    """Return what all tickets of a raffle cost: their number times the price of one."""
    said, is_asked = listened.said, asked == "lottery_eur"
    for price in listened.numbers:
        clause = said.clauses[price.start]
        is_raffle = is_asked or said.has("count lottery_eur", clause=clause)
        if not (_is_money(price, said) and is_raffle):
            continue
        others = [
            number
            for number in listened.numbers
            if number != price and said.clauses[number.start] == clause
        ]
        is_each = any(
            said.clauses[hit.start] == clause and abs(hit.start - price.start) <= _CORRECTED_AFTER
            for hit in said.named("each")
        )
        if is_each and len(others) == 1 and _counts_tickets(others[0], said):
            return None if _is_denied(price, said) else others[0].value * price.value
    return None


def _counts_tickets(number: Number, said: Said) -> bool:
    return any(number.start in {hit.end, hit.start - 1} for hit in said.named("tickets"))


def _is_denied(number: Number, said: Said) -> bool:
    if said.is_supposed(number.start):
        return True
    return said.setting_stance(number.hit) is Stance.DENIED


def _fact_of(number: Number, listened: _Heard) -> str | None:
    """Return the fact a number counts, by the words around it."""
    said = listened.said
    clause = said.clauses[number.start]
    if _is_money(number, said):
        return _money_fact(number, said)
    after = {hit.name: hit for hit in said.hits if hit.start == _unit_at(number, said)}
    if "count days" in after:
        return "structure_days" if said.has("count structures", clause=clause) else None
    if "count overnight_guests" in after:
        return None if said.has("lodged", clause=clause) else "overnight_guests"
    people = after.get("people")
    if people is None and _sleep(number, listened):
        return None if said.has("lodged", clause=clause) else "overnight_guests"
    if people is None and not _counts_people_before(number, said):
        return None
    if any(hit.end == number.start for hit in said.named("part of them")):
        return None  # "80 guests, of whom 12 children"
    if said.has("count overnight_guests", clause=clause):
        return None if said.has("lodged", clause=clause) else "overnight_guests"
    return "peak" if _is_crowd(number, people, listened) else None


def _money_fact(number: Number, said: Said) -> str | None:
    clause = said.clauses[number.start]
    if clause and _is_amount_alone(number, said):
        clause -= 1  # "We collect donations, hoping for 2,000 euros"
    for fact in ("lottery_eur", "fundraising_eur"):
        if said.has(f"count {fact}", clause=clause):
            return None if said.has("each or prize", clause=clause) else fact
    return None


def _is_amount_alone(number: Number, said: Said) -> bool:
    """Say whether a clause after a comma is nothing but an amount and "about" or "maybe"."""
    clause = said.clauses[number.start]
    members = [at for at, one in enumerate(said.clauses) if one == clause]
    if said.tokens[members[0]].text != ",":
        return False
    units = {hit.start for hit in said.named("euros")}
    own = {*range(number.start, number.end), *units}
    rest = [at for at in members if at not in own]
    return all(_only_estimates(range(at, at + 1), said) for at in rest) and not any(
        said.tokens[at].is_number for at in rest
    )


def _sleep(number: Number, listened: _Heard) -> bool:
    """Say whether whoever a number counts sleeps there: "30 scouts sleep", "yöpyy 45 lasta"."""
    said = listened.said
    at = number.end
    if at >= len(said.tokens) or not said.tokens[at].is_word:
        return False
    clause = said.clauses[number.start]
    if sum(said.clauses[one.start] == clause for one in listened.numbers) > 1:
        return False
    if any(hit.start == at for hit in said.named("no sleepers")):
        return False
    return any(
        hit.start == at + 1 or hit.end == number.start
        for hit in said.named("count overnight_guests")
    )


def _unit_at(number: Number, said: Said) -> int:
    at = number.end
    while at < len(said.tokens) and said.tokens[at].text in {"-", ":", "+"}:
        at += 1
    return at


def _is_money(number: Number, said: Said) -> bool:
    around = [number.start - 1, *range(number.end, number.end + 1)]
    return any(hit.start in around for hit in said.named("euros"))


def _counts_people_before(number: Number, said: Said) -> bool:
    """Say whether the people stand before their number, and nothing after it has it instead."""
    clause = said.clauses[number.start]
    at_once = said.named("at once")
    at = number.end
    is_followed = at < len(said.tokens) and said.tokens[at].is_word and said.clauses[at] == clause
    follows = {hit.name for hit in said.hits if hit.start == at} if is_followed else set()
    if "at once" in follows:
        return True
    if "standing" in follows:
        return any(
            said.clauses[hit.start] == clause
            and hit.start > at
            and said.words_between(at, hit.start) <= _ONCE_AFTER
            for hit in at_once
        ) or _is_for(number, said)
    if is_followed and not follows & {NOT, "correction"}:
        return False
    if _is_for(number, said) or any(
        hit.end <= number.start
        and said.clauses[hit.start] == clause
        and _only_estimates(range(hit.end, number.start), said)
        for hit in said.named("we number")
    ):
        return True
    return any(
        said.clauses[hit.start] == clause
        and hit.end <= number.start
        and said.words_between(hit.end, number.start) <= _COUNTED_AFTER
        for hit in [*said.named("people before"), *at_once]
    )


def _is_for(number: Number, said: Said) -> bool:
    """Say whether an event is told to be for so many: "a party for 75"."""
    events = {hit.end for hit in said.named("guide event")}
    return any(
        hit.start in events and _only_estimates(range(hit.end, number.start), said)
        for hit in said.named("made for")
        if hit.end <= number.start
    )


def _is_crowd(number: Number, people: Hit | None, listened: _Heard) -> bool:
    """Say whether the people are there at the same time, and not a band, a tent or a total."""
    said = listened.said
    clause = said.clauses[number.start]
    if people and any(hit.start == people.end for hit in said.named("group of people")):
        return False
    if said.has("at once", clause=clause):
        return True
    return not said.has("in total", clause=clause)


def _asked_count(fact: str, listened: _Heard) -> int | None:
    """Return the one number of an answer, whatever stands around it."""
    said = listened.said
    wants_money = FACTS[fact].unit == "EUR"
    numbers = [
        number
        for number in listened.numbers
        if not said.is_supposed(number.start) and (wants_money or not _is_money(number, said))
    ]
    if fact == "peak" and any(said.has("in total", clause=said.clauses[n.start]) for n in numbers):
        return None
    if fact != "structure_days":
        days = {hit.start for hit in said.named("count days")}
        numbers = [number for number in numbers if number.end not in days]
    values = {number.value for number in numbers}
    if len(values) > 1:
        tops = {hit.end for hit in said.named("at most")}
        values = {number.value for number in numbers if number.start in tops}
    return values.pop() if len(values) == 1 else None


# What a short answer says.


def _plain_answer(fact: str, listened: _Heard) -> dict[str, object]:
    """Return what yes, no or nothing mean as an answer to a question."""
    said, kind = listened.said, FACTS[fact].type
    if said.named("unknown"):
        return {}
    if kind is Type.BOOL:
        if fact == "free_entry" and _has_price(listened):
            return {fact: False}
        answer = _yes_or_no(said)
        return {} if answer is None else {fact: answer}
    if kind is Type.DATETIME or not _is_mere_no(said):
        return {}
    if kind is Type.COUNT and FACTS[fact].turn is not Turn.FEATURE:
        return {}
    absence = _absence(fact)
    return {} if absence is None else {fact: absence}


def _has_price(listened: _Heard) -> bool:
    """Say whether an answer names a price and neither denies nor doubts it."""
    said = listened.said
    prices = [number for number in listened.numbers if _is_money(number, said)]
    return bool(prices) and all(
        number.value > 0 and said.stance(number.hit) is Stance.SAID for number in prices
    )


def _yes_or_no(said: Said) -> bool | None:
    """Return the yes or no an answer begins with, after words that say nothing ("no joo")."""
    at = 0
    fillers = {hit.start: hit.end for hit in said.named("filler")}
    answers = [(hit, hit.name == "yes") for hit in said.hits if hit.name in {"yes", "no"}]
    while at < len(said.tokens):
        here = [(hit.end, is_yes) for hit, is_yes in answers if hit.start == at]
        if here:
            return max(here)[1]
        if at not in fillers and (said.tokens[at].is_word or said.tokens[at].is_number):
            return None
        at = fillers.get(at, at + 1)
    return None


def _asks_back(said: Said) -> bool:
    """Say whether an answer is a question of its own: "what is a public event?"."""
    is_question = any(token.text == "?" for token in said.tokens)
    return is_question and any(hit.start == 0 for hit in said.named("guide question"))


def _is_mere_no(said: Said) -> bool:
    """Say whether an answer is nothing but no: "ei", "ei mitään", "no thanks"."""
    covered: set[int] = set()
    for hit in said.hits:
        if hit.name in {"no", "nothing", "filler"}:
            covered |= set(range(hit.start, hit.end))
    is_no = any(hit.name in {"no", "nothing"} for hit in said.hits)
    words = {at for at, token in enumerate(said.tokens) if token.is_word or token.is_number}
    return is_no and words <= covered


# What may be handed on.


def _moment(raw: object) -> datetime | None:
    try:
        return read_moment(raw).replace(tzinfo=None)
    except (ValueError, TypeError):
        return None


def _accepted(
    facts: dict[str, object], known: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the facts without those that cannot be, alone or beside what is known already."""
    moments_known = {
        name: moment
        for name in ("start", "end", "sound_starts")
        if name not in facts and (moment := _moment((known or {}).get(name)))
    }
    given = facts | {name: _iso(moment) for name, moment in moments_known.items()}
    try:
        read_facts(given)
    except FactsError as error:
        wrong = {problem.fact for problem in error.problems}
        if wrong & moments_known.keys():
            wrong |= {"start", "end", "sound_starts"}
        return {name: value for name, value in facts.items() if name not in wrong}
    return facts


# The words.


@cache
def _ears(locale: str) -> _Ears:
    if locale not in LOCALES:
        raise DataError(f"no words to hear in {locale}; there are {', '.join(LOCALES)}")
    return _read_ears(f"texts/{locale}/hearing.yaml")


def _read_ears(name: str) -> _Ears:
    """Return a language's words.

    Raises:
        DataError: The file names a fact, value, group or place that does not exist.
    """
    file = read_yaml(name)
    lists: dict[str, str] = {}
    for section, prefix in (("said", ""), ("counts", ""), ("guide", "guide ")):
        lists |= {f"{prefix}{key}": line for key, line in _lines(file, section, name)}
    lists |= {f"group {key}": line for key, line in _lines(file, "groups", name)}
    lists |= {f"move {key}": line for key, line in _lines(file, "moves", name)}
    times = _part(file, "times", name)
    for section, prefix in (
        ("roles", "role "),
        ("parts_of_day", "part "),
        ("clock", "clock "),
        ("feasts", "feast "),
        ("days_from_now", "days from now "),
    ):
        lists |= {f"{prefix}{key}": line for key, line in _lines(times, section, name)}
    rules = [
        rule
        for section, prefix in (("facts", "fact"), ("answers", "answer"))
        for fact, values in _part(file, section, name).items()
        for rule in _read_rules(f"{name}: {section}", prefix, fact, values, lists)
    ]
    places = _read_places(file, name)
    lists |= {line: line for line in places}
    return _Ears(
        Phrases(lists), tuple(rules), places, _read_numbers(file, name), _read_times(times, name)
    )


def _part(file: Mapping[str, object], key: str, name: str) -> dict[str, object]:
    part = file.get(key)
    if not isinstance(part, dict):
        raise DataError(f"{name}: {key} must be a mapping")
    return {str(one): value for one, value in part.items()}


def _lines(file: Mapping[str, object], key: str, name: str) -> Iterable[tuple[str, str]]:
    for one, line in _part(file, key, name).items():
        if not isinstance(line, str):
            raise DataError(f"{name}: {key}: {one} must be one line of phrases")
        yield one, line


def _read_rules(
    where: str, prefix: str, fact: str, values: object, lists: dict[str, str]
) -> list[_Rule]:
    if fact not in FACTS or not isinstance(values, dict):
        raise DataError(f"{where}: there is no fact {fact}, or it has no values")
    allowed = {"nothing", *(FACTS[fact].values or ("yes", "no"))}
    rules = []
    for value, line in values.items():
        if value not in allowed or not isinstance(line, str):
            raise DataError(
                f"{where}: {fact}: {value!r} must be one of {', '.join(sorted(allowed))}"
            )
        single: list[str] = []
        for phrase in line.split(" / "):
            parts = [part.strip() for part in phrase.split(" + ")]
            if len(parts) == 1 and not phrase.startswith("<"):
                single.append(phrase)
            else:
                names = tuple(_list_of(part, lists, where) for part in parts[:2])
                rules.append(_Rule(fact, value, names))
        if single:
            key = f"{prefix} {fact} {value}"
            lists[key] = " / ".join(single)
            rules.append(_Rule(fact, value, (key,)))
    return rules


def _list_of(part: str, lists: dict[str, str], where: str) -> str:
    """Return the name of the list that a part of a phrase stands for, made where it is new."""
    if part.startswith("<"):
        name = f"group {part.strip('<>')}"
        if name not in lists:
            raise DataError(f"{where}: there is no group {part}")
        return name
    lists[f"words {part}"] = part
    return f"words {part}"


def _read_places(file: Mapping[str, object], name: str) -> dict[str, tuple[str, ...]]:
    places = {}
    known = {*FACTS["city"].values, *FACTS["place"].values}
    for values, line in _lines(file, "places", name):
        named = tuple(values.split(" + "))
        if not known.issuperset(named):
            raise DataError(f"{name}: places: {values} must be a city, a place or both")
        places[line] = named
    return places


def _read_numbers(file: Mapping[str, object], name: str) -> NumberWords:
    part = _part(file, "numbers", name)

    def by_word(key: str) -> dict[str, float]:
        return {
            word: float(value)
            for value, line in _lines(part, key, name)
            for word in line.split(" / ")
        }

    lines = {
        key: frozenset(line.split(" / ")) for key, line in part.items() if isinstance(line, str)
    }
    return NumberWords(
        values=by_word("values"),
        scaled=by_word("scaled"),
        tens=lines["tens"] - {""},
        teens=lines["teens"] - {""},
        dozens=lines["dozens"],
        hundreds=lines["hundreds"],
        thousands=lines["thousands"],
        joints=lines["joints"],
        ranges=lines["ranges"],
        vague=lines["vague"],
    )


def _read_times(part: Mapping[str, object], name: str) -> TimeWords:
    def stems(key: str) -> tuple[tuple[str, ...], ...]:
        lines = part.get(key)
        if not isinstance(lines, list):
            raise DataError(f"{name}: {key} must be a list of lines")
        return tuple(tuple(str(line).split(" / ")) for line in lines)

    def words(key: str) -> frozenset[str]:
        return frozenset(str(part[key]).split(" / ")) - {""}

    def named(key: str) -> list[tuple[str, list[str]]]:
        lines = _lines(part, key, name)
        return [(one, [word for word in line.split(" / ") if word]) for one, line in lines]

    def numbered(key: str) -> list[tuple[int, list[str]]]:
        return [(int(one), words) for one, words in named(key)]

    return TimeWords(
        months=stems("months"),
        weekdays=stems("weekdays"),
        ordinals=words("ordinals"),
        marks=words("marks"),
        spans=words("spans"),
        both_from=words("both_from"),
        and_words=words("and_words"),
        halves=words("halves"),
        half_past=words("half_past"),
        day_month=part["day_month"] is True,
        clock_of_24=part["clock_of_24"] is True,
        units=tuple(sorted(words("units"))),
        pairs=words("pairs"),
        day_of=words("day_of"),
        of_month=words("of_month"),
        last=words("last"),
        days_in_words={word: day for day, line in numbered("days_in_words") for word in line},
        hour_parts={word: str(one) for one, line in named("hour_parts") for word in line},
    )
