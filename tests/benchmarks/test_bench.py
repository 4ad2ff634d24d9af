"""The benchmark measures a company that is true, and says what it was asked to say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import part_names, read_arguments
from benchmarks.bench import Figure, percentile

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("metrics", "tenfold", "attribution", "storage", "refresh", "rebuild", "rules", "importing")
KEYS = {"part", "what", "value", "unit", "yardstick", "against", "ratio", "target", "held"}


def run(*command: str, folder: Path) -> subprocess.CompletedProcess:
    """A command as a person gives it, on a database of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")}
    kept |= {"TANDEM_ENV_FILE": os.devnull, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=kept, text=True, capture_output=True, check=False, timeout=240
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A small run that keeps its company: the folder and what was printed."""
    folder = tmp_path_factory.mktemp("bench")
    done = run("-m", "benchmarks", *PARTS, "--leads", "300", "--keep", str(folder), "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_made_up_company_passes_the_independent_check(bench):
    folder, _ = bench
    run("manage.py", "rollup", folder=folder)
    checked = run("manage.py", "rollup", "--check", folder=folder)
    assert checked.stdout.splitlines()[-1].startswith("0 differences in "), checked.stdout
    assert checked.returncode == 0


def test_every_part_prints_figures_with_their_yardsticks_and_targets(bench):
    _, figures = bench
    assert {figure["part"] for figure in figures} == {"company", "import", *PARTS} - {"importing"}
    assert all(figure.keys() == KEYS and figure["value"] >= 0 for figure in figures)
    judged = [figure for figure in figures if figure["held"] is not None]
    assert all(figure["target"] for figure in judged)
    beside = {(figure["part"], figure["yardstick"]) for figure in figures if figure["against"] is not None}
    assert beside == {
        ("metrics", "DuckDB"), ("tenfold", "DuckDB"), ("rebuild", "DuckDB from Parquet"), ("import", "bulk_create"),
        ("import", "bare executemany"), ("attribution", "on a way of a few"), ("rules", "the rule, lead by lead"),
    }  # fmt: skip


def test_the_company_moves_four_to_seven_times_a_lead(bench):
    _, figures = bench
    events = int(figures[0]["what"].split(" leads, ")[1].split(" ")[0].replace(",", ""))
    assert 4 <= events / 300 - 1 <= 7  # the youngest of a small company are still on their way


def test_a_part_is_one_file():
    assert set(PARTS) <= set(part_names())
    assert read_arguments(["metrics", "page"]).parts == ["metrics", "page"]
    with pytest.raises(SystemExit):
        read_arguments(["nothing"])


def test_a_figure_is_one_line_with_its_judgement():
    line = str(Figure("page", "dashboard", 30.0, "ms", "hello world", 3.0, 0.1, "< 20 ms", held=False))
    assert line.split() == "page dashboard 30 ms hello world 3 ms 0.1x < 20 ms NOT HELD".split()


def test_a_percentile_is_one_of_the_measured_values():
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 3.0
    assert percentile([1.0], 0.99) == 1.0
