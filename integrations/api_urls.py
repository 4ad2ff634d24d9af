from django.urls import path

from integrations import api_campaigns

urlpatterns = [
    path("campaigns/", api_campaigns.CampaignList.as_view(), name="api-campaigns"),
    path("campaigns/<int:pk>/", api_campaigns.CampaignDetail.as_view(), name="api-campaign"),
    path("contents/", api_campaigns.ContentList.as_view(), name="api-contents"),
    path("contents/<int:pk>/", api_campaigns.ContentDetail.as_view(), name="api-content"),
    path("spend/", api_campaigns.SpendList.as_view(), name="api-spend"),
    path("spend/<int:pk>/", api_campaigns.SpendLine.as_view(), name="api-spend-line"),
    path("spend/<int:pk>/void/", api_campaigns.SpendVoid.as_view(), name="api-spend-void"),
]
