"""The minutes of a review: gathered once at the close as plain data, then drawn as a page, Markdown, CSV and a mail.

A body is a dict of plain values in words, so that no later change of a label, a name or a rule changes what it says.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

from core.queries import calendar
from core.templatetags.display import MINUS, TEAM_WORDS
from reviews.action_queries import Entry, OfReview, actions_for
from reviews.expectation_words import words_of_expectation
from reviews.frozen_queries import (
    Waterfall,
    changes_since_last,
    frozen_numbers,
    frozen_promises,
    restatements_shown_at,
)
from reviews.models import Decision, Expectation, Review, WordOfReview
from reviews.rating_queries import rating_of
from reviews.room_queries import good_things

_STATES = {"on": "on plan", "off": "off plan", "": "no plan"}
_KEPT = {"on": "kept", "off": "not kept", "": "nothing due"}
_AT_RISK = "at risk"  # short of the promise and above its floor, in the words of the review's own pages


def gather(review: Review, *, now: dt.datetime) -> dict:
    """What the minutes of a review that is being closed say. Shares, amounts and days are words; lists keep their order."""
    days = calendar()
    day = days.day_of(review.starts_at)
    actions = actions_for(review, reader=None, today=days.day_of(now))
    return {
        "series": review.series.name,
        "day": day.isoformat(),
        "starts_at": review.starts_at.isoformat(),
        "frozen_at": review.freeze_at.astimezone(days.zone_at(review.freeze_at)).strftime("%A %H:%M").replace(" 0", " "),
        "facilitator": review.facilitator.name,
        "came": _names(review),
        "good": [
            {"side": TEAM_WORDS[side], "sentence": thing.sentence} for side, thing in good_things(review).items() if thing
        ],
        "numbers": [
            {"label": row.label, "value": row.words, "plan": row.plan_words, "state": _STATES[row.state],
             "before": row.before, "scope": row.scope, "versions": _joined(row.versions), "url": row.url}
            for row in frozen_numbers(review)
        ],
        "promises": [
            {"side": TEAM_WORDS[row.side], "label": row.label, "promised": row.promised_words,
             "measured": row.measured_words, "state": _AT_RISK if row.status == "at_risk" else _KEPT[row.state],
             "url": row.url}
            for row in frozen_promises(review)
        ],
        "changes": [_waterfall(found) for found in changes_since_last(review)],
        "restated": [
            {"label": row.label, "then": row.then, "now": row.now, "difference": row.words,
             "parts": [{"label": part.label, "words": part.words} for part in row.parts]}
            for row in restatements_shown_at(review)
        ],
        "expectations": _expectations(review),
        "issues": [
            {"sentence": one.sentence, "owner": one.owner.name if one.owner else "",
             "fix_on": one.fix_on.isoformat() if one.fix_on else ""}
            for one in review.issues.select_related("owner").order_by("id")
        ],
        "word": _word(review),
        "decisions": list(
            Decision.objects.filter(review=review, taken_back=False).order_by("id").values_list("sentence", flat=True)
        ),
        "actions": _actions(actions),
        "rating": _rating(review),
    }  # fmt: skip


def _names(review: Review) -> list[str]:
    came = review.participants.exclude(came_at=None).select_related("user")
    return sorted(one.user.name for one in came)


def _joined(versions: Sequence[int]) -> str:
    return ", ".join(str(number) for number in versions)


def _waterfall(found: Waterfall) -> dict:
    return {
        "title": found.title,
        "boxes": [{"label": box.label, "words": box.words, "end": box.end, "url": box.url} for box in found.boxes],
    }


def _expectations(review: Review) -> dict:
    """What was expected of this week and how it came out, and what is expected of the next one."""

    def told(one: Expectation) -> dict:
        met = {True: "met", False: "not met", None: "not marked"}[one.met]
        return {"side": TEAM_WORDS[one.side], "words": words_of_expectation(one), "met": met}

    rows = Expectation.objects.order_by("side", "id")
    return {
        "marked": [told(one) for one in rows.filter(marked_at=review)],
        "stated": [told(one) | {"met": ""} for one in rows.filter(review=review)],
    }


def _word(review: Review) -> dict | None:
    word = WordOfReview.objects.filter(review=review).first()
    if word is None:
        return None
    settled = "" if word.settled is None else "The word fits the example." if word.settled else "The word does not fit it."
    return {
        "word": word.word,
        "meaning": word.agreed_meaning,
        "yes": word.yes,
        "no": word.no,
        "outcome": " ".join(part for part in (settled, word.outcome) if part),
    }


def _actions(found: OfReview) -> dict:
    return {
        "agreed": [_action(entry) for entry in found.agreed],
        "carried": [_action(entry) for entry in found.carried],
        "ended": [_action(entry) for entry in found.ended],
    }


def _action(entry: Entry) -> dict:
    action = entry.action
    if action.state == "open":
        state = f"{entry.late_days} days overdue" if entry.late_days > 1 else "1 day overdue" if entry.late_days else "open"
    else:
        state = action.get_state_display().lower()
    return {
        "id": action.pk,
        "what": action.what,
        "about": action.about,
        "owner": action.owner.name,
        "owner_id": action.owner_id,
        "due_on": action.due_on.isoformat(),
        "state": state,
    }


def _rating(review: Review) -> dict | None:
    found = rating_of(review)
    if found is None:
        return None
    return {"counts": list(found.counts), "count": found.n, "mean": f"{found.mean:.1f}"}


# --- as Markdown ----------------------------------------------------------------------------------------------


def markdown(body: dict) -> str:
    """The minutes as a Markdown file. What people typed is escaped, so that it stays what they typed."""
    lines = [f"# {_md(body['series'])}, {_day(body['day'])}", ""]
    lines += [f"Facilitated by {_md(body['facilitator'])}. Numbers frozen {body['frozen_at']}.", ""]
    if body["came"]:
        lines += [f"Came: {_md(', '.join(body['came']))}.", ""]
    for title, part in _sections(body):
        if part:
            lines += [f"## {title}", "", *part, ""]
    return "\n".join(lines).rstrip() + "\n"


def _sections(body: dict) -> Iterator[tuple[str, list[str]]]:
    yield "Good things", [f"- {one['side']}: {_md(one['sentence'])}" for one in body["good"]]
    yield "Decisions", [f"- {_md(sentence)}" for sentence in body["decisions"]]
    yield "New actions", _action_lines(body["actions"]["agreed"])
    yield "Carried over", _action_lines(body["actions"]["carried"])
    yield "Ended since the last review", _action_lines(body["actions"]["ended"])
    yield (
        "Numbers",
        _table(
            ("Number", "Value", "Plan", "State", "Review before"),
            [(n["label"], n["value"], n["plan"], n["state"], n["before"]) for n in body["numbers"]],
        ),
    )
    yield (
        "Promises",
        _table(
            ("Side", "Promise", "Promised", "Measured", "State"),
            [(p["side"], p["label"], p["promised"], p["measured"], p["state"]) for p in body["promises"]],
        ),
    )
    for found in body["changes"]:
        yield found["title"], _table(("Step", "Change"), [(box["label"], box["words"]) for box in found["boxes"]])
    yield (
        "Restated since then",
        _table(
            ("Number", "Then", "Now", "Difference", "Why"),
            [(r["label"], r["then"], r["now"], r["difference"], _why(r)) for r in body["restated"]],
        ),
    )
    told = body["expectations"]
    yield (
        "Expectations",
        [
            *(f"- {one['side']} expected: {_md(one['words'])} ({one['met']})" for one in told["marked"]),
            *(f"- {one['side']} expects: {_md(one['words'])}" for one in told["stated"]),
        ],
    )
    yield "Issues", [f"- {_md(one['sentence'])}{_md(_looked_into(one))}" for one in body["issues"]]
    if word := body["word"]:
        said = [] if word["yes"] is None else [f"- The example fits: {word['yes']} yes, {word['no']} no."]
        agreed = [f"- Agreed meaning: {_md(word['meaning'])}"] if word["meaning"] else []
        outcome = [f"- {_md(word['outcome'])}"] if word["outcome"] else []
        yield f"The word: {_md(word['word'])}", [*agreed, *said, *outcome] or ["- Read."]
    if rating := body["rating"]:
        yield "Rating", [f"{rating['mean']} of 10, from {rating['count']} ratings."]


def _why(restated: dict) -> str:
    return "; ".join(f"{part['label']} {part['words']}" for part in restated["parts"])


def _looked_into(issue: dict) -> str:
    if not issue["owner"]:
        return ""
    until = f" until {_day(issue['fix_on'])}" if issue["fix_on"] else ""
    return f" ({issue['owner']} looks into it{until})"


def _action_lines(actions: Sequence[dict]) -> list[str]:
    return [
        f"- {_md(one['what'])} ({_md(one['owner'])}, by {_day(one['due_on'])}, {one['state']}; answers: {_md(one['about'])})"
        for one in actions
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [head, ["---"] * len(head), *([_md(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _md(text: str) -> str:
    """Text as it is, also where Markdown would take its characters for marks."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|" else char for char in " ".join(str(text).split()))


