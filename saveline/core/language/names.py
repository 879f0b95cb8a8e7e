"""The names a playbook may use, and checks of every way of using one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saveline.core.facts import Fact
from saveline.core.language.problems import Findings, Place
from saveline.core.moments import ANCHORS, Moment
from saveline.core.people import Chain, Claim, Lead, Link, Manager, Named, Pick, Role
from saveline.core.workspace import Workspace

ACCOUNT_FACTS = ("key", "name", "segment", "vertical", "region", "arr", "renewal", "health", "runway_days")
DEAL_FACTS = ("stage", "causes", "arr", "score", "deciding")


class Names(Fact, frozen=True):
    """Everything that is defined outside the playbook: in saveline.yaml and people.yaml."""

    roles: tuple[str, ...]
    departments: tuple[str, ...]
    emails: tuple[str, ...]
    stages: tuple[str, ...]
    causes: tuple[str, ...]
    policies: tuple[str, ...]
    date_fields: tuple[str, ...]
    account_fields: tuple[str, ...]
    plays: tuple[str, ...] = ()

    @classmethod
    def of(cls, workspace: Workspace, emails: tuple[str, ...], plays: tuple[str, ...] = ()) -> Names:
        fields = workspace.account_fields
        return cls(
            roles=workspace.roles,
            departments=tuple(d.key for d in workspace.departments),
            emails=emails,
            stages=tuple(s.key for s in workspace.stages),
            causes=workspace.causes,
            policies=tuple(workspace.policies),
            date_fields=tuple(n for n, kind in fields.items() if kind == "date"),
            account_fields=tuple(fields),
            plays=plays,
        )

    def facts(self, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """What a condition may name, nested; ``answers`` are the forms of the tasks there are."""
        return {
            "account": dict.fromkeys((*ACCOUNT_FACTS, *self.account_fields)),
            "deal": dict.fromkeys(DEAL_FACTS),
            "answers": answers,
        }


def check_chain(found: Findings, place: Place, chain: Chain, names: Names) -> None:
    for link in chain:
        check_link(found, place, link, names)


def check_link(found: Findings, place: Place, link: Link, names: Names) -> None:
    match link:
        case Role(name):
            found.known(place, "role or word", name, ("owner", "assignee", "lead", *names.roles))
        case Lead(department) if department is not None:
            found.known(place, "department", department, names.departments)
        case Named(email) if names.emails:
            found.known(place, "person", email.casefold(), names.emails)
        case Pick(department=department) | Claim(department=department):
            found.known(place, "department", department, names.departments)
        case Manager(of):
            check_link(found, place, of, names)


def check_moment(found: Findings, place: Place, moment: Moment, tasks: tuple[str, ...], names: Names) -> None:
    anchor = moment.anchor
    if anchor.kind == "done":
        found.known(place, "task", anchor.name, tasks)
    elif anchor.kind == "field":
        found.known(place, "anchor", anchor.name, (*ANCHORS, *(f"{t} done" for t in tasks), *names.date_fields))
