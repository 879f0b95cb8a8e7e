"""A play with a rhythm: a daily update, terms with a limit, severities, and somebody who may override a gate."""

from __future__ import annotations

from saveline.actions import deals
from tests.world import World

PLAY = """
playbook: rhythm
title: A rhythm
benefit: They hear from us before they have to ask.
applies: {causes: [price_pressure], segments: [enterprise]}
stages:
  triage:
    exit: answers.terms.sure
    tasks:
      - id: update
        title: Tell {{ account.name }} where we stand
        assign: [csm, lead]
        due: 4 business hours after start
        repeat: every 1 business day until stage ends
        form: {said: {text: short}}
        tell: [sponsor]
        severity:
          critical: {repeat: every 2 hours until stage ends, due: 1 hour after start}
      - id: terms
        title: Agree terms with {{ account.name }}
        assign: owner
        due: 10 business days after start
        form: {sure: {yes_no: true}, discount: {percent: {max: 50}, limit: discount, optional: true}}
  decide:
    tasks:
      - {id: sign, title: Sign, assign: [owner], due: 2 business days after start}
"""
SETTINGS = """
severities:
  - {severity: critical, title: Critical, score: 100, tell: [leadership.lead]}
  - {severity: normal, title: Normal}
override_by: [leadership.lead]
concessions:
  discount: [{by: owner, up_to: 10}, {by: finance.lead, up_to: 25}, {by: leadership.lead}]
"""


def with_rhythm(world: World) -> World:
    """The world with this play and its settings."""
    folder = world.settings.workspace
    (folder / "playbooks" / "rhythm.yaml").write_text(PLAY)
    settings = folder / "saveline.yaml"
    settings.write_text(settings.read_text() + SETTINGS)
    return world


def opened(world: World, score: int = 60) -> int:
    """A deal that runs the play; returns its id."""
    return deals.open_deal(world.desk, world.account(), causes=["price_pressure"], score=score).id
