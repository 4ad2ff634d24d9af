"""What a draft may change, and what it refuses in plain words."""

import datetime as dt

import pytest

from core.periods import add_months, start_of
from funnel.models import Agreement, Segment, Stage

STAGE = {
    "name": "Demo held",
    "kind": "path",
    "side": "sales",
    "milestone": "",
    "target_days": "4",
    "definition": "They saw it.",
}


@pytest.fixture
def admin(as_):
    client = as_("administrator")
    client.post("/console/draft/")
    return client


@pytest.fixture
def draft(admin):
    return Agreement.objects.get(state="draft")


def path_of(draft):
    rows = draft.stages.filter(rank__isnull=False).order_by("rank")
    return [row.stage.key for row in rows.select_related("stage")]


def test_a_second_draft_is_refused(admin, draft):
    admin.post("/console/draft/")
    assert Agreement.objects.count() == 2


def test_a_new_stage_stands_before_won_and_counts(admin, draft):
    assert admin.post("/console/stages/new/", STAGE).status_code == 302
    assert path_of(draft) == ["inquiry", "mql", "sal", "sql", "opportunity", "demo_held", "won"]
    draft.refresh_from_db()
    assert draft.counting_version == 2
    # Taken out again, nothing is counted differently any more.
    admin.post("/console/stages/demo_held/remove/")
    draft.refresh_from_db()
    assert draft.counting_version == 1
    assert not Stage.objects.filter(key="demo_held").exists()


def test_order(admin, draft):
    admin.post("/console/stages/sql/move/", {"to": "up"})
    assert path_of(draft) == ["inquiry", "mql", "sql", "sal", "opportunity", "won"]
    admin.post("/console/stages/opportunity/move/", {"to": "down"})
    assert path_of(draft)[-1] == "won"
    page = admin.get("/console/").content.decode()
    assert "SAL (SAL) must come before SQL (SQL)" in page


def test_a_stage_beside_the_way_has_no_rank(admin, draft):
    row = STAGE | {"name": "SAL", "kind": "detour", "milestone": "sal"}
    admin.post("/console/stages/sal/edit/", row)
    assert path_of(draft) == ["inquiry", "mql", "sql", "opportunity", "won"]
    assert "SAL carries the milestone SAL but does not stand on the way" in admin.get("/console/").content.decode()


def test_a_milestone_is_given_once(admin, draft):
    answer = admin.post("/console/stages/new/", STAGE | {"milestone": "mql"})
    assert answer.status_code == 422
    assert "MQL already carries the milestone MQL. Each is given once." in answer.content.decode()
    assert "They saw it." in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "change", "problem"),
    [
        ("won", {"kind": "path", "name": "Won"}, "exactly one stage of the kind Won"),
        ("lost", {"kind": "lost", "name": "Lost", "retired": "on"}, "must be a stage of the kind Lost"),
        ("mql", {"name": "SAL", "milestone": "mql"}, "Two stages are called SAL."),
        ("mql", {"name": "MQL", "milestone": "mql", "definition": " "}, "MQL has no written definition"),
        ("mql", {"name": "MQL", "milestone": "mql", "retired": "on"}, "MQL is retired but still carries the milestone MQL"),
    ],
)
def test_what_keeps_a_draft_from_being_proposed(admin, draft, key, change, problem):
    admin.post(f"/console/stages/{key}/edit/", STAGE | change)
    assert problem in admin.get("/console/").content.decode()
    admin.post("/console/draft/propose/")
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_an_unchanged_draft_is_not_proposed(admin, draft):
    admin.post("/console/draft/propose/")
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_stage_with_history_is_retired_not_taken_out(admin, draft):
    admin.post("/console/stages/sal/remove/")
    assert "sal" in path_of(draft)


def test_a_dropped_draft_leaves_nothing(admin, draft):
    admin.post("/console/stages/new/", STAGE)
    admin.post("/console/draft/drop/")
    assert Agreement.objects.count() == 1
    assert not Stage.objects.filter(key="demo_held").exists()
    assert "Dropped the draft of version 2." in admin.get("/console/history/").content.decode()


