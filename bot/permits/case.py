"""One event as the rules see it: every fact as something that can be asked, known or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from bot.permits.answers import Answer, Reason
from bot.permits.dates import HELSINKI, midsummer_eve
from bot.permits.errors import OutOfForceError
from bot.permits.facts import FACTS

if TYPE_CHECKING:
    from bot.permits.facts import Facts
    from bot.permits.figures import Figure, Figures

# City land: streets, squares, parks, beaches and sports grounds that the city lets out for events.
CITY_LAND = ("city_street", "city_square", "market_square", "city_park", "beach_or_sports")
# Where anybody may come and go: city land, and the places that belong to no organiser either.
PUBLIC_PLACES = (*CITY_LAND, "state_road", "water", "nature_area")


@dataclass(frozen=True, slots=True)
class Choice:
    """A fact with one of several values."""

    name: str
    value: str | None

    def is_in(self, *values: str) -> Answer:
        """Answer whether the value is one of these."""
        if self.value is None:
            return _unknown(self.name)
        return _plain(self.name, truth=self.value in _known_values(self.name, values))


@dataclass(frozen=True, slots=True)
class Several:
    """A fact with any number of values, none included."""

    name: str
    value: frozenset[str] | None

    def has_any(self, *values: str) -> Answer:
        """Answer whether any of these values is there; without values, whether anything is."""
        if self.value is None:
            return _unknown(self.name)
        found = self.value & _known_values(self.name, values) if values else self.value
        return _plain(self.name, truth=bool(found))


@dataclass(frozen=True, slots=True)
class Count:
    """A number of people, days or euros, compared with the figures of the rules."""

    name: str
    value: int | None
    limits: Limits

    def at_least(self, figure: str) -> Answer:
        """Answer whether the count reaches a figure."""
        return self._compared(figure, "at_least", "below", offset=0)

    def more_than(self, figure: str) -> Answer:
        """Answer whether the count goes beyond a figure; the figure itself does not."""
        return self._compared(figure, "more_than", "at_most", offset=1)

    @property
    def is_any(self) -> Answer:
        """Answer whether the count is more than nothing."""
        if self.value is None:
            return _unknown(self.name)
        return _plain(self.name, truth=self.value > 0)

    def _compared(self, figure: str, yes: str, no: str, *, offset: int) -> Answer:
        if self.value is None:
            return _unknown(self.name)
        limit = self.limits.figure(figure)
        if limit is None:
            return Answer(None, stale=(figure,))
        truth = self.value >= limit.number + offset
        phrase = yes if truth else no
        return Answer(truth, reasons=(Reason(self.name, phrase, figure, is_aside=not truth),))


class Limits:
    """The figures as they stand on one day."""

    def __init__(self, figures: Figures, day: date) -> None:
        self.all = figures
        self.day = day
        self._looked_up: dict[str, Figure | None] = {}

    def figure(self, name: str) -> Figure | None:
        """Return a figure, or None if nobody has checked it for the day."""
        if name not in self._looked_up:
            try:
                self._looked_up[name] = self.all.on(name, self.day)
            except OutOfForceError:
                self._looked_up[name] = None
        return self._looked_up[name]


class Case:
    """An event's facts and the figures of its day.

    `day` is the day whose law counts: the day the event starts, or the day of asking while that
    is unknown.
    """

    def __init__(self, facts: Facts, figures: Figures, asked_on: date) -> None:
        self.facts = facts
        self.start = facts.moment("start")
        self.end = facts.moment("end")
        self.day = self.start.date() if self.start else asked_on
        self.limits = Limits(figures, self.day)

        self.city = self._choice("city")
        self.kind = self._choice("kind")
        self.organiser = self._choice("organiser")
        self.place = self._choice("place")
        self.alcohol = self._choice("alcohol")
        self.serving_area = self._choice("serving_area")
        self.drone = self._choice("drone")
        self.animals = self._choice("animals")
        self.structures = self._several("structures")
        self.music = self._several("music")
        self.food = self._several("food")
        self.fire = self._several("fire")
        self.street_traffic = self._several("street_traffic")
        self.peak = self._count("peak")
        self.structure_days = self._count("structure_days")
        self.lottery_eur = self._count("lottery_eur")
        self.fundraising_eur = self._count("fundraising_eur")
        self.overnight_guests = self._count("overnight_guests")
        self.indoors = self._flag("indoors")
        self.free_entry = self._flag("free_entry")
        self.restricts_area = self._flag("restricts_area")
        self.varaamo_spot = self._flag("varaamo_spot")
        self.exits_differ = self._flag("exits_differ")
        self.concert = self._flag("concert")
        self.amplified_outdoors = self._flag("amplified_outdoors")
        self.near_homes = self._flag("near_homes")
        self.serving_after_0130 = self._flag("serving_after_0130")
        self.unpacked_food = self._flag("unpacked_food")
        self.traffic_controllers = self._flag("traffic_controllers")
        self.public_transport_affected = self._flag("public_transport_affected")
        self.stewards = self._flag("stewards")
        self.special_group = self._flag("special_group")
        self.lottery_here_only = self._flag("lottery_here_only")
        self.registered_association = self._flag("registered_association")
        self.film = self._flag("film")
        self.high_power_laser = self._flag("high_power_laser")
        self.radio_microphones = self._flag("radio_microphones")
        self.temporary_power = self._flag("temporary_power")
        self.air_show = self._flag("air_show")
        self.motor_boats = self._flag("motor_boats")
        self.offroad_motors = self._flag("offroad_motors")
        self.children_activities = self._flag("children_activities")
        self.waste_water_to_sewer = self._flag("waste_water_to_sewer")
        self.signs_outside_area = self._flag("signs_outside_area")

    def figure(self, name: str) -> Figure | None:
        """Return a figure as it stands on the event's day; None if nobody checked it for then."""
        return self.limits.figure(name)

    # What kind of gathering it is.

    @cached_property
    def is_public_event(self) -> Answer:
        """An amusement, competition, show or the like, open to the public."""
        return self.kind.is_in("public_event")

    @cached_property
    def is_meeting(self) -> Answer:
        """A demonstration or another use of the freedom of assembly."""
        return self.kind.is_in("public_meeting")

    @cached_property
    def is_private(self) -> Answer:
        """A gathering of an invited, limited circle."""
        return self.kind.is_in("private")

    @cached_property
    def is_family_party(self) -> Answer:
        """A private person's own private gathering."""
        return self.is_private & self.organiser.is_in("private_person")

    # Where it is.

    @cached_property
    def is_on_city_land(self) -> Answer:
        """A street, square, park, beach or sports ground of the city."""
        return self.place.is_in(*CITY_LAND)

    @cached_property
    def has_large_structure(self) -> Answer:
        """A tent, stage or stand; fences and tables are not."""
        return self.structures.has_any("tent", "stage", "stand")

    # When it is.

    @cached_property
    def goes_past_late_evening(self) -> Answer:
        """The event ends later than the late-evening limit, or goes on through the night.

        Of an event of several days only the hour of its end is known, and taken for every day.
        """
        return self._ends_after("late-evening") | self._lasts_through_a_night

    @cached_property
    def goes_past_early_evening(self) -> Answer:
        """The event ends later than the early-evening limit."""
        return self._ends_after("early-evening") | self._lasts_through_a_night

    @cached_property
    def lasts_several_days(self) -> Answer:
        """The event ends on another day than it starts."""
        if self.start is None or self.end is None:
            return self._unknown_moments("start", "end")
        return Answer(
            self.start.date() != self.end.date(), reasons=(Reason("start"), Reason("end"))
        )

    @cached_property
    def can_serve_after_hours(self) -> Answer:
        """The event is still on at the hour when ordinary serving ends."""
        limit = self.figure("serving-ends")
        if limit is None:
            return Answer(None, stale=("serving-ends",))
        if self.start is None or self.end is None:
            return self._unknown_moments("start", "end")
        first = self.start.replace(
            hour=limit.clock.hour, minute=limit.clock.minute, second=0, microsecond=0
        )
        if first < self.start:
            first += timedelta(days=1)
        return _plain("end", truth=first < self.end)

    @cached_property
    def ends_on_a_serving_eve(self) -> Answer:
        """One night only, before a holiday on which serving may go on longer, and over in time.

        The nights before Independence Day, New Year's Day, May Day and Midsummer Day.
        """
        limit = self.figure("eve-serving-ends")
        if limit is None:
            return Answer(None, stale=("eve-serving-ends",))
        if self.start is None or self.end is None:
            return self._unknown_moments("start", "end")
        eve = self.end.date() - timedelta(days=1)
        eves = {(12, 5), (12, 31), (4, 30)}
        is_eve = (eve.month, eve.day) in eves or eve == midsummer_eve(eve.year)
        in_time = self.end.time() <= limit.clock and self.start.date() >= eve
        return _plain("end", truth=is_eve and in_time)

    @cached_property
    def in_varaamo_season(self) -> Answer:
        """The event starts on a day on which the city lets out its small event spots."""
        opens, closes = self.figure("varaamo-opens"), self.figure("varaamo-closes")
        if opens is None or closes is None:
            return Answer(None, stale=("varaamo-opens",))
        if self.start is None:
            return Answer(None, ("start",))
        day = (self.start.month, self.start.day)
        truth = opens.year_moment[:2] <= day <= closes.year_moment[:2]
        return _plain("start", truth=truth)

    @cached_property
    def fires_in_free_window(self) -> Answer:
        """The fireworks go off in the New Year's night hours that need no notice.

        Until their hour is known the start of the event stands for it.
        """
        name = "fireworks_at" if "fireworks_at" in self.facts else "start"
        moment = self.facts.moment(name)
        if moment is None:
            return Answer(None, ("fireworks_at",))
        windows = self._free_windows(moment.year)
        if windows is None:
            return Answer(None, stale=("free-fireworks-from",))
        inside = any(opens <= moment <= closes for opens, closes in windows)
        return _plain(name, truth=inside)

    @property
    def firework_hour_matters(self) -> bool:
        """Whether the hour of the fireworks, not yet given, may be inside the window or outside."""
        if "fireworks_at" in self.facts or self.start is None:
            return False
        start, end = self.start, self.end or self.start + timedelta(days=1)
        return any(
            start <= closes and end >= opens and not opens <= start <= end <= closes
            for opens, closes in self._free_windows(start.year) or ()
        )

    def _free_windows(self, year: int) -> list[tuple[datetime, datetime]] | None:
        # The window that opened in the year before, and the one that opens in this year.
        opens, closes = self.figure("free-fireworks-from"), self.figure("free-fireworks-to")
        if opens is None or closes is None:
            return None
        return [
            (
                datetime(first, *opens.year_moment, tzinfo=HELSINKI),
                datetime(first + 1, *closes.year_moment, tzinfo=HELSINKI),
            )
            for first in (year - 1, year)
        ]

    @cached_property
    def sound_at_night(self) -> Answer:
        """The first noisy act falls before the night ends in the morning."""
        limit = self.figure("night-ends")
        if limit is None:
            return Answer(None, stale=("night-ends",))
        name = "sound_starts" if "sound_starts" in self.facts else "start"
        moment = self.facts.moment(name)
        if moment is None:
            return Answer(None, ("start",))
        return _plain(name, truth=moment.time() < limit.clock)

    @cached_property
    def _lasts_through_a_night(self) -> Answer:
        # Shorter than a day and over on another date: nobody went home in between.
        if self.start is None or self.end is None:
            return self._unknown_moments("start", "end")
        short = self.end - self.start < timedelta(days=1)
        return _plain("end", truth=short and self.start.date() != self.end.date())

    def _ends_after(self, figure: str) -> Answer:
        limit, morning = self.figure(figure), self.figure("night-ends")
        if limit is None or morning is None:
            return Answer(None, stale=(figure if limit is None else "night-ends",))
        if self.end is None:
            return Answer(None, ("end",))
        clock = self.end.time()
        truth = clock > limit.clock or clock < morning.clock
        phrase = "later" if truth else "not_later"
        return Answer(truth, reasons=(Reason("end", phrase, figure, is_aside=not truth),))

    def _unknown_moments(self, *names: str) -> Answer:
        return Answer(None, tuple(name for name in names if name not in self.facts))

    def _choice(self, name: str) -> Choice:
        value = self.facts.get(name)
        return Choice(name, value if isinstance(value, str) else None)

    def _several(self, name: str) -> Several:
        value = self.facts.get(name)
        return Several(name, value if isinstance(value, frozenset) else None)

    def _count(self, name: str) -> Count:
        value = self.facts.get(name)
        return Count(name, value if isinstance(value, int) else None, self.limits)

    def _flag(self, name: str) -> Answer:
        value = self.facts.get(name)
        if isinstance(value, bool):
            return _plain(name, truth=value)
        return _unknown(name)


@cache
def _plain(name: str, *, truth: bool) -> Answer:
    # What an event is not explains a no, and says little about a yes.
    return Answer(truth, reasons=(Reason(name, is_aside=not truth),))


@cache
def _unknown(name: str) -> Answer:
    return Answer(None, (name,))


@cache
def _known_values(name: str, values: tuple[str, ...]) -> frozenset[str]:
    unknown = set(values) - set(FACTS[name].values)
    if unknown:
        raise KeyError(f"{name} has no value {', '.join(sorted(unknown))}")
    return frozenset(values)
