"""Runs the assistant: Rasa as a child process, the public door and the action endpoint here.

`serve` runs all of it, `gateway` all but Rasa, which then runs elsewhere (SHOPGUIDE_RASA_URL).
Both return when they were told to stop (SIGINT, SIGTERM): running turns end first. Rasa is started
anew, with growing pauses, whenever it dies; readiness is false meanwhile. Raises `SystemFailed`
and the packages' own errors when the assistant cannot start.
"""

from __future__ import annotations

import asyncio
import gc
import math
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvloop
from starlette.types import ASGIApp

from bot.gateway import logs
from bot.gateway.server import Retire, Server, create_server
from bot.runtime.processes import SystemFailed, bound, environment, last_words, leashed, open_log
from bot.settings import ROOT, Settings

if TYPE_CHECKING:
    from data.unit_of_work import UnitOfWork

log = structlog.get_logger("system")

Tell = Callable[[str], None]

# Dictionaries load at their first use, which must not be a customer's turn.
_FIRST_QUESTIONS = ("订单满多少包邮？", "How much is delivery?")
_TERMINATE_S = 10  # for a request that it still works on; what hangs longer is killed
# How long a thread that computes may keep the event loop waiting; Python's own 5 ms are as much as
# the gateway may add to a turn, which goes back and forth between the two several times.
_SWITCH_S = 0.0005
_STEADY_S = 60  # a Rasa that ran this long had no trouble starting
_LONGEST_PAUSE_S = 30  # a shop without its assistant for half a minute more, at worst


@dataclass(frozen=True)
class Parts:
    """The two applications, and whether Rasa answers them. `notice` is what the person who starts
    them should know, or empty. `retire` lets the running turns end, before anything stops.
    `where` says on which page it can be tried, or is empty."""

    public: ASGIApp
    actions: ASGIApp
    rasa_answers: Callable[[], Awaitable[bool]]
    notice: str = ""
    retire: Retire | None = None
    where: str = ""


def serve(settings: Settings, *, traced: bool = False) -> None:
    """Run the whole assistant until told to stop. `traced` sends a `trace` event with each turn."""
    python = ROOT / ".venv-rasa" / "bin" / "python"
    if not python.exists():
        raise SystemFailed("Rasa's environment is missing. Run `make setup`.")
    bound(settings.rasa_host, settings.rasa_port, "SHOPGUIDE_RASA_PORT").close()
    rasa = RasaProcess(
        leashed([str(python), str(ROOT / "bot" / "rasa" / "serve.py")]),
        rasa_environment(settings),
        settings.state / "log" / "rasa.log",
    )
    logs.configure(settings.log_level)
    uvloop.run(run(settings, lambda: load(settings, traced=traced), rasa))


def gateway(settings: Settings) -> None:
    """Run the public door and the action endpoint until told to stop."""
    logs.configure(settings.log_level)
    uvloop.run(run(settings, lambda: load(settings), None))


def rasa_environment(settings: Settings) -> dict[str, str]:
    """What bot/rasa/serve.py is told; settings may come from a file that it does not read."""
    host = settings.actions_host
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # read, not bound
    host = f"[{host}]" if ":" in host else host
    return environment(
        SHOPGUIDE_STATE=settings.state.resolve(),
        SHOPGUIDE_ACTIONS_URL=f"http://{host}:{settings.actions_port}/webhook",
        SHOPGUIDE_RASA_HOST=settings.rasa_host,
        SHOPGUIDE_RASA_PORT=settings.rasa_port,
        # Rasa's own lock on a conversation lies in Redis when there is one and outlives a Rasa that
        # died: by a minute, if it were left alone.
        TICKET_LOCK_LIFETIME=os.environ.get("TICKET_LOCK_LIFETIME")
        or math.ceil(settings.turn_timeout_s),
    )


def load(settings: Settings, *, traced: bool = False) -> Parts:
    """All that this process serves. Takes seconds, the imports too, so that they stand here."""
    from bot.app import create_app
    from bot.bootstrap import bootstrap, create_actions_app, create_channels, create_gateway
    from bot.channels.webhooks import webhooks
    from bot.commands.trial import create_trial
    from demo.storefront import create_site

    services = bootstrap(settings)
    for question in _FIRST_QUESTIONS:
        services.retriever.search(question, k=1)
    notice = ""
    if settings.generator != "off" and not services.writer.ready():
        notice = (
            f"The language model {settings.generator} could not be loaded: answers quote the "
            "shop's texts instead. `shopguide doctor` says what is missing."
        )
    gateway = create_gateway(settings, services, traced=traced)
    site, where = None, ""
    if loaded_demo(services.unit_of_work) and settings.is_demo and settings.demo_shop:
        site, where = create_site(services, settings), "in the demo shop"
        gateway.identities.trust_demo(settings.storefront_key)
    elif settings.demo_shop:
        site, where = create_trial(services.rules), "on its own page"
    channels = create_channels(settings, services, gateway)
    public = create_app(gateway, routers=[webhooks(channels)], link_codes=channels, site=site)
    return Parts(
        public, create_actions_app(services), gateway.rasa.ready, notice, gateway.retire, where
    )


