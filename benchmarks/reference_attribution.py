"""Runs outside the product, by an interpreter that has the reference package: paths from a file, figures to stdout.

The package (ChannelAttribution, copyleft) is a yardstick only; nothing of Tandem imports it. It simulates, so its shares
differ from run to run.
"""

import json
import sys
import time

import ChannelAttribution
import pandas


def main(file: str) -> None:
    paths = pandas.read_csv(file)
    found = {}
    for order in (1, 2, 3):
        begun = time.perf_counter()
        result = ChannelAttribution.markov_model(
            paths, "path", "conversions", var_null="nulls", order=order, out_more=True, seed=1, verbose=False, flg_pro=False
        )
        seconds = time.perf_counter() - begun
        effects = result["removal_effects"]
        found[order] = {
            "seconds": seconds,
            "effects": dict(zip(effects.iloc[:, 0].astype(str), effects.iloc[:, 1].astype(float), strict=True)),
        }
    begun = time.perf_counter()
    ChannelAttribution.heuristic_models(paths, "path", "conversions")
    found["heuristics"] = {"seconds": time.perf_counter() - begun}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
