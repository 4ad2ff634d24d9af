"""Mail goes out by the server that the console names, else by the installation's own (EMAIL_URL)."""

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from core.models import MailSettings
from core.sealing import unseal

TIMEOUT = 15
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
# What a fresh checkout has: mail goes to the terminal or nowhere, so nobody would get it.
_NOWHERE = {
    "django.core.mail.backends.console.EmailBackend",
    "django.core.mail.backends.dummy.EmailBackend",
    "django.core.mail.backends.locmem.EmailBackend",
}


class SealBroken(OSError):
    """The mail server's password can't be read any more: to the callers a server that could not be used."""


def mail_is_set_up() -> bool:
    return MailSettings.objects.exists() or settings.EMAIL_BACKEND not in _NOWHERE


class NotSent(Exception):
    """The mail has certainly not gone out, so it may be tried again. Its cause is the error."""


def send_mail(*, to: str, subject: str, text: str) -> None:
    """Send one plain mail now. Raises OSError (SealBroken too) or smtplib.SMTPException; nothing of it is logged."""
    connection, sender = _way_out()
    EmailMessage(subject, text, sender, [to], connection=connection).send()


def send_once(*, to: str, subject: str, text: str, calendar: str = "") -> None:
    """Like send_mail, but NotSent tells the errors after which nothing has gone out from those after which it may have.

    `calendar`: an iCalendar file to attach; its METHOD stands in the part's type, so that mail programs offer to enter it.
    """
    try:
        connection, sender = _way_out()
        connection.open()
    except (OSError, SMTPException) as error:
        raise NotSent from error
    mail = EmailMessage(subject, text, sender, [to], connection=connection)
    if calendar:
        method = "CANCEL" if "\nMETHOD:CANCEL" in calendar else "REQUEST"
        mail.attach("review.ics", calendar, f"text/calendar; method={method}")
    try:
        mail.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as error:
        raise NotSent from error  # the server said no
    finally:
        connection.close()


def sender_address() -> str:
    """The address that mails of this installation come from."""
    row = MailSettings.objects.filter(id=1).first()
    return settings.DEFAULT_FROM_EMAIL if row is None else row.sender


def _way_out() -> tuple[BaseEmailBackend, str]:
    """The connection, not yet open, and the sender's address."""
    row = MailSettings.objects.filter(id=1).first()
    if row is None:
        return get_connection(), settings.DEFAULT_FROM_EMAIL
    password = unseal(row.sealed_password)
    if password is None:
        raise SealBroken("The stored password belongs to another SECRET_KEY. Type it again on the console's mail page.")
    connection = get_connection(
        _SMTP,
        host=row.host,
        port=row.port,
        username=row.user_name,
        password=password,
        use_tls=row.security == MailSettings.Security.STARTTLS,
        use_ssl=row.security == MailSettings.Security.TLS,
        timeout=TIMEOUT,
    )
    return connection, row.sender
