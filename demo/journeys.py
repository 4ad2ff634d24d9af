"""One lead's way through the funnel: steps, touches and notes, told to its end. The story cuts it at today."""

import datetime as dt

from demo import catalogue, people, sayings
from demo.chance import Dice
from demo.facts import LeadFact, NoteFact, Step, TouchFact
from demo.handing_over import FUNNEL_OWNER, Handoffs, evidence

PATH = ("inquiry", "mql", "sal", "sql", "opportunity")
SKIP, BACK, RETURN_AFTER_RECYCLING = 0.055, 0.05, 0.30
# Share of handoffs that sales sends back as incomplete: some channels ask for less in their forms.
RETURNED = {"LinkedIn ads": 0.24, "Trade fair": 0.16}
RETURNED_ELSEWHERE = 0.08
TIER_HELPS = {"A": 1.35, "B": 1.0, "C": 0.72, "": 0.85}

# Median days in a stage before the next step.
WAIT = {"inquiry": 1.6, "mql": 1.1, "sal": 4.5, "sql": 9.0}
# How many times as long somebody hesitates before a lead is given up; sales decides on an MQL sooner.
LINGERS = {"mql": 1.6}

# What becomes of those who do not go on: (recycled, disqualified, lost); the rest stay where they are.
LEAVES = {
    "inquiry": (0.27, 0.726, 0.0),
    "mql": (0.48, 0.52, 0.0),
    "sal": (0.57, 0.42, 0.0),
    "sql": (0.42, 0.10, 0.475),
}
REASONS = {
    "back": (("context_missing", 5), ("wrong_stage", 3), ("contact_changed", 1)),
    "recycled": (("timing", 5), ("no_budget_now", 4), ("no_answer", 3)),
    "disqualified": (("wrong_segment", 4), ("no_need", 4), ("not_real", 2), ("competitor", 1)),
    "lost": (("price", 4), ("no_decision", 4), ("lost_to_competitor", 3), ("product_gap", 2), ("lost_timing", 2)),
}


