"""The sign-in, as people meet it."""

import pytest

from demo.people import PASSPHRASE

COMPANY = "small"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_wrong_then_right(open_page, axe, theme):
    page = open_page("/", who=None, color_scheme=theme)
    assert "/sign-in/?next=/" in page.url
    assert axe(page) == {}
    page.fill("#id_username", "maya@demo.tandem.example")
    page.fill("#id_password", "not the passphrase")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-error:focus")
    assert page.evaluate("document.activeElement.id") == "sign-in-error"
    assert page.input_value("#id_username") == "maya@demo.tandem.example"
    assert axe(page) == {}
    page.fill("#id_password", PASSPHRASE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#one")
    page.locator(".me").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.goto(page.url.replace("/sign-in/", "/"))
    assert "/sign-in/" in page.url


def test_after_five_wrong_tries_the_page_says_how_long_to_wait(open_page, axe):
    page = open_page("/sign-in/", who=None, expected="429")
    for _ in range(5):
        page.fill("#id_username", "nobody@example.com")
        page.fill("#id_password", "wrong again and again")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert "15 minutes" in page.inner_text("main")
    assert axe(page) == {}


def test_the_small_company_reads_deals_by_name_and_counts(open_page, axe):
    """Few wins: no share is ranked, the year counts, the deals have names (X13)."""
    page = open_page("/")
    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
