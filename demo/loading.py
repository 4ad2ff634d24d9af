"""Writes the story through the services, in one transaction: a start that is cut off leaves nothing half told."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.db import transaction

from accounts.models import Membership, Role, Side
from accounts.services import add_person, add_team, end_role, give_role
from campaigns.services import ensure_campaign, ensure_channel, ensure_content, record_spend, update_campaign
from core.models import OutgoingMessage
from core.services import record_rate, set_up_organisation
from demo import catalogue, people
from demo.chance import ZONE, Dice
from demo.facts import DealFact, LeadFact, Story
from demo.judging import judge_samples
from demo.knowing import known_from
from demo.planning import ask_for_pieces, plan_campaigns
from demo.promises import draft_promises, set_up_calendars
from demo.routing import set_rules
from demo.score import draft_points
from demo.talking import talk_about
from funnel.models import Stage
from funnel.services import (
    adopt_preset,
    draft_version,
    edit_stage,
    ensure_region,
    ensure_segment,
    put_in_force,
    set_margin,
    set_target,
    sign,
)
from leads.models import Company, Contact, Deal, DealContact, DealEvent, Lead, LeadEvent, Note, Touch
from leads.projection import Context
from leads.services.history import insert_companies
from leads.services.planning import plan_step
from leads.services.scoring import follow_scores
from leads.services.stories import append_deal_stories, append_lead_stories

CHUNK = 600  # leads at a time: the memory of one chunk, and a line of progress for each

Say = Callable[[str], None]


def load_story(story: Story, *, say: Say) -> None:
    """Create the company and everything that happened in it."""
    with transaction.atomic():
        loader = _Loader(story, say)
        loader.set_up()
        loader.load_leads()
        loader.load_deals()
        plan_campaigns(
            story, users=loader.users, channels=loader.channels, campaigns=loader.campaigns, contents=loader.contents
        )
        ask_for_pieces(story, users=loader.users, contents=loader.contents)
        today = story.now.astimezone(ZONE).date()
        set_rules(loader.users, loader.teams, now=dt.datetime.now(dt.UTC), today=today)
        follow_scores(now=story.now)
        judge_samples(
            loader.users, today=story.now.astimezone(ZONE).date(), dice=Dice(f"judges {story.company} {story.now}")
        )


def drop_mails() -> None:
    """The mails of the story went out long ago: nobody gets them now."""
    OutgoingMessage.objects.all().delete()


class _Loader:
    """Holds the rows by the names the story uses for them."""

    def __init__(self, story: Story, say: Say):
        self.story, self.say = story, say
        self.leads: dict[int, Lead] = {}
        self.deals: dict[str, Deal] = {}
        self.events: dict[int, LeadEvent] = {}  # of the chunk, by the identity of their steps

    # --- the company ---

    def set_up(self) -> None:
        story = self.story
        set_up_organisation(
            name=story.company,
            tz=catalogue.ZONE,
            base_currency="EUR",
            from_day=story.start,
            is_demo=True,
        )
        self._people()
        self._campaigns()
        self.segments = {name: ensure_segment(name=name) for name in catalogue.SEGMENTS}
        self.regions = {name: ensure_region(name=name) for name in catalogue.REGIONS}
        self._agreement()
        for currency, day, rate in story.rates:
            record_rate(currency=currency, day=day, rate=Decimal(rate), source="demo")
        self._spend()
        self.companies = {
            fact.name: Company(
                name=fact.name,
                domain=fact.domain,
                segment=self.segments[fact.segment],
                region=self.regions[fact.region],
            )
            for fact in story.companies.values()
        }
        insert_companies(companies=list(self.companies.values()), actor=None)
        self.context = Context()
        self.say(f"{story.company}: people, stages, campaigns and {len(self.companies):,} companies")

    def _people(self) -> None:
        before = self.story.start - dt.timedelta(days=60)
        self.teams = {name: add_team(name=name, side=Side(side), actor=None) for name, side in people.TEAMS.items()}
        self.users = {}
        for person in people.PEOPLE:
            secret = people.PASSPHRASE if person.shown_as else None
            user = add_person(email=person.email, name=person.name, password=secret, actor=None)
            team = self.teams.get(person.team)
            give_role(user=user, role=Role(person.role), from_day=before, team=team, actor=None)
            self.users[person.key] = user
        key, team = people.CHANGES_TEAM
        day = self.story.second_version_from
        end_role(membership=Membership.objects.get(user=self.users[key]), until_day=day, actor=self.users["ines"])
        give_role(user=self.users[key], role=Role.REP, from_day=day, team=self.teams[team], actor=self.users["ines"])

    def _campaigns(self) -> None:
        self.channels = {name: ensure_channel(name=name) for name in catalogue.CHANNELS}
        self.contents = {name: ensure_content(name=name) for name in catalogue.CONTENTS}
        self.campaigns = {}
        for fact in self.story.campaigns:
            campaign = ensure_campaign(name=fact.name, channel=self.channels[fact.channel])
            update_campaign(
                campaign=campaign,
                actor=self.users["jonas"],
                starts_on=fact.starts,
                ends_on=fact.ends,
                marketing_owner=self.users["tomasz"],
                sales_owner=self.users["clara"],
            )
            self.campaigns[fact.name] = campaign

    def _agreement(self) -> None:
        """The first version is older than the history; the second changes words, promises and a target."""
        story, owner = self.story, self.users["maya"]
        begin = story.start - dt.timedelta(days=30)
        set_up_calendars(story, from_day=begin, field_sales=self.teams[people.FIELD], actor=self.users["ines"])
        first = adopt_preset(preset="b2b", from_day=begin, actor=owner)
        self._sign(first, begin)
        self.stages = {stage.key: stage for stage in Stage.objects.all()}
        for name, (_, _, basis_points) in catalogue.SEGMENTS.items():
            set_margin(agreement=first, segment=self.segments[name], from_day=begin, basis_points=basis_points, actor=owner)
        set_margin(agreement=first, segment=None, from_day=begin, basis_points=catalogue.OTHER_MARGIN, actor=owner)
        for metric, stage, month, value in story.targets:
            set_target(
                agreement=first,
                metric=metric,
                month=month,
                value=value,
                stage=self.stages.get(stage),
                actor=owner,
            )
        draft = draft_version(actor=owner, note="Sharper words for MQL; sales decides within three days.")
        edit_stage(draft=draft, stage=self.stages["mql"], actor=owner, definition=catalogue.MQL_WORDING)
        edit_stage(draft=draft, stage=self.stages["sal"], actor=owner, target_days=Decimal(3))
        draft_promises(story, draft=draft, actor=owner)
        draft_points(draft=draft, actor=owner)
        talk_about(draft=draft, users=self.users, day=story.second_version_from - dt.timedelta(days=8))
        self._sign(draft, story.second_version_from - dt.timedelta(days=4))
        put_in_force(agreement=draft, from_day=story.second_version_from, actor=owner)

    def _sign(self, agreement, day: dt.date) -> None:
        for hour, side, key in ((10, Side.MARKETING, "jonas"), (15, Side.SALES, "clara")):
            at = dt.datetime.combine(day, dt.time(hour), ZONE)
            sign(agreement=agreement, side=side, user=self.users[key], signed_at=at)

    def _spend(self) -> None:
        for fact in self.story.spend:
            line = {
                "currency": fact.currency,
                "service_from": fact.first,
                "service_to": fact.last,
                "campaign": self.campaigns.get(fact.campaign),
                "channel": self.channels.get(fact.channel),
                "kind": fact.kind,
                "label": fact.label,
                "actor": self.users["jonas"],
            }
            spend = record_spend(amount=fact.amount, **line)
            if fact.replaced_by is not None:
                record_spend(amount=fact.replaced_by, replaces=spend, **line)

    # --- leads ---

    def load_leads(self) -> None:
        facts = self.story.leads
        for start in range(0, len(facts), CHUNK):
            chunk = facts[start : start + CHUNK]
            contacts = [self._lead(fact) for fact in chunk]
            self.events = {}
            events = [self._event(fact, step) for fact in chunk for step in fact.steps]
            append_lead_stories(
                contacts=[contact for contact in contacts if contact is not None],
                leads=[self.leads[fact.key] for fact in chunk],
                touches=[self._touch(fact, touch) for fact in chunk for touch in fact.touches],
                notes=[
                    Note(lead=self.leads[fact.key], author=self.users[n.author], text=n.text, occurred_at=n.at)
                    for fact in chunk
                    for n in fact.notes
                ]
                + [event.note for event in events if event.note is not None],
                events=events,
                actor=self.users["ines"],
                context=self.context,
            )
            self.say(f"{min(start + CHUNK, len(facts)):,} of {len(facts):,} leads")
        for plan in self.story.plans:
            plan_step(
                what=plan.what,
                due_on=plan.due_on,
                remind_on=plan.remind_on,
                lead=self.leads[plan.lead],
                actor=self.users[plan.who],
            )

    def _lead(self, fact: LeadFact) -> Contact | None:
        """Make the lead's row; returns its contact if that is new too."""
        company = self.companies[fact.company]
        original = self.leads.get(fact.same_contact_as)
        contact = original.contact if original else None
        new = None
        if contact is None:
            contact = new = Contact(company=company, name=fact.name, email=fact.email, phone=fact.phone)
        self.leads[fact.key] = Lead(
            contact=contact,
            company=company,
            channel=self.channels.get(fact.channel),
            campaign=self.campaigns.get(fact.campaign),
            segment=self.segments.get(fact.segment),
            region=self.regions.get(fact.region),
            origin=fact.origin,
            tier=fact.tier,
            given_score=fact.score,
            custom={"need": fact.need} if fact.need else {},
        )
        return new

    def _touch(self, fact: LeadFact, touch) -> Touch:
        lead = self.leads[fact.key]
        return Touch(
            lead=lead,
            contact=lead.contact,
            side=touch.side,
            kind=touch.kind,
            channel=self.channels.get(touch.channel),
            campaign=self.campaigns.get(touch.campaign),
            content=self.contents.get(touch.content),
            actor=self.users.get(touch.actor),
            outcome=touch.outcome,
            occurred_at=touch.at,
            source=touch.source,
            external_id=touch.external_id,
            recorded_at=touch.logged_at or touch.at,
        )

    def _event(self, fact: LeadFact, step) -> LeadEvent:
        event = LeadEvent(
            source="demo",  # told, not typed: nobody entered it late by hand
            lead=self.leads[fact.key],
            kind=step.kind,
            from_stage=self.stages.get(step.from_stage),
            to_stage=self.stages.get(step.stage),
            owner=self.users.get(step.owner),
            team=self.teams.get(step.team),
            reason=step.reason,
            other_lead=self.leads.get(step.other),
            occurred_at=step.at,
            recorded_at=step.at,
            actor=self.users.get(step.actor),
            about=self.events[id(step.about)] if step.about is not None else None,
            field=step.field,
            old=step.old,
            new=step.new,
            until=step.until,
            note=Note(lead=self.leads[fact.key], author=self.users[step.actor], text=step.text, occurred_at=step.at)
            if step.text
            else None,
        )
        if step.kind == LeadEvent.Kind.AMENDED:
            event.field = "channel_id"
            event.old = str(self.channels[step.old_channel].pk)
            event.new = str(self.channels[step.new_channel].pk)
        self.events[id(step)] = event
        return event

    # --- deals ---

    def load_deals(self) -> None:
        """Contracts come after those that they renew."""
        waiting = sorted(self.story.deals, key=lambda deal: (deal.steps[0].at, deal.key))
        done = 0
        while waiting:
            chunk = [fact for fact in waiting if fact.renews is None or fact.renews in self.deals]
            if not chunk:
                raise ValueError("a renewal whose predecessor is not told")
            chunk = chunk[:CHUNK]
            for fact in chunk:
                self.deals[fact.key] = self._deal(fact)
            append_deal_stories(
                deals=[self.deals[fact.key] for fact in chunk],
                people=[
                    DealContact(deal=self.deals[fact.key], contact=self.leads[fact.lead].contact, role=fact.contact_role)
                    for fact in chunk
                    if fact.lead is not None
                ],
                events=[self._money(fact, step, at) for fact in chunk for step, at in known_from(fact, self.story)],
                actor=self.users["ines"],
                context=self.context,
            )
            told = {fact.key for fact in chunk}
            waiting = [fact for fact in waiting if fact.key not in told]
            done += len(chunk)
            self.say(f"{done:,} of {len(self.story.deals):,} deals")

    def _deal(self, fact: DealFact) -> Deal:
        return Deal(
            name=fact.name,
            lead=self.leads[fact.lead] if fact.lead is not None else None,
            company=self.companies[fact.company],
            kind=fact.kind,
            origin=fact.origin,
            term_start=fact.term_start,
            term_end=fact.term_end,
            renews=self.deals[fact.renews] if fact.renews else None,
            expected_close=fact.expected_close,
            channel=self.channels.get(fact.channel),
            segment=self.segments.get(fact.segment),
            region=self.regions.get(fact.region),
        )

    def _money(self, fact: DealFact, step, recorded_at: dt.datetime) -> DealEvent:
        return DealEvent(
            deal=self.deals[fact.key],
            kind=step.kind,
            amount=step.amount,
            currency=fact.currency if step.kind == "opened" else "",
            owner=self.users[fact.owner] if step.kind == "opened" else None,
            reason=step.reason,
            occurred_at=step.at,
            recorded_at=recorded_at,
            actor=self.users.get(step.owner),
        )
