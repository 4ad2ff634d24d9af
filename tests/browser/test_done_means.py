"""What “done” means for every screen, as far as a machine can judge: sizes, themes, zoom, forced colours, text, calm."""

import pytest

from tests.browser.conftest import settle
from tests.browser.looking import LOST_MARKS, SIZES, TOO_SMALL, TOO_WIDE, WIDTHS, main_screens, other_screens

COMPANY = "full"
ONLY_LOOKS = True
THEMES = ("light", "dark")
TWO_LOOKS = [(1440, "light"), (390, "dark")]
# The other screens are many: a test for each part of them stays well within the time that one test has.
PARTS = 3
# Of the whole height of a window that parts may move while a page comes up.
STILL = 0.05


@pytest.fixture
def visit(open_page, site):
    """`visit(screen)`: one page per reader, led from screen to screen."""
    pages = {}

    def go(screen):
        if screen.who not in pages:
            pages[screen.who] = open_page(screen.path, who=screen.who, expected="the server responded with a status of 40")
        page = pages[screen.who]
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light", forced_colors="none")
        assert page.goto(site + screen.path).status == screen.status, screen.path
        settle(page)
        return page

    return go


def faults(visit, axe, screens, looks) -> dict[str, object]:
    """What is wrong with which screen in which look."""
    found = {}
    for name, screen in screens.items():
        page = visit(screen)
        moved = page.evaluate("window.moved")
        if moved > STILL:
            found[f"{name}: moved while it came up"] = round(moved, 3)
        for width, theme in looks:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": SIZES[width]})
            settle(page)
            found |= {f"{name} {width} {theme}: {rule}": nodes for rule, nodes in axe(page).items()}
            found |= {f"{name} {width} {theme}: too wide by": by for by in [page.evaluate(TOO_WIDE)] if by > 0}
            found |= {f"{name} {width} {theme}: too small": texts for texts in [page.evaluate(TOO_SMALL)] if texts}
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            found |= {f"{name} {width}: too wide by": by for by in [page.evaluate(TOO_WIDE)] if by > 0}
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light", forced_colors="active")
        found |= {f"{name}: lost with forced colours": marks for marks in [page.evaluate(LOST_MARKS)] if marks}
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_the_main_screens_hold_in_every_size_and_theme(visit, axe, theme):
    assert faults(visit, axe, main_screens(), [(width, theme) for width in SIZES]) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_all_other_screens_hold(visit, axe, part):
    screens = dict(list(other_screens().items())[part::PARTS])
    assert faults(visit, axe, screens, TWO_LOOKS) == {}
