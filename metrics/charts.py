"""Every chart of the product, declared once; metrics.figures draws it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    key: str
    shape: str  # a name in metrics.figures.SHAPES
    extra: str = ""  # further classes of its container


_DECLARED = (
    Chart("profit-run", "running_total", "ch-run"),
    Chart("inflow-trend", "two_panels", "ch-trend leads"),
    Chart("open-ages", "stacked_ages", "ch-ages leads"),
)
CHARTS = {chart.key: chart for chart in _DECLARED}
