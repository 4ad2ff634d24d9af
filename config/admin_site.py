"""Django's admin behind the one sign-in of all pages."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.permissions import public


@public
def sign_in_first(request, extra_context=None):
    """Strangers sign in; people without the right are told so instead of being sent round in a circle."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("sign_in"))


site = admin.site
site.login = sign_in_first
site.site_header = site.site_title = "Tandem data"
site.index_title = "Look things up"
# Rights come from memberships; Django's groups mean nothing here.
site.unregister(Group)
