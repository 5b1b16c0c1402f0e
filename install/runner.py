"""Runs the steps that are not done, side by side where they do not wait for each other."""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from install import stamps, trouble
from install.errors import InstallError, Interrupted, StepFailed
from install.places import Places
from install.progress import Display
from install.steps import Step, child_environment

_GRACE = 5.0  # seconds between asking a program to stop and making it


class StepShell:
    """Runs the programs of one step; a install.steps.Shell."""

    def __init__(self, step: Step, log: Path, cwd: Path, display: Display) -> None:
        self._step = step
        self._log = log
        self._cwd = cwd
        self._display = display
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")

    def say(self, text: str) -> None:
        with self._log.open("ab") as log:
            log.write(f"{text}\n".encode())
        self._display.note(self._step, text)

    def attempt(self, *command: str | Path) -> bool:
        return self._wait(command, None)[0] == 0

    def run(
        self, *command: str | Path, env: Mapping[str, str] | None = None, ours: bool = False
    ) -> None:
        code, printed = self._wait(command, env)
        if code != 0:
            raise StepFailed(self._step.title, trouble.explain(printed, code, ours), self._log)

    def stop(self) -> None:
        """Ends the running program and lets none start any more."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        # The group: pip and uv start programs of their own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _wait(
        self, command: Sequence[str | Path], env: Mapping[str, str] | None
    ) -> tuple[int, str]:
        """The program's exit code and what it printed; it has no standard input."""
        with self._lock:
            if self._stopped:
                raise Interrupted("stopped")
            try:
                process = subprocess.Popen(  # noqa: S603
                    [str(word) for word in command],
                    cwd=self._cwd,
                    env=child_environment(env),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise StepFailed(
                    self._step.title,
                    f"{command[0]} cannot be started: {error.strerror}.",
                    self._log,
                ) from error
            self._process = process
        assert process.stdout is not None  # noqa: S101
        with self._log.open("ab") as log:
            line = without_passwords(" ".join(map(str, command)))
            log.write(f"$ {line}\n".encode())
            start = log.tell()
            self._copy(process.stdout, log)
        code = process.wait()
        if self._stopped:
            raise Interrupted("stopped")
        with self._log.open("rb") as written:
            written.seek(start)
            return code, written.read().decode("utf-8", "replace")

    def _copy(self, source: IO[bytes], log: IO[bytes]) -> None:
        """Puts what the program prints into the log as it comes, its last line beside the step."""
        while chunk := os.read(source.fileno(), 8192):
            log.write(chunk)
            log.flush()
            line = trouble.last_line(chunk.decode("utf-8", "replace"))
            if line:
                self._display.note(self._step, line)


def without_passwords(text: str) -> str:
    """The text with the password of each URL in it left out."""
    return re.sub(r"(://[^\s:/@]*):[^\s/@]*@", r"\1:***@", text)


@contextlib.contextmanager
def only_one(places: Places, display: Display) -> Iterator[None]:
    """Waits while another set-up of this installation runs, so that two do not write the same."""
    places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    places.stamps.mkdir(parents=True, exist_ok=True)
    with (places.stamps / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            display.say("Another set-up of this checkout is running; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_space(places: Places, steps: Sequence[Step]) -> None:
    """Raises InstallError when the disks have less room than these steps take."""
    needs: dict[int, tuple[Path, int]] = {}
    for step in steps:
        folder = step.outputs[0] if step.outputs else places.root
        while not folder.exists():
            folder = folder.parent
        device = folder.stat().st_dev
        total = needs[device][1] if device in needs else 0
        needs[device] = (folder, total + step.disk_mb)
    for folder, mb in needs.values():
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < mb:
            raise InstallError(
                f"The set-up needs {mb / 1000:.1f} GB of free space on the disk of {folder}, and "
                f"{free / 1000:.1f} GB are free. Free some and run this again; SHOPGUIDE_WEIGHTS "
                "can put the weights on another disk."
            )


class Run:
    """One run over a set of steps."""

    def __init__(self, places: Places, steps: Sequence[Step], display: Display) -> None:
        self._places = places
        self._steps = steps
        self._display = display
        self._shells: dict[str, StepShell] = {}
        self._results: queue.Queue[tuple[Step, float, BaseException | None]] = queue.Queue()

    def execute(self) -> int:
        """Runs what is not done; returns how many steps ran.

        Raises StepFailed at the first failure, after stopping the others. Ctrl-C stops all.
        """
        if all(step.is_done() for step in self._steps):
            return 0
        with only_one(self._places, self._display):
            todo = [step for step in self._steps if not step.is_done()]
            check_space(self._places, todo)
            self._display.begin(todo)
            try:
                self._all()
            except BaseException:
                self._stop()
                raise
            finally:
                self._display.end()
        return len(self._shells)

    def _all(self) -> None:
        waiting = {step.name: step for step in self._steps}
        running: set[str] = set()
        while waiting or running:
            for step in list(waiting.values()):
                if not any(name in waiting or name in running for name in step.after):
                    del waiting[step.name]
                    # Asked only now, since a step can undo a later one's work: a new
                    # environment is an empty one.
                    if not step.is_done():
                        running.add(step.name)
                        self._start(step)
            if running:
                running.discard(self._await_one().name)

    def _await_one(self) -> Step:
        step, seconds, error = self._results.get()
        if error is not None:
            self._display.failed(step)
            raise error
        self._display.finished(step, seconds)
        return step

    def _start(self, step: Step) -> None:
        log = self._places.logs / f"install-{step.name}.log"
        self._shells[step.name] = StepShell(step, log, self._places.root, self._display)
        self._display.started(step)
        threading.Thread(target=self._perform, args=(step,), daemon=True).start()

    def _perform(self, step: Step) -> None:
        began = time.monotonic()
        shell = self._shells[step.name]
        error: BaseException | None = None
        try:
            # The inputs as they are now: a change while the step runs makes it run again.
            made_from = step.made_from()
            step.action(shell)
            missing = [str(output) for output in step.outputs if not output.exists()]
            if missing:
                raise InstallError(f"it ended well, but {', '.join(missing)} is not there.")
            stamps.write(step.stamp, made_from, time.monotonic() - began)
        except StepFailed as failed:
            error = failed
        except (InstallError, OSError) as failed:
            shell.say(str(failed))
            reason = str(failed)
            if isinstance(failed, OSError):
                reason = trouble.explain(reason, 1)
            error = StepFailed(step.title, reason, self._places.logs / f"install-{step.name}.log")
        except BaseException as failed:  # a fault in the set-up itself must not hang the run
            error = failed
        self._results.put((step, time.monotonic() - began, error))

    def _stop(self) -> None:
        stoppers = [threading.Thread(target=shell.stop) for shell in self._shells.values()]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()
