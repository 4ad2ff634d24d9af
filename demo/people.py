"""The people of the demo company. One passphrase for all of them, which exists only here and in the printed table."""

from dataclasses import dataclass

PASSPHRASE = "seven quiet pumps turning"
DOMAIN = "demo.tandem.example"

MARKETING, INSIDE, FIELD = "Marketing", "Inside sales", "Field sales"
TEAMS: dict[str, str] = {MARKETING: "marketing", INSIDE: "sales", FIELD: "sales"}


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. `shown_as` is the line of the sign-in table; without it there is no sign-in."""

    key: str
    name: str
    role: str
    team: str | None = None
    shown_as: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


PEOPLE: tuple[Person, ...] = (
    Person("ines", "Ines Albrecht", "administrator", shown_as="Administrator"),
    Person("maya", "Maya Lindqvist", "funnel_owner", shown_as="Funnel owner"),
    Person("jonas", "Jonas Wegener", "team_lead", MARKETING, shown_as="Marketing lead"),
    Person("clara", "Clara Moreau", "team_lead", INSIDE, shown_as="Sales lead"),
    Person("tomasz", "Tomasz Zielny", "rep", MARKETING, shown_as="Marketing rep"),
    Person("sofia", "Sofia Rinaldi", "rep", INSIDE, shown_as="Sales rep"),
    Person("henrik", "Henrik Dahl", "viewer", shown_as="Viewer"),
    Person("lena", "Lena Hofer", "rep", MARKETING),
    Person("luca", "Luca Ferrant", "rep", INSIDE),
    Person("emma", "Emma Janssen", "rep", INSIDE),
    Person("pieter", "Pieter de Wit", "rep", FIELD),
    Person("anna", "Anna Kowal", "rep", FIELD),
    Person("marek", "Marek Novotny", "rep", FIELD),
)

MARKETERS = ("tomasz", "lena", "jonas")
INSIDERS = ("sofia", "luca", "emma")
FIELDERS = ("pieter", "anna", "marek")

# Emma goes from inside to field sales when two thirds of the history are told: memberships have dates.
CHANGES_TEAM = ("emma", FIELD)

# How long each one takes to answer, against the company's usual.
PACE = {"sofia": 0.6, "luca": 1.0, "emma": 1.5, "pieter": 0.9, "anna": 0.8, "marek": 1.6}
