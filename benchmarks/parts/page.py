"""The dashboard's page from the server, remembered and not, beside the same server's hello world."""

from collections.abc import Iterator
from itertools import product

from benchmarks.bench import Bench, Figure, percentile
from benchmarks.company import CHANNELS, REGIONS, SEGMENTS, chief
from benchmarks.serving import Reader, server

ORDER = 30
_HELLO, _CACHED, _UNCACHED = 300, 100, 15


def run(bench: Bench) -> Iterator[Figure]:
    with server() as port:
        reader = Reader(port, chief())
        first = reader.seconds("/")
        yield Figure("page", "dashboard, first request of a fresh process", first * 1e3, "ms")
        hello = percentile([reader.seconds("/hello-world/") for _ in range(_HELLO)], 0.5)
        cached = [reader.seconds("/") for _ in range(_CACHED)]
        middle = percentile(cached, 0.5)
        yield Figure(
            "page", "dashboard, nothing has moved, p50", middle * 1e3, "ms", "hello world", hello * 1e3, hello / middle,
            "< 20 ms", middle < 0.020,
        )  # fmt: skip
        yield Figure("page", "dashboard, nothing has moved, p95", percentile(cached, 0.95) * 1e3, "ms")
        # Every filter is another page, so none of these has been asked before.
        asked = [f"/?channel={c}&segment={s}&region={r}" for c, s, r in product(CHANNELS, SEGMENTS, REGIONS)][::37]
        filtered = [reader.seconds(path) for path in asked[:_UNCACHED]]
        yield Figure("page", "dashboard, three filters, not asked before, p50", percentile(filtered, 0.5) * 1e3, "ms")
        periods = [reader.seconds(f"/?period={value}") for value in ("year", "12m")]
        yield Figure(
            "page", "dashboard, no filter, a year, not asked before", max(periods) * 1e3, "ms", "hello world", hello * 1e3,
            target="<= 60 ms at 1,000,000", held=max(periods) <= 0.060,
        )  # fmt: skip
