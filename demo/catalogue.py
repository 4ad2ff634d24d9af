"""The world of the demo company: channels and how good they are, campaigns, segments, invented names. All data."""

from dataclasses import dataclass

COMPANY = "Nordwind Pumps"
SMALL_COMPANY = "Havelbrook Valves"
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Quality:
    """A channel: its share of leads and the chance of each step forward, by the stage that is left."""

    share: float
    inquiry: float
    mql: float
    sal: float
    sql: float
    opportunity: float
    entry_touch: str


CHANNELS: dict[str, Quality] = {
    "Organic search": Quality(0.20, 0.38, 0.66, 0.62, 0.62, 0.31, "form"),
    "Paid search": Quality(0.17, 0.34, 0.62, 0.56, 0.58, 0.27, "form"),
    "LinkedIn ads": Quality(0.24, 0.20, 0.45, 0.42, 0.50, 0.20, "ad"),
    "Webinar": Quality(0.13, 0.52, 0.70, 0.62, 0.64, 0.34, "webinar"),
    "Partner": Quality(0.08, 0.66, 0.84, 0.74, 0.68, 0.40, "form"),
    "Referral": Quality(0.06, 0.72, 0.88, 0.80, 0.72, 0.46, "form"),
    "Trade fair": Quality(0.04, 0.36, 0.60, 0.55, 0.58, 0.29, "event"),
    "Outbound": Quality(0.08, 0.0, 0.0, 0.50, 0.56, 0.26, ""),
}


@dataclass(frozen=True)
class CampaignPlan:
    """A campaign over parts of the history (0 begin, 1 today). Spend in euros a month, or once if `once`."""

    name: str
    channel: str
    begins: float = 0.0
    ends: float = 1.0
    spend: int = 0
    once: bool = False
    weight: float = 1.0
    currency: str = "EUR"


CAMPAIGNS: tuple[CampaignPlan, ...] = (
    CampaignPlan("Guide: sizing a pump", "Organic search", weight=3),
    CampaignPlan("Knowledge base", "Organic search", weight=2),
    CampaignPlan("Search: pump replacement", "Paid search", spend=4200, weight=3),
    CampaignPlan("Search: energy efficiency", "Paid search", 0.2, spend=2600, weight=2),
    CampaignPlan("Search: own name", "Paid search", spend=900, weight=1),
    CampaignPlan("LinkedIn: plant managers", "LinkedIn ads", spend=5200, weight=3),
    CampaignPlan("LinkedIn: savings calculator", "LinkedIn ads", 0.45, spend=3400, weight=3),
    CampaignPlan("LinkedIn: maintenance heads", "LinkedIn ads", 0.0, 0.5, spend=2100, weight=1),
    CampaignPlan("Webinar: cavitation explained", "Webinar", 0.0, 0.18, 2400, True),
    CampaignPlan("Webinar: life-cycle cost", "Webinar", 0.15, 0.36, 2400, True),
    CampaignPlan("Webinar: pumps in dairies", "Webinar", 0.33, 0.52, 2900, True),
    CampaignPlan("Webinar: leak-free in chemistry", "Webinar", 0.5, 0.7, 2600, True),
    CampaignPlan("Webinar: condition monitoring", "Webinar", 0.67, 0.86, 3100, True),
    CampaignPlan("Webinar: refit in one weekend", "Webinar", 0.84, 1.0, 2800, True),
    CampaignPlan("Partner programme", "Partner", spend=1800, weight=3),
    CampaignPlan("Partner day", "Partner", 0.4, 0.6, weight=1),
    CampaignPlan("Customers recommend us", "Referral"),
    # Nobody comes through it: it is shown to those who have an offer (demo.touching).
    CampaignPlan("Pump clinic on site", "Trade fair", 0.1, spend=9000, weight=0),
    CampaignPlan("Outbound: food industry", "Outbound", weight=2),
    CampaignPlan("Outbound: water utilities", "Outbound", 0.3, weight=1),
)

# Campaigns whose MQLs sales accepts less often than its channel would let expect.
POORLY_ACCEPTED = {"LinkedIn: savings calculator": 0.62, "Search: energy efficiency": 0.72}

# Trade fairs fall on fixed months, so that the same season brings the same burst: (month, day, name, euros, leads).
FAIRS: tuple[tuple[int, int, str, int, int, str], ...] = (
    (3, 17, "AquaForum Hanover", 38_000, 95, "EUR"),
    (9, 22, "ProcessDays Basel", 27_000, 80, "CHF"),
)

