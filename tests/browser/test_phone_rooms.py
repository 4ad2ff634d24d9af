"""What a phone shows of the console and of the models: the place where we are, both versions of a difference, the title."""

import pytest

COMPANY = "full"
ONLY_LOOKS = True

WHERE = """() => {
  const here = document.querySelector('.rooms [aria-current]').getBoundingClientRect();
  return [here.left, here.right, window.innerWidth, window.scrollY];
}"""


@pytest.mark.parametrize("place", ["words", "targets", "people", "history"])
def test_the_strip_of_the_console_shows_the_current_place(open_page, place):
    page = open_page(f"/console/{place}/", width=390, height=844, who="ines@demo.tandem.example")
    left, right, wide, down = page.evaluate(WHERE)
    assert 0 <= left < right <= wide
    assert down == 0  # only the strip has moved


def test_a_place_at_the_start_of_the_strip_leaves_it_where_it_is(open_page):
    page = open_page("/console/", width=390, height=844)
    assert page.evaluate("document.querySelector('.rooms').scrollLeft") == 0


def test_both_versions_of_a_difference_fit_a_phone(open_page, axe):
    page = open_page("/console/compare/?a=1&b=2", width=390, height=844)
    assert page.locator(".diff").count() > 1
    cut = "(regions) => regions.filter((r) => r.scrollWidth > r.clientWidth).map((r) => r.getAttribute('aria-label'))"
    assert page.eval_on_selector_all(".scroll:has(.diff)", cut) == []
    last = page.locator(".diff tbody td:last-child").first.bounding_box()
    assert last["width"] > 120 and last["x"] + last["width"] <= 390
    assert axe(page) == {}


@pytest.mark.parametrize("width", [390, 320])
def test_the_title_of_the_models_has_the_room_of_its_card(open_page, width):
    page = open_page("/returns/models/?period=all", width=width, height=844)
    title, tab = (page.locator(f".returns > header {what}").first.bounding_box() for what in ("h2", ".places a"))
    assert title["width"] > 0.75 * width
    assert tab["height"] <= 48 and tab["y"] >= title["y"] + title["height"]


def test_numbers_of_decisions_stand_below_each_other(open_page):
    page = open_page("/returns/?period=all")
    page.goto(page.url.split("/returns")[0] + "/returns/channels/1/?period=all")
    rights = page.eval_on_selector_all(
        ".said .lines li:has(> b + .mut) b", "(all) => all.map((b) => Math.round(b.getBoundingClientRect().right))"
    )
    assert len(rights) > 1 and len(set(rights)) == 1
