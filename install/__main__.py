"""`python3 -m install`. Kept to old syntax, so that an old Python gets a sentence, not a traceback."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(
        "Shopguide's set-up needs Python 3.10 or newer, and this is %d.%d. "
        "Name a newer one: make PYTHON=python3.11 setup" % sys.version_info[:2]  # noqa: UP031
    )

from install.cli import main

sys.exit(main())
