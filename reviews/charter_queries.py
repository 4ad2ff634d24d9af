"""Reads of the charter: the lines in force, what they said before, ride-alongs and the previews of coming campaigns."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm, led_sides
from campaigns.models import Campaign
from campaigns.queries import launches
from reviews.action_queries import possible_owners
from reviews.models import CharterLine, RideAlong

_Subject = CharterLine.Subject
# Lines that name one person; the others are written in words.
OF_PEOPLE = (_Subject.CONTENT, _Subject.FEEDBACK, _Subject.LIAISON_MARKETING, _Subject.LIAISON_SALES)
# What each line is for, and of which side the person is.
HELP: dict[str, str] = {
    _Subject.CONTENT: "Answers when sales needs content, and says how to use it.",
    _Subject.FEEDBACK: "Explains back to marketing which leads worked, which did not, and why.",
    _Subject.LIAISON_MARKETING: "Whom sales asks first when something is unclear.",
    _Subject.LIAISON_SALES: "Whom marketing asks first when something is unclear.",
    _Subject.CADENCE: "Which meetings both teams have, how often, and who comes.",
    _Subject.INCENTIVES_MARKETING: "What the team's pay and praise depend on.",
    _Subject.INCENTIVES_SALES: "What the team's pay and praise depend on.",
}
SIDE_OF: dict[str, Side] = {
    _Subject.CONTENT: Side.MARKETING,
    _Subject.FEEDBACK: Side.SALES,
    _Subject.LIAISON_MARKETING: Side.MARKETING,
    _Subject.LIAISON_SALES: Side.SALES,
    _Subject.INCENTIVES_MARKETING: Side.MARKETING,
    _Subject.INCENTIVES_SALES: Side.SALES,
}
LOOK_AHEAD = dt.timedelta(days=60)
LOOK_BACK = dt.timedelta(days=90)


@dataclass(frozen=True)
class Line:
    """One line of the charter. `now`: what holds, if anything; `coming`: what begins later; `before`: the past."""

    subject: str
    label: str
    help: str
    side: str
    now: CharterLine | None
    coming: list[CharterLine]
    before: list[CharterLine]
    may_write: bool


@dataclass(frozen=True)
class Charter:
    people: list[Line]
    words: list[Line]
    planned: list[RideAlong]
    done: list[RideAlong]
    previews: list[Campaign]

    @property
    def missing(self) -> list[Line]:
        return [line for line in (*self.people, *self.words) if line.now is None]


def charter(reader: User | None, today: dt.date) -> Charter:
    """The whole charter as of a day."""
    lines = [_line(subject, rows, reader, today) for subject, rows in _by_subject().items()]
    return Charter(
        people=[line for line in lines if line.subject in OF_PEOPLE],
        words=[line for line in lines if line.subject not in OF_PEOPLE],
        planned=list(rides().filter(done_on=None, called_off=False).order_by("planned_for", "id")),
        done=list(rides().filter(done_on__gte=today - LOOK_BACK).order_by("-done_on", "-id")),
        previews=list(launches(today, today + LOOK_AHEAD)),
    )


def rides() -> QuerySet[RideAlong]:
    return RideAlong.objects.select_related("marketer", "seller")


def _by_subject() -> dict[str, list[CharterLine]]:
    """All lines ever written, the newest first: of the same day the one written last holds."""
    found: dict[str, list[CharterLine]] = {subject: [] for subject in _Subject.values}
    for row in CharterLine.objects.select_related("person", "written_by").order_by("-from_day", "-id"):
        found[row.subject].append(row)
    return found


def _line(subject: str, rows: list[CharterLine], reader: User | None, today: dt.date) -> Line:
    begun = [row for row in rows if row.from_day <= today]
    return Line(
        subject=subject,
        label=_Subject(subject).label,
        help=HELP[subject],
        side=SIDE_OF.get(subject, Side.JOINT),
        now=begun[0] if begun else None,
        coming=[row for row in reversed(rows) if row.from_day > today],
        before=begun[1:],
        may_write=reader is not None and may_write(reader, subject),
    )


def may_write(user: User, subject: str) -> bool:
    """The lead of the side that a line is about, and whoever answers for both sides."""
    return has_perm(user, Perm.ANSWER_ISSUES) or SIDE_OF.get(subject) in led_sides(user)


def may_change_ride(user: User, ride: RideAlong) -> bool:
    """The two people, and whoever answers for both sides."""
    return user.pk in (ride.marketer_id, ride.seller_id) or has_perm(user, Perm.ANSWER_ISSUES)


def people_of(side: Side, today: dt.date) -> list[User]:
    """Those who work in a team of a side today, by name."""
    of_side = User.objects.filter(memberships__team__side=side).values_list("id", flat=True)
    ids = set(of_side)
    return [one for one in possible_owners(today) if one.pk in ids]
