"""Possible doubles: new leads of a file that somebody who is here already may be, or that stand twice in the file.

Same e-mail address, or same name and same company. Only a person can say whether two are one, so nothing is decided here.
"""

from collections import defaultdict
from collections.abc import Iterator

from accounts.models import User
from integrations.rows import Parsed
from leads.models import Company, Lead
from leads.queries import visible_leads

SHOWN = 200
MOST_LEADS = 3  # leads named per row
_AT_ONCE = 900
EMAIL, NAME = "same e-mail address", "same name and company"

Keys = tuple[str, tuple[str, str] | None]


class Candidates:
    """The new leads of a trial run, kept as keys until all rows were seen."""

    def __init__(self):
        self._rows: list[tuple[int, Keys, dict]] = []

    def add(self, parsed: Parsed | None, outcome: object) -> None:
        if parsed is None or outcome != "created" or parsed.items[0].part.entity != "lead":
            return
        values = parsed.items[0].values
        first = values.get("custom", {}).get("first_name", "")
        email, name, company = (str(values.get(field) or "") for field in ("email", "name", "company"))
        words = {"name": f"{first} {name}".strip()[:80], "email": email[:80], "company": company[:80]}
        keys = _keys(email, f"{first} {name}", company)
        if any(keys):
            self._rows.append((parsed.row.line, keys, words))

    def found(self) -> dict:
        """Doubles by line: `total`, `lines` of all of them, and `rows` to look at, each with why and with whom."""
        emails = _leads_by_email({keys[0] for _, keys, _ in self._rows if keys[0]})
        names = _leads_by_name({keys[1] for _, keys, _ in self._rows if keys[1]})
        seen: dict[object, int] = {}
        lines, rows = [], []
        for line, (email, name), words in self._rows:
            leads = emails.get(email, []) if email else []
            why = EMAIL if leads else ""
            if not leads and name:
                leads = names.get(name, [])
                why = NAME if leads else ""
            twin = next((seen[key] for key in (email, name) if key and key in seen), None)
            for key in (email, name):
                if key:
                    seen.setdefault(key, line)
            if not leads and twin is None:
                continue
            lines.append(line)
            if len(rows) < SHOWN:
                why = why or (EMAIL if email and seen[email] == twin else NAME)
                rows.append(words | {"line": line, "why": why, "leads": leads[:MOST_LEADS], "twin": twin})
        return {"total": len(lines), "lines": lines, "rows": rows}


def _keys(email: str, name: str, company: str) -> Keys:
    name, company = _plain(name), _plain(company)
    return email.strip().lower(), (name, company) if name and company else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _some(values: set) -> Iterator[list]:
    ordered = sorted(values)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _here():
    return Lead.objects.filter(merged_into=None, voided=False)


def _leads_by_email(emails: set[str]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for some in _some(emails):
        rows = _here().filter(contact__email__in=some).order_by("id").values_list("contact__email", "id")
        for email, lead in rows:
            found[email].append(lead)
    return found


def _leads_by_name(names: set[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """Leads whose name and company are among those wanted, whatever their case. Companies are read by name first."""
    found = defaultdict(list)
    if not names:
        return found
    companies = {company for _, company in names}
    ids = [pk for pk, name in _companies() if _plain(name) in companies]
    columns = ("contact__name", "custom__first_name", "company__name", "id")
    for some in _some(set(ids)):
        for name, first, company, lead in _here().filter(company_id__in=some).order_by("id").values_list(*columns):
            for spoken in {_plain(name or ""), _plain(f"{first or ''} {name or ''}")}:
                key = (spoken, _plain(company))
                if key in names:
                    found[key].append(lead)
    return found


def _companies():
    return Company.objects.values_list("id", "name").iterator(chunk_size=5_000)


def with_names(rows: list[dict], user: User) -> list[dict]:
    """The rows with the leads that this person may open; `hidden` counts the others."""
    ids = {lead for row in rows for lead in row["leads"]}
    known = visible_leads(user).filter(id__in=ids).select_related("contact", "company", "stage").in_bulk()
    return [
        row
        | {
            "known": [known[lead] for lead in row["leads"] if lead in known],
            "hidden": sum(lead not in known for lead in row["leads"]),
        }
        for row in rows
    ]
