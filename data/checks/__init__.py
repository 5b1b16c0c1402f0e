"""What is missing or odd in a shop, found before its customers find it.

`folder` looks at the shop's files, `catalogue` at what was imported. Both are pure: they return
findings, and whoever asks (`shopguide check`) tells them.
"""

from data.checks.findings import Finding, Kind, odd, silent, some, wrong

__all__ = ["Finding", "Kind", "odd", "silent", "some", "wrong"]
