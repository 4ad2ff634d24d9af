"""Writes to people, teams, tokens, invitations and settings, each with its line in the console's history."""

from accounts.services.founding import found_company
from accounts.services.history import record_event
from accounts.services.invites import accept_invite, invite_person, open_invite, revoke_invite
from accounts.services.people import (
    add_person,
    add_team,
    create_token,
    deactivate,
    deactivate_person,
    end_role,
    give_role,
    reactivate,
    retire_team,
    revoke_token,
)
from accounts.services.requests import (
    CLAIM_LASTS,
    IDEMPOTENCY_KEPT,
    InFlight,
    claim_request,
    purge_idempotent_requests,
    release_claim,
    store_answer,
)
from accounts.services.settings import change_organisation, change_zone, remove_mail_server, set_mail_server

__all__ = [
    "CLAIM_LASTS",
    "IDEMPOTENCY_KEPT",
    "InFlight",
    "accept_invite",
    "add_person",
    "add_team",
    "change_organisation",
    "change_zone",
    "claim_request",
    "create_token",
    "deactivate",
    "deactivate_person",
    "end_role",
    "found_company",
    "give_role",
    "invite_person",
    "open_invite",
    "purge_idempotent_requests",
    "reactivate",
    "record_event",
    "release_claim",
    "remove_mail_server",
    "retire_team",
    "revoke_invite",
    "revoke_token",
    "set_mail_server",
    "store_answer",
]
