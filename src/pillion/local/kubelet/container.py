"""The life of one container: its runs one after the other, their hooks and probes, and its end."""

import asyncio
import datetime as dt
import os
import signal
from collections.abc import Callable
from pathlib import Path

from pillion.local.kubelet import images, instance, probing
from pillion.local.kubelet.logs import ContainerLog, Pump
from pillion.local.kubelet.network import PodNetwork
from pillion.local.kubelet.policy import probes, restart
from pillion.local.kubelet.policy import status as statuses
from pillion.local.kubelet.settings import KubeletSettings
from pillion.local.kubelet.spec import env, security, volumes
from pillion.local.kubelet.spec.pod import Container, Handler, Pod, Probe
from pillion.value import Value

RETRY_CONFIG = 1.0
"""Seconds until a container whose ConfigMap or Secret is missing is tried again."""
HOOK_TIMEOUT = 120.0
"""Seconds that a postStart hook may take: Istio's waits for the proxy that long."""


class Surroundings(Value):
    """What a container needs of its pod and its kubelet."""

    pod: Pod
    pid: int
    """Of the pod's PID 1."""
    addresses: tuple[str, ...]
    settings: KubeletSettings
    network: PodNetwork
    lookup: env.Lookup
    folder: Path
    """Of the pod's logs."""


