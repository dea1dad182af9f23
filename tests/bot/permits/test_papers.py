"""The papers: what the plan says is in them, in a form that people and their programs can read."""

import re
import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import typst
import yaml
from icalendar import Calendar
from pypdf import PdfReader

from bot.permits import LOCALES, plan, read_facts, wording
from bot.permits.data import HERE
from bot.permits.dates import HELSINKI
from bot.permits.duties import RULES
from bot.permits.errors import DataError, FactsError
from bot.permits.papers import (
    MEDIA_TYPES,
    Paper,
    file_name,
    notification_text,
    plan_ics,
    plan_pdf,
    timeline_png,
    timeline_svg,
    timeline_text,
)
from bot.permits.papers.cleaning import SHOWN, printable
from bot.permits.papers.notification import _FORMS
from bot.permits.papers.outline import (
    FACTS_TOLD,
    Urgency,
    deadlines,
    deadlines_of,
    reasons,
    to_do,
    urgency,
    urgent,
)
from bot.permits.papers.words import paper_words
from bot.permits.plan import Status
from bot.permits.register import register

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    '#strong[x] *b* _i_ $x^2$ <label> @ref \\u{41} // /* ]} #panic("no") "quoted" '
    "</text><script>alert(1)</script>&amp;&x; ]]> --> "
    "END:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VEVENT\nSUMMARY;X=1:evil\\n,;\n\n\t"
    "\x00\x07\x1b\x85\u2028\u202e\ufffe 😀👩‍🚒 漢字 åäöÅÄÖ " + "Ö" * 10_000
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


@pytest.fixture
def concert(facts_for):
    """A concert on a square with most duties there are, planned in a locale at a moment."""

    def planned(locale="en", as_of="2027-05-20T09:00", **changes):
        told = {
            "start": "2027-06-13T15:00",
            "end": "2027-06-13T23:00",
            "peak": 1200,
            "place": "city_square",
            "organiser": "company",
            "structures": ["stage"],
            "restricts_area": True,
            "amplified_outdoors": True,
            "concert": True,
            "near_homes": True,
            "alcohol": "served",
            "serving_area": "not_approved",
            "stewards": True,
            "food": ["mobile_from_elsewhere"],
            "unpacked_food": True,
            "music": ["live"],
        }
        facts = read_facts(facts_for(**(told | changes)))
        return plan(facts, at(as_of), locale=locale), facts

    return planned


@pytest.fixture
def hostile(concert):
    """The same plan with every text of every duty replaced by what no text should be."""
    good, facts = concert()
    texts = dict.fromkeys(("name", "authority", "basis", "where", "fee", "source"), HOSTILE)
    bad = (
        replace(duty, because=tuple(HOSTILE for _ in duty.because), **texts)
        for duty in to_do(good)[:4]
    )
    return replace(good, duties=tuple(bad)), facts


def undated(locale="en", **facts):
    known = read_facts(facts)
    return plan(known, at("2027-01-04T09:00"), locale=locale), known


def pdf_text(data):
    """Return a PDF's text on one line, spaces as people type them."""
    pages = PdfReader(BytesIO(data)).pages
    return plain(" ".join(page.extract_text() for page in pages))


def plain(text):
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


def font_sizes(data):
    """Return how many letters a PDF has in each font size, in points."""
    sizes = {}

    def note(text, _matrix, text_matrix, _font, size):
        if text.strip():
            points = round(size * abs(text_matrix[3] or 1), 1)
            sizes[points] = sizes.get(points, 0) + len(text)

    for page in PdfReader(BytesIO(data)).pages:
        page.extract_text(visitor_text=note)
    return sizes


def tags(root):
    """Go through the structure types of a tagged PDF."""
    kids = root.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        element = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(element, dict):
            if "/S" in element:
                yield element["/S"]
            yield from tags(element)


def drawn(svg):
    return ET.fromstring(svg)  # noqa: S314 - drawn by ourselves a moment ago


def events_of(data):
    return {str(event["UID"]): event for event in Calendar.from_ical(data).walk("VEVENT")}


# --- The PDF.


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_pdf_is_accessible(concert, locale, large):
    """It is tagged PDF/UA-1, knows its language and title, and shows the title in the window."""
    reader = PdfReader(BytesIO(plan_pdf(*concert(locale), locale, large=large)))
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"].partition("-")[0] == locale
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
    assert reader.metadata.title.startswith(paper_words(locale).phrase("document", "heading"))
    assert len(root["/Outlines"]) > 0
    found = set(tags(root["/StructTreeRoot"]))
    assert {"/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Link"} <= found


