"""Reads files in a process apart: one that never ends, eats all memory or breaks its reader costs
that file and nothing else.

The process is `python -m retrieval.formats.apart`: it takes a file's name and language as JSON and
its content, and gives what it says, or the text of a `DocumentError`, as JSON; each behind its
length in eight bytes. What comes back is never more than data: a hostile file may have got hold of
the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import struct
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from retrieval import formats
from retrieval.errors import DocumentError
from retrieval.formats.read import Read
from retrieval.sections import Section, Unit
from retrieval.types import Language

# On a busy machine 100 pages of PDF took 9.5 s. 300,000 cells of XLSX took 370 MB.
_SECONDS = 180
_MEMORY = 3 << 30
_MESSAGE = 256 << 20  # no document says more
_ROOT = Path(__file__).parents[2]
_LENGTH = struct.Struct(">Q")
# Read in this process: their readers are ours, and bounded by the length of the text.
_HERE = {".md", ".markdown", ".txt", ".jsonl", ".json"}


class Apart:
    """Reads file after file; the process is started when it is first needed, and again when a file
    has cost it. `seconds`: how long a file may take."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def read(self, content: bytes, name: str, language: Language) -> Read:
        """As `formats.read`."""
        if Path(name).suffix.lower() in _HERE or len(content) > formats.largest(name):
            return formats.read(content, name, language)
        process = self._started()
        try:
            assert process.stdin is not None  # noqa: S101
            assert process.stdout is not None  # noqa: S101
            _send(process.stdin, json.dumps([name, language]).encode())
            _send(process.stdin, content)
            answer = _receive(process.stdout, time.monotonic() + self._seconds)
            found = _read_of(json.loads(answer))
        except TimeoutError as error:
            self._end()
            raise DocumentError(
                f"took longer than {self._seconds:g} s to read; split it."
            ) from error
        except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
            self._end()
            raise DocumentError(
                "broke its reader: it is damaged, or needs too much memory."
            ) from error
        if isinstance(found, str):
            raise DocumentError(found)
        return found

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None


def _read_of(answer: Any) -> Read | str:
    """What the process gave: a `Read`'s parts, or the text of an error."""
    if isinstance(answer, str):
        return answer
    sections = [
        Section(tuple(each["path"]), [Unit(**unit) for unit in each["units"]], each["is_pair"])
        for each in answer["sections"]
    ]
    return Read(sections, answer["title"], list(answer["notes"]))


def _send(pipe: IO[bytes], body: bytes) -> None:
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def _receive(pipe: IO[bytes], until: float | None = None) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size, until))
    if length > _MESSAGE:
        raise EOFError
    return _exactly(pipe, length, until)


def _exactly(pipe: IO[bytes], count: int, until: float | None) -> bytes:
    body = bytearray()
    while len(body) < count:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0 or not _is_readable(pipe, left):
                raise TimeoutError
        part = os.read(pipe.fileno(), min(count - len(body), 1 << 20))
        if not part:
            raise EOFError
        body += part
    return bytes(body)


def _is_readable(pipe: IO[bytes], seconds: float) -> bool:
    """Whether there is something to read, or the end, in that time; `select` knows no file
    beyond the thousandth."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def main() -> None:
    """Serve until the pipe ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    while True:
        try:
            name, language = json.loads(_receive(questions))
            content = _receive(questions)
        except EOFError:
            return
        answer: dict[str, Any] | str
        try:
            answer = asdict(formats.read(content, name, language))
        except DocumentError as error:
            answer = str(error)
        except (MemoryError, RecursionError):
            answer = "needs too much memory; split it."
        except Exception as error:  # a reader's own mistake costs its file only
            answer = f"could not be read ({type(error).__name__}: {error})."
        _send(answers, json.dumps(answer).encode())


if __name__ == "__main__":
    main()
