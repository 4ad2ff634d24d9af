"""Reads of actions. Everybody reads all of them: an action is promised to both teams."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import Membership, Role, User
from accounts.permissions import ROLE_PERMS, Perm
from accounts.queries import has_perm, on_day
from core.queries import Calendar, calendar
from metrics.definitions import METRICS
from reviews.models import Action, Review, SeriesMember
from reviews.queries import issues_for_review

# On one's own list: what is late or due so soon.
SOON = dt.timedelta(days=14)
_MAY_OWN = [role for role in Role if Perm.WORK_LEADS in ROLE_PERMS[role]]


@dataclass(frozen=True)
class Entry:
    """An action as it is shown. `carried`: over how many reviews it has been open, the one at hand included."""

    action: Action
    late_days: int
    carried: int
    link: str
    ended_on: dt.date | None
    mine: bool
    may_change: bool

    @property
    def overdue(self) -> bool:
        return self.late_days > 0


@dataclass(frozen=True)
class OfReview:
    """What the actions part shows: what earlier reviews left open, what ended since the last one, what this one agreed."""

    carried: list[Entry]
    ended: list[Entry]
    agreed: list[Entry]

    @property
    def overdue(self) -> int:
        return sum(entry.overdue for entry in self.carried)


def today_now() -> dt.date:
    """The company's day at this moment."""
    return calendar().day_of(dt.datetime.now(dt.UTC))


def all_actions() -> QuerySet[Action]:
    return Action.objects.select_related("owner", "review__series", "review_issue", "issue")


def open_actions() -> QuerySet[Action]:
    """What is to be done, the longest overdue first."""
    return all_actions().filter(state=Action.State.OPEN).order_by("due_on", "id")


def actions_of(user: User, today: dt.date) -> QuerySet[Action]:
    """A person's own open actions that are late or due soon."""
    return open_actions().filter(owner=user, due_on__lte=today + SOON)


def overdue_actions(today: dt.date) -> QuerySet[Action]:
    return open_actions().filter(due_on__lt=today)


def ended_actions() -> QuerySet[Action]:
    return all_actions().exclude(state=Action.State.OPEN).order_by("-ended_at", "-id")


def held_before(review: Review) -> Review | None:
    """The last one of the series that was held."""
    earlier = Review.objects.filter(series_id=review.series_id, state=Review.State.CLOSED, starts_at__lt=review.starts_at)
    return earlier.order_by("-starts_at").first()


def actions_for(review: Review, *, reader: User, today: dt.date) -> OfReview:
    """What a review that has not been closed goes through, as of `today`."""
    before = held_before(review)
    carried = [one for one in open_actions() if one.review_id != review.pk]
    agreed = all_actions().filter(review=review).order_by("id")
    ended = ended_actions().exclude(review=review)
    if before is not None:
        ended = ended.filter(ended_at__gt=before.closed_at)
    return OfReview(*(entries(part, reader=reader, today=today) for part in (carried, ended, agreed)))


def entries(actions: Iterable[Action], *, reader: User | None, today: dt.date) -> list[Entry]:
    """Actions with what is shown beside them, in as many queries for one as for many. `reader` None: nobody's screen."""
    actions, days = list(actions), calendar()
    held = _days_held(days) if actions else []
    everything = reader is not None and may_change_all(reader)
    ended_on = {one.pk: days.day_of(one.ended_at) for one in actions if one.ended_at}
    return [
        Entry(
            action=one,
            late_days=max(0, (today - one.due_on).days) if one.state == Action.State.OPEN else 0,
            carried=sum(one.agreed_on < day <= ended_on.get(one.pk, today) for day in held),
            link=link_of(one),
            ended_on=ended_on.get(one.pk),
            mine=reader is not None and one.owner_id == reader.pk,
            may_change=everything or (reader is not None and one.owner_id == reader.pk),
        )
        for one in actions
    ]


def _days_held(days: Calendar) -> list[dt.date]:
    states = (Review.State.CLOSED, Review.State.RUNNING)
    return [days.day_of(at) for at in Review.objects.filter(state__in=states).values_list("starts_at", flat=True)]


def link_of(action: Action) -> str:
    """Where the number is explained, or the issue stands; empty if it answers neither."""
    if action.metric in METRICS:
        return f"{reverse('explain', args=[action.metric])}?{action.question}".rstrip("?")
    if action.issue_id:
        return reverse("review_issues")
    if action.review_issue_id and action.review_id:
        return reverse("review", args=[action.review_id])
    return ""


def may_change_all(user: User) -> bool:
    """The funnel owner, an administrator, and whoever takes turns in leading the reviews."""
    if has_perm(user, Perm.ANSWER_ISSUES):
        return True
    running = Review.objects.filter(state=Review.State.RUNNING, facilitator=user)
    return SeriesMember.objects.filter(user=user, can_facilitate=True).exists() or running.exists()


def may_change(user: User, action: Action) -> bool:
    """Its owner may, too."""
    return action.owner_id == user.pk or may_change_all(user)


def possible_owners(today: dt.date) -> list[User]:
    """Those who may own an action: everybody who works in the funnel today, by name."""
    working = Membership.objects.filter(on_day(today), role__in=_MAY_OWN).values("user_id")
    return list(User.objects.filter(id__in=working, is_active=True).order_by("name", "id"))


@dataclass(frozen=True)
class Answerable:
    """Something that an action can answer: its key in a form, its words, and the fields of the action."""

    key: str
    words: str
    fields: dict


def answerable(today: dt.date, review: Review | None = None) -> dict[str, list[Answerable]]:
    """What an action can answer, by kind: issues of the review at hand (or the last one), raised issues, numbers."""
    review = review or Review.objects.filter(_of_now()).order_by("-starts_at").first()
    of_review = review.issues.order_by("id") if review else ()
    return {
        "Issues of the review": [
            Answerable(f"r:{one.pk}", one.sentence, {"review_issue": one, "metric": one.metric}) for one in of_review
        ],
        "Issues raised from numbers": [
            Answerable(f"i:{one.pk}", one.sentence, {"issue": one, "metric": one.metric, "question": one.question})
            for one in issues_for_review(today)
        ],
        "Numbers": [Answerable(f"m:{key}", metric.label, {"metric": key}) for key, metric in METRICS.items()],
    }


def _of_now() -> Q:
    return Q(state__in=(Review.State.RUNNING, Review.State.CLOSED))


def action_url(**prefilled: str) -> str:
    """The form for a new action; `answers` is a key of answerable()."""
    query = urlencode({name: value for name, value in prefilled.items() if value})
    return f"{reverse('review_action_new')}?{query}".rstrip("?")
