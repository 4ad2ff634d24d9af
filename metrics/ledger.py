"""The posted ledger: when what a won deal's touches earned changes, the difference is posted, and nothing is rewritten.

Posted are all models that hang on one deal alone, over marketing's touches. Open deals are not posted: their shares are
provisional and computed when somebody asks. Whatever happened, all postings of a deal add up to its shares of today.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from funnel.book import load_book
from metrics import credit
from metrics.credit_rules import current_rules
from metrics.fact_queries import read_credits_of, read_deals_of
from metrics.facts import ByDay, Reading
from metrics.models import CreditPosting
from metrics.rows import every
from metrics.segments import MISSING, Table
from metrics.series import Snapshot, margins_of, of_tables

AT_ONCE = 500
Reason = CreditPosting.Reason
# Model -> touch (0: none earned it) -> [revenue, gross profit].
Shares = dict[str, dict[int, list[int]]]


def posted_models(snapshot: Snapshot) -> tuple[str, ...]:
    return (*credit.models_of(snapshot.rules), "shapley")


def credit_digest() -> str:
    """Changes with all that shares of deals hang on beside the deals: margins and rules."""
    return hashlib.sha256(repr((margins_of(load_book()), current_rules())).encode()).hexdigest()


def postings_due(deals: Iterable[int], paths: ByDay, reading: Reading) -> list[CreditPosting]:
    """What is to be posted so that the ledgers of these deals say what their touches earn now. `paths`: their ways."""
    ways, book = Table.of("path", paths), load_book()
    found = []
    for ids in _parts(deals):
        tables = {
            "path": ways,
            "deal": Table.of("deal", read_deals_of(ids, reading)),
            "credit": Table.of("credit", read_credits_of(ids, reading)),
        }
        snapshot = of_tables(tables, book)
        now, posted, standing = shares_of(snapshot), posted_shares(ids), _standing(ids)
        won = set(credit.won_deals(snapshot)["item"].tolist())
        for deal in ids:
            posting = _difference(now.get(deal, {}), posted.get(deal, {}))
            if posting is not None:
                posting.deal_id, posting.rules_id = deal, snapshot.rules.version or None
                posting.reason = _reason(posting, was_won=deal in standing, is_won=deal in won)
                found.append(posting)
    return found


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def shares_of(snapshot: Snapshot) -> dict[int, Shares]:
    """What the touches of each won deal of a snapshot earn, in all posted models. Amounts not known are left out."""
    bookings = credit.both(
        credit.wins(snapshot, credit.won_deals(snapshot)), credit.credit_notes(snapshot, every(snapshot["credit"]))
    )
    ids = snapshot["deal"]["item"][bookings.deal].tolist()
    touches = [*snapshot["path"]["touch"].tolist(), 0]  # the last one stands for row -1: no touch
    found: dict[int, Shares] = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    for model in posted_models(snapshot):
        lines = credit.lines_of(snapshot, bookings, model)
        columns = (lines.booking, lines.row, lines.revenue, lines.profit)
        for booking, row, revenue, profit in zip(*(column.tolist() for column in columns), strict=True):
            sums = found[ids[booking]][model][touches[row]]
            sums[0] += 0 if revenue == MISSING else revenue
            sums[1] += 0 if profit == MISSING else profit
    return found


def posted_shares(deals: Iterable[int]) -> dict[int, Shares]:
    """The sum of all postings of each deal."""
    found: dict[int, Shares] = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    for deal, lines in CreditPosting.objects.filter(deal_id__in=list(deals)).values_list("deal_id", "lines"):
        for model, rows in lines.items():
            for touch, revenue, profit in rows:
                sums = found[deal][model][touch]
                sums[0] += revenue
                sums[1] += profit
    return found


def _standing(deals: Iterable[int]) -> set[int]:
    """The deals whose win was posted and not taken back."""
    found = set()
    for deal, reason in (
        CreditPosting.objects.filter(deal_id__in=list(deals)).order_by("id").values_list("deal_id", "reason")
    ):
        if reason == Reason.CLOSED:
            found.add(deal)
        elif reason == Reason.REVERSED:
            found.discard(deal)
    return found


def _difference(now: Shares, posted: Shares) -> CreditPosting | None:
    lines = {}
    for model in sorted(now.keys() | posted.keys()):
        new, old, none = now.get(model, {}), posted.get(model, {}), (0, 0)
        changes = []
        for touch in sorted(new.keys() | old.keys()):
            revenue, profit = (new.get(touch, none)[place] - old.get(touch, none)[place] for place in (0, 1))
            if revenue or profit:
                changes.append([touch, revenue, profit])
        if changes:
            lines[model] = changes
    if not lines:
        return None
    revenue, profit = (_total(now, place) - _total(posted, place) for place in (0, 1))
    return CreditPosting(revenue=revenue, profit=profit, lines=lines)


def _total(shares: Shares, place: int) -> int:
    """Every model adds up to the same."""
    return sum(sums[place] for sums in shares.get("linear", {}).values())


def _reason(posting: CreditPosting, *, was_won: bool, is_won: bool) -> str:
    if was_won != is_won:
        return Reason.CLOSED if is_won else Reason.REVERSED
    if posting.revenue or posting.profit:
        return Reason.AMOUNT
    # Another half-life moves some models; a touch that comes or goes moves the even share, too.
    return Reason.TOUCHES if "linear" in posting.lines else Reason.RULES