def _day(iso: str) -> str:
    day = dt.date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


# --- as rows of a spreadsheet -----------------------------------------------------------------------------------

CSV_HEAD = ("part", "what", "value", "plan", "state", "who", "due on", "about")


def csv_rows(body: dict) -> Iterator[tuple[str, ...]]:
    """One row for each line of the minutes, under CSV_HEAD. Signs are plain, so that a spreadsheet reads them."""
    for one in body["good"]:
        yield "good thing", one["sentence"], "", "", "", one["side"], "", ""
    for one in body["numbers"]:
        yield "number", one["label"], _plain(one["value"]), _plain(one["plan"]), one["state"], "", "", one["scope"]
    for one in body["promises"]:
        yield "promise", one["label"], _plain(one["measured"]), _plain(one["promised"]), one["state"], one["side"], "", ""
    for found in body["changes"]:
        for box in found["boxes"]:
            yield "change", box["label"], _plain(box["words"]), "", "", "", "", found["title"]
    for one in body["restated"]:
        yield "restated", one["label"], _plain(one["now"]), "", f"was {_plain(one['then'])}", "", "", _plain(_why(one))
    for one in body["expectations"]["marked"]:
        yield "expected of this week", one["words"], "", "", one["met"], one["side"], "", ""
    for one in body["expectations"]["stated"]:
        yield "expected of the next", one["words"], "", "", "", one["side"], "", ""
    for one in body["issues"]:
        yield "issue", one["sentence"], "", "", "", one["owner"], one["fix_on"], ""
    for sentence in body["decisions"]:
        yield "decision", sentence, "", "", "", "", "", ""
    for kind, words in (("agreed", "new action"), ("carried", "carried over"), ("ended", "ended action")):
        for one in body["actions"][kind]:
            yield words, one["what"], "", "", one["state"], one["owner"], one["due_on"], one["about"]
    if rating := body["rating"]:
        yield "rating", "of 10", rating["mean"], "", f"{rating['count']} ratings", "", "", ""


def _plain(text: str) -> str:
    return text.replace(MINUS, "-")