def test_links_say_where_they_lead(concert):
    """Each link has a text for those who do not see it, and all of them lead to web pages."""
    reader = PdfReader(BytesIO(plan_pdf(*concert(), "en")))
    links = [
        annotation.get_object()
        for page in reader.pages
        for annotation in page.get("/Annots", [])
        if annotation.get_object()["/Subtype"] == "/Link"
    ]
    assert links
    for link in links:
        assert link["/A"]["/URI"].startswith("https://")
        assert link["/Contents"]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_pdf_says_what_the_plan_says(concert, locale):
    """Every duty to do with its authority, dates, fee, reasons, source and day of checking."""
    planned, facts = concert(locale)
    text, words = pdf_text(plan_pdf(planned, facts, locale)), paper_words(locale)
    assert words.phrase("document", "disclaimer") in text
    assert words.guide.moment(planned.as_of) in text
    for duty in to_do(planned):
        for said in (duty.name, duty.authority, duty.where, duty.fee, duty.basis, *reasons(duty)):
            assert plain(said) in text, (duty.id, said)
        assert duty.source in text.replace(" ", ""), duty.id
        assert words.guide.day(register()[duty.id].checked) in text
        for deadline in deadlines_of(duty):
            assert words.guide.day(deadline.day) in text, duty.id
    for name in ("kind", "place", "organiser", "alcohol"):
        assert words.value(name, facts[name]) in text


def test_the_urgent_comes_first(concert):
    """What is late stands before all else, with the number to call and what may come of it."""
    planned, facts = concert(as_of="2027-06-12T09:00")
    text = pdf_text(plan_pdf(planned, facts, "en"))
    late = [duty for duty in planned.duties if duty.late]
    assert late
    for duty in late:
        assert text.index(f"The limit has passed: {duty.name}") < text.index("The dates in order")
        assert plain(duty.because[-1]) in text
        # A number that was looked up some time ago is never shown without its day.
        assert "looked up on 21 November 2026; check them" in text
    assert [why for _, why in urgent(planned)] == sorted(
        (why for _, why in urgent(planned)), key=list(Urgency).index
    )


def test_open_duties_say_what_is_unknown():
    """A plan that is not finished names the duties still open and the facts that decide them."""
    planned, facts = undated(kind="public_event", place="city_park")
    text = pdf_text(plan_pdf(planned, facts, "en"))
    assert planned.having(Status.OPEN)
    for duty in planned.having(Status.OPEN):
        assert plain(f"{duty.name}: {' '.join(duty.because)}") in text


def test_large_print_is_18_points(concert):
    """The large variant has its text in 18 points and nothing much smaller."""
    ordinary, large = (
        font_sizes(plan_pdf(*concert(), "en", large=large)) for large in (False, True)
    )
    assert max(ordinary, key=ordinary.get) == 11.5
    assert max(large, key=large.get) == 18
    assert min(large) >= 15


def test_no_font_of_the_machine_is_used(concert):
    """Every font is embedded, and comes from the typst package."""
    reader = PdfReader(BytesIO(plan_pdf(*concert("fi"), "fi")))
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "LibertinusSerif" in below["/BaseFont"]
            assert {"/FontFile2", "/FontFile3"} & set(below["/FontDescriptor"].get_object())


def test_the_font_shows_all_it_is_said_to():
    """An accessible PDF of every character that is let through can be made."""
    letters = "".join(chr(code) for low, high in SHOWN for code in range(low, high + 1))
    page = (
        b'#set document(title: "x")\n#set text(font: "Libertinus Serif", fallback: false)\n'
        b"#sys.inputs.text"
    )
    assert typst.compile(
        page,
        format="pdf",
        pdf_standards="ua-1",
        ignore_system_fonts=True,
        sys_inputs={"text": letters},
    )


# --- The calendar.


