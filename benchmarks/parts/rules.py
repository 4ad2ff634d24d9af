"""Which leads meet an entry rule now: asked of the database, beside the same rule held against each lead's facts."""

import datetime as dt
from collections.abc import Iterator

from benchmarks.bench import Bench, Figure, timed
from funnel.criteria import Condition, EntryRule, Op, unmet
from leads.criteria import facts_of, meeting
from leads.models import Lead

ORDER = 70
_AT_ONCE = 1_000
RULES = {
    "names alone": EntryRule((Condition("channel", Op.KNOWN), Condition("tier", Op.NONE_OF, values=("A",)))),
    "touches": EntryRule(
        (Condition("touches_90", Op.AT_LEAST, number=1),),
        (Condition("touches", Op.AT_LEAST, number=3), Condition("last_touch", Op.AT_MOST, number=400)),
    ),
}


def run(bench: Bench) -> Iterator[Figure]:
    now = dt.datetime.now(dt.UTC)
    ids = list(Lead.objects.filter(merged_into=None, voided=False).order_by("pk").values_list("pk", flat=True))

    def one_by_one(rule: EntryRule) -> set[int]:
        pieces = (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
        return {pk for piece in pieces for pk, facts in facts_of(piece, now).items() if not unmet(rule, facts)}

    for name, rule in RULES.items():
        found: list[set[int]] = []
        standing = Lead.objects.filter(merged_into=None, voided=False)
        asked = timed(lambda: found.append(set(meeting(standing, rule, now).values_list("pk", flat=True))))  # noqa: B023
        alone = timed(lambda: found.append(one_by_one(rule)))  # noqa: B023
        if found[0] != found[1]:
            raise SystemExit(f"rules: the database and the rule itself differ on {len(found[0] ^ found[1]):,} leads")
        what = f"who of {len(ids):,} leads meets a rule about {name}: {len(found[0]):,}"
        yield Figure("rules", what, asked * 1e3, "ms", "the rule, lead by lead", alone * 1e3, alone / asked)
