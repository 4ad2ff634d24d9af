from django.contrib import admin

from core.admin import LookOnly, NamesOnly
from funnel.models import Agreement, Reason, Region, Segment, SegmentMargin, Signature, StageInVersion, Target

for model in (Segment, Region):
    admin.site.register(model, NamesOnly)
for model in (Agreement, Signature, StageInVersion, Reason, Target, SegmentMargin):
    admin.site.register(model, LookOnly)
