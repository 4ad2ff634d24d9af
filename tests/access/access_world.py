"""A company with something of everybody's: who may open what is asked of it, address by address."""

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.test import Client

from accounts import services as accounts
from accounts.models import Membership, Role, Side, Team, User
from accounts.services.absences import enter_absence
from campaigns import services as campaigns
from core.models import OutgoingMessage
from core.outbox import queue_message
from core.services import set_up_organisation
from funnel import services as funnel
from funnel.business_time import Window
from funnel.models import Agreement, Stage
from integrations import uploads
from integrations.capture_sites import save_site
from integrations.services import upload
from leads import services as leads
from leads.models import Lead
from leads.services.content_requests import ask_for_content
from leads.services.filtering import add_filter
from leads.services.links import save_link_rule
from leads.services.many import start_bulk
from leads.services.routing_rules import save_rule
from metrics.models import Backtest
from metrics.services import ask_backtest, run_backtest
from reviews.models import Decision, Issue, JudgingRound, Review, ReviewSeries, SampledLead, Stratum
from reviews.services import Shown, agree_action, open_room, plan_ride, raise_issue
from tests.access.frozen_things import frozen_things

START = dt.date(2025, 1, 1)
BACKEND = "django.contrib.auth.backends.ModelBackend"
FILE = b"mql_id,first_contact_date,landing_page_id,origin,owner,stage\nolist1,2026-01-05,88740e65,social,,mql\n"
# Who there is: role and team. "nobody" has a sign-in and no role; "stranger" has not signed in.
PEOPLE = {
    "administrator": (Role.ADMINISTRATOR, None),
    "funnel_owner": (Role.FUNNEL_OWNER, None),
    "marketing_lead": (Role.TEAM_LEAD, "Marketing"),
    "sales_lead": (Role.TEAM_LEAD, "Sales"),
    "member": (Role.REP, "Sales"),
    "colleague": (Role.REP, "Marketing"),
    "viewer": (Role.VIEWER, None),
    "nobody": (None, None),
}
# Whose leads there are, seen from the member: their own, one of the same team, one of the other team.
OWNERS = ("member", "sales_lead", "colleague")
# Kinds of objects that follow their lead's visibility.
OF_A_LEAD = ("lead", "merged", "lead_event", "touch", "step", "deal", "deal_event", "handoff", "content_request")


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


@dataclass
class World:
    """`things[kind][whose]` is what an address takes for an object of that person; "" is the company's."""

    client: Client = field(default_factory=Client)
    people: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    things: dict[str, dict[str, object]] = field(default_factory=dict)

    def as_(self, who: str) -> Client:
        """The one browser, with this person's sign-in and nothing else that is carried on."""
        self.client.cookies.clear()
        if who in self.sessions:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        return self.client

    def thing(self, kind: str, whose: str) -> object:
        of = self.things[kind]
        return of[whose] if whose in of else of[""]

    def one(self, kind: str) -> str:
        """Somebody's, where it does not matter whose."""
        return next(iter(self.things[kind])) if kind else ""

    def keep_files(self) -> None:
        """Files are not part of a transaction: what a request deleted is put back."""
        for uuid in self.things["job"].values():
            if not uploads.path_of(uuid).exists():
                uploads.store(uuid, [FILE])


def build() -> World:
    world = World()
    set_up_organisation(name="Testfirma", tz="Europe/Berlin", base_currency="EUR", from_day=START)
    funnel.adopt_preset(preset="b2b", from_day=START, actor=None)
    _add_people(world)
    for owner in OWNERS:
        _add_lead_of(world, owner)
    for who in ("member", "colleague", "viewer"):
        world.things.setdefault("view", {})[who] = leads.save_view(user=world.people[who], name="Mine", query="is=open").pk
    for who in ("marketing_lead", "sales_lead", "administrator"):
        job = upload(actor=world.people[who], name="olist.csv", chunks=[FILE], entity="lead", source="olist")
        world.things.setdefault("job", {})[who] = job.uuid
    _add_console(world)
    return world


def _add_people(world: World) -> None:
    teams = {name: accounts.add_team(name=name, side=side, actor=None) for name, side in
             (("Marketing", Side.MARKETING), ("Sales", Side.SALES))}  # fmt: skip
    for who, (role, team) in PEOPLE.items():
        name = who.replace("_", " ").title()
        user = accounts.add_person(email=f"{who}@example.com", name=name, password=None, actor=None)
        if role is not None:
            accounts.give_role(user=user, role=role, team=teams.get(team), from_day=START, actor=None)
        client = Client()
        client.force_login(user, backend=BACKEND)
        world.people[who] = user
        world.sessions[who] = client.cookies[settings.SESSION_COOKIE_NAME].value
        world.tokens[who] = accounts.create_token(user=user, name="test", actor=None)[1]


