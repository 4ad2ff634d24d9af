"""The whole story of the demo company as plain data: same seed, same day, same story.

Lives are told to their end and then cut at `now`, so that what is still open looks like what was still open any other
day, and nothing lies in the future.
"""

import datetime as dt
from dataclasses import dataclass

from core.periods import add_months
from demo import catalogue, people, sayings
from demo.chance import ZONE, Dice
from demo.desk import DESK, Desk
from demo.facts import CampaignFact, CompanyFact, DealFact, LeadFact, NoteFact, Step, Story
from demo.journeys import Journey
from demo.money import Ledger
from demo.plan import plan_targets, tell_rates, tell_spend
from demo.touching import weave_touches

# Inquiries of the last hours, in minutes before now: somebody always just filled in a form.
FRESH = (11, 52, 160, 330, 610)


@dataclass(frozen=True)
class Shape:
    """How big the company is."""

    company: str
    leads_a_month: float
    fairs: float  # share of the usual number of leads at a fair
    old_renewals_a_month: float
    spend: float  # share of the usual budget
    wins: float = 1.0  # chance to win a deal, against the usual one


USUAL = Shape(catalogue.COMPANY, 385, 1.0, 1.6, 1.0)
SMALL = Shape(catalogue.SMALL_COMPANY, 57, 0.16, 0.12, 0.16, 0.5)


def tell_story(*, now: dt.datetime, seed: int, shape: Shape = USUAL, months: int = 18) -> Story:
    """The history of `months` months that ends at `now`."""
    today = now.astimezone(ZONE).date()
    return _Teller(now, today, add_months(today, -months), seed, shape).tell()


