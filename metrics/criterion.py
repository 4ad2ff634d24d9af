"""One criterion of MQL moved: who would drop out of marketing's count, who would come in, and what became of them.

A look, not a change: nothing is stored, and what the look can't know is said (`cautions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import DomainError
from core.periods import day_number
from core.templatetags.display import money_short
from metrics import codes
from metrics.evaluation import SMALL
from metrics.frame import Frame
from metrics.methods.intervals import wilson
from metrics.segments import MISSING
from metrics.selection import Selection, stay_at
from metrics.series import Snapshot
from metrics.two_counts import Counts, attributes, ever_reached, question_of, reached

# Criteria by key: how the field is called, and what it asks for.
KINDS = {
    "score": "Score",
    "channel": "Channel",
    "segment": "Segment",
    "region": "Region",
    "company": "Company known",
    "email": "E-mail known",
}
NAMED = ("channel", "segment", "region")
MOST_SCORE = 1_000_000
_FIELDS = {"score": "score", "company": "company_id", "email": "contact__email"}
PARTS = ("kept", "out", "out_won", "out_open", "out_lost", "in")


@dataclass(frozen=True)
class Criterion:
    """What a lead would have to fulfil besides. `least` for a score, `values` for a name out of several."""

    kind: str
    least: int | None = None
    values: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        if self.kind == "score":
            return f"a score of {self.least:,} or more"
        if self.kind in NAMED:
            return f"{self.kind} {' or '.join(self.values)}"
        return "a company that is known" if self.kind == "company" else "an e-mail address that is known"


@dataclass(frozen=True)
class Group:
    """What became of some leads, as far as is known today."""

    leads: int
    won: int
    open: int
    lost: int
    deals: int
    revenue: int | None  # base minor units of won deals; None where none is recorded or none has an amount
    unknown: int  # won deals without an amount

    @property
    def range(self) -> tuple[float, float] | None:
        return wilson(self.won, self.leads)

    @property
    def share(self) -> float | None:
        return self.won / self.leads if self.leads else None

    @property
    def few(self) -> bool:
        return self.leads < SMALL


@dataclass(frozen=True)
class Moved:
    criterion: Criterion
    selections: dict[str, Selection]
    before: Group
    kept: Group
    out: Group
    coming: Group | None  # None where the criterion says nothing of leads that are no MQL
    unknown: int  # leads that drop out because it is not known whether they fulfil it

    @property
    def after(self) -> int:
        return self.kept.leads + (self.coming.leads if self.coming else 0)


def read_criterion(params: Mapping, choices: Mapping[str, list[str]]) -> Criterion | None:
    """The criterion in an address; None without one. DomainError names what is wrong."""
    kind = params.get("rule", "")
    if kind not in KINDS:
        return None
    if kind == "score":
        text = params.get("least", "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or int(text[:9]) > MOST_SCORE:
            raise DomainError("score_invalid", f"A score is a whole number from 0 to {MOST_SCORE:,}.", field="least")
        return Criterion(kind, least=int(text[:9]))
    if kind in NAMED:
        values = tuple(name for name in choices.get(kind, ()) if name in params.getlist("one"))
        return Criterion(kind, values=values) if values else None
    return Criterion(kind)


def move(snapshot: Snapshot, frame: Frame, counts: Counts, criterion: Criterion) -> Moved:
    """Marketing's count with one criterion more."""
    everybody = counts.marketing
    meets, unknown = _meets(criterion, everybody, _ids(snapshot, frame, counts, criterion))
    found = {"kept": everybody.where(meets), "out": everybody.where(~meets)}
    outcome = _outcomes(snapshot, counts.stage)
    for name in ("won", "open", "lost"):
        found[f"out_{name}"] = everybody.where(~meets & (outcome == name))
    coming = None
    if criterion.kind == "score":
        found["in"] = _coming(snapshot, frame, counts, criterion)
        coming = _group(snapshot, found["in"], _outcomes(snapshot, _stage_today(snapshot, found["in"], frame)))
    return Moved(
        criterion=criterion,
        selections=found,
        before=_group(snapshot, everybody, outcome),
        kept=_group(snapshot, found["kept"], outcome[meets]),
        out=_group(snapshot, found["out"], outcome[~meets]),
        coming=coming,
        unknown=int(np.count_nonzero(unknown)),
    )


def _ids(snapshot: Snapshot, frame: Frame, counts: Counts, criterion: Criterion) -> tuple[int, ...]:
    """The ids behind the criterion's names, read as the filters of every number are."""
    if criterion.kind not in NAMED:
        return ()
    question = question_of(snapshot, frame, counts.mql, **{criterion.kind: list(criterion.values)})
    return dict(question.where)[criterion.kind]


