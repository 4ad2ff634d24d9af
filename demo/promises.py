"""What the demo's teams promise each other in their second agreement, and when they work."""

import datetime as dt

from accounts.models import Team, User
from demo.chance import ZONE
from demo.facts import Story
from funnel.business_time import Window
from funnel.models import Agreement, HandoffField
from funnel.promises import PromiseLine, Worth
from funnel.services import add_holidays, set_hours, set_lead_values, set_promise, set_required_fields

# Share of a month's MQLs, and what one is worth in euros of gross profit and of revenue.
TIERS = {"A": (0.27, 1_900, 5_200), "B": (0.36, 700, 2_000), "C": (0.30, 250, 700), "": (0.07, 300, 850)}
BASIS = "agreed from the deals of the first year"
HOLIDAYS = (
    (1, 1, "New Year’s Day"),
    (5, 1, "Labour Day"),
    (10, 3, "Day of German Unity"),
    (12, 25, "Christmas Day"),
    (12, 26, "Second day of Christmas"),
)
# Sales decides within three days, as the version's note says; the hottest leads are called within two hours.
LINES = (
    PromiseLine("M3", share=9_500),
    PromiseLine("M4", share=7_000),
    PromiseLine("S1", "A", seconds=2 * 3600, share=9_000, weight=2),
    PromiseLine("S1", seconds=8 * 3600, share=9_000),
    PromiseLine("S2", attempts=4, distinct_days=3, days=10, share=8_500),
    PromiseLine("S3", days=3, share=8_500),
    PromiseLine("S4", days=2, share=8_000),
)
REQUIRED = [
    HandoffField.NAME,
    HandoffField.EMAIL,
    HandoffField.COMPANY,
    HandoffField.CHANNEL,
    HandoffField.SEGMENT,
    HandoffField.NEED,
]
FIELD_WEEK = tuple(Window(day, dt.time(8), dt.time(14) if day == 4 else dt.time(17)) for day in range(5))


def set_up_calendars(story: Story, *, from_day: dt.date, field_sales: Team, actor: User) -> None:
    """The company's holidays, and field sales with a short Friday: all known before the first promise is signed."""
    years = range(from_day.year, story.now.year + 2)
    days = [(dt.date(year, month, day), name) for year in years for month, day, name in HOLIDAYS]
    add_holidays(team=None, days=days, today=from_day, actor=actor)
    set_hours(team=field_sales, from_day=from_day, tz=ZONE.key, windows=FIELD_WEEK, today=from_day, actor=actor)


def draft_promises(story: Story, *, draft: Agreement, actor: User) -> None:
    """Sized by the planned MQLs of the month in which the version begins."""
    planned = next(
        value
        for metric, stage, month, value in story.targets
        if (metric, stage) == ("stage_inflow", "mql") and month >= story.second_version_from.replace(day=1)
    )
    volumes = {tier: max(1, round(planned * share)) for tier, (share, _, _) in TIERS.items()}
    worths = {tier: Worth(profit * 100, revenue * 100, BASIS) for tier, (_, profit, revenue) in TIERS.items()}
    amount = sum(volumes[tier] * worth.gross_profit for tier, worth in worths.items())
    set_lead_values(draft=draft, values=worths, actor=actor)
    set_required_fields(
        draft=draft,
        fields=REQUIRED,
        actor=actor,
    )
    value = PromiseLine("M2", amount=amount, weight=2)
    volume = [PromiseLine("M1", tier, volume=count, cap=12_000) for tier, count in volumes.items()]
    for line in (*volume, value, *LINES):
        set_promise(draft=draft, line=line, actor=actor)
