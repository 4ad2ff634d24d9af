"""Dice and clocks of the story: seeded draws, and times that respect working days."""

import datetime as dt
import math
import random
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from demo import catalogue

ZONE = ZoneInfo(catalogue.ZONE)


class Dice(random.Random):
    """A seeded generator with the draws that the story needs."""

    def happens(self, probability: float) -> bool:
        return self.random() < probability

    def pick(self, weighted: Iterable[tuple[object, float]]):
        names, weights = zip(*weighted, strict=True)
        return self.choices(names, weights)[0]

    def lag(self, median_days: float, sigma: float = 0.8) -> dt.timedelta:
        """A log-normal wait, as real waits are: mostly short, sometimes very long."""
        return dt.timedelta(days=median_days * math.exp(self.gauss(0, sigma)))

    def poisson(self, mean: float) -> int:
        limit, product, count = math.exp(-mean), self.random(), 0
        while product > limit:
            product *= self.random()
            count += 1
        return count

    def at_work(self, at: dt.datetime) -> dt.datetime:
        """The instant itself if people work then, else a time in the next working morning."""
        local = at.astimezone(ZONE)
        if local.weekday() < 5 and 8 <= local.hour < 18:
            return local
        if local.hour >= 18 or local.weekday() >= 5:
            local += dt.timedelta(days=1)
        while local.weekday() >= 5:
            local += dt.timedelta(days=1)
        return local.replace(hour=8, minute=0, second=0) + dt.timedelta(seconds=self.randrange(2 * 3600))

    def moment_of(self, day: dt.date) -> dt.datetime:
        """A moment of a day at which somebody fills in a form: mostly in working hours, sometimes late."""
        hour = self.triangular(7, 19, 10.5) if self.happens(0.86) else self.uniform(6, 23.4)
        return dt.datetime.combine(day, dt.time(), ZONE) + dt.timedelta(seconds=int(hour * 3600))
