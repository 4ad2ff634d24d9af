from django.contrib import admin

from core.admin import LookOnly
from leads.models import Company, Contact, Deal, DealEvent, ImportBatch, Lead, LeadEvent, Touch

for model in (Lead, LeadEvent, Deal, DealEvent, Touch, Company, Contact, ImportBatch):
    admin.site.register(
        model,
        type(
            f"{model.__name__}Admin",
            (LookOnly,),
            {"show_full_result_count": False, "list_per_page": 50, "ordering": ("-pk",)},
        ),
    )
