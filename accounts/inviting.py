"""How an invitation's link reaches the person: by mail, or handed to the one who invites."""

import logging
import smtplib

from django.contrib import messages
from django.http import HttpRequest

from accounts.models import Invite
from core.mail import mail_is_set_up, send_mail
from core.queries import organisation

log = logging.getLogger("tandem.mail")


def hand_over(request: HttpRequest, invite: Invite, link: str) -> str | None:
    """Mail the link; where that is not set up or fails, give it back to be shown once."""
    if not mail_is_set_up():
        return link
    company = organisation().name
    text = (
        f"{request.user} invites you to work with {company} in Tandem.\n\n"
        f"Open this link to choose your password:\n{link}\n\n"
        "It works once and for 7 days.\n"
    )
    try:
        send_mail(to=invite.email, subject=f"Invitation to {company}", text=text)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("An invitation could not be mailed (%s).", type(error).__name__)
        messages.error(request, "The mail server did not take the invitation. Copy the link and send it yourself.")
        return link
    messages.success(request, f"The invitation is on its way to {invite.email}.")
    return None
