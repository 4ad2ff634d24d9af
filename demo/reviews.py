"""The demo's joint reviews: twelve that were held, with what was frozen, said, agreed and done, and the next one ready.

Everything goes through the services, at the hour at which it happened; numbers are those known at each freeze.
"""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from accounts.models import Side, User
from core.models import Organisation
from demo.chance import ZONE, Dice
from demo.loading import drop_mails
from demo.review_words import CHARTER, RIDES, WAITING, WEEKS, Deed, Week
from funnel.queries import words_in_force
from metrics.series import Snapshot, current
from reviews.action_queries import answerable
from reviews.models import Action, Expectation, Review, ReviewSeries
from reviews.queries import past_reviews
from reviews.review_set import known_at
from reviews.services import (
    agree_action,
    answer_word,
    ask_word,
    close_review,
    count_votes,
    count_word,
    drop_action,
    finish_action,
    finish_ride,
    mark_expectation,
    mark_here,
    new_secret,
    open_room,
    open_vote,
    plan_ride,
    raise_number,
    rate,
    say_good_thing,
    settle_word,
    show_cards,
    solve_issue,
    state_expectation,
    take_ballot,
    take_up,
    vote,
    write_card,
    write_decision,
    write_line,
)
from reviews.services.cadence import Settings, plan_due, set_series
from reviews.services.freezing import freeze, restate
from reviews.services.preparing import first_since

Say = Callable[[str], None]
AT = dt.time(9)
MEMBERS = ("maya", "jonas", "clara", "tomasz", "lena", "sofia", "luca", "emma", "pieter", "anna", "marek")
TURNS = ("jonas", "clara", "tomasz", "sofia")
# Those who come to every review: three of each side and the funnel owner. Ratings are theirs, in this order.
REGULARS = ("maya", "jonas", "tomasz", "lena", "clara", "sofia", "luca")
# Words that the reviews read, the ones both teams saw differently first.
WORDS = ("mql", "sal", "sql", "handoff", "won", "opportunity")
_WEEK = dt.timedelta(days=7)
_FRIDAY = 4


def tell_reviews(*, since: dt.date, now: dt.datetime, say: Say) -> None:
    """Hold the past reviews and prepare the next one. `since` and `now`: both ends of the story, whose numbers are computed.

    All or nothing. A story that is shorter than the reviews has the last ones of them.
    """
    users = {user.email.partition("@")[0]: user for user in User.objects.all()}
    with transaction.atomic():
        _Teller(users, since, now, say).tell()
        drop_mails()


