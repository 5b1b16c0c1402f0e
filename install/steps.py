"""What the set-up consists of: the steps, what each needs, and the programs that each runs.

A step is done when its stamp holds the fingerprint of its inputs and its outputs exist. A step
that was interrupted has no stamp, and starts again from what is safe to keep (downloads).
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.rasa.environment import EMBEDDER, READING
from install import pythons, stamps
from install.errors import InstallError
from install.places import DEMO, JUDGE, SEARCH, Places


class Shell(Protocol):
    """Runs the programs of one step and keeps what they print in the step's log."""

    def run(
        self, *command: str | Path, env: Mapping[str, str] | None = None, ours: bool = False
    ) -> None:
        """Runs a program to its end; raises StepFailed with a sentence when it fails.

        A program of ours ends with that sentence itself, unless it crashes.
        """

    def attempt(self, *command: str | Path) -> bool:
        """Runs a program that may fail, and tells whether it did well."""

    def say(self, text: str) -> None:
        """Notes a line in the log, which is shown beside the step too."""


@dataclass(frozen=True)
class Step:
    """One part of the set-up."""

    name: str
    title: str  # as shown to the person
    action: Callable[[Shell], None]
    stamp: Path
    after: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()  # a change in their content makes the step run again
    words: tuple[str, ...] = ()  # so does a change of these
    outputs: tuple[Path, ...] = ()  # and so does the absence of one of these
    disk_mb: int = 0  # free space that the step takes, downloads included
    always: bool = False  # what it makes is out of sight (on a server), so it must look every time

    def made_from(self) -> str:
        return stamps.fingerprint(self.files, self.words)

    def is_done(self) -> bool:
        """Whether the step's work is there and up to date."""
        if self.always:
            return False
        if not all(output.exists() for output in self.outputs):
            return False
        return stamps.read(self.stamp) == self.made_from()


@dataclass(frozen=True)
class Options:
    """What a run of the set-up may vary."""

    generator: str = ""  # empty: the one that the settings name
    dev: bool = True  # the packages of the checks too
    rasa: bool = True  # or it runs elsewhere, as in docker-compose.yml


