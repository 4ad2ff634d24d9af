"""Takes a mail copy: one row says what became of it, and in the same transaction the contact is logged.

Who may say what: the secret address says whose copy it is, and the mail must fit that person. Their own mail to a lead is a
contact; a lead's answer to them is a conversation; a calendar entry goes to integrations.meetings; all else counts nothing.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from accounts.models import Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm
from accounts.sides import require_side
from core.errors import DomainError, NotAllowed
from core.queries import calendar
from funnel.models import StageKind
from integrations.calendar_reading import Invitation, read_calendar
from integrations.copy_addresses import is_copy_address, owners
from integrations.mail_reading import Mail, read_mail
from integrations.meetings import take_invitation
from integrations.models import CopyAddress, MailCopy
from leads.models import Lead, Touch
from leads.projection import Context
from leads.queries import visible_leads
from leads.services.bulk import FUTURE_LIMIT
from leads.services.feedback import log_contact

Outcome = MailCopy.Outcome
_MOST_PEOPLE = 50
# An older date is a wrong clock, as one in the future is.
_OLDEST = dt.timedelta(days=3_660)


def take_mail(raw: bytes, *, recipients: Iterable[str] = (), received_at: dt.datetime) -> list[MailCopy]:
    """Take a raw message for every copy address among its recipients; the same message again changes nothing.

    `recipients`: the envelope's, as the server that forwards it says; without them the headers are asked. Empty where no
    running address is among them: then nothing is kept.
    """
    mail = read_mail(raw)
    named = [*recipients] or [*mail.envelope, *mail.recipients]
    context = Context()
    return [_take(address, mail, received_at, context) for address in owners(named)]


def _take(address: CopyAddress, mail: Mail, received_at: dt.datetime, context: Context) -> MailCopy:
    digest = hashlib.sha256(f"{address.user_id}\n{mail.identity}".encode()).hexdigest()
    known = MailCopy.objects.filter(digest=digest).first()
    if known is not None:
        return known
    plausible = mail.sent_at and received_at - _OLDEST <= mail.sent_at <= received_at + FUTURE_LIMIT
    sent_at = mail.sent_at if plausible else received_at
    try:
        with transaction.atomic():
            outcome, matched, strangers = _work(address.user, mail, sent_at, received_at, context)
            return MailCopy.objects.create(
                user=address.user,
                digest=digest,
                message_id=mail.message_id,
                sent_at=sent_at,
                received_at=received_at,
                outcome=outcome,
                matched=matched,
                domains=_domains(strangers, address.user),
            )
    except IntegrityError:
        # The same mail came twice at once; then the other one took it.
        known = MailCopy.objects.filter(digest=digest).first()
        if known is None:
            raise
        return known


def _work(user: User, mail: Mail, sent_at, received_at, context: Context) -> tuple[str, int, Sequence[str]]:
    """What becomes of it: outcome, on how many leads it was logged, addresses that no lead has."""
    if not _logs_contacts(user):
        return Outcome.NOT_ALLOWED, 0, ()
    if mail.calendars:
        return _calendar(user, mail, sent_at, received_at, context)
    if mail.automated:
        return Outcome.AUTOMATED, 0, ()
    own = user.email.lower()
    if mail.sender == own:
        to, outcome = mail.recipients, "sent"
    elif mail.is_reply and mail.sender and own in mail.recipients:
        to, outcome = (mail.sender,), "replied"
    else:
        return Outcome.OTHER_SENDER, 0, ()
    leads, strangers = _leads_behind(user, to, context)
    if outcome == "replied" and not leads:
        return Outcome.OTHER_SENDER, 0, ()
    logged = sum(_log(user, mail, lead, outcome, sent_at, context) for lead in leads)
    return (Outcome.LOGGED if logged else Outcome.NO_LEAD), logged, strangers


def _log(user: User, mail: Mail, lead: Lead, outcome: str, sent_at, context: Context) -> bool:
    try:
        log_contact(
            lead=lead,
            kind=Touch.Kind.PERSONAL_EMAIL,
            actor=user,
            outcome=outcome,
            occurred_at=sent_at,
            evidence="mail",
            external_id=f"{mail.identity}#{lead.id}",
            context=context,
        )
    except DomainError:
        # Taken out this moment, or somebody logged something else under this id. Trying again would not help.
        return False
    return True


def _logs_contacts(user: User) -> bool:
    """Whether the person is here, may work on leads, and logs contacts for sales."""
    try:
        require_side(user, Side.SALES, "logs its contacts")
    except NotAllowed:
        return False
    return user.is_active and has_perm(user, Perm.WORK_LEADS)


def _calendar(user: User, mail: Mail, sent_at, received_at, context: Context) -> tuple[str, int, Sequence[str]]:
    try:
        found = [one for content in mail.calendars for one in _meetings(content, received_at)]
    except ValueError:
        return Outcome.UNREADABLE, 0, ()
    own = user.email.lower()
    # Whoever sends it takes part: the person, or who invited them.
    found = [one for one in found if own in one.people and mail.sender in one.people]
    return _take_calendar(user=user, invitations=found, booked_at=sent_at, received_at=received_at, context=context)


def take_file(*, user: User, content: bytes, received_at: dt.datetime) -> tuple[str, int, Sequence[str]]:
    """Take the meetings of an uploaded calendar file in which the person takes part. Raises DomainError if it is none.

    Returns outcome, number of leads met, addresses that no lead has.
    """
    require_side(user, Side.SALES, "books the meetings that pause its clock")
    try:
        found = [one for one in _meetings(content, received_at) if user.email.lower() in one.people]
    except ValueError as error:
        raise DomainError("no_calendar", str(error), field="file") from error
    with transaction.atomic():
        return _take_calendar(
            user=user, invitations=found, booked_at=received_at, received_at=received_at, context=Context()
        )


def _meetings(content: bytes, received_at: dt.datetime) -> list[Invitation]:
    return read_calendar(content, zone=calendar().zone_at(received_at), received_at=received_at)


def _take_calendar(
    *, user: User, invitations: Sequence[Invitation], booked_at, received_at, context: Context
) -> tuple[str, int, Sequence[str]]:
    """Take the versions of meetings that are newer than what is known."""
    matched, strangers, taken = 0, [], 0
    for one in sorted(invitations, key=lambda i: (i.sequence, i.stamped_at)):
        leads, unknown = _leads_behind(user, one.people, context)
        if take_invitation(
            user=user, invitation=one, leads=leads, booked_at=booked_at, received_at=received_at, context=context
        ):
            taken, matched, strangers = taken + 1, matched + len(leads), [*strangers, *unknown]
    outcome = Outcome.NO_MEETING if not taken else Outcome.LOGGED if matched else Outcome.NO_LEAD
    return outcome, matched, strangers


def _leads_behind(user: User, addresses: Iterable[str], context: Context) -> tuple[list[Lead], list[str]]:
    """The leads of these people that the user may open, and the addresses that none of them has.

    Of several leads of one person those count on which work goes on; if there are none, the newest.
    """
    asked = [a for a in dict.fromkeys(addresses) if a != user.email.lower() and not is_copy_address(a)][:_MOST_PEOPLE]
    rows = visible_leads(user).annotate(address=Lower("contact__email")).filter(address__in=asked)
    by_address: dict[str, list[Lead]] = {}
    for lead in rows.select_related("contact").order_by("id"):
        by_address.setdefault(lead.address, []).append(lead)
    open_stages = {stage.id for stage in context.book.newest.stages.values() if stage.kind == StageKind.PATH}
    found = []
    for leads in by_address.values():
        found += [lead for lead in leads if lead.stage_id in open_stages] or leads[-1:]
    return found, [address for address in asked if address not in by_address]


def _domains(strangers: Iterable[str], user: User) -> str:
    """The domains behind addresses that no lead has, without our own people's."""
    own = user.email.lower().partition("@")[2]
    found = dict.fromkeys(address.partition("@")[2] for address in strangers)
    return ", ".join(domain for domain in found if domain != own)[:250]
