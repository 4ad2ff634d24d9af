"""Stage sets to start from, with written definitions (product.md, words). A company changes them as a new version."""

from dataclasses import dataclass

from accounts.models import Side
from funnel.models import HandoffField, Milestone, Reason, StageKind
from funnel.promises import PromiseLine


@dataclass(frozen=True)
class PresetStage:
    key: str
    name: str
    kind: StageKind
    side: Side
    milestone: Milestone | None
    definition: str
    target_days: int | None = None


_INQUIRY = PresetStage(
    "inquiry", "Inquiry", StageKind.PATH, Side.MARKETING, Milestone.START,
    "A person showed interest and can be reached: a form, a reply, a visit at an event. Nothing is checked yet.", 7,
)  # fmt: skip
_MQL = PresetStage(
    "mql", "MQL", StageKind.PATH, Side.MARKETING, Milestone.MQL,
    "Fits the target group and asked for something that a salesperson answers. Marketing answers for it and hands over "
    "with context: how they came, what they asked for, what is known.", 2,
)  # fmt: skip
_SAL = PresetStage(
    "sal", "SAL", StageKind.PATH, Side.SALES, Milestone.SAL,
    "Sales took it on: a named person has read the context and will make the first contact.", 5,
)  # fmt: skip
_SQL = PresetStage(
    "sql", "SQL", StageKind.PATH, Side.SALES, Milestone.SQL,
    "Sales spoke with the person and confirmed a need, a fit and somebody who can decide.", 14,
)  # fmt: skip
_OPPORTUNITY = PresetStage(
    "opportunity", "Opportunity", StageKind.PATH, Side.SALES, Milestone.OPPORTUNITY,
    "An open deal with an amount, an expected close date and a next step that the customer knows.", 45,
)  # fmt: skip
_WON = PresetStage("won", "Won", StageKind.WON, Side.JOINT, Milestone.WON, "The contract is signed by both parties.")
_LOST = PresetStage(
    "lost",
    "Lost",
    StageKind.LOST,
    Side.SALES,
    None,
    "The customer decided against us or for nobody. The reason is known.",
)
_RECYCLED = PresetStage(
    "recycled", "Recycled", StageKind.DETOUR, Side.MARKETING, None,
    "Fits, but not now. Marketing stays in touch and hands over again when something changes.",
)  # fmt: skip
_DISQUALIFIED = PresetStage(
    "disqualified", "Disqualified", StageKind.OUT, Side.JOINT, None,
    "Will not buy from us: no fit, no real person, or a competitor. The reason is known.",
)  # fmt: skip

PRESETS: dict[str, tuple[PresetStage, ...]] = {
    "b2b": (_INQUIRY, _MQL, _SAL, _SQL, _OPPORTUNITY, _WON, _LOST, _RECYCLED, _DISQUALIFIED),
    "short": (_INQUIRY, _MQL, _SQL, _WON, _LOST, _DISQUALIFIED),
    "nurture": (
        _INQUIRY,
        PresetStage(
            "nurturing",
            "Nurturing",
            StageKind.PATH,
            Side.MARKETING,
            None,
            "Known and fitting, not yet asking: receives useful content until they show a need.",
            60,
        ),  # fmt: skip
        _MQL,
        _SAL,
        _SQL,
        _OPPORTUNITY,
        _WON,
        _LOST,
        _RECYCLED,
        _DISQUALIFIED,
    ),  # fmt: skip
}

PRESET_REASONS: dict[Reason.Use, dict[str, str]] = {
    Reason.Use.RETURN: {
        "context_missing": "Context is missing",
        "wrong_stage": "Was moved too early",
        "contact_changed": "Contact person changed",
    },
    Reason.Use.RECYCLE: {
        "no_budget_now": "No budget now",
        "timing": "Not now, later",
        "no_answer": "Nobody could be reached",
    },
    Reason.Use.DISQUALIFY: {
        "wrong_segment": "Outside the target group",
        "no_need": "No need",
        "not_real": "Not a real inquiry",
        "competitor": "Is a competitor",
    },
    Reason.Use.LOST: {
        "price": "Price",
        "product_gap": "Product gap",
        "lost_to_competitor": "Bought from a competitor",
        "no_decision": "No decision",
        "lost_timing": "Timing",
    },
}

# What most companies begin with; a new company reads and signs these lines like everything else, or takes them out.
# How many MQLs and of which value is nobody's to guess: those two are promised once there is a history.
PRESET_PROMISES: tuple[PromiseLine, ...] = (
    PromiseLine("M3", share=9_500),
    PromiseLine("M4", share=8_000),
    PromiseLine("S1", seconds=4 * 3600, share=9_000),
    PromiseLine("S2", attempts=5, distinct_days=3, days=10, share=9_000),
    PromiseLine("S3", days=5, share=9_000),
    PromiseLine("S4", days=2, share=9_000),
)
# What a line begins with when somebody adds it: a proposal to write over, nothing that holds by itself.
USUAL: dict[str, PromiseLine] = {
    line.key: line for line in (PromiseLine("M1", cap=12_000), PromiseLine("M2"), *PRESET_PROMISES)
}
PRESET_FIELDS: tuple[HandoffField, ...] = (
    HandoffField.NAME,
    HandoffField.EMAIL,
    HandoffField.COMPANY,
    HandoffField.CHANNEL,
    HandoffField.SEGMENT,
    HandoffField.REGION,
)
