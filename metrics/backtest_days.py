"""The company's days of very many instants at once."""

import numpy as np

from core.periods import date_of, day_number
from core.queries import Calendar
from leads.score import as_of
from metrics.codes import instant_of, micros_of
from metrics.methods.backtest import DAY

_QUARTER = 15 * 60 * 1_000_000


def days_of(at: np.ndarray, calendar: Calendar) -> np.ndarray:
    """The days (numbers as core.periods has them) of instants in microseconds, as Calendar.day_of says them one by one."""
    dates, place = np.unique(at // DAY, return_inverse=True)
    ahead, later = (np.array([_ahead(int(date) * DAY, calendar) for date in dates + more], np.int64) for more in (0, 1))
    days = (at + ahead[place]) // DAY
    # Clocks that stand alike at both ends of a day of UTC do so all day. On others they change on a quarter of an hour.
    turning = (ahead != later)[place]
    quarters, place = np.unique(at[turning] // _QUARTER, return_inverse=True)
    looked_up = [day_number(calendar.day_of(instant_of(int(quarter) * _QUARTER))) for quarter in quarters]
    days[turning] = np.array(looked_up, np.int64)[place]
    return days


def _ahead(at: int, calendar: Calendar) -> int:
    """How far the company's clocks are ahead of UTC, in microseconds."""
    instant = instant_of(at)
    local = instant.astimezone(calendar.zone_at(instant)).replace(tzinfo=instant.tzinfo)
    return micros_of(local) - at


def scoring_instants(days: np.ndarray, calendar: Calendar) -> np.ndarray:
    """The instants that scores of these days are computed for: touches are as old as they are then."""
    different, place = np.unique(days, return_inverse=True)
    return np.array([micros_of(as_of(calendar, date_of(int(day)))) for day in different], np.int64)[place]
