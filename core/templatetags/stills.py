"""A figure as a picture: what charts.js draws with Plotly, drawn by the server, so that a page shows its charts at once,
on paper and without script. Of Plotly's figures it knows what metrics.figures uses: lines, marks, bars, notes, given ticks.

Places are shares of the panel, so that the picture follows its card; text, marks and lines keep their size.
"""

import datetime as dt
from collections.abc import Iterator

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

DAY = 86_400_000  # milliseconds, Plotly's unit of widths on a time axis
_DASHES = {"dot": "3 3"}


def _number(value) -> float:
    return dt.date.fromisoformat(value).toordinal() if isinstance(value, str) else float(value)


class _Axis:
    def __init__(self, layout: dict):
        self.layout = layout
        self.low, self.high = (_number(end) for end in layout["range"])

    def at(self, value) -> float:
        """Share of the way from the start of the range to its end, in percent."""
        return (_number(value) - self.low) / (self.high - self.low) * 100

    @property
    def ticks(self) -> list[tuple[float, str]]:
        if self.layout.get("showticklabels") is False:
            return []
        return [(self.at(v), text) for v, text in zip(self.layout["tickvals"], self.layout["ticktext"], strict=True)]


def _paint(name: str, what: str) -> SafeString:
    """The attributes of a colour's name: @joint, or @joint/16 for 16 % of it."""
    colour, _, share = name.removeprefix("@").partition("/")
    faint = format_html(' {}-opacity="{}"', what, int(share) / 100) if share else ""
    return format_html('{}="var(--{})"{}', what, colour, faint)


def _pct(value: float) -> str:
    return f"{value:.2f}%"


def _joined(parts) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


@register.simple_tag
def still(figure: dict) -> SafeString:
    """The picture of a figure (a mapping of data and layout), as large as the element around it."""
    panels = [_panel(figure, number) for number in ("", "2") if f"xaxis{number}" in figure["layout"]]
    return format_html('<div class="still"><svg width="100%" height="100%">{}</svg></div>', _joined(panels))


def _panel(figure: dict, number: str) -> SafeString:
    layout = figure["layout"]
    x, y = _Axis(layout[f"xaxis{number}"]), _Axis(layout[f"yaxis{number}"])
    start, end = x.layout.get("domain", (0, 1))
    traces = [t for t in figure["data"] if t.get("xaxis", "x") == f"x{number}"]
    bars = [t for t in traces if t["type"] == "bar"]
    flat = any(t.get("orientation") == "h" for t in bars)
    parts = [
        *_frame(x, y),
        *(_stacked(bars, x, y) if flat else [bar for t in bars for bar in _upright(t, x, y)]),
        *(part for t in traces if t["type"] == "scatter" for part in _scatter(t, x, y)),
        *(_note(note, x, y) for note in layout.get("annotations", ()) if note.get("xref", "x") == f"x{number}"),
    ]
    return format_html(
        '<svg x="{}" width="{}" height="100%" overflow="visible">{}</svg>',
        _pct(start * 100), _pct((end - start) * 100), _joined(parts),
    )  # fmt: skip


def _frame(x: _Axis, y: _Axis) -> Iterator[SafeString]:
    """Grid and ticks."""
    for at, text in y.ticks:
        height = _pct(100 - at)
        if y.layout.get("showgrid", True):
            yield format_html('<line class="grid" x2="100%" y1="{0}" y2="{0}"/>', height)
        strong = format_html(' class="{}"', "ink") if y.layout.get("tickfont", {}).get("color") == "@ink" else ""
        yield format_html('<text{} x="0" y="{}" dx="-.1em" dy=".35em" text-anchor="end">{}</text>', strong, height, text)
    beside = x.layout.get("ticklabelposition") == "outside right"
    for at, text in x.ticks:
        anchor, shift = ("start", "0") if beside else ("middle", "0")
        yield format_html(
            '<text x="{}" y="100%" dx="{}" dy="1.15em" text-anchor="{}">{}</text>', _pct(at), shift, anchor, text
        )
    if x.layout.get("zeroline"):
        yield format_html('<line x1="{0}" x2="{0}" y2="100%" {1}/>', _pct(x.at(0)), _paint("@control", "stroke"))


def _each(value, number: int) -> list:
    return value if isinstance(value, list) else [value] * number