def _add_lead_of(world: World, owner: str) -> None:
    user = world.people[owner]
    stages = {stage.key: stage for stage in Stage.objects.all()}

    def lead_of(name: str, day: int) -> Lead:
        firm = leads.ensure_company(name=f"{owner} GmbH")
        contact = leads.ensure_contact(name=f"{name} {owner}", email=f"{name}.{owner}@example.org", company=firm)
        return leads.create_lead(
            stage=stages["inquiry"],
            occurred_at=at(3, day),
            channel=campaigns.ensure_channel(name="Search"),
            contact=contact,
            company=firm,
            owner=user,
            external_id=f"{name} {owner}",
            actor=None,
        )

    lead, twin = lead_of("anna", 2), lead_of("anne", 3)
    leads.move_lead(lead, stages["mql"], actor=user, occurred_at=at(3, 8))
    moved = leads.move_lead(lead, stages["sql"], actor=user, occurred_at=at(3, 9))
    leads.merge_leads(survivor=lead, duplicate=twin, actor=None)
    deal = leads.open_deal(lead=lead, name=f"{owner} deal", occurred_at=at(3, 10), amount=900_00, cost=300_00, owner=user,
                           actor=None)  # fmt: skip
    touch = leads.record_touch(side="sales", kind="call", occurred_at=at(3, 11), lead=lead, actor=user)
    step = leads.plan_step(what="Call", due_on=dt.date(2026, 4, 1), remind_on=None, who=user, lead=lead, actor=user)
    asked = ask_for_content(lead=lead, need="A reference", actor=world.people["member"], now=at(3, 12))
    found = {
        "lead": lead,
        "merged": twin,
        "lead_event": moved.event,
        "touch": touch,
        "step": step,
        "deal": deal,
        "deal_event": deal.events.order_by("id").first(),
        "handoff": lead.handoffs.get(),
        "content_request": asked,
    }
    assert set(found) == set(OF_A_LEAD)
    # What is one's own and nobody else's: the line of one's day, a job on many leads.
    found["task"] = step
    found["bulk_job"] = start_bulk(actor=user, act="tag", lead_ids=[lead.pk], params={"add": [], "remove": []}, inline=True)
    for kind, row in found.items():
        world.things.setdefault(kind, {})[owner] = row.pk


def _add_console(world: World) -> None:
    """A second version in the making, with what its pages change; an invitation, a token."""
    admin = world.people["administrator"]
    draft = funnel.draft_version(actor=admin)
    rate = funnel.draft_margin(draft=draft, segment=None, from_day=START, basis_points=4_000, today=START, actor=admin)
    now = dt.datetime.now(dt.UTC)
    invite, secret = accounts.invite_person(email="new@example.com", role=Role.VIEWER, team=None, now=now, actor=admin)
    person = world.people["colleague"]
    soon = now.date() + dt.timedelta(days=30)
    monday = Window(weekday=0, opens=dt.time(9), closes=dt.time(17))
    hours = funnel.set_hours(team=None, from_day=soon, tz="Europe/Berlin", windows=[monday], today=now.date(), actor=admin)
    (holiday,) = funnel.add_holidays(team=None, days=[(soon, "Fair")], today=now.date(), actor=admin)
    away = enter_absence(user=world.people["member"], from_day=soon, to_day=soon, today=now.date(), actor=admin)
    rule = save_rule(rule=None, values={"name": "All", "method": "load"}, people=[world.people["member"]], actor=admin)
    queue_message(key="test", kind="reminder", to="a@example.com", subject="s", text="t", now=now)
    comment = funnel.comment_on(agreement=draft, text="Which score?", actor=admin, now=now)
    sampled = _sample(world)
    site = save_site(site=None, name="Web site", origins=["https://www.example.com"], thanks_url="", actor=admin)
    link_rule = save_link_rule(values={"utm_medium": "cpc", "channel": campaigns.ensure_channel(name="Ads")}, actor=admin)
    filter_rule = add_filter(kind="domain", value="example.net", reason="internal", actor=admin)
    planned = _plan_campaign(world)
    review = _review(world)
    world.things |= planned | {
        "company": {"": leads.ensure_company(name="member GmbH").pk},
        "site": {"": site.pk},
        "site_key": {"": site.key},
        "link_rule": {"": link_rule.pk},
        "filter_rule": {"": filter_rule.pk},
        "version": {"": Agreement.objects.get(number=1).number},
        "backtest": {"": _tried(draft, admin, now).pk},
        "stage": {"": "mql"},
        "comment": {"": comment.pk},
        "used": {"": "stage:mql"},
        "word": {"": "mql"},
        "reason": {"": draft.reasons.order_by("id").first().pk},
        "margin": {"": rate.pk},
        "promise": {"": draft.promises.order_by("id").first().pk},
        "promise_key": {"": "S3"},
        "hours": {"": hours.pk},
        "holiday": {"": holiday.pk},
        "absence": {"": away.pk},
        "routing_rule": {"": rule.pk},
        "message": {"": OutgoingMessage.objects.get(key="test").pk},
        "invite": {"": invite.pk},
        "secret": {"": secret},
        "person": {"": person.pk},
        "role": {"": Membership.objects.get(user=person).pk},
        "team": {"": Team.objects.get(name="Sales").pk},
        "token": {"": person.tokens.get().pk},
        "metric": {"": "won_deals"},
        "guide": {"": "company"},
        "issue": {"": _raise_issue(now.date() - dt.timedelta(days=2))},
        "sample": {"": sampled.round_id},
        "sampled": {"": sampled.id},
        "review": {"": review.pk},
        **_agreed(world, review),
        **frozen_things(review, world.things["lead"]["member"]),
    }


