from django.urls import include, path

from config.admin_site import site

urlpatterns = [
    path("", include("metrics.urls")),
    path("", include("leads.urls")),
    path("", include("accounts.urls")),
    path("campaigns/", include("campaigns.urls")),
    path("console/", include("funnel.urls")),
    path("console/used/", include("integrations.used_in_urls")),
    path("review/", include("reviews.urls")),
    path("import/", include("integrations.urls")),
    path("", include("integrations.contact_urls")),
    path("", include("integrations.capture_urls")),
    path("start/demo/", include("demo.urls")),
    path("start/", include("integrations.guide_urls")),
    path("admin/", site.urls),
    path("api/v1/", include("config.api")),
]
