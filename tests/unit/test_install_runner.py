"""The order of the steps, what a failure does, and what a second run repeats. No processes."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from install.errors import InstallError, StepFailed
from install.places import Places
from install.progress import Display
from install.runner import Run, StepShell, check_space, without_passwords
from install.steps import Shell, Step


class Journal(Display):
    """Writes down what happened, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def started(self, step: Step) -> None:
        self.lines.append(f"+{step.name}")

    def finished(self, step: Step, seconds: float) -> None:
        self.lines.append(f"-{step.name}")

    def failed(self, step: Step) -> None:
        self.lines.append(f"!{step.name}")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.delenv("SHOPGUIDE_STATE", raising=False)
    return Places(tmp_path)


def _step(
    places: Places,
    name: str,
    *after: str,
    action: Callable[[Shell], None] | None = None,
    disk_mb: int = 0,
) -> Step:
    output = places.root / f"{name}.made"

    def make(shell: Shell) -> None:
        output.write_text("made")

    return Step(
        name=name,
        title=name,
        action=action or make,
        stamp=places.stamps / f"{name}.json",
        after=after,
        files=(places.root / f"{name}.in",),
        outputs=(output,),
        disk_mb=disk_mb,
    )


def test_steps_wait_for_those_that_they_need(places: Places) -> None:
    journal = Journal()
    steps = [_step(places, "a"), _step(places, "b", "a"), _step(places, "c", "b")]
    assert Run(places, steps, journal).execute() == 3
    assert journal.lines == ["+a", "-a", "+b", "-b", "+c", "-c"]


def test_independent_steps_run_side_by_side(places: Places) -> None:
    meeting = threading.Barrier(2, timeout=30)

    def meet(name: str) -> Callable[[Shell], None]:
        def action(shell: Shell) -> None:
            meeting.wait()
            (places.root / f"{name}.made").write_text("made")

        return action

    steps = [_step(places, name, action=meet(name)) for name in ("a", "b")]
    assert Run(places, steps, Display()).execute() == 2


def test_a_second_run_does_nothing_and_a_changed_input_repeats_its_step(places: Places) -> None:
    steps = [_step(places, "a"), _step(places, "b", "a")]
    Run(places, steps, Display()).execute()
    assert Run(places, steps, Display()).execute() == 0
    (places.root / "a.in").write_text("new")
    journal = Journal()
    assert Run(places, steps, journal).execute() == 1
    assert journal.lines == ["+a", "-a"]


def test_a_removed_output_is_made_again(places: Places) -> None:
    steps = [_step(places, "a"), _step(places, "b")]
    Run(places, steps, Display()).execute()
    (places.root / "b.made").unlink()
    assert Run(places, steps, Display()).execute() == 1


def test_a_step_that_undoes_a_later_one_makes_it_run_again(places: Places) -> None:
    later = _step(places, "later", "first")

    def wipe(shell: Shell) -> None:
        later.outputs[0].unlink(missing_ok=True)
        (places.root / "first.made").write_text("made")

    steps = [_step(places, "first", action=wipe), later]
    Run(places, steps, Display()).execute()
    (places.root / "first.made").unlink()
    assert Run(places, steps, Display()).execute() == 2


def test_a_failure_stops_what_follows_and_the_next_run_goes_on(places: Places) -> None:
    broken = True

    def fail(shell: Shell) -> None:
        if broken:
            raise InstallError("there is no catalogue.")
        (places.root / "b.made").write_text("made")

    steps = [_step(places, "a"), _step(places, "b", "a", action=fail), _step(places, "c", "b")]
    journal = Journal()
    with pytest.raises(StepFailed, match=r"b: there is no catalogue\.") as caught:
        Run(places, steps, journal).execute()
    assert journal.lines == ["+a", "-a", "+b", "!b"]
    assert "no catalogue" in caught.value.log.read_text()
    broken = False
    journal = Journal()
    assert Run(places, steps, journal).execute() == 2
    assert journal.lines == ["+b", "-b", "+c", "-c"]


def test_a_step_that_makes_nothing_has_failed(places: Places) -> None:
    with pytest.raises(StepFailed, match=r"a\.made is not there"):
        Run(places, [_step(places, "a", action=lambda shell: None)], Display()).execute()
    assert not (places.stamps / "a.json").exists()


def test_a_fault_in_a_step_ends_the_run(places: Places) -> None:
    def fault(shell: Shell) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Run(places, [_step(places, "a", action=fault)], Display()).execute()


def test_a_full_disk_is_told_before_the_work(places: Places) -> None:
    check_space(places, [_step(places, "a", disk_mb=1)])
    steps = [_step(places, "a", disk_mb=10**9), _step(places, "b", disk_mb=10**9)]
    with pytest.raises(InstallError, match=r"needs 2000000\.0 GB"):
        check_space(places, steps)


def test_what_a_step_says_is_logged(places: Places) -> None:
    step = _step(places, "a")
    shell = StepShell(step, places.logs / "install-a.log", places.root, Display())
    shell.say("一号 one")
    assert (places.logs / "install-a.log").read_text(encoding="utf-8") == "一号 one\n"


def test_a_log_holds_no_password() -> None:
    url = "postgresql+psycopg://shop:s3cret@db:5432/shop"
    assert without_passwords(f"--database {url} --x") == (
        "--database postgresql+psycopg://shop:***@db:5432/shop --x"
    )
    assert without_passwords("http://127.0.0.1:5005/a@b") == "http://127.0.0.1:5005/a@b"
