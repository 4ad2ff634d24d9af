"""When what the story tells became known: most of it at once, some closes of deals only days later.

Reviews freeze what was known at their instant; what came later is what the next review reads as restated.
"""

import datetime as dt
from collections.abc import Iterator

from demo.chance import Dice
from demo.facts import DealFact, Money, Story

# Of the closes, the share that somebody enters days after the signature.
LATE = 0.14
LATEST_DAYS = 6


def known_from(fact: DealFact, story: Story) -> Iterator[tuple[Money, dt.datetime]]:
    """The steps of a deal in order, each with the instant at which it was entered; never after what followed it."""
    dice = Dice(f"known {story.company} {fact.key}")
    before = dt.datetime.min.replace(tzinfo=dt.UTC)
    for step in fact.steps:
        at = step.at
        if step.kind in ("won", "lost") and dice.happens(LATE):
            at = min(dice.at_work(at + dt.timedelta(days=dice.uniform(1, LATEST_DAYS))), story.now)
        before = max(before, at)
        yield step, before