def _upright(trace: dict, x: _Axis, y: _Axis) -> Iterator[SafeString]:
    width = trace["width"] / DAY / (x.high - x.low) * 100
    zero = y.at(0)
    colours = _each(trace["marker"]["color"], len(trace["x"]))
    for day, value, colour in zip(trace["x"], trace["y"], colours, strict=True):
        if value:
            top = y.at(value)
            yield format_html(
                '<rect x="{}" y="{}" width="{}" height="{}" {}/>',
                _pct(x.at(day) - width / 2), _pct(100 - max(top, zero)), _pct(width), _pct(abs(top - zero)),
                _paint(colour, "fill"),
            )  # fmt: skip


def _stacked(traces: list[dict], x: _Axis, y: _Axis) -> Iterator[SafeString]:
    """Bars that lie, one after the other in each row."""
    reached: dict[float, float] = {}
    for trace in traces:
        thick = abs(y.at(trace["width"]) - y.at(0))
        for row, value, colour in zip(trace["y"], trace["x"], trace["marker"]["color"], strict=True):
            begin = reached.get(row, 0)
            reached[row] = begin + value
            if value:
                yield format_html(
                    '<rect class="cut" x="{}" y="{}" width="{}" height="{}" {}/>',
                    _pct(x.at(begin)), _pct(100 - y.at(row) - thick / 2), _pct(x.at(value) - x.at(0)), _pct(thick),
                    _paint(colour, "fill"),
                )  # fmt: skip


def _scatter(trace: dict, x: _Axis, y: _Axis) -> Iterator[SafeString]:
    points = [(x.at(a), 100 - y.at(b)) if b is not None else None for a, b in zip(trace["x"], trace["y"], strict=True)]
    if "lines" in trace["mode"]:
        line = trace["line"]
        dash = format_html(' stroke-dasharray="{}"', _DASHES[line["dash"]]) if "dash" in line else ""
        yield format_html(
            '<svg width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible">'
            '<path d="{}" {} stroke-width="{}"{}/></svg>',
            _path(points, stepped=line.get("shape") == "hv"), _paint(line["color"], "stroke"), line["width"], dash,
        )  # fmt: skip
    if "markers" in trace["mode"]:
        colours = _each(trace["marker"]["color"], len(points))
        for point, colour in zip(points, colours, strict=True):
            if point is not None:
                yield _mark(trace["marker"], colour, *point)


def _path(points: list[tuple[float, float] | None], *, stepped: bool) -> str:
    """A line through the points; where one is not known it breaks off."""
    steps, before = [], None
    for point in points:
        if point is not None:
            left, top = f"{point[0]:.2f}", f"{point[1]:.2f}"
            steps.append(f"M{left} {top}" if before is None else f"H{left}V{top}" if stepped else f"L{left} {top}")
        before = point
    return "".join(steps)


def _mark(marker: dict, colour: str, left: float, top: float) -> SafeString:
    line, size = marker.get("line", {}), marker.get("size", 6)
    if marker.get("symbol") == "line-ew":
        return format_html(
            '<svg x="{}" y="{}" overflow="visible"><line x1="{}" x2="{}" {} stroke-width="{}"/></svg>',
            _pct(left), _pct(top), -size * 0.7, size * 0.7, _paint(line["color"], "stroke"), line["width"],
        )  # fmt: skip
    hollow = marker.get("symbol") == "circle-open"
    fill = format_html('fill="{}"', "none") if hollow else _paint(colour, "fill")
    edge = colour if hollow else line.get("color", colour)
    return format_html(
        '<circle cx="{}" cy="{}" r="{}" {} {} stroke-width="{}"/>',
        _pct(left), _pct(top), size / 2, fill, _paint(edge, "stroke"), line.get("width", 1),
    )  # fmt: skip


def _note(note: dict, x: _Axis, y: _Axis) -> SafeString:
    """Words beside a point. Shifts are in pixels, upwards."""
    kind = "strong" if note["font"].get("weight") == 600 else "ink" if note["font"]["color"] == "@ink" else ""
    return format_html(
        '<text class="{}" x="{}" y="{}" dx="{}" dy="{}" text-anchor="start">{}</text>',
        kind, _pct(x.at(note["x"])), _pct(100 - y.at(note["y"])), note.get("xshift", 0) + 2, 4 - note.get("yshift", 0),
        note["text"],
    )  # fmt: skip
