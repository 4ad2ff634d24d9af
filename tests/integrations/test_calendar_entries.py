"""Meetings from calendar entries: booked, moved, called off, held; and the times that calendars write in many ways."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.errors import DomainError
from integrations.calendar_reading import read_calendar
from integrations.copy_addresses import address_of, renew_address, set_up_door
from integrations.models import CalendarEntry, Meeting
from integrations.taking_mail import take_file, take_mail
from integrations.tasks import hold_meetings
from leads import services
from leads.models import LeadEvent, Obligation, Touch
from tests.leads.handing_over import BERLIN, hand_over, promise, t

MAILS = Path(__file__).parent / "mails"
GOOGLE = (MAILS / "google_invitation.eml").read_bytes()
OUTLOOK = (MAILS / "outlook_meeting.ics").read_bytes()
UTC = dt.UTC


@pytest.fixture
def handoff(stages, people):
    """Anna is handed over to `member` on a Tuesday at nine; now it is ten."""
    promise()
    set_up_door(address="log@copies.example.com", actor=people["administrator"])
    renew_address(user=people["member"])
    with time_machine.travel(t(10), tick=False):
        yield hand_over(stages, owner=people["member"], email="anna@kunde.example")


def entry(start: dt.datetime, hours: float = 1, *, sequence: int = 0, method: str = "REQUEST", people=None, **more) -> bytes:
    """A calendar file with one meeting of `member` and Anna."""
    who = people or ("member@example.com", "anna@kunde.example")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", f"METHOD:{method}", "BEGIN:VEVENT", "UID:one@example.com",
        f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTEND:{start.astimezone(UTC) + dt.timedelta(hours=hours):%Y%m%dT%H%M%SZ}",
        f"DTSTAMP:20260303T08{sequence:02}00Z", f"SEQUENCE:{sequence}", f"ORGANIZER:mailto:{who[0]}",
        *[f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{one}" for one in who],
        *[f"{name.replace('_', '-')}:{value}" for name, value in more.items()],
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def take(content: bytes, person, at: dt.datetime | None = None) -> str:
    """Upload a file at a moment; returns what became of it."""
    with time_machine.travel(at or t(10), tick=False):
        return take_file(user=person, content=content, received_at=at or t(10))[0]


def due(handoff) -> dt.datetime:
    return Obligation.objects.get(entry_id=handoff.pk, promise="S1").due_at


def met(handoff) -> dt.datetime | None:
    return Obligation.objects.get(entry_id=handoff.pk, promise="S1").met_at


def hold(at: dt.datetime) -> int:
    with time_machine.travel(at, tick=False):
        return hold_meetings()


# --- booked and held --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_invitation_by_mail_pauses_the_clock_until_the_meeting_which_then_is_a_contact(handoff, people):
    (copy,) = take_mail(GOOGLE, recipients=[address_of(people["member"])], received_at=t(10))
    assert (copy.outcome, copy.matched) == ("logged", 1)
    # booked at 9:50, so 50 minutes of four hours are used; the meeting is on Thursday at eleven
    assert due(handoff) == t(14, 10, days=2)
    assert met(handoff) is None and not Touch.objects.filter(side="sales").exists()
    assert hold(t(11, 59, days=2)) == 0
    assert hold(t(12, days=2)) == 1
    touch = Touch.objects.get(side="sales")
    assert (touch.kind, touch.outcome, touch.source, touch.occurred_at) == ("meeting", "reached", "calendar", t(11, days=2))
    assert touch.external_id == f"7k2p3q@google.com/0#{handoff.lead_id}"
    assert met(handoff) == t(11, days=2)
    # safe to run twice
    assert hold(t(12, days=2)) == 0
    assert Touch.objects.filter(side="sales").count() == 1


@pytest.mark.django_db
def test_a_meeting_far_away_pauses_the_clock_for_ten_working_days_at_most(handoff, people):
    assert take(entry(t(11, days=40)), people["member"]) == "logged"
    pause = LeadEvent.objects.get(kind="paused")
    assert (pause.field, pause.occurred_at, pause.until) == ("meeting", t(10), t(17, days=14))


@pytest.mark.django_db
def test_a_meeting_that_is_over_when_its_entry_comes_is_a_contact_at_once_and_pauses_nothing(handoff, people):
    assert take(entry(t(9, 15), 0.5), people["member"]) == "logged"
    assert met(handoff) == t(9, 15)
    assert not LeadEvent.objects.filter(kind="paused").exists()


# --- newer versions ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_later_version_moves_the_pause_and_an_older_one_that_comes_late_changes_nothing(handoff, people):
    take(entry(t(11, days=1)), people["member"])
    assert due(handoff) == t(14, days=1)
    take(entry(t(15, days=1), sequence=2), people["member"], t(12))
    assert due(handoff) == t(10, days=2)  # one hour used; two hours are left on Wednesday, one on Thursday
    assert take(entry(t(16, days=6), sequence=1), people["member"], t(13)) == "no_meeting"
    assert take(entry(t(15, days=1), sequence=2), people["member"], t(13)) == "no_meeting"
    assert due(handoff) == t(10, days=2)
    # nothing was rewritten: the first pause stands voided beside the second
    assert [event.until for event in LeadEvent.objects.filter(kind="paused").order_by("id")] == [
        t(11, days=1),
        t(15, days=1),
    ]
    assert CalendarEntry.objects.count() == 2
    assert hold(t(16, days=1)) == 1
    assert met(handoff) == t(15, days=1)


@pytest.mark.django_db
def test_a_meeting_that_is_called_off_paused_the_clock_until_then_and_never_is_a_contact(handoff, people):
    take(entry(t(11, days=2)), people["member"])
    called_off = entry(t(11, days=2), sequence=1, method="CANCEL")
    take(called_off, people["member"], t(12))
    # an hour before the booking, two hours of pause, three hours from noon on
    assert due(handoff) == t(15)
    assert hold(t(12, days=3)) == 0
    assert met(handoff) is None
    assert Meeting.objects.filter(ended_at=None).count() == 0


@pytest.mark.django_db
def test_a_held_meeting_that_turns_out_to_be_moved_is_taken_back_and_logged_anew(handoff, people):
    take(entry(t(9, 15), 0.5), people["member"])
    assert met(handoff) == t(9, 15)
    take(entry(t(14), sequence=1), people["member"], t(10))
    assert met(handoff) is None
    assert hold(t(15)) == 1
    assert met(handoff) == t(14)
    assert Touch.objects.filter(kind="meeting", voids=None).count() == 2
    assert Touch.objects.filter(kind="meeting", voids__isnull=False).count() == 1


@pytest.mark.django_db
def test_a_pause_that_a_person_took_back_stays_taken_back(handoff, people):
    take(entry(t(11, days=2)), people["member"])
    services.void_event(event=LeadEvent.objects.get(kind="paused"), actor=people["member"])
    take(entry(t(16, days=2), sequence=1), people["member"], t(10))
    assert due(handoff) == t(13)


@pytest.mark.django_db
def test_a_lead_who_is_invited_no_more_is_not_met(handoff, people):
    take(entry(t(11, days=2)), people["member"])
    alone = entry(t(11, days=2), sequence=1, people=("member@example.com", "otto@kunde.example"))
    take(alone, people["member"], t(12))
    assert due(handoff) == t(15)
    assert hold(t(12, days=2)) == 0


@pytest.mark.django_db
def test_calling_off_a_series_calls_off_its_single_dates(handoff, people):
    take(entry(t(11, days=2), RECURRENCE_ID="20260305T100000Z"), people["member"])
    take(entry(t(11), sequence=3, method="CANCEL"), people["member"], t(10))
    assert hold(t(12, days=3)) == 0


# --- whose meeting ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_meeting_counts_for_who_takes_part_in_it_and_belongs_to_sales(handoff, people):
    others = entry(t(11, days=1), people=("sales_lead@example.com", "anna@kunde.example"))
    assert take(others, people["member"]) == "no_meeting"
    with pytest.raises(DomainError, match="Sales books"):
        take(entry(t(11, days=1), people=("colleague@example.com", "anna@kunde.example")), people["colleague"])
    # by mail from somebody who does not take part
    stranger = GOOGLE.replace(b"From: Member <member@example.com>", b"From: x@example.org")
    (copy,) = take_mail(stranger, recipients=[address_of(people["member"])], received_at=t(10))
    assert copy.outcome == "no_meeting"
    # an answer to an invitation changes nothing about it
    assert take(entry(t(11, days=1), method="REPLY"), people["member"]) == "no_meeting"
    assert not CalendarEntry.objects.exists()


@pytest.mark.django_db
def test_who_declined_is_not_met(handoff, people):
    declined = entry(t(11, days=1)).replace(
        b"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna", b"ATTENDEE;PARTSTAT=DECLINED:mailto:anna"
    )
    assert take(declined, people["member"]) == "no_lead"


@pytest.mark.django_db
def test_a_merged_lead_is_met_as_its_survivor_and_one_that_was_taken_out_not_at_all(handoff, people, stages):
    other = hand_over(stages, owner=people["member"], email="otto@kunde.example", at=t(9))
    take(entry(t(11, days=1), people=("member@example.com", "anna@kunde.example", "otto@kunde.example")), people["member"])
    services.merge_leads(survivor=other.lead, duplicate=handoff.lead, actor=None)
    assert hold(t(13, days=1)) == 2
    assert set(Touch.objects.filter(side="sales").values_list("lead_id", flat=True)) == {other.lead_id}
    third = hand_over(stages, owner=people["member"], email="ute@kunde.example", at=t(9))
    ute = entry(t(11), people=("member@example.com", "ute@kunde.example")).replace(b"UID:one", b"UID:two")
    take(ute, people["member"], t(10))
    services.void_lead(lead=third.lead, actor=None)
    assert hold(t(13)) == 0
    assert Meeting.objects.filter(touch=None, ended_at=None).count() == 0


# --- times ------------------------------------------------------------------------------------------------------------


def read(content: bytes):
    return read_calendar(content, zone=BERLIN, received_at=t(10))


def test_zones_by_microsofts_names_follow_the_change_of_the_clocks():
    (one,) = read(OUTLOOK)
    # the Monday after the change: nine in Berlin is seven in UTC
    assert one.starts_at == dt.datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert one.ends_at - one.starts_at == dt.timedelta(hours=1)
    assert one.people == ("anna@kunde.example", "member@example.com")
    (before,) = read(OUTLOOK.replace(b":20260330T", b":20260327T"))
    assert before.starts_at == dt.datetime(2026, 3, 27, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # a whole day is the company's, also the 23 hours of the day on which the clocks go forward
        ("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330", ("2026-03-28T23:00", "2026-03-29T22:00")),
        ("DTSTART;VALUE=DATE:20260305", "", ("2026-03-04T23:00", "2026-03-05T23:00")),
        # a time without a zone is the company's
        ("DTSTART:20260701T090000", "DTEND:20260701T100000", ("2026-07-01T07:00", "2026-07-01T08:00")),
        # a length instead of an end, and neither
        ("DTSTART:20260305T090000Z", "DURATION:PT45M", ("2026-03-05T09:00", "2026-03-05T09:45")),
        ("DTSTART:20260305T090000Z", "", ("2026-03-05T09:00", "2026-03-05T09:00")),
        ("DTSTART;TZID=America/New_York:20260305T090000", "DURATION:PT1H", ("2026-03-05T14:00", "2026-03-05T15:00")),
    ],
)
def test_times_are_read_as_calendars_write_them(start, end, expected):
    lines = entry(t(11)).decode().split("\r\n")
    kept = [line for line in lines if not line.startswith(("DTSTART", "DTEND"))]
    place = kept.index("UID:one@example.com")
    (one,) = read("\r\n".join([*kept[:place], start, *([end] if end else []), *kept[place:]]).encode())
    assert tuple(f"{instant:%Y-%m-%dT%H:%M}" for instant in (one.starts_at, one.ends_at)) == expected


@pytest.mark.parametrize("spoilt", ["DTSTART:never", "DTSTART:20260305T090000Z\r\nDTEND:20260304T090000Z", "X-NOTHING:1"])
def test_an_entry_without_a_time_that_makes_sense_is_left_out(spoilt):
    lines = [line for line in entry(t(11)).decode().split("\r\n") if not line.startswith(("DTSTART", "DTEND"))]
    lines.insert(5, spoilt)
    assert read("\r\n".join(lines).encode()) == []


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_meeting_in_another_age_is_left_out(year):
    assert read(entry(t(11)).replace(b":20260303T1", f":{year}0303T1".encode())) == []


def zone_of_its_own(rule: str) -> bytes:
    """A meeting at nine in a zone that the file itself defines."""
    parts = (("STANDARD", "+0200", "+0100"), ("DAYLIGHT", "+0100", "+0200"))
    lines = [
        line
        for name, before, after in parts
        for line in (f"BEGIN:{name}", "DTSTART:19700101T000000", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}",
                     f"RRULE:{rule}", f"END:{name}")
    ]  # fmt: skip
    zone = "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{rule}", *lines, "END:VTIMEZONE", "BEGIN:VEVENT"])
    found = entry(t(11)).decode().replace("BEGIN:VEVENT", zone)
    return found.replace("DTSTART:20260303T100000Z", f'DTSTART;TZID="{rule}":20260303T110000').encode()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;INTERVAL=0"])
def test_a_zone_whose_rule_never_ends_is_read_as_the_companys_and_holds_up_nobody(rule):
    (one,) = read(zone_of_its_own(rule))
    assert one.starts_at == t(11)


def test_a_zone_that_one_file_defines_means_nothing_in_the_files_of_others():
    theirs = zone_of_its_own("FREQ=YEARLY").replace(b"FREQ=YEARLY", b"W. Europe Standard Time").replace(b"+0100", b"-0700")
    read(theirs.replace(b"+0200", b"-0700").replace(b"RRULE:W. Europe Standard Time\r\n", b""))
    (one,) = read(OUTLOOK)
    assert one.starts_at == dt.datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_a_file_with_more_entries_than_a_person_has_is_refused_before_it_is_read():
    event = entry(t(11)).partition(b"BEGIN:VEVENT")[2].partition(b"END:VCALENDAR")[0]
    with pytest.raises(ValueError, match="more than 2,000 entries"):
        read(entry(t(11)).replace(b"END:VCALENDAR", (b"BEGIN:VEVENT" + event) * 2_000 + b"END:VCALENDAR"))


def test_what_is_no_calendar_is_refused():
    for content in (b"", b"\x00\xff", b"Dear all"):
        with pytest.raises(ValueError, match="no calendar file"):
            read_calendar(content, zone=ZoneInfo("UTC"), received_at=t(10))


@pytest.mark.django_db(transaction=True)
def test_while_a_file_is_read_others_give_the_person_leads(handoff, people, stages):
    """Otherwise each would wait for the other: the reader for the lead, the other for the person."""
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite a transaction that writes is alone by itself")
    lead = services.create_lead(stage=stages["mql"], occurred_at=t(9), actor=None)

    def give():
        try:
            services.assign_lead(lead=lead, owner=people["member"], actor=None)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        assert take(entry(t(11)), people["member"]) == "logged"
        other.submit(give).result(20)
    lead.refresh_from_db()
    assert lead.owner == people["member"]


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_file_is_uploaded_and_the_meeting_to_come_shows(handoff, people, client):
    client.force_login(people["member"])

    def post(content: bytes):
        return client.post(reverse("copies_calendar"), {"file": SimpleUploadedFile("x.ics", content)}, follow=True)

    page = post(entry(t(11, days=2))).content.decode()
    assert "Meetings with leads that were new in this file: 1." in page
    assert "1 meeting with leads to come" in page and "Anna Brandt" in page and "the clock waits for it" in page
    assert "no meeting in it names you and is new" in post(entry(t(11, days=2))).content.decode()
    refused = post(b"Dear all")
    assert refused.status_code == 422 and "This is no calendar file" in refused.content.decode()


@pytest.mark.django_db
def test_the_page_asks_the_database_as_often_for_three_meetings_as_for_one(handoff, people, client, stages):
    client.force_login(people["member"])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("copies")).status_code == 200
        return len(queries)

    take(entry(t(11, days=2)), people["member"])
    take_mail(GOOGLE, recipients=[address_of(people["member"])], received_at=t(10))
    asked()
    once = asked()
    for name in ("otto", "ute"):
        hand_over(stages, owner=people["member"], email=f"{name}@kunde.example", at=t(9))
        who = ("member@example.com", f"{name}@kunde.example")
        take(entry(t(11, days=2), people=who).replace(b"UID:one", f"UID:{name}".encode()), people["member"])
        other = GOOGLE.replace(b"0f1e2d3c", name.encode()).replace(b"7k2p3q", name.encode())
        take_mail(other, recipients=[address_of(people["member"])], received_at=t(10))
    # three uploaded, three by mail, of which two name Anna again
    assert "6 meetings with leads to come" in client.get(reverse("copies")).content.decode()
    assert asked() == once
