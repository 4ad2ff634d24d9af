"""script/bench [PART ...] [--leads N] [--database sqlite|postgresql]: ratios against named yardsticks."""

import argparse
import datetime as dt
import importlib
import json
import os
import pkgutil
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import parts


def part_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(parts.__path__))


def read_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description="Measure Tandem beside yardsticks on the same data.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which parts (all): {', '.join(part_names())}")
    parser.add_argument("--leads", type=int, default=100_000, help="size of the made-up company (100,000)")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the company there, or use the one that is there")
    parser.add_argument(
        "--clock", choices=["wall", "cpu"], default="wall",
        help="cpu: on SQLite, count the processor's time of this process alone, for machines that do other work too",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object per figure")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.parts) - set(part_names())
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}. There are: {', '.join(part_names())}")
    if arguments.leads < 100:
        parser.error("--leads is 100 or more")
    if arguments.database == "postgresql" and arguments.clock == "cpu":
        parser.error("--clock cpu does not see what PostgreSQL does")
    if arguments.database == "postgresql" and not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        parser.error("--database postgresql needs DATABASE_URL, which names an empty database or one of an earlier run")
    return arguments


def main() -> None:
    arguments = read_arguments()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    try:
        _run(arguments, folder.resolve())
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _run(arguments: argparse.Namespace, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"DATA_DIR": str(folder), "TANDEM_ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "config.settings"}
    if arguments.database == "sqlite":
        os.environ.pop("DATABASE_URL", None)
    import django  # noqa: PLC0415 - the environment above comes first

    django.setup()
    from benchmarks.bench import Bench, use_clock  # noqa: PLC0415
    from benchmarks.preparing import prepare  # noqa: PLC0415

    use_clock(arguments.clock)
    bench = Bench(arguments.leads, arguments.database, dt.datetime.now(dt.UTC), folder)
    show = (lambda figure: print(json.dumps(figure.as_dict()))) if arguments.json else print
    load = os.getloadavg()[0]
    print(f"({os.cpu_count()} cores, load {load:.1f}, clock: {arguments.clock})", file=sys.stderr)
    for figure in prepare(bench):
        show(figure)
    modules = [importlib.import_module(f"benchmarks.parts.{name}") for name in arguments.parts or part_names()]
    for module in sorted(modules, key=lambda module: module.ORDER):
        begun = time.perf_counter()
        for figure in module.run(bench):
            show(figure)
            sys.stdout.flush()
        name = module.__name__.rpartition(".")[2]
        print(f"({name} took {time.perf_counter() - begun:.0f} s)", file=sys.stderr)


if __name__ == "__main__":
    main()
