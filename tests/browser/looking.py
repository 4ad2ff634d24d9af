"""What a machine can judge of a page's looks, asked of the page itself."""

from dataclasses import dataclass

from accounts.models import User
from campaigns.models import Campaign
from leads.models import Company, Deal, Lead
from reviews.models import JudgingRound

ADMIN = "ines@demo.tandem.example"
SIZES = {1440: 900, 820: 1180, 390: 844}
# Where nothing may reach over the edge: a tablet, 320 px, and what is left of 1440 px at a zoom of 200 %.
WIDTHS = {820: 1180, 320: 640, 720: 450}

TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"
# Text that is drawn smaller than 12 px; what only a screen reader gets is not drawn.
TOO_SMALL = """
  () => {
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, holder = text.parentElement;
      if (!text.data.trim() || !holder.checkVisibility() || ['SCRIPT', 'STYLE'].includes(holder.tagName)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const box = range.getBoundingClientRect();
      if (box.width < 2 || box.height < 2) continue;
      const size = parseFloat(getComputedStyle(holder).fontSize);
      if (size < 11.99) found.push(`${size}px ${text.data.trim().slice(0, 40)}`);
    }
    return found;
  }
"""
# With forced colours a background is gone: what is drawn by it alone needs an edge, a word or a colour that is kept.
LOST_MARKS = """
  () => [...document.querySelectorAll('main *')].filter((mark) => {
    const style = getComputedStyle(mark);
    if (!mark.checkVisibility() || mark.closest('svg, [hidden], .sr') || style.forcedColorAdjust === 'none') return false;
    if (!/^(i|span|b|em)$/i.test(mark.tagName) || mark.textContent.trim() || mark.children.length) return false;
    const box = mark.getBoundingClientRect();
    if (box.width < 3 || box.height < 3) return false;
    const drawn = parseFloat(style.borderTopWidth) + parseFloat(style.borderLeftWidth) + parseFloat(style.outlineWidth) > 0;
    return !drawn && !mark.hasAttribute('aria-label');
  }).map((mark) => mark.outerHTML.slice(0, 120))
"""
# The ring around what has the focus: its width, and whether it is drawn at all.
RING = """
  () => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
  }
"""


@dataclass(frozen=True)
class Screen:
    """An address to look at. `status`: what it answers; `who`: who looks, the funnel owner if nobody is named."""

    path: str
    status: int = 200
    who: str = "maya@demo.tandem.example"


def main_screens() -> dict[str, Screen]:
    """The screens people work on; they are looked at in every size and both themes."""
    lead = some_lead()
    return {
        "dashboard": Screen("/"),
        "explain": Screen("/explain/gross_profit/"),
        "two counts": Screen("/two-counts/"),
        "leads": Screen("/leads/"),
        "lead": Screen(f"/leads/{lead.pk}/"),
        "deals": Screen("/deals/"),
        "deal": Screen(f"/deals/{Deal.objects.filter(status='won', lead__isnull=False).first().pk}/"),
        "owner": Screen("/owner/"),
        "health": Screen("/health/"),
        "console": Screen("/console/", who=ADMIN),
        "import": Screen("/import/", who=ADMIN),
    }


def other_screens() -> dict[str, Screen]:
    """Everything else, judged on a desk in light and on a phone in dark; no width may be too narrow for it."""
    lead = some_lead()
    other = Lead.objects.filter(merged_into=None, voided=False).exclude(pk=lead.pk).first()
    sample = JudgingRound.objects.get(closed_at=None)
    console = {
        path: Screen(f"/console/{path}", who=ADMIN)
        for path in (
            "stages/",
            "stages/mql/",
            "used/stage:mql/",
            "stages/new/",
            "rules/",
            "words/",
            "words/mql/",
            "words/new/",
            "promises/",
            "promises/record/",
            "calendars/",
            "routing/",
            "routing/rules/new/",
            "routing/simulation/",
            "targets/",
            "margins/",
            "history/",
            "versions/1/",
            "versions/1/agree/",
            "people/",
            f"people/{User.objects.get(email=ADMIN).pk}/",
            "teams/",
            "tokens/",
            "mail/",
            "organisation/",
        )
    }
    campaign = Campaign.objects.filter(spend__isnull=False).order_by("name").first()
    campaigns = {
        path: Screen(f"/campaigns/{path}", who=ADMIN)
        for path in (
            "",
            "calendar/",
            "calendar/?span=month",
            "new/",
            "content/",
            "content/new/",
            "requests/",
            "spend/",
            "spend/?of=none",
            f"spend/new/?campaign={campaign.pk}",
            f"{campaign.pk}/",
            f"{campaign.pk}/edit/",
        )
    }
    console |= campaigns
    return console | {
        "cohort": Screen("/explain/cohort_conversion/?stage=mql&to_stage=sql&channel=Referral"),
        "filtered dashboard": Screen(f"/?campaign={Campaign.objects.first().name}&period=12m"),
        "filtered list": Screen(f"/leads/?is=open&stage={lead.stage_id}&q=a&sort=-age"),
        "nothing found": Screen("/leads/?q=nobody-of-that-name"),
        "add a filter": Screen("/leads/filter/"),
        "move": Screen(f"/leads/{lead.pk}/move/"),
        "edit": Screen(f"/leads/{lead.pk}/edit/"),
        "merge": Screen(f"/leads/{lead.pk}/merge/?other={other.pk}"),
        "new lead": Screen("/leads/new/"),
        "bulk": Screen(f"/leads/bulk/move/?lead={lead.pk}&lead={other.pk}"),
        "queue": Screen("/leads/queue/"),
        "absences": Screen("/absences/"),
        "mail copies": Screen("/contacts/copies/"),
        "companies": Screen("/companies/"),
        "company": Screen(f"/companies/{Company.objects.filter(leads=lead).get().pk}/"),
        "search": Screen("/search/?q=an"),
        "search for nothing": Screen("/search/"),
        "review": Screen("/review/"),
        "review series": Screen("/review/series/"),
        "a new review series": Screen("/review/series/new/"),
        "issues": Screen("/review/issues/"),
        "two judges": Screen("/review/judging/"),
        "a judge's sheet": Screen(f"/review/judging/{sample.pk}/sheet/", who=sample.marketing_judge.email),
        "interface": Screen("/api/v1/docs/"),
        "not there": Screen("/nowhere/", 404),
        "no such number": Screen("/explain/nonsense/", 404),
        "not allowed": Screen("/console/people/", 403),
    }


def some_lead() -> Lead:
    """The newest one at SQL."""
    return Lead.objects.filter(merged_into=None, voided=False, stage__key="sql").order_by("-created_at").first()
