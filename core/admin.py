"""Django's admin: for looking, and for the few plain lists that nothing depends on but names.

Everything with rules or history is changed through services, so it is shown here and not edited.
"""

from django.contrib import admin

from core.models import CompanyZone, ExchangeRate, Organisation


class LookOnly(admin.ModelAdmin):
    """Shown, never written: the services are the door."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class NamesOnly(admin.ModelAdmin):
    """A plain list: names may be added and corrected; what facts point to is never deleted."""

    search_fields = ("name",)
    fields = ("name",)

    def has_delete_permission(self, request, obj=None):
        return False


for model in (Organisation, CompanyZone, ExchangeRate):
    admin.site.register(model, LookOnly)
