"""manage.py set_up: the company of a new installation, its stages, its two teams and the first person."""

import datetime as dt
import getpass
import sys

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.services import found_company
from core.errors import DomainError
from core.periods import parse_day
from funnel.presets import PRESETS
from funnel.services import adopt_preset


class Command(BaseCommand):
    help = "Set up the company of an empty installation and its first administrator, whose password is asked for."

    def add_arguments(self, parser):
        parser.add_argument("--name", required=True, help="name of the company")
        parser.add_argument("--email", required=True, help="e-mail address of the first administrator")
        parser.add_argument("--person", default="", help="name of the first administrator")
        parser.add_argument("--zone", required=True, metavar="ZONE", help="its calendar zone, such as Europe/Berlin")
        parser.add_argument("--currency", required=True, metavar="CODE", help="base currency, such as EUR")
        parser.add_argument("--stages", default="b2b", choices=sorted(PRESETS), help="stages to begin with (default: b2b)")
        parser.add_argument("--fiscal-year-start", type=int, default=1, choices=range(1, 13), metavar="MONTH")
        parser.add_argument(
            "--from", dest="from_day", metavar="DATE", help="first day of the stages and roles (default: today)"
        )

    def handle(self, *args, **options):
        password = ask_password()
        try:
            set_up(options, password)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{options['name']} is set up. {options['email']} can sign in as administrator.")


def ask_password() -> str:
    """Twice from a person; the first line of standard input from a script. Never an argument, which others could read."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password (12 characters or more): ")
    if getpass.getpass("Again: ") != password:
        raise CommandError("The two passwords differ. Nothing was set up.")
    return password


def set_up(options: dict, password: str) -> None:
    text = options["from_day"]
    with transaction.atomic():
        user = found_company(
            name=options["name"],
            tz=options["zone"],
            base_currency=options["currency"].upper(),
            email=options["email"],
            person=options["person"] or options["email"].partition("@")[0],
            password=password,
            now=dt.datetime.now(dt.UTC),
            from_day=parse_day(text, field="from") if text else None,
            fiscal_year_start=options["fiscal_year_start"],
        )
        adopt_preset(preset=options["stages"], from_day=user.memberships.get().from_day, actor=None)
