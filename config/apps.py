from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "config"

    def ready(self):
        from config import checks  # noqa: F401 - importing registers the checks
