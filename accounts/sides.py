"""Acts that belong to one of the two teams."""

from accounts.models import Role, Side, User
from accounts.queries import standing
from core.errors import NotAllowed

# Who may stand in for a side when the work must go on. They can't consent for one.
STAND_INS = frozenset({Role.FUNNEL_OWNER, Role.ADMINISTRATOR})


def acts_for(user: User, side: Side) -> bool:
    """Whether this person is in a team of that side, or stands in for both."""
    return side in standing(user).sides or bool(standing(user).roles & STAND_INS)


def require_side(actor: User, side: Side, act: str) -> None:
    """Refuse an act that is the other team's: `act` completes “Sales …”."""
    if not acts_for(actor, side):
        raise NotAllowed("other_side", f"{side.label} {act}.")
