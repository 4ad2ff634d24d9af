from django.contrib import admin

from campaigns.models import Campaign, Channel, Content, Spend
from core.admin import LookOnly, NamesOnly

for model in (Channel, Campaign, Content):
    admin.site.register(model, NamesOnly)
admin.site.register(Spend, LookOnly)
