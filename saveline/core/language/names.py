"""The names a playbook may use, and checks of every way of using one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saveline.core.errors import one_of
from saveline.core.facts import Fact
from saveline.core.language.problems import Findings, Place
from saveline.core.moments import ANCHORS, Moment
from saveline.core.people import Assignee, Chain, Claim, Lead, Link, Manager, Named, Pick, Role
from saveline.core.play import Field
from saveline.core.workspace import Workspace

ACCOUNT_FACTS = ("key", "name", "segment", "vertical", "region", "arr", "renewal", "health", "left_on", "runway_days")
DEAL_FACTS = ("stage", "causes", "arr", "score", "deciding", "severity")


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
    severities: tuple[str, ...] = ()
    concessions: tuple[str, ...] = ()

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
            severities=tuple(s.key for s in workspace.severities),
            concessions=tuple(workspace.concessions),
        )

    def facts(self, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """What a condition may name, nested; ``answers`` are the forms of the tasks there are.

        Where only some values are possible they stand in the place of None: a condition that asks for another is wrong.
        """
        return {
            "account": dict.fromkeys((*ACCOUNT_FACTS, *self.account_fields)),
            "deal": {
                **dict.fromkeys(DEAL_FACTS),
                "stage": self.stages,
                "causes": self.causes,
                "severity": self.severities or None,
            },
            "answers": answers,
        }


def values_of(question: Field) -> tuple[str | bool, ...] | None:
    """The answers a question can have, where they can be counted."""
    if question.kind == "yes_no":
        return (True, False)
    return question.choices or None


def check_chain(
    found: Findings, place: Place, chain: Chain, names: Names, *, claimed: bool = False, assigned: bool = True
) -> None:
    """The names in a chain. ``claimed``: a department may be offered it; ``assigned``: somebody has the task."""
    for i, link in enumerate(chain):
        check_link(found, (*place, i), link, names)
        if isinstance(link, Claim) and not claimed:
            found.add((*place, i), f"{{claim: {link.department}}} is for tasks", "somebody who is told")
        of = link.of if isinstance(link, Manager) else link
        if isinstance(of, Assignee) and not assigned:
            found.add((*place, i), f"{link} is nobody yet", "a role, a lead, the owner or a person")


def check_link(found: Findings, place: Place, link: Link, names: Names) -> None:
    match link:
        case Role(name):
            found.known(place, "role", name, (*names.roles, "owner", "assignee", "lead"))
        case Lead(department) if department is not None:
            found.known(place, "department", department, names.departments)
        case Named(email) if names.emails:
            found.known(place, "person", email.casefold(), names.emails)
        case Pick(department=department) | Claim(department=department):
            found.known(place, "department", department, names.departments)
        case Manager(of):
            check_link(found, place, of, names)


def check_moment(
    found: Findings,
    place: Place,
    moment: Moment,
    tasks: tuple[str, ...],
    names: Names,
    *,
    anchors: tuple[str, ...] = ANCHORS,
) -> None:
    """The anchor of a moment; ``anchors`` are those that mean something where it stands."""
    anchor = moment.anchor
    if anchor.kind == "done":
        found.known(place, "task", anchor.name, tasks)
    elif anchor.kind == "field":
        known = (*anchors, *(f"{t} done" for t in tasks), *names.date_fields)
        found.known(place, "anchor", anchor.name, known)
    elif anchor.kind not in anchors:
        found.add(place, f"{str(moment)!r} counts from {anchor.kind}", f"one that counts from {one_of(anchors)}")
