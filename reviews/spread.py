"""Which counts of nameless answers may be shown: none of a group so small that its people would be known."""

from accounts.models import Side

# With fewer answers the result would tell what single people said.
LEAST = 3
TEAMS = (Side.MARKETING, Side.SALES)


def spread(said: list[dict]) -> dict[str, int]:
    """How many said yes and no, of all and of each team: `said` is what the ballots say, {"side", "yes"} each.

    Team by team only where each team has three answers. Then answers of those who stand for both are left out of the sum if
    they are fewer than three: whoever takes the teams from the sum would have them. Nothing below three answers.
    """
    if len(said) < LEAST:
        return {}
    answers: dict[str, list[bool]] = {side.value: [] for side in Side}
    for paper in said:
        answers[paper["side"]].append(paper["yes"])
    counted, found = list(answers), {}
    if all(len(answers[side]) >= LEAST for side in TEAMS):
        for side in TEAMS:
            found |= {f"{side}_yes": answers[side].count(True), f"{side}_no": answers[side].count(False)}
        if len(answers[Side.JOINT]) < LEAST:
            counted = list(TEAMS)
    return found | {
        "yes": sum(answers[side].count(True) for side in counted),
        "no": sum(answers[side].count(False) for side in counted),
    }
