"""What the people of the demo write to each other about leads. All data; nothing here names a person."""

# What a lead needs, in a sentence: marketing asks for it before handing over.
NEEDS = (
    "Replaces two transfer pumps in the boiler house before the summer stop.",
    "New bottling line: three pumps for sugar syrup, start in autumn.",
    "Seals leak every four months; looks for something that lasts.",
    "Energy audit says the booster station uses too much; wants a comparison.",
    "Spare unit for a line that must not stand still.",
    "Plans a second cooling circuit, sizes are known, asks for a quote.",
    "Wants to know what condition monitoring costs for twelve pumps.",
    "Current supplier delivers in twenty weeks; needs eight.",
    "Hygienic design for a dairy, certificate required.",
    "Chemical dosing, small flows, asks for a site visit.",
)

RETURNS = {
    "context_missing": (
        "The form only says “price”. Which line is it about, and who decides there?",
        "No need written down and no telephone number. What did they ask for?",
        "They came from the calculator. Which values did they enter?",
    ),
    "wrong_stage": (
        "Downloaded a checklist once. I see no question that sales could answer yet.",
        "They study the subject for a thesis; nobody there buys pumps this year.",
    ),
    "contact_changed": (
        "The person has left the company. Who took over?",
        "Reached the switchboard only: the name is not known there any more.",
    ),
}
RESUBMITS = (
    "Asked them: it is about the booster station, the plant manager decides. Number added.",
    "Need and values from the calculator are filled in now.",
    "The successor answered our mail; address and line are on the lead.",
    "Checked with the form: they ticked “please call me”. Written down as need.",
)
REFUSALS = (
    "Outside our delivery radius, and they do not want a partner.",
    "Budget goes to the packaging hall first; asked us to call in spring.",
    "Only compares prices for an article.",
    "They bought last month, before the form reached us.",
    "Tried five times on four days, left two messages.",
    "A student project, friendly, but no purchase.",
    "Their new site opens next year; until then nothing changes.",
)
CONTESTS = (
    "They asked for a site visit in the form, which is what our definition of MQL says. Please look again.",
    "Two colleagues of the same company are customers. This fits the segment.",
    "Nobody had called before the decision; the telephone number works, we tried it.",
    "The reason says no need, but the need is written in the first line of the handoff.",
)
RULINGS_OVER = (
    "A request for a site visit is a need, also without a date. Such leads are taken on.",
    "A company that is a customer with another plant is in the target group.",
    "Before a lead is given up as not reachable, it is called at least once.",
    "Asking for the price of one named type is a need. Sizing may follow later.",
    "Whoever plans a line for next year and has the sizes is worked now, not recycled.",
    "A plant that buys through a purchasing company is in the target group; the plant's need counts.",
)
RULINGS_KEPT = (
    "A download alone is no need, whatever the score says. The decision stands.",
    "Resellers are not in the four segments. The decision stands.",
    "A project that starts in more than a year is recycled with a date, as happened here.",
    "Whoever only came for the lecture is no MQL, also with a second visit. The decision stands.",
    "Five attempts on three days are enough. The decision stands.",
)
FEEDBACK = {
    "good": (
        "Knew what they wanted; the need on the card was right.",
        "Answered at once and asked for two dates.",
        "Exactly our segment. The calculator had prepared them well.",
        "",
    ),
    "partly": (
        "Right company, wrong person: purchasing, not the plant.",
        "Interested, but thought that we lend pumps.",
        "Need was clear, timing was not: nothing before next year.",
    ),
    "no": (
        "The advertisement promises a price list; that is all they wanted.",
        "Came for the lecture, does not run pumps.",
        "Private person with a garden pond.",
    ),
}
EXCLUSIONS = {
    "unreachable": "Mail bounces and the number belongs to somebody else.",
    "outage": "The telephone system was down the whole morning.",
    "duplicate": "The same request came by the partner as well and is worked there.",
    "test": "Our own test of the new form.",
}
WAIVERS = ("They asked in writing to be called after their stocktaking.", "Plant holidays, nobody is there.")
NEXT_STEPS = (
    "Send the comparison of the two sizes",
    "Ask the plant manager for the flow rates",
    "Call back after their meeting",
    "Send the reference from the dairy",
    "Offer two dates for the site visit",
    "Check the delivery time with production",
)
FILL_INS = ("Ask for the need and the line it is about", "Find out who took over from our contact person")
