"""The words that every new agreement starts with (product.md), as data. A company changes them with its versions."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    key: str
    word: str
    agreed_meaning: str
    not_words: str = ""
    marketing_meaning: str = ""
    sales_meaning: str = ""
    examples: str = ""


def _word(
    key: str, word: str, agreed: str, no: str = "", *, marketing: str = "", sales: str = "", examples: str = ""
) -> Word:
    return Word(key, word, agreed, no, marketing, sales, examples)


SEED: tuple[Word, ...] = (
    _word("lead", "Lead", "One person's interest in buying, in any stage.", "a stage called “Leads”",
          marketing="Somebody who left an address.", sales="Somebody worth a call."),
    _word("inquiry", "Inquiry", "The first stage: a person showed interest and can be reached. Nothing is checked yet."),
    _word("mql", "MQL", "Meets the signed criteria for handing over. Marketing answers for it.", "bare “qualified”",
          marketing="Fits the target group and did something.", sales="A name that marketing thinks is good.",
          examples="Asked for a price, works at a company of the target group."),
    _word("sal", "SAL", "Accepted: sales took it on, a named person will make the first contact.", "bare “qualified”"),
    _word("sql", "SQL", "Sales confirmed need and fit in a conversation.", "bare “qualified”",
          marketing="Sales said yes.", sales="Budget and need are clear."),
    _word("opportunity", "Opportunity", "A lead with an open deal. The money record itself is the deal.",
          "opportunity as the money record"),
    _word("won", "Won", "The contract is signed by both parties."),
    _word("deal", "Deal", "The money record: amount, cost, currency, term, close date.", "opportunity as record"),
    _word("handoff", "Handoff", "One MQL entry given to sales, until it is decided.", "obligation, transfer"),
    _word("decision", "Decision", "Exactly one of: accepted, returned (incomplete, marketing acts), recycled (not now, with "
          "a date), disqualified (with a reason).", "rejected, disposition"),
    _word("contest", "Contest",
          "A dispute of a decision, settled by the funnel owner. A decision stands after 5 working days."),
    _word("first-contact", "First contact", "The first personal attempt or conversation. The human is the contact person.",
          "follow-up, touch"),
    _word("agreement", "Agreement", "The signed version of stages, criteria, promises and words.", "SLA, commitment"),
    _word("promise", "Promise", "One measurable line of the agreement.", "SLA, commitment"),
    _word("kept", "Kept, missed, at risk", "A closed window is kept or missed. At risk only while it is open."),
    _word("plan", "Plan", "The signed targets.", "goal"),
    _word("driver", "Driver", "A factor of the gap to the plan.", "lever"),
    _word("gross-profit", "Gross profit", "Amount less cost of won deals.", "“return” for money"),
    _word("profit-per-euro", "Profit per €1", "What a campaign earned for each unit of money spent on it.",
          "“return” for money"),
    _word("owner", "Owner", "The person a lead is assigned to. A team answers for a stage; one person is funnel owner."),
    _word("funnel-owner", "Funnel owner", "The one person who answers for the whole funnel."),
    _word("frozen", "Frozen", "A number kept with a review.", "snapshot, published"),
    _word("restated", "Restated", "A frozen value that differs from the value of today.", "snapshot, published"),
    _word("issue", "Issue", "A point raised for the review, about the process, never about a person."),
    _word("action", "Action", "A task with one owner and a date."),
    _word("console", "Console", "The place where the agreement is made.", "Admin"),
)  # fmt: skip


def saying(word: str) -> Callable[[str], bool]:
    """Whether a text uses a word or its plural, as a whole word. “Kept, missed, at risk” is any of the three."""
    forms = "|".join(re.escape(form.strip()) for form in word.split(",") if form.strip())
    pattern = re.compile(rf"\b(?:{forms})s?\b", re.IGNORECASE) if forms else re.compile(r"(?!)")
    return lambda text: bool(pattern.search(text))
