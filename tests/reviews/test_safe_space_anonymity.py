"""The same card, vote, answer or rating of two people from equal states leaves no byte by which they differ (T11)."""

import logging
import random
import statistics

import pytest
from django.core.cache import cache
from django.db import connection, models, transaction

from accounts.models import Side, User
from reviews.ballot_queries import mark_of, register_mark
from reviews.models import HandedBallot, Paper, ProcessCard, Urn
from reviews.services import ask_word, new_secret, rate, take_ballot, vote, write_card
from reviews.spread import LEAST, spread
from tests.reviews.raising import NOW
from tests.reviews.safe_room import CARDS, TODAY, begin_vote, review_of, show
from tests.reviews.traces import LEAKS, left_behind

PAIR = ("member", "sales_lead")  # of one team: the word counts by team
HX = {"HX-Request": "true"}
CARD = "The handoff form asks twice for the same thing."


@pytest.fixture
def review(people, browser, stages):
    """A running review whose cards are being voted on and whose word is asked; both people hold a ballot and have been
    everywhere before."""
    review = review_of(people)
    show(review, people)
    begin_vote(review, people)
    ask_word(review=review, key="driver", actor=people["funnel_owner"], now=NOW, today=TODAY)
    rate(review=review, secret=_ballot_of(review, people["marketing_lead"]), value=9)
    for who in PAIR:
        client = browser(who)
        client.get(f"/review/{review.pk}/ballot/process/", headers=HX)
        assert client.post(f"/review/{review.pk}/ballot/process/", headers=HX).status_code == 200
        for step in ("process", "words"):
            client.get(f"/review/{review.pk}/part/{step}/?screen=phone")
    return review


def _ballot_of(review, user) -> str:
    secret = new_secret()
    take_ballot(review=review, user=user, secret=secret)
    return secret


def _secret(review, client) -> str:
    return client.cookies[f"tandem_ballot_{review.pk}"].value


def _post(path: str, **data):
    def send(review, client):
        answer = client.post(f"/review/{review.pk}/{path}/", data, headers=HX)
        assert answer.status_code == 200

    return send


def _vote(review, client) -> None:
    cards = ProcessCard.objects.filter(sentence__in=CARDS[:2]).order_by("sentence")
    _post("vote", cards=[str(card.id) for card in cards])(review, client)


SUBMISSIONS = {
    "a card": (_post("cards/new", sentence=CARD), lambda: [ProcessCard.objects.get(sentence=CARD)]),
    "a vote": (_vote, lambda: Paper.objects.filter(urn__question=Urn.Question.CARDS)),
    "an answer": (_post("word/answer", yes="yes"), lambda: Paper.objects.filter(urn__question=Urn.Question.WORD)),
    "a rating": (lambda review, client: rate(review=review, secret=_secret(review, client), value=7), Paper.objects.all),
}


@pytest.fixture
def compare(review, people, browser, caplog, mailoutbox, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)

    def run(kind: str, leak=None) -> list[str]:
        send, rows = SUBMISSIONS[kind]
        found = []
        for who in PAIR:

            def submit(who=who) -> None:
                send(review, browser(who))
                if leak:
                    leak(people[who], browser(who))

            def own() -> list[str]:
                texts = [text for row in rows() for text in (str(row.id), row.id.hex)]
                return texts + [row.mark for row in rows() if isinstance(row, Paper)]

            found.append(left_behind(submit, caplog, django_capture_on_commit_callbacks, mailoutbox, own))
        return found

    return run


@pytest.mark.parametrize("kind", SUBMISSIONS)
def test_two_people_leave_the_same_bytes(compare, kind):
    first, second = compare(kind)
    if kind == "a card":
        assert CARD in first  # it is in what is compared
    assert first == second


@pytest.mark.parametrize("kind", SUBMISSIONS)
def test_a_submission_leaves_bytes_at_all(compare, review, caplog, mailoutbox, django_capture_on_commit_callbacks, kind):
    """What is compared holds the submission: without one there is something else."""
    nothing = left_behind(lambda: None, caplog, django_capture_on_commit_callbacks, mailoutbox, list)
    assert compare(kind)[0] != nothing


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("kind", ["a card", "a vote"])
def test_the_comparison_sees_what_would_tell_them_apart(compare, kind, leak):
    """Positive control: each of these would be an author stored."""
    first, second = compare(kind, LEAKS[leak])
    cache.clear()
    assert first != second


