"""What is said about an open version: comments, answers, a side's no with its reason. Written once; those concerned get a
mail."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Side, User
from accounts.queries import funnel_owner, leads_of_sides, led_sides, standing
from core.errors import DomainError, NotAllowed
from core.outbox import queue_message
from funnel.comment_queries import SIGNING, line, refusals_of, standing_refusals
from funnel.comparing import compare
from funnel.models import Agreement, Comment, Refusal
from funnel.services.opening import OPEN, base_of, lock, log

KIND = "Agreement"
MOST = 2_000  # characters of a comment, an answer or a reason


def comment_on(
    *, agreement: Agreement, text: str, actor: User, now: dt.datetime, section: str = "", about: str = ""
) -> Comment:
    """A comment on an open version. `section` and `about` as the comparison with the version before calls them; of a long
    line the comment keeps the beginning.

    The leads of the other team get a mail; of somebody who stands for both teams, the leads of both.
    """
    text, about = _words(text, "Write what you want to say."), line(about)
    with transaction.atomic():
        row = _open(agreement)
        _must_be_a_line(row, section, about)
        side = side_of(actor)
        found = Comment.objects.create(
            agreement=row, section=section, about=about, text=text, side=side, author=actor, written_at=now
        )
        place = f", {section}" * bool(section) + f" ({about})" * bool(about)
        log(row, actor, f"Commented on version {row.number}{place}.")
        people = leads_of_sides([other for other in SIGNING if other != side], now)
        _tell(
            row,
            people,
            f"comment:{found.pk}",
            f"Version {row.number}: a comment{place}",
            f"{actor} says about version {row.number} of the agreement{place}:\n\n{text}\n\nIt waits for an answer.",
            now,
            but=actor,
        )
        return found


def answer_comment(*, comment: Comment, text: str, actor: User, now: dt.datetime) -> Comment:
    """The answer to a comment; its author gets a mail. Answers are not answered: the next one follows in the same row."""
    text = _words(text, "Write your answer.")
    with transaction.atomic():
        row = _open(comment.agreement)
        asked = comment.answers or comment
        found = Comment.objects.create(
            agreement=row,
            section=asked.section,
            about=asked.about,
            answers=asked,
            text=text,
            side=side_of(actor),
            author=actor,
            written_at=now,
        )
        log(row, actor, f"Answered a comment on version {row.number}.")
        said = f"{actor} answers your comment on version {row.number} of the agreement:\n\n{text}"
        _tell(row, [asked.author], f"comment:{found.pk}", f"Version {row.number}: an answer", said, now, but=actor)
        return found


def refuse_for_side(*, agreement: Agreement, side: Side, reason: str, actor: User, now: dt.datetime) -> Refusal:
    """A side's no to a version that waits for its signature, by its lead and with a reason.

    The version stays proposed for everybody to see: it is changed after it was taken back to a draft, or signed after all.
    """
    side = _own_side(side, actor, "refuses")
    reason = _words(reason, "Say why: the other team reads it.", field="reason")
    with transaction.atomic():
        row = _proposed(agreement)
        if row.signatures.filter(side=side).exists():
            raise DomainError("already_signed", f"{side.label} has already signed {row}.")
        if side in standing_refusals(row, refusals_of(row)):
            raise DomainError("already_refused", f"{side.label} has already refused {row}.")
        found = Refusal.objects.create(
            agreement=row, side=side, kind=Refusal.Kind.REFUSED, reason=reason, user=actor, at=now
        )
        log(row, actor, f"Refused version {row.number} for {side.label.lower()}: {reason}")
        others = leads_of_sides([other for other in SIGNING if other != side], now)
        people = [*others, row.proposed_by, funnel_owner()]
        said = f"{side.label} does not agree to version {row.number}. {actor} gives this reason:\n\n{reason}"
        _tell(row, people, f"refusal:{found.pk}", f"Version {row.number}: {side.label} refuses", said, now, but=actor)
        return found


def take_refusal_back(*, agreement: Agreement, side: Side, actor: User, now: dt.datetime) -> Refusal:
    """The version waits for this side again. What was said stays readable."""
    side = _own_side(side, actor, "takes back its refusal")
    with transaction.atomic():
        row = _proposed(agreement)
        if side not in standing_refusals(row, refusals_of(row)):
            raise DomainError("not_refused", f"{side.label} has not refused {row}.")
        log(row, actor, f"Took back the refusal of version {row.number} by {side.label.lower()}.")
        return Refusal.objects.create(agreement=row, side=side, kind=Refusal.Kind.TAKEN_BACK, user=actor, at=now)


def tell_both_sides(agreement: Agreement, actor: User | None, now: dt.datetime) -> None:
    """The leads of both teams hear that a version waits for them."""
    said = f"Version {agreement.number} of the agreement waits for the signature of both teams."
    said += f"\n\n{agreement.note}" * bool(agreement.note)
    people = leads_of_sides(SIGNING, now)
    key = f"proposed:{agreement.pk}:{now:%Y%m%d%H%M%S%f}"
    _tell(agreement, people, key, f"Version {agreement.number} waits for your signature", said, now, but=actor)


def side_of(user: User) -> Side:
    """The team that somebody speaks for: the own one; both for whoever is of both or of none."""
    own = standing(user).sides - {Side.JOINT}
    return next(iter(own)) if len(own) == 1 else Side.JOINT


def _own_side(side: str, actor: User, does: str) -> Side:
    if side not in SIGNING:
        raise DomainError("side_unknown", "Marketing and sales sign.", field="side")
    if side not in led_sides(actor):
        raise NotAllowed("not_your_side", f"Only a team lead of {Side(side).label.lower()} {does} for that side.")
    return Side(side)


def _open(agreement: Agreement) -> Agreement:
    row = lock(agreement)
    if row.state not in OPEN:
        raise DomainError("version_closed", f"{row} is decided. Comments belong to a draft.")
    return row


def _proposed(agreement: Agreement) -> Agreement:
    row = lock(agreement)
    if row.state != Agreement.State.PROPOSED:
        raise DomainError("not_proposed", f"{row} does not wait for signatures.")
    return row


def _must_be_a_line(version: Agreement, section: str, about: str) -> None:
    """A comment stands beside a difference, so that both teams know what it is about."""
    if not section and not about:
        return
    base = base_of(version)
    lines = {part.title: {line(what) for what, *_ in part.rows} for part in compare(base, version)} if base else {}
    if section not in lines or (about and about not in lines[section]):
        raise DomainError("line_unknown", "This has changed meanwhile. Reload the page and choose again.")


def _words(text: str, missing: str, field: str = "text") -> str:
    text = text.strip()
    if not text:
        raise DomainError("text_missing", missing, field=field)
    if len(text) > MOST:
        raise DomainError("text_too_long", f"At most {MOST:,} characters; these are {len(text):,}.", field=field)
    return text


def _tell(
    version: Agreement,
    people: Iterable[User | None],
    key: str,
    subject: str,
    said: str,
    now: dt.datetime,
    *,
    but: User | None,
) -> None:
    """One mail to each, but not to whoever did it."""
    page = settings.SITE_URL + reverse("console_agree", args=[version.number]) if settings.SITE_URL else "Console, Agreement"
    for person in {one.pk: one for one in people if one is not None and one.is_active}.values():
        if but is None or person.pk != but.pk:
            queue_message(
                key=f"{key}:{person.pk}", kind=KIND, to=person.email, subject=subject, text=f"{said}\n\n{page}\n", now=now
            )
