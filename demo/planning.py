"""What marketing plans and sales says to it: briefs, previews, planned cost, and the content that one asks of the other.

Nothing of it is a touch or a cost that was invoiced, so no number of the story hangs on it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from accounts.models import User
from campaigns.models import Campaign, Channel, Content, PreviewNote, Spend
from campaigns.services import ensure_campaign, record_spend, update_campaign
from campaigns.services.content import describe_content, put_content
from campaigns.services.previews import answer_change, ask_for_preview, respond_to_preview
from demo.chance import ZONE
from demo.facts import Story
from leads.models import Deal
from leads.services.content_requests import answer_request, ask_for_content, decline_request, promise_content

# What campaigns of a channel are for, who they are for, and what happens to those who answer.
BRIEFS = {
    "Webinar": "Forty minutes for plant engineers, one worked example, questions at the end. Who asks for sizing is called.",
    "Paid search": "People who look for a replacement now. They land on the sizing guide; a request is a lead the same day.",
    "LinkedIn ads": "Plant and maintenance managers who do not know us yet. The calculator first, never a quote.",
    "Trade fair": "Talks at the stand, noted on the spot: which line, which year, who decides. No collecting of cards.",
    "Partner": "Fitters and planners bring their projects. They stay in the talk; field sales visits with them.",
    "Referral": "Customers who are content name a colleague. Sales calls within the day and thanks both.",
    "Outbound": "Companies of one trade, twenty a week, by telephone and letter. Who says no is not asked again this year.",
    "Organic search": "Answers to what people type. Each page ends with one question that sales can answer.",
}
# name -> who answers for it, and how sales uses it
CONTENTS = {
    "Pump sizing guide": ("lena", "Send it before the first call and ask for the duty point on page 6."),
    "Energy savings calculator": ("tomasz", "Fill it in together on the telephone, never alone: the result is theirs."),
    "Case study: dairy in Holstein": ("lena", "For food and beverage, after the first visit. Page two holds the figures."),
    "Case study: waterworks refit": ("lena", "For public tenders: it names the standards that were met."),
    "Cavitation checklist": ("tomasz", "For maintenance heads who report noise. Go through it on site."),
    "Price list request": ("jonas", "An answer within the day; list prices only, the offer follows."),
    "Product sheet N-200": ("tomasz", "Attach it to every offer with an N-200."),
    "Newsletter": ("jonas", "Nothing to send: it goes out on the first Tuesday of a month."),
}
# Pieces that campaigns of a channel use.
USED = {
    "Webinar": ("Cavitation checklist", "Case study: dairy in Holstein"),
    "Paid search": ("Pump sizing guide",),
    "LinkedIn ads": ("Energy savings calculator",),
    "Trade fair": ("Product sheet N-200",),
}
# What was planned for each hundred that was invoiced, campaign by campaign in turn.
PLANNED = (92, 104, 100, 118, 97)
NEXT, NEXT_CHANNEL, NEXT_PLAN = "Webinar: pumps that clean themselves", "Webinar", 2_400_00


def plan_campaigns(
    story: Story,
    *,
    users: Mapping[str, User],
    channels: Mapping[str, Channel],
    campaigns: Mapping[str, Campaign],
    contents: Mapping[str, Content],
) -> None:
    """Briefs, content with its people, planned cost beside what was invoiced, and previews, one of which still waits."""
    _describe(users, contents)
    for fact in story.campaigns:
        campaign = campaigns[fact.name]
        for name in USED.get(fact.channel, ()):
            put_content(campaign=campaign, content=contents[name], actor=users["jonas"])
        # Last, because it reads the campaign anew: sales looks at the plan as it stands then.
        update_campaign(campaign=campaign, actor=users["jonas"], brief=BRIEFS[fact.channel])
    _plan_cost(story, users["jonas"], campaigns)
    _preview(story, users, [fact for fact in story.campaigns if fact.starts and fact.ends], campaigns)
    _plan_next(story, users, channels[NEXT_CHANNEL], contents)


def _describe(users: Mapping[str, User], contents: Mapping[str, Content]) -> None:
    for name, (owner, how) in CONTENTS.items():
        describe_content(actor=users["jonas"], content=contents[name], name=name, owner=users[owner], how_to_use=how)


def _plan_cost(story: Story, actor: User, campaigns: Mapping[str, Campaign]) -> None:
    """One planned line for each campaign that cost something, over the days of its invoices."""
    paid: dict[tuple[str, str], list] = {}
    for line in story.spend:
        if line.campaign and line.kind == Spend.Kind.PROGRAMME:
            paid.setdefault((line.campaign, line.currency), []).append(line)
    for number, ((name, currency), lines) in enumerate(paid.items()):
        record_spend(
            campaign=campaigns[name],
            amount=sum(line.amount for line in lines) * PLANNED[number % len(PLANNED)] // 100_00 * 100,
            currency=currency,
            service_from=min(line.first for line in lines),
            service_to=max(line.last for line in lines),
            status=Spend.Status.PLANNED,
            label="Budget",
            actor=actor,
        )


def _preview(story: Story, users: Mapping[str, User], facts: Sequence, campaigns: Mapping[str, Campaign]) -> None:
    """Sales looked at each campaign with a first and a last day a week before; every third time it asked for a change."""
    for number, fact in enumerate(facts):
        campaign = campaigns[fact.name]
        asked = _at(fact.starts - dt.timedelta(days=12), 10)
        if asked > story.now - dt.timedelta(days=8):
            continue
        ask_for_preview(campaign=campaign, actor=users["jonas"], now=asked)
        change = number % 3 == 1
        note = respond_to_preview(
            campaign=campaign,
            kind=PreviewNote.Kind.CHANGE_ASKED if change else PreviewNote.Kind.SEEN,
            text="Please name the lines that we can deliver within six weeks." if change else "",
            version=campaign.plan_version,
            actor=users["clara"],
            now=asked + dt.timedelta(days=4, hours=3),
        )
        if change:
            day = asked + dt.timedelta(days=5)
            answer_change(note=note, made=True, text="They stand in the invitation.", actor=users["jonas"], now=day)


def _plan_next(story: Story, users: Mapping[str, User], channel: Channel, contents: Mapping[str, Content]) -> None:
    """A campaign that starts in some weeks: sales was asked to look, and has not yet."""
    today = story.now.astimezone(ZONE).date()
    starts = today + dt.timedelta(days=19)
    campaign = ensure_campaign(name=NEXT, channel=channel)
    update_campaign(
        campaign=campaign,
        actor=users["jonas"],
        brief="Hygienic design for food and pharma: why a pump that drains itself saves a shift. Guests from two customers.",
        starts_on=starts,
        ends_on=starts + dt.timedelta(days=1),
        marketing_owner=users["jonas"],
        sales_owner=users["clara"],
    )
    put_content(campaign=campaign, content=contents["Case study: dairy in Holstein"], actor=users["jonas"])
    record_spend(
        campaign=campaign,
        amount=NEXT_PLAN,
        currency="EUR",
        service_from=starts,
        service_to=starts + dt.timedelta(days=1),
        status=Spend.Status.PLANNED,
        label="Speakers, platform, invitations",
        actor=users["jonas"],
    )
    campaign.refresh_from_db()
    ask_for_preview(campaign=campaign, actor=users["jonas"], now=story.now - dt.timedelta(days=2))


def _at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), ZONE)


# --- content that sales asks for ------------------------------------------------------------------------------------------


def ask_for_pieces(story: Story, *, users: Mapping[str, User], contents: Mapping[str, Content]) -> None:
    """From open deals: two requests that marketing answered, one that it declined, one that it promised, one that waits."""
    deals = list(Deal.objects.filter(status=Deal.Status.OPEN, voided=False).order_by("id")[:5])
    today = story.now.astimezone(ZONE).date()
    told = (
        ("A reference from a dairy", "sofia", 24, _answered("Case study: dairy in Holstein", "Page two, before the visit.")),
        (
            "Figures on energy for the plant manager",
            "pieter",
            17,
            _answered("Energy savings calculator", "Fill it in together."),
        ),
        ("A price list with discounts", "anna", 12, _declined),
        ("A reference for drinking water", "marek", 6, _promised(today + dt.timedelta(days=8))),
        ("A one-page comparison with diaphragm pumps", "sofia", 2, None),
    )
    for deal, (need, who, days, answer) in zip(deals, told, strict=False):
        asked = story.now - dt.timedelta(days=days)
        request = ask_for_content(need=need, actor=users[who], now=asked, deal=deal, wanted_by=today + dt.timedelta(days=10))
        if answer is not None:
            answer(request, users, contents, asked + dt.timedelta(days=1, hours=2))


def _answered(name: str, how: str):
    def answer(request, users, contents, now) -> None:
        answer_request(
            request=request, content=contents[name], how_to_use=how, version=request.version, actor=users["lena"], now=now
        )

    return answer


def _declined(request, users, contents, now) -> None:
    decline_request(
        request=request,
        why_not="Discounts are part of an offer: they are agreed with the customer, not printed.",
        version=request.version,
        actor=users["jonas"],
        now=now,
    )


def _promised(due_on: dt.date):
    def answer(request, users, contents, now) -> None:
        promise_content(
            request=request, owner=users["lena"], due_on=due_on, version=request.version, actor=users["jonas"], now=now
        )

    return answer
