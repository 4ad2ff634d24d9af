"""Writes of the charter: a line from a day on, and ride-alongs."""

import datetime as dt

from accounts.models import Side, User
from core.errors import Conflict, DomainError, NotAllowed
from core.queries import calendar
from reviews.charter_queries import OF_PEOPLE, SIDE_OF, may_change_ride, may_write, people_of
from reviews.models import CharterLine, RideAlong


def write_line(
    *, subject: str, person: User | None, words: str, from_day: dt.date, actor: User, now: dt.datetime
) -> CharterLine:
    """Say who or what a line of the charter names from a day on. The same again is no second line.

    NotAllowed for those who neither lead that side nor answer for both; DomainError if it says nothing, or the person is not
    of the side.
    """
    if not may_write(actor, subject):
        raise NotAllowed("not_your_line", "The lead of that team, the funnel owner or an administrator writes this line.")
    today = calendar().day_of(now)
    if subject in OF_PEOPLE:
        if person is None:
            raise DomainError("nobody_named", "Name one person.", field="person")
        if person not in people_of(SIDE_OF[subject], today):
            side = SIDE_OF[subject].label.lower()
            raise DomainError("other_side", f"{person.name} works in no team of {side}.", field="person")
    elif not words:
        raise DomainError("nothing_said", "Write a sentence.", field="words")
    person = person if subject in OF_PEOPLE else None
    last = CharterLine.objects.filter(subject=subject, from_day=from_day).order_by("-id").first()
    if last is not None and (last.person_id, last.words) == (person.pk if person else None, words):
        return last
    return CharterLine.objects.create(subject=subject, person=person, words=words, from_day=from_day, written_by=actor)


def plan_ride(*, marketer: User, seller: User, what: str, planned_for: dt.date, actor: User, now: dt.datetime) -> RideAlong:
    """A marketer will go along on a sales call. DomainError if one of both is of the wrong side or the day is over."""
    today = calendar().day_of(now)
    if planned_for < today:
        raise DomainError("day_is_over", "That day is over. Choose today or a later one.", field="planned_for")
    for name, person, side in (("marketer", marketer, Side.MARKETING), ("seller", seller, Side.SALES)):
        if person not in people_of(side, today):
            raise DomainError("other_side", f"{person.name} works in no team of {side.label.lower()}.", field=name)
    if marketer == seller:
        raise DomainError("one_person", "A ride-along takes two people.", field="seller")
    ride = RideAlong.objects.filter(
        marketer=marketer, seller=seller, what=what, planned_for=planned_for, called_off=False, done_on=None
    ).first()
    return ride or RideAlong.objects.create(
        marketer=marketer, seller=seller, what=what, planned_for=planned_for, planned_by=actor
    )


def finish_ride(*, ride: RideAlong, learned: str, actor: User, now: dt.datetime) -> None:
    """It took place. `learned`: in a sentence, for everybody."""
    _refuse(ride, actor)
    if not learned:
        raise DomainError("nothing_learned", "Say in a sentence what you take from it.", field="learned")
    _end(ride, done_on=calendar().day_of(now), learned=learned)


def call_off_ride(*, ride: RideAlong, actor: User) -> None:
    _refuse(ride, actor)
    _end(ride, called_off=True)


def _refuse(ride: RideAlong, actor: User) -> None:
    if not may_change_ride(actor, ride):
        raise NotAllowed("not_your_ride", "One of the two people says what became of it.")


def _end(ride: RideAlong, **fields) -> None:
    open_one = RideAlong.objects.filter(pk=ride.pk, done_on=None, called_off=False)
    if not open_one.update(**fields):
        raise Conflict("ended", "What became of this ride-along has been said meanwhile.")
