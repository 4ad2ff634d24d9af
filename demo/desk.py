"""What lies on the desks at this moment: handoffs that wait, fall due or were just answered, counted back from now in
working hours, so that My day has something to say on any day and at any hour."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo import catalogue, people, sayings
from demo.chance import ZONE, Dice
from demo.facts import LeadFact, PlanFact, Step, TouchFact
from demo.handing_over import FUNNEL_OWNER, Handoffs, evidence
from funnel.business_time import Window, WorkingHours

# The company's usual week. A holiday moves the story by a day, which nobody minds.
HOURS = WorkingHours(catalogue.ZONE, tuple(Window(day, dt.time(9), dt.time(17)) for day in range(5)))


@dataclass(frozen=True)
class Waiting:
    """A handoff: handed over so many working hours ago, to whom (nobody: the queue), and what has happened since."""

    hours: float
    tier: str
    whose: str
    what: str
    channel: str = "Organic search"


# Every third of these is what the small company has.
DESK: tuple[Waiting, ...] = (
    Waiting(0.3, "A", "sofia", "new"),
    Waiting(7.4, "B", "sofia", "new", "Webinar"),
    Waiting(9.5, "C", "luca", "new", "LinkedIn ads"),
    Waiting(1.4, "A", "sofia", "new", "Partner"),
    Waiting(1.8, "A", "luca", "new"),
    Waiting(2.7, "A", "sofia", "new", "Paid search"),
    Waiting(6.0, "B", "sofia", "returned", "LinkedIn ads"),
    Waiting(0.6, "A", "", "new"),
    Waiting(13.0, "B", "sofia", "new", "Trade fair"),
    Waiting(9.0, "B", "sofia", "contested", "Webinar"),
    Waiting(4.0, "C", "sofia", "new"),
    Waiting(0.1, "B", "", "new", "Webinar"),
    Waiting(12.0, "A", "sofia", "told", "Partner"),
    Waiting(10.0, "A", "sofia", "called"),
    Waiting(21.0, "B", "sofia", "called", "Webinar"),
    Waiting(11.0, "C", "luca", "asks", "Paid search"),
    Waiting(14.0, "C", "luca", "returned", "LinkedIn ads"),
    Waiting(27.0, "B", "luca", "called"),
    Waiting(18.0, "B", "sofia", "accepted", "Paid search"),
    Waiting(30.0, "B", "sofia", "returned", "LinkedIn ads"),
    Waiting(5.0, "B", "sofia", "accepted"),
    Waiting(20.0, "A", "luca", "contested", "Partner"),
    Waiting(7.0, "B", "sofia", "again", "LinkedIn ads"),
    Waiting(16.0, "B", "luca", "told", "Webinar"),
    Waiting(26.0, "C", "sofia", "refused", "LinkedIn ads"),
    Waiting(34.0, "B", "sofia", "ruled", "Webinar"),
)
MARKETERS = ("tomasz", "jonas")
PLANNED = (("called", -1), ("called", 0), ("told", 0), ("accepted", 1), ("returned", 0))


class Desk:
    """Tells the handoffs of the last days, one after the other."""

    def __init__(self, dice: Dice, now: dt.datetime, new_lead: Callable[[dt.datetime, str], LeadFact]):
        self.dice, self.now, self.new_lead = dice, now, new_lead

    def tell(self, desk: Sequence[Waiting]) -> list[PlanFact]:
        """Returns what their owners want to do next."""
        leads = [(waiting, self._hand_over(waiting, MARKETERS[n % 2])) for n, waiting in enumerate(desk)]
        today, plans = self.now.astimezone(ZONE).date(), []
        for what, days in PLANNED:
            for waiting, lead in leads:
                if waiting.what == what and not any(plan.lead == lead.key for plan in plans):
                    plans.append(self._plan(waiting, lead, today + dt.timedelta(days=days)))
                    break
        return plans

    def _plan(self, waiting: Waiting, lead: LeadFact, due_on: dt.date) -> PlanFact:
        if waiting.what == "returned":
            return PlanFact(lead.key, lead.steps[0].owner, self.dice.choice(sayings.FILL_INS), due_on)
        return PlanFact(lead.key, waiting.whose, self.dice.choice(sayings.NEXT_STEPS), due_on, due_on)

    def ago(self, hours: float) -> dt.datetime:
        """The latest moment since which so many working hours have passed."""
        early, late = self.now - dt.timedelta(days=40), self.now
        wanted = dt.timedelta(hours=hours)
        while late - early > dt.timedelta(seconds=30):
            middle = early + (late - early) / 2
            if HOURS.worked(middle, self.now) >= wanted:
                early = middle
            else:
                late = middle
        return early.replace(microsecond=0)

    def _hand_over(self, waiting: Waiting, marketer: str) -> LeadFact:
        dice, at = self.dice, self.ago(waiting.hours)
        begin = at - dt.timedelta(hours=dice.uniform(2, 40))
        lead = self.new_lead(begin, waiting.channel)
        lead.tier = waiting.tier
        if waiting.what in ("returned", "again"):
            lead.need = "" if waiting.what == "returned" else lead.need or dice.choice(sayings.NEEDS)
        entry = catalogue.CHANNELS[waiting.channel].entry_touch
        where = {"channel": lead.channel, "campaign": lead.campaign}
        for days, kind in ((9, "visit"), (4, "content")):
            lead.touches.append(TouchFact(begin - dt.timedelta(days=days, minutes=dice.randrange(500)), "marketing", kind))
        lead.touches.append(TouchFact(begin - dt.timedelta(seconds=5), "marketing", entry, **where))
        lead.steps.append(Step(begin, "created", stage="inquiry", owner=marketer, actor=marketer))
        move = Step(at, "moved", stage="mql", from_stage="inquiry", actor=marketer)
        lead.steps.append(move)
        given = at + dt.timedelta(minutes=2)
        if waiting.whose:
            lead.steps.append(Step(given, "assigned", owner=waiting.whose, actor=marketer))
        else:
            lead.steps.append(Step(given, "assigned", team=people.INSIDE, actor=marketer))
        handoffs = Handoffs(dice, lead, marketer, 0)
        handoffs.begin(move)
        if waiting.what != "new":
            getattr(self, f"_{waiting.what}")(waiting, lead, handoffs)
        return lead

    # --- what has happened since; times are shares of the hours since the handoff ---

    def _at(self, waiting: Waiting, share: float) -> dt.datetime:
        return self.ago(waiting.hours * (1 - share))

    def _contact(self, waiting: Waiting, lead: LeadFact, share: float, kind: str, outcome: str) -> None:
        touch = TouchFact(self._at(waiting, share), "sales", kind, actor=waiting.whose, outcome=outcome)
        lead.touches.append(evidence(self.dice, lead, touch))

    def _move(self, waiting: Waiting, lead: LeadFact, share: float, stage: str, reason: str = "", text: str = "") -> Step:
        at = self._at(waiting, share)
        move = Step(at, "moved", stage=stage, from_stage="mql", reason=reason, actor=waiting.whose, text=text)
        lead.steps.append(move)
        return move

    def _called(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._contact(waiting, lead, 0.08, "call", "no_answer")
        self._contact(waiting, lead, 0.6, "personal_email", "sent")

    def _returned(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        handoffs.returned(self._at(waiting, 0.2), waiting.whose)

    def _again(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._returned(waiting, lead, handoffs)
        handoffs.say(self._at(waiting, 0.8), "resubmitted", handoffs.marketer, text=self.dice.choice(sayings.RESUBMITS))

    def _asks(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        words = {"field": "S1", "reason": "unreachable", "text": sayings.EXCLUSIONS["unreachable"]}
        handoffs.say(self._at(waiting, 0.5), "waived", waiting.whose, **words)

    def _accepted(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._contact(waiting, lead, 0.1, "call", "reached")
        self._move(waiting, lead, 0.15, "sal")

    def _told(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._accepted(waiting, lead, handoffs)
        text = sayings.FEEDBACK["good"][0]
        handoffs.say(self._at(waiting, 0.7), "feedback", waiting.whose, field="contact", new="good", text=text)

    def _refused(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._contact(waiting, lead, 0.1, "call", "reached")
        self._move(waiting, lead, 0.7, "disqualified", "no_need", sayings.REFUSALS[2])
        text = sayings.FEEDBACK["no"][0]
        handoffs.say(self._at(waiting, 0.8), "feedback", waiting.whose, field="close", new="no", reason="no_need", text=text)

    def _contested(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._contact(waiting, lead, 0.1, "call", "voicemail")
        self._move(waiting, lead, 0.4, "disqualified", "no_need", self.dice.choice(sayings.REFUSALS))
        handoffs.say(self._at(waiting, 0.7), "contested", handoffs.marketer, text=self.dice.choice(sayings.CONTESTS))

    def _ruled(self, waiting: Waiting, lead: LeadFact, handoffs: Handoffs) -> None:
        self._contested(waiting, lead, handoffs)
        at = self._at(waiting, 0.9)
        words = {"old": "disqualified", "new": "accepted", "text": sayings.RULINGS_OVER[0]}
        handoffs.say(at, "arbitrated", FUNNEL_OWNER, **words)
        move = Step(at + dt.timedelta(minutes=1), "moved", stage="sal", from_stage="disqualified", actor=FUNNEL_OWNER)
        lead.steps.append(move)
