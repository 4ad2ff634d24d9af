"""The administrator sets how credit is shared; what is wrong is said beside its field, and every change is a version."""

from django.urls import reverse

from metrics.credit_rules import Rules, current_rules
from metrics.methods.attribution import Rule
from metrics.models import CreditRules

GIVEN = {"policy": "contact", "lookback": "180", "half_life": "14"}
WEIGHTS = {"first": "30", "creation": "20", "opening": "10", "closing": "22.5", "other": "17.5"}


def test_before_anybody_sets_anything_the_usual_rules_hold(company):
    assert current_rules() == Rules()


def test_a_version_holds_what_the_form_says_and_who_said_it(browser, people):
    answer = browser("administrator").post(reverse("console_credit"), GIVEN | WEIGHTS)
    assert answer.status_code == 302
    rules = current_rules()
    assert (rules.reach.account, rules.reach.lookback, rules.half_life) == (False, 180, 14)
    assert rules.custom == Rule(first=3_000, creation=2_000, opening=1_000, closing=2_250, other=1_750)
    assert CreditRules.objects.get().set_by == people["administrator"]
    page = browser("administrator").get(reverse("console_credit")).content.decode()
    assert "180 days back, half-life 14 days" in page
    assert "last touch before the close 22.5 %" in page


def test_a_second_version_keeps_the_first(browser):
    post = browser("administrator").post
    post(reverse("console_credit"), GIVEN | WEIGHTS)
    post(reverse("console_credit"), GIVEN | {"policy": "account", "spread_unallocated": "on"})
    assert CreditRules.objects.count() == 2
    rules = current_rules()
    assert (rules.reach.account, rules.spread_unallocated) == (True, True)
    assert rules.custom is not None  # left empty, the weights stay


def test_weights_that_do_not_add_up_and_wrong_days_are_refused(browser, company):
    for wrong, words in (
        (WEIGHTS | {"first": "31"}, "add up to 100 %"),
        ({"lookback": "0"}, "greater than or equal to 1"),
        ({"half_life": "400"}, "less than or equal to 365"),
    ):
        answer = browser("administrator").post(reverse("console_credit"), GIVEN | wrong)
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not CreditRules.objects.exists()
