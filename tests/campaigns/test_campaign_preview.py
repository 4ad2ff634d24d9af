"""Sales looks at a campaign before its launch: seen, comment, change asked; every step stays."""

import datetime as dt

import pytest
from django.db import transaction

from campaigns.models import Campaign, Content, PreviewNote
from campaigns.queries import Preview, launches, with_preview
from campaigns.services import (
    answer_change,
    ask_for_preview,
    describe_content,
    put_content,
    respond_to_preview,
    update_campaign,
)
from core.append_only import AppendOnlyError
from core.errors import Conflict, DomainError, NotAllowed, StaleVersion

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def state(campaign) -> str:
    return with_preview(Campaign.objects.filter(pk=campaign.pk)).get().preview


@pytest.fixture
def says(campaign, people):
    def one(kind, text="", who="member"):
        campaign.refresh_from_db()
        return respond_to_preview(
            campaign=campaign, kind=kind, text=text, version=campaign.plan_version, actor=people[who], now=NOW
        )

    return one


def test_the_preview_goes_from_asked_to_seen(campaign, people, says):
    assert state(campaign) == Preview.NONE
    ask_for_preview(campaign=campaign, actor=people["colleague"], now=NOW)
    assert state(campaign) == Preview.WAITS
    says("seen")
    assert state(campaign) == Preview.SEEN


def test_a_change_of_the_plan_makes_the_look_one_at_an_earlier_plan(campaign, people, says):
    says("seen")
    update_campaign(campaign=campaign, actor=people["colleague"], brief="For plant managers and for buyers.")
    assert state(campaign) == Preview.CHANGED
    says("comment", "Good for buyers, too.")
    assert state(campaign) == Preview.SEEN


@pytest.mark.parametrize(
    ("change", "raised"),
    [
        ({"marketing_owner": None}, False),
        ({"external_id": "x-1", "source": "crm"}, False),
        ({"name": "Webinar: dry"}, True),
        ({"ends_on": dt.date(2026, 12, 11)}, True),
        ({"brief": "For plant managers."}, False),  # the same words
    ],
)
def test_only_what_a_preview_looks_at_asks_for_a_new_look(campaign, people, change, raised):
    update_campaign(campaign=campaign, actor=people["colleague"], **change)
    assert Campaign.objects.get().plan_version == (2 if raised else 1)


def test_content_is_part_of_the_plan_and_how_it_is_used_is_not(campaign, people):
    guide = describe_content(name="Guide", actor=people["colleague"])
    put_content(campaign=campaign, content=guide, actor=people["colleague"])
    assert Campaign.objects.get().plan_version == 2
    assert put_content(campaign=campaign, content=guide, actor=people["colleague"]) is False
    describe_content(content=guide, name="Guide", how_to_use="Send it after the first call.", actor=people["colleague"])
    assert Campaign.objects.get().plan_version == 2
    describe_content(content=guide, name="Guide", link="https://example.com/guide", actor=people["colleague"])
    assert (Campaign.objects.get().plan_version, Content.objects.get().how_to_use) == (3, "")


def test_a_change_that_was_asked_for_waits_for_marketing_until_it_is_answered_once(campaign, people, says):
    note = says("change_asked", "The price is missing.")
    assert state(campaign) == Preview.CHANGE_ASKED
    with pytest.raises(DomainError, match="why it stays"):
        answer_change(note=note, made=False, text=" ", actor=people["colleague"], now=NOW)
    answer_change(note=note, made=True, text="", actor=people["colleague"], now=NOW)
    assert state(campaign) == Preview.SEEN
    with pytest.raises(Conflict), transaction.atomic():
        answer_change(note=note, made=False, text="No.", actor=people["colleague"], now=NOW)
    assert [row.kind for row in PreviewNote.objects.order_by("id")] == ["change_asked", "change_made"]


def test_nobody_has_seen_a_plan_that_they_have_not(campaign, people):
    update_campaign(campaign=campaign, actor=people["colleague"], name="Webinar: dry")
    with pytest.raises(StaleVersion):
        respond_to_preview(campaign=campaign, kind="seen", text="", version=1, actor=people["member"], now=NOW)
    assert not PreviewNote.objects.exists()


@pytest.mark.parametrize("kind", ["comment", "change_asked"])
def test_a_comment_and_a_wish_need_words(says, kind):
    with pytest.raises(DomainError, match="at least one sentence"):
        says(kind, "  ")


def test_each_side_does_its_own_part_and_the_funnel_owner_may_stand_in(campaign, people, says):
    with pytest.raises(NotAllowed):
        says("seen", who="colleague")
    with pytest.raises(NotAllowed):
        ask_for_preview(campaign=campaign, actor=people["member"], now=NOW)
    note = says("change_asked", "Shorter, please.", who="funnel_owner")
    with pytest.raises(NotAllowed):
        answer_change(note=note, made=True, text="", actor=people["member"], now=NOW)
    with pytest.raises(DomainError):
        says("asked")


def test_sales_is_asked_once_for_each_plan(campaign, people):
    ask_for_preview(campaign=campaign, actor=people["colleague"], now=NOW)
    with pytest.raises(Conflict):
        ask_for_preview(campaign=campaign, actor=people["colleague"], now=NOW)
    update_campaign(campaign=campaign, actor=people["colleague"], name="Webinar: dry")
    ask_for_preview(campaign=campaign, actor=people["colleague"], now=NOW)


def test_what_was_said_is_never_changed(says):
    note = says("seen")
    with pytest.raises(AppendOnlyError):
        note.save()
    with pytest.raises(AppendOnlyError):
        PreviewNote.objects.all().delete()


def test_the_campaigns_that_start_within_some_days_come_with_their_preview(campaign, says):
    says("seen")
    assert [(one.name, one.preview) for one in launches(dt.date(2026, 11, 1), dt.date(2026, 12, 1))] == [
        ("Webinar: leak-free", "seen")
    ]
    assert not launches(dt.date(2026, 11, 2), dt.date(2026, 12, 1))