class _Teller:
    def __init__(self, users: dict[str, User], since: dt.date, now: dt.datetime, say: Say):
        self.users, self.since, self.now, self.say = users, since, now, say
        self.dice = Dice(f"reviews {Organisation.objects.get().name} {now}")
        self.snapshot = current()
        self.pending: list[tuple[dt.datetime, Action, Deed]] = []

    def tell(self) -> None:
        next_start, freeze_minutes = _next_meeting(self.now)
        starts = [_weeks_before(next_start, back) for back in range(len(WEEKS), 0, -1)]
        fitting = [start for start in starts if (start - 2 * _WEEK).date() > self.since]
        held = list(zip(fitting, WEEKS[-len(fitting) :], strict=True)) if fitting else []
        series = self._series((fitting or [next_start])[0] - _WEEK, freeze_minutes)
        self._charter()
        known: tuple[dt.datetime, Snapshot] | None = None
        for number, (start, week) in enumerate(held):
            plan_due(now=start - dt.timedelta(days=1))
            review = series.reviews.get(starts_at=start)
            self._end_actions(review.freeze_at)
            known = self._prepare(review, known)
            self._end_actions(review.starts_at)
            self._hold(review, week, number)
            if (number + 1) % 4 == 0:
                self.say(f"{number + 1} of {len(held)} past reviews")
        self._end_actions(self.now)
        plan_due(now=self.now)
        coming = series.reviews.filter(state=Review.State.PLANNED, freeze_at__lt=self.now).first()
        if coming is not None:
            self._prepare(coming, known)
        for sentence in WAITING:
            write_card(series=series, sentence=sentence)

    def _series(self, begun: dt.datetime, freeze_minutes: int) -> ReviewSeries:
        start = _next_meeting(self.now)[0].astimezone(ZONE)
        return set_series(
            series=None,
            settings=Settings(
                name="Weekly review",
                cadence=ReviewSeries.Cadence.WEEKLY,
                weekday=start.weekday(),
                week_of_month=1,
                at=AT,
                zone=str(ZONE),
                minutes=50,
                freeze_minutes=freeze_minutes,
            ),
            members=[self.users[key] for key in MEMBERS],
            facilitators=[self.users[key] for key in TURNS],
            now=begun,
        )

    # --- one review ---

    def _prepare(self, review: Review, known: tuple[dt.datetime, Snapshot] | None) -> tuple[dt.datetime, Snapshot]:
        """Freeze what was known at its instant; what the review before would show now is told first."""
        since, before = known or (first_since(review), None)
        before = before or known_at(since, self.snapshot)
        facts = known_at(review.freeze_at, self.snapshot)
        if known is not None:
            restate(review=past_reviews().first(), found_for=review, now=facts)
        freeze(review=review, now=review.freeze_at + dt.timedelta(minutes=2), facts=facts, before=before, since=since)
        return review.freeze_at, facts

    def _hold(self, review: Review, week: Week, number: int) -> None:
        at, actor = review.starts_at, review.facilitator
        today = at.astimezone(ZONE).date()
        for sentence in week.cards:
            write_card(series=review.series, sentence=sentence)
        open_room(review=review, actor=actor, now=at)
        review.refresh_from_db()
        here = [self.users[key] for key in MEMBERS if key not in week.absent]
        for user in here:
            mark_here(review=review, user=user, now=at)
        secrets = {}
        for key in REGULARS:
            secrets[key] = new_secret()
            take_ballot(review=review, user=self.users[key], secret=secrets[key])
        for side, sentence in zip((Side.MARKETING, Side.SALES), week.good, strict=True):
            say_good_thing(review=review, side=side, sentence=sentence, actor=actor)
        self._numbers(review, week, number)
        issue = self._process(review, week, secrets, at, today)
        if number:
            self._solve_before(review, week, today)
        self._word(review, week, number, secrets, at, today)
        for deed in week.deeds:
            self._agree(review, deed, issue, at)
        write_decision(review=review, sentence=week.decision, actor=actor)
        for key, value in zip(REGULARS, week.ratings, strict=False):
            rate(review=review, secret=secrets[key], value=value)
        close_review(review=review, actor=actor, now=at + dt.timedelta(minutes=self.dice.randrange(42, 56)))

    def _numbers(self, review: Review, week: Week, number: int) -> None:
        """The first number that is off plan goes to the issues; what was expected last week is marked."""
        off = review.frozen.filter(state="off", group="number").order_by("position").first()
        if off is not None and number % 3 == 0:
            raise_number(number=off)
        if number:
            met = WEEKS[WEEKS.index(week) - 1].met
            for expected in Expectation.objects.filter(review__series=review.series_id, marked_at=None):
                came_true = met[0] if expected.side == Side.MARKETING else met[1]
                mark_expectation(expectation=expected, review=review, met=came_true, actor=review.facilitator)
        for side, sentence in zip((Side.MARKETING, Side.SALES), week.expects, strict=True):
            state_expectation(review=review, side=side, sentence=sentence, actor=review.facilitator)

    def _process(self, review: Review, week: Week, secrets: dict[str, str], at: dt.datetime, today: dt.date):
        """Cards are shown, voted on in silence, and the first one is taken up by somebody."""
        actor = review.facilitator
        show_cards(review=review, actor=actor, today=today)
        open_vote(review=review, actor=actor, now=at, today=today)
        cards = {card.sentence: card for card in review.cards.all()}
        first, second, third = (cards[sentence] for sentence in week.cards)
        for place, secret in enumerate(secrets.values()):
            chosen = [first] if place % 3 == 0 else [first, second] if place % 3 == 1 else [third, first]
            vote(review=review, secret=secret, cards=[card.id for card in chosen])
        count_votes(review=review, actor=actor, now=at)
        owner = self.users[week.deeds[0].owner]
        fix_on = today + dt.timedelta(days=week.deeds[0].due)
        return take_up(review=review, card=first.id, owner=owner, fix_on=fix_on, actor=actor, today=today)

    def _solve_before(self, review: Review, week: Week, today: dt.date) -> None:
        """What the owner of the issue of the review before found out."""
        if not week.solved:
            return
        before = past_reviews().first()
        for issue in before.issues.filter(owner__isnull=False, solution=None):
            solve_issue(issue=issue, sentence=week.solved, actor=issue.owner, today=today)

    def _word(
        self, review: Review, week: Week, number: int, secrets: dict[str, str], at: dt.datetime, today: dt.date
    ) -> None:
        known = words_in_force(today)
        keys = [key for key in WORDS if key in known] or sorted(known)
        if not keys:
            return
        actor = review.facilitator
        ask_word(review=review, key=keys[number % len(keys)], actor=actor, now=at, today=today)
        sides = {"marketing": ("jonas", "tomasz", "lena"), "sales": ("clara", "sofia", "luca")}
        for (side, people), yes in zip(sides.items(), week.word_yes, strict=True):
            for place, key in enumerate(people):
                answer_word(review=review, secret=secrets[key], side=side, yes=place < yes)
        count_word(review=review, actor=actor, now=at)
        stands = sum(week.word_yes) > 3
        settle_word(review=review, stands=stands, outcome=week.outcome, actor=actor, today=today)

    # --- actions ---

    def _agree(self, review: Review, deed: Deed, issue, at: dt.datetime) -> None:
        day = at.astimezone(ZONE).date()
        answer = {"about": issue.sentence, "review_issue": issue}
        if deed.answers:
            number = next(one for one in answerable(day, review)["Numbers"] if one.key == f"m:{deed.answers}")
            answer = {"about": number.words, **number.fields}
        action = agree_action(
            what=deed.what,
            owner=self.users[deed.owner],
            due_on=day + dt.timedelta(days=deed.due),
            actor=review.facilitator,
            now=at,
            review=review,
            **answer,
        )
        if deed.ended is not None:
            self.pending.append((at + dt.timedelta(days=deed.ended, hours=3), action, deed))

    def _end_actions(self, until: dt.datetime) -> None:
        """What was done or dropped until then, in the order in which it happened."""
        due = sorted((one for one in self.pending if one[0] <= until), key=lambda one: one[0])
        self.pending = [one for one in self.pending if one[0] > until]
        for at, action, deed in due:
            if deed.dropped:
                drop_action(action=action, reason=deed.dropped, seen=1, actor=action.owner, now=at)
            else:
                finish_action(action=action, seen=1, actor=action.owner, now=at)

    # --- the charter ---

    def _charter(self) -> None:
        today = self.now.astimezone(ZONE).date()
        for subject, who, words, days in CHARTER:
            write_line(
                subject=subject,
                person=self.users.get(who),
                words=words,
                from_day=today - dt.timedelta(days=days),
                actor=self.users["maya"],
                now=self.now,
            )
        for marketer, seller, what, days, learned in RIDES:
            at = self.now + dt.timedelta(days=days)
            planned = plan_ride(
                marketer=self.users[marketer],
                seller=self.users[seller],
                what=what,
                planned_for=at.astimezone(ZONE).date(),
                actor=self.users[marketer],
                now=min(at, self.now) - dt.timedelta(days=5),
            )
            if learned:
                finish_ride(ride=planned, learned=learned, actor=self.users[marketer], now=at)


def _weeks_before(start: dt.datetime, weeks: int) -> dt.datetime:
    """The same hour on the clock, also beyond a change of the clocks."""
    day = start.astimezone(ZONE).date() - weeks * _WEEK
    return dt.datetime.combine(day, AT, ZONE).astimezone(dt.UTC)


def _next_meeting(now: dt.datetime) -> tuple[dt.datetime, int]:
    """The next working morning, and how many minutes before it the last full hour was: then its numbers were frozen."""
    local = now.astimezone(ZONE)
    day = local.date()
    while day.weekday() > _FRIDAY or dt.datetime.combine(day, AT, ZONE) <= local:
        day += dt.timedelta(days=1)
    start = dt.datetime.combine(day, AT, ZONE)
    frozen = (local - dt.timedelta(minutes=5)).replace(minute=0, second=0, microsecond=0)
    return start.astimezone(dt.UTC), int((start - frozen).total_seconds()) // 60
