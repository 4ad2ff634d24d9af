"""Formats of numbers, money and time, and the drawings of the server (core/templatetags/display.py)."""

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils.safestring import SafeString

from core.templatetags import display, navigation

BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)


def render(source, **context):
    return Template("{% load display %}" + source).render(Context(context))


def parse(svg):
    """Well-formed, or ElementTree raises."""
    return ElementTree.fromstring(svg)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(4180, "4,180"), (0, "0"), (-5, "−5"), (1234567, "1,234,567"), (None, "–"), (float("nan"), "–")],
)
def test_count(value, expected):
    assert display.count(value) == expected


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (6_120_000, "EUR", "€61,200"),
        (6_120_050, "EUR", "€61,200.50"),
        (-19_000_000, "USD", "−$190,000"),
        (500_000, "JPY", "JPY\u00a0500,000"),
        (1_234_567, "KWD", "KWD\u00a01,234.567"),
        (100, "BRL", "R$1"),
        (0, "GBP", "£0"),
        (None, "EUR", "–"),
    ],
)
def test_money_in_full(minor, currency, expected):
    assert display.money(minor, currency) == expected


@pytest.mark.parametrize(
    ("minor", "expected"),
    [
        (142_000_000, "€1.42M"),
        (19_000_000, "€190k"),
        (6_120_000, "€61.2k"),
        (61_200, "€612"),
        (70, "€0.70"),
        (6_100, "€61"),
        (-19_000_000, "−€190k"),
        (99_949_999, "€999k"),
        (99_950_000, "€1.00M"),
        (99_960_000, "€1.00M"),
        (99_940, "€999"),
        (99_990, "€1.00k"),
        (999_400, "€9.99k"),
        (999_600, "€10.0k"),
        (9_996_000, "€100k"),
        (250_000_000_000, "€2.50B"),
        (0, "€0"),
        (None, "–"),
    ],
)
def test_short_money_has_three_significant_digits(minor, expected):
    assert display.money_short(minor, "EUR") == expected


def test_short_money_respects_the_minor_unit_of_the_currency():
    assert display.money_short(500_000, "JPY") == "JPY\u00a0500k"


def test_shares_and_points():
    assert display.share(0.273) == "27.3"
    assert display.share(1.05, 0) == "105"
    assert display.percent(0.273) == "27.3%"
    assert display.percent(0.7, 0) == "70%"
    assert display.points(-0.05) == "−5 pt"
    assert display.points(0.0125, 1) == "+1.2 pt"


@pytest.mark.parametrize("name", ["share", "percent", "points", "signed", "decimal", "days", "duration", "count"])
def test_unknown_is_a_dash_and_never_zero(name):
    assert getattr(display, name)(None) == "–"
    assert getattr(display, name)(float("inf")) == "–"


@pytest.mark.parametrize(
    ("value", "expected"), [(51, "+51"), (-5, "−5"), (0, "0"), (0.2, "0"), (-0.2, "0"), (1200, "+1,200")]
)
def test_signed_uses_a_real_minus_and_no_sign_for_nothing(value, expected):
    assert display.signed(value) == expected


def test_signed_money():
    assert display.signed_money(-19_000_000, "EUR") == "−€190k"
    assert display.signed_money(5_200_000, "EUR") == "+€52.0k"
    assert display.signed_money(0, "EUR") == "€0"
    assert display.signed_money(None, "EUR") == "–"


def test_arrow_says_the_direction_in_a_word_too():
    assert "▼" in display.arrow(-3) and "down" in display.arrow(-3)
    assert "▲" in display.arrow(0.1) and "up" in display.arrow(0.1)
    assert display.arrow(0) == display.arrow(None) == ""


def test_magnitude_leaves_the_sign_to_a_word():
    assert render("{{ gap|magnitude|money_short:'EUR' }} behind plan", gap=-19_000_000) == "€190k behind plan"
    assert display.magnitude(None) is None


