"""Reads of leads and deals. Which of them a person may open is decided here and nowhere else."""

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.permissions import Perm
from accounts.queries import standing
from core.models import Organisation
from core.queries import organisation
from leads.models import Contact, Deal, Lead, NextStep


def _scope(user: User) -> str:
    """all, team, own or none: the company's rule, unless the person answers for the whole funnel."""
    perms = standing(user).perms
    if Perm.SEE_LEADS not in perms:
        return "none"
    if Perm.SEE_EVERY_LEAD in perms:
        return Organisation.Visibility.ALL
    return organisation().lead_visibility


def visible_leads(user: User, *, taken_out: bool = False) -> QuerySet[Lead]:
    """The leads a person may open: in lists, drill-downs, exports, search and API alike. Merged ones show as their survivor.

    `taken_out`: those that were taken out instead, for the one who wants to bring one back.
    """
    leads = Lead.objects.filter(merged_into__isnull=True, voided=taken_out)
    match _scope(user):
        case Organisation.Visibility.ALL:
            return leads
        case Organisation.Visibility.TEAM:
            return leads.filter(Q(team_id__in=standing(user).team_ids) | Q(owner=user))
        case Organisation.Visibility.OWN:
            # What waits in one's team's queue is nobody's yet, and somebody has to take it.
            return leads.filter(Q(owner=user) | Q(owner=None, team_id__in=standing(user).team_ids))
    return leads.none()


def visible_deals(user: User) -> QuerySet[Deal]:
    """The deals a person may open: those of visible leads, and those without a lead under the same rule by their owner.

    A merged lead's deals are its survivor's.
    """
    deals = Deal.objects.filter(voided=False)
    match _scope(user):
        case Organisation.Visibility.ALL:
            return deals
        case Organisation.Visibility.TEAM:
            teams = standing(user).team_ids
            return deals.filter(_of_lead(owner=user) | _of_lead(team_id__in=teams))
        case Organisation.Visibility.OWN:
            return deals.filter(_of_lead(owner=user))
    return deals.none()


def _of_lead(**rule) -> Q:
    """Deals whose lead fulfils a rule; the survivor if it was merged, the deal itself if there is no lead."""

    def under(prefix: str) -> Q:
        return Q(**{f"{prefix}{name}": value for name, value in rule.items()})

    stands = Q(lead__isnull=False, lead__merged_into__isnull=True)
    return (stands & under("lead__")) | under("lead__merged_into__") | (Q(lead=None) & under(""))


def open_steps(user: User) -> QuerySet[NextStep]:
    """A person's own next steps that are not done, on leads and deals that the person may open, soonest first.

    Who may no longer open a lead is not reminded of it either.
    """
    leads = visible_leads(user)
    theirs = Q(lead__in=leads) | Q(lead__merged_into__in=leads) | Q(deal__in=visible_deals(user))
    return NextStep.objects.filter(theirs, who=user, done_at__isnull=True).order_by("due_on", "id")


def visible_contacts(user: User) -> QuerySet[Contact]:
    """The people whose data a person may read: those of the leads they may open, and those who belong to no lead yet."""
    if _scope(user) == Organisation.Visibility.ALL:
        return Contact.objects.all()
    return Contact.objects.filter(Q(id__in=visible_leads(user).values("contact_id")) | Q(leads=None))
