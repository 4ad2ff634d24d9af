from django.urls import path

from leads.views import actions, bulk, companies, corrections, deals, detail
from leads.views import list as lists

urlpatterns = [
    path("leads/", lists.leads, name="leads"),
    path("leads/filter/", lists.add_filter, name="leads_filter"),
    path("leads/leads.csv", lists.leads_csv, name="leads_csv"),
    path("leads/views/", lists.view_save, name="leads_view_save"),
    path("leads/views/<int:pk>/remove/", lists.view_remove, name="leads_view_remove"),
    path("leads/bulk/<slug:act>/", bulk.bulk, name="leads_bulk"),
    path("leads/new/", detail.lead_new, name="lead_new"),
    path("leads/<int:pk>/", detail.lead, name="lead"),
    path("leads/<int:pk>/edit/", detail.lead_edit, name="lead_edit"),
    path("leads/<int:pk>/move/", actions.lead_move, name="lead_move"),
    path("leads/<int:pk>/assign/", actions.lead_assign, name="lead_assign"),
    path("leads/<int:pk>/touch/", actions.lead_touch, name="lead_touch"),
    path("leads/<int:pk>/note/", actions.lead_note, name="lead_note"),
    path("leads/<int:pk>/step/", actions.lead_step, name="lead_step"),
    path("leads/<int:pk>/merge/", corrections.lead_merge, name="lead_merge"),
    path("leads/<int:pk>/unmerge/", corrections.lead_unmerge, name="lead_unmerge"),
    path("leads/<int:pk>/void/", corrections.lead_void, name="lead_void"),
    path("leads/<int:pk>/deal/", deals.deal_new, name="deal_new"),
    path("leads/events/<int:pk>/undo/", corrections.event_undo, name="event_undo"),
    path("leads/touches/<int:pk>/undo/", corrections.touch_undo, name="touch_undo"),
    path("steps/<int:pk>/done/", actions.step_done, name="step_done"),
    path("deals/", deals.deals, name="deals"),
    path("deals/<int:pk>/", deals.deal, name="deal"),
    path("deals/<int:pk>/edit/", deals.deal_edit, name="deal_edit"),
    path("deals/<int:pk>/step/", actions.deal_step, name="deal_step"),
    path("deals/<int:pk>/void/", deals.deal_void, name="deal_void"),
    path("deals/<int:pk>/<slug:act>/", deals.deal_act, name="deal_act"),
    path("deals/events/<int:pk>/undo/", deals.deal_event_undo, name="deal_event_undo"),
    path("companies/", companies.companies, name="companies"),
    path("companies/<int:pk>/", companies.company, name="company"),
    path("search/", companies.find, name="search"),
]
