"""The second opinion on handoffs and on what is owed about them: straight from events, in plain Python.

Written from the rules (metrics-spec 3.2 to 3.4 and 4), not from leads.handoffs and leads.obligations, which it judges. The
clock of working hours is shared: it is configuration read by pure functions with tests of its own.
"""

import datetime as dt
from collections import defaultdict
from types import SimpleNamespace

from accounts.models import Team
from core.periods import day_number
from funnel.queries import promises, working_schedules
from leads.models import Touch
from metrics import codes
from metrics.check_leads import GroupStory, Opinion, World, dimensions, opinion_on_leads
from metrics.segments import MISSING

_STEPS = {
    "accepted", "returned", "resubmitted", "contested", "arbitrated", "feedback", "feedbackread", "paused", "waived",
    "consented",
}  # fmt: skip
_LEFT_AS = {
    "advance": "accepted", "lost": "accepted", "detour": "recycled", "out": "disqualified", "back": "returned",
}  # fmt: skip
_CONTACTS = ("call", "personal_email", "meeting", "conversation")
_TALKED = ("reached", "replied")
_TWO_DAYS = dt.timedelta(days=2)


class Agreed:
    """Promises, hours and sides, read once."""

    def __init__(self):
        self.shelf = promises()
        self.sides = dict(Team.objects.values_list("id", "side"))
        self.hours = working_schedules([None, *self.sides])


def opinion_with_promises(ids: set[int], world: World, agreed: Agreed) -> Opinion:
    """`opinion_on_leads`, and the handoffs and obligations of these leads."""
    opinion = opinion_on_leads(ids, world)
    contacts = _contacts(ids)
    for group, members in opinion.groups:
        counted = [] if group.own.out else [story for story in members if not story.out]
        mine = sorted((c for s in counted for c in contacts[s.lead.id]), key=lambda c: (c.occurred_at, c.id))
        handoffs = _handoffs(group, [e for s in counted for e in s.events], world, agreed)
        for number, handoff in enumerate(handoffs, start=1):
            end = handoffs[number].entered if number < len(handoffs) else None
            tried = [c for c in mine if c.occurred_at >= handoff.entered and (end is None or c.occurred_at < end)]
            owed = _owed(handoff, tried, group.own.attributes["tier"] or "", world, agreed)
            _add_rows(opinion, group, handoff, owed, world, agreed)
    return opinion


def _contacts(ids: set[int]) -> dict[int, list]:
    rows = Touch.objects.filter(lead_id__in=ids).values(
        "id", "lead_id", "side", "kind", "outcome", "occurred_at", "recorded_at", "voids_id"
    )
    undone = {row["voids_id"] for row in rows}
    found = defaultdict(list)
    for row in rows:
        if row["side"] == "sales" and row["kind"] in _CONTACTS and row["voids_id"] is None and row["id"] not in undone:
            found[row["lead_id"]].append(SimpleNamespace(**row))
    return found


# --- handoffs ---------------------------------------------------------------------------------------------------------


def _handoffs(group: GroupStory, events: list, world: World, agreed: Agreed) -> list[SimpleNamespace]:
    """One for each entry into MQL, oldest first, told from the lead's standing events."""
    stays = group.stays()
    opening = {event.id: event for event in group.opens}
    runs: list[tuple[dict, dict]] = []
    for stay in stays:
        info = world.book.by_id[stay["agreement_id"]].stages.get(stay["stage_id"])
        if info is None or info.milestone != "mql":
            continue
        first, last = runs[-1] if runs else (None, None)
        other = first and opening[first["opening_event_id"]].lead_id != opening[stay["opening_event_id"]].lead_id
        if other and last["exit_kind"] == "back":
            runs[-1] = (first, stay)  # what a merged lead brought while nobody had decided
        else:
            runs.append((stay, stay))
    steps = _steps(runs, events)
    found = []
    for first, last in runs:
        after = stays[last["position"] + 1] if last["position"] + 1 < len(stays) else None
        exit_event = opening[after["opening_event_id"]] if after else None
        found.append(_handoff(group, first, last, exit_event, steps[first["opening_event_id"]], world, agreed))
    return found


def _steps(runs, events: list) -> dict[int, list]:
    by_id = {event.id: event for event in events}
    starts = {first["opening_event_id"]: first["entered_at"] for first, _ in runs}
    found = {entry: [] for entry in starts}
    for number in sorted(by_id):
        event = by_id[number]
        if event.kind not in _STEPS:
            continue
        told = by_id.get(event.about_id) if event.kind == "consented" else event
        if told is None:
            continue
        entry = told.about_id
        if entry not in found:
            earlier = [e for e, at in starts.items() if at <= told.occurred_at]
            entry = earlier[-1] if earlier else None
        if entry in found:
            found[entry].append(event)
    return found


