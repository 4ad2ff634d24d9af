"""Contacts from mail copies: whose copy it is, what counts, that it counts once, and what is kept of it."""

import datetime as dt
import hashlib
import hmac
import io
import sys
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.services import deactivate
from integrations.copy_addresses import address_of, renew_address, renew_secret, set_up_door
from integrations.models import MailCopy
from integrations.taking_mail import take_mail
from leads.models import Obligation, Touch
from leads.services import create_lead, ensure_contact
from leads.services.feedback import log_contact
from tests.leads.handing_over import hand_over, promise, t

pytestmark = pytest.mark.django_db
MAILS = Path(__file__).parent / "mails"
SENT = (MAILS / "gmail_to_a_lead.eml").read_bytes()
ANSWER = (MAILS / "outlook_answer_redirected.eml").read_bytes()


@pytest.fixture
def handoff(stages, people):
    """Anna is handed over to `member` on a Tuesday at nine; now it is ten, and copies go to log@copies.example.com."""
    promise()
    set_up_door(address="log@copies.example.com", actor=people["administrator"])
    for who in ("member", "colleague"):
        renew_address(user=people[who])
    with time_machine.travel(t(10), tick=False):
        yield hand_over(stages, owner=people["member"], email="anna@kunde.example")


def take(raw: bytes, person, *, hour: int = 10) -> MailCopy:
    (copy,) = take_mail(raw, recipients=[address_of(person)], received_at=t(hour))
    return copy


def owed(handoff, promise: str) -> Obligation:
    return Obligation.objects.get(entry_id=handoff.pk, promise=promise)


def contacts() -> list[tuple]:
    rows = Touch.objects.filter(side="sales").order_by("id")
    return list(rows.values_list("kind", "outcome", "source", "actor__email", "occurred_at"))


# --- what counts ------------------------------------------------------------------------------------------------------


def test_a_mail_to_the_lead_is_a_contact_at_its_own_time_with_the_message_as_evidence(handoff, people):
    copy = take(SENT, people["member"])
    assert contacts() == [("personal_email", "sent", "mail", "member@example.com", t(9, 30))]
    assert Touch.objects.get(side="sales").external_id == f"<CAKx7=u1Zt0c1@mail.gmail.com>#{handoff.lead_id}"
    assert owed(handoff, "S1").met_at == t(9, 30)
    assert owed(handoff, "S2").met_at is None
    assert (copy.outcome, copy.matched, copy.sent_at, copy.received_at) == ("logged", 1, t(9, 30), t(10))


def test_a_delivery_that_is_tried_again_counts_once(handoff, people):
    first = take(SENT, people["member"])
    assert take(SENT, people["member"], hour=11) == first
    assert len(contacts()) == 1


def test_nothing_personal_is_kept_but_who_copied_it_and_the_domains_that_no_lead_has(handoff, people):
    copy = take(SENT, people["member"])
    # einkauf@ is unknown at the lead's own company, fremd@ elsewhere; colleagues are ours
    assert copy.domains == "kunde.example, anderswo.example"
    kept = " ".join(str(value) for value in MailCopy.objects.filter(pk=copy.pk).values().get().values())
    assert not any(word in kept for word in ("Anfrage", "Br", "anna", "einkauf", "Telefonat"))


def test_every_lead_among_the_recipients_gets_it_and_of_one_person_those_on_which_work_goes_on(handoff, people, stages):
    buyer = ensure_contact(name="Ben", email="Einkauf@kunde.example")
    made = {"occurred_at": t(9), "actor": None, "contact": buyer}
    lost = create_lead(stage=stages["disqualified"], external_id="old", **made)
    one, other = (create_lead(stage=stages["inquiry"], **made) for _ in range(2))
    assert take(SENT, people["member"]).matched == 3
    found = set(Touch.objects.filter(side="sales").values_list("lead_id", flat=True))
    assert found == {handoff.lead_id, one.id, other.id}
    assert lost.id not in found


def test_an_answer_of_the_lead_that_is_redirected_is_a_conversation(handoff, people):
    assert take(ANSWER, people["member"]).outcome == "logged"
    assert contacts() == [("personal_email", "replied", "mail", "member@example.com", t(9, 45).replace(second=30))]
    assert owed(handoff, "S2").met_at is not None


UNASKED = b"".join(line for line in ANSWER.splitlines(True) if not line.startswith((b"In-Reply-To", b"References")))
TO_OTHERS = ANSWER.replace(b"To: Member <member@example.com>", b"To: sales_lead@example.com")
OF_A_STRANGER = ANSWER.replace(b"anna@kunde.example", b"otto@kunde.example")


@pytest.mark.parametrize("raw", [UNASKED, TO_OTHERS, OF_A_STRANGER], ids=["unasked", "to_others", "of_a_stranger"])
def test_a_mail_that_answers_nobody_or_somebody_else_or_comes_from_no_lead_is_none(handoff, people, raw):
    assert take(raw, people["member"]).outcome == "sender"
    assert contacts() == []


