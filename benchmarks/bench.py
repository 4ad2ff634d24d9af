"""What every part gets, and how its figures are told: each beside its yardstick and its target."""

import datetime as dt
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measurement. `ratio` says how many times better than the yardstick the product is (rates: product ÷ yardstick)."""

    part: str
    what: str
    value: float
    unit: str
    yardstick: str = ""
    against: float | None = None
    ratio: float | None = None
    target: str = ""
    held: bool | None = None

    def as_dict(self) -> dict:
        return asdict(self)

    def __str__(self) -> str:
        beside = f"{self.yardstick} {_short(self.against)} {self.unit}" if self.against is not None else self.yardstick
        ratio = f"{_short(self.ratio)}x" if self.ratio is not None else ""
        held = {True: "held", False: "NOT HELD", None: ""}[self.held]
        return (
            f"{self.part:<9} {self.what:<58} {_short(self.value):>9} {self.unit:<8} {beside:<46} {ratio:>7}  "
            f"{self.target:<28} {held}"
        ).rstrip()


def _short(number: float) -> str:
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


@dataclass(frozen=True)
class Bench:
    """The run: how many leads, on which database, at which instant, with a folder for what comes and goes."""

    leads: int
    database: str
    now: dt.datetime
    folder: Path

    @property
    def sqlite(self) -> bool:
        return self.database == "sqlite"


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
_clock = CLOCKS["wall"]


def clock() -> str:
    """Name of the clock in use, for what is measured by another process."""
    return next(name for name, found in CLOCKS.items() if found is _clock)


def use_clock(name: str) -> None:
    """The wall clock, or "cpu": the processor's time of this process and its threads, so that other work does not count.

    What a server or PostgreSQL does is another process; the parts that ask one always measure by the wall.
    """
    global _clock
    _clock = CLOCKS[name]


def timed(work: Callable[[], object], *, times: int = 1) -> float:
    """Seconds of one call: the shortest of so many."""
    found = []
    for _ in range(times):
        begun = _clock()
        work()
        found.append(_clock() - begun)
    return min(found)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def faster(seconds: float, yardstick: float) -> float:
    """How many times less time than the yardstick."""
    return yardstick / seconds


def peak_memory() -> float:
    """The most this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
