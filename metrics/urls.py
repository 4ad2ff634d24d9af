from django.urls import path

from metrics import views, views_health, views_owner

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("health/", views_health.health, name="health"),
    path("owner/", views_owner.owner, name="owner"),
    path("explain/<slug:key>/", views.explain, name="explain"),
    path("explain/<slug:key>/leads.csv", views.explain_csv, name="explain_csv"),
]
