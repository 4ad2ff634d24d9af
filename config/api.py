"""All addresses under /api/v1/."""

from django.urls import include, path, re_path

from config import api_docs

urlpatterns = [
    path("metrics/", include("metrics.api_urls")),
    path("schema/", api_docs.Schema.as_view(), name="api-schema"),
    path("docs/", api_docs.docs, name="api-docs"),
    path("", include("leads.api_urls")),
    path("", include("integrations.api_urls")),
    # Last: what is not there, and addresses without their closing slash, answer as the API does. A redirect would turn
    # a POST into a GET.
    re_path("", api_docs.nothing_here),
]
