"""News of what changes around a task or a deal, in every form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from saveline.actions import deals, tasks
from tests.actions.attempts import people
from tests.rhythms import opened, with_rhythm
from tests.world import World

Letters = Callable[..., None]


@pytest.fixture
def rhythm(lite: World) -> World:
    return with_rhythm(lite)


def test_a_task_is_no_longer_needed(rhythm: World, letters: Letters) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True)
    letters("news", "ana", "news_not_needed", news="not_needed")


def test_several_tasks_follow_the_people(rhythm: World, letters: Letters) -> None:
    people(rhythm, "ana", "away: [{from: 2026-11-24, to: 2026-11-27, substitute: bob@x.example}]")
    opened(rhythm)
    rhythm.at(datetime(2026, 11, 24, 12, tzinfo=UTC))
    letters("news", "bob", "news_followed_to", news="followed")
    letters("news", "ana", "news_followed_from", news="followed")


def test_one_task_follows_as_a_task(rhythm: World, letters: Letters) -> None:
    opened(rhythm)
    rhythm.done("ana", "update", said="We look into it.")
    people(rhythm, "ana", "away: [{from: 2026-11-20, to: 2026-11-27, substitute: bob@x.example}]")
    rhythm.pass_time(minutes=1)
    letters("assigned", "bob", "assigned_followed")


def test_a_deal_gets_another_owner(rhythm: World, letters: Letters) -> None:
    opened(rhythm)
    people(rhythm, "ana", "active: false")
    rhythm.pass_time(minutes=1)
    letters("news", "bob", "news_owner", news="owner")


def test_no_answer_from_the_customer(rhythm: World, letters: Letters) -> None:
    opened(rhythm)
    ref, until = rhythm.ref("terms"), rhythm.now + timedelta(days=5)
    tasks.wait_for_customer(rhythm.desk, ref, rhythm.by("ana"), until=until, reason="Their lawyers read it.")
    rhythm.at(until)
    letters("news", "ana", "news_no_answer", news="no_answer")


def test_an_approval_is_asked_for_given_and_refused(rhythm: World, letters: Letters) -> None:
    opened(rhythm)
    rhythm.done("ana", "terms", sure=True, discount=20)
    letters("assigned", "dora", "assigned_approval")
    rhythm.done("dora", "approval", "refused", reason="Ten is what we gave others.")
    letters("news", "ana", "news_not_approved", news="approval")
    rhythm.done("ana", "terms", sure=True, discount=15)
    rhythm.done("dora", "approval", "approved")
    letters("news", "ana", "news_approved", news="approval")


def test_a_deal_is_critical(rhythm: World, letters: Letters) -> None:
    opened(rhythm, score=130)
    letters("news", "chris", "news_severity", news="severity")


def test_a_gate_is_overridden(rhythm: World, letters: Letters) -> None:
    opened(rhythm)
    until = rhythm.now + timedelta(days=7)
    deals.override_gate(rhythm.desk, 1, rhythm.by("chris"), until=until, reason="Their CEO gave me his word.")
    letters("news", "ana", "news_override", news="override")
