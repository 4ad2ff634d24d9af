"""The demo company through its command: what it holds, that it is the same again, and that it goes without a trace."""

import datetime as dt
import io

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q
from django.test import RequestFactory

from accounts.models import Absence, Membership, Role, User
from campaigns.models import Campaign, Content, PreviewNote, Spend
from campaigns.queries import Preview, with_preview
from core.models import ExchangeRate, Organisation, StaleNote
from demo import people
from demo.planning import NEXT
from demo.story import SMALL, USUAL, tell_story
from funnel.book import load_book
from funnel.models import Comment, Holiday, Signature, Stage, Target, WorkingCalendar
from funnel.queries import promises
from leads.handoff_queries import precedents
from leads.handoffs import STEPS
from leads.models import (
    ContentRequest,
    Deal,
    DealCredit,
    DealEvent,
    Decision,
    Handoff,
    HandoffStanding,
    Lead,
    LeadEvent,
    NextStep,
    Note,
    Obligation,
    Routing,
    RoutingRule,
    StageEntry,
    Touch,
)
from leads.routing_queries import waiting_for_routing
from leads.services.feedback import EVIDENCE
from metrics.models import RollupState, Segment
from reviews.judging_queries import examples, splits_for_review
from reviews.models import JudgingRound
from tests.demo.told_reviews import reviews_are_told

# Six in the evening in Berlin on 30 June 2025, where `until` ends the story. A fixed day keeps the test the same every day.
EVENING = dt.datetime(2025, 6, 30, 16, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 11, 12, 11, tzinfo=dt.UTC)


def demo(**options) -> str:
    out = io.StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def row_counts() -> dict[str, int]:
    models = [m for m in apps.get_models(include_auto_created=True) if m is not RollupState]
    return {model._meta.label: model._base_manager.count() for model in models}


def handoffs_are_told(now: dt.datetime) -> None:
    """Every state and decision of a handoff occurs, with what both sides said about it."""
    assert set(Handoff.objects.values_list("state", flat=True)) == set(HandoffStanding.values)
    assert set(Handoff.objects.values_list("decision", flat=True)) == {"", *Decision.values}
    steps = LeadEvent.objects.filter(kind__in=STEPS)
    assert set(steps.values_list("kind", flat=True)) == set(STEPS) - {"accepted"}  # here accepting is a move
    assert not steps.filter(about=None).exists()
    # rulings stand as precedents, some of them for a lead that is taken on after all
    assert set(precedents().values_list("new", flat=True)) >= {"accepted"}
    assert all(ruling.note.text for ruling in precedents())
    assert Handoff.objects.filter(state="arbitrated", first_decision="disqualified", decision="accepted").exists()
    # feedback that marketing has read, and some that it has not
    told = Handoff.objects.filter(feedback_at__isnull=False)
    assert told.filter(feedback_read_at__isnull=False).exists() and told.filter(feedback_read_at=None).exists()
    # promises that were left out because both sides agreed, and some for which nobody agreed
    assert Obligation.objects.exclude(excluded="").exists()
    assert set(LeadEvent.objects.filter(kind="consented").values_list("new", flat=True)) == {"yes", "no"}
    # sales keeps most first contacts, and fewer than it promised
    due = Obligation.objects.filter(promise="S1", excluded="", due_at__lte=now)
    kept = due.filter(met_at__lte=F("due_at")).count() / due.count()
    assert 0.6 < kept < 0.86
    # what waits today: something is overdue since less than a working week, and something is due later
    waiting = Obligation.objects.filter(met_at=None, excluded="", promise="S1")
    assert waiting.filter(due_at__gt=now - dt.timedelta(days=7), due_at__lte=now).exists()
    assert waiting.filter(due_at__gt=now).exists()
    # contacts came by each of the four ways
    contacts = Touch.objects.filter(side="sales")
    assert set(contacts.values_list("source", flat=True)) == set(EVIDENCE.values())
    assert Obligation.objects.filter(late_logged=True).count() < Obligation.objects.count() / 20
    # new leads are given away by rules from now on, not those of the story, and somebody is away
    assert RoutingRule.objects.count() == 3
    assert not waiting_for_routing(Routing.objects.get().on_since).exists()
    assert Absence.objects.filter(to_day__gt=now.date()).exists()
    # people know what they want to do next
    assert {step.who.email.split("@")[0] for step in NextStep.objects.select_related("who")} >= {"sofia", "tomasz"}


