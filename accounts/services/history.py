"""The console's history: who changed what, in words. Append-only."""

from accounts.models import ConsoleEvent, User


def record_event(*, area: ConsoleEvent.Area, text: str, actor: User | None, version: int | None = None) -> ConsoleEvent:
    """Append a line to the history, in the caller's transaction. Never put a secret into `text`."""
    return ConsoleEvent.objects.create(area=area, text=text, actor=actor, version=version)
