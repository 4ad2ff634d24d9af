"""Another definition after three quarters of data changes no past number; what comes after it says that it differs."""

import datetime as dt
import json
from dataclasses import dataclass

import pytest
import time_machine

from campaigns import services as campaigns
from campaigns.models import Campaign, Spend
from funnel import services as funnel
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement, Stage
from funnel.promises import PromiseLine
from leads.services import record_touch
from metrics import rollup
from metrics.answers import ask
from metrics.definitions import METRICS, Basis
from metrics.questions import Reader
from metrics.rollup import note_everything
from metrics.series import current
from tests.metrics.journeys import NOW, crowd, figure, tell
from tests.metrics.rich_company import sensible

pytestmark = pytest.mark.django_db

TODAY = dt.date(2025, 9, 30)
CLOSED = (("2025-03-01", "2025-04-01"), ("2025-04-01", "2025-07-01"), ("2025-01-01", "2025-09-01"))
ENDS = ("2025-03-31", "2025-06-30", "2025-08-31")
STAGES = ("inquiry", "mql", "sal", "sql", "opportunity", "won")


def asked(key: str) -> list[dict]:
    """The questions about closed periods: whole, by month and by channel, of every stage or neighbouring pair it takes."""
    metric = METRICS[key]
    stages = [sensible(key)]
    if metric.to_stage == "?":
        stages = [{"stage": a, "to_stage": b} for a, b in zip(STAGES, STAGES[1:], strict=False)]
    elif metric.stage in ("?", "*"):
        stages = [{"stage": stage} for stage in STAGES if stage != "won"]
    if metric.basis == Basis.INSTANT:
        return [{"at": day} | own for day in ENDS for own in stages]
    whole = [{"from": start, "to": end} | own for start, end in CLOSED for own in stages]
    return whole + [{"from": CLOSED[-1][0], "to": CLOSED[-1][1], "by": "month"} | own for own in stages]


def told() -> dict[str, str]:
    """Every answer as the interface writes it, without when it was computed."""
    rollup.drain()
    snapshot, found = current(), {}
    for key in METRICS:
        for question in asked(key):
            answer = ask(key, question, reader=Reader(), now=NOW, snapshot=snapshot)
            text = json.dumps({name: value for name, value in answer.items() if name != "as_of"}, sort_keys=True)
            found[f"{key} {sorted(question.items())}"] = text
    return found


def agree_to_another_funnel(people) -> Agreement:
    """Everything a version may say is said differently, and both sides sign it."""
    draft = funnel.draft_version(actor=None)
    stage = {row.key: row for row in Stage.objects.all()}
    funnel.edit_stage(draft=draft, stage=stage["sal"], name="Taken on", milestone=None, actor=None)
    funnel.move_stage(draft=draft, stage=stage["sal"], down=True, actor=None)
    funnel.edit_stage(draft=draft, stage=stage["inquiry"], definition="Anybody who wrote.", actor=None)
    rule = EntryRule(every=(Condition("score", Op.AT_LEAST, number=60),))
    funnel.set_entry_rule(draft=draft, stage=stage["mql"], rule=rule, then="ask", actor=None)
    reason = draft.reasons.filter(key="price").get()
    funnel.rename_reason(draft=draft, reason_id=reason.id, label="Too dear", actor=None)
    funnel.remove_reason(draft=draft, reason_id=draft.reasons.filter(key="timing").get().id, actor=None)
    funnel.add_reason(draft=draft, use="recycle", label="Wants to wait for spring", actor=None)
    funnel.edit_word(draft=draft, key=draft.words.first().key, word="Another word", agreed_meaning="Another.", actor=None)
    funnel.set_promise(draft=draft, line=PromiseLine("S1", seconds=60, share=5_000), actor=None)
    funnel.set_promise(draft=draft, line=PromiseLine("S3", days=50, share=5_000), actor=None)
    funnel.set_required_fields(draft=draft, fields=["name"], actor=None)
    target = funnel.TargetCell("gross_profit", None, dt.date(2025, 11, 1), 1)
    funnel.save_targets(draft=draft, cells=[target], today=TODAY, actor=None)
    funnel.set_margin(agreement=draft, segment=None, from_day=TODAY, basis_points=9_000, actor=None)
    funnel.propose(draft=draft, actor=None, now=NOW)
    for side in ("marketing", "sales"):
        funnel.sign(agreement=draft, side=side, user=people["administrator"], signed_at=NOW)
    draft.refresh_from_db()
    return draft


@dataclass
class Changed:
    """A company on the day on which another definition came into force, and what was said of the past before it did."""

    before: dict[str, str]
    version: Agreement


@pytest.fixture
def changed(rich):
    with time_machine.travel(NOW, tick=False):
        spend_and_reach_people(rich.leads)
        before = told()
        draft = agree_to_another_funnel(rich.people)
        funnel.put_in_force(agreement=draft, from_day=TODAY, actor=None)
        yield Changed(before, draft)


def spend_and_reach_people(leads) -> None:
    """What the rich company lacks: cost of every kind, and touches by marketing before its deals."""
    spring = Campaign.objects.get(name="Spring")
    for status in Spend.Status.values:
        campaigns.record_spend(
            amount=90_000, currency="EUR", campaign=spring, status=status, service_from=dt.date(2025, 2, 1),
            service_to=dt.date(2025, 6, 30), actor=None,
        )  # fmt: skip
    for lead in leads[3::2]:
        record_touch(
            lead=lead, side="marketing", kind="email", campaign=spring, channel=spring.channel, actor=None,
            occurred_at=lead.created_at - dt.timedelta(days=2),
        )  # fmt: skip


def assert_the_past_is_as_it_was(changed):
    differing = {question for question, text in told().items() if text != changed.before[question]}
    assert differing == set()


def test_every_metric_was_asked_and_had_something_to_say(changed):
    answers = [json.loads(text) for text in changed.before.values()]
    assert {answer["key"] for answer in answers} == set(METRICS)
    # A fitted model, or own weights that nobody set, says in a sentence why it has no value.
    silent = {key for key in METRICS if not any(a["n"] or "why" in a for a in answers if a["key"] == key)}
    assert silent == set()


def test_another_definition_changes_no_number_of_a_closed_period(changed):
    assert_the_past_is_as_it_was(changed)


def test_what_happens_under_it_and_counting_everything_anew_change_none_either(changed):
    tell(crowd(30, "inquiry 2025-09-30T08:00, mql 2025-09-30T09:00, sql 2025-09-30T10:00"))
    assert_the_past_is_as_it_was(changed)
    note_everything()
    assert_the_past_is_as_it_was(changed)


def test_a_period_with_two_definitions_shows_each_and_says_that_the_whole_is_mixed(changed):
    tell(crowd(30, "inquiry 2025-09-30T08:00, mql 2025-09-30T09:00, sql 2025-09-30T10:00"))
    both = figure("cohort_conversion", "2025-05-01/2025-10-01", stage="mql", to_stage="sql", horizon="30")
    assert both["definition_version"] == [1, changed.version.counting_version]
    old, new = both["versions"]
    assert (old["key"], new["key"], new["n"], new["value"]) == ("1", "2", 30, 1.0)
    assert old["n"] + new["n"] == both["n"]
    only_old = figure("cohort_conversion", "2025-05-01/2025-09-01", stage="mql", to_stage="sql", horizon="30")
    assert only_old["definition_version"] == [1]
    assert "versions" not in only_old
