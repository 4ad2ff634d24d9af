from django.urls import path

from metrics import views, views_board, views_console, views_health, views_owner, views_promises, views_two_counts

urlpatterns = [
    path("console/versions/<int:number>/agree/", views_console.agree, name="console_agree"),
    path("console/versions/<int:number>/sign/", views_console.sign, name="console_sign"),
    path("console/versions/<int:number>/start/", views_console.start, name="console_start"),
    path("console/stages/<slug:key>/used/", views_console.used, name="console_used"),
    path("console/promises/record/", views_promises.record, name="console_promise_record"),
    path("console/promises/record/fill/", views_promises.fill, name="console_promise_fill"),
    path("console/organisation/", views_console.settings, name="console_organisation"),
    path("", views_board.dashboard, name="dashboard"),
    path("cards/<slug:name>/", views_board.card, name="card"),
    path("funnel/pair/", views_board.funnel_pair, name="funnel_pair"),
    path("health/", views_health.health, name="health"),
    path("health/messages/<int:pk>/again/", views_health.message_again, name="health_message_again"),
    path("healthz", views_health.healthz, name="healthz"),
    path("owner/", views_owner.owner, name="owner"),
    path("two-counts/", views_two_counts.two_counts, name="two_counts"),
    path("two-counts/leads.csv", views_two_counts.two_counts_csv, name="two_counts_csv"),
    path("explain/<slug:key>/", views.explain, name="explain"),
    path("explain/<slug:key>/leads.csv", views.explain_csv, name="explain_csv"),
]