@dataclass
class Plan:
    """The steps of one installation, each after those that it needs."""

    places: Places
    options: Options = field(default_factory=Options)

    @property
    def generator(self) -> str:
        return self.options.generator or self.places.generator

    def steps(self) -> list[Step]:
        """All steps in an order in which each comes after those that it needs."""
        steps = [*self._environments(), *self._weights()]
        steps += [self._database(), self._index(), self._lookups()]
        if self.options.rasa:
            steps += [self._rasa_packages(), self._rasa_model()]
        return steps

    # The two environments -------------------------------------------------------------------

    def _environments(self) -> list[Step]:
        places, venv = self.places, self.places.venv
        locks = [places.locks / "main.txt"]
        if self.options.dev:
            locks.append(places.locks / "dev.txt")
        torch = tuple(places.locks / f"torch{kind}.txt" for kind in ("-cpu", "", "-cuda"))
        build = places.locks / "build.txt"
        return [
            Step(
                name="environment",
                title="Python environment",
                action=self._make_environment,
                # In the environment itself, so that they go when it goes.
                stamp=venv / "setup-environment.json",
                files=(places.locks / "tools.txt",),
                # Programs in an environment hold its address: a moved checkout needs a new one.
                words=(str(places.root),),
                outputs=(places.python, places.uv),
                disk_mb=150,
            ),
            Step(
                name="packages",
                title="Packages",
                action=lambda shell: self._uv_install(
                    shell, places.python, venv / "setup-packages.json", locks
                ),
                stamp=venv / "setup-packages.json",
                after=("environment",),
                files=(*locks, build),
                outputs=(places.python,),
                disk_mb=1200,
            ),
            Step(
                name="torch",
                title="PyTorch",
                action=self._install_torch,
                stamp=venv / "setup-torch.json",
                after=("environment",),
                files=torch,
                outputs=(places.python,),
                disk_mb=1200,
            ),
            Step(
                name="command",
                title="The shopguide command",
                action=lambda shell: write_command(places),
                stamp=venv / "setup-command.json",
                after=("environment", "packages", "torch"),
                files=(places.root / "install" / "steps.py",),
                outputs=(places.command,),
            ),
        ]

    def _make_environment(self, shell: Shell) -> None:
        places = self.places
        python = pythons.require_main()
        shell.say(f"Python {python.version} at {python.path}")
        shell.run(python.path, "-m", "venv", "--clear", places.venv)
        shell.run(
            *(places.python, "-m", "pip", "install", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "-r", places.locks / "tools.txt"),
        )

    def _uv_install(self, shell: Shell, python: Path, stamp: Path, locks: Sequence[Path]) -> None:
        # After an interruption a package may lie there half: put every one there anew.
        again = () if stamps.read(stamp) else ("--reinstall",)
        stamp.unlink(missing_ok=True)
        files = [word for lock in locks for word in ("-r", str(lock))]
        shell.run(
            *(self.places.uv, "pip", "install", "--python", python, "--no-deps"),
            *("--require-hashes", "--build-constraints", self.places.locks / "build.txt"),
            *again,
            *files,
            env={"UV_PYTHON_DOWNLOADS": "never"},
        )

    def _install_torch(self, shell: Shell) -> None:
        # By pip: it reads the settings of this machine that can lead to a CPU build; uv does not.
        places = self.places
        stamp = places.venv / "setup-torch.json"
        again = () if stamps.read(stamp) else ("--force-reinstall",)
        stamp.unlink(missing_ok=True)
        pip = (str(places.python), "-m", "pip", "install", "--disable-pip-version-check")
        locked = ("--no-deps", "--require-hashes", *again, "-r")
        # pip prefers a file whose hash the index states, so the CPU build must be asked for alone.
        if not shell.attempt(*pip, *locked, places.locks / "torch-cpu.txt"):
            shell.say("No CPU build of PyTorch is offered here: taking the usual one (larger).")
            shell.run(*pip, *locked, places.locks / "torch.txt")
        if is_cuda_build(places.venv):
            shell.run(
                *(places.uv, "pip", "install", "--python", places.python, "--no-deps"),
                *("--require-hashes", "-r", places.locks / "torch-cuda.txt"),
            )

    def _make_rasa_environment(self, shell: Shell) -> None:
        places = self.places
        stamp = places.rasa_venv / "setup-packages.json"
        if stamps.read(stamp) is None or not places.rasa_python.exists():
            python = pythons.require_rasa()
            shell.say(f"Python {python.version} at {python.path}")
            shell.run(
                *(places.uv, "venv", "--clear", "--python", python.path, places.rasa_venv),
                env={"UV_PYTHON_DOWNLOADS": "never"},
            )
        self._uv_install(shell, places.rasa_python, stamp, [places.rasa_lock])

    # What the assistant works with ----------------------------------------------------------

    def _weights(self) -> list[Step]:
        encoders = [EMBEDDER, READING, JUDGE]
        if is_weight_name(self.places.embedder) and self.places.embedder not in encoders:
            encoders.append(self.places.embedder)
        steps = [self._weight("embedder", "Encoders", encoders, 1300)]
        if is_weight_name(self.generator):
            # Each generator has a stamp of its own, so that going back to one costs nothing.
            steps.append(self._weight("generator", "Language model", [self.generator], 5500))
        return steps

    def _weight(self, name: str, title: str, weights: Sequence[str], disk_mb: int) -> Step:
        places = self.places

        def ensure(shell: Shell) -> None:
            shell.run(places.python, "-m", "weights", "ensure", *weights, ours=True)

        return Step(
            name=name,
            title=f"{title} ({', '.join(weights)})",
            action=ensure,
            stamp=places.stamps / f"weights-{'-'.join(weights)}.json",
            after=("packages", "torch"),
            files=(places.root / "weights",),
            words=(str(places.weights),),
            # The weights package writes its own stamp last, in a folder that appears whole.
            outputs=tuple(places.weights / weight / "weights.json" for weight in weights),
            disk_mb=disk_mb,
        )

    def _database(self) -> Step:
        places = self.places

        def prepare(shell: Shell) -> None:
            if places.is_demo and not places.asks_for_demo:
                raise InstallError(
                    "A state or a database of your own is set, and no shop. Name the shop's folder "
                    "with SHOPGUIDE_SHOP (`shopguide new-shop FOLDER` begins one), or the demo "
                    f"shop: SHOPGUIDE_SHOP={DEMO}"
                )
            _refuse_another_shop(places)
            # The demo shop's goods, people and orders are made up by its own package.
            what = ("demo",) if places.is_demo else ("data.prepare", "--shop", places.shop)
            url = places.database_url
            shell.run(places.python, "-m", *what, "--database", url, ours=True)
            places.holder.parent.mkdir(parents=True, exist_ok=True)
            places.holder.write_text(f"{places.shop.resolve()}\n", encoding="utf-8")

        file = places.database_file
        return Step(
            name="database",
            title="Database with the demo shop" if places.is_demo else "Database",
            action=prepare,
            stamp=places.stamps / "database.json",
            after=("packages",),
            files=(
                places.root / "data",
                *((places.root / "demo",) if places.is_demo else places.catalogue),
            ),
            words=(places.database_url, str(places.shop)),
            outputs=(file,) if file else (),
            disk_mb=100,
            always=file is None,
        )

    def _index(self) -> Step:
        places = self.places

        def build(shell: Shell) -> None:
            embedder = places.embedder
            own = () if embedder == SEARCH else ("--embedder", embedder)
            shell.run(
                *(places.python, "-m", "retrieval.build", "--database", places.database_url),
                *("--shop", places.shop, "--out", places.index, "--pages", places.pages, *own),
                ours=True,
            )

        return Step(
            name="index",
            title="Index of passages",
            action=build,
            stamp=places.stamps / "index.json",
            after=("embedder", "database"),
            files=(
                places.root / "retrieval",
                places.shop / "shop.yaml",  # its languages
                places.shop / "documents",
                places.pages,
                *places.catalogue,
                places.imported,
            ),
            words=(places.database_url, places.embedder),
            outputs=(places.index,),
            disk_mb=100,
        )

    def _lookups(self) -> Step:
        places, root = self.places, self.places.root

        def export(shell: Shell) -> None:
            # It reads the same settings.
            shell.run(places.python, "-m", "bot.commands.lookups", ours=True)

        return Step(
            name="lookups",
            title="Names of products for Rasa",
            action=export,
            stamp=places.stamps / "lookups.json",
            after=("database",),
            files=(
                root / "bot" / "commands" / "lookups.py",
                root / "retrieval" / "lexicon.py",
                *places.catalogue,
                places.imported,
            ),
            words=(places.database_url, str(places.shop)),
            outputs=(places.state / "lookups.json",),
        )

    def _rasa_packages(self) -> Step:
        places = self.places
        return Step(
            name="rasa-packages",
            title="Rasa",
            action=self._make_rasa_environment,
            stamp=places.rasa_venv / "setup-packages.json",
            after=("environment",),
            files=(places.rasa_lock, places.locks / "build.txt"),
            words=(str(places.root),),
            outputs=(places.rasa_python,),
            disk_mb=4500,
        )

    def _rasa_model(self) -> Step:
        places, root = self.places, self.places.root

        def train(shell: Shell) -> None:
            shell.run(
                places.rasa_python,
                root / "bot" / "rasa" / "train.py",
                env={
                    "SHOPGUIDE_STATE": str(places.state),
                    "SHOPGUIDE_SHOP": str(places.shop),
                    "RASA_TELEMETRY_ENABLED": "false",
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                    "PYTHONWARNINGS": "ignore",
                },
                ours=True,
            )

        return Step(
            name="rasa-model",
            title="Rasa's model",
            action=train,
            stamp=places.stamps / "rasa-model.json",
            after=("rasa-packages", "embedder", "lookups"),
            files=(
                root / "bot" / "rasa",
                root / "ground",
                root / "weights" / "reading.npz",
                root / "retrieval" / "text.py",
                root / "retrieval" / "lexicon.py",
                places.shop / "examples.yaml",
            ),
            outputs=(places.rasa_model,),
            disk_mb=200,
        )


