"""The cards of the joint dashboard: each computed, rendered and kept on its own, so that none holds up another.

A card depends on the generation, the day, the frame, and, where it names deals, on what its reader may open.
"""

import datetime as dt
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.cache import cache
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from accounts.queries import standing
from funnel.models import GlossaryTerm
from funnel.queries import words_in_force
from metrics import movement
from metrics.dashboard import one_number, profit_run
from metrics.dashboard_funnel import funnel
from metrics.dashboard_handoffs import first_steps, handoffs_card
from metrics.dashboard_promises import promises_card
from metrics.dashboard_returns import earnings
from metrics.frame import Frame
from metrics.series import Snapshot

KEPT_SECONDS = 3_600
# With fewer leads all cards together take less than 0.3 s, below which nobody should see something wait.
LEADS_AT_ONCE = 30_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Card:
    """`names`: shows names, so it is kept for each reader. `own_first`: the order of its lines depends on the reader's side.
    `turn`: the order in which missing cards are asked for.
    """

    name: str
    area: str
    title: str
    compute: Callable[[Snapshot, Frame, User], dict | None]
    turn: int = 2
    names: bool = False
    own_first: bool = False


CARDS = (
    Card("one", "a-one", "Gross profit", lambda snapshot, frame, reader: one_number(snapshot, frame), turn=0),
    Card("first", "a-do", "Do first", first_steps, turn=0, own_first=True),
    Card("run", "a-run", "Gross profit day by day", lambda snapshot, frame, reader: profit_run(snapshot, frame)),
    Card("funnel", "a-fun", "Funnel", lambda snapshot, frame, reader: funnel(snapshot, frame), turn=1),
    Card("promises", "a-sla", "Promises", lambda snapshot, frame, reader: promises_card(snapshot, frame), turn=1),
    Card("trend", "a-trend", "Inflow and conversion", lambda snapshot, frame, reader: movement.trend(snapshot, frame)),
    Card("channels", "a-earn", "Campaign return", earnings, names=True),
    Card("ageing", "a-ages", "Open leads by age", lambda snapshot, frame, reader: movement.ageing(snapshot, frame)),
    Card("handoffs", "a-age", "Open handoffs", lambda snapshot, frame, reader: handoffs_card(snapshot, frame)),
)
BY_NAME = {card.name: card for card in CARDS}


@dataclass(frozen=True)
class Board:
    """What a page of cards is made for."""

    snapshot: Snapshot
    frame: Frame
    reader: User
    owner: str  # the funnel owner's name

    def key(self, card: Card) -> str:
        """Cache keys are short plain ASCII; names of channels may be neither."""
        snapshot = self.snapshot
        shown = (card.name, self.owner, snapshot.epoch, snapshot.generation, snapshot.written_at, self.frame)
        reader = self.reader.id if card.names else sorted(standing(self.reader).sides) if card.own_first else 0
        return f"card:{hashlib.sha256(repr((shown, reader)).encode()).hexdigest()}"

    @property
    def at_once(self) -> bool:
        """Whether the company is small enough to show every card with the page."""
        return len(self.snapshot["journey"]["lead"]) <= LEADS_AT_ONCE


def rendered(board: Board, cards: Iterable[Card], *, compute: bool) -> list[str]:
    """Each card's HTML: kept, computed now, or, without `compute`, a place of the same size that asks for it."""
    cards = list(cards)
    kept = cache.get_many([board.key(card) for card in cards])
    found = []
    for card in cards:
        html = kept.get(board.key(card))
        if html is None:
            html = render_card(board, card) if compute else _place(board, card)
        found.append(html)
    return found


def render_card(board: Board, card: Card) -> str:
    """Compute a card and keep it. One that fails says so in its own place; the others are not touched."""
    try:
        found = card.compute(board.snapshot, board.frame, board.reader)
        context = {
            "card": found,
            "frame": board.frame,
            "currency": board.snapshot.currency,
            "owner": board.owner,
            "glossary": _glossary(board.snapshot, board.frame.today),
        }
        html = render_to_string(f"metrics/cards/{card.name}.html", context) if found is not None else ""
    except Exception:
        reference = secrets.token_hex(2).upper()
        log.exception("Card %s failed, reference %s", card.name, reference)
        return render_to_string("metrics/cards/failed.html", _place_of(board, card) | {"reference": reference})
    cache.set(board.key(card), html, KEPT_SECONDS)
    return html


def _glossary(snapshot: Snapshot, today: dt.date) -> dict[str, GlossaryTerm]:
    """The words in force, read once for all cards and readers."""
    return snapshot.memo(("words", today), lambda: words_in_force(today))


def _place(board: Board, card: Card) -> str:
    return render_to_string("metrics/cards/wait.html", _place_of(board, card))


def _place_of(board: Board, card: Card) -> dict:
    return {
        "card": card,
        "url": f"{reverse('card', args=[card.name])}?{board.frame.query()}",
        "page": f"{reverse('dashboard')}?{board.frame.query(whole='1')}",
        "delay": card.turn * 60,
    }
