"""The metrics of credit and return (metrics-spec 5 and 6), one for each model where models differ."""

from metrics import codes
from metrics import select_returns as returns
from metrics.methods.bootstrap import LEAST_WON, WIDEST_HALF
from metrics.metric import Basis, Kind, Metric
from metrics.select_customers import customers_and_cost

_CAUSE = "Credit is an accounting convention: what would have come without these touches is not known."
_SHARED = "Deals without an amount or a dated rate are counted as unknown. What no touch earned has a row of its own."

# Model -> (key, label, which touches earn the credit).
MODELS = {
    "w_shaped": (
        "w_shape",
        "W-shape",
        "30 % each to the first touch, the one that created the lead and the one before the "
        "deal was opened, 10 % to all others",
    ),
    "first_touch": ("first_touch", "first touch", "all to the first touch"),
    "last_touch": ("last_touch", "last touch", "all to the last touch before the close"),
    "lead_creation": ("lead_creation", "lead creation", "all to the last touch before the lead was created"),
    "linear": ("equal_shares", "equal shares", "the same to every touch"),
    "time_decay": ("time_decay", "time decay", "more to later touches, half as much for every half-life before the close"),
    "decay_7d": ("fast_decay", "fast decay", "more to later touches, half as much for every seven days before the close"),
    "u_shaped": ("u_shape", "U-shape", "40 % to the first touch, 40 % to the one that created the lead, 20 % to all others"),
    "full_path": (
        "full_path",
        "full path",
        "22.5 % each to the first touch and the ones before lead, deal and close, 10 % to all others",
    ),
    "position": ("first_and_last", "first and last", "40 % to the first touch, 40 % to the last, 20 % to all others"),
    "mm_u": ("two_halves", "two halves", "half to the first touch, half to the one that created the lead"),
    "custom": ("own_weights", "own weights", "by the weights that this company has set"),
    "shapley": ("channel_shares", "equal channels", "the same to every channel on the way, inside it to its touches"),
    "markov_path": (
        "markov_path",
        "Markov path",
        "each deal to the channels on its way, by what would be lost without them, inside a channel to its touches",
    ),
    "markov_share": ("markov_share", "Markov share", "the whole to all channels, by what would be lost without them"),
}
# Models fitted on all ways that have ended: no value until the facts are enough.
_FITTED = f" Needs {LEAST_WON} won ways and shares known to within {WIDEST_HALF:.0%}."
_CHANNELS_ONLY = ("campaign",)


def _of_model(model: str) -> tuple[Metric, ...]:
    key, label, words = MODELS[model]
    lacks = _CHANNELS_ONLY if model == "markov_share" else ()
    cause = _CAUSE + (_FITTED if model in returns.FITTED else "")
    return (
        Metric(
            f"profit_by_{key}", "5", f"Gross profit, {label}",
            f"Gross profit of the deals won in the period, less credits, shared over marketing's touches: {words}.",
            "Σ shares of (amount − cost) of deals won − Σ shares of credits", "money", Basis.PERIOD, Kind.SUM, "joint",
            "path", returns.attributed(model, "profit"), left_out=f"{_SHARED} {cause}", lacks=lacks,
        ),
        Metric(
            f"revenue_by_{key}", "5", f"Revenue, {label}",
            f"Amounts of the deals won in the period, less credits, shared over marketing's touches: {words}.",
            "Σ shares of amounts of deals won − Σ shares of credits", "money", Basis.PERIOD, Kind.SUM, "joint", "path",
            returns.attributed(model, "revenue"), left_out=f"{_SHARED} {cause}", lacks=lacks,
        ),
        Metric(
            f"return_by_{key}", "R4", f"Return on profit, {label}",
            f"What each unit of spend brought back beyond itself in gross profit: {words}.",
            "(Σ shares of gross profit − spend) ÷ spend", "share", Basis.PERIOD, Kind.RETURN, "joint", "spend",
            returns.returned(model),
            left_out=f"Spend and wins of the same period; where deals take longer, see the matured return. {cause}",
            lacks=lacks,
        ),
    )  # fmt: skip


