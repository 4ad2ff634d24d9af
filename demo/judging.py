"""The monthly samples of the demo: two that were judged, with what the review said, and one that is under way."""

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from core.errors import DomainError
from core.periods import add_months
from demo.chance import Dice
from reviews.judging_queries import splits_for_review
from reviews.models import JudgingRound, SampledLead, Stratum
from reviews.services import draw_round, judge_lead, settle

# How often each side takes a lead for an MQL, by what it was in Tandem: sales reads the words more narrowly.
YES = {
    "marketing": {Stratum.MQL: 0.94, Stratum.NEAR: 0.42, Stratum.BELOW: 0.06},
    "sales": {Stratum.MQL: 0.82, Stratum.NEAR: 0.24, Stratum.BELOW: 0.04},
}
# Of the marketers who may judge, and of sales; the last pair judges the sample that is under way.
JUDGES = (("tomasz", "sofia"), ("lena", "luca"), ("jonas", "clara"))
WHY_NOT = (
    "No need is named yet.",
    "Far too small for what we sell.",
    "A student who wrote a paper.",
    "Reads everything and asks for nothing.",
)
WHY_YES = (
    "Asked for a price.",
    "Fits the target group and named a project.",
    "Three of their engineers were in the webinar.",
)
SETTLED = (
    (False, "Reading three white papers is interest, not a need. It takes a question about a project or a price."),
    (True, "A named project is enough, also when nobody gave a budget yet."),
)
# The sample under way: marketing has answered most, sales a few.
ANSWERED = {"marketing": 0.7, "sales": 0.3}


def judge_samples(users: Mapping[str, User], *, today: dt.date, dice: Dice) -> None:
    """Draw and judge the samples of the last three months. `today`: the last day of the story."""
    last = len(JUDGES) - 1
    for number, (marketer, seller) in enumerate(JUDGES):
        try:
            judging = draw_round(
                month=add_months(today.replace(day=1), number - last - 1),
                actor=None,
                marketing_judge=users[marketer],
                sales_judge=users[seller],
                seed=dice.randrange(2**31),
            )
        except DomainError:
            continue  # a short history has months without leads
        _judge(judging, dice, complete=number < last)
    for (qualifies, sentence), pair in zip(SETTLED, splits_for_review(), strict=False):
        settle(sampled=pair.sampled, qualifies=qualifies, sentence=sentence, actor=users["maya"])


def _judge(judging: JudgingRound, dice: Dice, *, complete: bool) -> None:
    sampled = list(SampledLead.objects.filter(round=judging).order_by("position"))
    # What both see alike in a lead: without it the two would agree by chance alone.
    seen = {one.id: dice.random() for one in sampled}
    for side, judge in (("marketing", judging.marketing_judge), ("sales", judging.sales_judge)):
        asked = sampled if complete else sampled[: round(len(sampled) * ANSWERED[side])]
        for one in asked:
            yes = 0.8 * seen[one.id] + 0.2 * dice.random() < YES[side][one.stratum]
            why = dice.choice(WHY_YES if yes else WHY_NOT) if dice.happens(0.6) else ""
            judge_lead(judging=judging, place=one.position, qualifies=yes, sentence=why, actor=judge)
