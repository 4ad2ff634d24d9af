from django.urls import path

from leads.views import queue, routing

urlpatterns = [
    path("leads/queue/", queue.queue, name="leads_queue"),
    path("leads/<int:pk>/take/", queue.take, name="lead_take"),
    path("console/routing/", routing.routing, name="console_routing"),
    path("console/routing/queue/", routing.set_queue, name="console_routing_queue"),
    path("console/routing/switch/", routing.switch, name="console_routing_switch"),
    path("console/routing/simulation/", routing.simulation, name="console_routing_simulation"),
    path("console/routing/rules/new/", routing.add, name="console_routing_new"),
    path("console/routing/rules/<int:pk>/", routing.rule, name="console_routing_rule"),
    path("console/routing/rules/<int:pk>/move/", routing.move, name="console_routing_move"),
    path("console/routing/rules/<int:pk>/remove/", routing.remove, name="console_routing_remove"),
]
