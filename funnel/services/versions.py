"""Versions of the agreement: draft, ask, sign, put in force. Facts are never rewritten by configuration."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.models import Role, Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm, led_sides, standing
from core.errors import Conflict, DomainError, NotAllowed
from core.periods import working_days
from funnel.checking import problems_of
from funnel.comment_queries import SIGNING, refusals_of, standing_refusals
from funnel.glossary import SEED
from funnel.models import (
    Agreement,
    GlossaryTerm,
    Reason,
    Signature,
    Stage,
    StageInVersion,
)
from funnel.presets import PRESET_FIELDS, PRESET_PROMISES, PRESET_REASONS, PRESETS
from funnel.services.comments import tell_both_sides
from funnel.services.opening import COPIED, base_of, lock, log, must_be_draft, must_be_open, touch_numbers
from funnel.services.promises import insert_promises

State = Agreement.State
# When one side does not answer for so many working days, the funnel owner may put a version in force for so many days.
ANSWER_DAYS, TRIAL_DAYS = 10, 90
MOST_AHEAD = dt.timedelta(days=366)


def adopt_preset(*, preset: str, from_day: dt.date, actor: User | None) -> Agreement:
    """Version 1 of an installation, in force at once and unsigned until both sides sign."""
    if Agreement.objects.exists():
        raise DomainError("agreement_exists", "Stages are already set up.")
    if preset not in PRESETS:
        raise DomainError("preset_unknown", f"Unknown preset. Use one of: {', '.join(PRESETS)}.", field="preset")
    with transaction.atomic():
        agreement = Agreement.objects.create(
            number=1, counting_version=1, state=State.IN_FORCE, from_day=from_day, created_by=actor
        )
        rank = 0
        for position, spec in enumerate(PRESETS[preset]):
            stage, _ = Stage.objects.get_or_create(key=spec.key)
            ranked = spec.kind in ("path", "won")
            rank += ranked
            StageInVersion.objects.create(
                agreement=agreement,
                stage=stage,
                name=spec.name,
                rank=rank if ranked else None,
                position=position,
                kind=spec.kind,
                side=spec.side,
                milestone=spec.milestone,
                definition=spec.definition,
                target_days=spec.target_days,
            )
        Reason.objects.bulk_create(
            Reason(agreement=agreement, use=use, key=key, label=label)
            for use, reasons in PRESET_REASONS.items()
            for key, label in reasons.items()
        )
        GlossaryTerm.objects.bulk_create(GlossaryTerm(agreement=agreement, **vars(word)) for word in SEED)
        insert_promises(agreement, PRESET_PROMISES, PRESET_FIELDS)
        log(agreement, actor, f"Set up the stages from the preset “{preset}”, in force from {from_day}.")
        return agreement


def draft_version(*, actor: User | None, note: str = "") -> Agreement:
    """Copy the newest version into a draft that may be changed until both teams are asked."""
    base = Agreement.objects.order_by("-number").first()
    if base is None:
        raise DomainError("agreement_missing", "There is no agreement yet to draft from.")
    if base.state in (State.DRAFT, State.PROPOSED):
        raise DomainError("draft_exists", f"Version {base.number} is still open. Finish or drop it first.")
    try:
        with transaction.atomic():
            draft = Agreement.objects.create(
                number=base.number + 1, counting_version=base.counting_version, created_by=actor, note=note
            )
            for name in COPIED:
                held = getattr(base, name)
                rows = list(held.all())
                for row in rows:
                    row.pk, row.agreement = None, draft
                    row._state.adding = True
                held.model.objects.bulk_create(rows)
            log(draft, actor, f"Drafted version {draft.number} from version {base.number}.")
            return draft
    except IntegrityError as error:
        raise Conflict("draft_exists", "Somebody else has just started a draft. Reload the page.") from error


def describe_draft(*, draft: Agreement, note: str, actor: User | None) -> None:
    """What the version is for, in the words that both sides will read before they sign."""
    with transaction.atomic():
        row = must_be_draft(draft)
        row.note = note.strip()
        row.save(update_fields=["note"])
        log(row, actor, "Changed what the version is for.")


def may_drop(draft: Agreement, actor: User) -> bool:
    """Whoever began a draft drops it; the funnel owner or an administrator does it for both teams."""
    owns = Role.FUNNEL_OWNER in standing(actor).roles
    return draft.created_by_id == actor.pk or owns or has_perm(actor, Perm.ADMINISTER)


def drop_draft(*, draft: Agreement, actor: User | None) -> None:
    """Throw a draft away. Stages that only it knew go with it."""
    with transaction.atomic():
        row = must_be_draft(draft)
        if actor is not None and not may_drop(row, actor):
            raise NotAllowed("not_yours", "Whoever began the draft drops it, or the funnel owner or an administrator.")
        new = list(Stage.objects.exclude(versions__agreement__number__lt=row.number).values_list("id", flat=True))
        for name in (*COPIED, "signatures"):
            getattr(row, name).all().delete()
        number = row.number
        log(row, actor, f"Dropped the draft of version {number}.")
        row.delete()
        Stage.objects.filter(id__in=new, versions__isnull=True).delete()


def propose(*, draft: Agreement, actor: User | None, now: dt.datetime) -> Agreement:
    """Ask both teams for their yes. The first problem found is told; `problems_of` names them all."""
    with transaction.atomic():
        row = must_be_draft(draft)
        found = problems_of(row, base_of(row))
        if found:
            raise DomainError("version_incomplete", found[0])
        row.state, row.proposed_at, row.proposed_by = State.PROPOSED, now, actor
        row.save(update_fields=["state", "proposed_at", "proposed_by"])
        log(row, actor, f"Asked both teams to agree to version {row.number}.")
        tell_both_sides(row, actor, now)
        return row


def may_withdraw(agreement: Agreement, actor: User) -> bool:
    """Whoever put a version to both teams takes it back; an administrator does it for somebody who is gone."""
    return agreement.state == State.PROPOSED and (agreement.proposed_by_id == actor.pk or has_perm(actor, Perm.ADMINISTER))


def withdraw(*, agreement: Agreement, actor: User) -> Agreement:
    """Back to a draft; signatures given so far fall, because what they stood under may change."""
    with transaction.atomic():
        row = lock(agreement)
        if row.proposed_by_id != actor.pk and not has_perm(actor, Perm.ADMINISTER):
            raise NotAllowed("not_yours", "Whoever asked both teams takes it back, or an administrator.")
        if row.state != State.PROPOSED:
            raise DomainError("not_proposed", f"{row} does not wait for signatures.")
        fallen = [Side(side).label.lower() for side in row.signatures.order_by("side").values_list("side", flat=True)]
        asked_by = row.proposed_by
        row.signatures.all().delete()
        row.state, row.proposed_at, row.proposed_by = State.DRAFT, None, None
        row.save(update_fields=["state", "proposed_at", "proposed_by"])
        for_whom = f", which {asked_by} had put to both teams" if asked_by is not None and asked_by != actor else ""
        fell = f" The signature of {' and '.join(fallen)} fell." if fallen else ""
        log(row, actor, f"Took version {row.number} back to a draft{for_whom}.{fell}")
        return row


def sign(*, agreement: Agreement, side: Side, user: User, signed_at: dt.datetime) -> Signature:
    """One side's yes. The caller checked that the person leads that side; pages use `sign_for_side`."""
    if agreement.signatures.filter(side=side).exists():
        raise DomainError("already_signed", f"{Side(side).label} has already signed {agreement}.")
    with transaction.atomic():
        touch_numbers(agreement)
        log(agreement, user, f"Signed version {agreement.number} for {Side(side).label.lower()}.")
        return Signature.objects.create(agreement=agreement, side=side, user=user, signed_at=signed_at)


