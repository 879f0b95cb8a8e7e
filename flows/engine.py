"""Runs the deployments of ``prefect.yaml`` on one machine, in this process: ``python -m flows.engine``.

Prefect schedules, shows and retries as ever, but a run is a task on this process's event loop, not a process of its
own: a fresh interpreter for each of two runs a minute costs a fifth of a processor core, and this costs a hundredth.
It ends on SIGTERM or SIGINT: no new run is begun, and what runs gets a moment to finish its transaction.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from httpx import HTTPError
from prefect import Flow, get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.flow_engine import run_flow_async
from prefect.schedules import Cron
from prefect.states import Cancelled, Crashed, Pending

from flows.shift import OVERLAPS
from saveline import clock
from saveline.files import shipped
from saveline.files.prefect import Deployment, read_deployments

LOOK_SECONDS: Final = 5.0
AHEAD: Final = timedelta(seconds=LOOK_SECONDS + 2)
KNOWN_EVERY: Final = 12
"""Looks after which it is asked whether the server still knows our deployments."""
GRACE_SECONDS: Final = 10.0

log = logging.getLogger(__name__)


class Engine:
    """Looks for scheduled runs and runs each at its time."""

    def __init__(self, client: PrefectClient) -> None:
        self._client = client
        self._deployments: list[Deployment] = []
        self._flows: dict[UUID, Flow[..., Any]] = {}
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._busy: Counter[UUID] = Counter()

    async def deploy(self, deployments: list[Deployment]) -> None:
        """Make the deployments known to the server, as `prefect deploy --all` would, but without a work pool."""
        self._deployments = deployments
        self._flows.clear()
        for described in deployments:
            flow = load(described.entrypoint)
            deployment = await flow.ato_deployment(
                described.name,
                description=described.description,
                parameters=described.parameters,
                schedules=[Cron(s.cron, timezone=s.timezone) for s in described.schedules],
            )
            assert isinstance(deployment, RunnerDeployment)
            deployment_id = await deployment.aapply()
            self._flows[deployment_id] = flow
            await self._bury(deployment_id)
            if "seconds" in flow.parameters.properties:  # a shift: the first need not wait for the next full minute
                await self._client.create_flow_run_from_deployment(deployment_id)

    async def _bury(self, deployment_id: UUID) -> None:
        """Runs that an earlier engine left when it was killed: nobody will end them, and the page should say so."""
        ours = DeploymentFilter.model_validate({"id": {"any_": [deployment_id]}})
        left = FlowRunFilter.model_validate({"state": {"type": {"any_": ["RUNNING", "PENDING"]}}})
        for run in await self._client.read_flow_runs(deployment_filter=ours, flow_run_filter=left):
            await self._client.set_flow_run_state(run.id, Crashed(message="its engine was killed"), force=True)

    async def run(self, stopped: asyncio.Event) -> None:
        """Until ``stopped``: look, run, look again. A server that is away for a while is waited for, and one that comes
        back with an empty database is told of the deployments again."""
        looks = 0
        while not stopped.is_set():
            looks += 1
            try:
                if looks % KNOWN_EVERY == 0 and not await self._known():
                    log.warning("Prefect's server has lost the deployments; they are made anew")
                    await self.deploy(self._deployments)
                await self._begin_due()
            except (HTTPError, PrefectHTTPStatusError) as error:
                log.warning("Prefect's server does not answer (%s); looking again", type(error).__name__)
            try:
                await asyncio.wait_for(stopped.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
        await self._wind_up()

    async def _known(self) -> bool:
        ours = DeploymentFilter.model_validate({"id": {"any_": list(self._flows)}})
        return len(await self._client.read_deployments(deployment_filter=ours)) == len(self._flows)

    async def _begin_due(self) -> None:
        before = clock.system() + AHEAD
        ids = list(self._flows)
        for run in await self._client.get_scheduled_flow_runs_for_deployments(ids, scheduled_before=before):
            if run.id not in self._running:
                task = asyncio.create_task(self._at_its_time(run))
                self._running[run.id] = task
                task.add_done_callback(partial(self._ended, run.id))

    async def _at_its_time(self, run: FlowRun) -> None:
        due: datetime | None = run.expected_start_time or run.next_scheduled_start_time
        await asyncio.sleep(max(0.0, due.timestamp() - clock.system().timestamp()) if due else 0.0)
        if run.deployment_id is None or run.deployment_id not in self._flows:
            return
        flow = self._flows[run.deployment_id]
        if self._busy[run.deployment_id] >= (2 if flow.name in OVERLAPS else 1):
            await self._client.set_flow_run_state(run.id, Cancelled(message="another shift of this flow is at work"))
            return
        proposed: OrchestrationResult[None] = await self._client.set_flow_run_state(run.id, Pending())
        if proposed.status != SetStateStatus.ACCEPT:
            return
        self._busy[run.deployment_id] += 1
        try:
            current = await self._client.read_flow_run(run.id)
            await run_flow_async(flow, flow_run=current, parameters=current.parameters, return_type="state")
        finally:
            self._busy[run.deployment_id] -= 1

    def _ended(self, run_id: UUID, task: asyncio.Task[None]) -> None:
        del self._running[run_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("run %s did not run", run_id, exc_info=error)

    async def _wind_up(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_SECONDS)


def load(entrypoint: str) -> Flow[..., Any]:
    """``flows.advance.advance`` → the flow. Raises ImportError, AttributeError."""
    module, _, name = entrypoint.rpartition(".")
    flow = getattr(import_module(module), name)
    assert isinstance(flow, Flow)
    return flow


async def main(folder: Path | None = None) -> None:
    """Deploy and run until told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    own = (folder or Path.cwd()) / "prefect.yaml"
    deployments = read_deployments(own if own.is_file() else shipped.folder("prefect.yaml"))
    async with get_client() as client:
        engine = Engine(client)
        await engine.deploy(deployments)
        log.info("%d deployments", len(deployments))
        await engine.run(stopped)


if __name__ == "__main__":
    asyncio.run(main())
