"""Absences: who is away, in days of the company; oneself, the team's lead and administrators enter them."""

import datetime as dt

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence
from accounts.presence import sales_people
from accounts.services import deactivate, end_role, give_role
from accounts.services.absences import end_absence, enter_absence
from core.errors import DomainError, NotAllowed
from core.queries import calendar

MONDAY = dt.date(2026, 3, 2)


def days(number: int) -> dt.timedelta:
    return dt.timedelta(days=number)


def away(people, who, first=MONDAY, last=MONDAY, *, by=None) -> Absence:
    return enter_absence(user=people[who], from_day=first, to_day=last, today=MONDAY, actor=people[by or who])


def present(people, day) -> set[str]:
    there = sales_people(day).present(day)
    return {who for who, person in people.items() if person.id in there}


def test_reps_and_leads_of_sales_are_there_and_nobody_else(people):
    assert present(people, MONDAY) == {"sales_lead", "member"}


def test_an_absence_counts_from_its_first_day_to_its_last(people):
    away(people, "member", MONDAY + days(1), MONDAY + days(3))
    found = [present(people, MONDAY + days(n)) for n in range(6)]
    both, lead = {"sales_lead", "member"}, {"sales_lead"}
    assert found == [both, lead, lead, lead, both, both]


def test_the_borders_are_midnights_of_the_company_also_when_clocks_change(people):
    """In Berlin the 29th of March 2026 has 23 hours: from 23:00 UTC of the 28th to 22:00 UTC."""
    sunday = dt.date(2026, 3, 29)
    away(people, "member", sunday, sunday)
    days_of = calendar()
    for at, there in (
        (dt.datetime(2026, 3, 28, 22, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 3, 28, 23, 0, tzinfo=dt.UTC), False),
        (dt.datetime(2026, 3, 29, 21, 59, tzinfo=dt.UTC), False),
        (dt.datetime(2026, 3, 29, 22, 0, tzinfo=dt.UTC), True),
    ):
        assert ("member" in present(people, days_of.day_of(at))) is there, at


def test_who_was_deactivated_or_left_the_team_is_not_there(people):
    deactivate(user=people["member"], actor=None)
    assert present(people, MONDAY) == {"sales_lead"}
    end_role(membership=people["sales_lead"].memberships.get(), until_day=MONDAY + days(1), actor=None)
    assert present(people, MONDAY) == {"sales_lead"}
    assert present(people, MONDAY + days(1)) == set()


def test_the_same_days_again_change_nothing(people):
    assert away(people, "member").pk == away(people, "member").pk
    assert Absence.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(1, 0, "absence_backwards"), (-3, -1, "absence_over"), (0, 366, "absence_too_long")],
)
def test_days_that_make_no_sense_are_refused(people, first, last, code):
    with pytest.raises(DomainError) as refused:
        away(people, "member", MONDAY + days(first), MONDAY + days(last))
    assert refused.value.code == code
    assert not Absence.objects.exists()


def test_oneself_the_lead_and_an_administrator_enter_it_and_nobody_else(people):
    for by in ("member", "sales_lead", "administrator"):
        away(people, "member", by=by)
    for by in ("colleague", "marketing_lead", "viewer"):
        with pytest.raises(NotAllowed):
            away(people, "member", by=by)


def test_who_is_back_early_is_there_from_that_day_and_was_away_before(people):
    absence = away(people, "member", MONDAY, MONDAY + days(9))
    end_absence(absence=absence, today=MONDAY + days(2), actor=people["member"])
    there = ["member" in present(people, MONDAY + days(n)) for n in range(4)]
    assert there == [False, False, True, True]
    with pytest.raises(DomainError):
        end_absence(absence=Absence.objects.get(), today=MONDAY + days(2), actor=people["member"])


def test_what_has_not_begun_is_taken_back_whole(people):
    end_absence(absence=away(people, "member", MONDAY + days(1), MONDAY + days(2)), today=MONDAY, actor=people["member"])
    assert not Absence.objects.exists()


def test_the_page_shows_ones_own_and_enters_it(as_, people, today):
    client = as_("member")
    assert "You are not away" in client.get("/absences/").content.decode()
    form = {"user": people["member"].pk, "from_day": today, "to_day": today + days(4)}
    assert client.post("/absences/", form).status_code == 302
    page = client.get("/absences/").content.decode()
    assert "1 absence running or to come" in page and "away now" in page
    assert client.post(f"/absences/{Absence.objects.get().pk}/end/").status_code == 302
    with pytest.raises(ObjectDoesNotExist):
        Absence.objects.get()


def test_the_page_takes_no_entry_for_somebody_elses_team(as_, people, today):
    form = {"user": people["colleague"].pk, "from_day": today, "to_day": today}
    assert as_("member").post("/absences/", form).status_code == 422
    assert as_("sales_lead").post("/absences/", form).status_code == 422
    assert not Absence.objects.exists()


def test_a_lead_of_two_teams_sees_the_absences_of_both(as_, people, today):
    marketing = people["marketing_lead"].memberships.get().team
    give_role(user=people["sales_lead"], role="team_lead", team=marketing, from_day=MONDAY, actor=None)
    for who in ("member", "colleague"):
        enter_absence(user=people[who], from_day=today, to_day=today, today=today, actor=people[who])
    page = as_("sales_lead").get("/absences/").content.decode()
    assert "2 absences running or to come" in page and "Colleague" in page


def test_the_page_asks_the_same_for_one_absence_as_for_three(as_, people, today):
    client, counts = as_("administrator"), []
    for who in ("member", "colleague", "sales_lead"):
        enter_absence(user=people[who], from_day=today, to_day=today, today=today, actor=people[who])
        with CaptureQueriesContext(connection) as asked:
            client.get("/absences/")
        counts.append(len(asked))
    assert counts[0] == counts[2]
