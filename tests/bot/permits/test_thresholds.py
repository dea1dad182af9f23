"""Every threshold of the rules, on both sides.

Each line changes a plain small public event in a Helsinki park in daytime, all facts known.
"""

import pytest

NO, ASK, YES = "not_required", "ask", "required"
MEETING = {"kind": "public_meeting", "place": "city_square"}
FAMILY = {"kind": "private", "organiser": "private_person", "place": "own_yard"}
LOUD = {"amplified_outdoors": True}
SERVED = {"alcohol": "served", "serving_area": "not_approved"}
LOTTERY = {"organiser": "association", "registered_association": True, "lottery_here_only": True}
BIG = {"peak": 501}


def until(clock, day="2027-06-12"):
    return {"end": f"{day}T{clock}"}


@pytest.mark.parametrize(
    ("duty", "facts", "status"),
    [
        # P01: needs measures, or few people doing something harmless.
        ("P01", {"peak": 99}, NO),
        ("P01", {"peak": 100}, ASK),
        ("P01", {"peak": 199}, ASK),
        ("P01", {"peak": 200}, YES),
        ("P01", {"peak": 199, "place": "own_yard"}, NO),
        ("P01", {"peak": 199, "place": "private_venue", "indoors": True}, NO),
        ("P01", {"peak": 200, "place": "private_venue", "indoors": True}, YES),
        ("P01", until("22:00"), NO),
        ("P01", until("22:01"), YES),
        ("P01", until("23:59"), YES),
        ("P01", until("00:00", "2027-06-13"), YES),
        ("P01", until("06:59", "2027-06-13"), YES),
        ("P01", until("08:00", "2027-06-13"), YES),  # through the night, less than a day
        ("P01", until("18:00", "2027-06-13"), NO),  # two days, each in daytime
        ("P01", until("22:01", "2027-06-13"), YES),
        ("P01", {"stewards": True}, YES),
        ("P01", {"traffic_controllers": True}, YES),
        ("P01", {"special_group": True}, YES),
        ("P01", {"alcohol": "served"}, YES),
        ("P01", {"alcohol": "low"}, NO),
        ("P01", {"alcohol": "own"}, NO),
        ("P01", {"exits_differ": True}, YES),
        ("P01", {"fire": ["open_fire"]}, YES),
        ("P01", {"fire": ["insulated_grill", "fireworks_f1", "lpg"]}, NO),
        ("P01", {"street_traffic": ["city_street"]}, YES),
        ("P01", {"place": "state_road"}, YES),
        ("P01", {"place": "city_street"}, ASK),
        ("P01", {"place": "restaurant", "peak": 500, "alcohol": "served", **until("23:30")}, NO),
        ("P01", {"place": "restaurant", "stewards": True}, NO),
        ("P01", {"place": "restaurant", "special_group": True}, ASK),
        ("P01", {"place": "restaurant", "street_traffic": ["city_street"]}, YES),
        ("P01", {"place": "private_venue", "organiser": "association", **until("23:00")}, YES),
        ("P01", {"kind": "private", "peak": 5000}, NO),
        ("P01", {"kind": "public_meeting", "peak": 5000}, NO),
        # P02: outdoors in a public place, and more than one person.
        ("P02", MEETING, YES),
        ("P02", {**MEETING, "peak": 1}, NO),
        ("P02", {**MEETING, "peak": 2}, YES),
        ("P02", {**MEETING, "indoors": True}, NO),
        ("P02", {**MEETING, "place": "private_venue"}, ASK),
        ("P02", {**MEETING, "place": "own_yard"}, NO),
        ("P02", {}, NO),
        # P03: city land, and others limited or structures brought.
        ("P03", {}, NO),
        ("P03", {"restricts_area": True}, YES),
        ("P03", {"structures": ["other"]}, YES),
        ("P03", {"restricts_area": True, "place": "beach_or_sports"}, YES),
        ("P03", {"restricts_area": True, "place": "private_venue"}, NO),
        ("P03", {"restricts_area": True, "place": "nature_area"}, NO),
        ("P03", {"restricts_area": True, "varaamo_spot": True, "free_entry": True}, NO),
        ("P03", {"restricts_area": True, "varaamo_spot": True, "free_entry": False}, YES),
        ("P03", {"restricts_area": True, **MEETING}, NO),
        ("P03", {"restricts_area": True, **MEETING, "food": ["mobile_local"]}, ASK),
        ("P03", {"restricts_area": True, "kind": "private"}, NO),
        ("P03", {"restricts_area": True, "kind": "private", "peak": 200}, ASK),
        ("P03", {"structures": ["tent"], "kind": "private"}, ASK),
        ("P03", {"structures": ["tent"], "kind": "private", "organiser": "company"}, YES),
        ("P03", {"restricts_area": True, "kind": "private", "city": "espoo"}, YES),
        # P04: Helsinki, free, open to all, 1 April to 30 October.
        ("P04", {"varaamo_spot": True, "free_entry": True}, YES),
        ("P04", {"varaamo_spot": True, "free_entry": False}, NO),
        ("P04", {"varaamo_spot": False, "free_entry": True}, NO),
        ("P04", {"varaamo_spot": True, "free_entry": True, "city": "vantaa"}, NO),
        ("P04", {"varaamo_spot": True, "free_entry": True, "kind": "private"}, NO),
        # P05: somebody else's place that is not city land.
        ("P05", {}, NO),
        ("P05", {"place": "private_venue"}, YES),
        ("P05", {"place": "housing_company"}, YES),
        ("P05", {"place": "school", "organiser": "association"}, YES),
        ("P05", {"place": "school", "organiser": "school"}, NO),
        ("P05", {"place": "own_yard"}, NO),
        ("P05", {"place": "state_road"}, NO),
        ("P05", {"place": "water"}, NO),
        ("P05", {"place": "private_venue", "kind": "private"}, YES),
        # P06: 200 at the same time, or fire, exits, danger.
        ("P06", {"peak": 199}, NO),
        ("P06", {"peak": 200}, YES),
        ("P06", {"peak": 200, "kind": "private"}, YES),
        ("P06", {"peak": 199, **MEETING}, NO),
        ("P06", {"peak": 200, **MEETING}, ASK),
        ("P06", {"fire": ["open_fire"], **MEETING}, YES),
        ("P06", {"fire": ["open_fire"]}, YES),
        ("P06", {"fire": ["fire_show"]}, YES),
        ("P06", {"fire": ["stage_effects"]}, YES),
        ("P06", {"fire": ["fireworks_show"], **FAMILY}, YES),
        ("P06", {"fire": ["fireworks_f2_f3"], **FAMILY}, NO),
        ("P06", {"fire": ["fireworks_f2_f3"], "kind": "private", "organiser": "company"}, YES),
        ("P06", {"fire": ["fireworks_f2_f3"]}, YES),
        ("P06", {"fire": ["fireworks_f1", "insulated_grill", "lpg"]}, NO),
        ("P06", {"exits_differ": True}, YES),
        ("P06", {"special_group": True}, YES),
        # P07: a business, or an association that serves others.
        ("P07", {"organiser": "company"}, YES),
        ("P07", {"organiser": "association"}, YES),
        ("P07", {"organiser": "association", "kind": "private"}, NO),
        ("P07", {"organiser": "private_person"}, NO),
        ("P07", {"organiser": "company", **MEETING}, NO),
        # P08–P12: effects, fireworks, fire.
        ("P08", {"fire": ["stage_effects"]}, YES),
        ("P08", {"fire": ["stage_effects"], **MEETING}, YES),
        ("P08", {"fire": ["stage_effects"], "kind": "private"}, NO),
        ("P09", {"fire": ["fireworks_show"], **FAMILY}, YES),
        ("P09", {"fire": ["fireworks_f2_f3"], **FAMILY}, NO),
        ("P09", {"fire": ["fireworks_f2_f3"]}, YES),
        ("P09", {"fire": ["fireworks_f2_f3"], "kind": "private", "organiser": "association"}, YES),
        ("P09", {"fire": ["fireworks_f1"]}, NO),
        ("P10", {"fire": ["fireworks_f2_f3"], **FAMILY}, YES),
        ("P10", {"fire": ["fireworks_f1"], **FAMILY}, NO),
        ("P10", {"fire": ["fireworks_f2_f3"]}, NO),
        ("P11", {"fire": ["open_fire"]}, YES),
        ("P11", {"fire": ["insulated_grill"]}, NO),
        ("P12", {"fire": ["fire_show"]}, YES),
        ("P12", {"fire": ["open_fire"]}, NO),
        ("P13", {"fire": ["lpg"]}, YES),
        ("P13", {"fire": ["lpg"], **FAMILY}, NO),
        ("P13", {"fire": ["lpg"], **FAMILY, "peak": 200}, YES),
        # P14: twenty sleepers.
        ("P14", {"overnight_guests": 0}, NO),
        ("P14", {"overnight_guests": 1}, ASK),
        ("P14", {"overnight_guests": 19}, ASK),
        ("P14", {"overnight_guests": 20}, YES),
        # P15–P18.
        ("P15", {"stewards": True}, YES),
        ("P15", {}, NO),
        ("P16", {"peak": 199}, NO),
        ("P16", {"peak": 200}, YES),
        ("P16", {"peak": 200, **MEETING}, ASK),
        ("P17", {}, NO),
        ("P17", {"restricts_area": True}, ASK),
        ("P17", {"peak": 200}, ASK),
        ("P17", {"peak": 200, "kind": "private"}, NO),
        ("P18", {"peak": 199, "place": "beach_or_sports"}, NO),
        ("P18", {"peak": 200, "place": "beach_or_sports"}, ASK),
        ("P18", {"peak": 200}, NO),
        # P19: amplified sound, late, long, a concert or a crowd.
        ("P19", {**LOUD}, NO),
        ("P19", {**LOUD, "near_homes": True, **until("20:00")}, NO),
        ("P19", {**LOUD, "near_homes": True, **until("20:01")}, ASK),
        ("P19", {**LOUD, "near_homes": False, **until("21:00")}, NO),
        ("P19", {**LOUD, "near_homes": True, **until("22:00")}, ASK),
        ("P19", {**LOUD, **until("22:01")}, YES),
        ("P19", {**LOUD, **until("18:00", "2027-06-13")}, YES),
        ("P19", {**LOUD, "concert": True}, YES),
        ("P19", {**LOUD, "peak": 199}, NO),
        ("P19", {**LOUD, "peak": 200}, YES),
        ("P19", {**LOUD, "peak": 200, "city": "espoo"}, YES),
        ("P19", {"concert": True, "peak": 900, **until("23:00")}, NO),
        ("P19", {**LOUD, "near_homes": True, "sound_starts": "2027-06-12T06:59"}, ASK),
        ("P19", {**LOUD, "near_homes": True, "sound_starts": "2027-06-12T07:00"}, NO),
        ("P19", {**LOUD, **FAMILY, **until("23:30"), "near_homes": True}, NO),
        ("P19", {**LOUD, **FAMILY, "peak": 200}, ASK),
        ("P19", {**LOUD, **FAMILY, "place": "housing_company", **until("23:30")}, ASK),
        ("P19", {**LOUD, **FAMILY, "place": "private_venue", **until("23:30")}, YES),
        ("P19", {**LOUD, **FAMILY, "organiser": "company", **until("23:30")}, YES),
        ("P19", {**LOUD, **MEETING, "peak": 900, **until("23:00")}, NO),
        ("P19", {**LOUD, **MEETING, "concert": True}, YES),
        # P20–P22: more than 500, in Espoo with unpacked food.
        *[(duty, {"peak": 500}, NO) for duty in ("P20", "P21", "P22")],
        *[(duty, BIG, YES) for duty in ("P20", "P21", "P22")],
        *[(duty, {**BIG, "kind": "private"}, NO) for duty in ("P20", "P21", "P22")],
        *[(duty, {**BIG, "kind": "public_meeting"}, NO) for duty in ("P20", "P21", "P22")],
        ("P20", {**BIG, "city": "espoo"}, YES),
        *[(duty, {**BIG, "city": "espoo"}, NO) for duty in ("P21", "P22")],
        *[(d, {**BIG, "city": "espoo", "unpacked_food": True}, YES) for d in ("P21", "P22")],
        *[(d, {**BIG, "city": "vantaa"}, YES) for d in ("P21", "P22")],
        # P23–P26.
        ("P23", {}, YES),
        ("P23", MEETING, NO),
        ("P23", FAMILY, NO),
        ("P23", {**FAMILY, "place": "private_venue"}, YES),
        ("P24", {"waste_water_to_sewer": True}, YES),
        ("P24", {}, NO),
        ("P25", {}, YES),
        ("P25", {"place": "private_venue", "indoors": True}, NO),
        ("P25", {"place": "private_venue", "indoors": False}, YES),
        ("P25", {"place": "school", "indoors": True}, YES),
        ("P25", FAMILY, NO),
        ("P26", {"place": "nature_area"}, YES),
        ("P26", {"place": "nature_area", "kind": "private"}, NO),
        ("P26", {"place": "nature_area", "kind": "private", "structures": ["tent"]}, YES),
        ("P26", {}, NO),
        # P27–P34: food and drink.
        ("P27", {"food": ["new_business"]}, YES),
        ("P27", {"food": ["hobby_small", "mobile_local", "mobile_from_elsewhere"]}, NO),
        ("P28", {"food": ["mobile_from_elsewhere"]}, YES),
        ("P28", {"food": ["mobile_local"]}, NO),
        ("P29", {"food": ["hobby_small"]}, NO),
        ("P30", SERVED, YES),
        ("P30", {**SERVED, "kind": "private"}, YES),
        ("P30", {**SERVED, "alcohol": "low"}, NO),
        ("P30", {**SERVED, "serving_area": "restaurant"}, NO),
        ("P30", {**SERVED, "serving_area": "approved"}, NO),
        ("P31", {**SERVED, "serving_area": "approved"}, YES),
        ("P31", SERVED, NO),
        ("P32", SERVED, NO),
        ("P33", {**SERVED, "serving_after_0130": True, **until("01:30", "2027-06-13")}, NO),
        ("P33", {**SERVED, "serving_after_0130": True, **until("01:31", "2027-06-13")}, YES),
        ("P33", {**SERVED, "serving_after_0130": False, **until("03:00", "2027-06-13")}, NO),
        ("P34", {}, YES),
        ("P34", {"kind": "private"}, NO),
        ("P34", MEETING, NO),
        # P35–P40: structures and technics.
        ("P35", {"structures": ["stage"], "structure_days": 90}, NO),
        ("P35", {"structures": ["stage"], "structure_days": 91}, YES),
        ("P35", {"structures": ["tent"], "structure_days": 120}, YES),
        ("P35", {"structures": ["other"], "structure_days": 120}, ASK),
        ("P35", {"structures": [], "structure_days": 120}, NO),
        *[("P36", {"structures": [one]}, YES) for one in ("tent", "stage", "stand")],
        ("P36", {"structures": ["other"]}, NO),
        ("P37", {"temporary_power": True}, YES),
        ("P38", {"high_power_laser": True}, YES),
        ("P38", {"high_power_laser": True, "kind": "private"}, ASK),
        ("P39", {"radio_microphones": True}, YES),
        ("P40", {"film": True}, YES),
        ("P40", {"film": True, "kind": "private"}, NO),
        # P41–P44: traffic.
        ("P41", {"street_traffic": ["city_street"]}, YES),
        ("P41", {"street_traffic": ["state_road"]}, NO),
        ("P41", {"street_traffic": ["city_street"], **MEETING}, NO),
        ("P42", {"street_traffic": ["state_road"]}, YES),
        ("P42", {"place": "state_road"}, YES),
        ("P42", {"street_traffic": ["state_road"], **MEETING}, ASK),
        ("P43", {"traffic_controllers": True}, YES),
        ("P44", {"peak": 8000}, NO),
        ("P44", {"peak": 8001}, YES),
        ("P44", {"public_transport_affected": True}, YES),
        # P45–P49: money and music.
        ("P46", {**LOTTERY, "lottery_eur": 0}, NO),
        ("P46", {**LOTTERY, "lottery_eur": 3000}, NO),
        ("P46", {**LOTTERY, "lottery_eur": 3001}, YES),
        ("P46", {**LOTTERY, "lottery_eur": 3000, "lottery_here_only": False}, YES),
        ("P46", {**LOTTERY, "lottery_eur": 3000, "registered_association": False}, YES),
        ("P46", {**LOTTERY, "lottery_eur": 3000, "organiser": "company"}, YES),
        ("P46", {"lottery_eur": 1, "lottery_here_only": True}, YES),
        ("P46", {"organiser": "school", "lottery_here_only": True, "lottery_eur": 1500}, NO),
        ("P46", {"lottery_eur": 500, "kind": "private", "organiser": "company"}, NO),
        ("P46", {"lottery_eur": 501, "kind": "private", "organiser": "company"}, YES),
        ("P45", {**LOTTERY, "lottery_eur": 1500}, NO),
        ("P47", {"lottery_eur": 500, "kind": "private"}, NO),
        ("P48", {"fundraising_eur": 0}, NO),
        ("P48", {"fundraising_eur": 1}, YES),
        ("P48", {"fundraising_eur": 10000}, YES),
        ("P48", {"fundraising_eur": 10001}, ASK),
        ("P48", {"fundraising_eur": 500, **MEETING}, YES),
        ("P48", {"fundraising_eur": 500, "kind": "private"}, NO),
        ("P49", {"music": ["recorded"]}, YES),
        ("P49", {"music": []}, NO),
        ("P49", {"music": ["live"], "kind": "private"}, NO),
        ("P49", {"music": ["live"], "kind": "private", "organiser": "company"}, YES),
        ("P49", {"music": ["live"], **MEETING}, ASK),
        ("P49", {"music": ["live"], "concert": True, **MEETING}, YES),
        # P50–P60.
        ("P50", {"drone": "show"}, YES),
        ("P50", {"drone": "filming"}, ASK),
        ("P50", {"drone": "none"}, NO),
        ("P51", {"air_show": True}, YES),
        ("P52", {"peak": 8000}, NO),
        ("P52", {"peak": 8001}, ASK),
        ("P53", {"motor_boats": True}, YES),
        ("P54", {"offroad_motors": True}, YES),
        ("P55", {"animals": "strenuous_competition"}, YES),
        ("P55", {"animals": "ordinary_show"}, NO),
        ("P56", {"animals": "circus"}, YES),
        ("P56", {"animals": "ordinary_show"}, NO),
        ("P57", {"children_activities": True, "organiser": "association"}, YES),
        ("P57", {"children_activities": True, **FAMILY}, NO),
        ("P58", {}, YES),
        ("P58", {"kind": "private"}, NO),
        ("P59", {"signs_outside_area": True}, YES),
        ("P60", {}, NO),
    ],
)
def test_threshold(planned, duty, facts, status):
    """The facts named decide the duty exactly so."""
    assert planned(**facts)[duty].status == status


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("2027-03-31T12:00", "not_required"),
        ("2027-04-01T00:00", "required"),
        ("2027-10-30T12:00", "required"),
        ("2027-10-31T12:00", "not_required"),
    ],
)
def test_varaamo_season(planned, start, status):
    """A spot is booked from 1 April to 30 October, both days included."""
    result = planned(
        start=start,
        end=start.replace("T12", "T18").replace("T00", "T18"),
        varaamo_spot=True,
        free_entry=True,
        restricts_area=True,
    )
    assert result["P04"].status == status
    assert result["P03"].status == ("not_required" if status == "required" else "required")


