"""One module per entity: `key` gives a row its identity, `plan` says what it changes."""

from integrations.entities import campaign, company, content, deal, lead, spend, stage_change, touch

MODULES = {
    "lead": lead,
    "stage_change": stage_change,
    "deal": deal,
    "touch": touch,
    "spend": spend,
    "company": company,
    "campaign": campaign,
    "content": content,
}
