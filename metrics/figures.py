"""Shapes: Plotly figures built with the plotly package, as mappings of data and layout.

Colours are names ("@joint"), so one figure serves light, dark and print. Ranges and ticks are stated, so that the picture
of the server (core.templatetags.stills) and the chart that takes its place look the same; margins are the style sheet's.
"""

import datetime as dt
import math
from collections.abc import Iterable

import plotly.graph_objects as go

from metrics.charts import CHARTS
from metrics.version_breaks import Point


def _mapping(traces: list, layout: dict) -> dict:
    # The template is left out: charts.js gives all charts their common look. Names of colours pass only unvalidated.
    return {"data": [_plain(trace) for trace in traces], "layout": layout}


def _plain(trace) -> dict:
    return trace.to_plotly_json()


def _scale(values: Iterable[float | None], *, ticks: int, suffix: str = "", numbers: bool = True) -> dict:
    """Range and ticks of an axis from zero, or from below it, with a little air at its ends."""
    known = [value for value in values if value is not None]
    low, high = min([0, *known]), max([0, *known])
    if low == high:
        high = 1
    air = (high - low) * 0.055
    step = _step((high - low) / ticks)
    at = [step * i for i in range(math.ceil(low / step), math.floor((high + air) / step) + 1)]
    labels = {"tickvals": at, "ticktext": [_short(value) + suffix for value in at]} if numbers else {"showticklabels": False}
    return {"range": [low - air if low else 0, high + air if high else 0], **labels}


def _step(least: float) -> float:
    """The next of 1, 2, 5, 10, 20 … that is not smaller."""
    if least <= 1:
        return 1
    ten = 10 ** math.floor(math.log10(least))
    return next(ten * i for i in (1, 2, 5, 10) if ten * i >= least)


def _short(value: float) -> str:
    """20, 1.5k, 2M: a tick of an axis."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}".replace("-", "−")
    return f"{value:g}".replace("-", "−")


def _months(months: list[dt.date]) -> list[str]:
    """Half a month of air at both ends, for bars that stand on the first of a month."""
    air = dt.timedelta(days=15)
    return [(months[0] - air).isoformat(), (months[-1] + air).isoformat()]


_BAR = 22 * 86_400_000  # as wide as 22 days, in milliseconds


def running_total(
    *,
    days: list[dt.date],
    actual: list[float | None],
    plan: list[float | None],
    before: list[float | None],
    before_name: str,
    unit: str,
    ticks: list,
) -> dict:
    """Actual as a solid line up to today, plan dotted with a hollow mark at its end, the earlier period as a thin line."""
    x = [day.isoformat() for day in days]
    traces = []
    if any(value is not None for value in before):
        traces.append(go.Scatter(x=x, y=before, mode="lines", name=before_name, line={"width": 1.5}, hoverinfo="skip"))
        traces[-1] = _coloured(traces[-1], line={"color": "@control", "width": 1.5})
    if any(value is not None for value in plan):
        line = go.Scatter(x=x, y=plan, mode="lines", name="Plan", hovertemplate=f"Plan %{{y:.3s}} {unit}<extra></extra>")
        traces.append(_coloured(line, line={"color": "@ink", "width": 1, "dash": "dot"}))
        end = go.Scatter(x=[x[-1]], y=[plan[-1]], mode="markers", hoverinfo="skip", showlegend=False, cliponaxis=False)
        traces.append(_coloured(end, marker={"symbol": "circle-open", "size": 9, "color": "@ink", "line": {"width": 1.6}}))
    line = go.Scatter(x=x, y=actual, mode="lines", name="Actual", hovertemplate=f"Actual %{{y:.3s}} {unit}<extra></extra>")
    traces.append(_coloured(line, line={"color": "@joint", "width": 3, "shape": "hv"}))
    layout = {
        "xaxis": {
            "type": "date",
            "tickvals": [day.isoformat() for day, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "range": [x[0], x[-1]],
            # Beside its tick: centred, the first one would run into the zero.
            "ticklabelposition": "outside right",
        },
        "yaxis": _scale([*actual, *plan, *before], ticks=5),
        "annotations": _end_labels(x, actual, plan, before, before_name),
    }
    return _mapping(traces, layout)


def _coloured(trace, **style):
    """Colour names are not Plotly colours, so they are set past the package's validation."""
    plain = trace.to_plotly_json()
    for name, value in style.items():
        plain[name] = {**plain.get(name, {}), **value}
    return _Ready(plain)