def _refuse_another_shop(places: Places) -> None:
    """Two shops in one state would answer with each other's products."""
    if not places.holder.exists():
        return
    held = Path(places.holder.read_text(encoding="utf-8").strip())
    if held != places.shop.resolve():
        raise InstallError(
            f"{places.state} holds the shop of {held}. Give {places.shop} a state of its own, such "
            f"as SHOPGUIDE_STATE=var/{places.shop.name}; or, if it is the same shop in a new "
            f"place, delete {places.holder}."
        )


def choose(steps: Sequence[Step], names: Sequence[str]) -> list[Step]:
    """The named steps and all that they need; all steps when none is named."""
    if not names:
        return list(steps)
    known = {step.name: step for step in steps}
    wanted: set[str] = set()
    open_names = list(names)
    while open_names:
        name = open_names.pop()
        if name not in known:
            raise InstallError(f"There is no step {name!r}. The steps are: {', '.join(known)}.")
        if name not in wanted:
            wanted.add(name)
            open_names.extend(known[name].after)
    return [step for step in steps if step.name in wanted]


def is_weight_name(spec: str) -> bool:
    """Whether a setting names weights that the weights package fetches.

    A folder, a hub's name, a server's address and `off` are not fetched here.
    """
    return spec != "off" and "/" not in spec and not Path(spec).exists()


def is_cuda_build(venv: Path) -> bool:
    """Whether the torch in this environment is a CUDA build (torch/version.py says so)."""
    for version in venv.glob("lib/python3.*/site-packages/torch/version.py"):
        for line in version.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.partition(":")[0].strip() == "cuda":
                return value.strip() != "None"
    return False


_COMMAND = """\
#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import sys

from bot.commands.main import main

sys.exit(main())
"""


def write_command(places: Places) -> None:
    """Makes the checkout importable in .venv and puts the `shopguide` command there.

    The first lines are a shell's and Python's at once: unlike a #! line, they can hold an address
    of any length and with spaces.
    """
    site = next(places.venv.glob("lib/python3.*/site-packages"))
    (site / "shopguide.pth").write_text(f"{places.root}\n", encoding="utf-8")
    draft = places.command.with_name("shopguide.draft")
    draft.write_text(_COMMAND.format(python=shlex.quote(str(places.python))), encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(places.command)


def child_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a step's programs: this one, without what a terminal adds."""
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    env |= {"PYTHONUNBUFFERED": "1", "COLUMNS": "100"}
    if not sys.stderr.isatty():
        env["NO_COLOR"] = "1"
    return {**env, **(more or {})}
