from django.urls import path

from metrics import api

urlpatterns = [
    path("", api.MetricList.as_view(), name="api_metrics"),
    path("<str:key>/", api.MetricAnswer.as_view(), name="api_metric"),
    path("<str:key>/leads/", api.MetricLeads.as_view(), name="api_metric_leads"),
]
