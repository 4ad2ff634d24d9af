from django.urls import path

from leads.views import links, touches

urlpatterns = [
    path("deals/<int:pk>/touch/", touches.deal_touch, name="deal_touch"),
    path("console/links/", links.links, name="console_links"),
    path("console/links/new/", links.link_new, name="console_link_new"),
    path("console/links/anew/", links.links_anew, name="console_links_anew"),
    path("console/links/<int:pk>/remove/", links.link_remove, name="console_link_remove"),
    path("console/filters/", links.filters, name="console_filters"),
    path("console/filters/add/", links.filter_add, name="console_filter_add"),
    path("console/filters/run/", links.filter_run, name="console_filter_run"),
    path("console/filters/<int:pk>/remove/", links.filter_remove, name="console_filter_remove"),
]
