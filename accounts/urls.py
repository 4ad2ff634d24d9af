from django.urls import path

from accounts import views, views_absences, views_console, views_first

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("start/first/", views_first.first, name="first"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("invite/<str:secret>/", views_console.accept, name="invite"),
    path("absences/", views_absences.absences, name="absences"),
    path("absences/<int:pk>/end/", views_absences.end, name="absence_end"),
    path("console/people/", views_console.people, name="console_people"),
    path("console/people/<int:pk>/", views_console.person, name="console_person"),
    path("console/people/<int:pk>/switch/", views_console.switch, name="console_person_switch"),
    path("console/roles/<int:pk>/end/", views_console.end_role, name="console_role_end"),
    path("console/invites/<int:pk>/revoke/", views_console.revoke_invite, name="console_invite_revoke"),
    path("console/teams/", views_console.teams, name="console_teams"),
    path("console/teams/<int:pk>/retire/", views_console.retire_team, name="console_team_retire"),
    path("console/tokens/", views_console.tokens, name="console_tokens"),
    path("console/tokens/<int:pk>/revoke/", views_console.revoke_token, name="console_token_revoke"),
    path("console/mail/", views_console.mail, name="console_mail"),
    path("console/mail/remove/", views_console.remove_mail, name="console_mail_remove"),
    path("console/mail/test/", views_console.test_mail, name="console_mail_test"),
]
