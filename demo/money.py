"""Deals of the story: opened, priced, costed, closed; contracts that renew, customers who buy more, credits."""

import datetime as dt
import math

from core.periods import add_months
from demo import catalogue, people
from demo.chance import Dice
from demo.facts import CompanyFact, DealFact, LeadFact, Money
from demo.journeys import REASONS

WON_WITHOUT_COST, NEVER_PRICED, REOPENED = 0.12, 0.06, 0.06


class Ledger:
    """Tells deals one by one and keeps them; `deals` holds the result."""

    def __init__(self, dice: Dice, now: dt.datetime):
        self.dice, self.now = dice, now
        self.deals: list[DealFact] = []

    def of_lead(self, lead: LeadFact, opened: dt.datetime, owner: str, chance: float) -> tuple[dt.datetime, bool]:
        """The deal that a lead in Opportunity brings. Returns when it is closed for good, and whether it is won."""
        dice = self.dice
        deal = DealFact(
            key=f"lead-{lead.key}",
            name=f"{lead.company}: {dice.choice(('pump line', 'refit', 'transfer pumps', 'booster station'))}",
            company=lead.company,
            currency=self._currency(lead.region),
            origin=lead.origin,
            lead=lead.key,
            owner=owner,
            contact_role=dice.choice(("decides", "uses", "buys", "advises")),
        )
        self.deals.append(deal)
        won = dice.happens(chance)
        closed = dice.at_work(opened + dice.lag(34 if won else 42, 0.65) + dt.timedelta(hours=3))
        self._tell(deal, lead.segment, opened, closed, won)
        if not won and self._amount(deal) and dice.happens(REOPENED):
            again = dice.at_work(closed + dt.timedelta(days=dice.uniform(35, 90)))
            deal.steps.append(Money(again, "reopened", owner=owner))
            closed = dice.at_work(again + dice.lag(21, 0.5))
            won = dice.happens(0.55)
            self._close(deal, closed, won)
        if won:
            self._afterwards(deal, lead.segment, lead.region, closed)
        return closed, won

    def of_old_customer(self, company: CompanyFact, opened: dt.datetime, number: int) -> None:
        """A contract signed before the history begins comes up for renewal."""
        deal = DealFact(
            key=f"old-{number}",
            name=f"{company.name}: service contract",
            company=company.name,
            currency="EUR",
            kind="renewal",
            origin="customer",
            segment=company.segment,
            region=company.region,
            owner=self.dice.choice(people.FIELDERS),
        )
        self._renew(deal, opened, 0.45)

    def _currency(self, region: str) -> str:
        currency = self.dice.pick(catalogue.CURRENCIES)
        return "EUR" if currency == "CHF" and region != "DACH" else currency

    def _tell(self, deal: DealFact, segment: str, opened: dt.datetime, closed: dt.datetime, won: bool, size: float = 1.0):
        dice = self.dice
        _, median, margin = catalogue.SEGMENTS.get(segment, (0, 12_000, catalogue.OTHER_MARGIN))
        amount = round(median * size * math.exp(dice.gauss(0, 0.62)) / 10) * 1000
        deal.steps.append(Money(opened, "opened", owner=deal.owner))
        if won or not dice.happens(NEVER_PRICED):
            # Some deals get their price only days after the first talk; a third change it on the way.
            if dice.happens(0.82):
                deal.steps[0].amount = amount
            else:
                self._priced(deal, opened + dt.timedelta(days=dice.uniform(2, 9)), amount, closed)
            if dice.happens(0.34):
                middle = opened + (closed - opened) * dice.uniform(0.3, 0.9)
                amount = round(amount * dice.uniform(0.75, 1.25) / 1000) * 1000
                self._priced(deal, middle, amount, closed)
            if not dice.happens(WON_WITHOUT_COST) and (won or dice.happens(0.5)):
                cost = round(amount * (1 - margin / 10_000) * dice.uniform(0.9, 1.1) / 1000) * 1000
                at = dice.at_work(opened + (closed - opened) * dice.uniform(0.5, 0.95))
                deal.steps.append(Money(min(at, closed - dt.timedelta(minutes=5)), "cost", cost, owner=deal.owner))
        deal.expected_close = (closed + dt.timedelta(days=dice.uniform(-25, 20))).date()
        deal.steps.sort(key=lambda s: s.at)
        self._close(deal, closed, won)

    def _priced(self, deal: DealFact, at: dt.datetime, amount: int, closed: dt.datetime) -> None:
        at = min(self.dice.at_work(at), closed - dt.timedelta(minutes=30))
        deal.steps.append(Money(at, "amount", amount, owner=deal.owner))

    def _close(self, deal: DealFact, at: dt.datetime, won: bool) -> None:
        reason = "" if won else self.dice.pick(REASONS["lost"])
        deal.steps.append(Money(at, "won" if won else "lost", owner=deal.owner, reason=reason))

    def _afterwards(self, deal: DealFact, segment: str, region: str, won_at: dt.datetime) -> None:
        """What follows a win: a service term that renews, a further order, now and then a credit."""
        dice = self.dice
        if dice.happens(0.5):
            deal.term_start = won_at.date()
            deal.term_end = add_months(deal.term_start, dice.choice((6, 12, 12)))
            self._follow_up(deal, segment, region, "renewal", deal.term_end)
        if dice.happens(0.22):
            day = (won_at + dt.timedelta(days=dice.uniform(70, 240))).date()
            self._follow_up(deal, segment, region, "expansion", day)
        if dice.happens(0.03):
            total = self._amount(deal)
            at = dice.at_work(won_at + dt.timedelta(days=dice.uniform(12, 70)))
            deal.steps.append(Money(at, "credited", total // dice.choice((4, 6, 10)), owner=deal.owner))

    def _follow_up(self, before: DealFact, segment: str, region: str, kind: str, day: dt.date) -> None:
        opened = self.dice.moment_of(day)
        if kind == "renewal":
            opened -= dt.timedelta(days=self.dice.uniform(30, 60))
        opened = self.dice.at_work(opened)
        if opened > self.now:
            return
        deal = DealFact(
            key=f"{before.key}-{kind}",
            name=f"{before.company}: {'service contract' if kind == 'renewal' else 'second line'}",
            company=before.company,
            currency=before.currency,
            kind=kind,
            origin="customer",
            renews=before.key if kind == "renewal" else None,
            segment=segment,
            region=region,
            owner=before.owner,
        )
        if kind == "renewal":
            self._renew(deal, opened, 0.35)
            return
        self.deals.append(deal)
        closed = self.dice.at_work(opened + self.dice.lag(24, 0.5))
        self._tell(deal, segment, opened, closed, self.dice.happens(0.62), 0.7)

    def _renew(self, deal: DealFact, opened: dt.datetime, size: float) -> None:
        self.deals.append(deal)
        closed = self.dice.at_work(opened + dt.timedelta(days=self.dice.uniform(20, 65)))
        won = self.dice.happens(0.8)
        self._tell(deal, deal.segment, opened, closed, won, size)
        if won:
            deal.term_start = closed.date()
            deal.term_end = add_months(deal.term_start, 12)

    def _amount(self, deal: DealFact) -> int:
        """The newest price, 0 if it never got one."""
        prices = (s.amount for s in reversed(deal.steps) if s.kind in ("opened", "amount") and s.amount is not None)
        return next(prices, 0)

    def cancel_one(self, since: dt.datetime) -> None:
        """One customer ends a contract early: the largest win that is old enough."""
        wins = [
            d for d in self.deals if d.steps[-1].kind == "won" and since < d.steps[-1].at < self.now - dt.timedelta(days=45)
        ]
        if wins:
            deal = max(wins, key=lambda d: (self._amount(d), d.key))
            at = self.dice.at_work(deal.steps[-1].at + dt.timedelta(days=40))
            if at < self.now:
                deal.steps.append(Money(at, "cancelled", self._amount(deal) // 2, owner=deal.owner))
