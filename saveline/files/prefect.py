"""``prefect.yaml``: the deployments in it, so that one file serves one machine and many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Fact


class Schedule(Fact, frozen=True):
    cron: str
    timezone: str = "UTC"


class Deployment(Fact, frozen=True):
    """One flow with its schedules; work pools, limits and triggers are for installations with workers."""

    name: str
    entrypoint: str
    description: str = ""
    parameters: dict[str, Any] = {}
    schedules: tuple[Schedule, ...] = ()


def read_deployments(path: Path) -> list[Deployment]:
    """The deployments of a Prefect project file. Raises Invalid for a file that is none.

    Prefect's own file may use anchors, which the strict reader refuses; it is the administrator's, like a crontab.
    """
    data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    try:
        return [_deployment(d) for d in data["deployments"]]
    except (KeyError, TypeError) as error:
        what = f"deployments cannot be read ({error})"
        raise Invalid([Problem(str(path), 1, 1, what, "deployments with name, entrypoint and schedules")]) from None


def _deployment(data: dict[str, Any]) -> Deployment:
    active = [s for s in data.get("schedules") or () if s.get("active", True)]
    return Deployment(
        data["name"],
        data["entrypoint"],
        data.get("description", ""),
        dict(data.get("parameters") or {}),
        tuple(Schedule(s["cron"], s.get("timezone", "UTC")) for s in active),
    )