# Costs that belong to a channel or to nothing at all: (channel, euros a month).
OTHER_SPEND: tuple[tuple[str, int], ...] = (("Outbound", 1500), ("", 2900))
# What marketing and sales cost beside programmes: (kind, what for, euros a month).
COMPANY_COST: tuple[tuple[str, str, int], ...] = (
    ("people", "Marketing and sales, salaries", 46_000),
    ("tools", "CRM and marketing software", 3_100),
    ("commissions", "Commissions", 4_400),
)

# name -> (share, median amount in euros, agreed margin in basis points, cost share low, high)
SEGMENTS: dict[str, tuple[float, int, int]] = {
    "Food and beverage": (0.35, 12_500, 3800),
    "Chemicals": (0.20, 19_500, 3500),
    "Water utilities": (0.15, 23_000, 3300),
    "Machine builders": (0.30, 9_800, 4200),
}
OTHER_MARGIN = 3600
REGIONS: dict[str, tuple[float, str, tuple[str, ...]]] = {
    "DACH": (0.52, "+49 30 5550", ("GmbH", "AG", "KG")),
    "Nordics": (0.17, "+46 8 5550", ("AB", "AS", "Oy")),
    "Benelux": (0.17, "+31 20 5550", ("B.V.", "N.V.")),
    "Southern Europe": (0.14, "+39 02 5550", ("S.r.l.", "S.L.", "SpA")),
}

CONTENTS = (
    "Pump sizing guide",
    "Energy savings calculator",
    "Case study: dairy in Holstein",
    "Case study: waterworks refit",
    "Cavitation checklist",
    "Price list request",
    "Product sheet N-200",
    "Newsletter",
)

# Share of a usual month, January to December: a quiet August and December, busy spring and autumn.
SEASON = (0.95, 1.02, 1.10, 1.02, 1.00, 1.04, 0.92, 0.70, 1.12, 1.14, 1.10, 0.64)
WEEKDAY = (1.15, 1.28, 1.28, 1.22, 1.05, 0.28, 0.24)

# Euros for one unit; the zloty has no rate on purpose: such deals are counted as unknown, never guessed (DQ11).
RATES = {"CHF": 1.045, "USD": 0.905}
CURRENCIES = (("EUR", 0.925), ("CHF", 0.04), ("USD", 0.025), ("PLN", 0.01))

HEADS = (
    "Al Bre Cas Del Es Fjo Gre Hal Is Jel Kar Lor Mor Nal Ost Pel Quer Ros Sel Tor Ul Ver Wal Yst Zan Bor Ein Lund Mir Ster"
).split()
TAILS = (
    "bern vik torp marin lund dal nau horst tano grave sund ven mark rup feld lau hagen berg stad wik neck dorp grim "
    "ling mond sen ta val rode brink"
).split()
TRADES = (
    "Food Chemie Papier Wasser Textil Brewing Marine Energy Glas Mining Dairy Stahl Agrar Plastics Pharma Cement "
    "Packaging Foundry Sugar Coatings Timber Cooling Bottling Turbines"
).split()
FIRST_NAMES = (
    "Alma Bruno Carla David Elena Felix Greta Hugo Ida Jan Karin Leon Mara Nils Olga Paul Rosa Stefan Tessa Ugo Vera "
    "Wim Ylva Zoe Anton Berit Cecile Dario Eva Frank Gina Hans Ilse Joris Katja Lars Marta Nora Oskar Petra Ruben "
    "Silke Tim Ulrike Viktor Wanda Anders Bea Cora Dirk"
).split()
LAST_NAMES = (
    "Adler Bakker Conti Dorn Ekman Fontana Gruber Haas Ivarsen Jansma Keller Lehner Marin Nyberg Olsen Peeters Quist "
    "Richter Sommer Torres Ulmer Vogel Winkel Yilmaz Zeller Arends Blom Casals Drexler Elster Falk Greco Holm Iversen "
    "Jung Kranz Lindt Moser Nagel Orlando Pohl Reuter Sala Thys Urban Vinci Wolff Ziegler Brandt Costa"
).split()

NOTES = (
    "Wants a quote for two identical lines. Decision with the plant manager.",
    "Current pumps are eleven years old, the seals leak. Budget is planned for this year.",
    "Asked for a reference in the same industry before the next call.",
    "Technical contact is convinced; purchasing compares with one other supplier.",
    "Prefers calls in the early morning.",
    "Needs the data sheets in two languages.",
    "Project depends on a permit that is expected soon.",
)

MQL_WORDING = (
    "Fits one of the four segments, runs or plans at least one pumping line, and asked for something that a salesperson "
    "answers: a quote, a call, sizing or a site visit. Marketing answers for it and hands over with context: how they "
    "came, what they asked for, which line it is about."
)