@pytest.mark.parametrize(
    ("value", "expected"), [(2.88, "2.9 d"), (6, "6.0 d"), (9.97, "10 d"), (34.2, "34 d"), (0, "0.0 d")]
)
def test_days(value, expected):
    assert display.days(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (45 * 60, "45 min"),
        (59.6 * 60, "1 h"),
        (14 * 3600, "14 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2.0 d"),
        (2.9 * 86400, "2.9 d"),
        (34 * 86400, "34 d"),
        (42 * 86400, "6 weeks"),
        (-45 * 60, "−45 min"),
        (dt.timedelta(hours=14), "14 h"),
    ],
)
def test_duration(seconds, expected):
    assert display.duration(seconds) == expected


def test_dash_gives_the_reason_and_escapes_it():
    html = display.dash(None, "no plan for <this> segment")
    assert isinstance(html, SafeString)
    assert 'title="no plan for &lt;this&gt; segment"' in html
    assert 'tabindex="0"' in html
    assert display.dash("27.3", "unused") == "27.3"
    assert display.dash(0, "unused") == 0
    assert "no target" in render("{{ value|share|dash:'no target' }}", value=None)


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (dt.datetime(2026, 9, 1, 4, 0, tzinfo=dt.UTC), "today 06:00"),
        # 22:30 UTC is already the next day in Berlin.
        (dt.datetime(2026, 8, 31, 22, 30, tzinfo=dt.UTC), "today 00:30"),
        (dt.datetime(2026, 8, 31, 16, 0, tzinfo=dt.UTC), "yesterday 18:00"),
        (dt.datetime(2026, 9, 2, 7, 0, tzinfo=dt.UTC), "tomorrow 09:00"),
        (dt.datetime(2026, 8, 27, 10, 0, tzinfo=dt.UTC), "27 Aug"),
        (dt.datetime(2025, 8, 27, 10, 0, tzinfo=dt.UTC), "27 Aug 2025"),
    ],
)
def test_local_time(instant, words):
    html = display.local_time(instant, BERLIN, now=NOW)
    assert f">{words}</time>" in html


def test_local_time_keeps_the_exact_time_with_its_zone():
    html = display.local_time(dt.datetime(2026, 8, 27, 12, 20, tzinfo=dt.UTC), "Europe/Berlin", now=NOW)
    assert 'title="27 Aug 2026, 14:20 CEST"' in html
    assert 'datetime="2026-08-27T14:20+02:00"' in html
    assert display.local_time(None, BERLIN) == "–"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Maya Klein", "MK"), ("Anna Maria Brandt", "AB"), ("jonas@example.com", "J"), ("", "?"), (None, "?"), ("@", "?")],
)
def test_initials(name, expected):
    assert display.initials(name) == expected


def test_team_marks_differ_in_shape():
    shapes = [parse(display.team_mark(team))[0].tag for team in ("marketing", "sales", "joint")]
    assert shapes == ["circle", "rect", "path"]
    with pytest.raises(KeyError):
        display.team_mark("finance")


def test_status_has_icon_and_word():
    html = display.status("at_risk")
    assert "st-alert" in html and "#at-risk" in html and "At risk" in html
    assert "<b>" not in display.status("kept", "<b>Kept</b>")


def test_bullet_draws_actual_and_both_plans():
    svg = parse(display.bullet(142, 161, 258, "joint", end=250, large=True))
    assert [(part.tag, part.get("width")) for part in svg if part.tag == "rect"] == [
        ("rect", "100%"),
        ("rect", "55.0%"),
    ]
    assert [part.get("cx") for part in svg if part.tag == "circle"] == ["62.4%", "96.9%"]


def test_bullet_labels_its_marks_where_there_is_room():
    drawn = display.bullet(142, 161, 258, "joint", end=250, large=True, plan_label="Plan <1.61>", end_label="Quarter 2.50")
    svg = parse(drawn)
    assert svg.get("aria-label") == "Plan <1.61>, Quarter 2.50"
    labels = [(part.text, part.get("x"), part.get("text-anchor")) for part in svg if part.tag == "text"]
    assert labels == [("Plan <1.61>", "60.0%", "end"), ("Quarter 2.50", "100%", "end")]
    early = parse(display.bullet(1, 10, 100, "joint", large=True, plan_label="Plan"))
    assert [(part.get("x"), part.get("text-anchor")) for part in early if part.tag == "text"] == [("10.0%", "start")]


