"""Reads of words: which comes next, with which lead it is tried, and what became of it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from funnel.book import StageInfo, load_book
from funnel.models import GlossaryTerm
from funnel.queries import words_in_force
from leads.handoff_queries import precedents
from leads.models import Lead, StageEntry
from leads.queries import visible_leads
from reviews.judging_queries import splits_for_review
from reviews.models import Review, WordOfReview

# How far back an example is looked for.
RECENT = dt.timedelta(days=120)
_FEW = 20


@dataclass(frozen=True)
class DueWord:
    """A term with its record. `stage`: that the word names, None for other words. `times`: how often both teams agreed on
    it at a review. `differs`: the teams wrote different meanings, or their last answers were split."""

    term: GlossaryTerm
    stage: StageInfo | None
    times: int
    differs: bool
    last_on: dt.date | None


def due_words(review: Review, today: dt.date) -> list[DueWord]:
    """The words of the agreement in force, the next one first.

    Those that were agreed on least often come first, among them those on which the teams differ, then the longest unread.
    """
    book = load_book()
    path = book.on(today).path() if book else []
    asked = WordOfReview.objects.exclude(review=review).select_related("review").order_by("review__starts_at")
    record: dict[str, list[WordOfReview]] = {}
    for one in asked:
        record.setdefault(one.key, []).append(one)
    found = [_due(term, path, record.get(term.key, [])) for term in words_in_force(today).values()]
    return sorted(found, key=lambda one: (one.times, not one.differs, one.last_on or dt.date.min, one.term.word.casefold()))


def _due(term: GlossaryTerm, path: list[StageInfo], record: list[WordOfReview]) -> DueWord:
    meanings = {term.marketing_meaning.strip(), term.sales_meaning.strip()} - {""}
    names = {term.key.casefold(), term.word.casefold()}
    stage = next((s for s in path if names & {s.key.casefold(), s.name.casefold(), (s.milestone or "").casefold()}), None)
    return DueWord(
        term=term,
        stage=stage,
        times=sum(not split(one) for one in record),
        differs=len(meanings) == 2 or bool(record and split(record[-1])),
        last_on=record[-1].review.starts_at.date() if record else None,
    )


def split(word: WordOfReview) -> bool:
    """Whether more than a third answered against the others, or most of one team against most of the other."""
    if word.yes is None:
        return False
    if 3 * min(word.yes, word.no) > word.yes + word.no:
        return True
    if word.marketing_yes is None:
        return False
    return (word.marketing_yes > word.marketing_no) != (word.sales_yes > word.sales_no)


def example_lead(stage: StageInfo, today: dt.date) -> Lead | None:
    """A lead on which to try the word of a stage: one that two judges saw differently, one that was ruled on, else the last
    that entered the stage. None was the example of an earlier review."""
    used = WordOfReview.objects.exclude(lead=None).values("lead")
    live = Lead.objects.filter(merged_into=None, voided=False).exclude(id__in=used)
    if stage.milestone == "mql":
        ruled = precedents().values_list("lead", flat=True)[:_FEW]
        doubtful = [pair.sampled.lead_id for pair in splits_for_review()] + list(ruled)
        known = set(live.filter(id__in=doubtful).values_list("id", flat=True))
        chosen = next((lead_id for lead_id in doubtful if lead_id in known), None)
        if chosen is not None:
            return live.get(id=chosen)
    entries = StageEntry.objects.filter(stage_id=stage.id, entered_day__gte=today - RECENT, lead__in=live)
    last = entries.order_by("-entered_at", "-opening_event").values_list("lead", flat=True).first()
    return live.get(id=last) if last is not None else None


def word_of(review: Review) -> WordOfReview | None:
    """With its lead; None before both teams are asked."""
    related = (
        "settled_by",
        *(f"lead__{name}" for name in ("contact", "company", "segment", "region", "channel", "campaign")),
    )
    return WordOfReview.objects.filter(review=review).select_related(*related).first()


def word_record(key: str = "", stage_key: str = "") -> QuerySet[WordOfReview]:
    """What reviews made of words, newest first: of all, of one word, or of the word of a stage."""
    rows = WordOfReview.objects.select_related("review__series", "agreement", "lead__company", "settled_by")
    if key:
        rows = rows.filter(key=key)
    if stage_key:
        rows = rows.filter(stage_key=stage_key)
    return rows.order_by("-review__starts_at")


def openable(words: Iterable[WordOfReview], user: User) -> set[int]:
    """Ids of the example leads that a person may open."""
    ids = {word.lead_id for word in words} - {None}
    return set(visible_leads(user).filter(id__in=ids).values_list("id", flat=True)) if ids else set()
