from django.urls import path

from leads import api

urlpatterns = [
    path("leads/", api.LeadList.as_view(), name="api-leads"),
    path("leads/<int:pk>/", api.LeadDetail.as_view(), name="api-lead"),
    path("leads/<int:pk>/touches/", api.LeadTouches.as_view(), name="api-lead-touches"),
    path("deals/", api.DealList.as_view(), name="api-deals"),
    path("deals/<int:pk>/", api.DealDetail.as_view(), name="api-deal"),
    path("touches/", api.TouchList.as_view(), name="api-touches"),
    path("stage-changes/", api.StageChangeList.as_view(), name="api-stage-changes"),
    path("stages/", api.StageList.as_view(), name="api-stages"),
]
