"""Every hard limit and recommendation: how far back it is counted, and from what."""

from datetime import date

import pytest

FAMILY = {"kind": "private", "organiser": "private_person"}
FAR = {"start": "2027-09-15T15:00", "end": "2027-09-15T18:00"}  # a Wednesday


def local(moment):
    return moment.replace(tzinfo=None).isoformat(timespec="minutes") if moment else None


@pytest.mark.parametrize(
    ("duty", "facts", "hard"),
    [
        ("P01", {"peak": 200}, "2027-09-10T15:00"),
        ("P02", {"kind": "public_meeting"}, "2027-09-14T15:00"),
        ("P06", {"peak": 200}, "2027-09-01T15:00"),
        ("P08", {"fire": ["stage_effects"]}, "2027-09-01T15:00"),
        ("P09", {"fire": ["fireworks_show"]}, "2027-09-01T15:00"),
        ("P10", {**FAMILY, "fire": ["fireworks_f2_f3"]}, "2027-09-10T15:00"),
        ("P11", {"fire": ["open_fire"]}, "2027-09-01T15:00"),
        ("P12", {"fire": ["fire_show"]}, "2027-09-01T15:00"),
        ("P15", {"stewards": True}, "2027-09-10T15:00"),
        ("P15", {"stewards": True, "kind": "public_meeting"}, None),
        ("P15", {"stewards": True, "kind": "private"}, None),
        ("P19", {"amplified_outdoors": True, "concert": True}, "2027-08-16T15:00"),
        ("P22", {"peak": 501}, "2027-08-16T15:00"),
        ("P27", {"food": ["new_business"]}, "2027-08-18T15:00"),
        ("P28", {"food": ["mobile_from_elsewhere"]}, "2027-09-09T15:00"),
        ("P31", {"alcohol": "served", "serving_area": "approved"}, "2027-09-12T15:00"),
        ("P48", {"fundraising_eur": 100}, "2027-09-08T15:00"),
        ("P55", {"animals": "strenuous_competition"}, "2027-08-16T15:00"),
    ],
)
def test_hard_limit(planned, duty, facts, hard):
    """Counted back from the start of the event, at the same clock time."""
    assert local(planned(**{**FAR, "sound_starts": FAR["start"], **facts})[duty].hard) == hard


NIGHT = {"start": "2027-09-15T18:00", "end": "2027-09-16T03:00"}
SERVING = {"alcohol": "served", "serving_area": "not_approved", "serving_after_0130": True}


def test_extended_serving(planned):
    """Indoors a notice three weeks before; outdoors a licence, with a recommendation only."""
    indoors = planned(**NIGHT, **SERVING, indoors=True)["P33"]
    assert (local(indoors.hard), indoors.recommended) == ("2027-08-25T18:00", None)
    outdoors = planned(**NIGHT, **SERVING, indoors=False)["P33"]
    assert (outdoors.hard, local(outdoors.recommended)) == (None, "2027-07-17T18:00")


@pytest.mark.parametrize(
    ("duty", "facts", "days"),
    [
        ("P01", {"peak": 200}, 14),
        ("P01", {"peak": 501}, 30),
        ("P03", {"restricts_area": True}, 14),
        ("P03", {"restricts_area": True, "peak": 200}, 30),
        ("P03", {"restricts_area": True, "peak": 501}, 60),
        ("P03", {"restricts_area": True, "city": "espoo"}, 30),
        ("P03", {"restricts_area": True, "city": "vantaa", "peak": 900}, 30),
        ("P14", {"overnight_guests": 20}, 14),
        ("P15", {"stewards": True}, 14),
        ("P21", {"peak": 501}, 30),
        ("P24", {"waste_water_to_sewer": True}, 30),
        ("P26", {"place": "nature_area"}, 60),
        ("P30", {"alcohol": "served", "serving_area": "not_approved"}, 60),
        ("P35", {"structures": ["tent"], "structure_days": 91}, 90),
        ("P37", {"temporary_power": True}, 14),
        ("P38", {"high_power_laser": True}, 30),
        ("P39", {"radio_microphones": True}, 14),
        ("P40", {"film": True}, 14),
        ("P41", {"street_traffic": ["city_street"]}, 30),
        ("P41", {"street_traffic": ["city_street"], "peak": 501}, 90),
        ("P42", {"street_traffic": ["state_road"]}, 45),
        ("P43", {"traffic_controllers": True}, 14),
        ("P44", {"public_transport_affected": True}, 30),
        ("P46", {"lottery_eur": 4000}, 30),
        ("P49", {"music": ["live"]}, 14),
        ("P50", {"drone": "show"}, 180),
        ("P50", {"drone": "filming"}, None),
        ("P51", {"air_show": True}, 90),
        ("P52", {"peak": 8001}, 90),
        ("P53", {"motor_boats": True}, 60),
        ("P54", {"offroad_motors": True}, 60),
        ("P56", {"animals": "circus"}, 60),
        ("P59", {"signs_outside_area": True}, 14),
        ("P59", {"signs_outside_area": True, "street_traffic": ["state_road"]}, 45),
        *[(duty, {}, None) for duty in ("P23", "P25", "P34", "P58")],
    ],
)
def test_recommendation(planned, duty, facts, days):
    """Days before the start by which it should be in, where the law sets no limit or a short one."""
    recommended = planned(**{**FAR, **facts})[duty].recommended
    counted = (date(2027, 9, 15) - recommended.date()).days if recommended else None
    assert counted == days


def test_noise_counts_from_the_first_sound(planned):
    """The sound check the day before moves the noise limit, and only the noise limit."""
    concert = {"amplified_outdoors": True, "concert": True, "peak": 501}
    plain = planned(**FAR, **concert, sound_starts="2027-09-15T15:00")
    checked = planned(**FAR, **concert, sound_starts="2027-09-14T10:00")
    assert local(checked["P19"].hard) == "2027-08-15T10:00"
    assert checked["P19"].file_by.isoformat() == "2027-08-13"
    for duty in ("P01", "P06", "P22"):
        assert checked[duty].hard == plain[duty].hard


def test_fireworks_count_from_the_start(planned):
    """A fireworks notice is counted from the start of the event, whenever the rockets go off."""
    result = planned(**FAR, fire=["fireworks_show"], fireworks_at="2027-09-15T17:30")
    assert local(result["P09"].hard) == "2027-09-01T15:00"


@pytest.mark.parametrize(
    ("duty", "start", "facts", "hard"),
    [
        ("P06", "2027-04-05T12:00", {"peak": 200}, "2027-03-22T12:00:00+02:00"),
        ("P06", "2027-11-05T12:00", {"peak": 200}, "2027-10-22T12:00:00+03:00"),
        ("P06", "2028-03-14T12:00", {"peak": 200}, "2028-02-29T12:00:00+02:00"),
        ("P02", "2027-03-28T12:00", {"kind": "public_meeting"}, "2027-03-27T11:00:00+02:00"),
        (
            "P28",
            "2027-06-29T12:00",
            {"food": ["mobile_from_elsewhere"]},
            "2027-06-22T12:00:00+03:00",
        ),
        (
            "P28",
            "2027-03-31T12:00",
            {"food": ["mobile_from_elsewhere"]},
            "2027-03-23T12:00:00+02:00",
        ),
    ],
)
def test_limits_across_the_calendar(planned, duty, start, facts, hard):
    """Summer time, the leap day, Juhannus and Easter on the way back."""
    result = planned(start=start, end=start.replace("T12", "T18"), sound_starts=start, **facts)
    assert result[duty].hard.isoformat() == hard
