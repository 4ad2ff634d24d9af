"""A row of the table of addresses, and short words for the usual ones."""

from dataclasses import dataclass, field

from accounts.permissions import Perm

NUMBERS, LEADS, WORK, CORRECT = Perm.SEE_NUMBERS, Perm.SEE_LEADS, Perm.WORK_LEADS, Perm.CORRECT_HISTORY
IMPORT, ADMIN, PLAN, DRAFT = Perm.IMPORT, Perm.ADMINISTER, Perm.PLAN_CAMPAIGNS, Perm.DRAFT_AGREEMENT
READS = ("GET", "HEAD")
METHODS = (*READS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EMPTY = {"name": ""}
OWNERS = frozenset({"administrator", "funnel_owner"})
MARKETERS = OWNERS | {"marketing_lead", "colleague"}  # and those who stand for both sides
STEERERS = OWNERS | {"member"}
SIGN_IN = "sign in"  # a redirect to the page where one does


@dataclass(frozen=True)
class Row:
    """By method: the right that it needs and what it answers to those who have it. What answers nothing is a 405.

    `on`: the kind of object in the address. `only`: who may, of those with the right, by a rule of the service.
    `own_or`: the right without which only one's own may be touched.
    """

    perms: dict[str, Perm]
    answers: dict[str, int | str]
    on: str = ""
    body: dict = field(default_factory=dict)
    only: frozenset[str] | None = None
    own_or: Perm | None = None
    act: str = ""


def look(perm, get=200, **more) -> Row:
    """A page to read."""
    return Row(dict.fromkeys(READS, perm), dict.fromkeys(READS, get), **more)


def form(perm, post=422, get=200, **more) -> Row:
    """A page with a form; an empty one is refused with 422 and the form again."""
    methods = (*READS, "POST")
    return Row(dict.fromkeys(methods, perm), dict.fromkeys(READS, get) | {"POST": post}, **more)


def act(perm, post=302, **more) -> Row:
    """A button."""
    return Row({"POST": perm}, {"POST": post}, **more)


def ask(perm, **more) -> Row:
    """An endpoint to read."""
    return Row(dict.fromkeys(METHODS, perm), dict.fromkeys((*READS, "OPTIONS"), 200), **more)


def rest(*, post=None, patch=None, **more) -> Row:
    """An endpoint to read and to write, with the right to work leads for the latter."""
    writes = {method: status for method, status in (("POST", post), ("PATCH", patch)) if status}
    perms = dict.fromkeys(METHODS, LEADS) | {"POST": WORK, "PATCH": WORK}
    return Row(perms, dict.fromkeys((*READS, "OPTIONS"), 200) | writes, **more)


def planned(*, reads=True, post=None, patch=None, **more) -> Row:
    """An endpoint of campaigns: everybody who sees numbers reads, those who plan write."""
    writes = {method: status for method, status in (("POST", post), ("PATCH", patch)) if status}
    perms = dict.fromkeys(METHODS, NUMBERS) | dict.fromkeys(writes, PLAN)
    return Row(perms, dict.fromkeys((*READS, "OPTIONS") if reads else ("OPTIONS",), 200) | writes, **more)


def take(post, **more) -> Row:
    """An endpoint that only takes."""
    return Row(dict.fromkeys(METHODS, LEADS) | {"POST": WORK}, {"OPTIONS": 200, "POST": post}, **more)
