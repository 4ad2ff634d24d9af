"""What was said in the demo's twelve past reviews: a story of two teams that begin to keep their word to each other.

At first leads of a fair lie about and actions slip. In the fifth week both agree that sales gets a fair's list the same day;
then sales asks for two hours in the calendar for first contacts. By the end the meetings are shorter and rated higher.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Deed:
    """An action: due and ended so many days after its review (None: still open), dropped with a reason."""

    what: str
    owner: str
    due: int
    ended: int | None
    dropped: str = ""
    answers: str = ""  # metric; the week's issue if empty


@dataclass(frozen=True)
class Week:
    """`ratings` by those who came; `met`: whether what marketing and sales expected of each other came true a week later."""

    good: tuple[str, str]
    cards: tuple[str, ...]
    decision: str
    deeds: tuple[Deed, ...]
    ratings: tuple[int, ...]
    expects: tuple[str, str]  # of sales by marketing, of marketing by sales
    met: tuple[bool, bool] = (True, True)
    word_yes: tuple[int, int] = (2, 2)  # of three marketers and three salespeople
    outcome: str = ""
    solved: str = ""
    absent: frozenset[str] = field(default_factory=frozenset)


WEEKS: tuple[Week, ...] = (
    Week(
        good=("The autumn webinar had its best attendance so far.", "Two old accounts called us on their own."),
        cards=(
            "Lists from fairs reach sales days after the fair.",
            "A lead comes back and nobody reads why.",
            "We learn about a campaign when customers ask about it.",
        ),
        decision="We meet every week for three months and then look whether it helps.",
        deeds=(
            Deed("Write down how a fair’s list gets from the stand to sales", "tomasz", 7, 12),
            Deed("List the ten reasons of return that come up most", "sofia", 7, 6, answers="gross_profit"),
            Deed("Compare the two lead lists by hand", "luca", 7, 13, dropped="Tandem shows both counts side by side now."),
        ),
        ratings=(5, 6, 4, 5, 6, 5, 5),
        expects=("Every return says in a sentence what is missing.", "Each handoff names what the lead asked for."),
        met=(False, False),
        word_yes=(3, 1),
        outcome="Reading papers alone is not yet an MQL: a question about a project or a price is.",
    ),
    Week(
        good=("The new price page is online.", "A customer praised how fast the offer came."),
        cards=(
            "The price list on the site is older than the one sales sends.",
            "Handoffs on Friday afternoon wait until Monday.",
            "Nobody knows which reference customers may be named.",
        ),
        decision="One price list, kept by marketing, linked everywhere.",
        deeds=(
            Deed("Replace the price lists on the site and in the offers by one", "lena", 7, 10),
            Deed("Ask five customers whether we may name them", "pieter", 14, 19),
        ),
        ratings=(5, 5, 6, 6, 5, 4),
        expects=("First contact on Fridays before noon for what came until ten.", "The price list is the same everywhere."),
        met=(False, True),
        word_yes=(2, 3),
        outcome="Accepted means that somebody calls, not that somebody has read it.",
        absent=frozenset({"emma"}),
    ),
    Week(
        good=("Lena’s paper on dosing pumps was downloaded 80 times.", "The team in Basel won its first deal."),
        cards=(
            "Leads from partners carry no need, so the first call starts at zero.",
            "The same company gets two calls from two of us.",
            "Half of our meeting goes into finding the right number.",
        ),
        decision="Numbers are read frozen; who doubts one raises an issue from it.",
        deeds=(
            Deed("Add the need to the form for partners", "tomasz", 7, 7, answers="won_deals"),
            Deed("Merge the double companies of this quarter", "emma", 7, 16),
        ),
        ratings=(6, 5, 6, 6, 5, 6, 7),
        expects=("Two sentences of feedback for each accepted lead.", "No partner lead without a need."),
        met=(False, True),
        word_yes=(1, 3),
        outcome="A confirmed need, a fit and a person who decides: then it is an SQL.",
    ),
    Week(
        good=("Three campaigns have a brief that both sides read.", "No handoff waited over the weekend."),
        cards=(
            "The fair in Utrecht is in two weeks and nobody has said who is at the stand.",
            "Returned leads wait longer with marketing than with sales.",
            "Content for the chemical industry is missing when it is asked for.",
        ),
        decision="Each fair has one owner on each side, named four weeks before.",
        deeds=(
            Deed("Name who is at the stand in Utrecht, by day", "clara", 7, 5),
            Deed("Answer returned leads within two working days", "jonas", 7, 9, answers="gross_profit"),
        ),
        ratings=(6, 6, 5, 7, 6, 6),
        expects=("Both who go to Utrecht come to the briefing.", "Returned leads are completed within two days."),
        met=(True, False),
        word_yes=(3, 3),
        outcome="Marketing reads it as sales does: a handoff is one lead given to sales until it is decided.",
    ),
    Week(
        good=("The stand in Utrecht had a queue twice.", "Sofia called eleven leads on the evening of the fair."),
        cards=(
            "The list of the first day went out the same evening, that of the second one five days later.",
            "Sales hears of changes in the target group from the website.",
            "Nobody says when a lead is worth a visit.",
        ),
        decision="A fair’s list goes to sales on the same day, as it is; marketing completes it afterwards.",
        deeds=(
            Deed("Make the form of the stand write straight into Tandem", "tomasz", 14, 13),
            Deed("Put the rule for fairs into the agreement’s notes", "maya", 7, 4),
        ),
        ratings=(7, 7, 6, 7, 8, 7, 6),
        expects=("Every lead of the fair is called within three days.", "The second day’s list comes by Tuesday."),
        met=(True, True),
        word_yes=(2, 2),
        outcome="Won is the day of the signature, not of the order’s entry.",
        solved="Lists go out on the evening of each fair day, whatever is missing in them.",
    ),
    Week(
        good=("For the first time both sides kept what was expected of them.", "The offer template is down to two pages."),
        cards=(
            "First contacts happen between other things, so some days none happens.",
            "Two people write to the same lead without knowing.",
            "We celebrate wins and do not say which campaign they came from.",
        ),
        decision="Sales keeps ten to twelve free for first contacts, every day.",
        deeds=(
            Deed("Block ten to twelve in everybody’s calendar", "clara", 3, 1),
            Deed("Name the campaign in the note of each win", "luca", 14, 12, answers="won_deals"),
        ),
        ratings=(7, 6, 7, 7, 8, 7),
        expects=(
            "Ten to twelve is kept free on four days of five.",
            "The webinar’s list is whole when handed over.",
        ),
        word_yes=(3, 2),
        outcome="Opportunity begins with a deal that has an amount and a date, not with a good talk.",
    ),
    Week(
        good=(
            "The form of the stand works; no list was typed.",
            "Calls between ten and twelve brought four visits.",
        ),
        cards=(
            "The monthly figures for the management show other numbers than ours.",
            "Small companies get the same effort as large ones.",
            "Reference customers are asked by three of us in a row.",
        ),
        decision="The management gets the frozen numbers of the review and no others.",
        deeds=(
            Deed("Replace the monthly slides by a link to the minutes", "maya", 7, 6),
            Deed("One list of reference customers with who asked last", "pieter", 7, 15),
        ),
        ratings=(8, 7, 7, 8, 7, 7, 8),
        expects=("Each visit ends with a note on the campaign.", "Leads of small companies come with a size."),
        met=(True, False),
        word_yes=(2, 3),
        outcome="Returned is not refused: it says what is missing.",
    ),
    Week(
        good=("The management asked two questions and no third.", "A recycled lead of spring has signed."),
        cards=(
            "Recycled leads come back with nobody expecting them.",
            "Working hours of field sales on Fridays are not known in marketing.",
            "The campaign for spare parts brings leads that want service.",
        ),
        decision="Recycled leads get a date and the same owner as before.",
        deeds=(
            Deed("Change the words of the spare parts campaign", "lena", 7, 5, answers="gross_profit"),
            Deed("Show field sales’ Fridays in the plan for handoffs", "jonas", 7, 7),
        ),
        ratings=(7, 8, 8, 7, 8, 7),
        expects=("Recycled leads are called on their date.", "Spare parts brings no service request this week."),
        word_yes=(3, 3),
        outcome="Both teams agree at once; the word can rest.",
        absent=frozenset({"pieter"}),
    ),
    Week(
        good=("Spare parts: nine leads, none of them service.", "Anna took a marketer along to a visit."),
        cards=(
            "What customers ask on visits does not reach those who write.",
            "Approvals for offers above the limit take two days.",
            "The word “project” means something else to each of us.",
        ),
        decision="One ride-along a month for each marketer.",
        deeds=(
            Deed("Plan the ride-alongs until the end of the quarter", "tomasz", 7, 3),
            Deed("Ask for a higher limit for offers", "clara", 14, 20),
        ),
        ratings=(8, 8, 7, 8, 9, 8, 7),
        expects=("Two visits that a marketer may join.", "A page about dosing that sales may send."),
        word_yes=(1, 2),
        outcome="A project has a plant, a month and somebody who pays.",
    ),
    Week(
        good=("Lena’s page on dosing was sent eight times in its first week.", "The limit for offers was raised."),
        cards=(
            "Wins are entered days after the signature, so our numbers change afterwards.",
            "The webinar in spring has no date yet.",
            "Some of us read the minutes, some ask what was in them.",
        ),
        decision="A win is entered on the day of the signature, by whoever signed.",
        deeds=(
            Deed("Enter what was signed and is not in Tandem yet", "anna", 2, 2, answers="won_revenue"),
            Deed("Fix the date of the spring webinar", "lena", 14, 11),
        ),
        ratings=(8, 7, 8, 8, 8, 9),
        expects=("No win older than a day is missing.", "The spring webinar has a date and a topic."),
        met=(False, True),
        word_yes=(3, 3),
        outcome="First contact is the first personal try, by whoever tries.",
    ),
    Week(
        good=("All actions of the week before were done.", "A customer said that we talk with one voice."),
        cards=(
            "Large accounts have no common plan.",
            "Reasons of return are picked from the top of the list.",
            "Good content is found by those who wrote it.",
        ),
        decision="Three large accounts get a plan that both sides write.",
        deeds=(
            Deed("First plan for a large account, two pages", "jonas", 7, 6),
            Deed("Shorten the list of reasons to eight", "sofia", 7, 8),
            Deed("A shelf for content, by question and not by campaign", "lena", 21, None),
        ),
        ratings=(8, 9, 8, 8, 8, 8, 9),
        expects=(
            "Each return names the reason that fits.",
            "Two pieces of content with how to use them.",
        ),
        word_yes=(2, 3),
        outcome="Kept and missed are for windows that are over; until then it is at risk.",
    ),
    Week(
        good=("The first account plan took one afternoon.", "Returns went down by a third in four weeks."),
        cards=(
            "The plan for next quarter is made apart by each side.",
            "New colleagues learn the words from whoever sits next to them.",
            "Recycled leads pile up for January.",
        ),
        decision="Next quarter’s plan is made together, on one page, in two meetings.",
        deeds=(
            Deed("Invite both sides to two hours of planning", "maya", 4, 2),
            Deed("Write the first week of a new colleague down", "clara", 3, None),
            Deed("Spread the recycled leads of January over three weeks", "luca", 14, None, answers="gross_profit"),
        ),
        ratings=(9, 8, 9, 8, 8, 9),
        expects=("The account plans name who calls whom.", "The January webinar is previewed by sales."),
        word_yes=(3, 3),
        outcome="Both teams say the same; the sentence stays.",
    ),
)
# What has been put into the box for the next review.
WAITING = (
    "Previews of campaigns come on the last day.",
    "Nobody thanks for a handoff that went well.",
    "The forecast is made by sales alone.",
)
CHARTER = (
    ("content", "lena", "", 80),
    ("feedback", "sofia", "", 80),
    ("liaison_marketing", "jonas", "", 80),
    ("liaison_sales", "clara", "", 80),
    ("cadence", "", "Every two weeks, half an hour, only leads.", 200),
    ("cadence", "", "Weekly review of all, 50 minutes; the two leads every Thursday; a day together each quarter.", 80),
    ("incentives_marketing", "", "40 % number of MQLs, 60 % budget kept.", 400),
    ("incentives_marketing", "", "70 % gross profit of the company, 30 % accepted leads: the same first line as sales.", 45),
    ("incentives_sales", "", "70 % gross profit of the company, 30 % own wins.", 45),
)
# Marketer, seller, which call, days before today that it took place (None: planned, so many days ahead), what was learned.
RIDES = (
    ("lena", "anna", "Visit to a dairy in Groningen", -33, "They buy uptime, not pumps: nobody asked for the flow rate."),
    (
        "tomasz",
        "marek",
        "Call with a waterworks",
        -12,
        "They ask first who else runs it: references before prices.",
    ),
    ("jonas", "pieter", "Visit to a brewery in Leuven", 6, ""),
    ("lena", "luca", "Call with an engineering office", 15, ""),
)
