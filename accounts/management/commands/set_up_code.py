"""manage.py set_up_code: the code that the first page of an empty installation asks for."""

from django.core.management.base import BaseCommand

from accounts.first import nobody_yet, set_up_code


class Command(BaseCommand):
    help = "Print the set-up code, while nobody can sign in yet; nothing otherwise."

    def handle(self, *args, **options):
        if nobody_yet():
            self.stdout.write(f"No company yet. Open /start/first/ and set it up with this code: {set_up_code()}")
