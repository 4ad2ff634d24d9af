"""The ten steps of the set-up guide, in their order, with what each is good for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`why` it matters and what happens `then`; minutes it takes."""

    key: str
    title: str
    minutes: int
    why: str
    then: str


STEPS = (
    Step(
        "company", "Name, zone, currency", 1,
        "Days, weeks and money are counted in your company’s own calendar and currency, the same for both teams.",
        "Every page and every export uses them.",
    ),
    Step(
        "stages", "Stages with written definitions", 3,
        "Most quarrels about numbers are about words: a stage counts only as well as it is defined.",
        "Leads move through these stages; every number names the version of them that it used.",
    ),
    Step(
        "criteria", "When a lead may enter", 2,
        "A definition that nobody can check is an opinion: what Tandem can check, it checks the same for everybody.",
        "Whoever moves a lead sees what it lacks, and can still move it with a word about why.",
    ),
    Step(
        "promises", "What both teams promise", 3,
        "An agreement in one direction only is an order: marketing promises how good, sales promises how soon.",
        "Both sides’ promises stand on the dashboard at the same size, measured from the first signed day on.",
    ),
    Step(
        "words", "Reasons and words", 2,
        "The same word means different things in each team. Here each meaning stands beside the agreed one.",
        "People choose from these reasons; the words explain themselves wherever they appear.",
    ),
    Step(
        "hours", "Working hours", 1,
        "A promise of four hours means working hours: nobody is late because of a Sunday.",
        "Every due time follows these hours and leaves holidays out.",
    ),
    Step(
        "people", "People who answer for it", 3,
        "A lead of each team signs the definitions, and one person answers for the whole funnel.",
        "They get a link that works once and for 7 days.",
    ),
    Step(
        "import", "First import", 5,
        "Your own leads with their original dates show at once where both teams count differently.",
        "A trial run shows every row before anything is stored; an import can be undone for 7 days.",
    ),
    Step(
        "target", "First target", 1,
        "A number without a plan is neither good nor bad.",
        "The dashboard shows it beside the gross profit and the MQL of each month.",
    ),
    Step(
        "sign", "Signatures of both leads", 2,
        "Definitions that both teams signed are the only ones nobody can argue with later.",
        "Numbers say “agreed by both teams” instead of “not agreed yet”.",
    ),
)  # fmt: skip
KEYS = tuple(step.key for step in STEPS)
MINUTES = sum(step.minutes for step in STEPS)