@pytest.fixture
def small(db):
    """Five months of the small company."""
    return demo(small=True, months=5)


@pytest.mark.django_db
def test_every_fact_that_the_demo_promises_is_there_and_wiping_leaves_a_database_as_after_migrate():
    # Given an empty database
    empty = row_counts()
    # When the demo is created
    out = demo(small=True, until="2025-06-30")
    now = EVENING
    # Then it says what it does
    assert "leads" in out and "The demo is ready after" in out
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.is_demo) == ("Havelbrook Valves", True)
    # nothing lies in the future
    for model in (LeadEvent, DealEvent, Touch, Note):
        assert not model.objects.filter(occurred_at__gt=now).exists(), model
    paid = Spend.objects.exclude(status=Spend.Status.PLANNED)
    assert not paid.filter(service_to__gt=now.date() + dt.timedelta(days=1)).exists()
    # marketing has planned and asked, sales has looked and asked, and on each desk something waits
    assert not Campaign.objects.filter(brief="").exists() and not Content.objects.filter(owner=None).exists()
    assert set(PreviewNote.objects.values_list("kind", flat=True)) == {"asked", "seen", "change_asked", "change_made"}
    previews = {campaign.name: campaign.preview for campaign in with_preview(Campaign.objects.all())}
    assert [name for name, state in previews.items() if state == Preview.WAITS] == [NEXT]
    assert set(previews.values()) == {Preview.SEEN, Preview.WAITS}
    states = ["answered", "answered", "declined", "promised", "open"]
    assert list(ContentRequest.objects.order_by("id").values_list("state", flat=True)) == states
    # somebody asked within the last hour
    assert LeadEvent.objects.filter(kind="created", occurred_at__gt=now - dt.timedelta(hours=1)).exists()
    # every stage is used and every way is gone
    used = set(StageEntry.objects.values_list("stage__key", flat=True))
    assert used == set(Stage.objects.values_list("key", flat=True))
    exits = dict(StageEntry.objects.exclude(exit_kind="").values_list("exit_kind").annotate(Count("pk")))
    assert set(exits) == {"advance", "back", "lost", "out", "detour"}
    entered = StageEntry.objects.values("lead").annotate(
        sql=Count("pk", filter=Q(stage__key="sql")), sal=Count("pk", filter=Q(stage__key="sal"))
    )
    assert entered.filter(sql__gt=0, sal=0, lead__origin="marketing").exists()
    assert StageEntry.objects.filter(entry_no__gte=2, stage__key="mql").exists()
    assert StageEntry.objects.filter(stage__key="mql", first_contact_at__isnull=False).exists()
    assert StageEntry.objects.filter(stage__key="mql", first_contact_at__isnull=True).exists()
    # moves that need a reason have an agreed one
    agreed = {key for version in load_book().versions for keys in version.reasons.values() for key in keys}
    needy = LeadEvent.objects.filter(kind="moved", to_stage__key__in=["lost", "recycled", "disqualified"])
    assert set(needy.values_list("reason", flat=True)) <= agreed
    # leads of several origins; some merged, taken out or corrected
    assert set(Lead.objects.values_list("origin", flat=True)) == {"marketing", "sales", "partner", "customer"}
    assert Lead.objects.filter(merged_into__isnull=False).exists()
    assert Lead.objects.filter(voided=True).exists()
    assert LeadEvent.objects.filter(kind="amended").exists()
    assert not StageEntry.objects.filter(lead__origin="sales", stage__key__in=["inquiry"]).exists()
    # deals of every kind, some without cost
    assert set(Deal.objects.values_list("status", flat=True)) == {"open", "won", "lost"}
    assert set(Deal.objects.values_list("kind", flat=True)) == {"new", "expansion", "renewal"}
    assert Deal.objects.filter(status="won", cost__isnull=True).exists()
    assert not Deal.objects.filter(status="won", amount__isnull=True).exists()
    assert not Deal.objects.filter(status="won", cost__gte=F("amount")).exists()
    assert Deal.objects.filter(status="open", expected_close__lt=now.date()).exists()
    assert DealCredit.objects.exists()
    # the leads of won deals are won, those of lost deals are not open
    assert not Lead.objects.filter(deals__status="won", merged_into=None, voided=False).exclude(stage__key="won").exists()
    assert (
        not Deal.objects.filter(status="lost", lead__merged_into=None, lead__voided=False)
        .exclude(lead__stage__key="lost")
        .exists()
    )
    # both sides touched leads, and money was spent with and without a campaign
    assert set(Touch.objects.values_list("side", flat=True)) == {"marketing", "sales"}
    assert Spend.objects.filter(campaign__isnull=True, voids__isnull=True).exists()
    assert Campaign.objects.exclude(spend__isnull=False).exists()
    # a plan stands for past and future months
    months = set(Target.objects.filter(metric="gross_profit").values_list("month", flat=True))
    assert min(months) < now.date() < max(months)
    # two versions of the agreement, both signed, that count alike
    versions = load_book().versions
    assert [(v.number, v.signed, v.counting_version) for v in versions] == [(1, True, 1), (2, True, 1)]
    # each team asked about the second one while it was a draft, before it signed, and got an answer from the other
    asked = {row.side: row for row in Comment.objects.filter(agreement__number=2, answers=None)}
    assert set(asked) == {"marketing", "sales"}
    first_yes = Signature.objects.filter(agreement__number=2).earliest("signed_at").signed_at
    for side, row in asked.items():
        [answer] = row.replies.all()
        assert answer.side in set(asked) - {side}
        assert row.written_at < answer.written_at < first_yes
    # each with promises of its own, and hours and holidays that were known before anybody signed
    before, present = promises().books
    assert before.signed and present.signed and before.lines != present.lines
    assert {line.key for line in present.lines} == {"M1", "M2", "M3", "M4", "S1", "S2", "S3", "S4"}
    amount = sum(line.volume * present.value_of(line.tier).gross_profit for line in present.of("M1"))
    assert present.line("M2").amount == amount > 0
    assert WorkingCalendar.objects.get().team.name == "Field sales"
    assert Holiday.objects.filter(team=None, day=dt.date(2025, 5, 1)).exists()
    handoffs_are_told(now)
    reviews_are_told(now)
    # of three monthly samples two are judged, with splits that wait and two that became examples, and one is under way
    samples = JudgingRound.objects.order_by("month")
    assert [sample.closed_at is None for sample in samples] == [False, False, True]
    assert examples().count() == 2
    assert splits_for_review()
    # the numbers are computed
    assert not StaleNote.objects.exists()
    assert Segment.objects.exists()
    # When it is wiped
    epoch = RollupState.objects.get().epoch
    assert "The demo is gone" in demo(wipe=True)
    # Then every table is as it was, and readers are told to forget
    assert row_counts() == empty
    assert RollupState.objects.get().epoch == epoch + 1


