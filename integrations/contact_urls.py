from django.urls import path

from integrations import views_contacts, views_mail_door

urlpatterns = [
    path("contacts/copies/", views_contacts.copies, name="copies"),
    path("contacts/copies/renew/", views_contacts.renew, name="copies_renew"),
    path("contacts/copies/calendar/", views_contacts.upload, name="copies_calendar"),
    path("contacts/mail/", views_mail_door.mail_door, name="mail_door"),
    path("console/copies/", views_contacts.door, name="console_copies"),
    path("console/copies/secret/", views_contacts.secret, name="console_copies_secret"),
]
