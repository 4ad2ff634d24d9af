"""Step 3 as a form: every value that needs a decision, with what may be decided."""

from accounts.models import Team, User
from campaigns.models import Channel
from funnel.models import Region, Segment
from integrations.fields import DEFAULT_POLICY, field_of
from integrations.models import ImportJob
from integrations.words import choice, label

_NAMES = {"channel": Channel, "segment": Segment, "region": Region, "team": Team}
_MOST_NAMES = 300
REJECT = "reject the rows"


def questions(job: ImportJob, stages: list) -> list[dict]:
    """Groups by field: {"label", "items": [{number, text, rows, default, options}]}. A query per table that is named."""
    lists: dict[str, list[tuple[str, str]]] = {}
    groups: dict[tuple[int, str], dict] = {}
    for number, item in enumerate(job.questions["items"]):
        key = (item["part"], item["field"])
        group = groups.setdefault(
            key, {"label": _label(job, item), "kind": item["kind"], "items": [], "help": _help(item["kind"])}
        )
        options = _options(job, item, stages, lists)
        group["items"].append(
            {
                "number": number,
                "text": item["text"],
                "rows": item["rows"],
                "default": _default(item),
                "options": options,
                "guess": _guess(item["text"], options),
            }
        )
    return list(groups.values())


def read_answers(job: ImportJob, post) -> dict[int, str]:
    """Number of the question → value; questions left at their default are not in it."""
    found = {}
    for number, _ in enumerate(job.questions["items"]):
        said = post.get(f"q-{number}", "")
        if said.startswith("="):
            found[number] = said[1:][:200]
    return found


def _label(job: ImportJob, item: dict) -> str:
    part = job.mapping if item["part"] == 0 else job.mapping["emit"][item["part"] - 1]
    name = part.get("columns", {}).get(item["field"], "")
    return f"{label(item['field'])} · column “{name}”"


def _help(kind: str) -> str:
    return {
        "stage": "Tandem has no stage of this name. Which one is it?",
        "choice": "Tandem knows a few words here. Which one is it?",
        "person": "Nobody in Tandem has this name or address.",
        "name": "New names. Create them, or say which existing one is meant.",
        "date": "Not a date of the form chosen in step 2.",
    }[kind]


def _default(item: dict) -> str:
    if item["kind"] == "person":
        return "leave empty"
    if item["kind"] == "name" and DEFAULT_POLICY[item["field"]] == "create":
        return "create it"
    return REJECT


def _options(job: ImportJob, item: dict, stages: list, lists: dict) -> list[tuple[str, str]]:
    kind, name = item["kind"], item["field"]
    if kind == "stage":
        return [(stage.key, stage.name) for stage in stages]
    if kind == "choice":
        entity = job.entity if item["part"] == 0 else job.mapping["emit"][item["part"] - 1]["entity"]
        return [(word, choice(word)) for word in field_of(entity, name).choices]
    if kind == "person":
        if kind not in lists:
            people = User.objects.filter(is_active=True).order_by("name").values_list("email", "name")[:_MOST_NAMES]
            lists[kind] = list(people)
        return lists[kind]
    if kind == "name":
        if name not in lists:
            names = _NAMES[name].objects.order_by("name").values_list("name", flat=True)[:_MOST_NAMES]
            lists[name] = [(text, text) for text in names]
        return lists[name]
    return []


def _guess(text: str, options: list[tuple[str, str]]) -> str:
    """An existing name that differs in case and blanks only: proposed, never taken without a look."""
    bare = "".join(text.casefold().split())
    return next((value for value, name in options if "".join(name.casefold().split()) == bare), "")
