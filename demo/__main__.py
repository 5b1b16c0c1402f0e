"""`python -m demo [--database URL]`: migrates a database and, where it is empty, puts the demo shop
into it."""

from __future__ import annotations

import sys

import demo
from data.prepare import main

sys.exit(main(program="python -m demo", load=demo.load, name="Demo shop"))