@pytest.mark.parametrize("locale", LOCALES)
def test_the_calendar_has_the_plans_deadlines(concert, locale):
    """The days are the plan's own, each an all-day event with reminders a week and a day before."""
    planned, facts = concert(locale)
    events = events_of(plan_ics(planned, facts, locale, uid="e-7"))
    found = deadlines(planned)
    assert len(events) == len(found) + 1
    for duty in to_do(planned):
        days = [duty.file_by] if duty.hard else []
        days += [duty.recommended.date()] if duty.recommended else []
        uids = [f"{duty.id}-e-7@neuvokas", f"{duty.id}-recommended-e-7@neuvokas"]
        for uid, day in zip(uids, days, strict=False):
            event = events[uid]
            assert type(event.decoded("DTSTART")) is date
            assert event.decoded("DTSTART") == day
            assert event.decoded("DTEND") == day + timedelta(days=1)
            assert duty.name in event["SUMMARY"]
            assert duty.authority in event["DESCRIPTION"]
            # Nine in the morning seven days and one day before.
            triggers = [alarm.decoded("TRIGGER") for alarm in event.walk("VALARM")]
            assert triggers == [timedelta(hours=9, days=-7), timedelta(hours=9, days=-1)]
    event = events["event-e-7@neuvokas"]
    assert event.decoded("DTSTART") == facts["start"]
    assert event.decoded("DTEND") == facts["end"]


def test_a_moved_event_moves_in_the_calendar(concert):
    """The same UIDs with a later stamp and a higher sequence: an import again updates."""
    first = events_of(plan_ics(*concert(as_of="2027-01-04T09:00"), "en", uid="x"))
    moved = concert(
        as_of="2027-01-04T09:01",
        start="2027-06-20T15:00",
        end="2027-06-20T23:00",
        sound_starts="2027-06-20T15:00",
        fireworks_at="2027-06-20T15:00",
    )
    second = events_of(plan_ics(*moved, "en", uid="x"))
    assert first.keys() == second.keys()
    for uid, event in first.items():
        assert second[uid].decoded("DTSTAMP") > event.decoded("DTSTAMP")
        assert second[uid]["SEQUENCE"] > event["SEQUENCE"]
        assert second[uid].decoded("DTSTART") > event.decoded("DTSTART")


@pytest.mark.parametrize("year", [2001, 2026, 2099])
def test_sequences_fit(year):
    """A sequence is a whole number that calendars can keep, whatever the year."""
    as_of = datetime(year, 1, 1, tzinfo=UTC)
    known = read_facts({"start": "2027-06-12T12:00", "kind": "public_meeting"})
    data = plan_ics(plan(known, as_of), known, "en", uid="x")
    for event in events_of(data).values():
        assert 0 <= event["SEQUENCE"] < 2**31


def test_the_calendar_is_written_as_calendars_are(concert):
    """UTF-8, CRLF, no line over 75 bytes, and the same summer time as the guide's."""
    data = plan_ics(*concert("fi"), "fi", uid="x")
    assert data.endswith(b"\r\n")
    lines = data.split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    zone = next(iter(Calendar.from_ical(data).walk("VTIMEZONE"))).to_tz()
    for day in ("2027-01-15", "2027-03-28", "2027-07-01", "2027-10-30", "2027-11-01"):
        noon = datetime.fromisoformat(f"{day}T12:00")
        ours = noon.replace(tzinfo=HELSINKI).utcoffset()
        assert noon.replace(tzinfo=zone).utcoffset() == ours, day


@pytest.mark.parametrize("uid", ["", "a b", "a\r\nBEGIN:VEVENT", "å", "x" * 101, "a@b", "a\n"])
def test_a_uid_is_only_a_uid(concert, uid):
    """What could break out of its line is refused."""
    with pytest.raises(ValueError, match="uid"):
        plan_ics(*concert(), "en", uid=uid)


# --- The picture.


@pytest.mark.parametrize("locale", LOCALES)
def test_the_picture_has_real_text(concert, locale):
    """Each deadline is in the SVG as text, and all of it in the description in order."""
    planned, facts = concert(locale)
    root = drawn(timeline_svg(planned, facts, locale))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert root.get("lang") == locale
    assert desc.text == timeline_text(planned, facts, locale)
    text = plain(" ".join(element.text for element in root.iter(f"{SVG}text")))
    words = paper_words(locale)
    for deadline in deadlines(planned):
        assert deadline.duty.name in text
        assert words.short_day(deadline.day) in text
    lines = timeline_text(planned, facts, locale).split("\n")[1:]
    assert len(lines) == len(deadlines(planned)) + 2


def test_urgent_is_a_shape_and_a_word(concert):
    """What is near has a mark of its own form and says so; nothing hangs on colour alone."""
    calm = timeline_svg(*concert(as_of="2026-12-01T09:00"), "en")
    pressing = timeline_svg(*concert(as_of="2027-06-05T09:00"), "en")
    one_mark = "l15 15 l-15 15"
    assert calm.count(one_mark) == 1  # In the legend.
    assert pressing.count(one_mark) > 1
    assert "passed" not in calm
    assert "passed" in pressing
    assert "within a week" in pressing