def test_reasons(admin, draft):
    admin.post("/console/rules/reasons/", {"use": "lost", "label": "Went bankrupt"})
    reason = draft.reasons.get(label="Went bankrupt")
    assert admin.post("/console/rules/reasons/", {"use": "lost", "label": "went bankrupt"}).status_code == 422
    admin.post(f"/console/rules/reasons/{reason.pk}/", {"label": "Insolvent"})
    reason.refresh_from_db()
    assert (reason.label, reason.key) == ("Insolvent", "went_bankrupt")
    admin.post(f"/console/rules/reasons/{reason.pk}/remove/")
    assert not draft.reasons.filter(pk=reason.pk).exists()
    assert Agreement.objects.get(number=1).reasons.count() == draft.reasons.count()


def test_forbidden_moves(admin, draft, stages):
    allowed = [s.pk for key, s in stages.items() if key not in ("won", "mql")]
    admin.post("/console/rules/moves/mql/", {"to": allowed})
    assert list(draft.forbidden_moves.values_list("from_stage__key", "to_stage__key")) == [("mql", "won")]
    admin.post("/console/rules/moves/mql/", {"to": []})
    assert "Every move out of MQL is forbidden" in admin.get("/console/").content.decode()


def test_words(admin, draft):
    admin.post("/console/words/new/", {"word": "Buying centre", "agreed_meaning": "All who decide."})
    assert admin.post("/console/words/new/", {"word": "mql"}).status_code == 422
    assert draft.words.get(key="buying-centre").agreed_meaning == "All who decide."
    admin.post("/console/words/buying-centre/remove/")
    assert draft.words.count() == Agreement.objects.get(number=1).words.count()


def test_a_word_opens_its_meaning_where_it_is_used(as_):
    page = as_("viewer").get("/console/stages/").content.decode()
    assert 'popovertarget="term-mql-' in page
    assert "Meets the signed criteria for handing over" in page


class TestTargets:
    def year(self, today):
        return start_of(today, "year", year_start=1)

    def test_typed(self, admin, draft, today):
        month = add_months(self.year(today), 11)
        data = {f"profit:{month:%Y-%m}": "12.500,50", f"mql:{month:%Y-%m}": "40"}
        assert admin.post("/console/targets/", data).status_code == 302
        assert set(draft.targets.values_list("metric", "stage__key", "month", "value")) == {
            ("gross_profit", None, month, 12_500_50),
            ("stage_inflow", "mql", month, 40),
        }
        draft.refresh_from_db()
        assert draft.counting_version == 1
        page = admin.get("/console/targets/").content.decode()
        assert "€12,500.50" in page  # the sum
        # What is shown is saved again without a change, and emptied cells go.
        admin.post("/console/targets/", {f"profit:{month:%Y-%m}": "12500.50"})
        assert draft.targets.count() == 1

    def test_pasted(self, admin, draft, today):
        table = "\n".join(f"{1000 * i}\t{i}" for i in range(1, 13))
        year = self.year(today).year
        assert admin.post("/console/targets/", {"pasted": table, "year": year + 1}).status_code == 302
        assert draft.targets.get(metric="stage_inflow", month=dt.date(year + 1, 12, 1)).value == 12
        assert draft.targets.count() == 24

    def test_what_is_wrong_is_named_and_kept(self, admin, draft, today):
        month = add_months(self.year(today), 11)
        answer = admin.post("/console/targets/", {f"profit:{month:%Y-%m}": "many", f"mql:{month:%Y-%m}": "1.5"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "“many” is not a number" in page and "leads are whole numbers, not 1.5" in page and 'value="many"' in page
        assert draft.targets.count() == 0

    def test_a_month_that_is_over_keeps_its_target(self, admin, draft, today):
        month = add_months(today.replace(day=1), -1)
        data = {"year": self.year(month).year}
        admin.post("/console/targets/", data | {f"mql:{month:%Y-%m}": "5"})
        assert admin.post("/console/targets/", data | {f"mql:{month:%Y-%m}": "6"}).status_code == 422
        assert draft.targets.get().value == 5


def test_margins_start_today_or_later(admin, draft, today):
    segment = Segment.objects.create(name="Industry")
    data = {"segment": segment.pk, "percent": "32.5"}
    assert admin.post("/console/margins/new/", data | {"from_day": "2026-01-01"}).status_code == 422
    assert admin.post("/console/margins/new/", data | {"from_day": today.isoformat()}).status_code == 302
    row = draft.margins.get()
    assert (row.segment, row.basis_points) == (segment, 3250)
    admin.post(f"/console/margins/{row.pk}/remove/")
    assert not draft.margins.exists()
