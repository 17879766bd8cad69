"""Starts the command line: `smart-routing`, and `python -m smart_routing`."""

import sys


def main() -> None:
    """Run the command line. A library that is missing or broken is told in a sentence."""
    try:
        from smart_routing.cli import main as command_line

        command_line(prog_name="smart-routing")
    except ImportError as error:
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        sys.exit(
            f"A library that smart-routing needs cannot be loaded ({error}): run `make demo`, which installs all of them in .venv, "
            "or pip install -r requirements.lock where you have your own environment."
        )


_OURS = ("schemas", "processor", "connectors", "smart_routing", "bench")


if __name__ == "__main__":
    main()