@pytest.mark.parametrize("locale", LOCALES)
def test_the_picture_fits_a_phone(concert, locale):
    """The PNG is 1080 pixels wide and no taller than a messenger takes; no line leaves the SVG."""
    planned, facts = concert(locale)
    data = timeline_png(planned, facts, locale)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    assert width == 1080
    # Telegram takes photos whose sides come to 10 000 together.
    assert width + height <= 10_000
    root = drawn(timeline_svg(planned, facts, locale))
    for element in root.iter(f"{SVG}text"):
        if element.get("text-anchor") != "end":
            size = float(element.get("font-size"))
            assert float(element.get("x")) + 0.5 * size * len(element.text) < 540, element.text


# --- The drafts.


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("duty", RULES)
def test_every_duty_has_a_draft(duty, locale):
    """With nothing known a draft is all gaps; with all known only the organiser's own are left."""
    words = paper_words(locale)
    gap = words.phrase("notification", "gap", what="\n").partition("\n")[0]
    text = notification_text(read_facts({}), duty, locale)
    lines = text.strip().split("\n")[5:]
    assert wording(locale).duty(duty).name in text
    assert all(gap in line for line in lines)


def test_a_draft_tells_what_is_known(concert):
    """Known facts stand in words, the rest as gaps that say what belongs there."""
    _, facts = concert("fi")
    text = notification_text(facts, "P01", "fi")
    for line in (
        "Vastaanottaja: Helsingin poliisilaitos",
        "Tapahtuma: yleisötilaisuus, [täydennä: tapahtuman nimi ja sisältö lyhyesti]",
        "Järjestäjä: yritys, [täydennä: järjestäjän nimi ja osoite, yhteisöstä myös Y-tunnus]",
        "Yhteyshenkilö: [täydennä: nimi, puhelinnumero ja sähköposti]",
        "Alkaa: sunnuntai 13.6.2027 klo 15.00",
        "Ihmisiä samaan aikaan: 1\u00a0200",
        "Rakenteet: lava",
        "Äänentoistoa ulkona: kyllä",
        "Alkoholi: anniskellaan tai myydään, yli 2,8 prosenttia",
        "Järjestyksenvalvojia: kyllä",
        "Järjestyksenvalvojien nimet: [täydennä: nimet]",
    ):
        assert line in text.split("\n")


@pytest.mark.parametrize(
    ("facts", "duty", "addressee"),
    [
        ({"city": "espoo"}, "P06", "Western Uusimaa Rescue Department"),
        ({}, "P06", "the rescue department of the place"),
        ({"city": "helsinki", "place": "market_square"}, "P03", "Wholesale Market"),
        ({"city": "vantaa", "place": "city_park"}, "P03", "City of Vantaa, Streets and Parks"),
    ],
)
def test_a_draft_goes_where_the_rule_sends_it(facts, duty, addressee):
    """The addressee is the authority of the city, or the one the rule chose."""
    facts = {"kind": "public_event", "restricts_area": True, **facts}
    assert addressee in notification_text(read_facts(facts), duty, "en").split("\n")[3]


def test_stewards_are_named_only_where_there_are_any():
    """Without stewards nobody is asked for their names."""
    assert "Names of the stewards" in notification_text(read_facts({}), "P01", "en")
    without = read_facts({"stewards": False})
    assert "Names of the stewards" not in notification_text(without, "P01", "en")


def test_an_unknown_duty_has_no_draft():
    """A wrong number is an error with its name."""
    with pytest.raises(DataError, match="P99"):
        notification_text(read_facts({}), "P99", "en")


# --- What all of them must bear.


def test_facts_hold_no_text_of_their_own():
    """Free text cannot come in by the facts: every value is one of the guide's own."""
    for name in ("kind", "city", "place"):
        with pytest.raises(FactsError):
            read_facts({name: HOSTILE})


def test_hostile_text_is_only_text_in_the_pdf(hostile):
    """Markup is printed as it stands, what has no glyph is a question mark, links lead nowhere."""
    data = plan_pdf(*hostile, "en", large=True)
    text = pdf_text(data)
    assert '#strong[x] *b* _i_ $x^2$ <label> @ref \\u{41} // /* ]} #panic("no")' in text
    assert "åäöÅÄÖ" in text
    assert "😀" not in text
    for page in PdfReader(BytesIO(data)).pages:
        assert not page.get("/Annots")


