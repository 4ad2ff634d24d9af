"""The counting policy of every metric: who counts once, and what skips, moves back, returns and merges do to it.

One source: charts print `per`, pages the line, the drawer and docs/metrics.md all of it (metrics-spec 0.3, X1 to X3, X8).
"""

from dataclasses import dataclass

from metrics.metric import Basis, Kind, Metric


@dataclass(frozen=True)
class Policy:
    """`per` completes a heading ("per entry"); the others are sentences."""

    per: str
    line: str
    skipped: str
    back: str
    again: str
    merged: str

    @property
    def rules(self) -> list[tuple[str, str]]:
        return [
            ("Skipped stages", self.skipped),
            ("Moves back", self.back),
            ("Coming back", self.again),
            ("Merged leads", self.merged),
        ]


_ONE_LEAD = "They are one lead, with both courses put in order of time; it counts once."
_ONE_DEAL = "Their deals go to the lead that stands, and each counts once."
_OF_DEAL = "The stages of its lead do not matter; a deal without a lead counts too."

ENTRIES = Policy(
    "per entry",
    "Counted per entry: coming back counts again, a skipped stage is not entered.",
    "A skipped stage was not entered and does not count here; the skip rate says how many skipped it.",
    "A move back ends the stay in one stage and begins one in the other.",
    "Whoever comes back into a stage enters it again: each pass counts on its own.",
    _ONE_LEAD,
)
STANDING = Policy(
    "per lead",
    "Counted per lead, in the stage in which it stood that day.",
    "Nobody stands in a stage that was skipped.",
    "A lead that was moved back stands in the earlier stage.",
    "A lead that came back stands there once, with the age of its present stay.",
    "They stand once, as the lead that is left.",
)
REACHED = Policy(
    "per lead",
    "Counted per lead by first reach: a skipped stage counts as reached.",
    "A skipped stage counts as reached when a later one is entered, on that day.",
    "A move back takes nothing away: what was reached stays reached.",
    "Coming back does not count again: the first reach counts, once.",
    _ONE_LEAD,
)
CREATED = Policy(
    "per lead",
    "Counted per lead, on the day on which it came in.",
    "Its stages do not matter.",
    "Its stages do not matter.",
    "A lead that comes back keeps the day on which it first came in.",
    _ONE_LEAD,
)
IN_ORDER = Policy(
    "per lead",
    "Counted per lead in order: it arrives only through every stage of the way, each entered after the one before.",
    "Whoever skips a stage of the way does not arrive, unless all are entered in order later.",
    "A move back takes nothing away; what was entered in order stays.",
    "Coming back does not count again: the first entry into the first stage counts, once.",
    _ONE_LEAD,
)
DETOURS = Policy(
    "per entry",
    "Counted per entry: each time a lead is set aside counts on its own.",
    "A stage that is skipped on the way back counts as reached when a later one is entered.",
    "A move back after that takes nothing away.",
    "A lead that is set aside twice counts twice, each time with what it reached afterwards.",
    _ONE_LEAD,
)
HANDOFFS = Policy(
    "per handover",
    "Counted per handover: each time a lead becomes MQL is a handover of its own.",
    "A lead that skips MQL is not handed over and does not count.",
    "A move back ends a handover only as what both teams call it: returned, recycled or disqualified.",
    "A lead that becomes MQL again is handed over again and counts again.",
    "One handover is left, with the earlier start.",
)
OBLIGATIONS = Policy(
    "per handover",
    "Counted per handover: each one sets a clock of its own.",
    "A lead that skips MQL is not handed over, and nothing falls due for it.",
    "A move back ends what was due only as what both teams call it: returned, recycled or disqualified.",
    "A lead that is handed over again sets a new clock.",
    "One obligation is left, with the earlier start.",
)
TYPED = Policy(
    "per record",
    "Counted per record that a person typed in.",
    "A skipped stage has no record.",
    "A move back is a record of its own.",
    "Coming back is a record of its own.",
    "The records of both stand under the lead that is left.",
)
DEALS = Policy(
    "per deal",
    "Counted per deal, by the day on which it was closed.",
    _OF_DEAL,
    "A deal that was opened again counts by its last close.",
    "A second deal of the same customer counts on its own.",
    _ONE_DEAL,
)
OPEN_DEALS = Policy(
    "per deal",
    "Counted per deal that was open that day.",
    "A deal stands in the stage of its lead, whichever stages that skipped; a deal without a lead counts too.",
    "A deal moves back with its lead, and one that was opened again is open.",
    "A second deal of the same customer counts on its own.",
    _ONE_DEAL,
)
SHARED_DEALS = Policy(
    "per deal",
    "Counted per deal won: the touches before it share it, and the shares add up to it.",
    "The stages of its lead do not matter: what counts is when the lead came in and the deal was opened and won.",
    "A move back takes no credit away.",
    "A second deal of the same customer is shared on its own.",
    "The touches of both lead to the deals of the lead that is left; each deal is shared once.",
)
COST = Policy(
    "per cost line",
    "Counted per cost line, spread over its days of service; what it is set against counts once.",
    "A lead that skipped a stage counts as having reached it.",
    "A move back takes nothing away, from neither leads nor deals.",
    "Coming back does not count again: a lead counts at its first reach, a deal at its win.",
    _ONE_LEAD,
)
_BY_FACT = {
    "journey": REACHED,
    "detour": DETOURS,
    "handoff": HANDOFFS,
    "obligation": OBLIGATIONS,
    "touch": TYPED,
    "deal": DEALS,
    "deal_span": OPEN_DEALS,
    "path": SHARED_DEALS,
    "spend": COST,
}


def policy_of(metric: Metric) -> Policy:
    """How a metric counts. It follows from the facts that the metric reads."""
    if metric.fact == "stay" and metric.kind == Kind.CONVERSION:
        return IN_ORDER
    if metric.fact == "stay":
        return STANDING if metric.basis == Basis.INSTANT else ENTRIES
    if metric.fact == "journey" and not metric.stage:
        return CREATED
    return _BY_FACT[metric.fact]