def sign_for_side(*, agreement: Agreement, side: Side, actor: User, now: dt.datetime) -> Signature:
    """The yes of a team lead for the own side. Nobody signs for the other one, whatever else they may do."""
    if side not in SIGNING:
        raise DomainError("side_unknown", "Marketing and sales sign.", field="side")
    if side not in led_sides(actor):
        raise NotAllowed("not_your_side", f"Only a team lead of {Side(side).label.lower()} signs for that side.")
    try:
        with transaction.atomic():
            row = lock(agreement)
            if row.state not in (State.PROPOSED, State.IN_FORCE):
                raise DomainError("not_proposed", f"{row} does not wait for signatures.")
            found = sign(agreement=row, side=side, user=actor, signed_at=now)
            if row.trial_until is not None and not missing_sides(row):
                row.trial_until = None
                row.save(update_fields=["trial_until"])
            return found
    except IntegrityError as error:
        raise Conflict("already_signed", f"{Side(side).label} has just signed {agreement}.") from error


def missing_sides(agreement: Agreement) -> list[Side]:
    signed = set(agreement.signatures.values_list("side", flat=True))
    return [side for side in SIGNING if side not in signed]


def bring_into_force(*, agreement: Agreement, from_day: dt.date, actor: User, today: dt.date, calendar) -> Agreement:
    """Let a signed version hold from today or later. With one side silent for 10 working days, the funnel owner may."""
    owns = Role.FUNNEL_OWNER in standing(actor).roles
    if not owns and not has_perm(actor, Perm.ADMINISTER):
        raise NotAllowed("not_yours", "The funnel owner or an administrator puts a version in force.")
    if from_day < today:
        raise DomainError("day_over", "A version starts today or later, so that no past number changes.", field="from_day")
    if from_day > today + MOST_AHEAD:
        raise DomainError("too_far", "A version starts within a year: the next one can’t start before it.", field="from_day")
    with transaction.atomic():
        row = lock(agreement)
        if row.state != State.PROPOSED:
            raise DomainError("not_proposed", f"{row} has not been put to both teams.")
        missing = missing_sides(row)
        words = " and ".join(side.label.lower() for side in missing)
        if len(missing) == len(SIGNING):
            raise DomainError("unsigned", "Nobody has signed yet.")
        refused = standing_refusals(row, refusals_of(row))
        if refused:
            who = " and ".join(side.label for side in refused)
            raise DomainError(
                "refused",
                f"{who} refused it. A version without a side’s yes needs a side that is silent, not one that said no.",
            )
        forced = ""
        if missing:
            waited = working_days(calendar.day_of(row.proposed_at), today)
            if waited < ANSWER_DAYS:
                raise DomainError(
                    "side_missing", f"The yes of {words} is missing; {waited} of {ANSWER_DAYS} working days have passed."
                )
            if not owns:
                raise NotAllowed("owner_only", f"Without the yes of {words} only the funnel owner may put it in force.")
            row.trial_until = from_day + dt.timedelta(days=TRIAL_DAYS - 1)
            row.save(update_fields=["trial_until"])
            forced = (
                f" Forced by the funnel owner without the yes of {words}, after {waited} working days without an answer:"
                f" it holds until {row.trial_until}, marked as not agreed."
            )
        _keep_the_past(row, from_day)
        return put_in_force(agreement=row, from_day=from_day, actor=actor, forced=forced)


