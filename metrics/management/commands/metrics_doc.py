"""manage.py metrics_doc: docs/metrics.md from the declarations, so that the document can't say anything else."""

from django.conf import settings
from django.core.management.base import BaseCommand

from metrics.counting import policy_of
from metrics.definitions import METRICS, Metric

FILE = settings.BASE_DIR / "docs" / "metrics.md"

_HEAD = """# Metrics

Written by `manage.py metrics_doc` from the declarations in `metrics/definitions.py`; a test compares the two. Change a
declaration, run the command, commit both.

Ask for any of them with `manage.py metric KEY`, at `/api/v1/metrics/KEY/` or, with the reasons, at `/explain/KEY/`: all
three give the same answer.

- Periods are half-open, `[from, to)`; `at` is the end of that day. Days are calendar days of the company's zone.
- *Period*: what happened in the period, whoever it happened to. *Cohort*: what became of those who entered in the period.
  *Instant*: a stock at the end of a day.
- Shares are 0 to 1, money is in minor units of the base currency, `interval` is at 95 %.
- An empty denominator is *undefined*, never 0 or 100 %. What is unknown is counted as unknown, never as zero.
- Volumes count entries, conversion counts leads. Leads that were taken out count nowhere, merged leads count once.
- What happened at an unknown time is in totals and stock, and in the row `""` of a trend; never in durations or cohorts.

"""
_STAGE = {"": "none", "*": "all stages, or the one given", "?": "must be given"}


def document() -> str:
    """The whole document."""
    rows = ["| Key | Spec | Metric | Basis | Unit |", "|---|---|---|---|---|"]
    rows += [f"| [`{m.key}`](#{m.key}) | {m.spec} | {m.label} | {m.basis} | {m.unit} |" for m in METRICS.values()]
    return _HEAD + "\n".join(rows) + "\n\n" + "\n".join(_section(metric) for metric in METRICS.values())


def _section(metric: Metric) -> str:
    lines = [
        f"- Formula: {metric.formula}",
        f"- Spec {metric.spec} · unit {metric.unit} · basis {metric.basis} · owner {metric.owner}"
        f" · version {metric.version}",
        f"- Stage: {_stage(metric.stage)}" + (f" · second stage: {_stage(metric.to_stage)}" if metric.to_stage else ""),
    ]
    lines.append(f"- {policy_of(metric).line}")
    if metric.warn is not None:
        lines.append(f"- Badge: warns above {100 * metric.warn:g} %, blocks above {100 * metric.block:g} %")
    if metric.left_out:
        lines.append(f"- Left out: {metric.left_out}")
    return f"## {metric.key}\n\n**{metric.label}.** {metric.words}\n\n" + "\n".join(lines) + "\n"


def _stage(rule: str) -> str:
    if rule in _STAGE:
        return _STAGE[rule]
    return (
        "the first detour, or the one given"
        if rule == "detour"
        else f"the one that carries the milestone {rule}, or the one given"
    )


class Command(BaseCommand):
    help = "Write docs/metrics.md from the declared metrics."

    def handle(self, **options):
        FILE.write_text(document(), encoding="utf-8")
        self.stdout.write(f"{len(METRICS)} metrics in {FILE.name}")
