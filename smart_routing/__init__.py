"""The command line `smart-routing` and what it starts: the place where the parts of the system are wired together."""

import sys

# Here, in words that any Python can read, because the modules that follow are written in those of 3.11.
if sys.version_info < (3, 11):  # noqa: UP036 - this is what it is for
    sys.exit(
        "smart-routing needs Python 3.11, 3.12 or 3.13 and was started with "
        + ".".join(map(str, sys.version_info[:2]))
        + ": install one (on Debian 12, apt-get install python3.11 python3.11-venv), then run `make demo`, which finds it."
    )
