"""How the number of a promise came about: what was counted, what was promised, what stands apart."""

from core.templatetags.display import count, decimal, money, percent
from metrics.metric import Kind, Metric

Lines = list[tuple[str, str]]
PROMISED = frozenset({Kind.WINDOWS, Kind.QUALITY, Kind.CONTEXT, Kind.VOLUME, Kind.WORTH, Kind.ACCEPTANCE, Kind.BOUNDS})


def lines_of(metric: Metric, found: dict, value: str, currency: str) -> Lines:
    """The lines that lead to the value of a promise; the last one is the value."""
    match metric.kind:
        case Kind.WINDOWS:
            lines = _windows(metric, found)
        case Kind.CONTEXT:
            lines = [
                ("Required fields that were filled in", count(found["numerator"])),
                ("Required fields", count(found["denominator"])),
                *_promised(found),
            ]
        case Kind.QUALITY:
            lines = [
                ("Accepted", count(found["numerator"])),
                ("Decided on", count(found["denominator"])),
                *([("Not decided on, or disputed", count(found["open"]))] if found["open"] else []),
                ("That is", _share(found["promise"]["measured"])),
                *_promised(found)[:1],
            ]
        case Kind.VOLUME | Kind.WORTH:
            lines = _target(metric, found, currency)
        case _:
            lines = _acceptance(found, "Decided on" if metric.kind == Kind.ACCEPTANCE else "Handed over")
    return [*lines, (metric.label, value)]


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _promised(found: dict) -> Lines:
    told = found["promise"]
    if told["promised"] is None:
        return []
    return [("Promised", percent(told["promised"])), ("Of the promise", _share(told["attainment"]))]


def _windows(metric: Metric, found: dict) -> Lines:
    top, _, bottom = (part.strip() for part in metric.formula.partition("÷"))
    told = found["promise"]
    lines = [
        (_sentence(top), count(told["met"])),
        (_sentence(bottom), count(told["due"])),
    ]
    if told["excluded"]:
        words = "Left out with both teams' consent" + (", more than 5 % of all" if told["qualified"] else "")
        lines.append((words, count(told["excluded"])))
    if told["late_logged"]:
        lines.append(("Of those due, logged more than two days later", count(told["late_logged"])))
    return [*lines, *_promised(found)]


def _target(metric: Metric, found: dict, currency: str) -> Lines:
    def words(value: float) -> str:
        if metric.kind == Kind.WORTH:
            return money(round(value), currency)
        return decimal(value) if value % 1 else count(int(value))

    lines = [("MQLs handed over", count(found["n"])), ("What counts of them", words(found["numerator"]))]
    if metric.kind == Kind.WORTH:
        lines[1] = ("Their signed value", words(found["numerator"]))
    return [*lines, ("Promised for the days that are over", words(found["denominator"]))]


def _acceptance(found: dict, whole: str) -> Lines:
    lines = [("Accepted", count(found["numerator"])), (whole, count(found["denominator"]))]
    if found.get("open"):
        lines.append(("Still open", count(found["open"])))
    if "bounds" in found:
        low, high = found["bounds"]
        lines.append(("When all is decided, between", f"{percent(low)} and {percent(high)}"))
    return lines


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
