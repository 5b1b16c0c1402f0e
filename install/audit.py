"""`make audit`: what is installed, as a bill of materials, and what is known to be wrong with it.

Reads the lock files alone: nothing is installed, and no package index is asked. The bill is
CycloneDX 1.5 (build/sbom.json). Advisories come from OSV, by one question for all packages, or from
its database as a file (`--advisories all.zip`, PyPI's from osv.dev), which needs no network. Where
neither can be read, that is said, and nothing is claimed.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from install.errors import InstallError
from install.lock import entries
from install.places import ROOT

LOCKS = (
    "install/locks/main.txt",
    "install/locks/torch.txt",
    "install/locks/torch-cuda.txt",
    "install/locks/dev.txt",
    "install/locks/tools.txt",
    "install/locks/build.txt",
    "bot/rasa/requirements.txt",
)
OSV = "https://api.osv.dev/v1/querybatch"
_ANSWER_S = 60
_MOST_BYTES = 64 * 1024 * 1024  # of an answer
_VERSION = re.compile(r"==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Package:
    """One package of a lock file, in the spelling that indexes compare by."""

    name: str
    version: str
    lock: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


@dataclass(frozen=True)
class Accepted:
    """Findings that change nothing, and why; `package` and `advisory` "*" are all."""

    lock: str
    package: str
    advisory: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        package = finding.package
        return (
            self.lock == package.lock
            and self.package in ("*", package.name)
            and self.advisory in ("*", finding.advisory)
        )


@dataclass(frozen=True)
class Finding:
    package: Package
    advisory: str


ACCEPTED = (
    Accepted(
        "bot/rasa/requirements.txt",
        "*",
        "*",
        "Rasa 3.6.21, the last open one, pins what it needs (aiohttp 3.9, sanic 21, TensorFlow "
        "2.12 and others). Its process is reached by the gateway alone, on the loopback or the "
        "composition's internal network, and loads no model but the one trained here.",
    ),
)


class Unreachable(InstallError):
    """No advisories could be read; the text says why."""


def packages(root: Path = ROOT) -> list[Package]:
    """Of all lock files."""
    found = []
    for lock in LOCKS:
        for name, entry in entries((root / lock).read_text("utf-8")).items():
            plain = re.sub(r"[-_.]+", "-", name).lower()
            for version in dict.fromkeys(_VERSION.findall(entry)):
                found.append(Package(plain, version, lock, tuple(_HASH.findall(entry))))
    return found


def bill(found: Sequence[Package]) -> dict[str, Any]:
    """A CycloneDX document: the same packages give the same bytes."""
    in_order = sorted(found, key=lambda each: (each.purl, LOCKS.index(each.lock)))
    once = {package.purl: package for package in reversed(in_order)}
    components = [
        {
            "type": "library",
            "bom-ref": purl,
            "name": package.name,
            "version": package.version,
            "purl": purl,
            # Each file that an index may give out; a lock names all of them.
            "properties": [
                {"name": "shopguide:lock", "value": package.lock},
                *({"name": "shopguide:sha256", "value": each} for each in package.hashes),
            ],
        }
        for purl, package in sorted(once.items())
    ]
    made_of = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).hexdigest()
    serial = "-".join((made_of[:8], made_of[8:12], f"5{made_of[13:16]}", f"8{made_of[17:20]}",
                       made_of[20:32]))  # fmt: skip
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "shopguide"}},
        "components": components,
    }


def ask(found: Sequence[Package], url: str = OSV) -> list[Finding]:
    """What OSV knows of these versions. Raises `Unreachable`."""
    queries = [
        {"package": {"name": package.name, "ecosystem": "PyPI"}, "version": package.version}
        for package in found
    ]
    request = urllib.request.Request(  # noqa: S310 - https, or a test's own
        url,
        data=json.dumps({"queries": queries}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310
            results = json.loads(answer.read(_MOST_BYTES))["results"]
        return [
            Finding(package, str(known["id"]))
            for package, result in zip(found, results, strict=True)
            for known in (result or {}).get("vulns", ())
        ]
    except (OSError, urllib.error.URLError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(
            f"The database of advisories could not be reached ({error}): nothing was compared. "
            "Run it where there is a network, or name OSV's file: --advisories all.zip."
        ) from None


def look_up(found: Sequence[Package], file: Path) -> list[Finding]:
    """The same, from OSV's own file of PyPI's advisories. Raises `Unreachable`."""
    known: dict[tuple[str, str], set[str]] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    for package, version, advisory in _affected(json.loads(archive.read(name))):
                        known.setdefault((package, version), set()).add(advisory)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise Unreachable(f"{file} cannot be read as OSV's database: {error}.") from None
    return [
        Finding(package, advisory)
        for package in found
        for advisory in sorted(known.get((package.name, package.version), ()))
    ]


def _affected(advisory: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if advisory.get("withdrawn"):
        return
    for part in advisory.get("affected", ()):
        package = part.get("package", {})
        if package.get("ecosystem") == "PyPI":
            name = re.sub(r"[-_.]+", "-", str(package.get("name", ""))).lower()
            for version in part.get("versions", ()):
                yield name, str(version), str(advisory["id"])


def main(sbom: Path, advisories: Path | None) -> int:
    """0 when nothing is known, or nothing but what is accepted, or nothing could be compared (which
    is said); 1 for a finding that nobody has accepted."""
    found = packages()
    sbom.parent.mkdir(parents=True, exist_ok=True)
    sbom.write_text(json.dumps(bill(found), indent=1) + "\n", "utf-8")
    print(f"{sbom}: {len({package.purl for package in found})} packages")
    try:
        findings = look_up(found, advisories) if advisories else ask(found)
    except Unreachable as error:
        print(error)
        return 0
    open_ones = 0
    for finding in sorted(findings, key=lambda each: (each.package.lock, each.package.purl)):
        reason = next((each.reason for each in ACCEPTED if each.covers(finding)), None)
        open_ones += reason is None
        state = "accepted" if reason else "OPEN"
        print(f"{state:8} {finding.package.purl} {finding.advisory} ({finding.package.lock})")
    for accepted in ACCEPTED:
        print(f"accepted in {accepted.lock}, {accepted.package}: {accepted.reason}")
    print(f"{len(findings)} findings, {open_ones} of them open.")
    return 1 if open_ones else 0
