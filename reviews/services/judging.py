"""Writes of the monthly sample: draw it, judge, close it, settle what was split."""

import datetime as dt
import secrets

from django.db import transaction

from accounts.models import Side, User
from core.errors import Conflict, DomainError
from core.models import Organisation
from core.periods import add_months
from core.queries import calendar
from funnel.book import load_book
from reviews.judging_queries import candidates, last_words, possible_judges, served, side_of
from reviews.models import Judgement, JudgingRound, SampledLead
from reviews.sampling import LEAST, SIZE, draw, strata_of

# Seeds fit any database's integer.
_SEEDS = 2**31


def draw_round(
    *,
    month: dt.date,
    actor: User | None,
    marketing_judge: User | None = None,
    sales_judge: User | None = None,
    seed: int | None = None,
) -> JudgingRound:
    """Draw the sample of a month's leads. A side without a named judge gets the one who judged least often.

    `month`: any day of it; it must be over. `seed`: repeats a draw; chosen at random otherwise. DomainError if there are too
    few leads or a side has nobody; Conflict if the month's sample was drawn already.
    """
    today = calendar().day_of(dt.datetime.now(dt.UTC))
    month = month.replace(day=1)
    following = add_months(month, 1)
    if following > today:
        raise DomainError("month_runs", "The sample is drawn from a month that is over.", field="month")
    book = load_book()
    if not book or book.newest.milestone("mql") is None:
        raise DomainError("no_mql", "No stage of the agreement is the MQL, so there is nothing to judge.")
    version = book.on(today)
    with transaction.atomic():
        _one_at_a_time()
        if JudgingRound.objects.filter(month=month).exists():
            raise Conflict("drawn", f"The sample of {month:%B %Y} was drawn already.")
        found = candidates(month, following, version)
        if len(found) < LEAST:
            raise DomainError(
                "too_few_leads",
                f"{month:%B %Y} has {len(found)} leads that could be judged; a sample needs {LEAST} at least.",
                field="month",
            )
        seed = secrets.randbelow(_SEEDS) if seed is None else seed
        marketing = _judge(Side.MARKETING, marketing_judge, today, seed, besides=sales_judge)
        judging = JudgingRound.objects.create(
            month=month,
            agreement_id=version.id,
            seed=seed,
            marketing_judge=marketing,
            sales_judge=_judge(Side.SALES, sales_judge, today, seed, besides=marketing),
            drawn_by=actor,
        )
        sample = draw(strata_of(found), size=SIZE, seed=seed)
        SampledLead.objects.bulk_create(
            SampledLead(round=judging, position=place, lead_id=lead_id, stratum=stratum)
            for place, (lead_id, stratum) in enumerate(sample, start=1)
        )
    return judging


def draw_when_due(*, now: dt.datetime) -> JudgingRound | None:
    """Draw last month's sample if nobody has: what the clock does. None where there is none to draw.

    A company that cannot have one yet (no MQL stage, few leads, one team) is left alone without an error.
    """
    if not Organisation.objects.exists():
        return None
    month = add_months(calendar().day_of(now).replace(day=1), -1)
    if JudgingRound.objects.filter(month=month).exists():
        return None
    try:
        return draw_round(month=month, actor=None)
    except DomainError:
        return None


def _judge(side: Side, named: User | None, day: dt.date, seed: int, *, besides: User | None) -> User:
    """Who judges for a side; one who works for both sides does not judge for both."""
    if named is not None and named == besides:
        raise DomainError("same_judge", "The two judges are two people.", field=f"{side}_judge")
    people = [one for one in possible_judges(side, day) if one != besides]
    if named is not None:
        if named not in people:
            raise DomainError("not_of_the_side", f"{named.name} works in no team of {side.label}.", field=f"{side}_judge")
        return named
    if not people:
        raise DomainError("nobody_to_judge", f"Nobody works in a team of {side.label}.", field=f"{side}_judge")
    before = served(people, side)
    # Whoever judged least often; among equals the seed decides, so that it is not always the first of the alphabet.
    fewest = min(before.get(one.id, 0) for one in people)
    equal = [one for one in people if before.get(one.id, 0) == fewest]
    return equal[seed % len(equal)]


