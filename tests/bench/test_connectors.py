"""The benchmark of connectors, in small."""

import json
from io import StringIO

import pytest
from click.testing import CliRunner
from rich.console import Console

from bench.connector_report import shown
from bench.connectors import Plan, run
from bench.contender import BenchFailed
from smart_routing.cli import main


def test_every_command_is_answered_and_what_was_found_is_told(kafka):
    report = run(Plan(600, 2, 2, conversations=50, latency_sec=1, memory_commands=2_000, kafka=kafka), lambda _what, _share: None)
    assert len(report.laps) == 2
    assert report.per_second > 0
    assert report.per_processor_second > 0
    assert 0 < report.latency.p50_ms <= report.latency.p99_ms <= report.latency.highest_ms
    assert report.memory is not None
    assert report.memory.commands == 2_000
    assert 100 < report.memory.redis_bytes_per_command < 2_000
    assert report.memory.expiring_keys == 1
    told = StringIO()
    Console(file=told, width=200).print(shown(report))
    assert "commands per second of processor time" in told.getvalue()


def test_the_command_prints_it_as_data(kafka):
    result = CliRunner().invoke(
        main, ["bench", "connectors", "--kafka", kafka, "--commands", "3000", "--laps", "1", "--latency-seconds", "1", "--json"]
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["per_processor_second"] > 0


def test_too_few_commands_are_told(kafka):
    with pytest.raises(BenchFailed, match="a lap of 0 commands was over at once"):
        run(Plan(1, 2, 2, conversations=1, latency_sec=1, kafka=kafka), lambda _what, _share: None)
