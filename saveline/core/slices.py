"""A slice of the stage report: the deals and customers of one segment, owner, play and so on.

A deal is counted under what was known of it when the period ended, at both ends of the period: so the bridge of a slice
adds up, and one that came into the slice in the meantime counts in it from before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlencode

from msgspec.structs import asdict

from saveline.core.cases import Case, part_taken
from saveline.core.facts import Account, Fact
from saveline.core.people import People
from saveline.core.phrases import words_of
from saveline.core.stories import Story
from saveline.core.workspace import Workspace

OF_ACCOUNT: Final = ("segment", "vertical", "region")
"""What is known of an account, and so of everything that is counted by account."""
DIMENSIONS: Final = (*OF_ACCOUNT, "cause", "play", "owner", "department")
UNKNOWN: Final = "unknown"
"""Where nothing is said: a slice like any other, so that the slices of a dimension hold all deals."""


class Slice(Fact, frozen=True):
    """What a deal must have to be counted, by dimension; empty is anything, and what is given must all hold.

    ``owner`` is an e-mail address, ``department`` a key of the settings. A deal has each of its causes, and each
    department that holds one of its tasks, held it last, was offered it or closed it; the others are one value each.
    """

    segment: str = ""
    vertical: str = ""
    region: str = ""
    cause: str = ""
    play: str = ""
    owner: str = ""
    department: str = ""

    @property
    def given(self) -> dict[str, str]:
        """By dimension what is asked for, in the order of :data:`DIMENSIONS`."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def of_accounts(self) -> bool:
        """Whether it can be said of an account, with or without a deal."""
        return set(self.given) <= set(OF_ACCOUNT)

    @property
    def key(self) -> str:
        """The same in one line: ``segment=enterprise&owner=ana%40x.example``; empty for the whole."""
        return urlencode(self.given)


WHOLE: Final = Slice()


class Cut(Fact, frozen=True):
    """One dimension of a report's slice: the ``value`` that was asked for, and what that was called then."""

    dimension: str
    value: str
    title: str


def slice_of(told: Iterable[Cut]) -> Slice:
    """The slice of which a report tells."""
    return Slice(**{cut.dimension: cut.value for cut in told})


def cuts(wanted: Slice, workspace: Workspace, people: People) -> tuple[Cut, ...]:
    """What the slice is called, as workspace and people were called then."""
    return tuple(Cut(name, value, _title(name, value, workspace, people)) for name, value in wanted.given.items())


def _title(dimension: str, value: str, workspace: Workspace, people: People) -> str:
    if value == UNKNOWN:
        return value
    match dimension:
        case "owner":
            person = people.by_email.get(value.casefold())
            return person.name if person else value
        case "department":
            return next((d.name for d in workspace.departments if d.key == value), value)
        case "cause":
            return words_of(value)
    return value


class _Dealt(Protocol):
    """What a deal and its case have in common."""

    @property
    def play(self) -> str: ...
    @property
    def owner_id(self) -> int | None: ...
    @property
    def causes(self) -> tuple[str, ...]: ...


class Sieve:
    """Keeps what is of a slice; of the whole it keeps all. ``people`` as they were known then, ``accounts`` the ids of
    those that belong to it; None is all."""

    def __init__(self, wanted: Slice, people: People, accounts: Collection[int] | None = None) -> None:
        self.wanted, self.accounts, self._people = wanted, accounts, people
        self._given = {**wanted.given}
        if wanted.owner:
            self._given["owner"] = wanted.owner.casefold()

    def stories(self, told: Sequence[Story]) -> Sequence[Story]:
        """Those of its deals."""
        return [s for s in told if self._holds(self.values(s))] if self._given else told

    def cases(self, lived: Sequence[Case]) -> Sequence[Case]:
        """Those of its deals."""
        return [c for c in lived if self._holds(self._of_case(c))] if self._given else lived

    def values(self, story: Story) -> dict[str, tuple[str, ...]]:
        """By dimension, all that a deal is counted under: never nothing."""
        # From its tasks as they stand: the history of one that rested is not read.
        parts = part_taken((t.department, t.assignee_id, t.closed_by) for t in story.now.tasks)
        return {**self._of(story.account, story.now), "department": self._departments(*parts)}

    def _of_case(self, case: Case) -> dict[str, tuple[str, ...]]:
        of_deal = self._of(case.account, case)
        if not self.wanted.department:
            return of_deal
        return {**of_deal, "department": self._departments(case.offered_to, case.hands)}

    def _of(self, account: Account, deal: _Dealt) -> dict[str, tuple[str, ...]]:
        owner = self._people.by_id.get(deal.owner_id or 0)
        return {
            **of_account(account),
            "cause": deal.causes or (UNKNOWN,),
            "play": (deal.play or UNKNOWN,),
            "owner": (owner.email.casefold() if owner else UNKNOWN,),
        }

    def _departments(self, offered_to: Iterable[str], hands: Iterable[int]) -> tuple[str, ...]:
        theirs = (person.department for i in hands if (person := self._people.by_id.get(i)))
        return tuple(sorted({*offered_to, *(key for key in theirs if key)})) or (UNKNOWN,)

    def _holds(self, values: Mapping[str, Iterable[str]]) -> bool:
        return all(value in values[name] for name, value in self._given.items())


def of_account(account: Account) -> dict[str, tuple[str, ...]]:
    """By dimension, what an account is counted under."""
    return {name: (getattr(account, name) or UNKNOWN,) for name in OF_ACCOUNT}
