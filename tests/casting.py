"""Changes to the cast and its plays in the middle of a story, through the files that a workspace is made of."""

from __future__ import annotations

import json
from typing import Any

from ruamel.yaml import YAML

from tests.world import CAST, World


def entries(**changes: dict[str, Any] | None) -> str:
    """The cast as people.yaml says it, with other facts for those who are named: ``ana={"hours": "mon-fri 9-17"}``.

    A name that is not of the cast is somebody new; with None somebody is not in the file.
    """
    cast = {p["email"].partition("@")[0]: dict(p) for p in YAML(typ="safe").load(CAST / "people.yaml")["people"]}
    for name, facts in changes.items():
        if facts is None:
            cast.pop(name, None)
        else:
            new = {"email": f"{name}@x.example", "name": name.capitalize()}
            cast[name] = {**cast.get(name, new), **facts}
    return json.dumps({"people": list(cast.values())})


def people(world: World, **changes: dict[str, Any] | None) -> None:
    """people.yaml says the cast again with these changes, see :func:`entries`; who is no longer in it has left."""
    (world.settings.workspace / "people.yaml").write_text(entries(**changes))


def away(first: str, last: str, substitute: str | None = None) -> dict[str, Any]:
    """Facts of somebody who is away from ``first`` to ``last``."""
    stands_in = {"substitute": f"{substitute}@x.example"} if substitute else {}
    return {"away": [{"from": first, "to": last, **stands_in}]}


def play(world: World, *tasks: dict[str, Any], name: str = "champion-left", **keys: Any) -> None:
    """A play with one stage and these tasks, in place of the cast's."""
    written = {
        "playbook": name,
        "title": "A play of this story",
        "benefit": "None: it is a test.",
        "decide": "30 days before renewal",
        "stages": {"triage": {"tasks": [{"title": t["id"].capitalize(), **t} for t in tasks]}},
        **keys,
    }
    (world.settings.workspace / "playbooks" / f"{name}.yaml").write_text(json.dumps(written))
    problems = [p for p in world.desk.plays.problems if not p.warning]
    assert not problems, problems
