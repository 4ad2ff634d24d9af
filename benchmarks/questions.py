"""Ten questions of the dashboard, asked of the product and, in SQL, of the yardstick. Both must give the same counts."""

import datetime as dt
from dataclasses import dataclass, replace

from core.periods import Period
from metrics.evaluation import answer, select
from metrics.selection import Question
from metrics.series import Snapshot


@dataclass(frozen=True)
class Asked:
    """`question` for the product; `sql` for the yardstick, with the count in the first column of its rows."""

    name: str
    question: Question
    table: str
    sql: str


def ten_questions(snapshot: Snapshot, today: dt.date) -> list[Asked]:
    """The last 90 days: flows, cohorts, times, stock, money, response."""
    stage = {s.key: s.id for s in snapshot.book.newest.stages.values()}
    mql, sal, won = stage["mql"], stage["sal"], stage["won"]
    period = Period(today - dt.timedelta(days=89), today + dt.timedelta(days=1))
    first, stop, end = period.first, period.stop, period.stop - 1

    def asked(name, key, table, sql, **more) -> Asked:
        return Asked(name, Question(key, today, **({"period": period} | more)), table, sql)

    now = {"period": None, "at": today}
    reached = f"r_{mql} >= {first} AND r_{mql} < {stop}"
    return [
        asked("entries by stage", "stage_inflow", "stay",
              f"SELECT count(*), stage FROM stay WHERE day >= {first} AND day < {stop} {{}} GROUP BY stage", by="stage"),
        asked("entries by week", "stage_inflow", "stay",
              f"SELECT count(*), (day + 3) // 7 AS week FROM stay WHERE day >= {first} AND day < {stop} {{}} GROUP BY week",
              by="week"),
        asked("moves from stage to stage", "edge_flow", "stay",
              f"SELECT count(*) FROM stay WHERE stage = {mql} AND next = {sal} AND lday >= {first} AND lday < {stop} {{}}",
              stage=mql, to_stage=sal),
        asked("leads that reached MQL", "first_reach", "journey", f"SELECT count(*) FROM journey WHERE {reached} {{}}",
              stage=mql),
        asked("conversion to Won", "cohort_conversion", "journey",
              f"SELECT count(*), count(*) FILTER (WHERE r_{won} - r_{mql} <= 90) FROM journey WHERE {reached} {{}}",
              stage=mql, to_stage=won, horizon=90),
        asked("time in stage", "time_in_stage_completed", "stay",
              "SELECT count(*), quantile_disc(dwell, [0.25, 0.5, 0.75, 0.9]) FROM stay "
              f"WHERE stage = {sal} AND lday >= {first} AND lday < {stop} {{}}", stage=sal),
        asked("leads in each stage", "stage_balance", "stay",
              f"SELECT count(*), stage FROM stay WHERE day <= {end} AND lday > {end} {{}} GROUP BY stage",
              by="stage", **now),
        asked("open deals and amount", "open_amount", "deal_span",
              f"SELECT count(*), sum(base) FROM deal_span WHERE day <= {end} AND until > {end} {{}}", **now),
        asked("won revenue by channel", "won_revenue", "deal",
              f"SELECT count(*), channel, sum(base) FROM deal WHERE status = 1 AND close >= {first} AND close < {stop} {{}} "
              "GROUP BY channel", by="channel"),
        asked("minutes to the first contact", "speed_to_lead", "stay",
              "SELECT count(*), quantile_disc(contact // 60, [0.5, 0.9]) FILTER (WHERE contact >= 0) FROM stay "
              f"WHERE stage = {mql} AND day >= {first} AND day < {stop} {{}}", stage=mql),
    ]  # fmt: skip


Filter = dict[str, int]


def filters(snapshot: Snapshot) -> dict[str, Filter]:
    """No filter, one channel, one owner, three dimensions at once: of a row in the middle of the facts."""
    stay = snapshot["stay"]
    middle = len(stay) // 2
    value = {name: int(stay[name][middle]) for name in ("channel", "segment", "region", "owner")}
    three = {name: value[name] for name in ("channel", "segment", "region")}
    return {"no filter": {}, "one channel": {"channel": value["channel"]}, "one owner": {"owner": value["owner"]},
            "channel, segment, region": three}  # fmt: skip


def under(question: Question, chosen: Filter) -> Question:
    return replace(question, where=tuple((name, (value,)) for name, value in chosen.items()))


def sql_under(asked: Asked, chosen: Filter) -> str:
    """The yardstick's query under a filter. At a first reach the owner is the one of that moment."""
    mql = asked.question.stage
    names = {"owner": f"o_{mql}"} if asked.table == "journey" else {}
    return asked.sql.format(" ".join(f"AND {names.get(name, name)} = {value}" for name, value in chosen.items()))


def fresh(snapshot: Snapshot) -> Snapshot:
    """The same facts with nothing computed yet."""
    return replace(snapshot, _memo={})


def ask_all(snapshot: Snapshot, asked: list[Asked], chosen: Filter) -> list[int]:
    """The counts of all ten, and the first fifty leads behind one of them (the drill-down)."""
    counts = [answer(snapshot, under(one.question, chosen))["n"] for one in asked]
    select(snapshot, under(asked[3].question, chosen)).lead[:50].tolist()
    return counts
