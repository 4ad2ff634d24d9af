"""Mail goes out by the server that the console names, else by the installation's own (EMAIL_URL)."""

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

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


def send_mail(*, to: str, subject: str, text: str) -> None:
    """Send one plain mail now. Raises OSError (SealBroken too) or smtplib.SMTPException; nothing of it is logged."""
    row = MailSettings.objects.filter(id=1).first()
    if row is None:
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [to]).send()
        return
    password = unseal(row.sealed_password)
    if password is None:
        raise SealBroken(
            "The stored password belongs to another SECRET_KEY. Type it again on the console's mail page."
        )
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
    EmailMessage(subject, text, row.sender, [to], connection=connection).send()