def change_judges(*, judging: JudgingRound, marketing_judge: User, sales_judge: User, actor: User) -> None:
    """Name others while the sample is open. What was judged already stays with who judged it."""
    today = calendar().day_of(dt.datetime.now(dt.UTC))
    chosen = {"marketing_judge": marketing_judge, "sales_judge": sales_judge}
    _judge(Side.MARKETING, marketing_judge, today, 0, besides=None)
    _judge(Side.SALES, sales_judge, today, 0, besides=marketing_judge)
    for name, person in chosen.items():
        # Whoever judges for both sides would read their own former answers as the other side's.
        said = Judgement.objects.filter(sampled__round=judging, judge=person)
        if said.exclude(side=name.removesuffix("_judge")).exists():
            text = f"{person.name} has judged this sample for the other side."
            raise DomainError("judged_for_the_other", text, field=name)
    _if_open(judging).update(**chosen)


def judge_lead(*, judging: JudgingRound, place: int, qualifies: bool, sentence: str, actor: User) -> bool:
    """Say of one lead of the sheet whether it qualifies. Returns whether the sample is complete and so closed.

    The same answer again counts once; another one replaces it until the sample is closed.
    """
    with transaction.atomic():
        _one_at_a_time()
        judging = JudgingRound.objects.get(id=judging.id)
        side = side_of(judging, actor)
        if not side:
            raise DomainError("not_the_judge", "This sample is judged by somebody else.")
        if judging.closed_at is not None:
            raise Conflict("closed", "This sample is closed; answers count no more.")
        sampled = SampledLead.objects.filter(round=judging, position=place).first()
        if sampled is None:
            raise DomainError("no_such_lead", "This sample has no lead at that place.")
        last = Judgement.objects.filter(sampled=sampled, side=side).order_by("-id").first()
        if last is None or (last.qualifies, last.sentence) != (qualifies, sentence):
            Judgement.objects.create(sampled=sampled, side=side, judge=actor, qualifies=qualifies, sentence=sentence)
        return _close_if_complete(judging, actor)


def _close_if_complete(judging: JudgingRound, actor: User) -> bool:
    rows = list(SampledLead.objects.filter(round=judging))
    if len(last_words(rows)) < 2 * len(rows):
        return False
    JudgingRound.objects.filter(id=judging.id).update(closed_at=dt.datetime.now(dt.UTC), closed_by=actor)
    return True


def close_round(*, judging: JudgingRound, actor: User) -> None:
    """End a sample before it is complete: the pairs there are count, the rest is left out."""
    _if_open(judging).update(closed_at=dt.datetime.now(dt.UTC), closed_by=actor)


def _if_open(judging: JudgingRound):
    found = JudgingRound.objects.filter(id=judging.id, closed_at__isnull=True)
    if not found.exists():
        raise Conflict("closed", "This sample is closed already.")
    return found


def settle(*, sampled: SampledLead, qualifies: bool, sentence: str, actor: User) -> None:
    """Say what the review decided about a lead on which the judges were split. It becomes an example of the definition.

    A further call corrects the former one. DomainError unless both judged it and differed.
    """
    words = last_words([sampled])
    said = {one.qualifies for one in words.values()}
    if sampled.round.closed_at is None or len(words) < 2 or len(said) < 2:
        raise DomainError("not_split", "Only a lead that the two judges saw differently is settled.")
    if not sentence:
        raise DomainError("sentence_missing", "Say in a sentence why, so that it can serve as an example.", field="sentence")
    today = calendar().day_of(dt.datetime.now(dt.UTC))
    SampledLead.objects.filter(id=sampled.id).update(
        settled=qualifies, sentence=sentence, settled_by=actor, settled_on=today
    )


def _one_at_a_time() -> None:
    """The company's row as a lock, so that two draws or two last answers see each other."""
    Organisation.objects.select_for_update().filter(id=1).first()
