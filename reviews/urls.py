from django.urls import path

from reviews import views, views_judging, views_room

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
    path("<int:pk>/", views_room.phone, name="review"),
    path("<int:pk>/wall/", views_room.wall, name="review_wall"),
    path("<int:pk>/steer/", views_room.steer, name="review_steer"),
    path("<int:pk>/steer/begin/", views_room.begin, name="review_begin"),
    path("<int:pk>/steer/act/", views_room.act, name="review_act"),
    path("<int:pk>/room/", views_room.told, name="review_told"),
    path("<int:pk>/part/<slug:name>/", views_room.part, name="review_part"),
    path("<int:pk>/here/", views_room.here, name="review_here"),
    path("<int:pk>/numbers/<int:number>/issue/", views_room.number_issue, name="review_number_issue"),
    path("<int:pk>/good-thing/", views_room.good_thing, name="review_good_thing"),
]
