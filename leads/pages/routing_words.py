"""Why a lead went where it went, in words."""

from leads.models import RoutedHandoff, RoutingRule

Why = RoutedHandoff.Why


def reason_of(row: RoutedHandoff) -> str:
    """Rule “Large companies”: next in turn of 3 who are there.

    No person and no person's figure: the assignment itself says who, and how much somebody has is theirs to see.
    """
    rule = f"Rule “{row.rule_name}”" if row.rule_name else ""
    match row.why:
        case Why.TURN:
            return f"{rule}: {_of(row.present, 'next in turn')}"
        case Why.LOAD:
            return f"{rule}: {_of(row.present, 'fewest open handoffs')}"
        case Why.NOBODY:
            return f"{rule}: nobody is there, so it waits in the queue"
        case Why.NO_RULE:
            return "No rule fits, so it waits in the queue"
    return row.get_why_display()


def _of(present: int | None, word: str) -> str:
    return "the only one who is there" if present == 1 else f"{word} of {present} who are there"


def asks_of(rule: RoutingRule) -> list[tuple[str, str]]:
    """What a rule asks of a lead: label and value. Nothing is every lead."""
    named = (
        ("Segment", rule.segment),
        ("Region", rule.region),
        ("Channel", rule.channel),
        ("Tier", rule.tier),
        ("Started by", rule.get_origin_display() if rule.origin else ""),
    )
    return [(label, str(value)) for label, value in named if value]
