"""The one place where pages, API and command line ask for the answer object (architecture 7)."""

import datetime as dt
from collections.abc import Mapping

from metrics.as_of import snapshot_as_of
from metrics.evaluation import answer
from metrics.questions import NotApplicable, Reader, metric_named, name_groups, read_question
from metrics.selection import BY_DIMENSION, Question
from metrics.series import Snapshot, current


def snapshot_for(params: Mapping) -> Snapshot:
    """The current generation, or the facts as they were known at `as_of` (slow: folded from the events)."""
    if not params.get("as_of"):
        return current()
    return snapshot_as_of(params["as_of"][0] if isinstance(params["as_of"], list) else params["as_of"], current())


def ask(
    key: str, params: Mapping, *, reader: Reader, now: dt.datetime | None = None, snapshot: Snapshot | None = None
) -> dict:
    """Answer a question given in words. DomainError names what is wrong with it."""
    now = now or dt.datetime.now(dt.UTC)
    metric = metric_named(key)
    snapshot = snapshot or snapshot_for(params)
    try:
        question = read_question(key, params, snapshot=snapshot, now=now, reader=reader)
    except NotApplicable:
        return {"key": key, "status": "not_applicable", "value": None, "unit": metric.unit, "basis": str(metric.basis)}
    return put(snapshot, question, reader=reader)


def put(snapshot: Snapshot, question: Question, *, reader: Reader) -> dict:
    """Answer a question, with names for ids."""
    people = reader.people if question.by == "owner" else None
    found = answer(snapshot, question, people=people)
    if question.by in BY_DIMENSION:
        found = found | {"series": name_groups(found["series"], question.by, snapshot)}
    return found
