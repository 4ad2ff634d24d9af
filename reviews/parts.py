"""The agenda of a review: seven timed parts, each of one or more steps. A step is what the room looks at.

How a step comes on a screen, for whoever adds one or fills one:

- Its address is /review/<pk>/part/<step>/?screen=wall|steer|phone and answers an HTML fragment (reviews.views_room.part).
- Its content is a function in PANELS of reviews/panels.py, `panel(request, review, screen) -> dict`, and the template
  templates/reviews/parts/<step>.html, which gets that dict and `review`, `screen` ("wall", "steer" or "phone"), `step`
  (a Step), `may_steer` and `today`. It begins with an <h2>. On the wall nothing is clicked and nothing scrolls at
  1920x1080; sizes are in rem and em, and the wall's rem is large, so that the same template can be read from 5 m.
- Forms post to addresses of their own, named and declared like any view. They carry csrf_token and `screen` as a hidden
  field, and hx-post="..." hx-target="#panel". The view writes by a service and ends with
  `return answer_part(request, review, "<step>")` (reviews.panels): the fragment for htmx, else a redirect to the page;
  with an error `answer_part(request, review, "<step>", status=422, form=form)`, whose extra words go to the template.
- What others in the room should see anew is told by `room_changed(review)` of reviews.services: every open screen on this
  step fetches it again within a second or two. A screen whose reader is typing is left alone and offers to refresh.
- Nothing that names a person's vote, card or rating may be in a fragment, and cards are not told one by one: call
  room_changed when all appear at once.
"""

from dataclasses import dataclass
from typing import Literal

Screen = Literal["wall", "steer", "phone"]
SCREENS: tuple[Screen, ...] = ("wall", "steer", "phone")


@dataclass(frozen=True)
class Part:
    key: str
    title: str
    minutes: int


@dataclass(frozen=True)
class Step:
    """`rule`: the one sentence that everybody should have before their eyes meanwhile."""

    name: str
    part: Part
    title: str
    rule: str = ""


_CHECKIN = Part("checkin", "Check-in", 2)
_NUMBERS = Part("numbers", "Numbers", 10)
_PROMISES = Part("promises", "Promises", 5)
_PROCESS = Part("process", "Process", 12)
_WORDS = Part("words", "Words", 3)
_ACTIONS = Part("actions", "Actions", 8)
_CLOSE = Part("close", "Close", 2)
PARTS: tuple[Part, ...] = (_CHECKIN, _NUMBERS, _PROMISES, _PROCESS, _WORDS, _ACTIONS, _CLOSE)

STEPS: tuple[Step, ...] = (
    Step("checkin", _CHECKIN, "One good thing per team"),
    Step("numbers", _NUMBERS, "Numbers", "On plan or off plan. What is off goes to the issues; no discussion now."),
    Step("changes", _NUMBERS, "What changed since last week"),
    Step("expectations", _NUMBERS, "What each side expects of the other"),
    Step("promises", _PROMISES, "Promises of both sides"),
    Step("process", _PROCESS, "Process issues", "Everyone did the best they could with what they knew."),
    Step("words", _WORDS, "The word of the week"),
    Step("actions", _ACTIONS, "Actions", "One owner, one date."),
    Step("charter", _ACTIONS, "How we work together"),
    Step("close", _CLOSE, "Close"),
)
BY_NAME: dict[str, Step] = {step.name: step for step in STEPS}
FIRST = STEPS[0]


def next_step(step: Step) -> Step | None:
    """None after the last one."""
    at = STEPS.index(step) + 1
    return STEPS[at] if at < len(STEPS) else None


def step_before(step: Step) -> Step | None:
    """None before the first one."""
    at = STEPS.index(step)
    return STEPS[at - 1] if at else None


def first_step_of(part: str) -> Step:
    """KeyError if there is no such part."""
    for step in STEPS:
        if step.part.key == part:
            return step
    raise KeyError(part)
