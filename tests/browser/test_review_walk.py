"""A whole review from preparation to recap: a facilitator with the remote, a wall, and two participants on their phones."""

import datetime as dt

import pytest

from accounts.models import User
from core.models import OutgoingMessage
from reviews.models import Review, ReviewIssue
from reviews.parts import STEPS
from reviews.services import open_room
from reviews.services.cadence import Settings, set_series
from reviews.services.preparing import prepare_due
from tests.browser.looking import TOO_SMALL, TOO_WIDE

COMPANY = "small"
OWNER, MARKETING, SALES, ADMIN = (f"{name}@demo.tandem.example" for name in ("maya", "jonas", "clara", "ines"))
PATIENCE = 60_000  # milliseconds, for a busy machine; how fast screens follow is script/bench room's matter
CARDS = (
    (MARKETING, "Feedback on a lead comes after the campaign has ended."),
    (SALES, "The form asks for no telephone number, so the first call is late."),
    (SALES, "Two meanings of a budget are in use."),
)
# Text of less than 22 px would not be readable from 5 m on a usual screen.
UNREADABLE = TOO_SMALL.replace("11.99", "21.9")
CUT_OFF = """
  () => [...document.querySelectorAll('.wall .step, .wall main, html')]
    .filter((box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1)
    .map((box) => `${box.tagName} ${box.scrollWidth}x${box.scrollHeight} > ${box.clientWidth}x${box.clientHeight}`)
"""


@pytest.fixture
def review(site):
    """Prepared by the worker's job, to begin in half an hour."""
    people = {who: User.objects.get(email=who) for who in (OWNER, MARKETING, SALES, ADMIN)}
    now = dt.datetime.now(dt.UTC)
    at = (now + dt.timedelta(minutes=30)).replace(second=0, microsecond=0)
    name = f"Walk {Review.objects.count()}"
    settings = Settings(name, "weekly", at.weekday(), 1, at.time(), "UTC", 50, 120)
    set_series(series=None, settings=settings, members=list(people.values()), facilitators=[people[OWNER]], now=now)
    prepare_due(now=now)
    return Review.objects.get(series__name=name, state=Review.State.PREPARED)


@pytest.fixture
def screens(open_page, review):
    """`screens(who)`: that person's page of the review; a wall and a remote by their names."""

    def of(what: str, **options):
        paths = {"wall": ("wall/", ADMIN, 1920, 1080), "remote": ("steer/", OWNER, 1440, 900)}
        path, who, width, height = paths.get(what, ("", what, 390, 844))
        page = open_page(f"/review/{review.pk}/{path}", who=who, width=width, height=height, **options)
        page.set_default_timeout(PATIENCE)
        return page

    return of


def title(page) -> str:
    return page.inner_text("#panel h2")


def follow(pages, step: str) -> None:
    for page in pages:
        page.wait_for_selector(f'#panel [data-step="{step}"] h2')


def press(page, label: str, inside: str = "#panel") -> None:
    page.locator(inside).get_by_role("button", name=label).first.click()


def take_ballot(page) -> None:
    """The first vote of a review asks for the ballot; it serves for the others, too."""
    page.locator("#panel").get_by_role("button", name="Take my ballot").click()


def nothing_is_wrong(axe, step: str, **pages) -> None:
    found = {name: axe(page) for name, page in pages.items()}
    assert found == dict.fromkeys(pages, {}), step
    wall = pages["wall"]
    assert (wall.evaluate(CUT_OFF), wall.evaluate(UNREADABLE)) == ([], []), step
    assert [pages[name].evaluate(TOO_WIDE) for name in ("seat", "remote")] == [0, 0], step


