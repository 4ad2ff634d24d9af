"""How values look: numbers, money, time, team marks and the small drawings that the server makes.

Filters are pure. Unknown (None, NaN) is a dash, never 0 and never blank; `dash` adds the reason.
Amounts are integers in minor units; shares are ratios (0.273), durations are seconds.
"""

import datetime as dt
import functools
import math
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from core.money import exponent

register = template.Library()

DASH = "–"
MINUS = "−"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "BRL": "R$"}
SCALES = [(Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k")]


# --- numbers ------------------------------------------------------------------------------------------------


def _known(value) -> bool:
    return value is not None and not isinstance(value, str) and math.isfinite(value)


def _rounded(value, decimals: int) -> Decimal:
    """The number as people write it, rounded half to even at the shown place (as everywhere in core.money)."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def _number(value: Decimal, decimals: int) -> str:
    """With thousands separators and a real minus; what rounds to nothing has no sign."""
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and text.strip("0.,") else text


def _with_currency(text: str, currency: str) -> str:
    """Sign first, then the symbol: −€190k. Currencies without a symbol of ours show their code: CHF 190k."""
    sign, digits = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    symbol = SYMBOLS.get(currency) or f"{currency}\N{NO-BREAK SPACE}"
    return f"{sign}{symbol}{digits}"


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


@register.filter
def count(value) -> str:
    """4180 -> 4,180"""
    return _number(_rounded(value, 0), 0) if _known(value) else DASH


@register.filter
def decimal(value, decimals=1) -> str:
    """2.88 -> 2.9; for averages and values of a fixed unit."""
    return _number(_rounded(value, decimals), decimals) if _known(value) else DASH


@register.filter
def money(minor, currency) -> str:
    """6120000 -> €61,200; the minor unit shows only when there is one."""
    if not _known(minor):
        return DASH
    amount = _major(minor, currency)
    return _with_currency(_number(amount, 0 if amount == amount.to_integral_value() else exponent(currency)), currency)


@register.filter
def money_short(minor, currency) -> str:
    """Three significant digits: €1.42M, €190k, €61.2k, €612; below 100 with its minor unit: €0.70."""
    if not _known(minor):
        return DASH
    amount = _major(minor, currency)
    for scale, letter in SCALES:
        # 999,600 is nearer to 1.00M than to 1,000k.
        if abs(amount) < scale * Decimal("0.9995"):
            continue
        scaled = amount / scale
        decimals = 2 if abs(scaled) < Decimal("9.995") else 1 if abs(scaled) < Decimal("99.95") else 0
        return _with_currency(_number(_rounded(scaled, decimals), decimals) + letter, currency)
    decimals = 0 if amount == amount.to_integral_value() or abs(amount) >= 100 else exponent(currency)
    return _with_currency(_number(_rounded(amount, decimals), decimals), currency)


@register.filter
def share(ratio, decimals=1) -> str:
    """0.273 -> 27.3, for a column headed "%"."""
    return _number(_rounded(Decimal(str(ratio)) * 100, decimals), decimals) if _known(ratio) else DASH


@register.filter
def percent(ratio, decimals=1) -> str:
    """0.273 -> 27.3%; `percent:0` in running text: 70%."""
    return f"{share(ratio, decimals)}%" if _known(ratio) else DASH


def digits_short_of(ratio, promised) -> int:
    """Decimals at which a share does not look like the one that it falls short of: 84.8% / 85.0%, not 85% / 85%."""
    if not (_known(ratio) and _known(promised) and ratio < promised):
        return 0
    return next((places for places in range(2) if share(ratio, places) != share(promised, places)), 2)


def _plus(text: str) -> str:
    """A sign in front of anything that is not nothing."""
    return text if text.startswith((MINUS, DASH)) or not any(char in "123456789" for char in text) else f"+{text}"


@register.filter
def signed(value, decimals=0) -> str:
    """51 -> +51, -5 -> −5, 0 -> 0"""
    return _plus(decimal(value, decimals))


@register.filter
def signed_money(minor, currency) -> str:
    """-19000000 -> −€190k"""
    return _plus(money_short(minor, currency))


@register.filter
def points(ratio, decimals=0) -> str:
    """Difference of two shares: -0.05 -> −5 pt"""
    return f"{_plus(share(ratio, decimals))} pt" if _known(ratio) else DASH


@register.filter
def magnitude(value):
    """Without its sign, where a word says the direction: "€190k behind plan"."""
    return abs(value) if _known(value) else None


@register.filter
def arrow(value) -> str:
    """▲ up, ▼ down, nothing for no change: the direction only; a word gives the judgement."""
    if not _known(value) or value == 0:
        return ""
    direction, name = ("▲", "up") if value > 0 else ("▼", "down")
    return format_html('<span class="arrow" aria-hidden="true">{}</span><span class="sr">{} </span>', direction, name)


@register.filter
def dash(value, reason) -> str:
    """The value, or a dash that says why there is none, on hover, on focus and to a screen reader."""
    if value is not None and value != DASH:
        return value
    return format_html(
        '<span class="na" title="{0}" tabindex="0"><span aria-hidden="true">–</span><span class="sr">{0}</span></span>',
        reason,
    )


# --- time ---------------------------------------------------------------------------------------------------


def _few_digits(value: Decimal) -> str:
    """One decimal below ten, none above: 2.9, 34."""
    return _number(_rounded(value, 1), 1) if abs(_rounded(value, 1)) < 10 else _number(_rounded(value, 0), 0)


@register.filter
def days(value) -> str:
    """2.88 -> 2.9 d, 34.2 -> 34 d"""
    return f"{_few_digits(Decimal(str(value)))} d" if _known(value) else DASH


@register.filter
def duration(value) -> str:
    """Seconds or a timedelta: under 1 min, 45 min, 14 h, 2.9 d, 6 weeks."""
    if isinstance(value, dt.timedelta):
        value = value.total_seconds()
    if not _known(value):
        return DASH
    sign = MINUS if value < 0 else ""
    seconds = Decimal(str(abs(value)))
    if seconds < 60:
        return "under 1 min"
    minutes, hours, whole_days = seconds / 60, seconds / 3600, seconds / 86400
    if _rounded(minutes, 0) < 60:
        return f"{sign}{_rounded(minutes, 0)} min"
    if _rounded(hours, 0) < 48:
        return f"{sign}{_rounded(hours, 0)} h"
    if whole_days < 42:
        return f"{sign}{_few_digits(whole_days)} d"
    return f"{sign}{_number(_rounded(whole_days / 7, 0), 0)} weeks"


def day_words(day: dt.date, today: dt.date) -> str:
    """today, yesterday, tomorrow, 27 Aug; with the year only when it is another one."""
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((day - today).days)
    return near or (f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}")


@register.filter
def local_time(instant, zone, now=None) -> str:
    """An aware instant in the company's zone: today 14:20, yesterday 18:00, 27 Aug; the exact time in the title."""
    if instant is None:
        return DASH
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    local, today = instant.astimezone(zone), (now or timezone.now()).astimezone(zone).date()
    words = day_words(local.date(), today)
    if abs((local.date() - today).days) <= 1:
        words = f"{words} {local:%H:%M}"
    exact = f"{local.day} {local:%b %Y, %H:%M %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="minutes"), exact, words)


# --- people and places --------------------------------------------------------------------------------------


@register.filter
def initials(name) -> str:
    """Maya Klein -> MK, jonas@example.com -> J"""
    parts = [part for part in str(name or "").replace("@", " @").split() if part[0].isalnum()]
    return (parts[0][0] + parts[-1][0] if len(parts) > 1 else parts[0][0] if parts else "?").upper()


# --- drawings -----------------------------------------------------------------------------------------------

MARKS = {
    "marketing": format_html('<circle cx="{0}" cy="{0}" r="{0}"/>', 6),
    "sales": format_html('<rect x="{0}" y="{0}" width="{1}" height="{1}"/>', "0.5", 11),
    "joint": format_html('<path d="{}"/>', "M6-.6 12.6 6 6 12.6-.6 6z"),
    "plan": format_html('<circle cx="{0}" cy="{0}" r="{1}"/>', 6, "4.8"),
}
TEAM_WORDS = {"marketing": "Marketing", "sales": "Sales", "joint": "Both teams"}

STATUSES = {
    "kept": ("kept", "Kept", "quiet"),
    "at_risk": ("at-risk", "At risk", "alert"),
    "missed": ("missed", "Missed", "alert"),
    "on_plan": ("kept", "On plan", "quiet"),
    "off_plan": ("missed", "Off plan", "alert"),
    "open": ("clock", "Open", "quiet"),
}


@register.simple_tag
@functools.cache  # a board has hundreds of them
def icon(name) -> str:
    """An icon of static/icons.svg, without a name: the word beside it or the button's label says what it means."""
    return format_html(
        '<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.simple_tag
@functools.cache
def team_mark(team) -> str:
    """Circle marketing, square sales, diamond both, hollow circle plan."""
    return format_html('<svg class="tm t-{}" viewBox="0 0 12 12" aria-hidden="true">{}</svg>', team, MARKS[team])


@register.filter
def team_word(team) -> str:
    return TEAM_WORDS[team]


@register.simple_tag
def status(name, word=None) -> str:
    """Icon and word of a promise or plan state: kept, at_risk, missed, on_plan, off_plan, open."""
    icon_name, default, tone = STATUSES[name]
    return format_html('<span class="st st-{} st-{}">{}{}</span>', tone, name, icon(icon_name), word or default)


def _percent_of(value, scale) -> str:
    """Position on a scale as an SVG length, kept inside the drawing."""
    return f"{min(max(float(value) / float(scale) * 100, 0), 100):.1f}%"


def _tick(text, at: str, anchor: str) -> str:
    return format_html('<text x="{}" y="42" text-anchor="{}">{}</text>', at, anchor, text) if text else ""


@register.simple_tag
def bullet(value, plan, scale, team, end=None, large=False, plan_label="", end_label="") -> str:
    """Actual as a bar, plan (and the plan at the period's end) as hollow marks; the values stand beside it in text.

    Only the large form has room for labels below the marks.
    """
    height, top, bar, radius = (26, 8, 10, 6.5) if large else (14, 4, 6, 4)
    drawable = _known(scale) and scale > 0
    parts = [format_html('<rect class="bg" y="{}" width="100%" height="{}"/>', top, bar)]
    if drawable and _known(value):
        length = _percent_of(value, scale)
        parts.append(format_html('<rect class="fg t-{}" y="{}" width="{}" height="{}"/>', team, top, length, bar))
    parts += [
        format_html('<circle class="mk" cx="{}" cy="{}" r="{}"/>', _percent_of(mark, scale), top + bar // 2, radius)
        for mark in (plan, end)
        if drawable and _known(mark)
    ]
    name = format_html('aria-hidden="{}"', "true")
    if large and drawable and (plan_label or end_label):
        height = 46
        # The label of the period's end keeps the right third; the other one stays clear of it.
        at = float(_percent_of(plan, scale)[:-1]) if _known(plan) else 0
        anchor = "start" if at < 22 else "middle" if at < 45 else "end"
        parts.append(_tick(plan_label, f"{min(at + 3, 60) if anchor == 'end' else at:.1f}%", anchor))
        parts.append(_tick(end_label, "100%", "end"))
        words = ", ".join(label for label in (plan_label, end_label) if label)
        name = format_html('role="img" aria-label="{}"', words)
    drawing = format_html_join("", "{}", ((part,) for part in parts))
    return format_html('<svg class="bul" width="100%" height="{}" {}>{}</svg>', height, name, drawing)


def _row_parts(row) -> tuple:
    return (row["value"], row["team"]) if isinstance(row, dict) else tuple(row)[:2]


@register.simple_tag
def silhouette(rows) -> str:
    """The funnel's outline beside its table: one row of 20 units per stage, a bar of 13 and a grey join to the next.

    `rows` are (value, team) or mappings with these keys, in the table's order; a row of the table that is
    no stage is (None, team) and keeps its place empty. All values stand in the table.
    """
    shapes = [_row_parts(row) for row in rows]
    largest = max((value for value, _ in shapes if _known(value)), default=0)
    # A stage with few leads stays a visible line.
    widths = [max(value / largest * 100, 1.2 if value else 0) if _known(value) and largest else None for value, _ in shapes]
    parts = []
    for index, (width, (_, team)) in enumerate(zip(widths, shapes, strict=True)):
        if width is None:
            continue
        top = index * 20
        below = widths[index + 1] if index + 1 < len(widths) else None
        if below is not None:
            left, right, end_left, end_right = 50 - width / 2, 50 + width / 2, 50 - below / 2, 50 + below / 2
            start, stop = top + 16.5, top + 23.5
            corners = ((left, start), (right, start), (end_right, stop), (end_left, stop))
            edge = " ".join(f"{x:.2f},{y:.1f}" for x, y in corners)
            parts.append(format_html('<polygon class="join" points="{}"/>', edge))
        parts.append(
            format_html(
                '<rect class="t-{}" x="{}" y="{}" width="{}" height="13"/>',
                team,
                f"{50 - width / 2:.2f}",
                f"{top + 3.5:.1f}",
                f"{width:.2f}",
            )
        )
    return format_html(
        '<svg class="sil" viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        max(len(shapes), 1) * 20,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


@register.simple_tag
def sparkline(values, team="joint", width=80, height=20, label="") -> str:
    """A line of equally spaced values with a dot at the last one; an unknown value leaves a gap.

    Without a label it is decoration beside its numbers; with one it is a picture with that name.
    """
    values = list(values)
    known = [value for value in values if _known(value)]
    low, high = (min(known), max(known)) if known else (0, 0)

    def place(index, value):
        x = 3 + (width - 6) * (index / (len(values) - 1) if len(values) > 1 else 1)
        y = height / 2 if high == low else 3 + (height - 6) * (1 - (value - low) / (high - low))
        return f"{x:.1f}", f"{y:.1f}"

    runs, run = [], []
    for index, value in enumerate(values):
        if _known(value):
            run.append(place(index, value))
        elif run:
            runs, run = [*runs, run], []
    runs = [*runs, run] if run else runs
    lines = format_html_join(
        "", '<polyline class="ln" points="{}"/>', ((" ".join(",".join(at) for at in part),) for part in runs)
    )
    end = format_html('<circle class="t-{}" cx="{}" cy="{}" r="2.4"/>', team, *runs[-1][-1]) if runs else ""
    name = format_html('role="img" aria-label="{}"', label) if label else format_html('aria-hidden="{}"', "true")
    return format_html(
        '<svg class="spark s-{}" width="{}" height="{}" viewBox="0 0 {} {}" {}>{}{}</svg>',
        team, width, height, width, height, name, lines, end,
    )  # fmt: skip
