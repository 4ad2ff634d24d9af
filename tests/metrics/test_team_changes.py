"""A change of memberships that reaches back to facts already counted is followed: numbers by team equal a recomputation."""

import datetime as dt

import pytest

from accounts import services as accounts
from accounts.models import Role, Side
from leads import services
from leads.models import StageEntry
from metrics import rollup
from metrics.check import check

DAY = dt.date(2026, 4, 1)


@pytest.fixture
def counted(stages, people, at):
    """A lead of the sales rep with entries before and after 1 April, and a deal won after it; all counted."""
    rep = people["member"]
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), owner=rep, actor=None)
    services.move_lead(lead, stages["sql"], occurred_at=at(4, 3), actor=None)
    deal = services.open_deal(lead=lead, occurred_at=at(4, 4), amount=100_00, owner=rep, actor=None)
    services.win_deal(deal=deal, occurred_at=at(4, 9), actor=None)
    rollup.drain()
    return lead, deal


def teams_at_entry() -> list[str]:
    return list(StageEntry.objects.order_by("position").values_list("team__name", flat=True))


def test_a_person_who_changed_teams_in_the_past_takes_the_later_facts_along(counted, people):
    lead, deal = counted
    rep = people["member"]
    other = accounts.add_team(name="Field", side=Side.SALES, actor=None)
    accounts.end_role(membership=rep.memberships.get(), until_day=DAY, actor=None)
    accounts.give_role(user=rep, role=Role.REP, team=other, from_day=DAY, actor=None)
    assert teams_at_entry() == ["Sales", "Sales", "Sales"]
    rollup.drain()
    assert teams_at_entry() == ["Sales", "Field", "Field"]
    deal.refresh_from_db()
    assert deal.team == other
    assert check(None) == []


def test_a_person_who_joins_a_team_later_brings_older_facts_along(stages, people, at):
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), owner=people["outsider"], actor=None)
    rollup.drain()
    assert teams_at_entry() == [None]
    team = accounts.add_team(name="Field", side=Side.SALES, actor=None)
    accounts.give_role(user=people["outsider"], role=Role.REP, team=team, from_day=DAY, actor=None)
    rollup.drain()
    assert teams_at_entry() == ["Field"]
    lead.refresh_from_db()
    assert lead.team == team
    assert check(None) == []


def test_without_a_change_nothing_is_folded_again(counted, monkeypatch):
    def refuse():
        raise AssertionError("folded again without need")

    monkeypatch.setattr(rollup, "rebuild_teams", refuse)
    rollup.drain()