class _Teller:
    def __init__(self, now: dt.datetime, today: dt.date, start: dt.date, seed: int, shape: Shape):
        self.now, self.today, self.start, self.shape = now.astimezone(ZONE), today, start, shape
        self.dice = Dice(f"{seed} {today} {shape.company}")
        self.touching = Dice(f"touching {seed} {today} {shape.company}")  # of its own: the rest of the story stays as it is
        self.days = (today - start).days or 1
        self.campaigns = self._campaigns()
        self.companies: dict[str, CompanyFact] = {}
        self.leads: list[LeadFact] = []
        self.ledger = Ledger(self.dice, self.now)

    def tell(self) -> Story:
        for day in (self.start + dt.timedelta(days=i) for i in range(self.days + 1)):
            self._tell_day(day)
        for minutes in FRESH[: 5 if self.shape is USUAL else 2]:
            self._tell_lead(self.now - dt.timedelta(minutes=minutes), channel="Organic search")
        plans = Desk(self.dice, self.now, self._new_lead).tell(DESK[:: 1 if self.shape is USUAL else 3])
        self._old_renewals()
        self.ledger.cancel_one(self._at(self.start))
        deals = [deal for deal in self.ledger.deals if self._cut_deal(deal)]
        self._reopen_leads(deals)
        leads = [lead for lead in self.leads if self._cut_lead(lead)]
        told = {lead.key for lead in leads}
        # A duplicate whose original fell to the cut has nothing to be merged with.
        for lead in leads:
            lead.steps = [s for s in lead.steps if s.other is None or s.other in told]
        leads.sort(key=lambda lead: (lead.created, lead.key))
        names = {lead.company for lead in leads} | {deal.company for deal in deals}
        return Story(
            company=self.shape.company,
            start=self.start,
            second_version_from=self._second_version(),
            now=self.now.astimezone(dt.UTC),
            companies={name: fact for name, fact in self.companies.items() if name in names},
            campaigns=self.campaigns,
            leads=leads,
            deals=deals,
            spend=tell_spend(self.start, self.today, self.campaigns, self.shape.spend),
            rates=tell_rates(self.start, self.today),
            targets=plan_targets(leads, deals, self.start, self.today),
            plans=plans,
        )

    def _second_version(self) -> dt.date:
        """The first of a month, about a third of the history ago."""
        day = self.today - dt.timedelta(days=self.days // 3)
        return max(day.replace(day=1), self.start + dt.timedelta(days=1))

    def _at(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), ZONE)

    def _campaigns(self) -> list[CampaignFact]:
        def day(share: float) -> dt.date:
            return self.start + dt.timedelta(days=round(self.days * share))

        found = [CampaignFact(c.name, c.channel, day(c.begins), day(c.ends), c.weight) for c in catalogue.CAMPAIGNS]
        for year in range(self.start.year, self.today.year + 1):
            for month, first, name, _, _, _ in catalogue.FAIRS:
                opens = dt.date(year, month, first)
                if self.start <= opens <= self.today - dt.timedelta(days=3):
                    closes = opens + dt.timedelta(days=14)
                    found.append(CampaignFact(f"{name} {year}", "Trade fair", opens, min(closes, self.today), 1))
        return found

    # --- leads ---

    def _tell_day(self, day: dt.date) -> None:
        growth = 0.86 + 0.28 * (day - self.start).days / self.days
        mean = self.shape.leads_a_month / 30.4 * growth * catalogue.SEASON[day.month - 1]
        mean *= catalogue.WEEKDAY[day.weekday()] * 7 / sum(catalogue.WEEKDAY)
        for _ in range(self.dice.poisson(mean)):
            self._tell_lead(self.dice.moment_of(day))
        for month, first, _, _, visitors, _ in catalogue.FAIRS:
            if 0 <= (day - dt.date(day.year, month, first)).days <= 2:
                for _ in range(self.dice.poisson(visitors * self.shape.fairs / 3)):
                    self._tell_lead(self.dice.moment_of(day), channel="Trade fair")

    def _tell_lead(self, begin: dt.datetime, channel: str = "") -> None:
        dice = self.dice
        channel = channel or dice.pick((name, quality.share) for name, quality in catalogue.CHANNELS.items())
        quality = catalogue.CHANNELS[channel]
        origin = {"Outbound": "sales", "Partner": "partner"}.get(channel, "marketing")
        if channel == "Referral" and dice.happens(0.4):
            origin = "customer"
        if origin in ("sales", "customer"):
            begin = dice.at_work(begin)
        lead = self._new_lead(begin, channel, origin)
        team = (dice.choice(people.MARKETERS[:2]), dice.choice(people.INSIDERS), dice.choice(people.FIELDERS))
        journey = Journey(dice, lead, quality, *team)
        if dice.happens(0.006):
            self._test_lead(lead, begin, team[0])
            return
        journey.tell(begin)
        if dice.happens(0.012) and lead.channel:
            wrong = dice.choice([name for name in catalogue.CHANNELS if name not in (channel, "Outbound")])
            lead.channel = wrong
            at = dice.at_work(begin + dt.timedelta(days=dice.uniform(1, 15)))
            lead.steps.append(Step(at, "amended", old_channel=wrong, new_channel=channel, actor=team[0]))
        if journey.opened_at is not None:
            slow = 0.85 if journey.luck < 1 else 1.06
            chance = quality.opportunity * slow * self.shape.wins
            closed, won = self.ledger.of_lead(lead, journey.opened_at, journey.owner, chance)
            weave_touches(self.touching, lead, journey.opened_at, closed)
            journey.handoffs.told_back(closed, journey.owner, (0.85, 0.15, 0) if won else (0.25, 0.5, 0.25), "close")
        if origin == "marketing" and dice.happens(0.011):
            self._duplicate(lead, begin, team[0])

    def _new_lead(self, begin: dt.datetime, channel: str, origin: str = "marketing") -> LeadFact:
        """Somebody new who comes by a channel; what happens to them is told elsewhere."""
        dice, company = self.dice, self._company()
        unknown_source = origin == "marketing" and dice.happens(0.015)
        lead = self._person(company)
        lead.origin = origin
        lead.channel = "" if unknown_source else channel
        lead.campaign = "" if unknown_source else self._campaign_of(channel, begin.date())
        good = catalogue.CHANNELS[channel].inquiry > 0.5
        lead.tier = dice.pick((("A", 3 if good else 1.5), ("B", 4), ("C", 3 if good else 5), ("", 0.6)))
        lead.score = None if dice.happens(0.1) else {"A": 78, "B": 52, "C": 27, "": 40}[lead.tier] + dice.randrange(-14, 15)
        lead.segment = company.segment if dice.happens(0.95) else ""
        lead.region = company.region if dice.happens(0.97) else ""
        lead.need = dice.choice(sayings.NEEDS) if dice.happens(0.5 if channel == "LinkedIn ads" else 0.78) else ""
        return lead

    def _person(self, company: CompanyFact) -> LeadFact:
        dice, key = self.dice, len(self.leads)
        first, last = dice.choice(catalogue.FIRST_NAMES), dice.choice(catalogue.LAST_NAMES)
        prefix = catalogue.REGIONS[company.region][1]
        lead = LeadFact(
            key=key,
            name=f"{first} {last}",
            email=f"{first}.{last}.{key}@{company.domain}".lower(),
            phone=f"{prefix}{dice.randrange(1000, 9999)}" if dice.happens(0.7) else "",
            company=company.name,
            origin="marketing", tier="", score=None, channel="", campaign="", segment="", region="",
        )  # fmt: skip
        self.leads.append(lead)
        return lead

    def _company(self) -> CompanyFact:
        """Mostly a new company; some have several people who ask."""
        dice = self.dice
        if self.companies and dice.happens(0.14):
            return dice.choice(list(self.companies.values())[-400:])
        while True:
            head = dice.choice(catalogue.HEADS) + dice.choice(catalogue.TAILS)
            trade = dice.choice(catalogue.TRADES)
            domain = f"{head}-{trade}.example".lower()
            region = dice.pick((name, row[0]) for name, row in catalogue.REGIONS.items())
            name = f"{head} {trade} {dice.choice(catalogue.REGIONS[region][2])}"
            if name not in self.companies:
                break
        segment = dice.pick((name, row[0]) for name, row in catalogue.SEGMENTS.items())
        self.companies[name] = CompanyFact(name, domain, segment, region)
        return self.companies[name]

    def _campaign_of(self, channel: str, day: dt.date) -> str:
        running = [
            (c.name, c.weight) for c in self.campaigns if c.channel == channel and c.weight and c.starts <= day <= c.ends
        ]
        if not running or self.dice.happens(0.06):
            return ""
        return self.dice.pick(running)

    def _test_lead(self, lead: LeadFact, begin: dt.datetime, marketer: str) -> None:
        lead.name, lead.phone = "Test Test", ""
        lead.email = f"test.{lead.key}@{people.DOMAIN}"
        lead.steps.append(Step(begin, "created", stage="inquiry", owner=marketer, actor=marketer))
        at = self.dice.at_work(begin + dt.timedelta(hours=self.dice.uniform(2, 40)))
        lead.steps.append(Step(at, "lead_voided", actor=marketer))

    def _duplicate(self, lead: LeadFact, begin: dt.datetime, marketer: str) -> None:
        """The same person asks again by another way, and somebody notices."""
        again = begin + dt.timedelta(days=self.dice.uniform(0.2, 12))
        twin = self._person(self.companies[lead.company])
        twin.name, twin.email, twin.phone, twin.same_contact_as = lead.name, lead.email, lead.phone, lead.key
        twin.channel = self.dice.choice(("Organic search", "Paid search", "LinkedIn ads"))
        twin.segment, twin.region = lead.segment, lead.region
        twin.steps.append(Step(again, "created", stage="inquiry", owner=marketer, actor=marketer))
        at = self.dice.at_work(again + dt.timedelta(days=self.dice.uniform(0.2, 4)))
        twin.steps.append(Step(at, "merged", other=lead.key, actor=marketer))
        if self.dice.happens(0.5):
            lead.notes.append(NoteFact(at, marketer, "Asked twice with the same address; put together."))

    # --- deals without a lead, and the cut ---

    def _old_renewals(self) -> None:
        count = self.dice.poisson(self.shape.old_renewals_a_month * self.days / 30.4)
        for number in range(count):
            day = self.start + dt.timedelta(days=self.dice.randrange(self.days))
            self.ledger.of_old_customer(self._company(), self.dice.at_work(self.dice.moment_of(day)), number)

    def _cut_deal(self, deal: DealFact) -> bool:
        deal.steps = [s for s in deal.steps if s.at <= self.now]
        for step in deal.steps:
            step.at = step.at.astimezone(dt.UTC)
        if not any(step.kind == "won" for step in deal.steps):
            deal.term_start = deal.term_end = None
        return bool(deal.steps)

    def _reopen_leads(self, deals: list[DealFact]) -> None:
        by_key = {lead.key: lead for lead in self.leads}
        for deal in deals:
            again = deal.last("reopened")
            if again and deal.lead is not None:
                step = Step(again.at, "moved", stage="opportunity", from_stage="lost", actor=deal.owner)
                by_key[deal.lead].steps.append(step)

    def _cut_lead(self, lead: LeadFact) -> bool:
        first = self._at(self.start)
        lead.steps = sorted((s for s in lead.steps if s.at <= self.now), key=lambda s: s.at)
        lead.touches = [t for t in lead.touches if first <= t.at <= self.now]
        lead.notes = [n for n in lead.notes if n.at <= self.now]
        for fact in (*lead.steps, *lead.touches, *lead.notes):
            fact.at = fact.at.astimezone(dt.UTC)
        return bool(lead.steps) and lead.steps[0].kind == "created"
