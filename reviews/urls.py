from django.urls import path

from reviews import views, views_judging

urlpatterns = [
    path("issues/", views.issues, name="review_issues"),
    path("issues/new/", views.new, name="review_issue_new"),
    path("issues/waiting/", views.waiting_count, name="review_issues_waiting"),
    path("issues/<uuid:pk>/answer/", views.answer, name="review_issue_answer"),
    path("judging/", views_judging.judging, name="judging"),
    path("judging/draw/", views_judging.draw, name="judging_draw"),
    path("judging/<int:pk>/judges/", views_judging.judges, name="judging_judges"),
    path("judging/<int:pk>/close/", views_judging.close, name="judging_close"),
    path("judging/<int:pk>/sheet/", views_judging.sheet, name="judging_sheet"),
    path("judging/leads/<int:pk>/settle/", views_judging.settle_split, name="judging_settle"),
]