def _tried(draft: Agreement, admin: User, now: dt.datetime) -> Backtest:
    """A draft that was tried on history."""
    day = now.date() - dt.timedelta(days=30)
    test = ask_backtest(
        draft=draft, before=Agreement.objects.get(number=1), stage=Stage.objects.get(key="mql"), actor=admin, from_day=day,
        to_day=now.date(), split_day=day + dt.timedelta(days=20), horizon=30, brought_in=True, now=now,
    )  # fmt: skip
    run_backtest(test.pk)
    return test


def _plan_campaign(world: World) -> dict[str, dict[str, int]]:
    """A campaign with a piece of content, an order, and a change that sales asked for."""
    marketer = world.people["colleague"]
    campaign = campaigns.plan_campaign(name="Fair", actor=marketer)
    content = campaigns.describe_content(name="Guide", actor=marketer)
    day = dt.date(2026, 3, 2)
    days = {"service_from": day, "service_to": day}
    cost = campaigns.record_spend(
        amount=100_00, currency="EUR", campaign=campaign, status="committed", actor=marketer, **days
    )
    note = campaigns.respond_to_preview(
        campaign=campaign, kind="change_asked", text="Shorter.", version=1, actor=world.people["member"], now=at(3, 2)
    )
    return {
        "campaign": {"": campaign.pk}, "content": {"": content.pk}, "cost": {"": cost.pk}, "preview": {"": note.pk},
        "channel": {"": campaigns.ensure_channel(name="Search").pk},
    }  # fmt: skip


def _sample(world: World) -> SampledLead:
    """A sample of one lead, which a rep of each team judges."""
    judges = {"marketing_judge": world.people["colleague"], "sales_judge": world.people["member"]}
    sample = JudgingRound.objects.create(
        month=dt.date(2026, 3, 1), agreement=Agreement.objects.get(number=1), seed=1, **judges
    )
    lead_id = world.things["lead"]["member"]
    return SampledLead.objects.create(round=sample, position=1, lead_id=lead_id, stratum=Stratum.MQL)


def _review(world: World) -> Review:
    """A running review that the member facilitates."""
    series = ReviewSeries.objects.create(name="Weekly", at=dt.time(9), zone="Europe/Berlin")
    review = Review.objects.create(
        series=series, period=dt.date(2026, 3, 16), starts_at=at(3, 16, 8), freeze_at=at(3, 16, 5), prepared_at=at(3, 16, 5),
        facilitator=world.people["member"], state=Review.State.PREPARED,
    )  # fmt: skip
    open_room(review=review, actor=world.people["member"], now=at(3, 16, 8))
    return Review.objects.get(pk=review.pk)


def _agreed(world: World, review: Review) -> dict[str, dict[str, int]]:
    """An action of the member, a ride-along of the colleague with the member, and a decision of the review."""
    seller, marketer = world.people["member"], world.people["colleague"]
    action = agree_action(what="Call them", about="Won deals", owner=seller, due_on=dt.date(2026, 4, 1), actor=None,
                          now=at(3, 16))  # fmt: skip
    ride = plan_ride(marketer=marketer, seller=seller, what="A visit", planned_for=dt.date(2026, 4, 1), actor=marketer,
                     now=at(3, 16))  # fmt: skip
    Decision.objects.create(id=review.pk, review=review, sentence="We meet on Mondays.")
    return {"review_action": {"": action.pk}, "ride": {"": ride.pk}}


def _raise_issue(today: dt.date):
    shown = Shown(metric="won_deals", question="", scope="this year", value="1", versions=[1])
    raise_issue(shown=shown, wrong=Issue.Wrong.HIGH, sentence="It looks like more than we won.", today=today)
    return Issue.objects.get().pk