@pytest.mark.parametrize(
    "line",
    [
        b"Auto-Submitted: auto-replied",
        b"Precedence: bulk",
        b"List-Id: <news.example.com>",
        b"X-Autoreply: yes",
    ],
)
def test_what_a_machine_sends_never_counts(handoff, people, line):
    copy = take(SENT.replace(b"MIME-Version: 1.0", line + b"\nMIME-Version: 1.0"), people["member"])
    assert copy.outcome == "automated"
    assert contacts() == []


def test_a_person_who_says_that_no_machine_sent_it_counts(handoff, people):
    assert take(SENT.replace(b"MIME-Version", b"Auto-Submitted: no\nMIME-Version"), people["member"]).outcome == "logged"


# --- who ------------------------------------------------------------------------------------------------------------


def test_a_forged_sender_gives_nothing_without_the_address_and_the_address_gives_nothing_to_another_sender(handoff, people):
    assert take_mail(SENT, recipients=["log+0123456789abcdef0123@copies.example.com"], received_at=t(10)) == []
    assert take_mail(SENT, recipients=["log@copies.example.com"], received_at=t(10)) == []
    forged = SENT.replace(b"Member@Example.com", b"sales_lead@example.com")
    assert take(forged, people["member"]).outcome == "sender"
    two = SENT.replace(b"<Member@Example.com>", b"<Member@Example.com>, <x@example.com>")
    assert take(two.replace(b"CAKx7", b"second"), people["member"]).outcome == "sender"
    assert contacts() == []


def test_marketing_and_people_who_have_left_log_no_contacts_of_sales(handoff, people):
    raw = SENT.replace(b"Member@Example.com", b"colleague@example.com")
    assert take(raw, people["colleague"]).outcome == "not_allowed"
    deactivate(user=people["member"], actor=people["administrator"])
    assert take(SENT, people["member"]).outcome == "not_allowed"
    assert contacts() == []


def test_a_replaced_address_takes_nothing_any_more(handoff, people):
    old = address_of(people["member"])
    renew_address(user=people["member"])
    assert take_mail(SENT, recipients=[old], received_at=t(10)) == []
    assert take(SENT, people["member"]).outcome == "logged"


# --- times and odd mails --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "counted"),
    [
        (b"Tue, 3 Mar 2026 10:05:00 +0100", t(10, 5)),  # a clock that is a little ahead
        (b"Tue, 3 Mar 2026 10:06:00 +0100", t(10)),
        (b"Tue, 3 Mar 2126 09:30:00 +0100", t(10)),
        (b"Tue, 3 Mar 1026 09:30:00 +0100", t(10)),
        (b"yesterday", t(10)),
    ],
)
def test_a_date_that_can_not_be_true_gives_way_to_the_time_of_arrival(handoff, people, date, counted):
    raw = SENT.replace(b"Tue, 3 Mar 2026 09:30:00 +0100", date)
    assert take(raw, people["member"]).sent_at == counted
    assert contacts()[0][4] == counted


def test_without_a_recipient_that_is_a_lead_the_person_sees_that_nothing_was_found(handoff, people, client):
    take(SENT.replace(b"Anna@Kunde.example", b"otto@kunde.example"), people["member"])
    assert contacts() == []
    client.force_login(people["member"])
    page = client.get(reverse("copies")).content.decode()
    assert "No lead has this address" in page and "Nobody at kunde.example, anderswo.example" in page


def test_a_mail_without_id_is_known_by_its_bytes_and_garbage_is_no_error(handoff, people):
    bare = SENT.replace(b"Message-ID: <CAKx7=u1Zt0c1@mail.gmail.com>\n", b"")
    assert take(bare, people["member"]) == take(bare, people["member"])
    assert len(contacts()) == 1
    assert take(b"\x00\xff\xfe not a mail", people["member"]).outcome == "sender"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: member@example.com\n" + b"Content-Type: message/rfc822\n\n" * 3_000,
        b"From: " + b"(" * 5_000 + b"\n\nx",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3_000)),
    ],
)
def test_a_mail_nested_without_end_is_taken_as_one_that_says_nothing(handoff, people, raw):
    assert take(raw, people["member"]).outcome in ("sender", "no_lead")
    assert contacts() == []


def test_a_mail_with_characters_that_no_database_keeps_is_read_without_them(handoff, people):
    take(SENT.replace(b"Message-ID: <CA", b"Message-ID: <\x00CA"), people["member"])
    assert MailCopy.objects.get().message_id == "<CAKx7=u1Zt0c1@mail.gmail.com>"


