"""A draft tried on all leads there are: the whole run, from the question to the stored result."""

import datetime as dt
import resource
from collections.abc import Iterator

from benchmarks.bench import Bench, Figure, timed
from benchmarks.company import chief
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement
from funnel.score import Engagement, Fit, ScoreTable
from funnel.services import draft_version, set_entry_rule, set_points_table
from metrics import services
from metrics.models import Backtest

ORDER = 75
LONGEST, MOST_MEMORY = 30.0, 1_024  # seconds and MB at 1,000,000 leads
TABLE = ScoreTable(
    (
        Fit(Condition("segment", Op.ONE_OF, values=("industry", "trade")), 20),
        Fit(Condition("channel", Op.ONE_OF, values=("events", "webinars", "partners")), 15),
        Fit(Condition("tier", Op.ONE_OF, values=("A",)), 10),
    ),
    (Engagement("form", 20, 2, 30), Engagement("webinar", 15, None, 60), Engagement("", 5, 5, None)),
)
RULE = EntryRule(
    (Condition("score", Op.AT_LEAST, number=30), Condition("owner", Op.KNOWN)),
    (Condition("touches_90", Op.AT_LEAST, number=2), Condition("region", Op.NONE_OF, values=("abroad",))),
)


def run(bench: Bench) -> Iterator[Figure]:
    before = Agreement.objects.get(number=1)
    draft = Agreement.objects.filter(number=2).first() or draft_version(actor=chief())
    stage = before.stages.get(milestone="mql").stage
    set_entry_rule(draft=draft, stage=stage, rule=RULE, then="ask", actor=chief())
    set_points_table(draft=draft, table=TABLE, actor=chief())
    to_day = bench.now.date() - dt.timedelta(days=1)
    from_day = to_day - dt.timedelta(days=900)
    test = services.ask_backtest(
        draft=draft, before=before, stage=stage, actor=chief(), from_day=from_day, to_day=to_day,
        split_day=from_day + dt.timedelta(days=675), horizon=120, brought_in=True, now=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = timed(lambda: services.run_backtest(test.pk))
    test = Backtest.objects.get(pk=test.pk)
    if test.state != Backtest.State.DONE:
        raise SystemExit(f"The backtest is {test.state}.")
    judged = test.result["judged"]
    full = bench.leads == 1_000_000
    yield Figure(
        "backtest", f"a draft with a points table tried on {judged:,} leads", seconds, "s",
        target=f"<= {LONGEST:.0f} s" if full else "", held=seconds <= LONGEST if full else None,
    )  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure(
        "backtest", "most memory of the process in that time", memory, "MB", f"before it {held:.0f} MB", None, None,
        f"<= {MOST_MEMORY:,} MB" if full else "", memory <= MOST_MEMORY if full else None,
    )  # fmt: skip
    yield Figure("backtest", "for 1,000,000 leads at that rate", seconds / judged * 1e6, "s")
