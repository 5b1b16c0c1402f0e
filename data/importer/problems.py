"""What is wrong with the shop's files, gathered so that all of it is told at once; and what was
understood differently from how it stands there."""

from __future__ import annotations

from data.errors import ImportRejected

_MOST = 100
_SHOWN = 40  # characters of a value
_EXAMPLES = 3


class Problems:
    """Keeps the first hundred and counts the rest. `unit`: what places are counted in."""

    def __init__(self, unit: str = "line") -> None:
        self._unit = unit
        self._told: list[str] = []
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._told)

    def add(self, file: str, line: int | None, column: str | None, what: str) -> None:
        """`what` goes on after the place: "'x' is not …; write …"."""
        if len(self._told) >= _MOST:
            self._more += 1
            return
        place = [file]
        place += [f"{self._unit} {line}"] if line is not None else []
        place += [f"column {column}"] if column is not None else []
        self._told.append(f"{', '.join(place)}: {what}.")

    def reject(self) -> None:
        """Raises `ImportRejected` if there are any."""
        if self._told:
            raise ImportRejected(self._told, self._more)


class Notices:
    """Things that the owner should know and that stop nothing, each told once for all that it
    holds of."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}

    def add(self, what: str, of: str) -> None:
        """`what`: what was found and what became of it, such as "Prices below 0, left out"; `of`:
        the row that it holds of, as its owner knows it."""
        self._of.setdefault(what, []).append(of)

    def told(self) -> list[str]:
        lines = []
        for what, rows in self._of.items():
            named = ", ".join(rows[:_EXAMPLES]) + (", …" if len(rows) > _EXAMPLES else "")
            lines.append(f"{what}: {len(rows)} ({named}).")
        return lines


def shown(value: str) -> str:
    """A value in quotes, short enough for a line."""
    plain = "".join(c if c.isprintable() else "�" for c in value[: _SHOWN + 1])
    return f"'{plain[:_SHOWN]}…'" if len(plain) > _SHOWN else f"'{plain}'"
