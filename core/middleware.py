"""What every request and every answer goes through, whoever asks."""

from django.conf import settings
from django.http import HttpResponseBadRequest


def client_address(get_response):
    """Set REMOTE_ADDR to the client behind our own proxies.

    X-Forwarded-For is written by anybody; only the entries that our proxies appended can be believed, and
    those are the last ones. The lockout of the sign-in relies on this.
    """
    proxies = settings.PROXIES

    def middleware(request):
        if proxies:
            hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            if len(hops) >= proxies and hops[-proxies]:
                request.META["REMOTE_ADDR"] = hops[-proxies]
        return get_response(request)

    return middleware


def security_headers(get_response):
    policy = "; ".join(f"{name} {value}" for name, value in settings.CONTENT_SECURITY_POLICY.items())
    permissions = ", ".join(f"{name}={value}" for name, value in settings.PERMISSIONS_POLICY.items())

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", permissions)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # What was made for a known person stays out of every cache. Judged by what the request carried,
        # because asking for the user would cost a query on answers that do not need one.
        known = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        if known and not request.path_info.startswith("/" + settings.STATIC_URL.lstrip("/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def refuse_nul(get_response):
    """Answer 400 to an address with a NUL byte: PostgreSQL would raise, and the page would be a 500.

    Bodies are checked by the forms and by the API.
    """

    def middleware(request):
        if "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path_info:
            return HttpResponseBadRequest("The address contains a NUL byte.", content_type="text/plain; charset=utf-8")
        return get_response(request)

    return middleware
