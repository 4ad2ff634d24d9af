"""Lead.score: what the points of the agreement give, or, where a version has none, what other systems gave.

Whoever changes what a score may depend on leaves a note in the same transaction (`note_scores`); the worker scores anew
what was noted, and once a day everybody, because touches fade and names change. All of it may run twice, also at once.
"""

import datetime as dt
import logging
import time
from collections.abc import Collection, Iterable, Sequence

from celery import current_app
from django.core.cache import cache
from django.db import transaction

from core.bulk_rows import insert_values, update_values
from core.queries import Calendar, calendar
from funnel.models import Agreement
from funnel.score import ScoreTable
from leads.locks import hold_leads
from leads.models import Lead, ScoreNote, ScoreRun
from leads.score import agreement_scores, as_of, points_of, scoring_on

log = logging.getLogger("tandem.leads")
CHUNK = 500
# Seconds in which the changes of many are gathered into one hint.
_GATHER = 2


def take_given(leads: Sequence[Lead]) -> bool:
    """Give leads that are about to be stored the score that another system gave, if nothing else decides it. True if so."""
    if not leads or agreement_scores():
        return False
    for lead in leads:
        lead.score = lead.given_score
    return True


def note_scores(leads: Iterable[int]) -> None:
    """In the transaction of a change: the scores of these leads (ids) may be others now."""
    ids = sorted(set(leads))
    if not ids or not agreement_scores():
        return
    insert_values(ScoreNote, ["lead_id"], [[pk] for pk in ids])
    transaction.on_commit(_hint)


def _hint() -> None:
    if not cache.add("leads.scoring.hint", True, _GATHER):
        return
    try:
        current_app.send_task("leads.tasks.follow_scores", countdown=_GATHER, retry=False, ignore_result=True)
    except Exception as error:  # whatever a broker raises
        log.warning("The broker did not take a hint (%s); the sweeper will find the notes.", type(error).__name__)


def follow_scores(*, now: dt.datetime, until: float | None = None) -> int:
    """Score what was noted, and everybody once a day and after a version began. Returns how many scores changed.

    `until`: where time.monotonic() ends this run; the next one goes on there.
    """
    cal = calendar()
    day = cal.day_of(now)
    version, table = scoring_on(day)
    if version is None:
        return 0
    if table or _scored_by_another(version):
        _begin(version, day)
    changed = 0
    for step in (lambda: _noted(table, cal, day), lambda: _next_of_all(table, cal, day, now)):
        while until is None or time.monotonic() < until:
            found = step()
            if found is None:
                break
            changed += found
    return changed


def _noted(table: ScoreTable, cal: Calendar, day: dt.date) -> int | None:
    """Work off a chunk of notes; None if there is none."""
    with transaction.atomic():
        notes = dict(ScoreNote.objects.order_by("id").values_list("id", "lead_id")[:CHUNK])
        if not notes:
            return None
        survivors = hold_leads(notes.values())
        changed = _score([survivors[pk] or pk for pk in notes.values()], table, as_of(cal, day))
        ScoreNote.objects.filter(id__in=notes).delete()
        return changed


def _begin(version: Agreement, day: dt.date) -> None:
    """Everybody is to be scored by this version as of this day. That takes in what was noted until now."""
    with transaction.atomic():
        _, new = ScoreRun.objects.get_or_create(agreement=version, day=day)
        if new:
            ScoreNote.objects.all().delete()


def _next_of_all(table: ScoreTable, cal: Calendar, day: dt.date, now: dt.datetime) -> int | None:
    """The next leads in the order of their ids; None if all have their score of the day."""
    with transaction.atomic():
        run = ScoreRun.objects.select_for_update().filter(day=day, finished_at=None).order_by("-agreement_id").first()
        if run is None:
            return None
        leads = Lead.objects.filter(id__gt=run.last_lead, merged_into__isnull=True, voided=False).order_by("id")
        ids = list(leads.values_list("id", flat=True)[:CHUNK])
        changed = _score(ids, table, as_of(cal, day))
        if ids:
            run.last_lead = ids[-1]
        else:
            run.finished_at = now
            ScoreRun.objects.exclude(pk=run.pk).delete()
        run.save(update_fields=["last_lead", "finished_at"])
        return changed


def _scored_by_another(version: Agreement) -> bool:
    """Whether a version without points began after one that had them, and not every lead has its given score back."""
    return ScoreRun.objects.exclude(agreement=version).exists() or ScoreRun.objects.filter(finished_at=None).exists()


def _score(leads: Collection[int], table: ScoreTable, now: dt.datetime) -> int:
    """Store the scores of these leads where they differ. The leads are held first, so that what is read still stands when
    it is written."""
    hold_leads(leads)
    before = {pk: (score, given) for pk, score, given in
              Lead.objects.filter(pk__in=leads).values_list("pk", "score", "given_score")}  # fmt: skip
    points = points_of(before, table, now) if table else {pk: given for pk, (_, given) in before.items()}
    rows = [[pk, points[pk]] for pk, (score, _) in before.items() if points[pk] != score]
    update_values(Lead, ["score"], rows)
    return len(rows)
