"""The fields of each entity that a mapping may fill (architecture 7), each with what its cells hold."""

from dataclasses import dataclass
from enum import StrEnum


class Holds(StrEnum):
    TEXT = "text"
    REFERENCE = "reference"
    TIME = "time"
    DAY = "day"
    AMOUNT = "amount"
    WHOLE = "whole number"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """`size`: longest text. `choices`: the words a CHOICE accepts."""

    holds: Holds
    size: int = 200
    choices: tuple[str, ...] = ()


_ID = Field(Holds.TEXT, 200)
_NAME = Field(Holds.TEXT, 200)
_LONG = Field(Holds.TEXT, 8_000)
_TIME = Field(Holds.TIME)
_DAY = Field(Holds.DAY)
_REF = Field(Holds.REFERENCE, 200)
_SHORT_REF = Field(Holds.REFERENCE, 120)
_AMOUNT = Field(Holds.AMOUNT)
_ORIGIN = Field(Holds.CHOICE, choices=("marketing", "sales", "partner", "customer"))
_DIMENSIONS = {"channel": _SHORT_REF, "campaign": Field(Holds.REFERENCE, 160), "segment": _SHORT_REF, "region": _SHORT_REF}

# The link that led to a lead or a touch: its words, the page, the site before.
_LINK = {
    **{name: Field(Holds.TEXT, 150) for name in ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")},
    "page": Field(Holds.TEXT, 2_000),
    "referrer": Field(Holds.TEXT, 2_000),
}

FIELDS: dict[str, dict[str, Field]] = {
    "lead": {
        "external_id": _ID,
        "name": _NAME,
        "email": Field(Holds.TEXT, 254),
        "phone": Field(Holds.TEXT, 60),
        "company": _REF,
        **_DIMENSIONS,
        "origin": _ORIGIN,
        "tier": Field(Holds.TEXT, 20),
        "owner": _SHORT_REF,
        "team": _SHORT_REF,
        "created_at": _TIME,
        "stage": Field(Holds.TEXT, 60),
        "stage_changed_at": _TIME,
        "score": Field(Holds.WHOLE),
        **_LINK,
    },
    "stage_change": {
        "external_id": _ID,
        "lead_external_id": _ID,
        "deal_external_id": _ID,
        "from_stage": Field(Holds.TEXT, 60),
        "created_at": _TIME,
        "stage": Field(Holds.TEXT, 60),
        "occurred_at": _TIME,
        "order": Field(Holds.WHOLE),
        "reason": Field(Holds.TEXT, 40),
        "actor": _SHORT_REF,
        "amount": _AMOUNT,
        "currency": Field(Holds.TEXT, 3),
        "close_date": _DAY,
    },
    "deal": {
        "external_id": _ID,
        "lead_external_id": _ID,
        "company": _REF,
        "name": _NAME,
        "amount": _AMOUNT,
        "cost": _AMOUNT,
        "currency": Field(Holds.TEXT, 3),
        "created_at": _TIME,
        "closed_at": _TIME,
        "expected_close": _DAY,
        "status": Field(Holds.CHOICE, choices=("open", "won", "lost")),
        "kind": Field(Holds.CHOICE, choices=("new", "expansion", "renewal")),
        "stage": Field(Holds.TEXT, 60),
        "reason": Field(Holds.TEXT, 40),
        **_DIMENSIONS,
        "origin": _ORIGIN,
        "owner": _SHORT_REF,
    },
    "touch": {
        "external_id": _ID,
        "lead_external_id": _ID,
        "email": Field(Holds.TEXT, 254),
        "campaign": Field(Holds.REFERENCE, 160),
        "channel": _SHORT_REF,
        "content": Field(Holds.REFERENCE, 160),
        "kind": Field(
            Holds.CHOICE,
            choices=tuple(
                "visit form email ad event webinar content call personal_email meeting conversation other".split(),
            ),
        ),
        "side": Field(Holds.CHOICE, choices=("marketing", "sales")),
        "occurred_at": _TIME,
        "outcome": Field(Holds.TEXT, 40),
        **_LINK,
        "user_agent": Field(Holds.TEXT, 300),
    },
    "spend": {
        "external_id": _ID,
        "campaign": Field(Holds.REFERENCE, 160),
        "channel": _SHORT_REF,
        "amount": _AMOUNT,
        "currency": Field(Holds.TEXT, 3),
        "service_from": _DAY,
        "service_to": _DAY,
        "status": Field(Holds.CHOICE, choices=("planned", "committed", "invoiced")),
        "kind": Field(Holds.CHOICE, choices=("programme", "people", "tools", "commissions", "other")),
        "label": Field(Holds.TEXT, 160),
    },
    "company": {
        "external_id": _ID,
        "name": _NAME,
        "domain": Field(Holds.TEXT, 200),
        "segment": _SHORT_REF,
        "region": _SHORT_REF,
    },
    "campaign": {
        "external_id": _ID,
        "name": Field(Holds.TEXT, 160),
        "channel": _SHORT_REF,
        "starts_on": _DAY,
        "ends_on": _DAY,
        "marketing_owner": _SHORT_REF,
        "sales_owner": _SHORT_REF,
        "brief": _LONG,
    },
    "content": {
        "name": Field(Holds.TEXT, 160),
        "owner": _SHORT_REF,
        "link": Field(Holds.TEXT, 500),
        "how_to_use": _LONG,
        "ready_on": _DAY,
        "campaign": Field(Holds.REFERENCE, 160),
    },
}

# Fields that a mapping of the entity must fill, each group by at least one of its members.
REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
    "lead": (("external_id",),),
    "stage_change": (("lead_external_id", "deal_external_id"), ("stage",)),
    "deal": (("external_id",),),
    "touch": (("lead_external_id", "email"), ("kind",), ("occurred_at",)),
    "spend": (("amount",), ("service_from",)),
    "company": (("name",),),
    "campaign": (("name",),),
    "content": (("name",),),
}

# Entities whose rows may carry further columns of the company's own, as custom.NAME.
WITH_CUSTOM = frozenset({"lead", "deal", "company"})
CUSTOM_SIZE = 2_000

# What happens to a reference that Tandem does not know, where the mapping's [unknown] does not say.
POLICIES = ("create", "reject", "empty")
DEFAULT_POLICY = {
    "channel": "create",
    "campaign": "create",
    "content": "create",
    "segment": "create",
    "region": "create",
    "company": "create",
    "owner": "empty",
    "team": "reject",
    "lead": "reject",
    "deal": "reject",
}
NEVER_CREATED = frozenset({"team", "deal"})


def field_of(entity: str, name: str) -> Field | None:
    """The field, also for custom.NAME; None if the entity has none of that name."""
    if name.startswith("custom.") and len(name) > 7:
        return Field(Holds.TEXT, CUSTOM_SIZE) if entity in WITH_CUSTOM else None
    return FIELDS[entity].get(name)
