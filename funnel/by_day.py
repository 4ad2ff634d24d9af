"""What a version is on a day, whatever is stored of it: agreed and still to come, in force, or over. Reads only.

The stored state says what was decided: a version put in force for next week supersedes the one of today at once. Who reads
a page asks what holds today.
"""

import datetime as dt
from dataclasses import dataclass

from funnel.comment_queries import SIGNING
from funnel.models import Agreement
from funnel.queries import HELD


@dataclass(frozen=True)
class Course:
    """Every version that was put in force, by its first day, as seen from one day."""

    today: dt.date
    held: tuple[Agreement, ...]

    @property
    def present(self) -> Agreement | None:
        """The version of the day; before the first one, the first."""
        begun = [version for version in self.held if version.from_day <= self.today]
        return begun[-1] if begun else next(iter(self.held), None)

    @property
    def coming(self) -> list[Agreement]:
        """What is decided and begins later, the next one first."""
        return [version for version in self.held if version.from_day > self.today and version != self.present]

    def until(self, version: Agreement) -> dt.date | None:
        """The last day of a version; None while nothing is decided after it."""
        later = [row.from_day for row in self.held if row.from_day > version.from_day]
        return later[0] - dt.timedelta(days=1) if later else None

    def words(self, version: Agreement) -> str:
        """What a version is on this day."""
        if version.state not in HELD:
            return version.get_state_display()
        if version.from_day > self.today:
            signed = {signature.side for signature in version.signatures.all()} >= set(SIGNING)
            return f"{'Agreed' if signed else 'Not agreed yet'}, in force from {_day(version.from_day)}"
        if version != self.present:
            return "Superseded"
        last = self.until(version)
        return "In force" if last is None else f"In force (until {_day(last)})"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"


def course_on(today: dt.date) -> Course:
    """The versions as they are on a day, in two queries."""
    held = Agreement.objects.filter(state__in=HELD).prefetch_related("signatures").order_by("from_day")
    return Course(today, tuple(held))
