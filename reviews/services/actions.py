"""Writes of actions: agreed, moved to another day, handed to somebody else, done, dropped with a reason, opened again.

Each change names the last step that its writer saw, so of two at once one wins and the other one is told.
"""

import datetime as dt

from django.db import transaction

from accounts.models import User
from core.errors import Conflict, DomainError, NotAllowed
from core.queries import calendar
from reviews.action_queries import may_change, possible_owners
from reviews.models import Action, ActionStep, Issue, Review, ReviewIssue

_Kind, _State = ActionStep.Kind, Action.State
MOST_AHEAD = dt.timedelta(days=400)


def agree_action(
    *,
    what: str,
    about: str,
    owner: User,
    due_on: dt.date,
    actor: User | None,
    now: dt.datetime,
    review: Review | None = None,
    metric: str = "",
    question: str = "",
    issue: Issue | None = None,
    review_issue: ReviewIssue | None = None,
) -> Action:
    """Write an action down. `about`: the number or issue it answers, in words. DomainError if the owner or the day won't do.

    The same words for the same owner and day in one review are one action: a second click.
    """
    today = calendar().day_of(now)
    _check_owner(owner, today)
    _check_day(due_on, today)
    if not about:
        raise DomainError("answers_nothing", "Say which number or issue it answers.", field="answers")
    with transaction.atomic():
        same = Action.objects.filter(what=what, owner=owner, due_on=due_on, review=review, agreed_on=today)
        if (found := same.first()) is not None:
            return found
        action = Action.objects.create(
            what=what,
            about=about[:300],
            metric=metric,
            question=question,
            issue=issue,
            review_issue=review_issue,
            review=review,
            owner=owner,
            due_on=due_on,
            first_due_on=due_on,
            agreed_on=today,
            steps_taken=1,
        )
        _note(action, _Kind.AGREED, "", actor, today)
    return action


def move_action(*, action: Action, due_on: dt.date, reason: str, seen: int, actor: User, now: dt.datetime) -> None:
    """Agree on another day. The first one stays the measure of “on time”."""
    today = _begin(action, actor, now)
    _check_day(due_on, today)
    if due_on == action.due_on:
        raise DomainError("same_day", "That is the day it has.", field="due_on")
    if not reason:
        raise DomainError("reason_missing", "Say in a sentence why the day moves.", field="reason")
    _change(action, _Kind.MOVED, {"due_on": due_on}, reason, seen, actor, today)


def hand_action(*, action: Action, owner: User, seen: int, actor: User, now: dt.datetime) -> None:
    """Give it to somebody else."""
    today = _begin(action, actor, now)
    _check_owner(owner, today)
    if owner.pk == action.owner_id:
        raise DomainError("same_owner", f"{owner.name} has it already.", field="owner")
    _change(action, _Kind.HANDED, {"owner": owner}, "", seen, actor, today)


def finish_action(*, action: Action, seen: int, actor: User, now: dt.datetime) -> None:
    today = _begin(action, actor, now)
    _change(action, _Kind.DONE, {"state": _State.DONE, "ended_at": now}, "", seen, actor, today)


def drop_action(*, action: Action, reason: str, seen: int, actor: User, now: dt.datetime) -> None:
    """Nobody will do it, and everybody can read why."""
    today = _begin(action, actor, now)
    if not reason:
        raise DomainError("reason_missing", "Say in a sentence why it is dropped.", field="reason")
    _change(action, _Kind.DROPPED, {"state": _State.DROPPED, "ended_at": now}, reason, seen, actor, today)


def reopen_action(*, action: Action, seen: int, actor: User, now: dt.datetime) -> None:
    """Take back that it was done or dropped."""
    _check_actor(action, actor)
    if action.state == _State.OPEN:
        raise DomainError("open_already", "This action is open.")
    today = calendar().day_of(now)
    _change(action, _Kind.REOPENED, {"state": _State.OPEN, "ended_at": None}, "", seen, actor, today)


def _begin(action: Action, actor: User, now: dt.datetime) -> dt.date:
    """Refuse those who may not, and what has ended; the company's day otherwise."""
    _check_actor(action, actor)
    if action.state != _State.OPEN:
        raise Conflict("ended", f"This action is {action.get_state_display().lower()} already.")
    return calendar().day_of(now)


def _check_actor(action: Action, actor: User) -> None:
    if not may_change(actor, action):
        raise NotAllowed(
            "not_yours", f"{action.owner.name} owns this action; only they, the funnel owner and facilitators change it."
        )


def _check_owner(owner: User, today: dt.date) -> None:
    if owner not in possible_owners(today):
        raise DomainError("cannot_own", f"{owner.name} works in no team today. Name somebody who does.", field="owner")


def _check_day(due_on: dt.date, today: dt.date) -> None:
    if due_on < today:
        raise DomainError("day_is_over", "That day is over. Choose today or a later one.", field="due_on")
    if due_on > today + MOST_AHEAD:
        raise DomainError("too_far", "An action is due within a year.", field="due_on")


def _change(
    action: Action, kind: ActionStep.Kind, fields: dict, reason: str, seen: int, actor: User, today: dt.date
) -> None:
    """The action under the step that was seen, and its next step."""
    with transaction.atomic():
        changed = Action.objects.filter(pk=action.pk, steps_taken=seen).update(steps_taken=seen + 1, **fields)
        if not changed:
            last = action.steps.select_related("actor").order_by("-id").first()
            who = last.actor.name if last and last.actor else "Somebody"
            raise Conflict("changed_meanwhile", f"{who} changed this action meanwhile. Look at it again.")
        action.refresh_from_db()
        _note(action, kind, reason, actor, today)


def _note(action: Action, kind: ActionStep.Kind, reason: str, actor: User | None, today: dt.date) -> None:
    ActionStep.objects.create(
        action=action, kind=kind, owner_id=action.owner_id, due_on=action.due_on, reason=reason, actor=actor, day=today
    )
