"""The room of a review: who steers it, that two do not fight over it, its clock, and what every screen is told."""

import datetime as dt

import pytest
import time_machine

from core.errors import Conflict, DomainError, NotAllowed
from reviews.models import Review, RoomState
from reviews.parts import PARTS, STEPS
from reviews.queries import review_for
from reviews.room_queries import clock_of, room_of, seconds_used
from reviews.services import open_room, room_changed, steer_room
from tests.reviews.room_people import STARTS, ready_review

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def review(people):
    return ready_review(people)


@pytest.fixture
def steer(review, people):
    """`steer("next")`: the facilitator presses a button, having seen the room as it is."""
    open_room(review=review, actor=people["member"], now=STARTS)

    def press(act: str, *, who: str = "member", version: int | None = None, after: dt.timedelta = MINUTE * 0) -> RoomState:
        seen = room_of(review).version if version is None else version
        return steer_room(review=review, act=act, version=seen, actor=people[who], now=STARTS + after)

    return press


# --- the agenda -----------------------------------------------------------------------------------------------------


def test_the_seven_parts_take_less_than_an_hour_together():
    assert [(part.title, part.minutes) for part in PARTS] == [
        ("Check-in", 2), ("Numbers", 10), ("Promises", 5), ("Process", 12), ("Words", 3), ("Actions", 8), ("Close", 2),
    ]  # fmt: skip
    assert sum(part.minutes for part in PARTS) == 42


def test_the_steps_go_through_the_parts_in_order_and_each_part_has_one():
    order = [step.part.key for step in STEPS]
    assert list(dict.fromkeys(order)) == [part.key for part in PARTS]
    assert order == sorted(order, key=[part.key for part in PARTS].index)


# --- steering -------------------------------------------------------------------------------------------------------


def test_a_review_begins_at_the_check_in_once(review, people):
    first = open_room(review=review, actor=people["member"], now=STARTS)
    again = open_room(review=review, actor=people["colleague"], now=STARTS + MINUTE)
    review.refresh_from_db()
    assert (first.step, first.version, review.state, review.opened_at) == ("checkin", 1, Review.State.RUNNING, STARTS)
    assert (again.pk, again.running_since) == (first.pk, STARTS)


def test_a_review_does_not_begin_before_its_numbers_are_frozen(review, people):
    Review.objects.update(state=Review.State.PLANNED, prepared_at=None)
    with pytest.raises(DomainError) as refused:
        open_room(review=review, actor=people["member"], now=STARTS)
    assert refused.value.code == "not_prepared"
    assert not RoomState.objects.exists()


def test_next_and_back_walk_through_every_step_and_stop_at_the_ends(steer):
    seen = ["checkin", *(steer("next").step for _ in STEPS[1:])]
    assert seen == [step.name for step in STEPS]
    with pytest.raises(DomainError) as refused:
        steer("next")
    assert refused.value.code == "no_further"
    assert [steer("back").step for _ in STEPS[1:]] == [step.name for step in reversed(STEPS[:-1])]
    with pytest.raises(DomainError):
        steer("back")


def test_a_part_can_be_gone_to_directly(steer):
    assert steer("go:words").step == "words"
    for nonsense in ("go:nowhere", "words", "go", "", "go:"):
        with pytest.raises(DomainError) as refused:
            steer(nonsense)
        assert refused.value.code == "no_such_act", nonsense


def test_of_two_who_press_next_at_once_one_moves_the_room_and_the_other_is_told(steer, review):
    assert steer("next", who="member", version=1).step == "numbers"
    with pytest.raises(Conflict) as refused:
        steer("next", who="colleague", version=1)
    assert refused.value.code == "room_moved"
    assert (room_of(review).step, room_of(review).version) == ("numbers", 2)


def test_a_rival_between_reading_and_writing_is_noticed_too(steer, review, monkeypatch):
    """The rival's press lands after this one has read the room and before it writes."""
    from reviews.services import room as services

    changes = services._changes

    def with_a_rival(room, act, now):
        RoomState.objects.filter(review=review).update(step="promises", version=2)
        return changes(room, act, now)

    monkeypatch.setattr(services, "_changes", with_a_rival)
    with pytest.raises(Conflict):
        steer("next", version=1)
    assert (room_of(review).step, room_of(review).version) == ("promises", 2)


@pytest.mark.parametrize(("who", "may"), [("member", True), ("colleague", True), ("funnel_owner", True),
                                          ("administrator", True), ("sales_lead", False), ("viewer", False)])  # fmt: skip
def test_only_those_who_facilitate_or_answer_for_the_funnel_steer(steer, who, may):
    if may:
        assert steer("next", who=who).step == "numbers"
        return
    with pytest.raises(NotAllowed):
        steer("next", who=who)