def loaded_demo(unit_of_work: Callable[[], UnitOfWork]) -> bool:
    """Whether the demo shop was loaded into the database. Raises `SystemFailed` where there are
    customers beside its own: anybody may be one of those, and their orders count among all."""
    from data.repositories import DEMO

    with unit_of_work() as uow:
        demo = uow.marks.has(DEMO)
        if demo and uow.customers.any_real():
            raise SystemFailed(
                "This database holds the demo shop, as whose customers anybody may sign in, and "
                "customers of your own. Import your shop into a database of its own: set "
                "SHOPGUIDE_STATE or SHOPGUIDE_DATABASE_URL to a new one, then run `make setup` and "
                "`shopguide import`."
            )
        return demo


async def run(
    settings: Settings,
    load: Callable[[], Parts],
    rasa: RasaProcess | None,
    *,
    tell: Tell = lambda line: print(line, flush=True),
) -> None:
    """Start everything, wait for a signal, stop in order. `load` is slow and runs in a thread
    while Rasa starts."""
    sys.setswitchinterval(_SWITCH_S)
    public = bound(settings.host, settings.port, "SHOPGUIDE_PORT")
    private = bound(settings.actions_host, settings.actions_port, "SHOPGUIDE_ACTIONS_PORT")
    servers: list[tuple[Server, asyncio.Task[None]]] = []

    def listen(app: ASGIApp, held: socket.socket, retire: Retire | None = None) -> None:
        server = create_server(app, settings, retire)
        servers.append((server, asyncio.create_task(server.serve([held]))))

    async def work() -> None:
        parts = await _in_daemon(load)
        # What is loaded stays: to look through it for garbage would stop every turn for 0.1 s.
        gc.collect()
        gc.freeze()
        # In the order in which they stop: turns that still run need the actions.
        listen(parts.public, public, parts.retire)
        listen(parts.actions, private)
        await _announce(settings, parts, rasa, tell)
        await asyncio.wait([task for _, task in servers], return_when=asyncio.FIRST_COMPLETED)
        raise SystemFailed("The assistant stopped listening; its log says why.")

    working = asyncio.create_task(work())
    tasks = {working, asyncio.create_task(_told_to_stop())}
    if rasa is not None:
        tasks.add(asyncio.create_task(rasa.supervise()))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # raises what ended it
    finally:
        working.cancel()
        for server, serving in servers:
            server.should_exit = True
            await asyncio.wait([serving])
        if rasa is not None:
            await rasa.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        public.close()
        private.close()


async def _told_to_stop() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()


async def _announce(settings: Settings, parts: Parts, rasa: RasaProcess | None, tell: Tell) -> None:
    if parts.notice:
        tell(parts.notice)
    while not await parts.rasa_answers():  # noqa: ASYNC110  # it cannot tell us
        await asyncio.sleep(0.3)
    if rasa is not None:
        rasa.was_ready = True
    if parts.where:
        tell(f"Shopguide is ready: try it {parts.where}, {settings.address} (Ctrl-C stops it).")
    else:
        tell(f"Shopguide is ready at {settings.address} (Ctrl-C stops it).")


async def _in_daemon(load: Callable[[], Parts]) -> Parts:
    """`load` in a thread that does not hold the process back when it is told to stop meanwhile."""
    loop = asyncio.get_running_loop()
    loaded: asyncio.Future[Parts] = loop.create_future()

    def settle(deliver: Callable[[], None]) -> None:
        if not loaded.done():
            deliver()

    def in_thread() -> None:
        try:
            parts = load()
            deliver = partial(loaded.set_result, parts)
        except Exception as error:
            deliver = partial(loaded.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, deliver)

    threading.Thread(target=in_thread, name="load", daemon=True).start()
    return await loaded


class RasaProcess:
    """Rasa as a child process that is started anew when it dies."""

    def __init__(
        self, command: list[str], env: dict[str, str], log_file: Path, *, pause_s: float = 1
    ) -> None:
        self._command = command
        self._env = env
        self._log_file = log_file
        self._first_pause_s = pause_s
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.was_ready = False
        """Set by whoever saw it answer: from then on a death is an accident, no wrong set-up."""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def supervise(self) -> None:
        """Keep it running. Returns after `stop`; raises `SystemFailed` when it cannot start."""
        pause = self._first_pause_s
        while not self._stopping:
            started = time.monotonic()
            since = self._log_file.stat().st_size if self._log_file.exists() else 0
            code = await self._live()
            if self._stopping:
                return
            if not self.was_ready:
                said = last_words(self._log_file, since) or f"exit code {code}"
                raise SystemFailed(f"Rasa does not start: {said}\nIts log: {self._log_file}")
            if time.monotonic() - started > _STEADY_S:
                pause = self._first_pause_s
            log.error("rasa died; starting it again", exit_code=code, in_s=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _live(self) -> int:
        with open_log(self._log_file) as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in a terminal is for us; turns that run still need it.
                start_new_session=True,
            )
        return await self._process.wait()

    async def stop(self) -> None:
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_TERMINATE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
