"""The errors of the set-up. Each is a sentence for the person at the terminal."""

from __future__ import annotations

from pathlib import Path


class InstallError(Exception):
    """Something that a person must mend before the set-up can go on; str() says what and how."""


class StepFailed(InstallError):
    """One step did not come to its end; `log` holds everything that it printed."""

    def __init__(self, step: str, reason: str, log: Path) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.log = log


class Interrupted(InstallError):
    """The set-up was told to stop: by Ctrl-C, by a signal, or because another step failed."""
