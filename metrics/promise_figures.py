"""Reductions of the promises: what was measured, what was promised, and how much of the promise that is (metrics-spec 3).

The attainment of a share is what was reached ÷ what was promised over the same cases, so tiers with different promises add
up. That of a target is what was delivered ÷ what was expected by now.
"""

from fractions import Fraction

import numpy as np

from funnel.models import WHOLE
from metrics.methods.intervals import wilson
from metrics.promised import MANY_EXCLUDED, PENDING_LIMIT, shares, targets
from metrics.segments import MISSING
from metrics.selection import Question, Selection
from metrics.series import Snapshot

Figures = dict


def windows(snapshot: Snapshot, selection: Selection, key: str) -> Figures:
    """S1 to S4 and routing: kept ÷ due, both without what was excluded, which stands apart."""
    due, met = int(np.count_nonzero(selection.base)), int(np.count_nonzero(selection.hit))
    excluded = len(selection) - due
    found = _share(met, due) | {"promise": {"due": due, "met": met, "missed": due - met, "excluded": excluded}}
    found["promise"] |= _against(snapshot, selection, key, met)
    found["promise"]["late_logged"] = int(np.count_nonzero((selection.dims["late"] == 1) & selection.base))
    found["promise"]["qualified"] = is_qualified(due, excluded)
    return found


def is_qualified(due: int, excluded: int) -> bool:
    """Whether so much was excluded that the share may only be read with that remark."""
    return bool(due + excluded) and Fraction(excluded, due + excluded) > MANY_EXCLUDED


def quality(snapshot: Snapshot, selection: Selection, key: str) -> Figures:
    """M4: the share that was accepted ÷ the share that was promised."""
    due, met = int(np.count_nonzero(selection.base)), int(np.count_nonzero(selection.hit))
    against = _against(snapshot, selection, key, met)
    found = _share(met, due) | {"promise": {"measured": met / due if due else None} | against}
    found |= {"value": against["attainment"], "open": len(selection) - due}
    if "interval" in found and against["promised"]:
        found["interval"] = [bound / against["promised"] for bound in found["interval"]]  # of the value, not of the share
    return found


def context(snapshot: Snapshot, selection: Selection, key: str) -> Figures:
    """M3: required fields that were there ÷ required fields. A case is a field."""
    present, required = int(selection.value.sum()), int(selection.follow.sum())
    promised = shares(snapshot, key, selection.dims["agreement"], selection.dims["tier"])
    expected = _expected(selection.follow, promised)
    found = {
        "numerator": present,
        "denominator": required,
        "n": len(selection),
        "value": present / required if required else None,
        "promise": _promise(present, expected, required),
    }
    return found


def _share(hits: int, whole: int) -> Figures:
    found = {"numerator": hits, "denominator": whole, "n": whole, "value": hits / whole if whole else None}
    if whole:
        found["interval"] = list(wilson(hits, whole))
    return found


def _against(snapshot: Snapshot, selection: Selection, key: str, met: int) -> Figures:
    cases = selection.base.astype(np.int64)
    promised = shares(snapshot, key, selection.dims["agreement"], selection.dims["tier"])
    return _promise(met, _expected(cases, promised), int(cases.sum()))


def _expected(cases: np.ndarray, promised: np.ndarray) -> Fraction | None:
    """How many cases the promises ask for; None where no share is promised, which is not zero."""
    counted = cases > 0
    if not counted.any() or np.any(promised[counted] < 0):
        return None
    return Fraction(int((cases * promised)[counted].sum()), WHOLE)


def _promise(reached: int, expected: Fraction | None, cases: int) -> Figures:
    return {
        "promised": None if expected is None else float(expected / cases),
        "attainment": float(reached / expected) if expected else None,
    }


def volume(snapshot: Snapshot, selection: Selection, question: Question, key: str, version: int | None) -> Figures:
    """M1: entries, per tier not above what counts at most, ÷ the target so far."""
    counted, expected = Fraction(0), Fraction(0)
    for target in _of_version(targets(snapshot, question, key), version):
        n = Fraction(int(np.count_nonzero(_covered(selection, target))))
        # A day without a target of its own, such as a Sunday, has no limit either.
        counted += min(n, target.most) if target.most else n
        expected += target.expected
    return _target(counted, expected, len(selection))


def worth(snapshot: Snapshot, selection: Selection, question: Question, key: str, version: int | None) -> Figures:
    """M2: Σ of the entries' signed values ÷ the target so far. A tier without a value counts as unknown."""
    counted, expected = Fraction(0), Fraction(0)
    for target in _of_version(targets(snapshot, question, key), version):
        known = _covered(selection, target) & (selection.value != MISSING)
        counted += int(selection.value[known].sum())
        expected += target.expected
    return _target(counted, expected, len(selection)) | {"unknown": selection.unknown}


def _of_version(found, number: int | None):
    return [target for target in found if number is None or target.book.number == number]


def _covered(selection: Selection, target) -> np.ndarray:
    dims = selection.dims
    return target.covers(dims["agreement"], dims["tier"], dims["placed"])


def _target(counted: Fraction, expected: Fraction, n: int) -> Figures:
    share = float(counted / expected) if expected else None
    return {
        "numerator": _plain(counted),
        "denominator": _plain(expected),
        "n": n,
        "value": share,
        "promise": {"measured": _plain(counted), "promised": _plain(expected), "attainment": share},
    }


def _plain(number: Fraction) -> int | float:
    return int(number) if number.denominator == 1 else round(float(number), 2)


def target_versions(snapshot: Snapshot, question: Question, key: str) -> set[int]:
    """The versions that promised something for the period, with or without an entry under them."""
    return {target.book.number for target in targets(snapshot, question, key) if target.expected}


def acceptance(selection: Selection) -> Figures:
    """Q1 with its bounds. Above the limit of open decisions the bounds stand alone."""
    accepted, settled = int(np.count_nonzero(selection.hit)), int(np.count_nonzero(selection.base))
    everybody, pending = len(selection), len(selection) - settled
    found = _share(accepted, settled) | {"open": pending}
    if everybody:
        found["bounds"] = [accepted / everybody, (accepted + pending) / everybody]
        if Fraction(pending, everybody) > PENDING_LIMIT:
            found |= {"value": None, "status": "immature"}
            found.pop("interval", None)
    return found


def bounds(selection: Selection) -> Figures:
    """Q1b: as if all that is open were rejected (the value), and as if it were accepted."""
    accepted, everybody = int(np.count_nonzero(selection.hit)), len(selection)
    pending = int(np.count_nonzero(selection.cause == 1))
    found = {"numerator": accepted, "denominator": everybody, "n": everybody, "open": pending}
    found["value"] = accepted / everybody if everybody else None
    if everybody:
        found["bounds"] = [accepted / everybody, (accepted + pending) / everybody]
    return found
