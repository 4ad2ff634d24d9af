"""A draft tried on history: every lead is judged by what was known of it at its decision, and by nothing that came later."""

import datetime as dt
import random

import pytest

from campaigns.models import Channel
from campaigns.services import ensure_channel
from core.periods import date_of
from core.queries import calendar
from funnel.book import load_book
from funnel.criteria import FACTS, OPS, Condition, EntryRule, Facts, Op, days_between, unmet
from funnel.models import Segment, StageKind
from funnel.score import Engagement, Fit, ScoreTable, scored
from funnel.services import ensure_segment
from leads.models import Lead, LeadEvent, StageEntry, Touch
from leads.services import append_lead_events, append_touches
from metrics.backtest import Contest, judge
from metrics.backtest_decisions import Ask, middle_age
from metrics.backtest_known import Reader, with_history
from metrics.methods.backtest import CELLS

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
BEGIN = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
DAYS, HOURS = dt.timedelta(days=1), dt.timedelta(hours=1)
ASKED = ("owner", "channel", "segment", "origin", "tier", "touches", "touches_90", "last_touch", "age", "in_stage", "score")
NAMES = ("Alpha", "Beta", "Ünal")
ORIGINS = ("marketing", "partner")
TIERS = ("", "A", "B")
SPLIT_BY = (("channel", Channel), ("segment", Segment))


