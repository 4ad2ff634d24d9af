"""Every metric, declared once. Reader, API, pages, explain, documentation and health check iterate this dict.

To add a metric, add an entry (and a column in metrics/facts.py if the fact is new); rollup, API, docs and lists follow.
"""

from metrics import select_funnel as funnel
from metrics import select_money as money
from metrics.definitions_promises import PROMISES
from metrics.definitions_returns import RETURNS
from metrics.metric import Basis, Kind, Metric
from metrics.select_in_order import conversion_in_order

_DECLARED = (
    Metric(
        "stage_inflow", "F1", "Inflow",
        "How many entries into a stage happened in the period. A lead that comes back counts again.",
        "entries into the stage with their time in the period", "entries", Basis.PERIOD, Kind.COUNT, "joint", "stay",
        funnel.inflow, stage="*",
    ),
    Metric(
        "stage_outflow", "F2", "Outflow", "How many stays in a stage ended in the period.",
        "stays in the stage that ended in the period", "entries", Basis.PERIOD, Kind.COUNT, "joint", "stay",
        funnel.outflow, stage="*",
    ),
    Metric(
        "stage_balance", "F3", "In stage", "How many leads are in a stage at the end of the day.",
        "stays that began on or before the day and had not ended at its end", "leads", Basis.INSTANT, Kind.COUNT, "joint",
        "stay", funnel.balance, stage="*",
    ),
    Metric(
        "edge_flow", "F5", "Moves", "How many stays in a stage ended by a move straight to another one.",
        "stays in the stage that ended in the period with the other stage next", "entries", Basis.PERIOD, Kind.COUNT,
        "joint", "stay", funnel.edge_flow, stage="?", to_stage="?",
    ),
    Metric(
        "first_reach", "F6", "Leads that reached the stage",
        "How many leads got as far as a stage for the first time. A skipped stage counts as reached; coming back does not count "
        "again.",
        "leads whose first entry into this or a later stage lies in the period", "leads", Basis.PERIOD, Kind.COUNT, "joint",
        "journey", funnel.first_reach, stage="start",
        left_out="Leads that sales or a customer started count from their own entry stage on, not as MQL.",
    ),
    Metric(
        "throughput_ratio", "F7", "Throughput (mixes cohorts)",
        "First reaches of the later stage per first reach of the earlier one in the same period. It is not a conversion rate: "
        "the two groups are different leads, and it may exceed 100 %.",
        "first reaches of the later stage ÷ first reaches of the earlier stage", "share", Basis.PERIOD, Kind.RATIO, "joint",
        "journey", funnel.throughput, stage="?", to_stage="?",
    ),
    Metric(
        "exit_share", "F8", "Exit share", "Of all stays that ended, the share that went straight to another stage. The shares "
        "over all next stages add up to 100 %.",
        "exits to the other stage ÷ all exits", "share", Basis.PERIOD, Kind.RATIO, "joint", "stay", funnel.exit_share,
        stage="?", to_stage="?",
    ),
    Metric(
        "cohort_conversion", "F9", "Conversion",
        "Of the leads that reached a stage in the period, the share that reached the later stage within the horizon. Younger "
        "leads are followed up to their age; lost and recycled leads stay in the count and may still convert.",
        "1 − Π over days a ≤ h of (1 − reached at age a ÷ leads followed to age a)", "share", Basis.COHORT, Kind.CONVERSION,
        "joint", "journey", funnel.cohort, stage="?", to_stage="?",
    ),
    Metric(
        "conversion_in_order", "F9 strict", "Conversion in order",
        "Of the leads that entered a stage for the first time in the period, the share that entered every stage up to the later "
        "one, each after the one before, within the horizon. A lead that skips a stage is not counted as arrived.",
        "as conversion, over the entries into each stage of the way, one after the other", "share", Basis.COHORT,
        Kind.CONVERSION, "joint", "stay", conversion_in_order, stage="?", to_stage="?",
    ),
    Metric(
        "end_to_end_conversion", "F10", "Conversion to Won",
        "Of the leads that started in the period, the share that was won within the horizon.",
        "as conversion, from the first stage to Won", "share", Basis.COHORT, Kind.CONVERSION, "joint", "journey",
        funnel.cohort, stage="start", to_stage="won",
    ),
    Metric(
        "leakage", "F11", "Leakage", "Of the stays that ended, the share that ended in Lost, Disqualified or a detour.",
        "exits to lost, out or a detour ÷ all exits", "share", Basis.PERIOD, Kind.RATIO, "joint", "stay", funnel.leakage,
        stage="*",
    ),
    Metric(
        "stalled_share", "F11", "Stalled", "Of the leads in a stage, the share that has been there longer than 90 % of those "
        "that moved on successfully.",
        "leads older than the p90 age of successful exits ÷ leads in the stage", "share", Basis.INSTANT, Kind.RATIO, "joint",
        "stay", funnel.stalled, stage="?",
    ),
    Metric(
        "skip_rate", "F12", "Skip rate", "Of the leads that got as far as a stage, the share that never entered it.",
        "leads that reached the stage without entering it ÷ leads that reached it", "share", Basis.COHORT, Kind.RATIO,
        "joint", "journey", funnel.skip_rate, stage="?",
    ),
    Metric(
        "regression_rate", "F13", "Backward moves", "Of the stays that ended, the share that went back to an earlier stage.",
        "exits to an earlier stage ÷ all exits", "share", Basis.PERIOD, Kind.RATIO, "joint", "stay", funnel.regression,
        stage="*",
    ),
    Metric(
        "recycle_yield", "F14", "Recycle yield", "Of the leads set aside for later in the period, the share that reached SQL "
        "after that within the horizon. Each time counts on its own.",
        "as conversion, from the entry into the detour to the next reach of SQL", "share", Basis.COHORT, Kind.CONVERSION,
        "marketing", "detour", funnel.recycle_yield, stage="detour", to_stage="sql",
    ),
    Metric(
        "time_in_stage_completed", "V1", "Time in stage (completed)",
        "How long the stays lasted that ended in the period. Those still open are not in it, so it looks shorter than it is.",
        "quantiles of (left − entered) over stays that ended", "days", Basis.PERIOD, Kind.DURATION, "joint", "stay",
        funnel.completed_stays, stage="?",
    ),
    Metric(
        "time_in_stage", "V2", "Time in stage", "Half of the leads leave the stage within this many days; those still in it "
        "are counted up to their age.",
        "smallest age at which the share still in the stage (Kaplan–Meier over all exits) is at most one half", "days",
        Basis.COHORT, Kind.STAY, "joint", "stay", funnel.all_stays, stage="?",
    ),
    Metric(
        "stage_exit_curve", "V3", "Where leads go, by age", "For each age, the share that has moved on, gone back, been lost, "
        "disqualified or set aside, and the share still in the stage. They add up to 100 %.",
        "cumulative incidence by cause (Aalen–Johansen)", "share", Basis.COHORT, Kind.STAY, "joint", "stay",
        funnel.all_stays, stage="?",
    ),
    Metric(
        "time_to_convert", "V4", "Time to convert", "How many days those took who reached the later stage.",
        "median of (first reach of the later stage − first reach of the earlier one)", "days", Basis.COHORT, Kind.CYCLE,
        "joint", "journey", funnel.cohort, stage="start", to_stage="won",
    ),
    Metric(
        "pipeline_age", "V6", "Open amount by age", "The amount of open deals by days in their present stage.",
        "Σ amount of open deals per age bucket", "money", Basis.INSTANT, Kind.SUM, "sales", "deal_span",
        money.pipeline_age, stage="*",
    ),
    Metric(
        "stale_share", "V7", "Stale share of the pipeline", "Of the open amount, the share that is older than 90 % of won "
        "deals were at that stage, or saw nothing happen for 30 days.",
        "Σ amount of stale open deals ÷ Σ amount of open deals", "share", Basis.INSTANT, Kind.SHARE_OF_SUM, "sales",
        "deal_span", money.stale_share, stage="*",
    ),
    Metric(
        "speed_to_lead", "V8", "Speed to lead", "Minutes from MQL to the first personal contact by sales, around the clock. "
        "Leads never contacted stay in the count.",
        "median of (first sales contact − MQL entry), never-contacted ones counted up to now", "minutes", Basis.PERIOD,
        Kind.RESPONSE, "sales", "stay", funnel.speed_to_lead, stage="mql",
    ),
    Metric(
        "won_deals", "won", "Won deals", "Deals won in the period, by the day of the win.", "deals with their win in the period",
        "deals", Basis.PERIOD, Kind.COUNT, "joint", "deal", money.won,
    ),
    Metric(
        "won_revenue", "won", "Won revenue", "Amounts of deals won in the period, less credits and cancellations posted in it.",
        "Σ amount of deals won − Σ credits", "money", Basis.PERIOD, Kind.SUM, "joint", "deal", money.revenue,
        left_out="Deals without an amount or without a dated rate are counted as unknown, not as zero.",
    ),
    Metric(
        "gross_profit", "won", "Gross profit", "Amount less cost of the deals won in the period, less credits. Where a cost is "
        "missing, the agreed margin of the segment stands in and the number says how much is estimated.",
        "Σ (amount − cost) of deals won − Σ credits", "money", Basis.PERIOD, Kind.SUM, "joint", "deal", money.profit,
        left_out="Deals without an amount, a dated rate, or any agreed margin are counted as unknown, not as zero.",
    ),
    Metric(
        "win_rate", "won", "Win rate", "Of the deals closed in the period, the share that was won.",
        "deals won ÷ deals won or lost", "share", Basis.PERIOD, Kind.RATIO, "sales", "deal", money.win_rate,
    ),
    Metric(
        "average_deal", "won", "Average deal", "The mean amount of the deals won in the period.",
        "Σ amount of deals won ÷ deals won with an amount", "money", Basis.PERIOD, Kind.MEAN, "sales", "deal", money.won,
    ),
    Metric(
        "open_deals", "pipeline", "Open deals", "Deals open at the end of the day.", "deals opened and not yet closed", "deals",
        Basis.INSTANT, Kind.COUNT, "sales", "deal_span", money.open_deals, stage="*",
    ),
    Metric(
        "open_amount", "pipeline", "Open amount", "The amount of the deals open at the end of the day. Not yet profit.",
        "Σ amount of open deals", "money", Basis.INSTANT, Kind.SUM, "sales", "deal_span", money.open_deals, stage="*",
    ),
    Metric(
        "missing_source", "DQ1", "Leads without a source", "Of the leads created in the period, the share that had neither "
        "channel nor campaign when they were created.",
        "leads without channel and campaign at creation ÷ leads created", "share", Basis.PERIOD, Kind.RATIO, "marketing",
        "journey", money.missing_source, warn=0.1, block=0.3,
    ),
    Metric(
        "stale_leads", "DQ3", "Stale leads", "Of the leads open on the path, the share that is older than twice the usual time "
        "and saw nothing happen for 30 days.",
        "leads beyond 2 × p90 age without activity for 30 days ÷ open leads", "share", Basis.INSTANT, Kind.RATIO, "joint",
        "stay", money.stale_leads, stage="*", warn=0.1, block=0.25,
    ),
    Metric(
        "clock_skew", "DQ5", "Impossible order of times", "Of the leads created in the period, the share whose creation was "
        "dated after a later event. They are counted from the earlier time.",
        "leads created after a later event ÷ leads created", "share", Basis.PERIOD, Kind.RATIO, "joint", "journey",
        money.clock_skew, warn=0.001, block=0.01,
    ),
    Metric(
        "skips_and_backdating", "DQ7", "Entered late by hand", "Of the entries in the period, the share typed in more than "
        "seven days after they happened. The skip rate of each stage stands beside it.",
        "entries by hand recorded more than 7 days later ÷ entries", "share", Basis.PERIOD, Kind.RATIO, "joint", "stay",
        money.backdated, warn=0.1, block=0.3,
    ),
    Metric(
        "missing_amount_past_close_date", "DQ9", "Open deals with gaps", "Of the open deals, the share without an amount or "
        "with an expected close in the past.",
        "open deals without amount or past their close date ÷ open deals", "share", Basis.INSTANT, Kind.RATIO, "sales",
        "deal_span", money.deal_gaps, warn=0.05, block=0.2,
    ),
    Metric(
        "currency", "DQ11", "Amounts without a rate", "Of the deals with an amount, the share whose currency has no dated "
        "exchange rate. They are left out of sums.",
        "deals with an amount and no dated rate ÷ deals with an amount", "share", Basis.INSTANT, Kind.RATIO, "joint", "deal",
        money.no_rate, warn=0.0, block=0.0,
    ),
)  # fmt: skip

_ALL = (*_DECLARED, *PROMISES, *RETURNS)
METRICS: dict[str, Metric] = {metric.key: metric for metric in _ALL}

if len(METRICS) != len(_ALL):
    raise RuntimeError("two metrics share a key")
