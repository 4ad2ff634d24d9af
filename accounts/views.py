"""Sign in and out."""

from django.contrib.auth import views as auth_views

from accounts.permissions import public

sign_in = public(
    auth_views.LoginView.as_view(
        template_name="accounts/sign_in.html",
        redirect_authenticated_user=True,
        # Django's own list takes a PUT for a POST.
        http_method_names=["get", "head", "post", "options"],
    )
)
sign_out = public(auth_views.LogoutView.as_view(next_page="sign_in"))
