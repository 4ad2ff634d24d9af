from django.contrib import admin
from django.urls import include, path

from core.views import healthz

urlpatterns = [
    path("", include("metrics.urls")),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("healthz", healthz, name="healthz"),
]
