"""The HTTP door for mail: a forwarder posts a raw message here. It shows the door's secret, or signs with it."""

import datetime as dt

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.permissions import public
from integrations.copy_addresses import secret_opens, signature_opens
from integrations.mail_reading import MOST_BYTES
from integrations.taking_mail import take_mail

# A signature covers its time and not the mail: an old one opens nothing.
SIGNATURE_LASTS = dt.timedelta(hours=1)
_BEARER = "Bearer "


@csrf_exempt
@require_POST
@public
def mail_door(request: HttpRequest) -> JsonResponse:
    """Take a mail: message/rfc822 as the body with the secret as bearer token, or a form with `body-mime`, signed.

    401 without the secret, 406 if no running copy address is named (so nobody tries again), 400 without a mail.
    """
    now = dt.datetime.now(dt.UTC)
    if request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        allowed = _is_signed(request, now)
        raw = request.POST.get("body-mime", "").encode("utf-8", "surrogateescape")
        recipients = [request.POST.get("recipient", "")]
    else:
        word = request.headers.get("Authorization", "")
        allowed = word.startswith(_BEARER) and secret_opens(word.removeprefix(_BEARER).strip())
        raw = request.read(MOST_BYTES) if allowed else b""
        recipients = request.headers.get("X-Envelope-To", "").split(",")
    if not allowed:
        return JsonResponse({"error": "The secret of the mail door is missing or wrong."}, status=401)
    if not raw.strip():
        return JsonResponse({"error": "There is no mail in this request."}, status=400)
    taken = take_mail(raw, recipients=[one for one in recipients if one.strip()], received_at=now)
    if not taken:
        return JsonResponse({"error": "No running copy address is among the recipients."}, status=406)
    return JsonResponse({"taken": len(taken)})


def _is_signed(request: HttpRequest, now: dt.datetime) -> bool:
    stamp = request.POST.get("timestamp", "")
    try:
        age = abs(now - dt.datetime.fromtimestamp(int(stamp), dt.UTC))
    except (ValueError, OverflowError, OSError):
        return False
    return age <= SIGNATURE_LASTS and signature_opens(
        stamp=stamp, nonce=request.POST.get("token", ""), signature=request.POST.get("signature", "")
    )
