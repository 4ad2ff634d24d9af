"""What a person chooses for themselves. Nobody else's business, so it leaves no line in the console's history."""

from accounts.models import User


def set_reminders_by_mail(*, user: User, on: bool) -> None:
    """Whether reminders of next steps come by mail too. In the app they always show."""
    user.reminders_by_mail = on
    user.save(update_fields=["reminders_by_mail"])
