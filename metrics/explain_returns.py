"""The formula of a return with its figures, line by line."""

from core.templatetags.display import count, money
from metrics.metric import Kind, Metric


def return_lines(metric: Metric, found: dict, value: str, currency: str) -> list[tuple[str, str]]:
    """What was brought, what was spent, and what comes of it."""
    if metric.kind == Kind.COST_PER:
        reached = metric.formula.partition("÷")[2].strip()
        lines = [
            ("Spend", money(found["numerator"], currency)),
            (reached[:1].upper() + reached[1:], count(found["denominator"])),
        ]
    else:
        lines = [
            ("Shares of gross profit", money(found["numerator"] + found["denominator"], currency)),
            ("less the spend", money(-found["denominator"], currency)),
            ("What is left", money(found["numerator"], currency)),
        ]
    return [*lines, (metric.label, value)]
