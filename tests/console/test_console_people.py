"""Invitations, roles, teams, tokens, mail and the organisation."""

import datetime as dt
import re
import socketserver
import threading

import pytest
import time_machine
from django.core import mail

from accounts.models import ApiToken, ConsoleEvent, Invite, Membership, Team, User
from core.mail import SealBroken, send_mail
from core.models import CompanyZone, MailSettings, Organisation
from core.sealing import unseal

PASSWORD = "a rather long passphrase"


@pytest.fixture
def admin(as_):
    return as_("administrator")


def invite(admin, **more):
    answer = admin.post("/console/people/", {"email": "new@example.com", "role": "viewer"} | more)
    return re.search(r"/invite/[\w-]+/", answer.content.decode()).group()


class TestInvitations:
    def test_the_link_lets_one_person_in_once(self, admin, client):
        link = invite(admin, role="rep", team=Team.objects.get(side="sales").pk)
        client.logout()
        assert b"new@example.com" in client.get(link).content
        assert client.get(link).headers["Referrer-Policy"] == "same-origin"
        assert client.post(link, {"name": "New", "password": "short"}).status_code == 422
        assert client.post(link, {"name": "New", "password": PASSWORD}).status_code == 302
        assert client.get("/").status_code == 200
        user = User.objects.get(email="new@example.com")
        assert user.check_password(PASSWORD)
        assert user.memberships.get().role == "rep"
        client.logout()
        assert client.get(link).status_code == 404
        assert client.post(link, {"name": "Other", "password": PASSWORD}).status_code == 404
        assert User.objects.filter(email="new@example.com").count() == 1

    def test_only_the_digest_is_stored_and_the_link_is_shown_once(self, admin):
        secret = invite(admin).split("/")[2]
        assert secret not in str(Invite.objects.values_list())
        assert secret not in str(ConsoleEvent.objects.values_list())
        assert secret not in admin.get("/console/people/").content.decode()

    def test_after_seven_days_it_is_gone(self, admin, client):
        link = invite(admin)
        now = dt.datetime.now(dt.UTC)
        with time_machine.travel(now + dt.timedelta(days=6, hours=23)):
            assert client.get(link).status_code == 200
        with time_machine.travel(now + dt.timedelta(days=7, seconds=5)):
            assert client.get(link).status_code == 404
            assert client.post(link, {"name": "New", "password": PASSWORD}).status_code == 404

    def test_taken_back(self, admin, client):
        link = invite(admin)
        admin.post(f"/console/invites/{Invite.objects.get().pk}/revoke/")
        assert client.get(link).status_code == 404

    def test_a_new_one_ends_the_old_one(self, admin, client):
        first, second = invite(admin), invite(admin)
        assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)

    def test_refusals(self, admin):
        for data in ({"email": "member@example.com", "role": "viewer"}, {"email": "x@example.com", "role": "rep"}, {}):
            assert admin.post("/console/people/", data).status_code == 422
        assert not Invite.objects.exists()

    def test_it_is_mailed_where_mail_is_set_up(self, admin, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        settings.EMAIL_FILE_PATH = settings.DATA_DIR / "mails"
        answer = admin.post("/console/people/", {"email": "new@example.com", "role": "viewer"})
        assert answer.status_code == 302
        (letter,) = settings.EMAIL_FILE_PATH.iterdir()
        assert "/invite/" in letter.read_text()
        assert "/invite/" not in admin.get("/console/people/").content.decode()


class TestRoles:
    def test_another_role_and_its_end(self, admin, people, today):
        url = f"/console/people/{people['viewer'].pk}/"
        assert admin.post(url, {"role": "rep", "team": "", "from_day": today}).status_code == 422
        team = Team.objects.get(side="sales")
        assert admin.post(url, {"role": "rep", "team": team.pk, "from_day": today}).status_code == 302
        old = Membership.objects.get(user=people["viewer"], role="viewer")
        admin.post(f"/console/roles/{old.pk}/end/", {"until_day": today.isoformat()})
        old.refresh_from_db()
        assert old.until_day == today

    def test_there_is_one_funnel_owner(self, admin, people, today):
        admin.post(f"/console/people/{people['viewer'].pk}/", {"role": "funnel_owner", "from_day": today})
        assert Membership.objects.get(user=people["funnel_owner"]).until_day == today

    def test_the_last_administrator_stays(self, admin, people, today):
        row = Membership.objects.get(user=people["administrator"])
        admin.post(f"/console/roles/{row.pk}/end/", {"until_day": today.isoformat()})
        admin.post(f"/console/people/{people['administrator'].pk}/switch/", {"to": "inactive"})
        row.refresh_from_db()
        assert row.until_day is None
        assert User.objects.get(pk=people["administrator"].pk).is_active

    def test_deactivated_and_in_again(self, admin, people):
        url = f"/console/people/{people['member'].pk}/switch/"
        admin.post(url, {"to": "inactive"})
        assert not User.objects.get(pk=people["member"].pk).is_active
        admin.post(url, {"to": "active"})
        assert User.objects.get(pk=people["member"].pk).is_active

    def test_teams(self, admin, people):
        admin.post("/console/teams/", {"name": "Inside", "side": "sales"})
        assert admin.post("/console/teams/", {"name": "Inside", "side": "sales"}).status_code == 422
        for name in ("Inside", "Sales"):
            admin.post(f"/console/teams/{Team.objects.get(name=name).pk}/retire/")
        assert list(Team.objects.filter(retired=True).values_list("name", flat=True)) == ["Inside"]


def test_a_token_is_shown_once_and_revoked(admin, client, people):
    page = admin.post("/console/tokens/", {"name": "form", "user": people["member"].pk}).content.decode()
    secret = re.search(r"tdm_[\w-]+", page).group()
    assert len(secret) > 40
    assert secret not in admin.get("/console/tokens/").content.decode()
    assert secret not in str(ConsoleEvent.objects.values_list()) + str(ApiToken.objects.values_list())
    headers = {"Authorization": f"Bearer {secret}"}
    client.logout()
    assert client.get("/api/v1/stages/", headers=headers).status_code == 200
    client.force_login(people["administrator"])
    client.post(f"/console/tokens/{ApiToken.objects.get().pk}/revoke/")
    client.logout()
    assert client.get("/api/v1/stages/", headers=headers).status_code == 401


class _Smtp(socketserver.StreamRequestHandler):
    """Just enough of a mail server to take one letter."""

    def handle(self):
        self.wfile.write(b"220 test\r\n")
        in_letter = False
        for line in self.rfile:
            if in_letter:
                self.server.letter += line
                in_letter = line != b".\r\n"
                answer = b"" if in_letter else b"250 ok\r\n"
            else:
                in_letter = line.upper().startswith(b"DATA")
                answer = (
                    b"354 go\r\n" if in_letter else b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n"
                )
            self.wfile.write(answer)
            if answer.startswith(b"221"):
                return


@pytest.fixture
def smtp():
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.letter = b""
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TestMail:
    def data(self, port, **more):
        server = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "tandem@example.com"}
        return server | {"user_name": "", "password": ""} | more

    def test_a_test_mail(self, admin, smtp):
        assert admin.post("/console/mail/", self.data(smtp.server_address[1])).status_code == 302
        page = admin.post("/console/mail/test/", follow=True).content.decode()
        assert "on its way to administrator@example.com" in page
        assert b"reaches you" in smtp.letter

    def test_a_server_that_does_not_answer(self, admin, smtp):
        admin.post("/console/mail/", self.data(1))
        page = admin.post("/console/mail/test/", follow=True).content.decode()
        assert "could not be used (ConnectionRefusedError)" in page
        # The invitation is not lost with it: its link is shown.
        assert "/invite/" in invite(admin)

    def test_the_password_is_kept_and_never_shown(self, admin):
        admin.post("/console/mail/", self.data(25, user_name="u", password="hunter2 hunter2"))
        admin.post("/console/mail/", self.data(26, user_name="u"))
        row = MailSettings.objects.get()
        assert (row.port, unseal(row.sealed_password)) == (26, "hunter2 hunter2")
        assert "hunter2" not in row.sealed_password
        assert "hunter2" not in admin.get("/console/mail/").content.decode()
        assert "hunter2" not in admin.get("/console/history/").content.decode()
        assert "hunter2" not in f"{row!r} {row}"
        admin.post("/console/mail/remove/")
        assert not MailSettings.objects.exists()

    def test_another_server_is_not_told_the_stored_password(self, admin):
        admin.post("/console/mail/", self.data(25, user_name="u", password="hunter2 hunter2"))
        stranger = self.data(25, user_name="u") | {"host": "mail.elsewhere.example"}
        refused = admin.post("/console/mail/", stranger)
        assert refused.status_code == 422 and "Another server: type the password for it." in refused.content.decode()
        assert MailSettings.objects.get().host == "127.0.0.1"
        assert admin.post("/console/mail/", stranger | {"password": "its own"}).status_code == 302
        assert unseal(MailSettings.objects.get().sealed_password) == "its own"

    def test_a_new_secret_key_asks_for_the_password_again_and_an_old_one_kept_as_fallback_opens_it(
        self, admin, smtp, settings
    ):
        admin.post("/console/mail/", self.data(smtp.server_address[1], password="hunter2 hunter2"))
        sealed, old = MailSettings.objects.get().sealed_password, settings.SECRET_KEY
        settings.SECRET_KEY = "another " * 8
        assert unseal(sealed) is None
        with pytest.raises(SealBroken, match="Type it again on the console's mail page"):
            send_mail(to="a@example.com", subject="s", text="t")
        settings.SECRET_KEY_FALLBACKS = [old]
        assert unseal(sealed) == "hunter2 hunter2"

    def test_without_a_server_nothing_is_sent(self, admin):
        page = admin.post("/console/mail/test/", follow=True).content.decode()
        assert "No mail server is set up yet." in page
        assert mail.outbox == []