class _Ready(dict):
    def to_plotly_json(self) -> dict:
        return dict(self)


def _end_labels(x, actual, plan, before, before_name) -> list[dict]:
    """Labels at the line ends, moved apart where they would overlap."""
    ends = []
    for name, values, colour in (("Plan", plan, "@muted"), (before_name, before, "@muted"), ("Actual", actual, "@ink")):
        known = [(i, v) for i, v in enumerate(values) if v is not None]
        if known:
            ends.append((known[-1][1], name, x[known[-1][0]], colour))
    top = max((abs(value) for value, *_ in ends), default=0) or 1
    ends.sort(key=lambda end: end[0])
    labels, last = [], None
    for value, name, at, colour in ends:
        shift = 0
        if last is not None and (value - last[0]) / top < 0.09 and at == last[2]:
            shift = last[1] + 14
        labels.append(
            {
                "x": at, "y": value, "text": name, "showarrow": False, "xanchor": "left", "xshift": 7, "yshift": shift,
                "font": {"size": 12, "color": colour, "weight": 600 if name == "Actual" else 400},
            }
        )  # fmt: skip
        last = (value, shift, at)
    return labels


def two_panels(
    *,
    months: list[dt.date],
    counts: list[int],
    plan: list[int | None],
    before: list[int | None],
    line: list[Point] | None,
    arrived: list[int],
    links: list[str],
    links_arrived: list[str],
    changes: list[tuple[dt.date, str]],
) -> dict:
    """Counts as bars on the left with hollow plan marks and a short line for the year before; on the right shares in %.

    Young or few cases are hollow. Without a line the right panel has bars of those that arrived, on the same scale.
    `changes`: the days from which something else was counted, with a name; a dotted line marks each in both panels.
    """
    x = [month.isoformat() for month in months]
    bars = go.Bar(x=x, y=counts, width=_BAR, customdata=links, hovertemplate="%{x|%b %Y}: %{y}<extra></extra>")
    traces = [_coloured(bars, marker={"color": "@marketing"})]
    if any(value is not None for value in before):
        mark = go.Scatter(x=x, y=before, mode="markers", hovertemplate="%{x|%b}, a year before: %{y}<extra></extra>")
        edge = {"color": "@ink", "width": 1.6}
        traces.append(_coloured(mark, marker={"symbol": "line-ew", "size": 9, "color": "@ink", "line": edge}))
    if any(value is not None for value in plan):
        mark = go.Scatter(x=x, y=plan, mode="markers", hovertemplate="%{x|%b %Y}, plan: %{y}<extra></extra>")
        traces.append(_coloured(mark, marker={"color": "@surface", "size": 6, "line": {"color": "@ink", "width": 1.4}}))
    if line is None:
        right = go.Bar(x=x, y=arrived, width=_BAR, xaxis="x2", yaxis="y2", customdata=links_arrived,
                       hovertemplate="%{x|%b %Y}: %{y}<extra></extra>")  # fmt: skip
        traces.append(_coloured(right, marker={"color": "@joint"}))
    else:
        shares = [None if point.share is None else point.share * 100 for point in line]
        right = go.Scatter(x=[point.month.isoformat() for point in line], y=shares, mode="lines+markers", xaxis="x2",
                           yaxis="y2", connectgaps=False, customdata=[point.link for point in line],
                           hovertemplate="%{x|%b %Y}: %{y:.0f} %<extra></extra>")  # fmt: skip
        marker = {"color": ["@joint" if point.firm else "@surface" for point in line], "size": 6,
                  "line": {"color": "@joint", "width": 1.5}}  # fmt: skip
        traces.append(_coloured(right, line={"color": "@joint", "width": 2}, marker=marker))
    shown = [month for month in months if month.month in (1, 4, 7, 10)]
    axis = {
        "type": "date",
        "range": _months(months),
        "tickvals": [month.isoformat() for month in shown],
        "ticktext": [f"{month:%b}" for month in shown],
    }
    left = _scale([*counts, *plan, *before, *(arrived if line is None else ())], ticks=4)
    right_scale = left if line is None else _scale(shares, ticks=4, suffix="%")
    marks, names = _changes(changes, {"": left, "2": right_scale})
    traces += marks
    layout = {
        "xaxis": axis | {"domain": [0, 0.43]},
        "xaxis2": axis | {"domain": [0.59, 1], "anchor": "y2"},
        "yaxis": left,
        "yaxis2": right_scale | {"anchor": "x2"},
        "annotations": names,
    }
    return _mapping(traces, layout)


