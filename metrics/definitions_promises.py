"""The metrics of the promises that both teams gave each other, and of what sales decides about leads (metrics-spec 3, 4)."""

from funnel.models import PromiseKey
from metrics import codes
from metrics import select_promises as promises
from metrics import select_response as response
from metrics.metric import Basis, Kind, Metric

_EXCLUDED = "What both teams agreed to leave out stands apart; above 5 % of all that was due the value is marked."

PROMISES = (
    Metric(
        "qualified_volume", "M1", "MQLs against the promise",
        "Of the MQLs that marketing promised up to now, the share that was handed over. No tier counts for more than was "
        "agreed, so that one can't hide another.",
        "Σ over tiers of MQLs, each up to its cap ÷ Σ over tiers of MQLs promised so far", "share", Basis.PERIOD,
        Kind.VOLUME, "marketing", "handoff", promises.volume, promise=PromiseKey.M1,
        left_out="A month's promise is spread over its working days; days that are not over ask for nothing. A group of "
        "leads shows its part of the whole promise; only tiers have promises of their own.",
    ),
    Metric(
        "qualified_value", "M2", "MQL value against the promise",
        "Of the gross profit that marketing promised in MQLs up to now, the share that was handed over. Each MQL is worth "
        "what both teams signed for its tier.",
        "Σ of the signed values of MQLs ÷ value promised so far", "share", Basis.PERIOD, Kind.WORTH, "marketing", "handoff",
        promises.worth, promise=PromiseKey.M2,
        left_out="MQLs of a tier without a signed value are counted as unknown, not as zero.",
    ),
    Metric(
        "context_completeness", "M3", "Completeness of context",
        "Of the fields that the agreement requires at a handoff, the share that was filled in when it was handed over.",
        "required fields that were filled in at the handoff ÷ required fields", "share", Basis.PERIOD, Kind.CONTEXT,
        "marketing", "handoff", promises.context, promise=PromiseKey.M3,
        left_out="What is filled in later changes nothing. The list shows leads; each counts with all its required fields.",
    ),
    Metric(
        "quality", "M4", "Acceptance against the promise",
        "Of the handoffs whose decision fell due, the share that sales accepted, compared with the share that marketing "
        "promised. Recycled and disqualified leads count against it, returned ones under completeness.",
        "accepted ÷ decided on, compared with the promised share", "share", Basis.PERIOD, Kind.QUALITY, "marketing",
        "handoff", promises.quality, promise=PromiseKey.M4,
        left_out="Disputed decisions until the funnel owner has ruled, returned leads, and undecided ones where the "
        "agreement leaves them out.",
    ),
    Metric(
        "routing", "3.4", "Given to a person in time",
        "Of the MQLs whose time to be given to a person has passed, the share that was given to a person of sales in time.",
        "given to a person in time ÷ due", "share", Basis.PERIOD, Kind.WINDOWS, "joint", "obligation",
        promises.kept("routing"), promise="routing", left_out=_EXCLUDED,
    ),
    Metric(
        "first_follow_up", "S1", "First contact in time",
        "Of the handoffs whose time for the first contact has passed, the share that a person of sales contacted in time. "
        "Only a call, a personal mail, a meeting or a logged conversation counts.",
        "contacted in time ÷ due", "share", Basis.PERIOD, Kind.WINDOWS, "sales", "obligation",
        promises.kept(PromiseKey.S1), promise=PromiseKey.S1, left_out=_EXCLUDED,
    ),
    Metric(
        "persistence", "S2", "Persistence",
        "Of the handoffs whose time for repeated attempts has passed, the share that sales tried to reach as often as "
        "promised, or talked with.",
        "tried often enough or talked with in time ÷ due", "share", Basis.PERIOD, Kind.WINDOWS, "sales", "obligation",
        promises.kept(PromiseKey.S2), promise=PromiseKey.S2, left_out=_EXCLUDED,
    ),
    Metric(
        "disposition_with_reason", "S3", "Decided in time",
        "Of the handoffs whose time to decide has passed, the share that sales accepted, or closed with a reason, in time.",
        "decided with a reason in time ÷ due", "share", Basis.PERIOD, Kind.WINDOWS, "sales", "obligation",
        promises.kept(PromiseKey.S3), promise=PromiseKey.S3, left_out=_EXCLUDED,
    ),
    Metric(
        "feedback_returned", "S4", "Feedback in time",
        "Of the decisions whose time for feedback has passed, the share about which sales told marketing in time what was "
        "good or missing.",
        "feedback given in time ÷ due", "share", Basis.PERIOD, Kind.WINDOWS, "sales", "obligation",
        promises.kept(PromiseKey.S4), promise=PromiseKey.S4, left_out=_EXCLUDED,
    ),
    Metric(
        "acceptance_rate", "Q1", "Acceptance",
        "Of the MQLs handed over in the period and decided on, the share that sales accepted. While more than 15 % are "
        "open, the lowest and the highest it can become stand in its place.",
        "accepted ÷ (accepted + recycled + disqualified)", "share", Basis.PERIOD, Kind.ACCEPTANCE, "joint", "handoff",
        promises.acceptance, left_out="Undecided, returned and disputed handoffs are open.",
    ),
    Metric(
        "acceptance_bounds", "Q1b", "Acceptance at least",
        "Of the MQLs handed over in the period, the share accepted so far; the upper bound counts all that is open as "
        "accepted.",
        "accepted ÷ all handed over, up to (accepted + open) ÷ all", "share", Basis.PERIOD, Kind.BOUNDS, "joint", "handoff",
        promises.bounds,
    ),
    Metric(
        "rejection_reasons", "Q2", "Reasons for turning leads down",
        "Of the MQLs handed over in the period and turned down, the share with a reason; by reason, the share of each.",
        "recycled or disqualified with the reason ÷ recycled or disqualified", "share", Basis.PERIOD, Kind.SHARES, "joint",
        "handoff", promises.rejection_reasons,
        left_out="Returned leads: they come back to sales. A list of reasons belongs to a version of the agreement.",
    ),
    Metric(
        "disqualification_rate", "Q3", "Disqualified",
        "Of the stays as MQL that ended in the period, the share that ended in disqualification.",
        "exits to a stage outside the funnel ÷ exits", "share", Basis.PERIOD, Kind.RATIO, "joint", "stay",
        promises.exits(codes.OUT), stage="mql",
    ),
    Metric(
        "recycle_rate", "Q4", "Recycled",
        "Of the stays as MQL that ended in the period, the share that was set aside for later. What becomes of these is the "
        "recycle yield.",
        "exits to a detour ÷ exits", "share", Basis.PERIOD, Kind.RATIO, "joint", "stay",
        promises.exits(codes.DETOUR), stage="mql",
    ),
    Metric(
        "speed_to_lead_in_working_time", "V8", "Speed to lead in working time",
        "Minutes of working time from the handoff to the first personal contact by sales. Leads never contacted stay in the "
        "count. By tier, hand-raise leads stand apart.",
        "median of the working time from the handoff to the first sales contact, never-contacted ones counted up to now",
        "minutes", Basis.PERIOD, Kind.RESPONSE, "sales", "handoff", response.working_time_to_contact,
        left_out="Handoffs whose time of day is not known.",
    ),
    Metric(
        "late_logging", "DQ6", "Logged late",
        "Of the stage changes and sales contacts of the period, the share that was typed in more than two days after it "
        "happened.",
        "typed in more than 48 hours later ÷ stage changes and sales contacts", "share", Basis.PERIOD, Kind.RATIO, "joint",
        "touch", promises.late_logging, warn=0.05, block=0.15,
        left_out="What an import brought is history and was not typed in late.",
    ),
    Metric(
        "undispositioned", "DQ10", "Past due without a decision",
        "Of the handoffs whose time to decide has passed, the share on which sales has said nothing yet.",
        "without a decision ÷ due", "share", Basis.PERIOD, Kind.RATIO, "sales", "obligation", promises.undispositioned,
        warn=0.1, block=0.3, left_out="What both teams agreed to leave out.",
    ),
)  # fmt: skip
