"""Card H: the handoffs that wait, by age and by who must act. Card B: what each team should do first."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse

from accounts.models import User
from accounts.queries import standing
from core.templatetags.display import duration
from leads.models import Handoff, Lead, Obligation
from leads.pages.stages import stages_of
from leads.waiting import pressing, returned, waits_on, with_promise
from metrics.both_sides import GROUPS, LINE_24_HOURS, MARKETING_ACTS, OWNER_ACTS, ROUTING_ACTS, SALES_ACTS, open_handoffs
from metrics.counting import policy_of
from metrics.definitions import METRICS
from metrics.frame import Frame
from metrics.promised import moment
from metrics.selection import Question
from metrics.series import Snapshot

# Who acts on a handoff, in the order in which a column is stacked; what nobody has yet is sales' to give to a person.
ACTORS = (
    ("sales", "sales", (SALES_ACTS, ROUTING_ACTS)),
    ("marketing", "marketing", (MARKETING_ACTS,)),
    ("owner", "joint", (OWNER_ACTS,)),
)
SHORT_GROUPS = ("< 4 h", "4–24 h", "1–3 d", "3–7 d", "> 7 d", "?")
# The drawing in percent of its box: numbers above the columns, names of the ages below.
TOP, BOTTOM, FILL = 14, 84, 0.72
MOST_LINES = 3
_COLUMNS = {name: f"{name}_id" for name in ("channel", "campaign", "segment", "region", "team")}
_KINDS = (
    (Obligation.Promise.S1, "first contact", "first contacts"),
    (Obligation.Promise.S2, "further attempt", "further attempts"),
    (Obligation.Promise.S3, "decision", "decisions"),
    (Obligation.Promise.S4, "feedback", "feedback"),
    (Obligation.Promise.ROUTING, "without a person", "without a person"),
)


# --- H ------------------------------------------------------------------------------------------------------


def handoffs_card(snapshot: Snapshot, frame: Frame) -> dict:
    """Open handoffs as of the snapshot, whenever they began: columns by age, stacked by who must act."""
    waiting = open_handoffs(snapshot, today=frame.today, where=frame.where)
    by_who = {row.who: row for row in waiting.rows}
    counts = {
        actor: [sum(by_who[who].counts[group] for who in whose) for group in range(len(GROUPS))]
        for actor, _, whose in ACTORS
    }
    shown = [group for group in range(len(GROUPS)) if group < len(GROUPS) - 1 or any(c[group] for c in counts.values())]
    past = waiting.past_a_day
    line = 100 * LINE_24_HOURS / len(shown)
    return {
        "title": _handoffs_title(waiting.total, past),
        "sub": f"By age and who acts, {policy_of(METRICS['acceptance_rate']).per}",
        "total": waiting.total,
        "past": past,
        "columns": _columns(counts, shown),
        "line": line,
        "rest": 100 - line,
        "rows": [(GROUPS[group], [counts[actor][group] for actor, *_ in ACTORS]) for group in shown],
        "actors": [_actor(snapshot, frame, actor, team, sum(counts[actor])) for actor, team, _ in ACTORS],
        "nobody": by_who[ROUTING_ACTS].total,
        "explain": frame.explain_url("undispositioned"),
    }


def _handoffs_title(total: int, past: int) -> str:
    if total == 0:
        return "No handoff waits"
    if past == 0:
        return f"{total:,} handoff{'s wait' if total > 1 else ' waits'}, none past 24 h"
    return f"{past:,} of {total:,} handoff{'s' if total > 1 else ''} {'is' if past == 1 else 'are'} past 24 h"


def _columns(counts: dict[str, list[int]], shown: list[int]) -> list[dict]:
    """Rectangles in percent of the drawing, from the ground up."""
    highest = max((sum(c[group] for c in counts.values()) for group in shown), default=0) or 1
    width, found = 100 / len(shown), []
    for place, group in enumerate(shown):
        ground, parts = BOTTOM, []
        for actor, team, _ in ACTORS:
            height = (BOTTOM - TOP) * counts[actor][group] / highest
            if height:
                ground -= height
                parts.append({"team": team, "y": f"{ground:.2f}%", "height": f"{height:.2f}%"})
        found.append(
            {
                "x": f"{width * (place + (1 - FILL) / 2):.2f}%",
                "width": f"{width * FILL:.2f}%",
                "middle": f"{width * (place + 0.5):.2f}%",
                "parts": parts,
                "total": sum(c[group] for c in counts.values()),
                "number_at": f"{ground - 2:.2f}%",
                "label": SHORT_GROUPS[group],
            }
        )
    return found


def _actor(snapshot: Snapshot, frame: Frame, actor: str, team: str, number: int) -> dict:
    mql = snapshot.book.newest.milestone("mql")
    own = {
        "sales": {"waiting": "sales"} | ({"stage": str(mql.id)} if mql is not None else {}),
        "marketing": {"is": "returned"},
        "owner": {"waiting": "owner"},
    }[actor]
    return {"actor": actor, "team": team, "number": number, "url": list_url(frame, **own)}


def list_url(frame: Frame, **filters: str) -> str:
    """The list of leads under the frame's filters and these."""
    pairs = [(name, str(value or "none")) for name, values in frame.where for value in values]
    return f"{reverse('leads')}?{urlencode([*filters.items(), *pairs])}"


