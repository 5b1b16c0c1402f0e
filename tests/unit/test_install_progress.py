import io
from pathlib import Path

import pytest

from install.progress import Display, PlainDisplay, TerminalDisplay, bar, clip, share_done, took
from install.steps import Step


def _step(name: str) -> Step:
    return Step(name=name, title=name.title(), action=lambda shell: None, stamp=Path("none"))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (125, "2 min 05 s")]
)
def test_durations(seconds: float, words: str) -> None:
    assert took(seconds) == words


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("downloading 45 %", 0.45),
        ("qwen ━━━━ 7.5%", 0.07),
        ("part 11 of 22", 0.5),
        ("3.5/7.0 MB", 0.5),
        ("Installed 4 packages", None),
        ("9/3", None),
        ("0/0", None),
        ("250 %", None),
    ],
)
def test_a_share_is_read_from_a_line(line: str, share: float | None) -> None:
    found = share_done(line)
    assert found == share if share is None else found == pytest.approx(share)


def test_a_bar_is_never_over_full_or_under_empty() -> None:
    assert bar(0.5, 4) == "━━──"
    assert bar(7, 4) == "━━━━"
    assert bar(-1, 4) == "────"


def test_clip_counts_columns() -> None:
    assert clip("short", 10) == "short"
    assert clip("abcdef", 4) == "abc…"
    assert clip("云杉户外", 5) == "云…"


def test_plain_lines() -> None:
    out = io.StringIO()
    display = PlainDisplay(out)
    one, two = _step("one"), _step("two")
    display.begin([one])
    display.started(one)
    display.note(one, "never shown")
    display.finished(one, 3)
    display.started(two)  # it was done until the first undid it
    display.failed(two)
    display.end()
    assert out.getvalue().splitlines() == [
        "One …",
        "[1/1] One: done in 3 s",
        "Two …",
        "Two: failed",
    ]


def test_the_terminal_keeps_a_line_for_each_step_that_ended() -> None:
    out = io.StringIO()
    display = TerminalDisplay(out)
    one, two = _step("one"), _step("two")
    display.begin([one, two])
    display.started(one)
    display.note(one, "part 1 of 2")
    display.finished(one, 61)
    display.started(two)
    display.failed(two)
    display.end()
    text = out.getvalue()
    assert "✓" in text
    assert "1 min 01 s" in text
    assert "1/2 steps" in text
    assert "✗" in text
    assert text.endswith("\x1b[A\x1b[2K")  # the living block is wiped at the end


def test_the_terminal_shows_no_colours_to_whoever_wants_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shown() -> str:
        out = io.StringIO()
        display = TerminalDisplay(out)
        display.begin([_step("one")])
        display.started(_step("one"))
        display.finished(_step("one"), 1)
        display.end()
        return out.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m✓" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "✓ One" in shown()
    assert "m✓" not in shown()


def test_the_quiet_display_takes_everything_and_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    display, step = Display(), _step("one")
    display.say("x")
    display.begin([step])
    display.started(step)
    display.note(step, "x")
    display.finished(step, 1)
    display.failed(step)
    display.end()
    assert capsys.readouterr() == ("", "")
