"""The command line of the set-up."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from install import audit, doctor, lock
from install.errors import InstallError, StepFailed
from install.places import ROOT, Places
from install.progress import choose_display
from install.runner import Run
from install.steps import Options, Plan, choose


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code: 0 done, 1 failed, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if arguments.command == "doctor":
            return doctor.main([])
        if arguments.command == "lock":
            lock.main(arguments.upgrade)
            return 0
        if arguments.command == "audit":
            return audit.main(arguments.sbom, arguments.advisories)
        if arguments.command == "steps":
            return _list_steps()
        return _set_up(arguments)
    except StepFailed as failed:
        print(f"\n{failed}\nAll that it printed: {failed.log}", file=sys.stderr)
        return 1
    except InstallError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What is done is kept; run it again to go on.", file=sys.stderr)
        return 130


def _set_up(arguments: argparse.Namespace) -> int:
    places = Places()
    options = Options(arguments.generator, dev=not arguments.no_dev, rasa=not arguments.no_rasa)
    plan = Plan(places, options)
    steps = choose(plan.steps(), arguments.only)
    for name in arguments.again:
        for step in choose(plan.steps(), [name])[-1:]:
            step.stamp.unlink(missing_ok=True)
    ran = Run(places, steps, choose_display(arguments.quiet)).execute()
    if not arguments.quiet:
        if ran:
            print("Everything is set up.", file=sys.stderr)
        elif arguments.say:
            print("Everything was set up already.", file=sys.stderr)
    return 0


def _list_steps() -> int:
    for step in Plan(Places()).steps():
        state = "done" if step.is_done() else "to do"
        after = f"  after {', '.join(step.after)}" if step.after else ""
        print(f"{step.name:14} {state:6} {step.title}{after}")
    return 0


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m install", description="Sets Shopguide up on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="do what is not done yet; safe to run at any time")
    setup.add_argument(
        "--only", nargs="+", default=[], metavar="STEP", help="these and their needs"
    )
    setup.add_argument("--again", nargs="+", default=[], metavar="STEP", help="repeat these")
    setup.add_argument("--generator", default="", metavar="NAME", help="another language model")
    setup.add_argument("--no-dev", action="store_true", help="without the packages of the checks")
    setup.add_argument("--no-rasa", action="store_true", help="without Rasa, which runs elsewhere")
    setup.add_argument("--say", action="store_true", help="say so when nothing was to do")
    setup.add_argument("-q", "--quiet", action="store_true", help="print failures only")
    commands.add_parser("steps", help="list the steps and which are done")
    commands.add_parser("doctor", help="what is installed, what is missing, how to mend it")
    audited = commands.add_parser(
        "audit", help="what is in the lock files, and what is known of it"
    )
    audited.add_argument("--sbom", type=Path, default=ROOT / "build" / "sbom.json", metavar="FILE")
    audited.add_argument("--advisories", type=Path, metavar="ZIP", help="OSV's, for no network")
    locks = commands.add_parser("lock", help="resolve the packages anew into the lock files")
    locks.add_argument("--upgrade", action="store_true", help="let locked versions move")
    return parser
