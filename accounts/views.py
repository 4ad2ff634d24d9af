"""Sign in and out."""

from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.first import nobody_yet
from accounts.permissions import public

_sign_in = auth_views.LoginView.as_view(
    template_name="accounts/sign_in.html",
    redirect_authenticated_user=True,
    # Django's own list takes a PUT for a POST.
    http_method_names=["get", "head", "post", "options"],
)
sign_out = public(auth_views.LogoutView.as_view(next_page="sign_in"))


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; while nobody can sign in yet, the one that sets the company up."""
    return redirect("first") if request.method == "GET" and nobody_yet() else _sign_in(request)
