from django.urls import path

from integrations import views_guide

urlpatterns = [
    path("", views_guide.start, name="start"),
    path("away/", views_guide.put_away, name="start_away"),
    path("<slug:key>/", views_guide.step, name="start_step"),
    path("<slug:key>/mark/", views_guide.mark, name="start_mark"),
]
