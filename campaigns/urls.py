from django.urls import path

from campaigns.views import campaign, content, lists, preview, spend

urlpatterns = [
    path("", lists.campaigns, name="campaigns"),
    path("calendar/", lists.calendar, name="campaigns_calendar"),
    path("new/", campaign.campaign_new, name="campaign_new"),
    path("content/", content.contents, name="contents"),
    path("content/new/", content.content_new, name="content_new"),
    path("content/<int:pk>/", content.content_edit, name="content_edit"),
    path("spend/", spend.spend, name="spend"),
    path("spend/new/", spend.spend_new, name="spend_new"),
    path("spend/<int:pk>/replace/", spend.spend_replace, name="spend_replace"),
    path("spend/<int:pk>/void/", spend.spend_void, name="spend_void"),
    path("preview/<int:pk>/answer/", preview.preview_answer, name="preview_answer"),
    path("<int:pk>/", campaign.campaign, name="campaign"),
    path("<int:pk>/edit/", campaign.campaign_edit, name="campaign_edit"),
    path("<int:pk>/content/", content.campaign_content, name="campaign_content"),
    path("<int:pk>/content/out/", content.campaign_content_out, name="campaign_content_out"),
    path("<int:pk>/preview/", preview.preview_respond, name="preview_respond"),
    path("<int:pk>/preview/ask/", preview.preview_ask, name="preview_ask"),
]
