"""The lock files: how they are divided, and that what stands in the repository is whole."""

import re
from pathlib import Path

import pytest
import tomllib

from install.lock import entries, split
from install.places import ROOT

LOCKS = [*sorted((ROOT / "install" / "locks").glob("*.txt")), ROOT / "bot/rasa/requirements.txt"]
LOCK_NAMES = [path.name for path in LOCKS]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

RESOLVED = """\
filelock==4.2.11 \\
    --hash=sha256:aa
nvidia-cublas==13.1.1.3 ; sys_platform == 'linux' \\
    --hash=sha256:bb
torch==2.13.0 \\
    --hash=sha256:cc \\
    --hash=sha256:dd
triton==3.7.1 \\
    --hash=sha256:ee
"""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_entries_keep_the_hashes_and_the_markers() -> None:
    found = entries(RESOLVED)
    assert list(found) == ["filelock", "nvidia-cublas", "torch", "triton"]
    assert found["torch"].count("--hash") == 2
    assert "sys_platform" in found["nvidia-cublas"]


def test_a_package_with_two_entries_keeps_both() -> None:
    text = "a==1 ; x \\\n    --hash=sha256:aa\na==2 ; y \\\n    --hash=sha256:bb\n"
    assert entries(text)["a"] == text.rstrip("\n")


def test_split_takes_torch_and_its_cuda_companions_out() -> None:
    files = split(RESOLVED)
    assert list(entries(files["main.txt"])) == ["filelock"]
    assert list(entries(files["torch.txt"])) == ["torch"]
    assert list(entries(files["torch-cuda.txt"])) == ["nvidia-cublas", "triton"]


@pytest.mark.parametrize("path", LOCKS, ids=LOCK_NAMES)
def test_every_requirement_is_pinned_with_hashes(path: Path) -> None:
    found = entries(path.read_text(encoding="utf-8"))
    assert found
    for name, entry in found.items():
        assert HASH.search(entry), name
        assert len(HASH.findall(entry)) == entry.count("--hash"), name


@pytest.mark.parametrize("path", LOCKS, ids=LOCK_NAMES)
def test_no_lock_names_an_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def _locked(*names: str) -> set[str]:
    folder = ROOT / "install" / "locks"
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    return {_normal(name) for text in texts for name in entries(text)}


def test_everything_that_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def wanted(requirements: list[str]) -> set[str]:
        return {_normal(re.split(r"[\[<>=~!; ]", line)[0]) for line in requirements}

    assert wanted(project["dependencies"]) <= _locked("main.txt", "torch.txt")
    extra = project["optional-dependencies"]["dev"]
    assert wanted(extra) <= _locked("main.txt", "torch.txt", "dev.txt")


def test_no_package_is_locked_twice_for_one_environment() -> None:
    assert not _locked("main.txt") & _locked("dev.txt")
    assert not _locked("main.txt") & _locked("torch.txt", "torch-cuda.txt")


def test_both_torch_locks_are_of_one_version() -> None:
    folder = ROOT / "install" / "locks"
    cpu = (folder / "torch-cpu.txt").read_text(encoding="utf-8")
    usual = (folder / "torch.txt").read_text(encoding="utf-8")
    version = re.match(r"torch==([0-9.]+)", usual)
    assert version
    assert cpu.startswith(f"torch=={version[1]}+cpu ")


def test_rasa_is_the_last_open_version_with_the_setuptools_that_it_needs() -> None:
    found = entries((ROOT / "bot/rasa/requirements.txt").read_text(encoding="utf-8"))
    assert found["rasa"].startswith("rasa==3.6.21 ")
    version = re.match(r"setuptools==(\d+)", found["setuptools"])
    assert version
    assert int(version[1]) < 81
    assert {"ctranslate2", "tokenizers", "jieba", "py3langid", "numpy"} <= set(found)
