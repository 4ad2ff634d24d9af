from django.urls import path

from reviews import views

urlpatterns = [
    path("issues/", views.issues, name="review_issues"),
    path("issues/new/", views.new, name="review_issue_new"),
    path("issues/waiting/", views.waiting_count, name="review_issues_waiting"),
    path("issues/<uuid:pk>/answer/", views.answer, name="review_issue_answer"),
]
