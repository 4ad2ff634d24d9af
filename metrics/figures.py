"""Shapes: Plotly figures built with the plotly package, as mappings of data and layout.

Colours are names ("@joint") that static/js/charts.js replaces, so one figure serves light, dark and print.
"""

import datetime as dt

import plotly.graph_objects as go

from metrics.charts import CHARTS


def _mapping(traces: list, layout: dict) -> dict:
    # The template is left out: charts.js gives all charts their common look. Names of colours pass only unvalidated.
    return {"data": [_plain(trace) for trace in traces], "layout": layout}


def _plain(trace) -> dict:
    return trace.to_plotly_json()


def running_total(
    *,
    days: list[dt.date],
    actual: list[float | None],
    plan: list[float | None],
    before: list[float | None],
    unit: str,
    ticks: list,
) -> dict:
    """Actual as a solid line up to today, plan dotted with a hollow mark at its end, last year as a thin line."""
    x = [day.isoformat() for day in days]
    traces = []
    if any(value is not None for value in before):
        traces.append(
            go.Scatter(x=x, y=before, mode="lines", name="Same days last year", line={"width": 1.5}, hoverinfo="skip")
        )
        traces[-1] = _coloured(traces[-1], line={"color": "@control", "width": 1.5})
    if any(value is not None for value in plan):
        line = go.Scatter(x=x, y=plan, mode="lines", name="Plan", hovertemplate=f"Plan %{{y:.3s}} {unit}<extra></extra>")
        traces.append(_coloured(line, line={"color": "@ink", "width": 1, "dash": "dot"}))
        end = go.Scatter(x=[x[-1]], y=[plan[-1]], mode="markers", hoverinfo="skip", showlegend=False, cliponaxis=False)
        traces.append(_coloured(end, marker={"symbol": "circle-open", "size": 9, "color": "@ink", "line": {"width": 1.6}}))
    line = go.Scatter(x=x, y=actual, mode="lines", name="Actual", hovertemplate=f"Actual %{{y:.3s}} {unit}<extra></extra>")
    traces.append(_coloured(line, line={"color": "@joint", "width": 3, "shape": "hv"}))
    layout = {
        "margin": {"l": 44, "r": 74, "t": 10, "b": 26},
        "xaxis": {
            "type": "date",
            "tickvals": [day.isoformat() for day, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "range": [x[0], x[-1]],
            # Beside its tick: centred, the first one would run into the zero.
            "ticklabelposition": "outside right",
        },
        "yaxis": {"rangemode": "tozero", "nticks": 5, "tickformat": "~s"},
        "annotations": _end_labels(x, actual, plan, before),
        "meta": {"narrow": {"margin": {"l": 38, "r": 62}}},
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


def _end_labels(x, actual, plan, before) -> list[dict]:
    """Labels at the line ends, moved apart where they would overlap."""
    ends = []
    for name, values, colour in (("Plan", plan, "@muted"), ("Last year", before, "@muted"), ("Actual", actual, "@ink")):
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


SHAPES = {"running_total": running_total}


def drawn(key: str, **data) -> dict:
    """What templates/partials/chart.html needs: an id, the figure as a mapping of data and layout, further classes."""
    chart = CHARTS[key]
    return {"id": f"figure-{key}", "figure": SHAPES[chart.shape](**data), "extra": chart.extra}
