"""What a page about dependencies is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """`count` is a number of things; `note` says what happens to them."""

    text: str
    url: str = ""
    count: int | None = None
    note: str = ""


@dataclass
class Group:
    title: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Used:
    """`back`: the page of the part; `place`: of the console, where it is changed."""

    name: str
    place: str
    back: str
    groups: list[Group]
