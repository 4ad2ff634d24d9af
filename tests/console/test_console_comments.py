"""What both teams say about a version before they sign: comments, answers, a side's no; who hears of it; nothing is lost."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import ConsoleEvent
from core.append_only import AppendOnlyError
from core.errors import DomainError
from core.models import OutgoingMessage
from core.queries import calendar
from funnel import services
from funnel.comparing import compare
from funnel.criteria import Condition, Op
from funnel.models import Agreement, Comment, Refusal
from funnel.score import Fit, ScoreTable

AGREE = "/console/versions/2/agree/"


def say(client, text="Which score?", **where):
    return client.post("/console/versions/2/comments/", {"text": text} | where)


def refuse(client, side, reason="Nobody can measure it."):
    return client.post("/console/versions/2/refuse/", {"side": side, "reason": reason})


def mails():
    return sorted(OutgoingMessage.objects.filter(kind="Agreement").values_list("to", "subject"))


@pytest.fixture
def heard(proposed):
    """The version is put to both teams; its own mails are read."""
    OutgoingMessage.objects.all().delete()
    return proposed


def test_both_leads_are_asked_by_mail(proposed, people):
    asked = [(people[who].email, "Version 2 waits for your signature") for who in ("marketing_lead", "sales_lead")]
    assert mails() == sorted(asked)


def test_a_comment_of_sales_reaches_the_lead_of_marketing_and_waits_for_an_answer(as_, heard, people):
    assert say(as_("member"), section="Words", about="MQL: agreed meaning").status_code == 302
    row = Comment.objects.get()
    assert (row.side, row.section, row.about, row.text) == ("sales", "Words", "MQL: agreed meaning", "Which score?")
    assert mails() == [(people["marketing_lead"].email, "Version 2: a comment, Words (MQL: agreed meaning)")]
    page = as_("sales_lead").get(AGREE).content.decode()
    assert "1 comment has no answer yet" in page and "Which score?" in page
    assert "1 comment" in as_("viewer").get("/console/").content.decode()


def test_an_answer_reaches_whoever_asked_and_ends_the_waiting(as_, heard, people):
    say(as_("member"))
    OutgoingMessage.objects.all().delete()
    asked = Comment.objects.get()
    as_("marketing_lead").post(f"/console/comments/{asked.pk}/answer/", {"text": "The one of the form."})
    assert mails() == [(people["member"].email, "Version 2: an answer")]
    page = as_("sales_lead").get(AGREE).content.decode()
    assert "has no answer yet" not in page and "The one of the form." in page


def test_an_answer_of_ones_own_is_no_answer(as_, heard):
    say(as_("member"))
    asked = Comment.objects.get()
    as_("member").post(f"/console/comments/{asked.pk}/answer/", {"text": "Anybody?"})
    assert "1 comment has no answer yet" in as_("sales_lead").get(AGREE).content.decode()


def test_who_only_reads_comments_on_nothing(as_, heard):
    assert say(as_("viewer")).status_code == 403
    assert "Comment on the version" not in as_("viewer").get(AGREE).content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, "   "),
        ({}, "x" * 2_001),
        ({"section": "Stages"}, "No stage differs, but the section is there."),
        ({"section": "Words", "about": "SQL: word"}, "This line does not differ."),
        ({"section": "Weather"}, "There is no such section."),
    ],
    ids=["empty", "too long", "a whole section", "a line that is equal", "no section"],
)
def test_a_comment_stands_beside_something(as_, heard, where, text):
    say(as_("member"), text=text, **where)
    assert Comment.objects.count() == (where == {"section": "Stages"})


def test_a_version_in_force_takes_no_comment(as_, people, heard):
    with pytest.raises(DomainError, match="is decided"):
        services.comment_on(
            agreement=Agreement.objects.get(number=1), text="Late.", actor=people["member"], now=dt.datetime.now(dt.UTC)
        )


@pytest.mark.parametrize(
    ("who", "side", "status"),
    [
        ("sales_lead", "sales", 302),
        ("sales_lead", "marketing", 403),
        ("marketing_lead", "sales", 403),
        ("administrator", "sales", 403),
        ("funnel_owner", "sales", 403),
        ("member", "sales", 403),
    ],
)
def test_who_refuses_for_which_side(as_, heard, who, side, status):
    assert refuse(as_(who), side).status_code == status
    assert Refusal.objects.count() == (status == 302)


def test_a_refusal_has_a_reason(as_, heard):
    refuse(as_("sales_lead"), "sales", reason=" ")
    assert not Refusal.objects.exists()


def test_a_refused_version_stays_proposed_with_its_reason_for_everybody(as_, heard, people):
    refuse(as_("sales_lead"), "sales")
    heard.refresh_from_db()
    assert heard.state == "proposed"
    page = as_("viewer").get("/console/").content.decode()
    assert "Version 2 is refused by sales" in page and "Nobody can measure it." in page
    told = {people[who].email for who in ("marketing_lead", "administrator", "funnel_owner")}
    assert mails() == sorted((to, "Version 2: Sales refuses") for to in told)
    text = ConsoleEvent.objects.order_by("id").last().text
    assert text == "Refused version 2 for sales: Nobody can measure it."


def test_a_side_that_refused_may_sign_after_all_or_take_it_back(as_, heard):
    lead = as_("sales_lead")
    refuse(lead, "sales")
    refuse(lead, "sales", reason="Once more.")
    assert Refusal.objects.count() == 1
    lead.post("/console/versions/2/refuse/back/", {"side": "sales"})
    assert "is refused" not in lead.get("/console/").content.decode()
    refuse(lead, "sales", reason="Still not.")
    lead.post("/console/versions/2/sign/", {"side": "sales"})
    page = lead.get("/console/").content.decode()
    assert "waits for agreement of marketing" in page and "is refused" not in page
    # What was said stays.
    page = lead.get(AGREE).content.decode()
    assert "Nobody can measure it." in page and "Still not." in page


def test_a_refusal_falls_with_the_version_that_it_was_about(as_, heard):
    refuse(as_("sales_lead"), "sales")
    as_("administrator").post("/console/draft/withdraw/")
    as_("administrator").post("/console/draft/propose/")
    page = as_("viewer").get("/console/").content.decode()
    assert "waits for agreement of marketing and sales" in page
    assert "Nobody can measure it." in as_("viewer").get(AGREE).content.decode()


def test_the_funnel_owners_way_out_is_for_silence_and_not_against_a_no(as_, heard, people):
    as_("marketing_lead").post("/console/versions/2/sign/", {"side": "marketing"})
    refuse(as_("sales_lead"), "sales")
    later = calendar().day_of(dt.datetime.now(dt.UTC) + dt.timedelta(days=30))
    with pytest.raises(DomainError, match="Sales refused it"):
        services.bring_into_force(
            agreement=heard, from_day=later, actor=people["funnel_owner"], today=later, calendar=calendar()
        )


@pytest.mark.parametrize(
    ("who", "status"), [("administrator", 302), ("sales_lead", 403), ("funnel_owner", 403), ("viewer", 403)]
)
def test_who_takes_a_proposed_version_back(as_, heard, who, status):
    assert as_(who).post("/console/draft/withdraw/").status_code == status
    heard.refresh_from_db()
    assert heard.state == ("draft" if status == 302 else "proposed")


def test_whoever_asked_takes_it_back_also_without_the_right_to_draft(as_, heard, people):
    Agreement.objects.filter(pk=heard.pk).update(proposed_by=people["sales_lead"])
    assert "Take back to a draft" in as_("sales_lead").get("/console/").content.decode()
    as_("sales_lead").post("/console/versions/2/sign/", {"side": "sales"})
    as_("sales_lead").post("/console/draft/withdraw/")
    text = ConsoleEvent.objects.order_by("id").last().text
    assert text == "Took version 2 back to a draft. The signature of sales fell."


def test_an_administrator_who_takes_back_what_somebody_else_proposed_is_told_in_the_history(as_, heard, people):
    Agreement.objects.filter(pk=heard.pk).update(proposed_by=people["sales_lead"])
    as_("administrator").post("/console/draft/withdraw/")
    text = ConsoleEvent.objects.order_by("id").last().text
    assert text == f"Took version 2 back to a draft, which {people['sales_lead']} had put to both teams."


def test_what_was_said_outlives_a_dropped_draft_and_is_never_changed(as_, heard):
    say(as_("member"))
    refuse(as_("sales_lead"), "sales")
    as_("administrator").post("/console/draft/withdraw/")
    as_("administrator").post("/console/draft/drop/")
    assert not Agreement.objects.filter(number=2).exists()
    said, refused = Comment.objects.get(), Refusal.objects.get()
    assert (said.text, refused.reason) == ("Which score?", "Nobody can measure it.")
    with pytest.raises(AppendOnlyError):
        said.save()
    for table in ("funnel_comment", "funnel_refusal"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    history = as_("viewer").get("/console/history/").content.decode()
    assert "Commented on version 2." in history and "Refused version 2 for sales: Nobody can measure it." in history
    # A new draft of the same number begins without it.
    as_("administrator").post("/console/draft/")
    assert "Nobody has commented on version 2" in as_("viewer").get(AGREE).content.decode()


def test_the_page_of_a_version_tells_all_that_happened_to_it(as_, heard):
    say(as_("member"))
    as_("marketing_lead").post("/console/versions/2/sign/", {"side": "marketing"})
    refuse(as_("sales_lead"), "sales")
    trail = [event.text for event in as_("viewer").get("/console/versions/2/").context["trail"]]
    assert trail == [
        "Drafted version 2 from version 1.",
        "Changed the word MQL.",
        "Asked both teams to agree to version 2.",
        "Commented on version 2.",
        "Signed version 2 for marketing.",
        "Refused version 2 for sales: Nobody can measure it.",
    ]


def test_the_history_is_asked_by_area_and_version(as_, heard):
    client = as_("viewer")
    whole = client.get("/console/history/").context["page"].paginator.count
    of_version = client.get("/console/history/?version=2").context["page"].object_list
    assert {event.version for event in of_version} == {2} and len(of_version) < whole
    assert client.get("/console/history/?area=people").context["page"].paginator.count < whole
    wrong = client.get("/console/history/?version=x")
    assert wrong.status_code == 200 and wrong.context["page"].paginator.count == whole


@pytest.fixture
def long_line(as_, heard):
    """A line of the comparison that is longer than a comment keeps."""
    as_("administrator").post("/console/draft/withdraw/")
    draft = Agreement.objects.get(number=2)
    names = tuple(f"Channel number {number} of the company" for number in range(9))
    row = Fit(Condition("channel", Op.ONE_OF, values=names), 10)
    services.set_points_table(draft=draft, table=ScoreTable((row,)), actor=None)
    (section,) = [part for part in compare(Agreement.objects.get(number=1), draft) if part.title == "Score"]
    about = section.rows[0][0]
    assert len(about) > 200
    return about


def test_a_comment_on_a_long_line_stays_with_it(as_, long_line):
    page = as_("member").get(AGREE).content.decode()
    assert f'value="{long_line}"' in page
    answer = as_("member").post("/console/versions/2/comments/", {"section": "Score", "about": long_line, "text": "Why?"})
    assert answer.status_code == 302
    kept = Comment.objects.get()
    assert (kept.section, kept.about) == ("Score", long_line[:199] + "…")
    as_("sales_lead").post(f"/console/comments/{kept.pk}/answer/", {"text": "They buy."})
    assert Comment.objects.get(answers=kept).about == kept.about
    assert kept.about in as_("viewer").get(AGREE).content.decode()


def test_another_long_line_is_not_taken_for_it(as_, long_line):
    say(as_("member"), section="Score", about="Fit: something else " + long_line)
    assert not Comment.objects.exists()


@pytest.mark.parametrize("where", [{"section": "Score\0"}, {"section": "S" * 61}, {"about": "Fit\0"}])
def test_what_cannot_be_read_is_no_success(as_, heard, where):
    answer = as_("member").post("/console/versions/2/comments/", {"text": "Why?"} | where, follow=True)
    assert not Comment.objects.exists()
    said = [(message.level_tag, message.message) for message in answer.context["messages"]]
    assert said[-1][0] == "error" and "Your comment stands here" not in str(said)
