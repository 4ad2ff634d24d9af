"""What depends on a part of the agreement, before it is changed: numbers, promises, the joint review, saved views, imports,
forms, tokens and open leads. Reads only.

It lives here because this floor may see all of them. Counts are the same for everybody; what is listed by name is what
belongs to everybody or to the reader.
"""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode

from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.permissions import Perm
from accounts.queries import has_perm
from core.templatetags.display import count
from funnel.comparing import target_words
from funnel.criteria import EntryRule, asks_for_score, read_rule
from funnel.glossary import saying
from funnel.models import Agreement, Milestone, PromiseKey, Reason, StageInVersion
from funnel.promises import book_of, sentence
from integrations.models import CaptureSite
from integrations.used_in_imports import mapped_fields, mapped_values
from integrations.used_in_lines import Group, Line, Used
from leads.handoff_queries import precedents
from leads.models import Lead, LeadEvent, Obligation, RoutingRule, SavedView, StageEntry
from metrics.definitions import METRICS
from metrics.metric import Kind, Metric


def used_in(what: str, version: Agreement, user: User) -> Used | None:
    """What depends on one part of a version, such as stage:mql, reason:lost:price, promise:S1 or score:table.

    None if the version has no such part. Groups without lines are left out.
    """
    kind, _, key = what.partition(":")
    find = _KINDS.get(kind)
    found = find(key, version, user) if find else None
    if found is not None:
        found.groups[:] = [group for group in found.groups if group.lines]
    return found


def _stage(key: str, version: Agreement, user: User) -> Used | None:
    row = version.stages.select_related("stage").filter(stage__key=key).first()
    if row is None:
        return None
    live = Lead.objects.filter(merged_into=None, voided=False, stage=row.stage)
    inside = Line("Leads in it now", _leads(stage=row.stage_id), live.count(), "The list shows those that you may open.")
    ever = Line("Stays ever", count=StageEntry.objects.filter(stage=row.stage).count(), note="They keep their version.")
    return Used(
        row.name,
        "console_stages",
        reverse("console_stage", args=[key]),
        [
            Group("Leads", [inside, ever]),
            Group("Numbers", [*_numbers(lambda metric: _speaks_of(metric, row.milestone)), *_asked_of(key)]),
            Group("Promises", _promised(version) if row.milestone == Milestone.MQL else []),
            Group("In the agreement", list(_beside_a_stage(row, version))),
            Group("Joint review", _review(version.targets.filter(stage=row.stage).exists(), f"Into {row.name}")),
            Group("Saved views of leads", _views(user, "stage", str(row.stage_id))),
            Group("Imports, forms and interface", [*mapped_values(("stage", "from_stage"), key), *_doors(row, user)]),
        ],
    )


def _beside_a_stage(row: StageInVersion, version: Agreement) -> Iterator[Line]:
    targets = version.targets.filter(stage=row.stage).count()
    if targets:
        yield Line("Monthly targets", reverse("console_targets"), targets)
    if version.entry_rules.filter(stage=row.stage).exists():
        yield Line("Its entry rule", _used("criteria", row.stage.key))
    moves = version.forbidden_moves.filter(from_stage=row.stage) | version.forbidden_moves.filter(to_stage=row.stage)
    if moves.exists():
        yield Line("Forbidden moves", reverse("console_rules"), moves.count())
    names = {row.name.casefold(), row.stage.key.casefold(), (row.milestone or "").casefold()}
    for word in version.words.order_by("word"):
        if {word.key.casefold(), word.word.casefold()} & names:
            yield Line(f"The word {word.word}", reverse("console_word", args=[word.key]))
    if row.milestone == Milestone.MQL:
        rules = RoutingRule.objects.filter(removed_at=None).count()
        if rules:
            yield Line("Routing rules", reverse("console_routing"), rules, "They say who gets what enters it.")


