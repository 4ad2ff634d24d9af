"""Finding by words: one rule for the list, the search page and the API."""

from django.db.models import Q, QuerySet

from leads.models import Company, Contact, Lead


def words_of(text: str | None) -> str:
    """What was typed, cut to what is searched for."""
    return (text or "").strip()[:200]


def leads_like(words: str) -> Q:
    """Leads whose person's name or address, or whose company, contains the words; or whose external id is the word.

    The subqueries read contacts and companies once each; a join would look both up for every lead.
    """
    return (
        Q(contact_id__in=contacts_like(words).values("id"))
        | Q(company_id__in=companies_like(words).values("id"))
        | Q(external_id=words)
    )


def contacts_like(words: str) -> QuerySet[Contact]:
    return Contact.objects.filter(Q(name__icontains=words) | Q(email__icontains=words))


def companies_like(words: str) -> QuerySet[Company]:
    return Company.objects.filter(Q(name__icontains=words) | Q(domain__icontains=words))


def find_leads(leads: QuerySet[Lead], words: str) -> QuerySet[Lead]:
    return leads.filter(leads_like(words)) if words else leads
