"""Fault 20: a stateful model of the outbox and of a task's life, and a bug planted in each statement it watches."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.figures import measured
from tests.faults.model import Model, Store
from tests.faults.planted import OUTBOX_BUGS, Bug, mutated
from tests.world import World

STEPS = 40


def run(world: World, store: Store, examples: int, *, number: int, shrink: bool = True) -> None:
    """So many runs of 40 steps each, the same ones for the same number."""

    class Here(Model):
        pass

    Here.world, Here.store = world, store
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(Here), settings=chosen)


def test_the_model_holds(on_both: World) -> None:
    """Two workers, one rule, whatever hypothesis thinks of.

    Planted: everything in :data:`tests.faults.planted.OUTBOX_BUGS`, by the next test.
    """
    run(on_both, Store(), 25, number=1)
    measured(20, on_both, runs=25, seed=1)


@pytest.mark.parametrize("bug", OUTBOX_BUGS, ids=lambda b: b.name)
def test_the_model_finds_every_planted_bug(lite: World, bug: Bug) -> None:
    with pytest.raises(AssertionError):
        run(lite, mutated(bug), 400, number=1, shrink=False)


@pytest.mark.slow
def test_the_model_holds_for_six_hundred_runs(on_both: World) -> None:
    run(on_both, Store(), 600, number=2)
    measured(20, on_both, runs=600, seed=2)
