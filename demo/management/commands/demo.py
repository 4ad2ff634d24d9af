"""manage.py demo: create the demo company, print its sign-ins, remove it."""

import datetime as dt
import gc
import time

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from core.errors import DomainError
from core.models import Organisation
from core.periods import parse_day
from core.planner import tell_planner
from demo import people
from demo.chance import ZONE
from demo.loading import load_story
from demo.reviews import tell_reviews
from demo.story import SMALL, USUAL, tell_story
from demo.wiping import wipe_demo
from metrics.rollup import drain


class Command(BaseCommand):
    help = "Create a demo company with a believable history that ends today; --wipe removes it."

    def add_arguments(self, parser):
        parser.add_argument("--if-empty", action="store_true", help="do nothing if there is a company already")
        parser.add_argument("--small", action="store_true", help="a company with some 60 leads a month")
        parser.add_argument("--wipe", action="store_true", help="remove the demo and everything in it")
        parser.add_argument("--sign-ins", action="store_true", help="print who can sign in, if this is a demo")
        parser.add_argument("--seed", type=int, default=1, help="another number tells another story")
        parser.add_argument("--until", metavar="DATE", help="last day of the history (default: today)")
        parser.add_argument("--months", type=int, default=18, help="length of the history (default: 18)")

    def handle(self, *args, **options):
        try:
            if options["sign_ins"]:
                self._print_sign_ins()
            elif options["wipe"]:
                removed = wipe_demo()
                self.stdout.write(f"The demo is gone ({removed:,} rows).")
            else:
                self._create(options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _create(self, options) -> None:
        existing = Organisation.objects.first()
        if existing is not None:
            if options["if_empty"]:
                return
            raise CommandError(f"This installation already has a company: {existing.name}. The demo needs an empty one.")
        if not 2 <= options["months"] <= 60:
            raise CommandError("--months is a number from 2 to 60.")
        begun = time.monotonic()
        self._say("Creating the demo company ...")
        story = tell_story(
            now=_end_of(options["until"]),
            seed=options["seed"],
            shape=SMALL if options["small"] else USUAL,
            months=options["months"],
        )
        # A fifth of the time went into looking for cycles among a hundred thousand live rows. There are hardly any.
        gc.disable()
        try:
            load_story(story, say=lambda line: self._say(f"  {line}"))
        finally:
            gc.enable()
        # Outside the transaction of the story: if this is cut off, the worker finds the notes and goes on.
        self._say("  computing the numbers of each day")
        tell_planner()
        drain()
        tell_reviews(since=story.start, now=story.now, say=lambda line: self._say(f"  {line}"))
        self._say(f"The demo is ready after {time.monotonic() - begun:.0f} s.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _print_sign_ins(self) -> None:
        if not Organisation.objects.filter(is_demo=True).exists():
            return
        here = set(User.objects.filter(is_active=True).values_list("email", flat=True))
        shown = [p for p in people.PEOPLE if p.shown_as and p.email in here]
        if not shown:
            return
        wide = max(len(p.email) for p in shown)
        self.stdout.write("Sign-ins of the demo:")
        for person in shown:
            self.stdout.write(f"  {person.shown_as:<15} {person.email:<{wide}}  {people.PASSPHRASE}")


def _end_of(until: str | None) -> dt.datetime:
    """Now, or six in the evening of an earlier day."""
    now = dt.datetime.now(dt.UTC)
    if until is None:
        return now
    day = parse_day(until, field="until")
    if day > now.astimezone(ZONE).date():
        raise CommandError("--until is today or an earlier day: the demo tells what has happened.")
    return min(now, dt.datetime.combine(day, dt.time(18), ZONE).astimezone(dt.UTC))