def now() -> str:
    """Return the time as Kubernetes writes it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ContainerLife:
    """One container over all of its runs."""

    def __init__(self, spec: Container, around: Surroundings, log: ContainerLog, changed: Callable[[], None]) -> None:
        """Hold a container that is not started yet; `changed` is called whenever its status is another."""
        self.spec = spec
        self.status = statuses.ContainerStatus(name=spec.name)
        self.launched = asyncio.Event()
        """Set when the first run began and its postStart hook ended: the next container may start."""
        self.started = asyncio.Event()
        """Set when the startup probe of the first run succeeded, or there is none."""
        self._around = around
        self._log = log
        self._changed = changed
        self._history = restart.History()
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()
        self._grace = 0.0
        self._target: probing.Target | None = None
        self._began = False
        self._began_at = 0.0

    def _set(self, status: statuses.ContainerStatus) -> None:
        if status != self.status:
            self.status = status
            self._changed()

    def _with(self, state: statuses.State, ready: bool = False, started: bool = False) -> statuses.ContainerStatus:
        last = self.status.state if isinstance(self.status.state, statuses.Terminated) else self.status.last
        return statuses.ContainerStatus(
            name=self.spec.name,
            state=state,
            last=None if isinstance(state, statuses.Terminated) and last is state else last,
            ready=ready,
            started=started,
            restarts=self._history.restarts,
        )

    @property
    def target(self) -> probing.Target | None:
        """Return the run that commands can be executed in, if one runs."""
        return self._target

    async def keep(self, policy: str) -> int:
        """Run the container until its policy lets it rest, or `stop`; return its last exit code."""
        self._began = True
        loop = asyncio.get_running_loop()
        try:
            while True:
                begun = loop.time()
                code = await self._run_once()
                if not self.spec.lifecycle.post_start:
                    self.launched.set()  # it was, unless it could not be started: the next container does not care
                self._history = restart.ended(self._history, loop.time() - begun)
                if self._stopping.is_set() or not restart.starts_again(policy, code):
                    return code
                await self._back_off()
                if self._stopping.is_set():
                    return code
                self._history = restart.restarted(self._history)
        finally:
            self._over.set()
            self._log.close()

    async def _back_off(self) -> None:
        pause = restart.pause(self._history)
        message = f"back-off {pause:.1f}s restarting failed container={self.spec.name}"
        reason = "CrashLoopBackOff"
        self._set(self._with(statuses.Waiting(reason=reason, message=message)))
        await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until the container is to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _run_once(self) -> int:
        command = await self._command()
        if command is None:
            return 0
        try:
            self._log.begin(self._history.restarts)
            pump = Pump(self._log)
        except OSError as error:
            return self._end(128, now(), f"no log: {error}")
        try:
            return await self._logged(command, pump)
        except (instance.StartError, OSError) as error:
            pump.finish()
            return self._end(128, now(), str(error))
        finally:
            pump.finish()

    async def _logged(self, command: instance.Command, pump: Pump) -> int:
        streams = instance.Streams(stdout=pump.write_end, stderr=pump.write_end)
        try:
            run = await instance.start(self._around.pid, command, streams)
        finally:
            pump.started()
        try:
            return await self._attended(run, command, pump)
        finally:
            run.signal(signal.SIGKILL)
            run.sweep()
            run.close()

    async def _attended(self, run: instance.Instance, command: instance.Command, pump: Pump) -> int:
        began = now()
        self._began_at = asyncio.get_running_loop().time()
        self._target = probing.Target(
            container=self.spec,
            address=self._around.addresses[0] if self._around.addresses else "127.0.0.1",
            pid=run.pid,
            env=command.env,
            rights=command.rights,
            directory=command.directory,
        )
        try:
            self._set(self._with(statuses.Running(started_at=began)))
            async with asyncio.TaskGroup() as tasks:
                attention = tasks.create_task(self._attend(run, self._target))
                ending = tasks.create_task(self._end_when_told(run))
                code = await run.wait()
                attention.cancel()
                ending.cancel()
        finally:
            self._target = None
        await run.swept()
        pump.finish()
        return self._end(code, began, run.failure)

    def _end(self, code: int, began: str, failure: str = "") -> int:
        ended = statuses.terminated(code, began, now(), failure)
        if failure:
            self._log.write(f"pillion: {failure}\n".encode())
            ended = statuses.Terminated(
                exit_code=ended.exit_code, reason="StartError", message=failure, started_at=began, finished_at=now()
            )
        self._set(self._with(ended))
        return ended.exit_code

    async def _command(self) -> instance.Command | None:
        """Compute what to run; wait for ConfigMaps and Secrets that are not there yet. None when stopped meanwhile."""
        while not self._stopping.is_set():
            try:
                return command_of(self.spec, self._around)
            except env.MissingReferenceError as error:
                self._set(self._with(statuses.Waiting(reason="CreateContainerConfigError", message=str(error))))
                await self._pause(RETRY_CONFIG)
        return None

    async def _attend(self, run: instance.Instance, target: probing.Target) -> None:
        """Do what Kubernetes does beside a running container: its postStart hook, then its probes."""
        hook = self.spec.lifecycle.post_start
        if hook:
            answer = await probing.ask(hook, target, self._around.network, HOOK_TIMEOUT)
            if not answer.success:
                self._log.write(f"pillion: postStart hook failed: {answer.message}\n".encode())
                await self._condemn(run, None)
                return
        self.launched.set()
        if self.spec.startup_probe and not await self._until_started(run, target, self.spec.startup_probe):
            return
        self._set(self._with(self.status.state, ready=self.spec.readiness_probe is None, started=True))
        self.started.set()
        async with asyncio.TaskGroup() as tasks:
            if self.spec.readiness_probe:
                tasks.create_task(self._watch_readiness(target, self.spec.readiness_probe))
            if self.spec.liveness_probe:
                tasks.create_task(self._watch_liveness(run, target, self.spec.liveness_probe))

    async def _until_started(self, run: instance.Instance, target: probing.Target, probe: Probe) -> bool:
        state = probes.begin(healthy=False)
        while not state.healthy:
            state, answer = await self._ask(probe, state, target)
            if probes.has_given_up(probe, state):
                await self._unhealthy(run, "startup", probe, answer)
                return False
        return True

    async def _watch_readiness(self, target: probing.Target, probe: Probe) -> None:
        state = probes.begin(healthy=False)
        while True:
            state, _ = await self._ask(probe, state, target)
            self._set(self._with(self.status.state, ready=state.healthy, started=True))

    async def _watch_liveness(self, run: instance.Instance, target: probing.Target, probe: Probe) -> None:
        state = probes.begin(healthy=True)
        while True:
            state, answer = await self._ask(probe, state, target)
            if probes.has_given_up(probe, state):
                await self._unhealthy(run, "liveness", probe, answer)
                return

    async def _ask(
        self, probe: Probe, state: probes.ProbeState, target: probing.Target
    ) -> tuple[probes.ProbeState, probing.Answer]:
        await asyncio.sleep(probes.next_pause(probe, state))
        answer = await probing.ask(probe, target, self._around.network, max(1, probe.timeout_seconds))
        age = asyncio.get_running_loop().time() - self._began_at
        return probes.answered(probe, state, answer.success, age), answer

    async def _unhealthy(self, run: instance.Instance, kind: str, probe: Probe, answer: probing.Answer) -> None:
        self._log.write(f"pillion: {kind} probe failed, container will be restarted: {answer.message}\n".encode())
        await self._condemn(run, probe.termination_grace_period_seconds)

    async def _condemn(self, run: instance.Instance, grace: int | None) -> None:
        pod_grace = self._around.pod.spec.termination_grace_period_seconds
        await self._terminate(run, pod_grace if grace is None else grace)

    async def _terminate(self, run: instance.Instance, grace: float) -> None:
        """Ask, wait, force: preStop, SIGTERM, SIGKILL."""
        try:
            async with asyncio.timeout(grace):
                hook: Handler | None = self.spec.lifecycle.pre_stop
                if hook and self._target and not run.has_ended:
                    await probing.ask(hook, self._target, self._around.network, grace)
                run.signal(signal.SIGTERM)
                await run.wait()
        except TimeoutError:
            run.signal(signal.SIGKILL)
            run.sweep()

    async def stop(self, grace: float) -> None:
        """End the container for good, within `grace` seconds."""
        self._grace = grace
        self._stopping.set()
        if self._began:
            await self._over.wait()

    async def _end_when_told(self, run: instance.Instance) -> None:
        """End a run when the container is to stop, also when that was said while it was starting."""
        await self._stopping.wait()
        await self._terminate(run, self._grace)


def command_of(spec: Container, around: Surroundings) -> instance.Command:
    """Compute what to run for a container; raise env.MissingReferenceError for what it refers to and is not there."""
    settings, pod = around.settings, around.pod
    facts = settings.facts(around.addresses)
    rights = security.rights_of(spec, pod.spec.security_context)
    base = {"PATH": settings.path, "HOSTNAME": pod.hostname, "HOME": "/root" if rights.uid == 0 else "/"}
    variables = env.environment(spec, pod, facts, around.lookup, base)
    args = tuple(env.expand(word, variables) for word in spec.args)
    words = tuple(env.expand(word, variables) for word in spec.command)
    resolution = images.resolve(spec, args, words, settings.rules)
    own = {
        "ECHO_POD": pod.metadata.name,
        "ECHO_NAMESPACE": pod.metadata.namespace,
        "ECHO_SERVICE_ACCOUNT": pod.spec.service_account_name,
    }
    return instance.Command(
        argv=resolution.argv,
        env={**variables, **resolution.env, **(own if resolution.is_stand_in else {})},
        directory=spec.working_dir or (settings.directory if resolution.is_mapped else os.sep),
        rights=rights,
        binds=volumes.binds(spec, pod, variables),
    )
