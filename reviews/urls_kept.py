"""Addresses of what remains of a review: actions, decisions, minutes, the history, the charter."""

from django.urls import path

from reviews import views_actions, views_charter, views_minutes

urlpatterns = [
    path("actions/", views_actions.actions, name="review_actions"),
    path("actions/new/", views_actions.new, name="review_action_new"),
    path("actions/mine/", views_actions.mine, name="review_actions_mine"),
    path("actions/overdue/", views_actions.overdue_line, name="review_actions_overdue"),
    path("actions/<int:pk>/", views_actions.action, name="review_action"),
    path("actions/<int:pk>/<slug:name>/", views_actions.act, name="review_action_act"),
    path("history/", views_minutes.past, name="review_history"),
    path("charter/", views_charter.page, name="review_charter"),
    path("charter/<slug:name>/", views_charter.line, name="review_charter_line"),
    path("ride-alongs/new/", views_charter.ride_new, name="review_ride_new"),
    path("ride-alongs/<int:pk>/done/", views_charter.ride_done, name="review_ride_done"),
    path("ride-alongs/<int:pk>/off/", views_charter.ride_off, name="review_ride_off"),
    path("<int:pk>/actions/", views_actions.agree_in_review, name="review_agree"),
    path("<int:pk>/decisions/", views_minutes.decide, name="review_decide"),
    path("<int:pk>/decisions/<int:decision>/back/", views_minutes.undecide, name="review_undecide"),
    path("<int:pk>/rate/", views_minutes.rate_it, name="review_rate"),
    path("<int:pk>/close/", views_minutes.close, name="review_close"),
    path("<int:pk>/minutes/", views_minutes.minutes, name="review_minutes"),
    path("<int:pk>/minutes/minutes.md", views_minutes.minutes_markdown, name="review_minutes_md"),
    path("<int:pk>/minutes/minutes.csv", views_minutes.minutes_csv, name="review_minutes_csv"),
]