def test_a_mail_whose_id_stands_for_something_else_is_taken_and_not_tried_again_for_ever(handoff, people, stages):
    other = create_lead(stage=stages["mql"], occurred_at=t(9), actor=None, owner=people["member"])
    key = f"<CAKx7=u1Zt0c1@mail.gmail.com>#{handoff.lead_id}"
    log_contact(lead=other, kind="call", actor=people["member"], occurred_at=t(9), evidence="mail", external_id=key)
    assert take(SENT, people["member"]).outcome == "no_lead"
    assert [row[0] for row in contacts()] == ["call"]


def test_the_envelope_is_found_in_the_headers_where_nobody_names_it(handoff, people):
    raw = b"X-Original-To: " + address_of(people["member"]).upper().encode() + b"\n" + SENT
    assert [copy.outcome for copy in take_mail(raw, received_at=t(10))] == ["logged"]


def test_a_lead_that_the_person_may_not_open_is_not_found(handoff, people, company):
    type(company).objects.update(lead_visibility="own")
    raw = SENT.replace(b"Member@Example.com", b"sales_lead@example.com")
    renew_address(user=people["sales_lead"])
    assert take(raw, people["sales_lead"]).outcome == "no_lead"
    assert contacts() == []


# --- the two doors --------------------------------------------------------------------------------------------------


def test_a_pipe_hands_the_message_to_the_command(handoff, people, monkeypatch):
    def pipe(raw: bytes, *recipients: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        out = io.StringIO()
        call_command("take_mail", *[f"--recipient={one}" for one in recipients], stdout=out)
        return out.getvalue()

    big = SENT + b"x" * 3_000_000
    assert pipe(big, address_of(people["member"])) == "Taken for 1 person.\n"
    assert len(contacts()) == 1
    with pytest.raises(CommandError, match="No running copy address") as refused:
        pipe(SENT, "log+nobody@copies.example.com")
    assert refused.value.returncode == 67


def test_a_forwarder_posts_the_message_with_the_secret(handoff, people, client):
    def post(secret: str, to: str):
        headers = {"Authorization": f"Bearer {secret}", "X-Envelope-To": to}
        return client.post(reverse("mail_door"), SENT, content_type="message/rfc822", headers=headers)

    own = address_of(people["member"])
    assert post("", own).status_code == 401  # no secret was made yet
    old, secret = (renew_secret(actor=people["administrator"]) for _ in range(2))
    assert [post(word, own).status_code for word in ("", old, f"{secret}x")] == [401] * 3
    assert contacts() == []
    assert post(secret, "log+nobody@copies.example.com").status_code == 406
    answers = [post(secret, own) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"taken": 1})] * 2
    assert len(contacts()) == 1


def test_a_forwarder_may_sign_with_the_secret_instead_for_an_hour(handoff, people, client):
    secret = renew_secret(actor=people["administrator"])

    def post(stamp: dt.datetime, key: str = secret, body: bytes = SENT):
        second = str(int(stamp.timestamp()))
        form = {
            "recipient": address_of(people["member"]),
            "timestamp": second,
            "token": "50d9",
            "signature": hmac.new(key.encode(), f"{second}50d9".encode(), hashlib.sha256).hexdigest(),
            "body-mime": body.decode(),
        }
        return client.post(reverse("mail_door"), form).status_code

    assert post(t(10), key="other") == 401
    assert post(t(8, 59)) == 401
    assert post(t(10), body=b"") == 400
    assert post(t(10)) == 200
    assert len(contacts()) == 1
    # a service that signs with a key of its own: the administrator types it
    client.force_login(people["administrator"])
    key = "key-0123456789abcdef0123"
    assert client.post(reverse("console_copies_secret"), {"secret": "short"}).status_code == 422
    assert key not in client.post(reverse("console_copies_secret"), {"secret": key}, follow=True).content.decode()
    assert post(t(10)) == 401
    assert post(t(10), key=key) == 200


def test_a_person_gets_an_address_and_replaces_it(handoff, people, client):
    client.force_login(people["sales_lead"])
    page = client.get(reverse("copies"))
    assert "You have no copy address yet" in page.content.decode()
    client.post(reverse("copies_renew"))
    first = address_of(people["sales_lead"])
    assert first.startswith("log+") and first.endswith("@copies.example.com")
    assert first in client.get(reverse("copies")).content.decode()
    client.post(reverse("copies_renew"))
    assert address_of(people["sales_lead"]) != first


def test_an_administrator_names_the_mailbox_and_sees_the_secret_once(people, client):
    client.force_login(people["administrator"])
    assert "No mailbox for copies yet" in client.get(reverse("console_copies")).content.decode()
    refused = client.post(reverse("console_copies"), {"address": "log+x@copies.example.com"})
    assert refused.status_code == 422 and "What stands behind the plus" in refused.content.decode()
    assert client.post(reverse("console_copies"), {"address": "Log@copies.example.com"}).status_code == 302
    made = client.post(reverse("console_copies_secret")).content.decode()
    assert "Copy the new secret now" in made
    again = client.get(reverse("console_copies")).content.decode()
    assert "Copies arrive at log@copies.example.com" in again and "Copy the new secret now" not in again
