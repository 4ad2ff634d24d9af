"""What sales and marketing say about the handoffs of one lead: returned, completed, contested, ruled, told back."""

import datetime as dt

from demo import sayings
from demo.chance import Dice
from demo.facts import LeadFact, Step, TouchFact

# The leads of the teams answer requests; the funnel owner ends disputes.
MARKETING_LEAD, FUNNEL_OWNER = "jonas", "maya"
CONTESTED, OVERRULED = 0.03, 0.5
EXCLUSION, WAIVER, MEETING = 0.03, 0.012, 0.05
TOLD, READ = 0.86, 0.84  # feedback that sales gives, and of that what marketing reads


class Handoffs:
    """Writes the steps of a lead's handoffs. `entry` is the move with which the running one began."""

    def __init__(self, dice: Dice, lead: LeadFact, marketer: str, return_chance: float):
        self.dice, self.lead, self.marketer, self.return_chance = dice, lead, marketer, return_chance
        self.entry: Step | None = None

    def begin(self, entry: Step) -> None:
        self.entry = entry

    def say(self, at: dt.datetime, kind: str, actor: str, *, about: Step | None = None, **words) -> Step:
        """A step about the running handoff, or about another step."""
        step = Step(at, kind, actor=actor, about=about or self.entry, **words)
        self.lead.steps.append(step)
        return step

    def perhaps_returned(self, at: dt.datetime, salesperson: str) -> dt.datetime:
        """Sales may return an incomplete lead, and marketing completes it. Returns from when on sales has it for good."""
        dice = self.dice
        if not dice.happens(self.return_chance):
            return at
        back = dice.at_work(at + dice.lag(0.25, 0.7) + dt.timedelta(minutes=12))
        self.returned(back, salesperson)
        if dice.happens(0.05):
            # Marketing does not agree that something is missing.
            contest = dice.at_work(back + dice.lag(0.3, 0.6) + dt.timedelta(minutes=15))
            ruled = dice.at_work(contest + dice.lag(1.1, 0.6) + dt.timedelta(minutes=15))
            self.say(contest, "contested", self.marketer, text=dice.choice(sayings.CONTESTS))
            text = dice.choice(sayings.RULINGS_OVER)
            self.say(ruled, "arbitrated", FUNNEL_OWNER, old="returned", new="open", text=text)
            return ruled
        again = dice.at_work(back + dice.lag(0.9, 0.9) + dt.timedelta(minutes=15))
        self.say(again, "resubmitted", self.marketer, text=dice.choice(sayings.RESUBMITS))
        return again

    def returned(self, at: dt.datetime, salesperson: str) -> None:
        reason = self.dice.pick((("context_missing", 6), ("wrong_stage", 2), ("contact_changed", 1)))
        self.say(at, "returned", salesperson, reason=reason, text=self.dice.choice(sayings.RETURNS[reason]))

    def perhaps_requests(self, at: dt.datetime, salesperson: str) -> dt.datetime | None:
        """A pause or an exclusion that the other team agrees to, mostly. Returns when a booked meeting takes place."""
        dice = self.dice
        soon = dice.at_work(at + dt.timedelta(minutes=dice.randrange(8, 90)))
        if dice.happens(MEETING):
            until = dice.at_work(soon + dt.timedelta(days=dice.uniform(1, 3)))
            self.say(soon, "paused", salesperson, field="meeting", until=until)
            return until
        if dice.happens(WAIVER):
            until = dice.at_work(soon + dt.timedelta(days=dice.uniform(2, 6)))
            text = dice.choice(sayings.WAIVERS)
            request = self.say(soon, "paused", salesperson, field="waiver", until=until, text=text)
            self._answered(request, 0.85)
        elif dice.happens(EXCLUSION):
            self.ask_exclusion(soon + dt.timedelta(hours=dice.uniform(2, 30)), salesperson)
        return None

    def ask_exclusion(self, at: dt.datetime, salesperson: str) -> None:
        reason = self.dice.pick((("unreachable", 5), ("outage", 2), ("duplicate", 3), ("test", 1)))
        words = {"field": "S1", "reason": reason, "text": sayings.EXCLUSIONS[reason]}
        self._answered(self.say(self.dice.at_work(at), "waived", salesperson, **words), 0.78)

    def _answered(self, request: Step, yes: float) -> None:
        at = self.dice.at_work(request.at + self.dice.lag(0.6, 0.7) + dt.timedelta(minutes=9))
        self.say(at, "consented", MARKETING_LEAD, about=request, new="yes" if self.dice.happens(yes) else "no")

    def perhaps_contested(self, at: dt.datetime, decision: str) -> dt.datetime | None:
        """Marketing may contest that a lead was given up. Returns when it was ruled that sales takes it on, if it was."""
        dice = self.dice
        if self.entry is None or not dice.happens(CONTESTED):
            return None
        contest = dice.at_work(at + min(dice.lag(0.8, 0.6), dt.timedelta(days=4)) + dt.timedelta(minutes=10))
        ruled = dice.at_work(contest + dice.lag(1.4, 0.6) + dt.timedelta(minutes=10))
        self.say(contest, "contested", self.marketer, text=dice.choice(sayings.CONTESTS))
        overruled = dice.happens(OVERRULED)
        text = dice.choice(sayings.RULINGS_OVER if overruled else sayings.RULINGS_KEPT)
        self.say(ruled, "arbitrated", FUNNEL_OWNER, old=decision, new="accepted" if overruled else decision, text=text)
        return ruled if overruled else None

    def told_back(self, at: dt.datetime, salesperson: str, chances: tuple[float, float, float], moment: str = "contact"):
        """Sales says what the lead was, and marketing reads it. `chances`: of good, partly and no."""
        dice = self.dice
        if self.entry is None or not dice.happens(TOLD):
            return
        fit = dice.pick(zip(("good", "partly", "no"), chances, strict=True))
        told = dice.at_work(at + dice.lag(0.35, 0.9) + dt.timedelta(minutes=3))
        reason = {"good": "", "partly": "timing", "no": "no_need"}[fit] if dice.happens(0.6) else ""
        text = dice.choice(sayings.FEEDBACK[fit])
        self.say(told, "feedback", salesperson, field=moment, new=fit, reason=reason, text=text)
        if dice.happens(READ):
            self.say(dice.at_work(told + dice.lag(0.5, 0.9) + dt.timedelta(minutes=5)), "feedbackread", self.marketer)


def evidence(dice: Dice, lead: LeadFact, touch: TouchFact) -> TouchFact:
    """How a contact became known: clicked, or brought by the telephone system, a mail copy or a calendar."""
    number = len(lead.touches)
    match touch.kind:
        case "call" if dice.happens(0.25):
            touch.source, touch.external_id = "api", f"call-{lead.key}-{number}"
        case "personal_email" if dice.happens(0.6):
            touch.source, touch.external_id = "mail", f"<{lead.key}.{number}@demo.tandem.example>"
        case "meeting" if dice.happens(0.6):
            touch.source, touch.external_id = "calendar", f"{lead.key}-{number}@demo.tandem.example"
    if touch.source == "tandem":
        late = dt.timedelta(days=dice.uniform(2.1, 4)) if dice.happens(0.03) else dt.timedelta(minutes=dice.randrange(1, 40))
        touch.logged_at = touch.at + late
    return touch
