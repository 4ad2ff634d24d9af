"""Card G: which campaigns earn their money, and whether that is certain."""

from django.urls import reverse

from accounts.models import User
from metrics.credit import DEFAULT_MODEL
from metrics.credit_words import words_of
from metrics.dashboard import ask
from metrics.dashboard_channels import channels
from metrics.evaluation import SMALL
from metrics.frame import Frame
from metrics.return_ranges import range_of, scale_of
from metrics.returns_frame import ReturnFrame, year_choice
from metrics.returns_pages import Line, lines_of, title_of
from metrics.series import Snapshot
from metrics.templatetags.returns import one_of

# What fits below a title of two lines.
BEST, WORST = 2, 2


def earnings(snapshot: Snapshot, frame: Frame, reader: User) -> dict:
    """The best and the worst campaigns by gross profit per unit spent, over the year to the frame's last day.

    Spend knows no segment, region or team, and a return on few deals says nothing: then the card shows what channels earned.
    """
    choice, label, year = year_choice(frame.to_date.end, frame.today)
    if frame.filters or ask(snapshot, frame, "won_deals", period=year)["value"] < SMALL:
        return channels(snapshot, frame, reader)
    asked = ReturnFrame(choice, label, year, DEFAULT_MODEL)
    spent = [line for line in lines_of(snapshot, asked, "campaign") if line.per_euro is not None]
    if not spent:
        return channels(snapshot, frame, reader)
    shown = best_and_worst(spent)
    scale = scale_of(shown)
    one = one_of(snapshot.currency)
    return {
        "title": title_of(shown, snapshot.currency),
        "sub": f"Profit per {one}, 12 months, {words_of(DEFAULT_MODEL).label}, 95% range",
        "lines": [(line, range_of(line, scale)) for line in shown],
        "more": len(spent) - len(shown),
        "all_url": f"{reverse('returns')}?{asked.query()}",
        "channels_url": f"{reverse('returns')}?{asked.query(by='channel')}",
        "models_url": f"{reverse('return_models')}?{asked.query()}",
    }


def best_and_worst(lines: list[Line]) -> list[Line]:
    """Of campaigns in order of their return the first and the last, from those with enough deals as far as there are."""
    sure = [line for line in lines if not line.few]
    most = BEST + WORST
    chosen = sure if len(sure) <= most else [*sure[:BEST], *sure[-WORST:]]
    # Few deals are filled in by what they cost: there a wrong belief is dearest.
    few = sorted((line for line in lines if line.few), key=lambda line: (-line.row.spend, line.name))
    names = {line.row.id for line in [*chosen, *few[: most - len(chosen)]]}
    return [line for line in lines if line.row.id in names]
