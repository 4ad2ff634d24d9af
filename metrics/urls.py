from django.urls import path

from metrics import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("explain/<slug:key>/", views.explain, name="explain"),
    path("explain/<slug:key>/leads.csv", views.explain_csv, name="explain_csv"),
]
