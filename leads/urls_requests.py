from django.urls import path

from leads.views import requests

urlpatterns = [
    path("campaigns/requests/", requests.content_requests, name="content_requests"),
    path("campaigns/requests/<int:pk>/answer/", requests.content_answer, name="content_answer"),
    path("campaigns/requests/<int:pk>/use/", requests.content_use, name="content_use"),
    path("leads/<int:pk>/content/", requests.lead_content, name="lead_content"),
    path("deals/<int:pk>/content/", requests.deal_content, name="deal_content"),
]
