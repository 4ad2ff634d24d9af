from django.urls import path

from integrations import views_used_in

urlpatterns = [path("<str:what>/", views_used_in.used, name="console_used_in")]
