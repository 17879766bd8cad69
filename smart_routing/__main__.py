"""Runs the command line as `python -m smart_routing`."""

from smart_routing.cli import main

if __name__ == "__main__":
    main(prog_name="smart-routing")