@pytest.mark.parametrize(
    ("fired", "status"),
    [
        ("2027-12-31T17:59", "required"),
        ("2027-12-31T18:00", "not_required"),
        ("2028-01-01T00:00", "not_required"),
        ("2028-01-01T02:00", "not_required"),
        ("2028-01-01T02:01", "required"),
        ("2028-01-01T18:30", "required"),
        ("2027-12-30T23:00", "required"),
    ],
)
def test_new_year_window(planned, fired, status):
    """A family's rockets are free from 18.00 on New Year's Eve to 2.00; an audience's never are."""
    night = {"start": "2027-12-30T12:00", "end": "2028-01-02T12:00", "fireworks_at": fired}
    family = planned(**FAMILY, **night, fire=["fireworks_f2_f3"])
    assert family["P10"].status == status
    assert family["P09"].status == family["P06"].status == "not_required"
    club = planned(**night, fire=["fireworks_f2_f3"], organiser="association", place="city_park")
    assert club["P10"].status == "not_required"
    assert club["P09"].status == club["P06"].status == "required"


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2027-04-30T18:00", "2027-05-01T03:00", "not_required"),  # the eve of May Day
        ("2027-04-30T18:00", "2027-05-01T03:01", "required"),
        ("2027-06-25T18:00", "2027-06-26T03:00", "not_required"),  # Midsummer Eve
        ("2027-12-31T18:00", "2028-01-01T03:00", "not_required"),
        ("2027-12-05T18:00", "2027-12-06T03:00", "not_required"),  # before Independence Day
        ("2027-05-01T18:00", "2027-05-02T03:00", "required"),  # the night after is an ordinary one
        ("2027-04-29T18:00", "2027-05-01T03:00", "required"),  # and so is the night before
    ],
)
def test_serving_eves(planned, start, end, status):
    """On four eves serving may go on until three without more."""
    result = planned(start=start, end=end, indoors=True, serving_after_0130=True, **SERVED)
    assert result["P33"].status == status


@pytest.mark.parametrize(
    ("people", "numbers"),
    [
        (501, ("5", "4", "1")),
        (750, ("5", "4", "1")),
        (751, ("6", "5", "1")),
        (1000, ("6", "5", "1")),
        (1001, ("7", "6", "2")),
        (2000, ("10", "9", "2")),
    ],
)
def test_toilets(planned, people, numbers):
    """The decree's table: women's, men's, and how many of them accessible."""
    women, men, accessible = numbers
    told = f"At least {women} toilets for women and {men} for men, {accessible} of them accessible"
    assert any(reason.startswith(told) for reason in planned(peak=people)["P20"].because)
