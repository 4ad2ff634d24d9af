"""The models of credit in words: what each one rewards, and so why two of them differ."""

from dataclasses import dataclass

from metrics import credit


@dataclass(frozen=True)
class ModelWords:
    """`rule` completes "Credit goes to …"; `favours` names what earns more under it than elsewhere."""

    label: str
    rule: str
    favours: str


MODELS: dict[str, ModelWords] = {
    "first_touch": ModelWords("First touch", "the first touch alone", "what people met first"),
    "last_touch": ModelWords("Last touch", "the last touch before the close alone", "what people met last"),
    "lead_creation": ModelWords("Lead creation", "the touch that made the lead, alone", "what turns visitors into leads"),
    "linear": ModelWords("Linear", "all touches alike", "what people met often"),
    "time_decay": ModelWords(
        "Time decay", "all touches, half as much for each half-life before the close", "what came shortly before the close"
    ),
    "decay_7d": ModelWords(
        "Time decay, 7 days", "all touches, half as much for each week before the close", "what came in the last weeks"
    ),
    "u_shaped": ModelWords(
        "U-shaped", "40% first touch, 40% lead creation, 20% all others", "what was met first and what makes leads"
    ),
    "w_shaped": ModelWords(
        "W-shaped",
        "30% each for first touch, lead creation and deal opening, 10% all others",
        "what opens relations and deals",
    ),
    "full_path": ModelWords(
        "Full path", "22.5% each for first touch, lead creation, deal opening and close, 10% all others", "every milestone"
    ),
    "position": ModelWords("Position", "40% first touch, 40% last touch, 20% all others", "both ends of the way"),
    "mm_u": ModelWords("U-shaped, halves", "50% first touch, 50% lead creation", "what was met first and what makes leads"),
    "custom": ModelWords("Own weights", "the weights that this company has set", "what the company decided"),
    "shapley": ModelWords(
        "Shapley", "the distinct channels of each won deal alike, then their touches", "channels that go with many others"
    ),
    "markov_path": ModelWords(
        "Markov path",
        "the channels of each won deal by what their absence would cost in the chain of all ways",
        "channels without which ways do not end in a win",
    ),
    "markov_share": ModelWords(
        "Markov share",
        "channels by what their absence would cost in the chain of all ways",
        "channels without which ways do not end in a win",
    ),
}
# Milestones in the order in which a way passes them: what a touch can hold, in words.
MILESTONES = {
    "first": "First touch",
    "creation": "Made the lead",
    "opening": "Opened the deal",
    "closing": "Last before close",
}
# The models that the pages show side by side; the others are presets of these.
SIDE_BY_SIDE = ("first_touch", "last_touch", "lead_creation", "linear", "time_decay", "u_shaped", "w_shaped", "full_path")
CONVENTION = (
    "Credit is an accounting convention, not a proof of cause: only an experiment shows what would not have come anyway."
)


def words_of(model: str) -> ModelWords:
    return MODELS[model]


def side_by_side(models: tuple[str, ...]) -> tuple[str, ...]:
    """Of these models the ones that stand side by side: the usual ones, and the company's own weights if it has set some."""
    return tuple(name for name in models if name in (*SIDE_BY_SIDE, "custom"))


def model_in(text: str | None, models: tuple[str, ...]) -> str:
    """The model that an address names, if there is one of that name; else the usual one."""
    return text if text in models else credit.DEFAULT_MODEL