def test_hostile_text_is_only_text_in_the_calendar(hostile):
    """No event is added, no line broken, no control character passed on."""
    planned, facts = hostile
    data = plan_ics(planned, facts, "en", uid="x")
    events = events_of(data)
    assert len(events) == len(deadlines(planned)) + 1
    assert all("x@neuvokas" in uid for uid in events)
    assert not set(data) & (set(range(32)) - {10, 13})
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.count(b"\r\nBEGIN:VEVENT\r\n") == len(events)
    assert any("😀" in event["SUMMARY"] for event in events.values())


def test_hostile_text_is_only_text_in_the_picture(hostile):
    """The SVG stays what it was, no element is added, and the picture stays of a size to send."""
    svg = timeline_svg(*hostile, "en")
    root = drawn(svg)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "desc", "rect", "path", "circle", "text"}
    assert float(root.get("height")) < 4_000
    assert timeline_png(*hostile, "en")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_plan_without_duties(locale):
    """Nothing to do is said; the calendar has nothing in it and is still one."""
    planned, facts = undated(locale)
    empty = replace(planned, duties=())
    words = paper_words(locale)
    text = pdf_text(plan_pdf(empty, facts, locale))
    assert words.phrase("document", "nothing_required") in text
    assert words.phrase("document", "told_nothing") in text
    assert words.phrase("document", "no_start") in plain(timeline_text(empty, facts, locale))
    drawn(timeline_svg(empty, facts, locale))
    assert timeline_png(empty, facts, locale)
    assert not events_of(plan_ics(empty, facts, locale, uid="x"))
    # A calendar must have one component at least (RFC 5545, 3.6); here it is the time zone.
    assert Calendar.from_ical(plan_ics(empty, facts, locale, uid="x")).subcomponents


@pytest.mark.parametrize("locale", LOCALES)
def test_a_plan_without_a_date(locale):
    """What is needed is there, and that its dates follow from the start of the event."""
    planned, facts = undated(locale, kind="public_event", city="espoo", peak=300)
    words = paper_words(locale)
    text = pdf_text(plan_pdf(planned, facts, locale))
    assert words.phrase("document", "no_start") in text
    assert words.phrase("duty", "date_unknown") in text
    assert planned["P06"].name in text
    assert words.phrase("document", "no_start") in timeline_text(planned, facts, locale)
    assert timeline_png(planned, facts, locale)
    assert not events_of(plan_ics(planned, facts, locale, uid="x"))


def test_a_plan_with_open_duties_does_not_promise_that_there_are_no_dates():
    """As long as something is open, its dates are not known rather than none."""
    planned, facts = undated(start="2027-06-12T12:00")
    assert "not known yet" in timeline_text(planned, facts, "en")
    assert "nothing is decided yet" in pdf_text(plan_pdf(planned, facts, "en"))


def test_the_same_input_gives_the_same_bytes(concert, monkeypatch):
    """No clock and no chance inside: papers can be compared and cached."""
    made = []
    for zone in ("UTC", "Pacific/Auckland"):
        monkeypatch.setenv("TZ", zone)
        planned, facts = concert("sv")
        made.append(
            (
                plan_pdf(planned, facts, "sv"),
                plan_pdf(planned, facts, "sv", large=True),
                plan_ics(planned, facts, "sv", uid="x"),
                timeline_svg(planned, facts, "sv"),
                timeline_png(planned, facts, "sv"),
                notification_text(facts, "P01", "sv"),
            )
        )
    assert made[0] == made[1]


# --- The parts.


@pytest.mark.parametrize(
    ("hard", "recommended", "expected"),
    [
        ("2027-06-01T08:59", None, Urgency.LATE),
        ("2027-06-01T10:00", None, Urgency.SOON),
        ("2027-06-08T10:00", None, Urgency.SOON),
        ("2027-06-09T10:00", None, None),
        ("2027-07-01T10:00", "2027-05-31T10:00", Urgency.ADVICE_PASSED),
        ("2027-07-01T10:00", "2027-06-08T10:00", Urgency.ADVICE_SOON),
        ("2027-07-01T10:00", "2027-06-09T10:00", None),
        (None, None, None),
    ],
)
def test_what_is_urgent(planned, hard, recommended, expected):
    """A limit that has passed, or a date within seven days; the eighth is not yet."""
    as_of = at("2027-06-01T09:00")
    limit = at(hard) if hard else None
    duty = replace(
        planned()["P23"],
        hard=limit,
        file_by=limit.date() if limit else None,
        late=bool(limit and limit < as_of),
        recommended=at(recommended) if recommended else None,
    )
    assert urgency(duty, as_of) == expected


