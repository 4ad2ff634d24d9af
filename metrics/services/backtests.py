"""Drafts tried on history: asked for by a person, done by a worker, piece by piece.

What is to be done stands in the database. A run that loses its worker goes on where its last piece ended; what two workers
do at once is stored once.
"""

import datetime as dt
import hashlib
import logging
import secrets
import time

from celery import current_app
from django.db import transaction
from django.db.models import Max, Min, Q

from accounts.models import User
from accounts.queries import today_for
from core.errors import DomainError
from core.queries import calendar
from core.signs import record_failure
from funnel.book import load_book
from funnel.models import Agreement, Stage
from leads.models import Lead
from metrics.backtest import Contest, contest, digest, judge, pack, summed_up
from metrics.backtest_decisions import Ask, middle_age
from metrics.backtest_known import Reader
from metrics.backtest_listing import rows_of
from metrics.models import Backtest, BacktestPart

log = logging.getLogger("tandem.jobs")
State = Backtest.State
OPEN = (State.WAITING, State.RUNNING)
LEADS_AT_ONCE = 50_000
SHORTEST, LONGEST, LONGEST_HORIZON = 14, 3_653, 730  # days
# A run that said nothing for so long has lost its worker.
QUIET = dt.timedelta(minutes=3)
KEPT = 5  # of a version, beside those that run


def ask_backtest(
    *, draft: Agreement, before: Agreement, stage: Stage, actor: User, from_day: dt.date, to_day: dt.date,
    split_day: dt.date, horizon: int, brought_in: bool, now: dt.datetime,
) -> Backtest:  # fmt: skip
    """Ask for a test of a draft on the decisions of these days (both included), leads followed for `horizon` days.

    DomainError names what does not fit, or that one of this version is running.
    """
    today = today_for(now)
    if to_day > today:
        raise DomainError("in_the_future", "No decision lies in the future.", field="to_day")
    if (to_day - from_day).days + 1 < SHORTEST:
        raise DomainError("too_short", f"Test {SHORTEST} days or more.", field="from_day")
    if (to_day - from_day).days + 1 > LONGEST:
        raise DomainError("too_long", "Test ten years or less.", field="from_day")
    if not from_day < split_day <= to_day:
        raise DomainError("split_outside", "The day of the split lies after the first day and not after the last.",
                          field="split_day")  # fmt: skip
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise DomainError("horizon_invalid", f"Follow leads for 1 to {LONGEST_HORIZON} days.", field="horizon")
    with transaction.atomic():
        Agreement.objects.select_for_update().get(pk=draft.pk)
        if draft.backtests.filter(state__in=OPEN).exists():
            raise DomainError("already_running", "A test of this version is running. Stop it first, or wait for it.")
        kept = draft.backtests.order_by("-id").values_list("id", flat=True)[:KEPT]
        draft.backtests.exclude(id__in=list(kept)).delete()
        transaction.on_commit(_hint)
        return Backtest.objects.create(
            agreement=draft, before=before, stage=stage, asked_by=actor, from_day=from_day, to_day=to_day,
            split_day=split_day, horizon=horizon, brought_in=brought_in, as_of=now, worked_at=now, created_at=now,
            asked=digest(stage.pk, before, draft),
        )  # fmt: skip


def _hint() -> None:
    """Wake a worker. A lost hint costs at most the seconds until the next look."""
    try:
        current_app.send_task("metrics.tasks.try_drafts", retry=False, ignore_result=True)
    except Exception as error:  # whatever a broker raises
        log.warning("The broker did not take a hint (%s); the next look will find the test.", type(error).__name__)


def stop_backtest(*, backtest: Backtest, now: dt.datetime) -> None:
    """Leave it as far as it is. What was judged is thrown away."""
    if Backtest.objects.filter(pk=backtest.pk, state__in=OPEN).update(state=State.STOPPED, finished_at=now):
        BacktestPart.objects.filter(backtest=backtest.pk).delete()


def sweep_backtests(*, now: dt.datetime) -> list[int]:
    """Tests that nobody works on: asked for and not begun, or left by their worker."""
    quiet = Q(state=State.WAITING) | Q(state=State.RUNNING) & (Q(worker="") | Q(worked_at__lt=now - QUIET))
    return list(Backtest.objects.filter(quiet).order_by("id").values_list("id", flat=True)[:5])


def run_backtest(backtest_id: int, *, until: float | None = None) -> bool:
    """Go on with a test until it is finished. False: the time (a time.monotonic()) was over before; ask again."""
    token = secrets.token_hex(16)
    now = dt.datetime.now(dt.UTC)
    free = Q(state=State.WAITING) | Q(worker="") | Q(worked_at__lt=now - QUIET)
    mine = Backtest.objects.filter(pk=backtest_id, state__in=OPEN)
    if not mine.filter(free).update(state=State.RUNNING, worker=token, worked_at=now):
        return True
    mine = mine.filter(worker=token)
    try:
        return _work(mine.select_related("agreement", "before").get(), mine, until)
    except Exception as error:
        log.error("A backtest failed (%s).", type(error).__name__)
        ended = dt.datetime.now(dt.UTC)
        mine.update(state=State.FAILED, finished_at=ended)
        record_failure(task="metrics.tasks.run_backtest", error=type(error).__name__, now=ended)
        return True


def _work(test: Backtest, mine, until: float | None) -> bool:
    cal, book = calendar(), load_book()
    ask = Ask(test.stage_id, test.from_day, test.to_day, test.horizon, test.brought_in, test.as_of)
    if digest(test.stage_id, test.before, test.agreement) != test.asked:
        # The draft was changed before the worker came to it: what would come out is not what was asked for.
        mine.update(state=State.STOPPED, finished_at=dt.datetime.now(dt.UTC))
        return True
    tried = contest(test.stage_id, test.before, test.agreement)
    if test.last_lead is None:
        test.age = middle_age(ask, cal)
        test.last_lead = Lead.objects.aggregate(last=Max("id"))["last"] or 0
        mine.update(age=test.age, last_lead=test.last_lead)
    reader = Reader([tried.before, tried.draft], book, cal)
    done = set(test.parts.values_list("first_lead", flat=True))
    lowest = Lead.objects.aggregate(lowest=Min("id"))["lowest"] or 1
    # Pieces lie on a grid of their own, so that whoever goes on finds the same ones.
    for first in range(lowest - (lowest - 1) % LEADS_AT_ONCE, test.last_lead + 1, LEADS_AT_ONCE):
        if first in done:
            continue
        if until is not None and time.monotonic() > until:
            mine.update(worker="")
            return False
        ids = range(first, min(first + LEADS_AT_ONCE, test.last_lead + 1))
        rows, left_out = judge(ask, ids, test.age, tried, reader, book, cal)
        with transaction.atomic():
            # Stopped, or taken over by another worker: its pieces are not ours to store.
            if not mine.update(worked_at=dt.datetime.now(dt.UTC)):
                return True
            values = {"rows": pack(rows), "left_out": left_out}
            BacktestPart.objects.get_or_create(backtest=test, first_lead=first, defaults=values)
    _finish(test, mine, ask, tried)
    return True


def _finish(test: Backtest, mine, ask: Ask, tried: Contest) -> None:
    rows, left_out = rows_of(test)
    result = summed_up(rows, ask, test.split_day, tried, left_out, today_for(test.as_of))
    inputs = hashlib.sha256(rows.tobytes()).hexdigest()
    ended = dt.datetime.now(dt.UTC)
    mine.update(state=State.DONE, result=result, inputs=inputs, finished_at=ended, worked_at=ended)