def world_at_random(dice: random.Random, stages, people, size: int = 70) -> None:
    """Leads with everything that can be told of them late, corrected, taken back or merged."""
    channels, segments = ([make(name=name) for name in NAMES] for make in (ensure_channel, ensure_segment))
    keys = [key for key in stages if key != "won"]
    leads = [
        Lead.objects.create(
            channel=dice.choice([None, *channels]),
            segment=dice.choice([None, *segments]),
            origin=dice.choice(ORIGINS),
            tier=dice.choice(TIERS),
        )
        for _ in range(size)
    ]

    def late() -> dt.timedelta:
        return dice.choice([dt.timedelta(0), dt.timedelta(seconds=1), 1 * DAYS, 9 * DAYS, 60 * DAYS])

    events, touches = [], []
    for lead in leads:
        born = (
            BEGIN + dice.randrange(60) * DAYS + dt.timedelta(seconds=dice.randrange(80_000), microseconds=dice.randrange(9))
        )
        told = born + late()
        first = dice.choice(["inquiry", "inquiry", "inquiry", "mql"])
        whose = dice.choice([None, people["member"]])
        events.append(event(lead, "created", born, told, to_stage=stages[first], owner=whose))
        at = born
        for _ in range(dice.randrange(4)):
            at += dice.choice([1, 3, 20]) * DAYS + dt.timedelta(microseconds=dice.randrange(3))
            events.append(event(lead, "moved", at, max(at + late(), told), to_stage=stages[dice.choice(keys)]))
        for _ in range(dice.randrange(3)):
            when = born + dice.randrange(40) * DAYS
            events.append(event(lead, "assigned", when, when + late(), owner=dice.choice([None, people["member"]])))
        for field, choices in (("channel_id", channels), ("segment_id", segments), ("tier", TIERS)):
            before = getattr(lead, field)
            for _ in range(dice.choice([0, 0, 1, 2])):
                after = dice.choice(choices)
                after = after if isinstance(after, str) else after.pk
                when = born + dice.randrange(40) * DAYS
                told_ = when + late()
                events.append(event(lead, "amended", when, told_, field=field, old=text(before), new=text(after)))
                before = after
        for _ in range(dice.randrange(5)):
            when = born - 20 * DAYS + dice.randrange(160) * DAYS + dice.randrange(24) * HOURS
            when = min(when, AS_OF)
            side = dice.choice(["marketing", "marketing", "sales"])
            touch = Touch(lead=lead, side=side, kind=dice.choice(["form", "webinar", "visit"]), occurred_at=when)
            touch.recorded_at = when + late()
            touches.append(touch)
    events.sort(key=lambda e: e.recorded_at)
    append_lead_events(events)
    append_touches(touches)
    takings = [
        event(one.lead, "voided", one.occurred_at + 2 * DAYS, one.recorded_at + late(), target=one)
        for one in dice.sample([e for e in events if e.kind != "created"], size // 3)
    ]
    append_lead_events(takings)
    append_lead_events([event(t.lead, "voided", t.occurred_at, t.recorded_at + late(), target=t) for t in takings[:5]])
    for one in dice.sample(touches, size // 3):
        void = Touch(lead=one.lead, side=one.side, kind=one.kind, occurred_at=one.occurred_at, voids=one)
        void.recorded_at = one.recorded_at + late()
        append_touches([void])
    for whole, part in zip(leads[0:12:2], leads[1:12:2], strict=True):
        when = BEGIN + dice.randrange(70) * DAYS
        append_lead_events([event(part, "merged", when, when + late(), other_lead=whole)])
    append_lead_events([event(leads[-1], "lead_voided", AS_OF, AS_OF)])


def event(lead: Lead, kind: str, at: dt.datetime, told: dt.datetime, **more) -> LeadEvent:
    return LeadEvent(lead=lead, kind=kind, occurred_at=at, recorded_at=told, **more)


def text(value: int | str | None) -> str:
    return "" if value is None else str(value)


class Log:
    """The event log, read in plain Python."""

    def __init__(self):
        self.events = list(LeadEvent.objects.order_by("id"))
        self.touches = list(Touch.objects.order_by("id"))
        self.voids: dict[int, list[LeadEvent]] = {}
        for one in self.events:
            if one.target_id:
                self.voids.setdefault(one.target_id, []).append(one)
        self.ranks = {info.id: info.rank for info in load_book().newest.stages.values()}
        self.ways = {info.id: info.kind for info in load_book().newest.stages.values()}
        self.names = {model: dict(model.objects.values_list("id", "name")) for model in
                      (Lead._meta.get_field(name).related_model for name in ("channel", "segment"))}  # fmt: skip

    def stands(self, one: LeadEvent, at: dt.datetime, limit: dt.datetime) -> bool:
        """Whether an event was known then and not taken back as far as was known then."""
        if one.recorded_at > limit or one.occurred_at > at:
            return False
        return not any(self.stands(void, at, limit) for void in self.voids.get(one.id, ()))

    def decision(self, lead: Lead, stage: int, middle: dt.timedelta | None) -> tuple[dt.datetime, bool]:
        stays = list(StageEntry.objects.filter(lead=lead).order_by("position"))
        entered = [stay.entered_at for stay in stays if stay.stage_id == stage]
        if entered:
            return entered[0], True
        turned = [
            stay.entered_at for stay in stays
            if self.ways[stay.stage_id] in (StageKind.DETOUR, StageKind.LOST, StageKind.OUT)
            or self.ranks[stay.stage_id] > self.ranks[stage]
        ]  # fmt: skip
        grown = [] if middle is None else [lead.created_at + middle]
        return min([*turned, *grown, AS_OF]), False

    def limit(self, lead: Lead, at: dt.datetime) -> dt.datetime:
        told = next(e.recorded_at for e in self.events if e.lead_id == lead.pk and e.kind == "created")
        return max(at, told) + (2 * DAYS if told > at + 2 * DAYS else 0 * DAYS)

    def members(self, lead: Lead, at: dt.datetime, limit: dt.datetime) -> set[int]:
        joined = {
            e.lead_id for e in self.events
            if e.kind == "merged" and e.other_lead_id == lead.pk and e.occurred_at <= at and e.recorded_at <= limit
        }  # fmt: skip
        return joined | {lead.pk}

    def facts(self, lead: Lead, at: dt.datetime, limit: dt.datetime) -> tuple[Facts, list]:
        members = self.members(lead, at, limit)
        live = [e for e in self.events if e.lead_id in members and self.stands(e, at, limit)]
        mine = [e for e in live if e.lead_id == lead.pk]
        held = {}
        for field in ("channel_id", "segment_id", "origin", "tier"):
            told = [e for e in self.events if e.lead_id == lead.pk and e.kind == "amended" and e.field == field]
            known = [e for e in told if e.recorded_at <= limit and e.occurred_at <= at]
            standing = [e for e in known if e in live]
            value = getattr(lead, field)
            if standing:
                value = standing[-1].new
            elif told:
                value = (known or told)[0].old
            if field.endswith("_id"):
                names = self.names[Lead._meta.get_field(field.removesuffix("_id")).related_model]
                value = names[int(value)] if value else None
            held[field.removesuffix("_id")] = value
        given = [e for e in live if e.kind == "assigned" or (e.kind == "created" and e.owner_id)]
        given.sort(key=lambda e: (e.occurred_at, e.id))
        held["owner"] = given[-1].owner_id if given else None
        born = [e for e in mine if e.kind == "created"]
        held["age"] = days_between(born[0].occurred_at, at) if born else None
        held["in_stage"] = days_between(self._since(live, at), at)
        voided = {t.voids_id for t in self.touches if t.voids_id and t.recorded_at <= limit}
        touches = [
            (t.kind, t.occurred_at) for t in self.touches
            if t.lead_id in members and t.side == "marketing" and not t.voids_id and t.id not in voided
            and t.occurred_at <= at and t.recorded_at <= limit
        ]  # fmt: skip
        held["touches"] = len(touches)
        held["touches_90"] = sum(when > at - 90 * DAYS for _, when in touches)
        held["last_touch"] = days_between(max((when for _, when in touches), default=None), at)
        return Facts(held), touches

    def _since(self, live: list[LeadEvent], at: dt.datetime) -> dt.datetime | None:
        current, since = None, None
        moves = [e for e in live if e.kind in ("created", "moved") and e.occurred_at < at]
        for one in sorted(moves, key=lambda e: (e.occurred_at, e.id)):
            if one.to_stage_id == current:
                continue
            if one.kind == "created" and current is not None:
                now, new = self.ranks[current], self.ranks[one.to_stage_id]
                if now is not None and (new is None or new <= now):
                    continue
            current, since = one.to_stage_id, one.occurred_at
        return since


def condition_at_random(dice: random.Random) -> Condition:
    fact = FACTS[dice.choice(ASKED)]
    op = dice.choice(OPS[fact.type])
    if op in (Op.ONE_OF, Op.NONE_OF):
        return Condition(fact.key, op, values=tuple(dice.sample((*NAMES, "marketing", "partner", "A", "C"), 2)))
    if op in (Op.AT_LEAST, Op.AT_MOST):
        return Condition(fact.key, op, number=dice.choice([0, 1, 2, 3, 10, 20, 30, 60]))
    return Condition(fact.key, op)


def version_at_random(dice: random.Random) -> tuple[EntryRule, ScoreTable]:
    rule = EntryRule(*(tuple(condition_at_random(dice) for _ in range(dice.randrange(most))) for most in (3, 4)))
    fit = Fit(Condition("channel", Op.ONE_OF, values=(dice.choice(NAMES),)), dice.randrange(1, 30))
    rows = [
        Engagement(dice.choice(["", "form", "visit"]), dice.choice([-7, 3, 15]), dice.choice([None, 1, 2]),
                   dice.choice([None, 1, 14, 90]))
        for _ in range(2)
    ]  # fmt: skip
    return rule, ScoreTable((fit,), tuple(rows))


@pytest.mark.django_db
def test_every_judgement_is_that_of_a_plain_reading_of_the_event_log(stages, people):
    dice = random.Random(11)  # the same world and drafts in every run
    world_at_random(dice, stages, people)
    ask = Ask(stages["mql"].pk, BEGIN.date(), AS_OF.date(), 60, True, AS_OF)
    book, cal, log = load_book(), calendar(), Log()
    age = middle_age(ask, cal)
    entries = {}
    for stay in StageEntry.objects.filter(stage=stages["mql"]).order_by("-position").select_related("lead"):
        entries[stay.lead_id] = stay.entered_at - stay.lead.created_at
    middle = sorted(entries.values())[(len(entries) - 1) // 2]
    assert middle == dt.timedelta(microseconds=age)
    told = {}
    for lead in Lead.objects.filter(merged_into=None, voided=False):
        at, entered = log.decision(lead, stages["mql"].pk, middle)
        told[lead.pk] = (at, entered, *log.facts(lead, at, log.limit(lead, at)))
    seen = dict.fromkeys(CELLS, 0)
    for _ in range(60):
        before, draft = version_at_random(dice), version_at_random(dice)
        tried = Contest(with_history(*before), with_history(*draft))
        reader = Reader([tried.before, tried.draft], book, cal)
        rows, _ = judge(ask, range(1, max(told) + 1), age, tried, reader, book, cal)
        assert rows["lead"].tolist() == sorted(told)
        for row in rows:
            at, entered, facts, touches = told[int(row["lead"])]
            day = cal.day_of(at)
            says = []
            for rule, table in (before, draft):
                # The score of a day counts to its end, also where the decision came before.
                points = scored(table, facts, touches, cal.end_of_day(day)).points
                says.append((not unmet(rule, Facts({**facts.held, "score": points})), points))
            cell = CELLS[(0 if says[1][0] else 1) if entered else (2 if says[1][0] else 3)]
            found = (CELLS[row["cell"]], bool(row["before"]), int(row["points"]))
            assert found == (cell, says[0][0], says[1][1]), (int(row["lead"]), draft)
            split_by = [log.names[model].get(int(row[name])) for name, model in SPLIT_BY]
            assert [date_of(row["day"]), *split_by] == [day, facts.held["channel"], facts.held["segment"]]
            seen[cell] += 1
    assert min(seen.values()) > 200, "every cell occurs"
