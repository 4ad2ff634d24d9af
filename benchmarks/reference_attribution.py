"""Runs outside the product, by an interpreter that has the reference package: paths from a file, figures to stdout.

The package (ChannelAttribution 2.2.5, copyleft) is a yardstick only; nothing of Tandem imports it. It simulates, so its
answers carry noise: `--tight` lets it simulate long enough for a comparison of the answers, else it keeps its defaults.
TANDEM_BENCH_CLOCK=cpu counts the processor's time, as script/bench --clock cpu does for Tandem.
"""

import argparse
import json
import os
import time

import ChannelAttribution
import pandas

TIGHT = {"nsim_start": 1e7, "conv_par": 0.003, "max_step": 10_000}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--tight", action="store_true")
    arguments = parser.parse_args()
    clock = time.process_time if os.environ.get("TANDEM_BENCH_CLOCK") == "cpu" else time.perf_counter
    paths = pandas.read_csv(arguments.file)
    found: dict = {}
    for order in (1, 2, 3):
        begun = clock()
        result = ChannelAttribution.markov_model(
            paths, "path", "conversions", var_null="nulls", order=order, out_more=True, seed=1, verbose=False, flg_pro=False,
            **(TIGHT if arguments.tight else {}),
        )  # fmt: skip
        seconds = clock() - begun
        effects = result["removal_effects"]
        found[order] = {
            "seconds": round(seconds, 2),
            "effects": dict(zip(effects.iloc[:, 0].astype(str), effects.iloc[:, 1].astype(float), strict=True)),
        }
    begun = clock()
    models = ChannelAttribution.heuristic_models(paths, "path", "conversions", flg_pro=False)
    seconds = round(clock() - begun, 2)
    found["heuristics"] = {
        "seconds": seconds,
        "models": {name: dict(zip(models.iloc[:, 0].astype(str), models[name].astype(float), strict=True))
                   for name in models.columns[1:]},
    }  # fmt: skip
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