def test_a_closed_review_is_steered_no_more(steer, review):
    Review.objects.update(state=Review.State.CLOSED, closed_at=STARTS)
    with pytest.raises(Conflict) as refused:
        steer("next")
    assert refused.value.code == "not_running"


def test_the_wall_goes_blank_and_shows_again_with_the_next_step(steer):
    assert steer("blank").blank is True
    assert steer("blank").blank is False
    steer("blank")
    assert steer("next").blank is False


# --- the clock ------------------------------------------------------------------------------------------------------


def left(review, after: dt.timedelta) -> int:
    return clock_of(room_of(review), STARTS + after).left


def test_the_clock_counts_the_part_down_and_stops_at_nothing(steer, review):
    assert [left(review, after) for after in (MINUTE * 0, MINUTE, 2 * MINUTE, 9 * MINUTE)] == [120, 60, 0, 0]


def test_a_pause_costs_no_time(steer, review):
    steer("pause", after=MINUTE)
    assert (left(review, 30 * MINUTE), clock_of(room_of(review), STARTS).paused) == (60, True)
    steer("pause", after=30 * MINUTE)
    assert left(review, 30.5 * MINUTE) == 30


def test_a_minute_more_is_for_this_part_alone(steer, review):
    steer("more")
    assert (left(review, MINUTE * 0), clock_of(room_of(review), STARTS).total) == (180, 180)
    steer("next", after=MINUTE)
    assert left(review, MINUTE) == 600


def test_steps_of_one_part_share_its_time_and_a_part_visited_again_goes_on(steer, review):
    steer("next", after=MINUTE)
    steer("next", after=4 * MINUTE)
    assert (room_of(review).step, left(review, 4 * MINUTE)) == ("changes", 7 * 60)
    steer("go:promises", after=5 * MINUTE)
    assert left(review, 5 * MINUTE) == 300
    steer("go:numbers", after=6 * MINUTE)
    assert left(review, 6 * MINUTE) == 6 * 60
    room = room_of(review)
    used = [seconds_used(room, part, STARTS + 6 * MINUTE) for part in PARTS[:3]]
    assert used == [60, 240, 60]


def test_a_part_gone_on_to_runs_although_the_one_before_was_paused(steer, review):
    steer("pause", after=MINUTE)
    steer("next", after=10 * MINUTE)
    assert (left(review, 11 * MINUTE), room_of(review).used_seconds) == (540, {"checkin": 60})


def test_more_than_an_hour_is_not_added(steer, review):
    RoomState.objects.update(more_minutes={"checkin": 60})
    with pytest.raises(DomainError) as refused:
        steer("more")
    assert refused.value.code == "too_long"


# --- what screens are told ------------------------------------------------------------------------------------------


def told(client, review) -> dict:
    return client.get(f"/review/{review.pk}/room/").json()


def test_every_screen_is_told_where_the_room_is(steer, review, browser):
    steer("next", after=MINUTE)
    steer("pause", after=2 * MINUTE)
    with time_machine.travel(STARTS + 5 * MINUTE, tick=False):
        assert told(browser("viewer"), review) == {
            "state": "running", "version": 3, "content": 1, "step": "numbers", "part": "numbers", "left": 540, "total": 600,
            "paused": True, "blank": False,
        }  # fmt: skip


def test_before_it_begins_a_screen_is_told_that_too(review, browser):
    assert told(browser("viewer"), review) == {
        "state": "prepared", "version": 0, "content": 0, "step": "", "part": "", "left": 0, "total": 0,
        "paused": False, "blank": False,
    }  # fmt: skip


def test_what_is_new_within_a_step_is_told_by_a_count(steer, review, browser):
    room_changed(review)
    assert (told(browser("viewer"), review)["content"], room_of(review).version) == (2, 1)


def test_asking_where_the_room_is_takes_five_queries_and_writes_nothing(steer, review, browser, django_assert_num_queries):
    client = browser("viewer")
    with django_assert_num_queries(5) as asked:  # the sign-in, the person, the company's day, their rights, the room
        told(client, review)
    assert [query["sql"].split()[0] for query in asked] == ["SELECT"] * 5


def test_a_review_that_does_not_exist_is_not_there(review, browser):
    for path in ("room/", "", "wall/", "steer/", "part/numbers/"):
        assert browser("viewer").get(f"/review/{review.pk + 1}/{path}").status_code == 404, path
    assert browser("viewer").get(f"/review/{review.pk}/part/nonsense/").status_code == 404
    assert browser("viewer").get(f"/review/{'9' * 30}/room/").status_code == 404


def test_the_room_is_found_by_everybody_who_reads_numbers(review, people):
    assert review_for(people["viewer"], review.pk) == review
