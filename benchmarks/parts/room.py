"""Thirty people follow a review as their browsers do: from the facilitator's press to the step on each screen."""

import datetime as dt
import http.client
import json
import random
import threading
import time
from collections.abc import Iterator

from accounts.models import Role, User
from accounts.services import add_person, give_role
from benchmarks.bench import Bench, Figure, percentile
from benchmarks.company import chief
from benchmarks.serving import Reader, server
from reviews.models import Review
from reviews.parts import PARTS, STEPS
from reviews.services import open_room
from reviews.services.cadence import Settings, set_series
from reviews.services.preparing import prepare_due

ORDER = 60
_PEOPLE = 30
_EVERY = 1.0  # seconds between two questions of a screen, as in static/js/room.js
_BETWEEN = 3.0  # seconds between two presses
_GIVE_UP = 30.0


def run(bench: Bench) -> Iterator[Figure]:
    people = _people()
    review = _review(people)
    for processes in (2, 1):
        yield from _measure(review, people, processes)


def _measure(review: Review, people: list[User], processes: int) -> Iterator[Figure]:
    with server(processes=processes) as port:
        screens = [_Screen(port, user, review) for user in people]
        for screen in screens:
            screen.start()
        remote = Reader(port, chief())
        told = json.loads(remote.get(f"/review/{review.pk}/room/"))
        # Every page is open before the facilitator begins: how fast a cold server starts is not the question.
        _wait_for(screens, told["version"])
        pressed = {}
        for act in (f"go:{PARTS[0].key}", *["next"] * (len(STEPS) - 1)):
            time.sleep(_BETWEEN)
            begun = time.perf_counter()
            told = json.loads(remote.post(f"/review/{review.pk}/steer/act/", act=act, version=told["version"]))
            pressed[told["version"]] = begun
        _wait_for(screens, told["version"])
        for screen in screens:
            screen.stop()
        waits = [screen.shown[version] - begun for screen in screens for version, begun in pressed.items()
                 if version in screen.shown]  # fmt: skip
        missed = len(pressed) * len(screens) - len(waits)
        asked = [second for screen in screens for second in screen.asked]
    of = f"{_PEOPLE} screens, {processes} process{'es' if processes > 1 else ''}"
    slow = percentile(waits, 0.95)
    yield Figure("room", f"{of}: press to step on screen, p50", percentile(waits, 0.5) * 1e3, "ms")
    yield Figure("room", f"{of}: press to step on screen, p95", slow * 1e3, "ms", target="<= 2,000 ms", held=slow <= 2)
    yield Figure("room", f"{of}: press to step on screen, most", max(waits) * 1e3, "ms")
    yield Figure("room", f"{of}: steps that a screen passed over", missed, "steps", target="0", held=missed == 0)
    yield Figure("room", f"{of}: one question where the room is, p95", percentile(asked, 0.95) * 1e3, "ms")


def _wait_for(screens: list["_Screen"], version: int) -> None:
    begun = time.perf_counter()
    while any(version not in screen.shown for screen in screens):
        if time.perf_counter() - begun > _GIVE_UP:
            raise SystemExit("room: a screen did not follow within half a minute")
        time.sleep(0.1)


class _Screen(threading.Thread):
    """A participant's page: asks where the room is every second, and fetches the step when it has changed."""

    def __init__(self, port: int, user: User, review: Review):
        super().__init__(daemon=True)
        self.reader, self.review = Reader(port, user), review
        self.shown: dict[int, float] = {}
        self.asked: list[float] = []
        self.over, self.step = threading.Event(), ""

    def run(self) -> None:
        pause = random.random() * _EVERY
        while not self.over.wait(pause):
            try:
                self._follow()
            except (http.client.HTTPException, ConnectionError):
                # Closed by the server between two questions: a browser opens another connection, too.
                self.reader.connection.close()
            pause = _EVERY * (0.85 + 0.3 * random.random())

    def _follow(self) -> None:
        path, begun = f"/review/{self.review.pk}", time.perf_counter()
        told = json.loads(self.reader.get(f"{path}/room/"))
        self.asked.append(time.perf_counter() - begun)
        if told["step"] != self.step:
            self.reader.get(f"{path}/part/{told['step']}/?screen=phone")
            self.step = told["step"]
        self.shown.setdefault(told["version"], time.perf_counter())

    def stop(self) -> None:
        self.over.set()
        self.join()


def _people() -> list[User]:
    found = list(User.objects.filter(email__startswith="seat-").order_by("email"))
    for number in range(len(found), _PEOPLE):
        user = add_person(email=f"seat-{number}@bench.example", name=f"Seat {number}", password=None, actor=None)
        give_role(user=user, role=Role.VIEWER, from_day=dt.date(2020, 1, 1), actor=None)
        found.append(user)
    return found


def _review(people: list[User]) -> Review:
    """A running one with frozen numbers; that of an earlier run if the company is kept."""
    running = Review.objects.filter(state=Review.State.RUNNING, series__name="Bench").first()
    if running is not None:
        return running
    now = dt.datetime.now(dt.UTC)
    at = (now + dt.timedelta(minutes=30)).replace(second=0, microsecond=0)
    settings = Settings("Bench", "weekly", at.weekday(), 1, at.time(), "UTC", 50, 60)
    set_series(series=None, settings=settings, members=people, facilitators=[chief()], now=now)
    prepare_due(now=now)
    review = Review.objects.get(series__name="Bench", state=Review.State.PREPARED)
    open_room(review=review, actor=chief(), now=now)
    return review