def _handoff(group, first, last, exit_event, steps, world: World, agreed: Agreed) -> SimpleNamespace:
    entered = first["entered_at"]
    decision, decided, said = "", None, None
    if last["left_at"] is not None:
        decision, decided, said = _LEFT_AS[last["exit_kind"]], last["left_at"], exit_event
    for step in steps:
        if step.kind == "accepted":
            if decided is None or step.occurred_at <= decided:
                decision, decided, said = "accepted", max(step.occurred_at, entered), step
            break
    away, since = _with_marketing(steps, entered, decided)
    if since is not None:
        decision, said = "returned", [s for s in steps if s.kind == "returned"][-1]
    contests = [s for s in steps if said is not None and s.kind == "contested" and s.id > said.id]
    rulings = [s for s in steps if contests and s.kind == "arbitrated" and s.id > contests[-1].id]
    first_decision = decision
    if rulings and rulings[-1].new in codes.DECISIONS[1:]:
        decision = rulings[-1].new
    given = [(e.placed, e.owner_id, e.team_id or world.team(e.owner_id, world.day(e.placed))) for e in group.assignments]
    holders = _with_sales(given, entered, agreed)
    had = [one for one in given if decided is None or one[0] <= decided]
    answers = {s.about_id: s.new for s in steps if s.kind == "consented"}
    paused = [("returned", *one) for one in away]
    paused += [
        (s.field, s.occurred_at, s.until)
        for s in steps
        if s.kind == "paused" and (s.field == "meeting" or answers.get(s.id) == "yes")
    ]
    if contests and not rulings:
        state = "contested"
    elif since is not None:
        state = "returned"
    elif rulings:
        state = "arbitrated"
    else:
        state = "decided" if decision else "open"
    return SimpleNamespace(
        first=first,
        entered=entered,
        assigned=holders[0][0] if holders else None,
        owner=had[-1][1] if had else None,
        team=had[-1][2] if had else None,
        decision=decision,
        first_decision=first_decision,
        decided=decided if said is not None and said.kind != "returned" and decided is not None else since,
        reason=said.reason if said is not None else "",
        explained=said is not None and said.note_id is not None,
        state=state,
        since=since,
        contested=contests[-1].occurred_at if contests else None,
        ruled=rulings[-1].occurred_at if rulings else None,
        feedback=min((s.occurred_at for s in steps if s.kind == "feedback"), default=None),
        read=min((s.occurred_at for s in steps if s.kind == "feedbackread"), default=None),
        paused=paused,
        holders=holders,
        excluded={s.field: s.reason for s in steps if s.kind == "waived" and answers.get(s.id) == "yes"},
    )


def _with_marketing(steps, entered, decided):
    """Intervals in which marketing had it, and since when it has it now."""
    intervals, since = [], None
    for step in sorted(steps, key=lambda s: (s.occurred_at, s.id)):
        at = max(step.occurred_at, entered)
        if decided is not None and at >= decided:
            break
        if step.kind == "returned":
            since = since or at
        elif since is not None and (step.kind == "resubmitted" or (step.kind == "arbitrated" and step.new == "open")):
            intervals.append((since, at))
            since = None
    if since is None:
        return intervals, None
    return [*intervals, (since, decided)], (None if decided is not None else since)


def _with_sales(given, entered, agreed: Agreed) -> list[tuple]:
    """Who had it from when, since a person who is not marketing's did."""
    before = [one for one in given if one[0] <= entered]
    run = [(entered, *before[-1][1:])] if before else []
    run += [one for one in given if one[0] > entered]
    while run and (run[0][1] is None or agreed.sides.get(run[0][2]) == "marketing"):
        run = run[1:]
    return run


# --- obligations ------------------------------------------------------------------------------------------------------


