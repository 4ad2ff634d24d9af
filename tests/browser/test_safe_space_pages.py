"""The safe space in a browser: its pages in every size, a silent vote without script, and with the keyboard alone."""

import datetime as dt

import pytest

from accounts.models import Role, Side, Team, User
from accounts.services import add_person, add_team, give_role
from reviews.models import ProcessCard, Review, Urn
from reviews.services import ask_word, count_votes, count_word, settle_word, take_up, vote
from tests.reviews.safe_room import CARDS, ballots, begin_vote, review_of, show

COMPANY = "empty"
START = dt.date(2025, 1, 1)
ROLES = {
    "funnel_owner": (Role.FUNNEL_OWNER, None),
    "marketing_lead": (Role.TEAM_LEAD, Side.MARKETING),
    "colleague": (Role.REP, Side.MARKETING),
    "sales_lead": (Role.TEAM_LEAD, Side.SALES),
    "member": (Role.REP, Side.SALES),
}


@pytest.fixture(scope="module")
def crew(site) -> dict[str, User]:
    """Both teams."""
    teams = {side: add_team(name=side.label, side=side, actor=None) for side in (Side.MARKETING, Side.SALES)}
    found = {}
    for who, (role, side) in ROLES.items():
        found[who] = add_person(email=f"{who}@example.com", name=who.replace("_", " ").title(), password=None, actor=None)
        give_role(user=found[who], role=role, team=teams.get(side), from_day=START, actor=None)
    assert Team.objects.count() == 2
    return found


@pytest.fixture
def review(crew) -> Review:
    """A running review of its own, a week after the one before."""
    return review_of(
        crew, starts_at=dt.datetime(2026, 5, 20, 8, tzinfo=dt.UTC) + dt.timedelta(days=7 * Review.objects.count())
    )


def cast_by_all_but_the_member(review, crew) -> None:
    cards = [card.id for card in ProcessCard.objects.filter(review=review).order_by("sentence")]
    for secret in ballots(review, crew, "colleague", "sales_lead", "marketing_lead").values():
        vote(review=review, secret=secret, cards=cards[:2])


def test_a_vote_without_script(open_page, review, crew):
    show(review, crew)
    begin_vote(review, crew)
    page = open_page(f"/review/{review.pk}/?step=process", who="member@example.com", java_script_enabled=False, width=390)
    page.get_by_role("link", name="Get your ballot").click()
    page.get_by_role("button", name="Take my ballot").click()
    page.get_by_label(CARDS[0]).check()
    page.get_by_role("button", name="Cast my ballot").click()
    assert page.get_by_text("Your ballot is in.").is_visible()
    assert page.get_by_label(CARDS[0]).is_checked() and not page.get_by_label(CARDS[1]).is_checked()
    cast_by_all_but_the_member(review, crew)
    count_votes(review=review, actor=crew["funnel_owner"], now=review.starts_at)
    assert Urn.objects.get(review=review).counted == 4


def test_a_vote_with_the_keyboard_alone(open_page, review, crew, axe):
    show(review, crew)
    begin_vote(review, crew)
    page = open_page(f"/review/{review.pk}/?step=process", who="member@example.com", width=390, height=844)
    page.get_by_role("button", name="Take my ballot").focus()
    page.keyboard.press("Enter")
    box = page.get_by_label(CARDS[1])
    box.wait_for()
    box.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Cast my ballot").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Your ballot is in.").wait_for()
    assert page.get_by_label(CARDS[1]).is_checked()
    assert axe(page) == {}


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_every_page_of_it_can_be_read_by_everybody(open_page, review, crew, axe, width, scheme):
    owner, today = crew["funnel_owner"], review.starts_at.date()
    show(review, crew)
    begin_vote(review, crew)
    cast_by_all_but_the_member(review, crew)
    count_votes(review=review, actor=owner, now=review.starts_at)
    card = ProcessCard.objects.filter(review=review).first()
    take_up(review=review, card=card.id, owner=crew["member"], fix_on=today + dt.timedelta(days=9), actor=owner, today=today)
    ask_word(review=review, key="driver", actor=owner, now=review.starts_at, today=today)
    count_word(review=review, actor=owner, now=review.starts_at)
    settle_word(review=review, stands=True, outcome="A factor of the gap, as written.", actor=owner, today=today)
    for path in (
        f"/review/{review.pk}/cards/new/",
        f"/review/{review.pk}/ballot/close/",
        "/review/words/",
        "/review/looked-into/",
        *(f"/review/{review.pk}/?step={step}" for step in ("process", "words", "expectations")),
    ):
        page = open_page(path, who="funnel_owner@example.com", width=width, color_scheme=scheme)
        assert axe(page) == {}, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.close()
    for step in ("process", "words", "expectations"):
        path = f"/review/{review.pk}/{'steer' if width > 900 else 'wall'}/?step={step}"
        page = open_page(path, who="funnel_owner@example.com", width=width, color_scheme=scheme)
        assert axe(page) == {}, path
        page.close()