def _meets(criterion: Criterion, selection: Selection, ids: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Which rows fulfil the criterion, and of which it is not known whether they do (they don't)."""
    if criterion.kind in NAMED:
        column = selection.dims[criterion.kind]
        return np.isin(column, ids), column == 0
    held = dict(attributes(selection.lead, _FIELDS[criterion.kind]))
    values = [held.get(int(lead)) for lead in selection.lead]
    if criterion.kind == "score":
        meets = [value is not None and value >= criterion.least for value in values]
        return np.array(meets, bool), np.array([value is None for value in values], bool)
    return np.array([bool(value) for value in values], bool), np.zeros(len(values), bool)


def _coming(snapshot: Snapshot, frame: Frame, counts: Counts, criterion: Criterion) -> Selection:
    """Leads that started in the period, are no MQL and fulfil the criterion."""
    started = reached(snapshot, frame, snapshot.book.newest.path()[0])
    never = ~ever_reached(snapshot, started.lead, counts.mql)
    # What sales or a customer starts is never marketing's, whatever its score.
    ours = ~np.isin(started.dims["origin"], [codes.ORIGINS.index(name) for name in ("sales", "customer")])
    candidates = started.where(never & ours)
    return candidates.where(_meets(criterion, candidates, ())[0])


def _stage_today(snapshot: Snapshot, selection: Selection, frame: Frame) -> np.ndarray:
    return stay_at(snapshot, selection.lead, day_number(frame.today))[0]


def _outcomes(snapshot: Snapshot, stage: np.ndarray) -> np.ndarray:
    """won, lost or open of each lead, by the stage it is in today."""
    stages = snapshot.book.newest.stages.values()
    won = [s.id for s in stages if s.kind == "won"]
    lost = [s.id for s in stages if s.kind in ("lost", "out")]
    return np.where(np.isin(stage, won), "won", np.where(np.isin(stage, lost), "lost", "open"))


def _group(snapshot: Snapshot, selection: Selection, outcome: np.ndarray) -> Group:
    deal = snapshot["deal"]
    won = (deal["status"] == codes.WON) & np.isin(deal["lead"], selection.lead)
    amounts = deal["base"][won]
    known = amounts != MISSING
    return Group(
        leads=len(selection),
        won=int(np.count_nonzero(outcome == "won")),
        open=int(np.count_nonzero(outcome == "open")),
        lost=int(np.count_nonzero(outcome == "lost")),
        deals=len(amounts),
        revenue=int(amounts[known].sum()) if np.any(known) else None,
        unknown=int(np.count_nonzero(~known)),
    )


def finding(moved: Moved, name: str, currency: str) -> str:
    """What moving the criterion would do, in one sentence."""
    out = moved.out
    if not out.leads:
        return f"All {moved.before.leads:,} fulfil it: nobody would drop out"
    words = f"{out.leads:,} of {moved.before.leads:,} would be no {name}"
    if not out.won:
        return f"{words}; none of them was won"
    worth = f", worth {money_short(out.revenue, currency)}" if out.revenue else ""
    return f"{words}; {out.won:,} of them {'was' if out.won == 1 else 'were'} won{worth}"


def cautions(moved: Moved, name: str) -> list[str]:
    """What this look can't know, in words."""
    kind, found = moved.criterion.kind, []
    if moved.out.leads and min(moved.out.leads, moved.kept.leads) < SMALL:
        found.append("Fewer than 20 leads on one side: read the counts, not the shares.")
    if moved.unknown:
        word = "score" if kind == "score" else kind
        lead = "lead drops" if moved.unknown == 1 else "leads drop"
        found.append(
            f"{moved.unknown:,} {lead} out because the {word} is not known, which is not the same as not fulfilling it."
        )
    if kind == "score":
        found.append(
            f"The score is today's. It may have risen because of what happened after the lead became {name}, so the leads "
            "that were won look better here than they looked then."
        )
    else:
        found.append(f"What is known of a lead is as of today; some of it was learned after it became {name}.")
    if moved.out.leads:
        found.append(
            f"Those who drop out were worked on as {name}. Without that some of the deals would not have come, and some "
            "would have come another way: the money is what they brought, not what the criterion would cost."
        )
    if moved.out.open:
        found.append(f"{moved.out.open:,} of them are still open: their end is not known yet.")
    if moved.coming is not None and moved.coming.leads:
        found.append("Those who come in were not handed over, so what sales would have made of them is unknown.")
    return found
