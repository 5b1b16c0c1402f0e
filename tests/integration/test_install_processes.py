"""The set-up with real programs: interpreters found, output logged, failures told, all stopped."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from install import pythons
from install.errors import InstallError, Interrupted, StepFailed
from install.places import Places
from install.progress import Display
from install.runner import StepShell
from install.steps import Step, write_command


class LastNote(Display):
    def __init__(self) -> None:
        self.line = ""
        self.came = threading.Event()

    def note(self, step: Step, line: str) -> None:
        self.line = line
        self.came.set()


def _shell(folder: Path, display: Display | None = None) -> StepShell:
    step = Step(name="s", title="A step", action=lambda shell: None, stamp=folder / "s.json")
    return StepShell(step, folder / "log" / "s.log", folder, display or Display())


def test_output_is_logged_and_its_last_line_shown(tmp_path: Path) -> None:
    display = LastNote()
    shell = _shell(tmp_path, display)
    shell.run(sys.executable, "-c", "print('one'); print('二')")
    assert display.line == "二"
    assert "one\n二\n" in (tmp_path / "log" / "s.log").read_text(encoding="utf-8")


def test_a_program_has_no_standard_input(tmp_path: Path) -> None:
    _shell(tmp_path).run(sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()))")


def test_a_failing_program_is_explained(tmp_path: Path) -> None:
    shell = _shell(tmp_path)
    program = "import sys; print('No space left on device'); sys.exit(1)"
    with pytest.raises(StepFailed, match="A step: the disk is full"):
        shell.run(sys.executable, "-c", program)
    refused = "import sys; print('Connection refused: is the shop open?'); sys.exit(1)"
    with pytest.raises(StepFailed, match="is the shop open"):
        shell.run(sys.executable, "-c", refused, ours=True)
    assert not shell.attempt(sys.executable, "-c", "raise SystemExit(2)")
    assert shell.attempt(sys.executable, "-c", "pass")


def test_an_earlier_attempt_does_not_explain_a_later_failure(tmp_path: Path) -> None:
    shell = _shell(tmp_path)
    shell.attempt(sys.executable, "-c", "print('No matching distribution'); raise SystemExit(1)")
    with pytest.raises(StepFailed, match="the real reason"):
        shell.run(sys.executable, "-c", "print('the real reason'); raise SystemExit(1)")


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="cannot be started"):
        _shell(tmp_path).run(tmp_path / "none")


def test_stopping_ends_the_program_and_what_it_started(tmp_path: Path) -> None:
    display = LastNote()
    shell = _shell(tmp_path, display)
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    caught: list[BaseException] = []

    def run() -> None:
        try:
            shell.run(sys.executable, "-c", program)
        except Interrupted as stopped:
            caught.append(stopped)

    thread = threading.Thread(target=run)
    thread.start()
    assert display.came.wait(30)
    shell.stop()
    thread.join(30)
    assert caught
    assert _ended(int(display.line))
    with pytest.raises(Interrupted):
        shell.run(sys.executable, "-c", "pass")


def _ended(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    for _ in range(100):
        try:
            if "State:\tZ" in status.read_text():
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_this_interpreter_is_probed_by_its_real_path() -> None:
    python = pythons.probe(sys.executable)
    assert python is not None
    assert python.version == "{}.{}".format(*sys.version_info)
    assert ".venv" not in python.path.parts
    assert pythons.probe("/bin/false") is None
    assert pythons.probe("/nowhere/python") is None


def test_pythons_are_looked_for_in_pyenv_and_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    with pytest.raises(InstallError, match=r"Rasa needs Python 3\.10 .* pyenv install 3\.10"):
        pythons.require_rasa()
    fake = tmp_path / "uv" / "cpython-3.10.9-linux" / "bin" / "python3.10"
    fake.parent.mkdir(parents=True)
    fake.write_text("#!/bin/sh\necho 3.10\necho /real/python3.10\n")
    fake.chmod(0o755)
    assert pythons.require_rasa().path == Path("/real/python3.10")
    shim = tmp_path / "python3.10"  # a pyenv shim whose version is not set
    shim.write_text("#!/bin/sh\necho 'python3.10: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert pythons.require_rasa().path == Path("/real/python3.10")


def test_the_command_runs_from_a_folder_with_a_long_name_and_spaces(tmp_path: Path) -> None:
    places = Places(tmp_path / ("a shop's folder " * 8).strip())
    (places.venv / "bin").mkdir(parents=True)
    (places.venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    places.python.symlink_to(sys.executable)
    commands = places.root / "bot" / "commands"
    commands.mkdir(parents=True)
    (commands.parent / "__init__.py").write_text("")
    (commands / "__init__.py").write_text("")
    (commands / "main.py").write_text(
        "import sys\ndef main():\n    print(sys.argv[1:])\n    return 3\n"
    )
    write_command(places)
    done = subprocess.run(
        [places.command, "chat", "两 words"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(places.root), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == "['chat', '两 words']\n"
