"""The bill of materials and the audit of the lock files."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from install import audit
from install.audit import ACCEPTED, Finding, Unreachable
from install.places import ROOT


@contextmanager
def answering(results: Any) -> Iterator[tuple[str, list[Any]]]:
    asked: list[Any] = []

    class Osv(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(results(asked[-1]["queries"])).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


def test_every_lock_is_audited() -> None:
    locks = {str(path.relative_to(ROOT)) for path in (ROOT / "install/locks").glob("*.txt")}
    # The CPU build of torch is the same release as torch.txt's, under a local version.
    assert set(audit.LOCKS) == locks - {"install/locks/torch-cpu.txt"} | {
        "bot/rasa/requirements.txt"
    }


def test_the_bill_names_each_package_of_the_locks_with_its_hashes() -> None:
    found = audit.packages()
    assert len(found) > 300
    assert all(package.version and package.hashes for package in found)
    document = audit.bill(found)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    refs = [component["bom-ref"] for component in document["components"]]
    assert len(set(refs)) == len(refs) == len({package.purl for package in found})
    assert any(ref.startswith("pkg:pypi/rasa@3.6.") for ref in refs)
    assert document == audit.bill(list(reversed(found)))


def test_findings_come_by_one_question() -> None:
    found = audit.packages()

    def results(queries: list[Any]) -> dict[str, Any]:
        bad = {"vulns": [{"id": "GHSA-1"}]}
        return {"results": [bad if q["package"]["name"] == "httpx" else {} for q in queries]}

    with answering(results) as (url, asked):
        findings = audit.ask(found, url)
    assert len(asked) == 1
    assert {finding.package.name for finding in findings} == {"httpx"}


@pytest.mark.parametrize("results", [{"results": []}, {}, [], "x"])
def test_an_answer_that_does_not_fit_is_no_clean_bill(results: Any) -> None:
    with answering(lambda queries: results) as (url, _), pytest.raises(Unreachable):
        audit.ask(audit.packages(), url)


def test_without_a_network_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = "http://127.0.0.1:9/"
    monkeypatch.setattr(audit.ask, "__defaults__", (away,))
    assert audit.main(tmp_path / "sbom.json", None) == 0
    told = capsys.readouterr().out
    assert "could not be reached" in told
    assert "nothing was compared" in told
    assert json.loads((tmp_path / "sbom.json").read_text())["components"]


def test_the_database_as_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {(package.name, package.lock): package for package in audit.packages()}
    ours = found["httpx", "install/locks/main.txt"]
    rasas = found["sanic", "bot/rasa/requirements.txt"]
    affected = [
        {"package": {"ecosystem": "PyPI", "name": package.name}, "versions": [package.version]}
        for package in (ours, rasas)
    ]
    file = tmp_path / "all.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("A.json", json.dumps({"id": "A", "affected": affected[:1]}))
        archive.writestr("B.json", json.dumps({"id": "B", "affected": affected[1:]}))
        archive.writestr(
            "C.json", json.dumps({"id": "C", "affected": affected, "withdrawn": "2026-01-01"})
        )
    assert audit.main(tmp_path / "sbom.json", file) == 1
    told = capsys.readouterr().out
    assert f"OPEN     {ours.purl} A" in told
    assert f"accepted {rasas.purl} B" in told
    (tmp_path / "none.zip").write_text("no")
    with pytest.raises(Unreachable):
        audit.look_up([ours], tmp_path / "none.zip")


def test_what_is_accepted_has_a_reason_and_is_ours() -> None:
    names = {(package.lock, package.name) for package in audit.packages()}
    for each in ACCEPTED:
        assert each.lock in audit.LOCKS
        assert each.package == "*" or (each.lock, each.package) in names
        assert len(each.reason) > 40
    first = audit.packages()[0]
    assert not any(each.covers(Finding(first, "X")) for each in ACCEPTED)