def _keep_the_past(agreement: Agreement, from_day: dt.date) -> None:
    """Targets of months that are over by then and margins of days before stay as they were agreed."""
    base = base_of(agreement)
    if base is None:
        return
    month = from_day.replace(day=1)
    was, now = (
        {(t.metric, t.stage_id, t.segment_id, t.month): t.value for t in a.targets.filter(month__lt=month)}
        for a in (base, agreement)
    )
    changed = sorted(key[3] for key, value in was.items() if now.get(key) != value)
    if changed:
        raise DomainError("past_target", f"The target of {changed[0]:%B %Y} is over by then and stays as it was agreed.")
    was, now = (set(a.margins.filter(from_day__lt=from_day).values_list("segment_id", "from_day", "basis_points"))
                for a in (base, agreement))  # fmt: skip
    if was != now:
        raise DomainError("past_margin", f"Margins from days before {from_day} stay as they were agreed.")


def put_in_force(*, agreement: Agreement, from_day: dt.date, actor: User | None, forced: str = "") -> Agreement:
    """Let a draft hold from a day on; the version before it ends there. Days before keep their version.

    `forced`: a sentence for the history that says whose yes is missing. This is the last step, without questions of who
    signed: pages use `bring_into_force`.
    """
    must_be_open(agreement)
    last = Agreement.objects.filter(state=State.IN_FORCE).aggregate(day=Max("from_day"))["day"]
    if last is not None and from_day <= last:
        raise DomainError(
            "version_too_early", f"Version in force since {last}: the next one starts later.", field="from_day"
        )
    with transaction.atomic():
        Agreement.objects.filter(state=State.IN_FORCE).update(state=State.SUPERSEDED)
        agreement.state, agreement.from_day = State.IN_FORCE, from_day
        agreement.save(update_fields=["state", "from_day"])
        touch_numbers(agreement)
        log(agreement, actor, f"Put version {agreement.number} in force from {from_day}.{forced}")
    return agreement