def _owed(handoff, contacts: list, tier: str, world: World, agreed: Agreed) -> list[SimpleNamespace]:
    book = agreed.shelf.on(handoff.first["entered_day"])
    if not book or handoff.first["entered_precision"] != "instant":
        return []
    company, team = agreed.hours[None], agreed.hours[handoff.holders[0][2] if handoff.holders else None]
    for index in range(1, len(handoff.holders)):
        at, _, now = handoff.holders[index]
        if now != handoff.holders[index - 1][2]:
            team = team.then(at, agreed.hours[now])
    terms = book.terms
    stops = {"returned": terms.pause_returned, "meeting": terms.pause_meeting, "waiver": terms.pause_waiver}
    pauses = [(start, end) for why, start, end in handoff.paused if stops[why]]
    final = bool(handoff.decision) and handoff.since is None
    times = [handoff.assigned, contacts[0].occurred_at if contacts else None, handoff.decided if final else None]
    taken = min((at for at in times if at is not None), default=None)
    found = []

    def owe(promise, start, due, met, clock=team, late=False):
        stop = min((at for at in (due, met) if at is not None), default=None)
        still = 0
        if stop is not None and start < stop and pauses:
            still = int((clock.worked(start, stop) - clock.worked(start, stop, pauses)).total_seconds())
        had = [one for one in handoff.holders if stop is None or one[0] <= stop] or handoff.holders[:1]
        found.append(
            SimpleNamespace(
                promise=promise,
                agreement=book.agreement_id,
                start=start,
                due=due,
                met=met,
                paused=still,
                late=late,
                owner=had[-1][1] if had else None,
                team=had[-1][2] if had else None,
                excluded=handoff.excluded.get(promise, ""),
            )  # fmt: skip
        )

    if terms.routing_seconds is not None:
        seconds = dt.timedelta(seconds=terms.routing_seconds)
        owe("routing", handoff.entered, company.due(handoff.entered, seconds, pauses), taken, company)
    lines = {key: book.line(key, tier) for key in ("S1", "S2", "S3", "S4")}
    if taken is not None and lines["S1"]:
        first = contacts[0] if contacts else None
        due = team.due(taken, dt.timedelta(seconds=lines["S1"].seconds), pauses)
        owe("S1", taken, due, first and first.occurred_at, late=_late(first))
    if taken is not None and (line := lines["S2"]):
        enough = _enough(contacts, line.attempts, line.distinct_days or 1, team)
        owe("S2", taken, team.add_working_days(taken, line.days, pauses), enough and enough.occurred_at, late=_late(enough))
    if taken is not None and (line := lines["S3"]):
        said = final and (handoff.reason or handoff.first_decision == "accepted")
        owe("S3", taken, team.add_working_days(taken, line.days, pauses), handoff.decided if said else None)
    if final and (line := lines["S4"]):
        words = [handoff.feedback, handoff.decided if handoff.explained else None]
        given = min((at for at in words if at is not None), default=None)
        owe("S4", handoff.decided, team.add_working_days(handoff.decided, line.days, pauses), given)
    return found


def _late(contact) -> bool:
    return contact is not None and contact.recorded_at - contact.occurred_at > _TWO_DAYS


def _enough(contacts, attempts: int, days: int, hours):
    """The contact with which it was tried often enough on enough working days, or with which they talked."""
    on = set()
    for number, contact in enumerate(contacts, start=1):
        day = hours.local_day(contact.occurred_at)
        on |= {day} if hours.is_working_day(day) else set()
        if contact.kind in ("meeting", "conversation") or contact.outcome in _TALKED:
            return contact
        if number >= attempts and len(on) >= days:
            return contact
    return None


# --- rows -------------------------------------------------------------------------------------------------------------


def _micros(instant: dt.datetime | None) -> int:
    if instant is None:
        return MISSING
    since = instant - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _bits(event) -> int:
    if event.field != "known":
        return -1
    return sum(2 ** codes.HANDOFF_FIELDS.index(name) for name in event.new.split(",") if name)


def _add_rows(opinion: Opinion, group: GroupStory, handoff, owed: list, world: World, agreed: Agreed) -> None:
    lead, first = group.own.lead.id, handoff.first
    entry, day = first["opening_event_id"], first["entered_day"]
    event = next(e for e in group.opens if e.id == entry)
    decide = next((one for one in owed if one.promise == "S3"), None)
    begun = [version for version in world.book.versions if version.from_day <= day]
    opinion.rows["handoff"][day_number(day), lead, entry] = dimensions(group.own.attributes, handoff.owner, handoff.team) | {
        "version": world.counting(first["agreement_id"]),
        "agreement": begun[-1].id if begun else 0,
        "at": _micros(handoff.entered),
        "precision": ("instant", "day", "unknown").index(first["entered_precision"]),
        "assigned": _micros(handoff.assigned),
        "state": codes.STANDINGS.index(handoff.state),
        "decision": codes.DECISIONS.index(handoff.decision),
        "first": codes.DECISIONS.index(handoff.first_decision),
        "decided": _micros(handoff.decided),
        "reason": codes.text_code(handoff.reason),
        "returned": _micros(handoff.since),
        "contested": _micros(handoff.contested),
        "ruled": _micros(handoff.ruled),
        "feedback": _micros(handoff.feedback),
        "read": _micros(handoff.read),
        "contact": _micros(first["first_contact_at"]),
        "due": _micros(decide.due if decide else None),
        "excluded": codes.text_code(decide.excluded if decide else ""),
        "known": _bits(event),
    }
    for one in owed:
        under = day_number(world.day(one.due or one.start))
        number = codes.PROMISES.index(one.promise)
        opinion.rows["obligation"][under, lead, entry * 8 + number] = dimensions(
            group.own.attributes, one.owner, one.team
        ) | {
            "agreement": one.agreement,
            "promise": number,
            "started": _micros(one.start),
            "due": _micros(one.due),
            "met": _micros(one.met),
            "paused": one.paused,
            "excluded": codes.text_code(one.excluded),
            "late": one.late,
        }