class TestOrganisation:
    DATA = {"name": "Neu", "week_start": 6, "fiscal_year_start": 4, "base_currency": "usd", "lead_visibility": "team"}

    def test_settings(self, admin):
        assert admin.post("/console/organisation/", self.DATA).status_code == 302
        row = Organisation.objects.get()
        assert (row.name, row.week_start, row.base_currency, row.lead_visibility) == ("Neu", 6, "USD", "team")
        assert "base currency EUR → USD" in ConsoleEvent.objects.order_by("id").last().text

    def test_the_currency_is_fixed_by_money(self, admin, stages):
        from leads import services as leads

        at = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
        lead = leads.create_lead(stage=stages["sql"], occurred_at=at, actor=None)
        leads.open_deal(lead=lead, occurred_at=at, amount=100, actor=None)
        assert admin.post("/console/organisation/", self.DATA).status_code == 422
        assert Organisation.objects.get().base_currency == "EUR"
        assert admin.post("/console/organisation/", self.DATA | {"base_currency": "EUR"}).status_code == 302

    def test_a_zone_starts_on_a_future_day(self, admin, today):
        zone = {"tz": "Asia/Tokyo", "from_day": today.isoformat()}
        assert admin.post("/console/organisation/", zone).status_code == 422
        zone["from_day"] = (today + dt.timedelta(days=2)).isoformat()
        assert admin.post("/console/organisation/", zone).status_code == 302
        assert CompanyZone.objects.count() == 2
        assert admin.post("/console/organisation/", zone).status_code == 422
