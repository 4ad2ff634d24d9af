"""Channels, campaigns, people and companies by the words that files use for them.

A new one is only promised (a Ref without pk) while rows are planned, and made when the chunk is written: a rejected row
leaves nothing behind.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Team, User
from accounts.services import add_person, deactivate
from campaigns.models import Campaign, Channel, Content
from campaigns.services import ensure_campaign, ensure_channel, ensure_content
from funnel.models import Region, Segment
from funnel.services import ensure_region, ensure_segment
from integrations.errors import RowError
from integrations.journal import Journal
from integrations.mapping import Part
from leads.models import Company
from leads.services.history import insert_companies

_NAMED = {
    "channel": (Channel, ensure_channel),
    "content": (Content, ensure_content),
    "segment": (Segment, ensure_segment),
    "region": (Region, ensure_region),
}


@dataclass(eq=False)
class Ref:
    """Something that a row refers to; `pk` is None until it is made."""

    kind: str
    name: str
    source: str
    pk: int | None = None


class References:
    """What is known by name, read once a run; companies as far as chunks ask for them."""

    def __init__(self, actor: User | None):
        self.actor = actor
        self.left_empty: dict[str, Counter] = defaultdict(Counter)
        self.reset()

    def reset(self) -> None:
        """Read everything again, after a chunk was rolled back."""
        self.pending: list[Ref] = []
        self._known: dict[tuple[str, str, str], Ref] = {}
        for kind, (model, _) in _NAMED.items():
            for pk, name in model.objects.values_list("id", "name"):
                self._known[kind, "", name] = Ref(kind, name, "", pk)
        rows = Campaign.objects.order_by("-id").values_list("id", "name", "source", "external_id")
        for pk, name, source, external_id in rows:
            ref = self._known["campaign", "", name] = Ref("campaign", name, source, pk)
            if external_id:
                self._known["campaign", source, external_id] = ref
        for pk, name in Team.objects.values_list("id", "name"):
            self._known["team", "", name] = Ref("team", name, "", pk)
        names = Counter()
        for pk, name, email in User.objects.values_list("id", "name", "email"):
            ref = Ref("owner", name, "", pk)
            self._known["owner", "", email.casefold()] = ref
            names[name.casefold()] += 1
            self._known["owner", "", name.casefold()] = ref
        self._namesakes = {name for name, count in names.items() if count > 1}

    def load_companies(self, source: str, words: Iterable[str]) -> None:
        """Look up the companies that a chunk names, by id in the source or by name."""
        words = {word for word in words if ("company", source, word) not in self._known}
        for row in Company.objects.filter(name__in=words).order_by("-id").values_list("id", "name"):
            self._known["company", source, row[1]] = Ref("company", row[1], source, row[0])
        for row in Company.objects.filter(source=source, external_id__in=words).values_list("id", "name", "external_id"):
            self._known["company", source, row[2]] = Ref("company", row[1], source, row[0])

    def find(self, kind: str, text: str, part: Part, journal: Journal, *, field: str = "") -> Ref | None:
        """The thing of that name by the mapping's policy: found, promised, or None for empty. RowError if it is refused."""
        word = text.casefold() if kind == "owner" else text
        if kind == "owner" and word in self._namesakes:
            raise RowError(field or kind, f"two people are called “{text}”; use the e-mail address")
        source = part.source if kind in ("campaign", "company") else ""
        ref = self._known.get((kind, source, word)) or self._known.get((kind, "", word))
        if ref is not None:
            return ref
        policy = part.policy(kind)
        if policy == "reject":
            raise RowError(field or kind, f"“{text[:60]}” is not known in Tandem")
        if policy == "empty":
            self.left_empty[kind][text] += 1
            return None
        ref = Ref(kind, text, part.source)
        journal.put(self._known, (kind, source, word), ref)
        journal.append(self.pending, ref)
        return ref

    def learn(self, kind: str, source: str, words: Iterable[str], ref: Ref, journal: Journal) -> None:
        """Make something that a row itself is findable for the rows below it."""
        for word in words:
            journal.put(self._known, (kind, source, word), ref)

    def make(self) -> None:
        """Create what accepted rows were promised."""
        companies = [ref for ref in self.pending if ref.kind == "company"]
        rows = [Company(name=ref.name, source=ref.source) for ref in companies]
        insert_companies(companies=rows, actor=self.actor)
        for ref, row in zip(companies, rows, strict=True):
            ref.pk = row.pk
        for ref in self.pending:
            if ref.kind in _NAMED:
                ref.pk = _NAMED[ref.kind][1](name=ref.name).pk
            elif ref.kind == "campaign":
                ref.pk = ensure_campaign(name=ref.name, source=ref.source).pk
            elif ref.kind == "owner":
                ref.pk = self._person(ref).pk
        self.pending = []

    def _person(self, ref: Ref) -> User:
        """Somebody whom another system names: known by name, not able to sign in until an administrator says so."""
        email, name = ref.name, ref.name
        if "@" in ref.name:
            name = ref.name.partition("@")[0]
        else:
            slug = re.sub(r"[^a-z0-9]+", "-", ref.name.lower()).strip("-")[:40] or "person"
            # .invalid is reserved, so no mail can ever reach a stranger; the digest keeps namesakes of a slug apart.
            email = f"{slug}-{hashlib.sha256(ref.name.encode()).hexdigest()[:8]}@import.invalid"
        user = add_person(email=email, name=name, password=None, actor=self.actor)
        deactivate(user=user, actor=self.actor)
        return user
