"""Generated paths that both Tandem and the reference package were asked about; `reference_markov.json` keeps its answer.

To ask the package anew (an interpreter that has ChannelAttribution and pandas, outside the product's environment):

    python -m tests.metrics.reference_paths paths.csv
    THAT-INTERPRETER -m benchmarks.reference_attribution paths.csv --tight > tests/metrics/reference_markov.json
"""

import csv
import random
import sys
from collections import Counter
from pathlib import Path

CHANNELS = ("search", "mail", "fair", "social", "partner", "webinar", "phone")
PATHS = 30_000


def generated() -> list[tuple[tuple[str, ...], bool]]:
    """Seeded paths of 1 to 12 steps with whether they converted. Channels follow and convert unequally, so orders differ."""
    chance = random.Random(20260)
    found = []
    for _ in range(PATHS):
        path = [chance.choice(CHANNELS)]
        while len(path) < 12 and chance.random() < 0.72:
            # Whoever came by a fair is often written to; after a webinar the way depends on what was before it.
            if path[-1] == "fair" and chance.random() < 0.5:
                path.append("mail")
            elif path[-2:-1] == ["search"] and chance.random() < 0.4:
                path.append("webinar")
            else:
                path.append(chance.choice(CHANNELS))
        odds = 0.1 + 0.2 * ("webinar" in path) + 0.3 * (path[-1] == "partner") + 0.3 * (path[-2:] == ["fair", "mail"])
        found.append((tuple(path), chance.random() < odds))
    return found


def main(file: str) -> None:
    counted: dict[tuple[str, ...], Counter] = {}
    for path, won in generated():
        counted.setdefault(path, Counter())[won] += 1
    with Path(file).open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "conversions", "nulls"))
        writer.writerows((" > ".join(path), hits[True], hits[False]) for path, hits in counted.items())


if __name__ == "__main__":
    main(sys.argv[1])