def test_from_the_preparation_to_the_recap(screens, review, axe):
    jonas, clara = seats = screens(MARKETING), screens(SALES)
    for who, sentence in CARDS:
        page = jonas if who == MARKETING else clara
        page.goto(page.url.split("?")[0] + "?step=process")
        page.fill("#panel textarea", sentence)
        press(page, "Put it into the box")
        page.wait_for_selector("text=In the box, without a name.")
    for page in seats:
        page.goto(page.url.split("?")[0])
        assert "begins" in title(page)
    wall, remote = screens("wall"), screens("remote")
    assert wall.locator("#panel dd").all_inner_texts() == ["Jonas Wegener", "Clara Moreau", "Ines Albrecht, Maya Lindqvist"]
    everywhere = {"wall": wall, "remote": remote, "seat": jonas}
    nothing_is_wrong(axe, "before", **everywhere)

    remote.get_by_role("button", name="Begin the review").click()
    follow((wall, remote, *seats), "checkin")
    for page in seats:
        page.wait_for_selector("text=You are in the minutes as being here.")
    jonas.fill("#good-marketing-said", "Eleven requests came from the pump comparison.")
    press(jonas, "Put it on the wall")
    wall.wait_for_selector("text=Eleven requests came from the pump comparison.")
    assert clara.locator("#good-marketing-said").count() == 0
    nothing_is_wrong(axe, "checkin", **everywhere)

    remote.keyboard.press("ArrowRight")
    follow((wall, remote, *seats), "numbers")
    assert wall.locator("[aria-current=step]").inner_text().split("\n")[1] == "Numbers"
    shown = wall.locator(".room-rows .value").all_inner_texts()
    assert shown == [one.words for one in review.frozen.filter(group="number").order_by("position")]
    assert [page.locator(".room-rows .value").all_inner_texts() for page in (remote, *seats)] == [shown] * 3
    off = review.frozen.filter(group="number", state="off").order_by("position")
    if off.exists():
        press(remote, "To the issues")
        wall.wait_for_selector("text=on the issues’ list")
        assert ReviewIssue.objects.get(review=review).number == off.first()
    nothing_is_wrong(axe, "numbers", **everywhere)

    remote.keyboard.press("+")
    remote.keyboard.press(" ")
    wall.wait_for_selector("text=paused")
    remote.keyboard.press(" ")
    wall.wait_for_selector(".clock >> text=left")
    for step in ("changes", "expectations", "promises"):
        remote.keyboard.press("ArrowRight")
        follow((wall, remote, *seats), step)
        nothing_is_wrong(axe, step, **everywhere)
    columns = [text.strip() for text in wall.locator(".promised h3").all_inner_texts()]
    assert columns == ["Marketing promised", "Sales promised"]

    remote.keyboard.press("ArrowRight")
    follow((wall, remote, *seats), "process")
    press(remote, "Show the cards")
    for page in (wall, *seats):
        page.wait_for_selector(f"text={len(CARDS) + off.exists()} cards")  # with the number that went to the issues
        assert sorted(sentence for _, sentence in CARDS if sentence in page.inner_text("#panel")) == sorted(
            sentence for _, sentence in CARDS
        )
    nothing_is_wrong(axe, "cards", **everywhere)
    press(remote, "Begin the vote")
    for page in (remote, *seats):
        page.wait_for_selector("text=Which come first?")
        take_ballot(page)
        page.get_by_label(CARDS[0][1]).check()
        press(page, "Cast my ballot")
        page.wait_for_selector("text=Change my ballot")
    press(remote, "Count the votes")
    wall.wait_for_selector("text=3 ballots")
    remote.locator(".take-up details[open] select").select_option(label="Clara Moreau")
    press(remote, "Take it up", ".take-up details[open]")
    remote.wait_for_selector("text=Change it", state="attached")
    assert ReviewIssue.objects.get(review=review, number=None).sentence == CARDS[0][1]
    nothing_is_wrong(axe, "votes", **everywhere)

    remote.keyboard.press("ArrowRight")
    follow((wall, remote, *seats), "words")
    press(remote, "Ask both teams")
    for page in (remote, *seats):
        press(page, "Yes")
        page.wait_for_selector("#panel [aria-pressed=true]")
    press(remote, "Show the answers")
    wall.wait_for_selector("#panel :text('3')")
    nothing_is_wrong(axe, "words", **everywhere)

    for step in ("actions", "charter"):
        remote.keyboard.press("ArrowRight")
        follow((wall, remote, *seats), step)
        nothing_is_wrong(axe, step, **everywhere)
    remote.keyboard.press("ArrowLeft")
    follow((wall, remote, *seats), "actions")
    remote.get_by_text("Write a decision down").click()
    remote.fill("#decision_sentence", "Feedback is given within two days.")
    press(remote, "It is decided")
    wall.wait_for_selector("text=Feedback is given within two days.")

    remote.keyboard.press("b")
    wall.wait_for_selector(".blanked", state="visible")
    remote.locator(".parts-list").get_by_role("button", name="Close").click()
    follow((wall, remote, *seats), "close")
    wall.wait_for_selector(".blanked", state="hidden")
    for page, value in ((remote, "8"), (jonas, "9"), (clara, "7")):
        page.locator("#panel").get_by_role("button", name=value, exact=True).click()
        page.wait_for_selector("text=Yours is in")
    nothing_is_wrong(axe, "close", **everywhere)
    press(remote, "Close the review")
    wall.wait_for_selector("text=is closed")
    clara.get_by_role("link", name="Minutes").click()
    clara.wait_for_selector("h1:has-text('Minutes')")
    minutes = clara.inner_text("main")
    assert [words in minutes for words in ("Feedback is given within two days.", CARDS[0][1], "8.0", *shown)] == [True] * (
        3 + len(shown)
    )
    told = OutgoingMessage.objects.filter(key__startswith=f"recap:{review.pk}:").values_list("to", flat=True)
    assert sorted(told) == sorted([OWNER, MARKETING, SALES, ADMIN])


def test_a_lost_connection_and_a_reload_lose_nothing(screens, review):
    open_room(review=review, actor=User.objects.get(email=OWNER), now=dt.datetime.now(dt.UTC))
    remote, clara = screens("remote"), screens(SALES, expected="ERR_INTERNET_DISCONNECTED")
    wall = screens("wall", expected="ERR_INTERNET_DISCONNECTED")
    clara.fill("#good-sales-said", "Every call was within the day.")
    wall.context.set_offline(True)
    wall.wait_for_selector("text=No connection since")
    remote.keyboard.press("ArrowRight")
    follow([remote], "numbers")
    clara.wait_for_selector("text=What you wrote is still here.")
    assert clara.input_value("#good-sales-said") == "Every call was within the day."
    wall.context.set_offline(False)
    follow([wall], "numbers")
    assert wall.locator("[data-lost]").is_hidden()
    clara.get_by_role("link", name="Follow the room").click()
    follow([clara], "numbers")
    for page in (wall, remote):
        page.reload()
        follow([page], "numbers")


def test_the_remote_works_without_script_and_tells_the_second_of_two(screens, review):
    open_room(review=review, actor=User.objects.get(email=OWNER), now=dt.datetime.now(dt.UTC))
    first, second = screens("remote", java_script_enabled=False), screens("remote", java_script_enabled=False)
    first.get_by_role("button", name="Next").click()
    assert title(first).endswith("off plan")
    second.get_by_role("button", name="Next").click()
    assert "The room has moved on meanwhile." in second.inner_text(".notices")
    assert title(second) == title(first)


def test_every_step_is_on_the_agenda_of_the_walk():
    assert [step.name for step in STEPS] == [
        "checkin", "numbers", "changes", "expectations", "promises", "process", "words", "actions", "charter", "close",
    ]  # fmt: skip
