"""The number that an issue is about, as its reader sees it."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode

from core.errors import DomainError
from metrics.answers import put
from metrics.definitions import METRICS, Basis
from metrics.explain import scope_words, value_words
from metrics.questions import Reader, metric_named, read_question
from metrics.selection import BY_DIMENSION
from metrics.series import current
from reviews.services import Shown

EVERYBODY = Reader(frozenset())


def number_shown(key: str, params: Mapping[str, list[str]], *, now: dt.datetime) -> Shown:
    """The answer to a question as everybody sees it, with its days made explicit. DomainError says why there is none.

    Numbers of single people take no issue: the filter would tell who asked, and issues are about the process. Nor does
    the past as it was known at an instant: an instant near now would be the time of writing.
    """
    if "owner" in params:
        raise DomainError("about_people", "Issues are about the process. Take the person out of the filter first.")
    if "as_of" in params:
        raise DomainError("about_the_past", "Issues are about numbers of today. Open the number as it is known now.")
    metric, snapshot = metric_named(key), current()
    asked = {name: values for name, values in params.items() if name != "by"}
    question = read_question(key, asked, snapshot=snapshot, now=now, reader=EVERYBODY)
    found = put(snapshot, question, reader=EVERYBODY)
    kept = {name: values for name, values in asked.items() if name not in ("from", "to", "at")}
    if metric.basis == Basis.INSTANT:
        kept["at"] = [question.at.isoformat()]
    else:
        kept |= {"from": [question.period.start.isoformat()], "to": [question.period.end.isoformat()]}
    filters = {name: values for name, values in asked.items() if name in BY_DIMENSION and name != "stage"}
    return Shown(
        metric=key,
        question=urlencode(sorted(kept.items()), doseq=True),
        scope=scope_words(snapshot, question, filters)[:500],
        value=value_words(found, snapshot.currency),
        versions=list(found["definition_version"]),
    )


def label_of(key: str) -> str:
    """A metric's words; its key if it no longer exists."""
    return METRICS[key].label if key in METRICS else key