def _spend(key: str, label: str, words: str, status: str) -> Metric:
    return Metric(
        key, "R1", label, f"{words}, spread evenly over its service days; the days of the period count.",
        "Σ over cost lines of amount × service days in the period ÷ all service days", "money", Basis.PERIOD, Kind.SUM,
        "marketing", "spend", returns.spent(status),
        left_out="Lines without a dated rate are counted as unknown, not as zero.",
    )  # fmt: skip


def _cost_per(key: str, label: str, reached: str, select) -> Metric:
    return Metric(
        key, "R2", label, f"Invoiced spend of the period for each of the {reached} in it. Both by their own campaign.",
        f"spend ÷ {reached}", "money", Basis.PERIOD, Kind.COST_PER, "marketing", "spend", select,
        left_out="Spend and leads of the same period. Where nobody got there it is undefined.",
    )  # fmt: skip


RETURNS = (
    _spend("spend", "Spend", "What was invoiced for programmes", "invoiced"),
    _spend("committed_spend", "Committed spend", "What was ordered and not yet invoiced", "committed"),
    _spend("planned_spend", "Planned spend", "What was planned and not yet ordered", "planned"),
    Metric(
        "created_leads", "R2", "Leads created",
        "Leads created in the period, each under its own campaign and channel.",
        "leads whose day of creation lies in the period", "leads", Basis.PERIOD, Kind.COUNT, "marketing", "journey",
        returns.created, left_out="Leads whose day of creation is not known.",
    ),
    _cost_per("cost_per_lead", "Cost per lead", "leads created", returns.leads_and_spend("")),
    _cost_per("cost_per_mql", "Cost per MQL", "leads that first reached MQL", returns.leads_and_spend("mql")),
    _cost_per("cost_per_sql", "Cost per SQL", "leads that first reached SQL", returns.leads_and_spend("sql")),
    _cost_per("cost_per_win", "Cost per won deal", "won deals whose lead a touch of it created", returns.wins_and_spend),
    Metric(
        "cost_per_customer", "R3", "Cost of a new customer",
        "All invoiced cost of marketing and sales in the period (programmes, people, tools, commissions and other) for each "
        "customer won in it. A company becomes a customer once, with its first won deal of new business.",
        "all cost of marketing and sales ÷ new customers", "money", Basis.PERIOD, Kind.COST_PER, "joint",
        "spend", customers_and_cost(*codes.COST_KINDS),
        left_out="A kind of cost that nobody entered is unknown, not zero: the value is then at least this.",
    ),
    Metric(
        "programme_cost_per_customer", "R3p", "Programme cost of a new customer",
        "Invoiced programme cost of the period alone for each customer won in it, a company once.",
        "programme cost ÷ new customers", "money", Basis.PERIOD, Kind.COST_PER, "joint", "spend",
        customers_and_cost("programme"),
        left_out="People, tools, commissions and other cost: see the cost of a new customer.",
    ),
    Metric(
        "sourced_deals", "A1", "Sourced deals",
        "Deals won in the period, each under the channel and campaign of the touch that created its lead.",
        "deals won whose lead was created by a touch of it", "deals", Basis.PERIOD, Kind.COUNT, "joint", "path",
        returns.sourced, left_out="Deals whose lead no touch created have a row of their own, so that all rows add up.",
    ),
    Metric(
        "influenced_deals", "A2", "Influenced deals",
        "Deals won in the period with at least one touch of the channel or campaign. A deal counts once under each of them, "
        "so rows add up to more than the total; never a measure of return.",
        "deals won with a touch of it", "deals", Basis.PERIOD, Kind.DISTINCT, "joint", "path", returns.influenced,
    ),
    *(metric for model in MODELS for metric in _of_model(model)),
)  # fmt: skip
