from django.urls import path

from integrations import views_capture, views_capture_console

urlpatterns = [
    path("capture/capture.js", views_capture.script, name="capture_script"),
    path("capture/<str:key>/", views_capture.door, name="capture_door"),
    path("console/forms/", views_capture_console.sites, name="console_capture"),
    path("console/forms/new/", views_capture_console.add, name="console_capture_new"),
    path("console/forms/<int:pk>/", views_capture_console.site, name="console_capture_site"),
    path("console/forms/<int:pk>/switch/", views_capture_console.switch, name="console_capture_switch"),
    path("console/forms/<int:pk>/seen/", views_capture_console.seen, name="console_capture_seen"),
]