def _changes(changes: list[tuple[dt.date, str]], scales: dict[str, dict]) -> tuple[list, list[dict]]:
    """A dotted line from the bottom to the top of each panel on the day of a change, with its name at the top."""
    traces, names = [], []
    for panel, scale in scales.items():
        for day, name in changes:
            axes = {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
            line = go.Scatter(x=[day.isoformat()] * 2, y=scale["range"], mode="lines", hoverinfo="skip", **axes)
            traces.append(_coloured(line, line={"color": "@control", "width": 1, "dash": "dot"}))
            names.append(
                {
                    "x": day.isoformat(), "y": scale["range"][1], "xref": f"x{panel}", "yref": f"y{panel}", "text": name,
                    "showarrow": False, "xanchor": "left", "xshift": 2, "font": {"size": 12, "color": "@muted"},
                }
            )  # fmt: skip
    return traces, names


_SHADES = (100, 72, 46, 24)


def stacked_ages(*, stages: list[str], teams: list[str], ages: list[str], parts: list[list[int]], links: list[str]) -> dict:
    """One bar per stage, cut by age: the longer, the lighter; the colour is the team that answers for the stage."""
    rows = list(range(len(stages)))
    traces = []
    for index, age in enumerate(ages):
        values = [part[index] for part in parts]
        bar = go.Bar(
            x=values, y=rows, orientation="h", name=age, customdata=links, width=0.62,
            text=[str(value) if value else "" for value in values], textposition="none",
            hovertemplate=f"{age}: %{{x}}<extra></extra>",
        )  # fmt: skip
        shades = [f"@{team}/{_SHADES[index]}" for team in teams]
        traces.append(_coloured(bar, marker={"color": shades, "line": {"color": "@surface", "width": 1}}))
    layout = {
        "barmode": "stack",
        "xaxis": _scale([sum(part) for part in parts], ticks=4, numbers=False)
        | {"zeroline": True, "zerolinecolor": "@control"},
        "yaxis": {
            "tickvals": rows, "ticktext": stages, "range": [len(rows) - 0.5, -0.5], "showgrid": False,
            "tickfont": {"color": "@ink"},
        },
        "annotations": [
            {"x": sum(part), "y": row, "text": str(sum(part)), "showarrow": False, "xanchor": "left", "xshift": 4,
             "font": {"size": 12, "color": "@ink"}}
            for row, part in enumerate(parts)
        ],
    }  # fmt: skip
    return _mapping(traces, layout)


SHAPES = {"running_total": running_total, "two_panels": two_panels, "stacked_ages": stacked_ages}


def drawn(key: str, **data) -> dict:
    """What templates/partials/chart.html needs: an id, the figure as a mapping of data and layout, further classes."""
    chart = CHARTS[key]
    return {"id": f"figure-{key}", "figure": SHAPES[chart.shape](**data), "extra": chart.extra}
