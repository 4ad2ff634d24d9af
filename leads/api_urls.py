from django.urls import path

from leads import api, api_handoffs, api_routing, api_touches

urlpatterns = [
    path("leads/", api.LeadList.as_view(), name="api-leads"),
    path("leads/<int:pk>/", api.LeadDetail.as_view(), name="api-lead"),
    path("leads/<int:pk>/touches/", api_touches.LeadTouches.as_view(), name="api-lead-touches"),
    path("leads/<int:pk>/contacts/", api_handoffs.LeadContacts.as_view(), name="api-lead-contacts"),
    path("leads/<int:pk>/assignments/", api_routing.LeadAssignments.as_view(), name="api-lead-assignments"),
    path("routing/", api_routing.RoutingRules.as_view(), name="api-routing"),
    path("handoffs/", api_handoffs.HandoffList.as_view(), name="api-handoffs"),
    path("handoffs/<int:pk>/", api_handoffs.HandoffDetail.as_view(), name="api-handoff"),
    path("handoffs/<int:pk>/decision/", api_handoffs.DecisionStep.as_view(), name="api-handoff-decision"),
    path("handoffs/<int:pk>/resubmission/", api_handoffs.ResubmissionStep.as_view(), name="api-handoff-resubmission"),
    path("handoffs/<int:pk>/contest/", api_handoffs.ContestStep.as_view(), name="api-handoff-contest"),
    path("handoffs/<int:pk>/ruling/", api_handoffs.RulingStep.as_view(), name="api-handoff-ruling"),
    path("handoffs/<int:pk>/feedback/", api_handoffs.FeedbackStep.as_view(), name="api-handoff-feedback"),
    path("handoffs/<int:pk>/feedback-read/", api_handoffs.FeedbackReadStep.as_view(), name="api-handoff-feedback-read"),
    path("handoffs/<int:pk>/pauses/", api_handoffs.PauseStep.as_view(), name="api-handoff-pauses"),
    path("handoffs/<int:pk>/exclusions/", api_handoffs.ExclusionStep.as_view(), name="api-handoff-exclusions"),
    path(
        "handoffs/<int:pk>/requests/<int:request_id>/answer/",
        api_handoffs.RequestAnswer.as_view(),
        name="api-handoff-answer",
    ),
    path("due-times/", api_handoffs.DueTimeList.as_view(), name="api-due-times"),
    path("deals/", api.DealList.as_view(), name="api-deals"),
    path("deals/<int:pk>/", api.DealDetail.as_view(), name="api-deal"),
    path("touches/", api_touches.TouchList.as_view(), name="api-touches"),
    path("touches/<int:pk>/void/", api_touches.TouchVoid.as_view(), name="api-touch-void"),
    path("stage-changes/", api.StageChangeList.as_view(), name="api-stage-changes"),
    path("stages/", api.StageList.as_view(), name="api-stages"),
]
