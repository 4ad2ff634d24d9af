"""How the demo company scores its leads, as both teams signed it with the second version."""

from accounts.models import User
from funnel.criteria import Condition, Op
from funnel.models import Agreement
from funnel.score import Engagement, Fit, ScoreTable
from funnel.services import set_points_table

TABLE = ScoreTable(
    fit=(
        Fit(Condition("company_segment", Op.ONE_OF, ("Food and beverage", "Chemicals")), 15),
        Fit(Condition("company_segment", Op.ONE_OF, ("Water utilities",)), 10),
        Fit(Condition("company_region", Op.ONE_OF, ("DACH", "Benelux")), 10),
        Fit(Condition("channel", Op.ONE_OF, ("Partner", "Referral")), 20),
        Fit(Condition("need", Op.KNOWN), 15),
        Fit(Condition("phone", Op.KNOWN), 5),
        Fit(Condition("email", Op.UNKNOWN), -10),
    ),
    engagement=(
        Engagement("webinar", 15, most=2, half_life=45),
        Engagement("event", 15, most=2, half_life=90),
        Engagement("form", 12, most=2, half_life=30),
        Engagement("content", 6, most=3, half_life=30),
        Engagement("visit", 2, most=5, half_life=14),
    ),
)


def draft_points(*, draft: Agreement, actor: User) -> None:
    """No entry rule asks for the score, so no number of the funnel depends on it."""
    set_points_table(draft=draft, table=TABLE, actor=actor)
