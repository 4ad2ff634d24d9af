"""What a page shows about content that sales asked for, and what the reader may do about it."""

from collections.abc import Iterable

from accounts.models import Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm
from accounts.sides import acts_for
from leads.models import ContentRequest


def may_about_content(user: User) -> dict[str, bool]:
    """Marketing answers, sales asks and uses."""
    works = has_perm(user, Perm.WORK_LEADS)
    return {
        "may_answer_content": works and acts_for(user, Side.MARKETING),
        "may_use_content": works and acts_for(user, Side.SALES),
    }


def content_card(user: User, asked: Iterable[ContentRequest]) -> dict:
    """The context of leads/parts/content_card.html."""
    return {"asked_content": list(asked), **may_about_content(user)}
