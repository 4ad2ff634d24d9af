"""The fields of Tandem in words, for the pages."""

LABELS = {
    "external_id": ("Id", "the row's own id in its system; the same file again then changes nothing"),
    "lead_external_id": ("Id of the lead", "as in the file of the leads"),
    "deal_external_id": ("Id of the deal", "as in the file of the deals"),
    "name": ("Name", ""),
    "email": ("E-mail", ""),
    "phone": ("Phone", ""),
    "company": ("Company", ""),
    "channel": ("Channel", "how people found you"),
    "campaign": ("Campaign", ""),
    "content": ("Content", ""),
    "segment": ("Segment", ""),
    "region": ("Region", ""),
    "origin": ("Origin", "which side started it"),
    "tier": ("Tier", ""),
    "owner": ("Owner", "by e-mail address or name"),
    "team": ("Team", ""),
    "created_at": ("Created", ""),
    "stage": ("Stage", ""),
    "from_stage": ("Stage before", ""),
    "stage_changed_at": ("Stage since", ""),
    "occurred_at": ("When it happened", ""),
    "score": ("Score", ""),
    "amount": ("Amount", ""),
    "cost": ("Cost", ""),
    "currency": ("Currency", "three letters"),
    "closed_at": ("Closed", "the day it was won or lost"),
    "expected_close": ("Expected close", ""),
    "close_date": ("Expected close", ""),
    "status": ("Status", ""),
    "kind": ("Kind", ""),
    "side": ("Side", ""),
    "actor": ("Who did it", ""),
    "outcome": ("Outcome", ""),
    "reason": ("Reason", "the key of an agreed reason"),
    "order": ("Order", "for rows of the same time"),
    "service_from": ("Service from", "first day that the money pays for"),
    "service_to": ("Service to", "last day"),
    "starts_on": ("Starts", ""),
    "ends_on": ("Ends", ""),
    "marketing_owner": ("Owner in marketing", ""),
    "sales_owner": ("Owner in sales", ""),
    "domain": ("Web domain", ""),
    "brief": ("Brief", "whom it is for and what it says"),
    "label": ("What for", "of a cost line"),
    "link": ("Where it is", "a web address"),
    "how_to_use": ("How to use it", ""),
    "ready_on": ("Ready on", ""),
    "utm_source": ("utm_source", "word of the link that led here"),
    "utm_medium": ("utm_medium", "word of the link that led here"),
    "utm_campaign": ("utm_campaign", "word of the link that led here"),
    "utm_term": ("utm_term", "word of the link that led here"),
    "utm_content": ("utm_content", "word of the link that led here"),
    "page": ("Page", "that the link led to"),
    "referrer": ("Site before", "on which the link stood"),
    "user_agent": ("Browser’s name", "machines are filtered by it"),
}
CHOICES = {"won": "Won", "lost": "Lost", "open": "Open", "personal_email": "Personal mail", "email": "Automated mail"}
OUTCOMES = {
    "created": "New",
    "updated": "Changed",
    "unchanged": "Unchanged",
    "rejected": "Rejected",
    "skipped": "Left out",
}


def label(field: str) -> str:
    return field[7:] if field.startswith("custom.") else LABELS[field][0]


def choice(word: str) -> str:
    return CHOICES.get(word) or word.replace("_", " ").capitalize()
