"""Entry rules and promises to start from: what the first version of a new company may hold until both leads sign it."""

from dataclasses import dataclass

from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Milestone
from funnel.presets import PRESET_PROMISES
from funnel.promises import PromiseLine


@dataclass(frozen=True)
class RulesPreset:
    """`rules` by the milestone of the stage that they guard; a stage set without that milestone goes without."""

    words: str
    why: str
    rules: dict[Milestone, EntryRule]


@dataclass(frozen=True)
class PromisesPreset:
    words: str
    why: str
    lines: tuple[PromiseLine, ...]


def _known(*facts: str) -> EntryRule:
    return EntryRule(every=tuple(Condition(fact, Op.KNOWN) for fact in facts))


_REACHABLE = _known("name", "email", "company")
_FITTING = EntryRule(
    every=(*_REACHABLE.every, Condition("segment", Op.KNOWN), Condition("touches", Op.AT_LEAST, number=1)),
)
RULES: dict[str, RulesPreset] = {
    "reachable": RulesPreset(
        "A lead can be reached and has said what it needs",
        "Little enough that nobody works around it, and enough for a first call.",
        {Milestone.MQL: _REACHABLE, Milestone.SQL: _known("need", "owner")},
    ),
    "fitting": RulesPreset(
        "The same, and it fits and answered something",
        "For companies whose channels bring many addresses that never asked for anything.",
        {Milestone.MQL: _FITTING, Milestone.SQL: _known("need", "owner")},
    ),
    "open": RulesPreset(
        "Every lead may enter every stage",
        "The written definitions alone decide; rules can be agreed later.",
        {},
    ),
}
PROMISES: dict[str, PromisesPreset] = {
    "usual": PromisesPreset(
        "Contact within half a working day, a decision within a week",
        "What most companies can keep from the first day.",
        PRESET_PROMISES,
    ),
    "quick": PromisesPreset(
        "Contact within a working hour, a decision within two days",
        "For inquiries that somebody waits for; it needs a person who always answers.",
        tuple(
            {"S1": PromiseLine("S1", seconds=3600, share=8_000), "S3": PromiseLine("S3", days=2, share=9_000)}.get(
                line.key, line
            )
            for line in PRESET_PROMISES
        ),
    ),
    "none": PromisesPreset(
        "No promises yet",
        "Nothing is measured against a promise until both teams have written one.",
        (),
    ),
}
