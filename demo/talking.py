"""What both teams said about the second version while it was a draft: each asked once, and got an answer."""

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from demo.chance import ZONE
from funnel.models import Agreement
from funnel.services import answer_comment, comment_on

# Section of the comparison, who asks and what, who answers and what.
TALK = (
    (
        "Stages", "clara", "A download alone should not make an MQL. Can the wording say what else it takes?",
        "jonas", "It does now: the person fits the target group, and asked for something that only sales can give.",
    ),
    (
        "Promises", "jonas", "Who calls the hottest leads on a Friday afternoon, when field sales is out early?",
        "clara", "Inside sales takes them. The two hours count in its working time.",
    ),
)  # fmt: skip


def talk_about(*, draft: Agreement, users: Mapping[str, User], day: dt.date) -> None:
    """`day`: when both comments are written, in the company's zone; they are answered on the next one."""
    asked = dt.datetime.combine(day, dt.time(11), ZONE)
    for section, who, text, other, answer in TALK:
        comment = comment_on(agreement=draft, section=section, text=text, actor=users[who], now=asked)
        answer_comment(comment=comment, text=answer, actor=users[other], now=asked + dt.timedelta(days=1, hours=3))
