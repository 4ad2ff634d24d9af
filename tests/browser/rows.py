"""What the walks of the lead pages share."""

import time

from playwright.sync_api import Error

from leads.models import Lead


def first_lead(**filters) -> Lead:
    """The newest lead; the tests read the same database as the server."""
    return Lead.objects.filter(merged_into=None, voided=False, **filters).order_by("-created_at").first()


def until(page, holds: str) -> None:
    """Wait until an expression of the page is true. Playwright's own wait would need `eval`, which our policy refuses."""
    end = time.monotonic() + 10
    while not _holds(page, holds):
        assert time.monotonic() < end, holds
        page.wait_for_timeout(50)


def _holds(page, expression: str) -> bool:
    try:
        return page.evaluate(expression)
    except Error:  # the page is being left
        return False
