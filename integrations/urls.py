from django.urls import path

from integrations import views, views_doubles

urlpatterns = [
    path("", views.imports, name="import"),
    path("<uuid:uuid>/", views.resume, name="import_job"),
    path("<uuid:uuid>/file/", views.file, name="import_file"),
    path("<uuid:uuid>/columns/", views.columns, name="import_columns"),
    path("<uuid:uuid>/values/", views.values, name="import_values"),
    path("<uuid:uuid>/preview/", views.preview, name="import_preview"),
    path("<uuid:uuid>/doubles/", views_doubles.doubles, name="import_doubles"),
    path("<uuid:uuid>/result/", views.result, name="import_result"),
    path("<uuid:uuid>/progress/", views.progress, name="import_progress"),
    path("<uuid:uuid>/mapping.toml", views.mapping, name="import_mapping"),
    path("<uuid:uuid>/rejected.csv", views.rejected, name="import_rejected"),
    path("<uuid:uuid>/stop/", views.act, {"what": "stop"}, name="import_stop"),
    path("<uuid:uuid>/go-on/", views.act, {"what": "go_on"}, name="import_go_on"),
    path("<uuid:uuid>/undo/", views.act, {"what": "undo"}, name="import_undo"),
    path("<uuid:uuid>/discard/", views.act, {"what": "discard"}, name="import_discard"),
]
