"""Turns what a failed program printed into the one sentence that helps."""

from __future__ import annotations

import re

# The first pattern that is found in the log's end decides. Hashes come before the network, since
# a broken download often mentions both; the disk comes first, since a full one causes the others.
_CAUSES = (
    (
        # NumPy says only how much it wrote.
        r"No space left on device|disk quota exceeded|os error 28|Errno 28|disk is full|"
        r"OSError: \d+ requested and \d+ written",
        "the disk is full. Free some space and run this again.",
    ),
    (
        r"DO NOT MATCH THE HASHES|hash mismatch|hash(es)? (does|do) not match|"
        r"(SHA-?256|checksum).{0,60}(mismatch|differ|does not match|wrong)|wrong hash",
        "a download does not have the hash that is expected, so it was not used. "
        "Run this again; if it happens again, something between here and the package index "
        "changes files.",
    ),
    (
        r"name resolution|resolve host|Failed to resolve|dns error|Network is unreachable|"
        r"No route to host|Connection refused|Connection reset|error sending request|"
        r"ConnectTimeout|ReadTimeout|timed out|Could not fetch URL|"
        r"ConnectionError|NewConnectionError|Remote end closed|tcp connect error",
        "the network or the package index could not be reached. "
        "What was downloaded is kept; run this again when there is a connection.",
    ),
    (
        r"Permission denied|os error 13|Errno 13|Read-only file system",
        "a file or folder may not be written. See the log for its name.",
    ),
    (
        r"command '?(gcc|cc|g\+\+|c\+\+|clang)'? failed|(gcc|cc): (command )?not found|"
        r"No such file or directory: '(gcc|cc|g\+\+|clang)'|Python\.h: No such file",
        "a package had to be compiled and could not be. Install a C compiler "
        "(apt install build-essential, or xcode-select --install) and run this again.",
    ),
    (
        r"No matching distribution|has no wheels with a matching|no version of|"
        r"not a supported wheel|doesn't have a source distribution or wheel",
        "a pinned package has no build for this Python or this kind of machine. "
        "The locked versions are made for 64-bit Linux on x86 with Python 3.11 and 3.10.",
    ),
    (
        r"MemoryError|Cannot allocate memory|os error 12",
        "there was not enough memory. Close other programs and run this again.",
    ),
    (
        r"address already in use|Errno 98|Errno 48",
        "a port that is needed is taken. `shopguide doctor` says which one and by what.",
    ),
    (
        r"database is locked",
        "the database is in use by another program. Stop it and run this again.",
    ),
)
_TAIL = 20_000  # characters; the cause stands near the end


def explain(log: str, exit_code: int, ours: bool = False) -> str:
    """One sentence for a program that ended with this code and printed this log.

    A program of ours (`ours`) says it itself, unless it crashed or was killed.
    """
    if exit_code in {-9, 137}:
        return (
            "the program was killed, mostly because the memory ran out. "
            "Close other programs and run this again."
        )
    tail = log[-_TAIL:]
    if ours and "Traceback (most recent call last)" not in tail and last_line(tail):
        return last_line(tail)
    for pattern, sentence in _CAUSES:
        if re.search(pattern, tail, re.IGNORECASE):
            return sentence
    last = last_line(tail)
    return last if last else f"the program ended with code {exit_code} and said nothing."


def last_line(text: str) -> str:
    """The last line that says something, without colours and carriage returns."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    for line in reversed(re.split(r"[\r\n]+", plain)):
        if re.search(r"\w", line):
            return line.strip()
    return ""
