"""Touches around a deal that the models of credit see differently: ads that open doors, visits that close them.

Their campaigns' best and worst so depend on the model, and anybody can follow why on one deal.
"""

import datetime as dt

from demo.chance import Dice
from demo.facts import LeadFact, TouchFact

# Seen long before somebody asks, forgotten when they sign: best under first touch, nothing under last touch.
OPENS_DOORS, OPENED = "LinkedIn: plant managers", 0.30
# Shows a running pump to people who already have an offer: best under last touch, nothing under first touch.
CLOSES_DOORS, CLOSED = "Pump clinic on site", 0.35


def weave_touches(dice: Dice, lead: LeadFact, opened: dt.datetime, closed: dt.datetime) -> None:
    """Add to a lead with a deal what met its person long before, and shortly before the end. The story cuts it at today."""
    if dice.happens(OPENED):
        first = min((touch.at for touch in lead.touches), default=lead.created)
        at = first - dt.timedelta(days=dice.uniform(9, 48))
        lead.touches.append(TouchFact(at, "marketing", "ad", channel="LinkedIn ads", campaign=OPENS_DOORS))
    if dice.happens(CLOSED):
        at = dice.at_work(opened + (closed - opened) * dice.uniform(0.55, 0.95))
        touch = TouchFact(
            min(at, closed - dt.timedelta(hours=2)), "marketing", "event", channel="Trade fair", campaign=CLOSES_DOORS
        )
        lead.touches.append(touch)
