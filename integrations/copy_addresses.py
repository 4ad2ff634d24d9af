"""The door of mail copies, and each person's own secret address behind it."""

import datetime as dt
import hmac
import secrets
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from core.sealing import seal, unseal
from integrations.models import CopyAddress, CopyDoor


def door() -> CopyDoor | None:
    """Where copies arrive; None while nobody has set it up."""
    return CopyDoor.objects.filter(id=1).first()


def set_up_door(*, address: str, actor: User) -> CopyDoor:
    """Name the mailbox whose plus addresses are forwarded to us. People's addresses move along with it."""
    address = address.strip().lower()
    if "+" in address:
        raise DomainError("plus_taken", "What stands behind the plus is each person's own. Leave it out.", field="address")
    changed = {"address": address, "changed_by": actor, "changed_at": dt.datetime.now(dt.UTC)}
    return CopyDoor.objects.update_or_create(id=1, defaults=changed)[0]


def renew_secret(*, actor: User, secret: str = "") -> str:
    """A new secret for the HTTP door; the old one opens nothing any more. A forwarder that signs may bring its own key."""
    if not CopyDoor.objects.filter(id=1).exists():
        raise DomainError("door_missing", "Name the address first.", field="address")
    secret = secret or secrets.token_urlsafe(32)
    changed = {"sealed_secret": seal(secret), "changed_by": actor, "changed_at": dt.datetime.now(dt.UTC)}
    CopyDoor.objects.filter(id=1).update(**changed)
    return secret


def secret_opens(given: str) -> bool:
    """Whether this is the door's secret."""
    known = _secret()
    return bool(known) and hmac.compare_digest(given.encode(), known.encode())


def signature_opens(*, stamp: str, nonce: str, signature: str) -> bool:
    """Whether a forwarder has signed with the door's secret: hex HMAC-SHA256 of stamp and nonce (as Mailgun does)."""
    known = _secret()
    if not known:
        return False
    made = hmac.new(known.encode(), f"{stamp}{nonce}".encode(), "sha256").hexdigest()
    return hmac.compare_digest(made.encode(), signature.encode())


def _secret() -> str:
    row = door()
    return (unseal(row.sealed_secret) or "") if row is not None else ""


def renew_address(*, user: User) -> CopyAddress:
    """Give a person an address, or another one; the old one takes nothing any more."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        CopyAddress.objects.filter(user=user, ended_at=None).update(ended_at=dt.datetime.now(dt.UTC))
        return CopyAddress.objects.create(user=user, token=secrets.token_hex(10))


def address_of(user: User) -> str:
    """The address to copy mails to; empty if there is no door or the person has none yet."""
    row, own = door(), CopyAddress.objects.filter(user=user, ended_at=None).first()
    if row is None or own is None:
        return ""
    name, _, domain = row.address.partition("@")
    return f"{name}+{own.token}@{domain}"


def is_copy_address(address: str) -> bool:
    """Whether an address (in lower case) leads to our door, whoever's it is."""
    return bool(_token(address, door()))


def owners(addresses: Iterable[str]) -> list[CopyAddress]:
    """Whose running copy addresses are among these."""
    row = door()
    tokens = {_token(address.strip().lower(), row) for address in addresses} - {""}
    running = CopyAddress.objects.filter(token__in=tokens, ended_at=None) if tokens else CopyAddress.objects.none()
    return list(running.select_related("user").order_by("id"))


def _token(address: str, row: CopyDoor | None) -> str:
    if row is None:
        return ""
    name, _, domain = row.address.partition("@")
    local, _, of = address.partition("@")
    own, plus, token = local.partition("+")
    return token if plus and (own, of) == (name, domain) else ""
