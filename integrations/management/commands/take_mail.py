"""manage.py take_mail < message.eml: the door for a mail server on the same machine, such as a Postfix pipe."""

import datetime as dt
import sys

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from integrations.mail_reading import MOST_BYTES
from integrations.taking_mail import take_mail

# Of sysexits.h, as mail servers read them: no such recipient (bounce), and try again later (keep).
NO_USER, TRY_LATER = 67, 75


class Command(BaseCommand):
    help = "Take one mail from standard input as a copy and log the contact that it shows."

    def add_arguments(self, parser):
        parser.add_argument(
            "--recipient", action="append", default=[], help="the envelope's recipient; may be given several times"
        )

    def handle(self, *args, **options):
        stream = sys.stdin.buffer
        raw = stream.read(MOST_BYTES)
        while stream.read(65_536):
            pass  # a server that can't write the rest of a large mail takes that for a failure
        try:
            taken = take_mail(raw, recipients=options["recipient"], received_at=dt.datetime.now(dt.UTC))
        except OperationalError as error:
            raise CommandError("The database is not there at the moment.", returncode=TRY_LATER) from error
        if not taken:
            raise CommandError("No running copy address is among the recipients.", returncode=NO_USER)
        self.stdout.write(f"Taken for {len(taken)} {'person' if len(taken) == 1 else 'people'}.")
