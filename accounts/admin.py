from django.contrib import admin

from accounts.models import ApiToken, Membership, Team, User
from core.admin import LookOnly


@admin.register(User)
class UserAdmin(LookOnly):
    list_display = ("name", "email", "is_active")
    exclude = ("password",)


@admin.register(ApiToken)
class ApiTokenAdmin(LookOnly):
    exclude = ("digest",)


for model in (Team, Membership):
    admin.site.register(model, LookOnly)