def _criteria(key: str, version: Agreement, user: User) -> Used | None:
    row = version.stages.select_related("stage").filter(stage__key=key).first()
    if row is None:
        return None
    held = version.entry_rules.filter(stage=row.stage).first()
    rule = read_rule(held.rule) if held else EntryRule()
    asked = {condition.fact for condition in (*rule.every, *rule.some)}
    before = [] if row.rank is None else list(version.stages.filter(rank__lt=row.rank).values_list("stage_id", flat=True))
    live = Lead.objects.filter(merged_into=None, voided=False)
    leads = [
        Line(
            "Open leads that stand before it",
            count=live.filter(stage__in=before).count(),
            note="The rule is asked when they move.",
        ),
        Line("Leads in the stage now", _leads(stage=row.stage_id), live.filter(stage=row.stage).count(), "They stay."),
    ]
    acts = [Line(f"The rule {held.get_then_display()}.", reverse("console_criteria"))] if held else []
    score = [Line("The points table: the rule asks for the score", reverse("console_score"))] if asks_for_score(rule) else []
    return Used(
        f"Entry rule of {row.name}",
        "console_criteria",
        reverse("console_criteria"),
        [
            Group("Leads", leads),
            Group("What Tandem does", acts),
            Group("Numbers", [*_numbers(lambda metric: _speaks_of(metric, row.milestone)), *_asked_of(key)]),
            Group("In the agreement", score),
            Group("Imports that bring what it asks for", mapped_fields(asked)),
        ],
    )


def _reason(key: str, version: Agreement, user: User) -> Used | None:
    use, _, name = key.partition(":")
    row = version.reasons.filter(use=use, key=name).first()
    if row is None:
        return None
    named = LeadEvent.objects.filter(reason=name, voiding_events=None)
    numbers = _numbers(lambda metric: metric.kind == Kind.SHARES and use in (Reason.Use.RECYCLE, Reason.Use.DISQUALIFY))
    past = [
        Line("Moves and decisions that name it", count=named.count(), note="They keep it, and show what it was called then.")
    ]
    return Used(
        f"{Reason.Use(use).label}: {row.label}",
        "console_rules",
        reverse("console_rules"),
        [
            Group("Leads", past),
            Group("Numbers", numbers),
            Group("Imports, forms and interface", [*mapped_values(("reason",), name), *_tokens(user)]),
        ],
    )


def _promise(key: str, version: Agreement, user: User) -> Used | None:
    lines = [Line(said) for held, said in _sentences(version) if held == key]
    if not lines:
        return None
    running = Obligation.objects.filter(promise=key, met_at=None, excluded="")
    leads = [
        Line("Handoffs on its clock now", reverse("my_day"), running.count(), "They keep the version they came in under.")
    ]
    return Used(
        _label(key),
        "console_promises",
        reverse("console_promises"),
        [
            Group("What it says", lines),
            Group("Leads", leads if key in Obligation.Promise.values else []),
            Group("Numbers", _numbers(lambda metric: metric.promise == key)),
            Group("Record", [Line("How often it was kept", reverse("console_promise_record"))]),
            Group("Joint review", _review(True, _label(key))),
        ],
    )


def _word(key: str, version: Agreement, user: User) -> Used | None:
    word = version.words.filter(key=key).first()
    if word is None:
        return None
    says = saying(word.word)
    stages = [
        Line(row.name, reverse("console_stage", args=[row.stage.key]))
        for row in version.stages.select_related("stage").order_by("position")
        if key in (row.stage.key, row.milestone) or says(row.name) or says(row.definition)
    ]
    others = [
        Line(other.word, reverse("console_word", args=[other.key]))
        for other in version.words.exclude(key=key).order_by("word")
        if says(f"{other.agreed_meaning} {other.marketing_meaning} {other.sales_meaning}")
    ]
    rulings = precedents().count() if key in ("mql", "handoff", "decision", "contest") else 0
    return Used(
        word.word,
        "console_words",
        reverse("console_word", args=[key]),
        [
            Group("Stages", stages),
            Group("Numbers", _numbers(lambda metric: says(f"{metric.label} {metric.words}"))),
            Group("Promises", _promised(version, says)),
            Group("Other words", others),
            Group("Disputes", [Line("Rulings of the funnel owner", reverse("disputes"), rulings)] if rulings else []),
        ],
    )


def _target(key: str, version: Agreement, user: User) -> Used | None:
    metric, _, stage_key = key.partition(":")
    rows = version.targets.filter(metric=metric)
    row = version.stages.filter(stage__key=stage_key).first() if stage_key else None
    rows = rows.filter(stage__key=stage_key) if stage_key else rows.filter(stage=None)
    if not rows.exists() or metric not in METRICS:
        return None
    what = target_words(metric, row.name if row else "")
    asked = f"?{urlencode({'stage': stage_key})}" if stage_key else ""
    return Used(
        what,
        "console_targets",
        reverse("console_targets"),
        [
            Group("In the agreement", [Line("Months with a target", reverse("console_targets"), rows.count())]),
            Group("Numbers", [Line(METRICS[metric].label, reverse("explain", args=[metric]) + asked)]),
            Group("Dashboard", [Line("The plan, its gap and the gap’s drivers", reverse("dashboard"))]),
            Group("Joint review", _review(True, f"Into {row.name}" if row else METRICS[metric].label)),
        ],
    )