class Journey:
    """Tells one lead. `won_after` and `opened_at` are read by the deals' teller."""

    def __init__(self, dice: Dice, lead: LeadFact, quality: catalogue.Quality, marketer: str, insider: str, fielder: str):
        self.dice, self.lead, self.quality = dice, lead, quality
        self.marketer, self.insider, self.fielder = marketer, insider, fielder
        self.luck = 1.0  # what the speed of the first answer does to later steps
        self.opened_at: dt.datetime | None = None
        self.owner = marketer
        self.handoffs = Handoffs(dice, lead, marketer, RETURNED.get(lead.channel, RETURNED_ELSEWHERE))

    def tell(self, begin: dt.datetime) -> None:
        lead, dice = self.lead, self.dice
        stage = "inquiry"
        if lead.origin in ("sales", "customer"):
            stage = "sal" if dice.happens(0.62) else "sql"
            self.owner = self.insider
            self._contact(begin)
        lead.steps.append(Step(begin, "created", stage=stage, owner=self.owner, actor=self.owner))
        self._marketing_touches(begin)
        end = self._walk(stage, begin, 1.0)
        if end is not None and dice.happens(RETURN_AFTER_RECYCLING):
            again = dice.at_work(end + dt.timedelta(days=dice.uniform(40, 150)))
            self._touch(again - dt.timedelta(hours=dice.uniform(1, 30)), dice.choice(("email", "content", "webinar")))
            self._walk("mql", self._hand_over(self._move(again, "recycled", "mql", actor=self.marketer)), 0.9)
        lead.touches.sort(key=lambda t: t.at)

    def _walk(self, stage: str, at: dt.datetime, factor: float) -> dt.datetime | None:
        """Go on from a stage until the way ends. Returns when the lead was recycled, if that is how it ended."""
        dice = self.dice
        while stage != "opportunity":
            chance = getattr(self.quality, stage) * factor
            if stage == "inquiry":
                chance *= 0.8 * TIER_HELPS[self.lead.tier]
            else:
                chance *= self.luck
            if stage == "mql":
                chance *= catalogue.POORLY_ACCEPTED.get(self.lead.campaign, 1.0)
            if not dice.happens(min(chance, 0.96)):
                return self._leave(stage, at)
            at = dice.at_work(at + dice.lag(WAIT[stage] * people.PACE.get(self.owner, 1.0)) + dt.timedelta(minutes=9))
            index = PATH.index(stage) + 1
            if index < 4 and dice.happens(SKIP):
                index += 1
            before, stage = stage, PATH[index]
            if stage in ("sal", "sql") and dice.happens(BACK):
                at = self._detour_back(before, stage, at)
            else:
                at = self._enter(before, stage, at)
        self.opened_at = at
        return None

    def _enter(self, before: str, stage: str, at: dt.datetime) -> dt.datetime:
        """Returns from when on the way goes on: marketing may have to complete a handoff first."""
        dice = self.dice
        if stage in ("sal", "sql", "opportunity") and self.owner == self.marketer:
            self._assign(at, self.insider)
        if stage == "opportunity" and dice.happens(0.45):
            self._assign(at, self.fielder)
        move = self._move(at, before, stage, actor=self.marketer if stage == "mql" else self.owner)
        if stage == "mql":
            return self._hand_over(move)
        if before == "mql":
            self.handoffs.told_back(at, self.owner, (0.58, 0.3, 0.12))
        if stage == "sal" and dice.happens(0.05):
            self._assign(at + dt.timedelta(hours=20), dice.choice(people.INSIDERS))
        elif stage in ("sql", "opportunity"):
            self._contacted(at, "meeting", "reached")
            if dice.happens(0.14):
                self.lead.notes.append(NoteFact(at, self.owner, dice.choice(catalogue.NOTES)))
        return at

    def _detour_back(self, before: str, stage: str, at: dt.datetime) -> dt.datetime:
        """The step was made too early: in, back to where it came from or to MQL, and on again some days later."""
        dice = self.dice
        self._enter(before, stage, at)
        back = dice.at_work(at + dice.lag(1.5, 0.6) + dt.timedelta(minutes=20))
        target = "mql" if stage == "sal" or dice.happens(0.5) else "sal"
        move = self._move(back, stage, target, reason=dice.pick(REASONS["back"]), actor=self.owner)
        if target == "mql" and self.handoffs.entry is not None:
            self.handoffs.begin(move)
            self._contacted(dice.at_work(back + dice.lag(0.2, 0.6) + dt.timedelta(minutes=6)), "call", "reached")
        again = dice.at_work(back + dice.lag(3.0, 0.6) + dt.timedelta(minutes=20))
        self._move(again, target, stage, actor=self.owner)
        return again

    def _hand_over(self, entry: Step) -> dt.datetime:
        """An MQL goes to sales: to a person at once, or into the team's queue. Somebody answers, soon or late or never.

        Returns from when on sales has all that it asked for.
        """
        dice, lead, at = self.dice, self.lead, entry.at
        self.handoffs.begin(entry)
        if dice.happens(0.7):
            # Mostly within the quarter of an hour that routing may take.
            minutes = dice.randrange(1, 15) if dice.happens(0.86) else dice.randrange(16, 90)
            self._assign(at + dt.timedelta(minutes=minutes), self.insider)
        else:
            lead.steps.append(Step(at + dt.timedelta(minutes=1), "assigned", team=people.INSIDE, actor=self.marketer))
            self.owner = self.insider
        meeting = self.handoffs.perhaps_requests(at, self.insider)
        ready = self.handoffs.perhaps_returned(at, self.insider)
        if meeting is not None:
            self._contacted(max(meeting, ready), "meeting", "reached")
            return ready
        if dice.happens(0.07):
            self.luck = 0.25
            return ready
        wait = dice.lag(0.19 * people.PACE[self.insider], 1.5)
        if lead.tier == "A":
            wait /= 3
        hours = wait.total_seconds() / 3600
        self.luck = 1.22 if hours < 4 else 1.08 if hours < 24 else 0.86 if hours < 72 else 0.55
        self._contact(dice.at_work(ready + wait + dt.timedelta(minutes=4)))
        return ready

    def _contact(self, first: dt.datetime) -> None:
        """The first personal attempt and those after it, until they talk."""
        dice, at = self.dice, first
        for _ in range(dice.choice((3, 4, 5, 5, 6))):
            kind, outcome = dice.pick(
                ((("call", "reached"), 3), (("call", "no_answer"), 3), (("call", "voicemail"), 1),
                 (("personal_email", "sent"), 3), (("personal_email", "replied"), 1), (("conversation", ""), 1))
            )  # fmt: skip
            self._contacted(at, kind, outcome)
            if outcome in ("reached", "replied", "") and dice.happens(0.7):
                return
            at = dice.at_work(at + dice.lag(1.4, 0.7) + dt.timedelta(minutes=5))

    def _contacted(self, at: dt.datetime, kind: str, outcome: str) -> None:
        touch = TouchFact(at, "sales", kind, actor=self.owner, outcome=outcome)
        self.lead.touches.append(evidence(self.dice, self.lead, touch))

    def _leave(self, stage: str, at: dt.datetime) -> dt.datetime | None:
        dice, draw = self.dice, self.dice.random()
        for target, share in zip(("recycled", "disqualified", "lost"), LEAVES[stage], strict=True):
            if draw < share:
                at = dice.at_work(at + dice.lag(WAIT[stage] * LINGERS.get(stage, 4), 0.7) + dt.timedelta(hours=1))
                return self._leave_for(target, stage, at)
            draw -= share
        return None

    def _leave_for(self, target: str, stage: str, at: dt.datetime) -> dt.datetime | None:
        dice = self.dice
        actor = self.marketer if stage == "inquiry" else self.owner
        move = self._move(at, stage, target, reason=dice.pick(REASONS[target]), actor=actor)
        if target == "recycled":
            move.until = at + dt.timedelta(days=dice.randrange(30, 160))
        if stage == "mql":
            move.text = dice.choice(sayings.REFUSALS) if dice.happens(0.7) else ""
            overruled = self.handoffs.perhaps_contested(at, target)
            if overruled is not None:
                self._move(overruled, target, "sal", actor=FUNNEL_OWNER)
                return self._walk("sal", overruled, 1.0)
        if stage != "inquiry":
            self.handoffs.told_back(at, self.owner, (0.1, 0.45, 0.45), "close")
        return at if target == "recycled" else None

    def _move(self, at: dt.datetime, before: str, stage: str, *, actor: str, reason: str = "") -> Step:
        move = Step(at, "moved", stage=stage, from_stage=before, reason=reason, actor=actor)
        self.lead.steps.append(move)
        return move

    def _assign(self, at: dt.datetime, owner: str) -> None:
        self.lead.steps.append(Step(at, "assigned", owner=owner, actor=owner))
        self.owner = owner

    def _touch(self, at: dt.datetime, kind: str, **where: str) -> None:
        content = self.dice.choice(catalogue.CONTENTS) if kind in ("content", "email", "form") else ""
        self.lead.touches.append(TouchFact(at, "marketing", kind, content=content, **where))

    def _marketing_touches(self, begin: dt.datetime) -> None:
        """How they came, the touch that made them a lead, and what marketing sent afterwards."""
        dice, lead = self.dice, self.lead
        here = {"channel": lead.channel, "campaign": lead.campaign}
        for _ in range(dice.choice((0, 1, 1, 2, 2, 3))):
            kind = dice.choice(("visit", "visit", "visit", "ad", "content", "email"))
            elsewhere = {"channel": dice.choice(("Organic search", "Paid search", "LinkedIn ads"))}
            self._touch(begin - dice.lag(5, 1.0), kind, **(here if dice.happens(0.5) else elsewhere))
        if self.quality.entry_touch:
            self._touch(begin - dt.timedelta(seconds=5), self.quality.entry_touch, **here)
        at = begin
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            at += dice.lag(9, 0.8)
            self._touch(at, dice.choice(("email", "email", "visit", "content", "webinar")))
