"""manage.py metric KEY ...: the same answer as the pages and the API, as an administrator sees it."""

import json
import sys

from django.core.management.base import BaseCommand, CommandParser

from core.errors import DomainError
from metrics.answers import ask
from metrics.questions import Reader


class Command(BaseCommand):
    help = "Print one metric. Example: manage.py metric stage_inflow --stage mql --from 2026-07-01 --to 2026-10-01 --json"

    def add_arguments(self, parser: CommandParser):
        parser.add_argument("key")
        for name in ("from", "to", "at", "stage", "to-stage", "horizon", "by", "as-of"):
            parser.add_argument(f"--{name}", dest=name.replace("-", "_"))
        parser.add_argument("--where", action="append", default=[], metavar="DIMENSION=VALUE")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        params: dict[str, list[str]] = {
            name: [options[name]]
            for name in ("from", "to", "at", "stage", "to_stage", "horizon", "by", "as_of")
            if options[name] is not None
        }
        for pair in options["where"]:
            name, sign, value = pair.partition("=")
            if not sign:
                self._refuse(f"“{pair}” is not DIMENSION=VALUE.")
            params.setdefault(name, []).append(value)
        try:
            found = ask(options["key"], params, reader=Reader())
        except DomainError as error:
            self._refuse(error.message)
        if options["json"]:
            self.stdout.write(json.dumps(found, default=str))
            return
        for name, value in found.items():
            if name != "series":
                self.stdout.write(f"{name:20} {value}")
        for row in found.get("series", []):
            self.stdout.write(f"  {row['label'] or row['key']:30} {row['value']}  n={row['n']}")

    def _refuse(self, message: str):
        self.stderr.write(message)
        sys.exit(2)