@pytest.mark.django_db
def test_a_second_demo_is_refused_with_a_sentence_and_if_empty_says_nothing(small):
    before = row_counts()
    assert demo(if_empty=True) == ""
    with pytest.raises(CommandError, match="already has a company: Havelbrook Valves"):
        demo()
    assert row_counts() == before


def test_a_real_company_is_neither_wiped_nor_overwritten(company, people):
    before = row_counts()
    with pytest.raises(CommandError, match="Testfirma is a real company"):
        demo(wipe=True)
    assert demo(if_empty=True) == ""
    assert demo(sign_ins=True) == ""
    assert row_counts() == before


@pytest.mark.django_db
def test_without_a_company_there_is_nothing_to_wipe_and_nobody_to_sign_in():
    with pytest.raises(CommandError, match="no demo to remove"):
        demo(wipe=True)
    assert demo(sign_ins=True) == ""


def test_one_person_per_role_can_sign_in_with_what_is_printed(small):
    lines = demo(sign_ins=True).splitlines()[1:]
    request = RequestFactory().post("/")
    roles = []
    for line in lines:
        email = next(word for word in line.split() if "@" in word)
        password = line.split(email)[1].strip()
        user = authenticate(request, username=email, password=password)
        assert user is not None, line
        validate_password(password, user)
        roles.append(Membership.objects.get(user=user).role)
    assert set(roles) == set(Role.values)
    # The others have no password that could be guessed.
    signed = {line.split("@")[0].split()[-1] for line in lines}
    others = User.objects.exclude(email__in=[f"{key}@{people.DOMAIN}" for key in signed])
    assert others.count() == len(people.PEOPLE) - len(lines)
    assert not any(user.has_usable_password() for user in others)


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"until": "2999-01-01"}, {"until": "yesterday"}, {"months": 1}])
def test_impossible_wishes_are_refused_before_anything_is_written(options):
    with pytest.raises(CommandError):
        demo(**options)
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_an_earlier_end_is_the_end():
    demo(small=True, months=3, until="2025-06-30")
    assert LeadEvent.objects.filter(occurred_at__lte=EVENING).exists()
    assert not LeadEvent.objects.filter(occurred_at__gt=EVENING).exists()
    assert not ExchangeRate.objects.filter(day__gt=EVENING.date()).exists()


