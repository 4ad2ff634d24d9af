from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from campaigns.models import Campaign, Channel
        from funnel.known_names import add_names

        add_names("channel", lambda: Channel.objects.values_list("name", flat=True))
        add_names("campaign", lambda: Campaign.objects.values_list("name", flat=True))