def test_bullet_stays_inside_and_draws_nothing_for_unknown():
    assert parse(display.bullet(500, None, 100, "sales"))[1].get("width") == "100.0%"
    assert parse(display.bullet(-5, None, 100, "sales"))[1].get("width") == "0.0%"
    assert len(parse(display.bullet(None, None, 100, "sales"))) == 1
    assert len(parse(display.bullet(5, 5, 0, "sales"))) == 1


def test_silhouette_bars_are_centred_and_joined():
    svg = parse(display.silhouette([(4180, "marketing"), {"value": 1045, "team": "sales"}]))
    bars = [part for part in svg if part.tag == "rect"]
    assert [(bar.get("x"), bar.get("width"), bar.get("class")) for bar in bars] == [
        ("0.00", "100.00", "t-marketing"),
        ("37.50", "25.00", "t-sales"),
    ]
    joins = [part.get("points") for part in svg if part.tag == "polygon"]
    assert joins == ["0.00,16.5 100.00,16.5 62.50,23.5 37.50,23.5"]
    assert svg.get("viewBox") == "0 0 100 40"


def test_silhouette_of_nothing_and_of_unknown_stages():
    assert len(parse(display.silhouette([]))) == 0
    assert len(parse(display.silhouette([(0, "sales"), (0, "sales")]))) == 0
    svg = parse(display.silhouette([(10, "sales"), (None, "sales"), (5, "sales")]))
    assert [part.tag for part in svg] == ["rect", "rect"]


def test_sparkline_leaves_a_gap_for_the_unknown():
    svg = parse(display.sparkline([1, 2, None, 3, 5], width=86, height=26))
    lines = [part.get("points") for part in svg if part.tag == "polyline"]
    assert lines == ["3.0,23.0 23.0,18.0", "63.0,13.0 83.0,3.0"]
    assert (svg[-1].tag, svg[-1].get("cx"), svg[-1].get("cy")) == ("circle", "83.0", "3.0")


def test_sparkline_of_one_value_of_equal_values_and_of_none():
    assert parse(display.sparkline([7]))[-1].get("cy") == "10.0"
    assert parse(display.sparkline([7, 7]))[0].get("points") == "3.0,10.0 77.0,10.0"
    assert len(parse(display.sparkline([None, None]))) == 0
    assert parse(display.sparkline([1, 2], label="Up <2>")).get("aria-label") == "Up <2>"


def test_main_nav_prefers_the_views_own_entries():
    own = [{"label": "Leads", "url": "/leads/", "icon": "leads", "current": True}]
    assert navigation.main_nav({"nav": own}) == own


def test_main_nav_leaves_out_places_without_a_page(monkeypatch):
    monkeypatch.setattr(navigation, "PLACES", [("no_such_page", "Nowhere", "leads"), ("sign_in", "Sign in", "leads")])
    entry = {
        "label": "Sign in",
        "url": "/sign-in/",
        "icon": "leads",
        "current": False,
        "rare": False,
        "count": "",
        "perm": "",
    }
    assert navigation.main_nav({}) == [entry]


def test_every_icon_in_use_is_in_the_sprite():
    root = Path(settings.BASE_DIR)
    known = set(re.findall(r'<symbol id="([^"]+)"', (root / "static" / "icons.svg").read_text()))
    used = {name for name, _, _ in display.STATUSES.values()} | {name for _, _, name in navigation.PLACES}
    for path in (root / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([^"]+)" %}', path.read_text()))
    assert used <= known


def test_vendored_files_are_the_ones_named_in_their_list():
    import hashlib

    folder = Path(settings.BASE_DIR) / "static" / "vendor"
    listed = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", (folder / "README.md").read_text(), re.M))
    found = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in folder.iterdir()}
    found.pop(hashlib.sha256((folder / "README.md").read_bytes()).hexdigest())
    assert found == listed


def test_pages_carry_no_inline_style_or_script():
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        source = path.read_text()
        assert not re.search(r'\sstyle="|<style|<script>|\son[a-z]+="', source), path.name
