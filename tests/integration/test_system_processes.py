"""The running system: a Rasa process that dies and comes back, and an orderly end.

Rasa is a small script here; the real one takes half a minute to start and is tested elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot.commands.serve import Parts, RasaProcess, run
from bot.runtime.processes import SystemFailed, environment, free_port, leashed
from bot.settings import Settings

RASA = """\
import http.server, sys

class Rasa(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Rasa).serve_forever()
"""


@dataclass
class Running:
    settings: Settings
    rasa: RasaProcess
    task: asyncio.Task[None]
    told: list[str] = field(default_factory=list)

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not happened():
                assert not self.task.done(), self.task.result()
                await asyncio.sleep(0.02)


def settings_in(folder: Path) -> Settings:
    ports = {name: free_port("127.0.0.1", 0) for name in ("port", "actions_port", "rasa_port")}
    return Settings(_env_file=None, state=folder, **ports)


def rasa_in(folder: Path, program: str, *arguments: object) -> RasaProcess:
    script = folder / "rasa.py"
    script.write_text(program)
    command = leashed([sys.executable, str(script), *map(str, arguments)])
    return RasaProcess(command, environment(), folder / "log" / "rasa.log", pause_s=0.01)


def parts_for(settings: Settings, public: FastAPI | None = None) -> Parts:
    async def rasa_answers() -> bool:
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False) as http:
                return (await http.get(settings.rasa)).is_success
        return False

    return Parts(public or FastAPI(), FastAPI(), rasa_answers, "Mind the step.")


@asynccontextmanager
async def running(folder: Path, public: FastAPI | None = None) -> AsyncIterator[Running]:
    settings = settings_in(folder)
    rasa = rasa_in(folder, RASA, settings.rasa_port)
    told: list[str] = []
    task = asyncio.create_task(
        run(settings, lambda: parts_for(settings, public), rasa, tell=told.append)
    )
    now = Running(settings, rasa, task, told)
    await now.until(lambda: len(told) == 2)
    try:
        yield now
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await task


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_tells_when_it_is_ready_and_ends_when_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path) as now:
            assert now.told[0] == "Mind the step."
            assert now.settings.address in now.told[1]
            pid = now.rasa.pid
            assert pid is not None
            async with httpx.AsyncClient(trust_env=False) as http:
                assert (await http.get(f"{now.settings.address}/docs")).is_success
                actions = f"http://127.0.0.1:{now.settings.actions_port}/docs"
                assert (await http.get(actions)).is_success
        assert not alive(pid)

    asyncio.run(scene())


def test_a_rasa_that_dies_comes_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running(tmp_path) as now:
            for _ in range(2):
                before = now.rasa.pid
                assert before is not None
                os.kill(before, signal.SIGKILL)
                await now.until(lambda before=before: now.rasa.pid != before)

    asyncio.run(scene())


def test_a_turn_that_runs_ends_before_the_system_does(tmp_path: Path) -> None:
    public = FastAPI()
    begun = asyncio.Event()

    @public.get("/turn")
    async def turn() -> str:
        begun.set()
        await asyncio.sleep(0.5)
        return "the answer"

    async def scene() -> None:
        async with (
            running(tmp_path, public) as now,
            httpx.AsyncClient(trust_env=False, timeout=20) as http,
        ):
            asking = asyncio.create_task(http.get(f"{now.settings.address}/turn"))
            await begun.wait()
            os.kill(os.getpid(), signal.SIGINT)
            assert (await asking).json() == "the answer"
            await now.task

    asyncio.run(scene())


def test_a_rasa_that_cannot_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    rasa = rasa_in(tmp_path, "raise SystemExit('There is no model; train it.')")
    with pytest.raises(SystemFailed, match=r"There is no model; train it\.\n.*rasa\.log"):
        asyncio.run(run(settings, lambda: parts_for(settings), rasa))


def test_what_cannot_be_loaded_ends_rasa_too(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    rasa = rasa_in(tmp_path, RASA, settings.rasa_port)

    def load() -> Parts:
        time.sleep(0.3)
        raise ValueError("no index")

    with pytest.raises(ValueError, match="no index"):
        asyncio.run(run(settings, load, rasa))
    assert rasa.pid is not None
    assert not alive(rasa.pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has this leash")
def test_a_leashed_program_ends_with_its_parent(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import subprocess, sys, time\n"
        f"command = {leashed([sys.executable, '-c', 'import time; print(1); time.sleep(60)'])!r}\n"
        "print(subprocess.Popen(command).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(parent)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        time.sleep(1)  # until it has put the leash on
        process.kill()
    deadline = time.monotonic() + 20
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether it still runs; one that has ended but that nobody collects does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False
