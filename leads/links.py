"""What the words of a link (utm_source and its like) mean: our own channel, campaign, content. They stay as they came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from campaigns.models import Campaign
from leads.models import UTM, UtmRule

# The words that rules look at; the search term is kept and shown only.
WORDS = tuple(name for name in UTM if name != "utm_term")
TARGETS = ("channel_id", "campaign_id", "content_id")
# Of rules with equally many words, the one that names these is the more exact one.
_WEIGHT = {"utm_campaign": 8, "utm_content": 4, "utm_source": 2, "utm_medium": 1}


def words_of_link(values: Mapping[str, object]) -> dict[str, str]:
    """The words that are there, by name."""
    return {name: str(values[name]).strip() for name in UTM if str(values.get(name) or "").strip()}


def path_of(address: str) -> str:
    """The path of a page: what stands behind ? and # may name a person, so it is dropped."""
    try:
        return urlsplit(address).path[:300]
    except ValueError:
        return ""


def host_of(address: str) -> str:
    """The host of an address, with or without its scheme; empty if it has none."""
    try:
        return (urlsplit(address if "//" in address else f"//{address}").hostname or "")[:200]
    except ValueError:
        return ""


@dataclass(frozen=True)
class LinkRule:
    """A row of UtmRule as values: its words in small letters, and what they mean."""

    words: dict[str, str]
    targets: dict[str, int]

    def fits(self, said: Mapping[str, str]) -> bool:
        return all(said.get(name, "") == word for name, word in self.words.items())

    @property
    def exactness(self) -> tuple[int, int]:
        return len(self.words), sum(_WEIGHT[name] for name in self.words)


class Links:
    """The rules of one moment.

    `named`: campaign by its name in small letters, as far as only one has that name. `channels`: channel by campaign.
    """

    def __init__(self, rules: Iterable[LinkRule], *, named: Mapping[str, int], channels: Mapping[int, int]):
        self._rules = sorted(rules, key=lambda rule: rule.exactness, reverse=True)
        self._named, self._channels = named, channels

    def meaning(self, words: Mapping[str, str]) -> dict[str, int]:
        """channel_id, campaign_id and content_id, as far as the words say them; empty for words that nobody has explained.

        Each is taken from the most exact rule that names it. A campaign that is called just like utm_campaign needs no rule.
        """
        said = {name: word.casefold() for name, word in words.items()}
        found: dict[str, int] = {}
        for rule in self._rules:
            if said and rule.fits(said):
                found = rule.targets | found
        if "campaign_id" not in found and (named := self._named.get(said.get("utm_campaign", ""))):
            found["campaign_id"] = named
        if "channel_id" not in found and (channel := self._channels.get(found.get("campaign_id"))):
            found["channel_id"] = channel
        return found

    def explains(self, words: Mapping[str, str]) -> bool:
        """Whether the channel is known, and the campaign too where the link names one."""
        found = self.meaning(words)
        return "channel_id" in found and ("campaign_id" in found or not words.get("utm_campaign"))


def load_links() -> Links:
    """The rules as they are now, in two queries."""
    rules = [
        LinkRule(
            words={name: word.casefold() for name in WORDS if (word := getattr(row, name))},
            targets={name: pk for name in TARGETS if (pk := getattr(row, name))},
        )
        for row in UtmRule.objects.order_by("id")
    ]
    named: dict[str, int] = {}
    channels: dict[int, int] = {}
    twice: set[str] = set()
    for pk, name, channel_id in Campaign.objects.values_list("id", "name", "channel_id"):
        word = name.casefold()
        if word in named:
            twice.add(word)
        named[word] = pk
        if channel_id is not None:
            channels[pk] = channel_id
    return Links(rules, named={word: pk for word, pk in named.items() if word not in twice}, channels=channels)
