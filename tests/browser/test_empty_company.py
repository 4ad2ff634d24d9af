"""A company without a lead yet: the page says what will appear and what to do."""

import pytest

COMPANY = "empty"


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_an_empty_company_gets_a_page_that_reads(open_page, axe, theme, width):
    page = open_page("/", width=width, color_scheme=theme)
    assert "No lead has started in this period yet" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(page) == {}
