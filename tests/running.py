"""A whole assistant for tests and benchmarks, on free ports: real Rasa, real index, and either a
copy of the demo shop's database with the real generator, or one of the shops to test with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bot.commands import lookups
from bot.evaluation.throwaway import Throwaway, copy_state, link_model, own
from bot.settings import Settings
from bot.terminal.launch import PROGRAM
from data.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from tests.shops.files import ShopFiles


class System(Throwaway):
    """A running assistant; its clock starts at `moment`, and is the real one without."""

    ready_s: float
    """From the start of the process to readiness."""

    def __init__(
        self, settings: Settings, *, traced: bool, moment: datetime | None = None, **chosen: Any
    ) -> None:
        program = PROGRAM if moment is None else ("-m", "tests.at", moment.isoformat())
        super().__init__(settings, traced=traced, program=program, **chosen)
        self._moment = moment

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return super().__enter__()

    def now(self) -> datetime:
        if self._moment is None:
            return super().now()
        return self._moment + timedelta(seconds=time.monotonic() - self._started)

    def log(self, name: str) -> str:
        return (self.settings.state / "log" / name).read_text("utf-8", errors="replace")


@contextmanager
def running(folder: Path, *, traced: bool = True, **settings: object) -> Iterator[System]:
    """Start everything with a state folder of its own in `folder`; stop it by its process.

    Raises `NotSetUp`, and `SystemFailed` when it does not start.
    """
    state = folder / "state"
    copy_state(Settings(), state)
    with _started(state, traced=traced, **settings) as system:
        yield system


@contextmanager
def running_shop(files: ShopFiles, folder: Path) -> Iterator[System]:
    """Start everything for a shop to test with, on the day of these shops: its catalogue imported
    and indexed in `folder`, Rasa's model the one of set-up, the generator off.

    Raises `NotSetUp`, and `SystemFailed` when it does not start.
    """
    from tests.shops import load

    state = folder / "state"
    link_model(Settings(), state)
    settings = load.build_state(files, state)
    lookups.export(UnitOfWork.at(settings.database), state / lookups.FILE)
    moment = load.moment(settings)
    with _started(state, moment=moment, shop=files.folder, generator="off") as system:
        yield system


@contextmanager
def _started(
    state: Path, *, traced: bool = True, moment: datetime | None = None, **settings: object
) -> Iterator[System]:
    chosen = own(state, **settings)
    with System(Settings(**chosen), traced=traced, moment=moment, **chosen) as system:
        began = time.monotonic()
        system.parts = system.wait(needed=("database", "index", "rasa", "generator"))
        system.ready_s = round(time.monotonic() - began, 1)
        yield system
