"""`python3 -m install`. In old syntax, so that an old Python gets a sentence and no traceback."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(
        "Shopguide's set-up needs Python 3.10 or newer, and this is {}.{}. "
        "Name a newer one: make PYTHON=python3.11 setup".format(*sys.version_info)
    )

from install.cli import main

sys.exit(main())