# --- B ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One line: what to do, about how many leads, and the list of exactly these. `side`: whose it is."""

    side: str
    text: str
    sub: str
    number: int
    url: str


def first_steps(snapshot: Snapshot, frame: Frame, reader: User) -> dict:
    """At most three lines, the reader's own team first, then the longest list. The numbers are the same for everybody."""
    # Who stands for both sides answers for what both wait for.
    own = {str(side) for side in standing(reader).sides} or {"joint"}
    steps = sorted(_steps(snapshot, frame), key=lambda step: (step.side not in own, -step.number))
    return {"title": "Do first", "steps": steps[:MOST_LINES]}


def _steps(snapshot: Snapshot, frame: Frame) -> list[Step]:
    now = moment(snapshot, Question(key="", today=frame.today))
    stages = list(stages_of(snapshot.book, frame.today).values())
    mql = snapshot.book.newest.milestone("mql")
    late = waits_on("sales", stages) & with_promise("past", stages, now)
    # Of the leads at MQL those that wait on sales and that nobody has.
    nobody = waits_on("sales", stages) & Q(owner=None, stage_id=mql.id) if mql is not None else Q(pk__in=[])
    asked = {"late": late, "returned": returned(), "disputed": waits_on("owner", stages), "nobody": nobody}
    leads = _leads(frame)
    found = leads.aggregate(**{name: Count("pk", filter=rule) for name, rule in asked.items()})
    steps = [
        Step(
            "sales",
            f"Act on {_leads_word(found['late'])} past their promise",
            f"Sales · {_kinds(pressing(now).filter(due_at__lte=now, lead__in=leads.filter(late)))}" if found["late"] else "",
            found["late"],
            list_url(frame, waiting="sales", promise="past", sort="left"),
        ),
        Step(
            "marketing",
            f"Complete {_leads_word(found['returned'], 'returned ')}",
            f"Marketing · {_oldest(leads, now)}" if found["returned"] else "",
            found["returned"],
            list_url(frame, **{"is": "returned"}),
        ),
        Step(
            "joint",
            f"Rule on {found['disputed']:,} disputed decision{'' if found['disputed'] == 1 else 's'}",
            "Funnel owner · both sides have said why",
            found["disputed"],
            list_url(frame, waiting="owner"),
        ),
        Step(
            "sales",
            f"Give {_leads_word(found['nobody'])} to a person",
            "Sales · nobody has them yet",
            found["nobody"],
            list_url(frame, waiting="sales", stage=str(mql.id) if mql is not None else "", owner="none"),
        ),
    ]
    return [step for step in steps if step.number]


def _leads(frame: Frame):
    """The leads that lists show, under the frame's filters."""
    rows = Lead.objects.filter(merged_into__isnull=True, voided=False)
    for name, values in frame.where:
        column = _COLUMNS[name]
        known = Q(**{f"{column}__in": [value for value in values if value]})
        rows = rows.filter(known | Q(**{f"{column}__isnull": True}) if 0 in values else known)
    return rows


def _leads_word(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}lead{'' if number == 1 else 's'}"


def _kinds(owed) -> str:
    """What presses of these obligations: 12 first contacts, 9 decisions."""
    number = dict(owed.order_by().values_list("promise").annotate(Count("id")))
    told = [(number[kind], one, many) for kind, one, many in _KINDS if number.get(kind)]
    return ", ".join(f"{n:,} {one if n == 1 else many}" for n, one, many in told)


def _oldest(leads, now) -> str:
    first = Handoff.objects.filter(lead__in=leads.filter(returned()), state="returned").aggregate(Min("returned_at"))
    since = first["returned_at__min"]
    return "something is missing" if since is None else f"the oldest waits since {duration((now - since).total_seconds())}"
