"""Shows how the set-up goes: a living block of lines on a terminal, one line an event elsewhere.

Everything goes to standard error, so that standard output stays the program's own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
import time
import unicodedata
from collections.abc import Sequence
from typing import TextIO

from install.steps import Step

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 24  # characters
_PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)? ?%")
_OF = re.compile(r"(\d+(?:\.\d+)?) ?(?:/|of) ?(\d+(?:\.\d+)?)")


def took(seconds: float) -> str:
    """A duration as people read it: 8 s, 2 min 05 s."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def share_done(line: str) -> float | None:
    """How far a program is, from a line of its own progress (`45 %`, `3/22`, `3 of 22`)."""
    percent = _PERCENT.search(line)
    if percent and int(percent[1]) <= 100:
        return int(percent[1]) / 100
    of = _OF.search(line)
    if of and float(of[2]) > 0 and float(of[1]) <= float(of[2]):
        return float(of[1]) / float(of[2])
    return None


def bar(share: float, width: int = _BAR) -> str:
    """A bar that is filled to this share, 0 to 1."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "━" * full + "─" * (width - full)


def clip(text: str, columns: int) -> str:
    """The text cut to this many terminal columns (a Chinese character takes two)."""
    used = 0
    for place, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns:
            return text[: max(0, place - 1)] + "…"
    return text


def _painted(text: str, code: int) -> str:
    """In a colour (or faint), unless the person wants none (no-color.org)."""
    return text if os.environ.get("NO_COLOR") else f"\x1b[{code}m{text}\x1b[0m"


class Display:
    """What a run tells the person. This one says nothing; failures are printed by the caller."""

    def say(self, text: str) -> None:
        """A sentence about the run as a whole; may come before begin()."""

    def begin(self, steps: Sequence[Step]) -> None:
        """The steps that are about to run."""

    def started(self, step: Step) -> None:
        """A step runs now."""

    def note(self, step: Step, line: str) -> None:
        """A line that the step's program printed."""

    def finished(self, step: Step, seconds: float) -> None:
        """A step is done."""

    def failed(self, step: Step) -> None:
        """A step came to no good end."""

    def end(self) -> None:
        """The run is over, well or not."""


class PlainDisplay(Display):
    """One line when a step starts and one when it ends: for logs, pipes and CI."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._planned: set[str] = set()  # names; a step can join when an earlier one undid it
        self._done = 0

    def say(self, text: str) -> None:
        self._print(text)

    def begin(self, steps: Sequence[Step]) -> None:
        self._planned = {step.name for step in steps}

    def started(self, step: Step) -> None:
        self._planned.add(step.name)
        self._print(f"{step.title} …")

    def finished(self, step: Step, seconds: float) -> None:
        self._done += 1
        self._print(f"[{self._done}/{len(self._planned)}] {step.title}: done in {took(seconds)}")

    def failed(self, step: Step) -> None:
        self._print(f"{step.title}: failed")

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)


class TerminalDisplay(Display):
    """A line a running step with its time and last words, and a bar over all steps."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Step, float]] = {}
        self._words: dict[str, str] = {}
        self._planned: set[str] = set()
        self._done = 0
        self._began = time.monotonic()
        self._drawn = 0  # lines of the block on the screen
        self._frame = 0
        self._over = threading.Event()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def say(self, text: str) -> None:
        with self._lock:
            self._wipe()
            self._out.write(text + "\n")
            self._out.flush()

    def begin(self, steps: Sequence[Step]) -> None:
        self._planned = {step.name for step in steps}
        self._began = time.monotonic()
        self._painter.start()

    def started(self, step: Step) -> None:
        with self._lock:
            self._planned.add(step.name)
            self._running[step.name] = (step, time.monotonic())

    def note(self, step: Step, line: str) -> None:
        with self._lock:
            self._words[step.name] = line

    def finished(self, step: Step, seconds: float) -> None:
        with self._lock:
            self._done += 1
            self._close(step, f"{_painted('✓', 32)} {step.title}  {_painted(took(seconds), 2)}")

    def failed(self, step: Step) -> None:
        with self._lock:
            self._close(step, f"{_painted('✗', 31)} {step.title}")

    def end(self) -> None:
        self._over.set()
        if self._painter.is_alive():
            self._painter.join()
        with self._lock:
            self._wipe()
            self._out.flush()

    def _close(self, step: Step, line: str) -> None:
        self._running.pop(step.name, None)
        self._wipe()
        self._out.write(line + "\n")
        self._draw()

    def _paint(self) -> None:
        while not self._over.wait(0.12):
            with self._lock:
                self._frame += 1
                self._wipe()
                self._draw()

    def _wipe(self) -> None:
        if self._drawn:
            # Line by line: a screen cleared from its top would go into some terminals' history.
            self._out.write("\x1b[A\x1b[2K" * self._drawn)
        self._drawn = 0

    def _draw(self) -> None:
        columns = shutil.get_terminal_size().columns - 1
        now = time.monotonic()
        lines = []
        for name, (step, since) in self._running.items():
            words = self._words.get(name, "")
            share = share_done(words)
            gauge = f"{bar(share, 12)} " if share is not None else ""
            frame = _FRAMES[self._frame % len(_FRAMES)]
            lines.append(f"{frame} {step.title}  {took(now - since)}  {gauge}{words}")
        total = len(self._planned)
        share = self._done / total if total else 1.0
        lines.append(f"  {bar(share)} {self._done}/{total} steps, {took(now - self._began)}")
        self._out.write("".join(clip(line, columns) + "\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)


def choose_display(quiet: bool) -> Display:
    """The display that fits where standard error goes."""
    if quiet:
        return Display()
    return TerminalDisplay() if sys.stderr.isatty() else PlainDisplay()