def test_the_mark_of_a_paper_is_made_of_the_ballot_alone(review, people):
    """Taking the marks out of the comparison hides nothing: with one and the same ballot, two people leave one mark."""
    secret, marks = new_secret(), []
    cards = [card.id for card in ProcessCard.objects.filter(review=review)]
    for who in ("colleague", "funnel_owner"):
        with transaction.atomic():
            take_ballot(review=review, user=people[who], secret=secret)
            vote(review=review, secret=secret, cards=cards)
            marks.append(Paper.objects.get(urn__question=Urn.Question.CARDS).mark)
            transaction.set_rollback(True)
    assert marks[0] == marks[1] == mark_of(secret, review, "cards")


def test_the_register_and_the_urns_share_no_mark(review, browser):
    """Whoever reads both tables finds no value that joins a paper to a person, nor one paper to another."""
    for who in PAIR:
        _vote(review, browser(who))
        _post("word/answer", yes="no")(review, browser(who))
    register = set(HandedBallot.objects.values_list("mark", flat=True))
    papers = list(Paper.objects.values_list("mark", flat=True))
    assert len(papers) == 5 and len(set(papers)) == 5 and not register & set(papers)
    # Only who holds the ballot itself can tell: the register's mark does not lead to the urn's.
    secret = _secret(review, browser(PAIR[0]))
    assert register_mark(secret, review) in register
    assert not {mark_of(mark, review, "cards") for mark in register} & set(papers)


def test_the_ballot_is_in_no_table_and_forgotten_after_a_day(review, browser):
    cookie = browser("member").cookies[f"tandem_ballot_{review.pk}"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (24 * 3600, True, "Strict")
    assert cookie["path"] == f"/review/{review.pk}/"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert cookie.value not in repr(cursor.fetchall()), table


@pytest.mark.parametrize("model", [ProcessCard, Paper])
def test_no_column_holds_an_author_or_a_time(model):
    fields = model._meta.fields
    assert not [field.name for field in fields if field.is_relation and field.related_model is User]
    assert not [field.name for field in fields if isinstance(field, models.DateField | models.TimeField)]
    assert not isinstance(model._meta.pk, models.AutoField)


def _correlation(order: list[int]) -> float:
    return statistics.correlation(range(len(order)), order)


def test_neither_the_place_in_the_file_nor_the_order_shown_tells_the_order_of_writing(people):
    """1,000 cards in 25 boxes. By chance the mean correlation is within 0.13 (four standard deviations)."""
    series = review_of(people).series
    column = "ctid" if connection.vendor == "postgresql" else "rowid"
    stored, shown = [], []
    for _ in range(25):
        ProcessCard.objects.all().delete()
        for n in range(40):
            write_card(series=series, sentence=f"{n}")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT sentence FROM reviews_processcard ORDER BY {column}")
            stored.append(_correlation([int(row[0]) for row in cursor.fetchall()]))
        shown.append(_correlation([int(card.sentence) for card in ProcessCard.objects.order_by("id")]))
    assert abs(statistics.mean(stored)) < 0.13
    assert abs(statistics.mean(shown)) < 0.13


def test_no_two_counts_that_are_shown_differ_by_one_or_two_people():
    """10,000 rooms: neither a group that is shown, nor what is left when one is taken from another, is one or two people."""
    rng = random.Random(11)
    for _ in range(10_000):
        said = [{"side": rng.choice(list(Side)).value, "yes": rng.random() < 0.5} for _ in range(rng.randrange(14))]
        found = spread(said)
        if not found:
            assert len(said) < LEAST
            continue
        groups = {
            name: found[f"{name}_yes"] + found[f"{name}_no"] for name in ("marketing", "sales") if f"{name}_yes" in found
        }
        total = found["yes"] + found["no"]
        left = total - sum(groups.values())
        assert total >= LEAST and all(number >= LEAST for number in groups.values())
        assert left == 0 or left >= LEAST
