from django.urls import path

from demo import views

urlpatterns = [path("wipe/", views.wipe, name="demo_wipe")]
