"""Reads of what is said about a version: its comments by section, what has no answer yet, who refused it and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.models import Side
from funnel.models import Agreement, Comment, Refusal

SIGNING = (Side.MARKETING, Side.SALES)
_LONGEST = Comment._meta.get_field("about").max_length


def line(what: str) -> str:
    """A line of the comparison as a comment keeps it: in one row of text, a long one cut and marked so."""
    text = " ".join(what.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@dataclass
class Thread:
    """A comment with its answers, oldest first. `open`: nobody but its author has answered."""

    comment: Comment
    replies: list[Comment] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return all(reply.author_id == self.comment.author_id for reply in self.replies)


@dataclass(frozen=True)
class Talk:
    """All threads of a version, oldest first."""

    threads: tuple[Thread, ...]

    @property
    def unanswered(self) -> list[Thread]:
        return [thread for thread in self.threads if thread.open]

    def on(self, section: str) -> list[Thread]:
        return [thread for thread in self.threads if thread.comment.section == section]

    def elsewhere(self, sections: Iterable[str]) -> list[Thread]:
        """On the version as a whole, and on sections in which nothing differs any more."""
        shown = set(sections)
        return [thread for thread in self.threads if thread.comment.section not in shown]


def talk_of(version: Agreement) -> Talk:
    """What is said about a version, in one query."""
    threads: dict[int, Thread] = {}
    for row in Comment.objects.filter(agreement_id=version.pk).select_related("author").order_by("id"):
        if row.answers_id is None:
            threads[row.pk] = Thread(row)
        else:
            threads[row.answers_id].replies.append(row)
    return Talk(tuple(threads.values()))


def refusals_of(version: Agreement) -> list[Refusal]:
    """Every no to a version, and every one that was taken back, oldest first."""
    return list(Refusal.objects.filter(agreement_id=version.pk).select_related("user").order_by("id"))


def standing_refusals(version: Agreement, refusals: Iterable[Refusal]) -> dict[Side, Refusal]:
    """The no that each side stands by: said since the version was put to both teams, not taken back, not signed after."""
    if version.state != Agreement.State.PROPOSED:
        return {}
    newest = {Side(row.side): row for row in refusals if row.at >= version.proposed_at}
    signed = {signature.side for signature in version.signatures.all()}
    return {side: row for side, row in newest.items() if row.kind == Refusal.Kind.REFUSED and side not in signed}


def sides_of(version: Agreement, refusals: Iterable[Refusal] = ()) -> list[dict]:
    """Each signing side with its signature or None, and the no that it stands by."""
    signed = {signature.side: signature for signature in version.signatures.all()}
    refused = standing_refusals(version, refusals)
    return [
        {"side": side, "label": side.label, "signature": signed.get(side), "refusal": refused.get(side)} for side in SIGNING
    ]
