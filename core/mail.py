"""Mail goes out by the server that the console names, else by the installation's own (EMAIL_URL)."""

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from core.models import MailSettings

TIMEOUT = 15
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
# What a fresh checkout has: mail goes to the terminal or nowhere, so nobody would get it.
_NOWHERE = {
    "django.core.mail.backends.console.EmailBackend",
    "django.core.mail.backends.dummy.EmailBackend",
    "django.core.mail.backends.locmem.EmailBackend",
}


def mail_is_set_up() -> bool:
    return MailSettings.objects.exists() or settings.EMAIL_BACKEND not in _NOWHERE


def send_mail(*, to: str, subject: str, text: str) -> None:
    """Send one plain mail now. Raises OSError or smtplib.SMTPException; nothing about the message is logged."""
    row = MailSettings.objects.filter(id=1).first()
    if row is None:
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [to]).send()
        return
    connection = get_connection(
        _SMTP,
        host=row.host,
        port=row.port,
        username=row.user_name,
        password=row.password,
        use_tls=row.security == MailSettings.Security.STARTTLS,
        use_ssl=row.security == MailSettings.Security.TLS,
        timeout=TIMEOUT,
    )
    EmailMessage(subject, text, row.sender, [to], connection=connection).send()
