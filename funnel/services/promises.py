"""Promises of a draft: lines, lead values, required fields and terms. They change what is owed, never what is counted."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from funnel.models import WHOLE, Agreement, HandoffField, LeadValue, Promise, PromiseKey, RequiredField, Terms
from funnel.promises import FIELDS_OF, PromiseLine, TermsOfVersion, Worth
from funnel.services.opening import log, must_be_draft

MOST = {"seconds": 200 * 3600, "days": 250, "attempts": 50, "distinct_days": 50, "volume": 10_000_000, "amount": 10**15}


def set_promise(*, draft: Agreement, line: PromiseLine, actor: User | None) -> Promise:
    """Write one line; a line of the same key and tier is replaced."""
    values = _checked(line)
    with transaction.atomic():
        row = must_be_draft(draft)
        promise, new = Promise.objects.update_or_create(agreement=row, key=line.key, tier=line.tier.strip(), defaults=values)
        log(row, actor, f"{'Added' if new else 'Changed'} the promise {_named(promise)}.")
        return promise


def fill_promises(
    *, draft: Agreement, lines: Iterable[PromiseLine], values: dict[str, Worth], fields: Iterable[str], actor: User | None
) -> int:
    """Add what the draft does not have yet; nothing that somebody wrote is replaced. Returns how many lines were added."""
    with transaction.atomic():
        row = must_be_draft(draft)
        held = {p.key for p in row.promises.all()}
        new = [Promise(agreement=row, key=p.key, tier=p.tier, **_checked(p)) for p in lines if p.key not in held]
        Promise.objects.bulk_create(new)
        if not row.lead_values.exists():
            _insert_values(row, values)
        if not row.required_fields.exists():
            _insert_fields(row, fields)
        if new:
            log(row, actor, f"Filled in {len(new)} {'promise' if len(new) == 1 else 'promises'} from what the records show.")
        return len(new)


def remove_promise(*, draft: Agreement, promise_id: int, actor: User | None) -> None:
    with transaction.atomic():
        row = must_be_draft(draft)
        promise = row.promises.filter(id=promise_id).first()
        if promise is None:
            raise DomainError("promise_unknown", "This promise is not part of the draft.")
        log(row, actor, f"Took out the promise {_named(promise)}.")
        promise.delete()


def set_lead_values(*, draft: Agreement, values: dict[str, Worth], actor: User | None) -> None:
    """Replace what an MQL of each tier is worth (base minor units). Signing the version fixes them."""
    for worth in values.values():
        if not 0 <= worth.gross_profit <= MOST["amount"]:
            raise DomainError("value_out_of_range", "A value of a lead is zero or more.", field="gross_profit")
    with transaction.atomic():
        row = must_be_draft(draft)
        row.lead_values.all().delete()
        _insert_values(row, values)
        log(row, actor, "Changed what an MQL is worth.")


def _insert_values(row: Agreement, values: dict[str, Worth]) -> None:
    now = dt.datetime.now(dt.UTC)
    LeadValue.objects.bulk_create(
        LeadValue(
            agreement=row,
            tier=tier.strip(),
            gross_profit=worth.gross_profit,
            revenue=worth.revenue,
            basis=worth.basis[:200],
            computed_at=now,
        )
        for tier, worth in values.items()
    )


def set_required_fields(*, draft: Agreement, fields: Iterable[str], actor: User | None) -> None:
    """Which fields a handoff must bring along."""
    wanted = set(fields)
    if unknown := wanted - set(HandoffField.values):
        raise DomainError("field_unknown", f"Unknown field: {', '.join(sorted(unknown))}.", field="fields")
    with transaction.atomic():
        row = must_be_draft(draft)
        row.required_fields.all().delete()
        _insert_fields(row, wanted)
        log(row, actor, "Changed what a handoff must bring along.")


def _insert_fields(row: Agreement, fields: Iterable[str]) -> None:
    RequiredField.objects.bulk_create(RequiredField(agreement=row, field=name) for name in sorted(set(fields)))


def set_terms(*, draft: Agreement, terms: TermsOfVersion, actor: User | None) -> None:
    """What stops the clock and what silence means."""
    if terms.undecided not in Terms.Undecided.values:
        raise DomainError("undecided_unknown", "Choose what counts when nobody decides in time.", field="undecided")
    for name, most in (("contest_days", 60), ("meeting_days", 60)):
        if not 1 <= getattr(terms, name) <= most:
            raise DomainError("days_out_of_range", f"Between 1 and {most} working days.", field=name)
    if terms.routing_seconds is not None and not 60 <= terms.routing_seconds <= MOST["seconds"]:
        raise DomainError("time_out_of_range", "At least one working minute.", field="routing_seconds")
    with transaction.atomic():
        row = must_be_draft(draft)
        Terms.objects.update_or_create(agreement=row, defaults=vars(terms))
        log(row, actor, "Changed how promises are measured.")


def insert_promises(agreement: Agreement, lines: Iterable[PromiseLine], fields: Iterable[str]) -> None:
    """The lines of a version that is being made from a preset."""
    insert_lines(agreement, lines)
    _insert_fields(agreement, fields)
    Terms.objects.create(agreement=agreement)


def insert_lines(agreement: Agreement, lines: Iterable[PromiseLine]) -> None:
    """Promises of a version that nobody has signed."""
    Promise.objects.bulk_create(Promise(agreement=agreement, key=p.key, tier=p.tier, **_checked(p)) for p in lines)


def _checked(line: PromiseLine) -> dict:
    """The columns of a line that can be kept or missed; others are emptied. Raises the DomainError that names the field."""
    if line.key not in PromiseKey.values:
        raise DomainError("promise_unknown", "There is no such promise.", field="key")
    wanted = FIELDS_OF[line.key]
    values = {name: getattr(line, name) if name in wanted else None for name in (*MOST, "share", "cap")}
    for name in wanted:
        value = values[name]
        if value is None or value < 1:
            raise DomainError("promise_incomplete", "A promise needs a number above zero here.", field=name)
        if value > MOST.get(name, value):
            raise DomainError("promise_too_much", f"At most {MOST[name]:,}.", field=name)
    if "share" in wanted and values["share"] > WHOLE:
        raise DomainError("share_above_all", "A share is at most 100 %.", field="share")
    if "seconds" in wanted and values["seconds"] < 60:
        raise DomainError("promise_too_short", "At least one working minute.", field="seconds")
    if "cap" in wanted and not WHOLE <= values["cap"] <= 10 * WHOLE:
        raise DomainError("cap_below_target", "What counts at most is between 100 % and 1,000 % of the target.", field="cap")
    if line.key == PromiseKey.M2 and line.tier:
        raise DomainError("value_over_all", "The value is promised over all tiers together.", field="tier")
    if "distinct_days" in wanted:
        if values["distinct_days"] > values["attempts"]:
            raise DomainError("more_days_than_attempts", "More days than attempts.", field="distinct_days")
        if values["distinct_days"] > values["days"] + 1:
            raise DomainError("more_days_than_time", "More days than that time has.", field="distinct_days")
    if not 0 <= line.floor <= WHOLE:
        raise DomainError("floor_above_all", "The floor is between 0 and 100 %.", field="floor")
    if not 1 <= line.weight <= 100:
        raise DomainError("weight_out_of_range", "A weight between 1 and 100.", field="weight")
    return values | {"floor": line.floor, "weight": line.weight}


def _named(promise: Promise) -> str:
    tier = f" of tier {promise.tier}" if promise.tier else ""
    return f"{promise.key} {promise.get_key_display()}{tier}"
