"""Takes a posted form once: a lead or a touch of a known one, with the first and the last way in. Counts what is refused.

Anybody can post here, so nothing that is known is changed by it: a known person's data stay as they are, and a form by a
machine or by our own people leaves a row that says so and nothing else.
"""

import datetime as dt
import hashlib
import hmac

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Side
from funnel.models import Stage, StageKind
from integrations.capture_reading import Came, Posted
from integrations.models import CaptureCount, CapturedForm, CaptureSite, CaptureTrouble
from leads.links import Links, load_links
from leads.models import Company, Lead, Touch
from leads.projection import Context
from leads.services import add_note, create_lead, ensure_company, ensure_contact
from leads.services.arrivals import Told, append_told
from leads.services.intake import version_on
from leads.touch_filters import Filters, Seen, load_filters

Outcome = CapturedForm.Outcome
SPAN = dt.timedelta(minutes=10)
MOST_OF_VISITOR, MOST_OF_SITE = 10, 600
# Within it the way in and the form are one touch, as metrics collapse repeats.
SAME_VISIT = dt.timedelta(minutes=30)
_MOST_TROUBLES = 50
_ENDED = (StageKind.WON, StageKind.LOST, StageKind.OUT)


def take_form(*, site: CaptureSite, posted: Posted, agent: str, address: str, received_at: dt.datetime) -> CapturedForm:
    """Take a form; the same one again answers what became of it before. DomainError `agreement_missing` without stages."""
    digest = hashlib.sha256(f"{site.pk}\n{posted.identity}".encode()).hexdigest()
    known = CapturedForm.objects.filter(digest=digest).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            # Two forms of one person at once: the second one finds the lead of the first.
            CaptureSite.objects.select_for_update().get(pk=site.pk)
            outcome, lead = _work(posted, digest, agent, address)
            return CapturedForm.objects.create(
                site=site,
                digest=digest,
                received_at=received_at,
                outcome=outcome,
                lead=lead,
                page=posted.page,
                consent=posted.consent,
            )
    except IntegrityError:
        # The same form came twice at once; then the other one took it.
        known = CapturedForm.objects.filter(digest=digest).first()
        if known is None:
            raise
        return known


def _work(posted: Posted, digest: str, agent: str, address: str) -> tuple[str, Lead | None]:
    if posted.trapped:
        return Outcome.HONEYPOT, None
    filters = load_filters()
    if reason := filters.judge(Seen(email=posted.email, agent=agent, address=address))[1]:
        return Outcome(reason), None
    context, links = Context(), load_links()
    lead, outcome = _known_lead(posted, context), Outcome.KNOWN
    if lead is None:
        lead, outcome = _new_lead(posted, digest, links, context), Outcome.CREATED
    _tell(posted, lead, digest, agent, links=links, filters=filters, context=context)
    if posted.text:
        add_note(lead=lead, text=posted.text, author=None, occurred_at=posted.submitted_at)
    return outcome, lead


def _known_lead(posted: Posted, context: Context) -> Lead | None:
    """The newest lead of this address that has not ended."""
    version = version_on(posted.submitted_at, context)
    going = [stage.id for stage in version.stages.values() if stage.kind not in _ENDED]
    standing = Lead.objects.filter(merged_into__isnull=True, voided=False, stage_id__in=going)
    return standing.filter(contact__email=posted.email).order_by("-created_at", "-id").first()


def _new_lead(posted: Posted, digest: str, links: Links, context: Context) -> Lead:
    version = version_on(posted.submitted_at, context)
    start = version.milestone("start") or version.path()[0]
    meaning: dict[str, int] = {}
    for way in posted.came:  # the last way in that is explained counts
        meaning |= links.meaning(way.link)
    company = _company(posted)
    contact = ensure_contact(name=posted.name, email=posted.email, phone=posted.phone, company=company)
    return create_lead(
        stage=Stage(id=start.id, key=start.key),
        occurred_at=posted.submitted_at,
        actor=None,
        source="capture",
        external_id=digest,
        contact=contact,
        company=company or contact.company,
        context=context,
        **{name: pk for name, pk in meaning.items() if name != "content_id"},
    )


def _company(posted: Posted) -> Company | None:
    """By the name that was typed, else the only company that has the address's domain."""
    if posted.company:
        return ensure_company(name=posted.company, source="capture")
    found = list(Company.objects.filter(domain__iexact=posted.email.rpartition("@")[2])[:2])
    return found[0] if len(found) == 1 else None


def _tell(posted: Posted, lead: Lead, digest: str, agent: str, *, links: Links, filters: Filters, context: Context) -> None:
    """The touches: each way in as a visit, and the form, which carries the last one's link.

    The way in that led to the form within half an hour is the form's own.
    """
    told = []
    for number, way in enumerate(posted.came):
        is_last = number == len(posted.came) - 1
        if not (is_last and posted.submitted_at - way.at <= SAME_VISIT):
            told.append(_touch(lead, Touch.Kind.VISIT, way, f"{digest}:visit{number}"))
    last = posted.came[-1].link if posted.came else {}
    link = {**last, "page": posted.page or last.get("page", ""), "agent": agent}
    told.append(_touch(lead, Touch.Kind.FORM, Came(posted.submitted_at, link), f"{digest}:form"))
    append_told(told, context=context, links=links, filters=filters)


def _touch(lead: Lead, kind: str, way: Came, external_id: str) -> Told:
    touch = Touch(
        lead=lead,
        contact_id=lead.contact_id,
        side=Side.MARKETING,
        kind=kind,
        occurred_at=way.at,
        source="capture",
        external_id=external_id,
    )
    return Told(touch, way.link)


# --- limits and refusals ----------------------------------------------------------------------------------------


def count_post(*, site: CaptureSite, address: str, now: dt.datetime) -> bool:
    """Count a post; False once a visitor or a whole site has sent too many within ten minutes.

    A visitor is a hash that means nothing after the span; its address is never stored, and the next span deletes the hash.
    """
    seconds = int(SPAN.total_seconds())
    span = dt.datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, dt.UTC)
    word = f"capture {site.pk} {span:%Y-%m-%dT%H:%M} {address}"
    visitor = hmac.new(settings.SECRET_KEY.encode(), word.encode(), "sha256").hexdigest()
    posts = []
    for key in (f"site {site.pk}", visitor):
        with transaction.atomic():
            _, is_new = CaptureCount.objects.get_or_create(key=key, span=span)
            if is_new:
                CaptureCount.objects.filter(span__lt=span).delete()
            CaptureCount.objects.filter(key=key, span=span).update(posts=F("posts") + 1)
            posts.append(CaptureCount.objects.get(key=key, span=span).posts)
    return posts[0] <= MOST_OF_SITE and posts[1] <= MOST_OF_VISITOR


def note_trouble(*, site: CaptureSite, why: str, now: dt.datetime, detail: str = "") -> None:
    """Count a refusal. Beyond fifty different ones of a site the rest are counted together: strangers write the details."""
    rows = CaptureTrouble.objects.filter(site=site)
    with transaction.atomic():
        if not rows.filter(why=why, detail=detail[:200]).exists() and rows.count() >= _MOST_TROUBLES:
            detail = ""
        CaptureTrouble.objects.get_or_create(
            site=site, why=why, detail=detail[:200], defaults={"times": 0, "first_at": now, "last_at": now}
        )
        rows.filter(why=why, detail=detail[:200]).update(times=F("times") + 1, last_at=now)


def forget_troubles(*, site: CaptureSite) -> None:
    """What was refused so far has been read and seen to."""
    CaptureTrouble.objects.filter(site=site).delete()
