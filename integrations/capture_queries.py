"""What the console shows of our web sites: how many forms each brought, what became of the newest ones, what was refused."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Q

from accounts.models import User
from integrations.models import CapturedForm, CaptureSite, CaptureTrouble
from leads.queries import visible_leads

LOOKED_BACK = dt.timedelta(days=30)
SHOWN = 20
_LEADS = (CapturedForm.Outcome.CREATED, CapturedForm.Outcome.KNOWN)


def read_sites(now: dt.datetime) -> list[CaptureSite]:
    """All sites, with `brought` (forms of 30 days that are a lead's), `filtered`, `newest` (an instant) and `refused`."""
    lately = Q(forms__received_at__gt=now - LOOKED_BACK)
    sites = list(
        CaptureSite.objects.annotate(
            brought=Count("forms", filter=lately & Q(forms__outcome__in=_LEADS)),
            filtered=Count("forms", filter=lately & ~Q(forms__outcome__in=_LEADS)),
            newest=Max("forms__received_at"),
        ).order_by("name")
    )
    refused = dict(CaptureTrouble.objects.order_by().values_list("site_id").annotate(n=Count("id")))
    for site in sites:
        site.refused = refused.get(site.pk, 0)
    return sites


@dataclass(frozen=True)
class Line:
    """A form as the list shows it; `lead` is None where the reader may not open it."""

    form: CapturedForm
    lead: int | None


def read_forms(site: CaptureSite, user: User) -> list[Line]:
    """The newest forms. A lead that was merged is shown as its survivor."""
    forms = list(site.forms.select_related("lead").order_by("-received_at", "-id")[:SHOWN])
    stands = {form.pk: form.lead.merged_into_id or form.lead_id for form in forms if form.lead}
    mine = set(visible_leads(user).filter(pk__in=stands.values()).values_list("pk", flat=True))
    return [Line(form, pk if (pk := stands.get(form.pk)) in mine else None) for form in forms]


def read_troubles(site: CaptureSite) -> list[CaptureTrouble]:
    return list(site.troubles.order_by("-last_at", "-id"))