@pytest.mark.parametrize("shape", [USUAL, SMALL])
def test_same_seed_and_moment_tell_the_same_story(shape):
    assert tell_story(now=NOON, seed=3, shape=shape, months=4) == tell_story(now=NOON, seed=3, shape=shape, months=4)


def test_another_seed_tells_another_story():
    one, other = (tell_story(now=NOON, seed=seed, shape=SMALL, months=4) for seed in (1, 2))
    assert [lead.name for lead in one.leads] != [lead.name for lead in other.leads]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "now", [NOON, dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC), dt.datetime(2024, 2, 29, 23, tzinfo=dt.UTC)]
)
def test_any_day_and_seed_gives_a_whole_story_that_has_happened(now, seed):
    story = tell_story(now=now, seed=seed, shape=SMALL, months=18)
    leads = {lead.key: lead for lead in story.leads}
    deals = {deal.key: deal for deal in story.deals}
    for lead in story.leads:
        times = [step.at for step in lead.steps]
        assert times == sorted(times) and times[-1] <= now
        assert lead.steps[0].kind == "created"
        assert all(touch.at <= now for touch in lead.touches)
        assert lead.company in story.companies
        assert lead.same_contact_as is None or lead.same_contact_as in leads
    for deal in story.deals:
        times = [step.at for step in deal.steps]
        assert times == sorted(times) and times[-1] <= now
        assert deal.steps[0].kind == "opened"
        assert deal.lead is None or deal.lead in leads
        assert deal.renews is None or deals[deal.renews].last("won") is not None
    assert all(line.first <= line.last <= now.date() + dt.timedelta(days=1) for line in story.spend)


def test_the_small_company_has_some_sixty_leads_a_month_and_five_wins_a_quarter():
    stories = [tell_story(now=NOON, seed=seed, shape=SMALL) for seed in range(6)]
    leads = sum(len(story.leads) for story in stories) / 6 / 18
    wins = sum(deal.last("won") is not None for story in stories for deal in story.deals) / 6 / 6
    assert 50 <= leads <= 70
    assert 4 <= wins <= 7