def test_a_passed_working_day_is_urgent(planned):
    """The limit is on Sunday, the last working day was Friday, and today is Saturday."""
    duty = replace(
        planned()["P23"], hard=at("2027-06-06T15:00"), file_by=date(2027, 6, 4), late=False
    )
    assert urgency(duty, at("2027-06-05T12:00")) is Urgency.FILED_PASSED


@pytest.mark.parametrize("as_of", ["2027-01-04T09:00", "2027-06-12T09:00"])
def test_the_sentence_about_the_limit_is_the_last(concert, as_of):
    """The papers tell the limit in their own place, so they count on where the plan tells it."""
    planned, _ = concert(as_of=as_of)
    words = wording("en")
    for duty in to_do(planned):
        if duty.hard:
            assert words.moment(duty.hard) in duty.because[-1]
            assert all(words.moment(duty.hard) not in reason for reason in reasons(duty))


def test_facts_are_told_start_first():
    """All facts, in the order of asking, but when it starts before when it ends."""
    assert set(FACTS_TOLD) == set(read_all_names())
    assert FACTS_TOLD.index("start") + 1 == FACTS_TOLD.index("end")


def read_all_names():
    return yaml.safe_load((HERE / "texts" / "en" / "facts.yaml").read_text(encoding="utf-8"))


def test_printable():
    """One line of what the font has."""
    assert printable(" a\r\n\tb\x00c 😀漢 ä€–§ ") == "a b?c ? ä€–§"


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("fi", "lauantai 12.6.2027 klo 9.05–18.00"),
        ("sv", "lördag 12.6.2027 kl. 9.05–18.00"),
        ("en", "Saturday 12 June 2027 at 9:05–18:00"),
    ],
)
def test_days_are_written_as_people_write_them(locale, written):
    """The weekday in front; in a Finnish sentence in its own form."""
    words = paper_words(locale)
    assert words.span(at("2027-06-12T09:05"), at("2027-06-12T18:00")) == written
    assert written.startswith(words.day(date(2027, 6, 12)))
    assert paper_words("fi").on_day(date(2027, 6, 12)) == "lauantaina 12.6.2027"


def test_file_names():
    """Every paper has a name in each language, in ASCII, with the ending of what it is."""
    for locale in LOCALES:
        names = [file_name(kind, locale) for kind in Paper]
        assert len(set(names)) == len(names)
        for kind, name in zip(Paper, names, strict=True):
            assert re.fullmatch(r"[a-z-]+\.[a-z]{3}", name)
            assert name.endswith(kind.partition("_")[0])
    assert file_name("pdf", "fi") == "lupasuunnitelma.pdf"
    assert set(MEDIA_TYPES) == set(Paper)
    with pytest.raises(ValueError, match="doc"):
        file_name("doc", "fi")


def paper_texts(locale):
    read = yaml.safe_load((HERE / "texts" / locale / "papers.yaml").read_text(encoding="utf-8"))
    return {
        (section, name): text for section, texts in read.items() for name, text in texts.items()
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_the_papers_texts_are_complete(locale):
    """The same texts with the same places in each language, none of them empty."""
    english = paper_texts("en")
    assert paper_texts(locale).keys() == english.keys()
    for key, text in paper_texts(locale).items():
        assert text.strip() == text != ""
        if locale != "en" and len(text.split()) > 2:
            assert text != english[key]
        ours, theirs = (
            sorted(name for _, name, _, _ in string.Formatter().parse(one) if name)
            for one in (text, english[key])
        )
        assert ours == theirs, key


def test_forms_ask_for_what_there_is():
    """Every form is of a duty, its facts are facts, and its gaps have words."""
    for duty, form in _FORMS.items():
        assert duty in RULES
        assert set(form.facts) <= set(FACTS_TOLD)
        for gap in form.gaps:
            assert ("notification", gap) in paper_texts("en")
            assert ("notification", f"{gap}_gap") in paper_texts("en")


def test_a_language_without_texts_is_refused(concert):
    """A fourth language is an error and no English in disguise."""
    with pytest.raises(DataError, match="de"):
        plan_pdf(*concert(), "de")
