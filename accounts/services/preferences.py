"""What a person chooses for themselves. Nobody else's business, so it leaves no line in the console's history."""

from accounts.models import User


def set_mails(*, user: User, reminders: bool | None = None, digest: bool | None = None) -> None:
    """Whether reminders and the team's digest come by mail; None leaves it as it is. In the app all of it always shows."""
    chosen = {"reminders_by_mail": reminders, "digest_by_mail": digest}
    changed = {name: on for name, on in chosen.items() if on is not None}
    for name, on in changed.items():
        setattr(user, name, on)
    if changed:
        user.save(update_fields=list(changed))