def _score(key: str, version: Agreement, user: User) -> Used | None:
    rules = [rule for rule in version.entry_rules.select_related("stage") if asks_for_score(read_rule(rule.rule))]
    names = dict(version.stages.values_list("stage_id", "name"))
    live = Lead.objects.filter(merged_into=None, voided=False, score__isnull=False)
    if key != "table":
        return None
    return Used(
        "Score",
        "console_score",
        reverse("console_score"),
        [
            Group(
                "Leads",
                [Line("Leads with a score", reverse("leads"), live.count(), "They are scored anew from its day on.")],
            ),
            Group(
                "Entry rules that ask for it",
                [Line(names.get(rule.stage_id, ""), _used("criteria", rule.stage.key)) for rule in rules],
            ),
            Group("Saved views of leads", _views(user, "sort", "score")),
            Group("Imports and interface", [*mapped_fields({"score"}), *_tokens(user)]),
        ],
    )


_KINDS: dict[str, Callable[[str, Agreement, User], Used | None]] = {
    "stage": _stage,
    "criteria": _criteria,
    "reason": _reason,
    "promise": _promise,
    "word": _word,
    "target": _target,
    "score": _score,
}


def _used(kind: str, key: str) -> str:
    return reverse("console_used_in", args=[f"{kind}:{key}"])


def _leads(**asked) -> str:
    return f"{reverse('leads')}?{urlencode(asked)}"


def _speaks_of(metric: Metric, milestone: str | None) -> bool:
    return bool(milestone) and milestone in (metric.stage, metric.to_stage)


def _numbers(asks: Callable[[Metric], bool]) -> list[Line]:
    return [Line(metric.label, reverse("explain", args=[metric.key])) for metric in METRICS.values() if asks(metric)]


def _asked_of(stage_key: str) -> list[Line]:
    """Numbers that are asked of any stage."""
    asked = urlencode({"stage": stage_key})
    return [
        Line(metric.label, f"{reverse('explain', args=[metric.key])}?{asked}")
        for metric in METRICS.values()
        if metric.stage in ("?", "*") and not metric.to_stage
    ]


def _sentences(version: Agreement) -> Iterator[tuple[str, str]]:
    """Every line that is promised: its key, and what it says."""
    book = book_of(version)
    for line in book.lines:
        others = len(book.of(line.key)) > 1
        yield line.key, sentence(line, others=others, amount="the agreed amount")


def _promised(version: Agreement, says: Callable[[str], bool] = bool) -> list[Line]:
    """Each promise once, of those whose lines say it."""
    keys = dict.fromkeys(key for key, said in _sentences(version) if says(said))
    return [Line(_label(key), _used("promise", key)) for key in keys]


def _label(key: str) -> str:
    return f"{key} {PromiseKey(key).label}"


def _review(stands: bool, label: str) -> list[Line]:
    return [Line(label, reverse("review_home"), note="Frozen numbers keep their version.")] if stands else []


def _views(user: User, name: str, value: str) -> list[Line]:
    """The reader's own saved views that ask for it by name, and how many of others do."""
    rows = SavedView.objects.filter(query__contains=f"{name}=").order_by("name")
    asking = [row for row in rows if value in (given.lstrip("-") for given in parse_qs(row.query).get(name, []))]
    own = [row for row in asking if row.user_id == user.pk]
    lines = [Line(row.name, f"{reverse('leads')}?{row.query}") for row in own]
    others = len(asking) - len(own)
    return [*lines, Line("Saved views of other people", count=others)] if others else lines


def _doors(row: StageInVersion, user: User) -> list[Line]:
    """Who may bring leads into a stage from outside: tokens by its key, web forms into the first one."""
    found = _tokens(user)
    if row.milestone == Milestone.START:
        sites = CaptureSite.objects.filter(is_on=True).order_by("name")
        page = reverse("console_capture") if has_perm(user, Perm.ADMINISTER) else ""
        found += [Line(f"Web forms of {site.name}", page, note="Their new leads begin here.") for site in sites]
    return found


def _tokens(user: User) -> list[Line]:
    tokens = ApiToken.objects.filter(revoked_at=None, user__is_active=True).count()
    page = reverse("console_tokens") if has_perm(user, Perm.ADMINISTER) else ""
    note = "They name it by its key, which never changes."
    return [Line(f"{count(tokens)} tokens of the interface may write it", page, note=note)] if tokens else []
