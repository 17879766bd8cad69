"""A process that is measured: how much processor time and memory it takes (Linux, /proc)."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.contender import BenchFailed

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_STOP_SEC: Final = 30.0


class Process:
    """A program under measurement. A context manager; leaving it stops the program."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start it; what it says goes to `log`."""
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the benchmark, which then stops everything in good order
            )

    def __enter__(self) -> Self:
        """It has been started already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SEC)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def processor_seconds(self) -> float:
        """The processor time of all its threads so far, in user and system mode (proc(5), /proc/PID/stat, fields 14 and 15)."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    @property
    def memory_bytes(self) -> int:
        """Its resident memory at the moment."""
        (line,) = (line for line in self._read("status").splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1_024

    def _read(self, name: str) -> str:
        if self._process.poll() is not None:
            said = self._log.read_text(errors="replace").splitlines()[-15:]
            raise BenchFailed(f"the measured process ended with status {self._process.returncode}:\n" + "\n".join(said))
        return Path(f"/proc/{self._process.pid}/{name}").read_text("ascii", errors="replace")
