import os

# The database limits of a web request are shorter than those of a worker or a command (settings.py).
os.environ.setdefault("TANDEM_PROCESS", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the two lines above must come first

application = get_wsgi_application()
