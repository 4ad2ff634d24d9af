"""Which column is what: by the mapping that worked last, by the mappings shipped with Tandem, by the headers' words."""

import re
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path

from integrations.fields import FIELDS, REQUIRED
from integrations.models import SavedMapping
from integrations.uploads import fingerprint

SHIPPED = Path(__file__).parent / "mappings"
ENTITY_WORDS = {
    "lead": "Leads",
    "stage_change": "Stage history",
    "deal": "Deals",
    "touch": "Touches and activities",
    "spend": "Spend",
    "company": "Companies",
    "campaign": "Campaigns",
    "content": "Content",
}
SOURCE_WORDS = {"hubspot": "HubSpot", "salesforce": "Salesforce", "pipedrive": "Pipedrive"}
# Other spellings of the headers in the shipped mappings, from the same products.
_SPELLINGS = {
    "Contact ID": ("Record ID", "Record ID - Contact"),
    "Contact owner": ("HubSpot Owner", "Contact Owner"),
    "Became a Marketing Qualified Lead Date": (
        'Date entered "Marketing Qualified Lead (Lifecycle Stage Pipeline)"',
        "hs_lifecyclestage_marketingqualifiedlead_date",
    ),
    "Deal owner": ("Deal Owner",),
    "Deal - Deal created": ("Deal - Creation date",),
    "Deal - Deal closed on": ("Deal - Closed on",),
    "Deal - Organization": ("Organization",),
    "Deal - Stage": ("Deal - Stage (pipeline)",),
    "Opportunity ID": ("OpportunityId",),
    "To Stage": ("StageName",),
}
# Words of headers (letters and digits only) that mean a field. More special fields come first.
_WORDS = {
    "external_id": "id recordid externalid leadid mqlid contactid dealid key number invoice campaignid companyid",
    "lead_external_id": "leadid mqlid contactid leadexternalid",
    "deal_external_id": "dealid opportunityid dealexternalid",
    "name": "name fullname contactname lastname dealname title company companyname account campaign campaignname",
    "email": "email emailaddress mail",
    "phone": "phone phonenumber telephone mobile",
    "company": "company companyname account accountname organization organisation",
    "channel": "channel source leadsource origin originalsource network medium utmsource",
    "campaign": "campaign campaignname utmcampaign",
    "content": "content asset landingpage landingpageid utmcontent",
    "segment": "segment industry businesssegment",
    "region": "region country state",
    "tier": "tier rating grade",
    "owner": "owner leadowner contactowner dealowner salesrep rep sdrid assignedto",
    "team": "team",
    "created_at": "created createdat createdate createddate creationdate createdon firstcontactdate dealcreated engagedate",
    "stage": "stage lifecyclestage leadstage tostage status leadstatus newstage",
    "from_stage": "fromstage oldstage previousstage",
    "stage_changed_at": "stagechangedat laststagechangedate stagesince stagedate",
    "occurred_at": "occurredat date timestamp changedat editdate lastmodified when time",
    "score": "score leadscore hubspotscore",
    "amount": "amount value dealvalue closevalue cost spend revenue price",
    "cost": "cost costs",
    "currency": "currency currencycode currencyisocode",
    "closed_at": "closedat closedate closeddate wondate closedon wontime",
    "expected_close": "expectedclose expectedclosedate",
    "close_date": "closedate",
    "status": "status dealstatus dealstage",
    "kind": "kind type",
    "side": "side",
    "actor": "actor changedby editedby lastmodifiedby user",
    "outcome": "outcome result",
    "reason": "reason lostreason",
    "service_from": "servicefrom from start startdate date month day",
    "service_to": "serviceto to end enddate",
    "starts_on": "startson start startdate",
    "ends_on": "endson end enddate",
    "domain": "domain website",
    "brief": "brief description",
    "label": "label description memo text",
    "link": "link url address",
    "how_to_use": "howtouse usage instructions",
    "ready_on": "readyon ready publishdate duedate",
    "order": "order sequence",
}


@cache
def shipped() -> dict[str, dict]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.toml"))}


def _respelled(mapping: dict, header: Sequence[str]) -> dict:
    """The mapping with the spellings that this file uses, without what the file does not have."""
    known = set(header)

    def here(name: str) -> str:
        if name in known:
            return name
        return next((other for other in _SPELLINGS.get(name, ()) if other in known), "")

    found = deepcopy(mapping)
    for part in (found, *found.get("emit", [])):
        part["columns"] = {field: here(name) for field, name in part.get("columns", {}).items() if here(name)}
        if "filter" in part:
            part["filter"] = {here(name): words for name, words in part["filter"].items() if here(name)}
            if not part["filter"]:
                del part["filter"]
        if "when" in part:
            part["when"] = here(part["when"])
    if "emit" in found:
        found["emit"] = [part for part in found["emit"] if part.get("when") and part["columns"]]
    return found


def complete(mapping: dict) -> bool:
    """Whether every field that the entity needs is filled."""
    filled = mapping.get("columns", {}).keys() | mapping.get("constants", {}).keys()
    return all(set(group) & filled for group in REQUIRED[mapping["entity"]])


def _best_shipped(header: Sequence[str], entity: str = "", source: str = "") -> tuple[str, dict, int] | None:
    best = None
    for name, mapping in shipped().items():
        if (entity and mapping["entity"] != entity) or (source and mapping["source"] != source):
            continue
        found = _respelled(mapping, header)
        hits = len(set(found["columns"].values())) + len(found.get("emit", []))
        if complete(found) and hits >= 3 and (best is None or hits > best[2]):
            best = (name, found, hits)
    return best


def recognise(header: Sequence[str]) -> tuple[str, str]:
    """(entity, source) that these headers give away, or two empty words."""
    saved = SavedMapping.objects.filter(fingerprint=fingerprint(header)).order_by("-used_at").first()
    if saved:
        return saved.entity, saved.source
    best = _best_shipped(header)
    return (best[1]["entity"], best[1]["source"]) if best else ("", "")


def propose(header: Sequence[str], *, entity: str, source: str) -> tuple[dict, str]:
    """A mapping to start from and, in words, where it comes from."""
    saved = SavedMapping.objects.filter(fingerprint=fingerprint(header), entity=entity, source=source).first()
    if saved:
        day = f"{saved.used_at.day} {saved.used_at:%b %Y}"
        return _respelled(saved.mapping, header), f"as in your import of {day}"
    best = _best_shipped(header, entity, source)
    if best:
        found = best[1]
        # Footers and order are this file's own; they are looked at, not assumed.
        found.pop("skip_footer", None)
        return found, f"by the headers of a {SOURCE_WORDS.get(source, source)} export"
    return {"entity": entity, "source": source, "columns": by_words(header, entity)}, "by the words of the headers"


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def by_words(header: Sequence[str], entity: str) -> dict[str, str]:
    """Field → header, each header once, exact names before synonyms, in the order of the synonyms."""
    free = {name: _bare(name) for name in header if name and list(header).count(name) == 1}
    found: dict[str, str] = {}
    fields = list(FIELDS[entity])
    for field in fields:
        # A column of that name nearly always tells the channel; Tandem's origin is which side started it.
        if field == "origin":
            continue
        match = next((name for name, bare in free.items() if bare == _bare(field)), None)
        if match:
            found[field] = match
            del free[match]
    for field in fields:
        if field in found:
            continue
        for word in _WORDS.get(field, "").split():
            match = next((name for name, bare in free.items() if bare == word), None)
            if match:
                found[field] = match
                del free[match]
                break
    return {field: found[field] for field in fields if field in found}
