"""The `shopguide` command with its clock set: `python -m tests.at MOMENT ARGUMENT…`.

MOMENT is an ISO time with an offset, from which the clock goes on. Rasa, a process of its own,
keeps the real time, which it uses for nothing that is told.
"""

from __future__ import annotations

import sys
from datetime import datetime

import time_machine


def main() -> None:
    moment = datetime.fromisoformat(sys.argv.pop(1))
    with time_machine.travel(moment, tick=True):
        from bot.commands.main import main as shopguide

        shopguide()


if __name__ == "__main__":
    main()
