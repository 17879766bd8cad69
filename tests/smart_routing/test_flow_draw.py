"""`flow draw`: what lies over the picture, and where it comes from."""

import asyncio
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis.asyncio import Redis

from schemas.deployment import Deployment, variable_of
from smart_routing.cli import main
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis
from smart_routing.free_port import free_port

SUPPORT = """
ref: support
timezone: Europe/Paris
locale: fr
country: FR
actions:
  start: {type: start, links: {ok: tag}}
  tag: {type: add_checkpoint, checkpoint: {reference: qualified}, links: {ok: end, reference_not_found: end}}
"""
CHECKPOINT = "{kind: checkpoint, id: c-1, reference: qualified}"


@pytest.fixture
def support(tmp_path: Path) -> str:
    (tmp_path / "support.yaml").write_text(SUPPORT)
    return str(tmp_path / "support.yaml")


def run(*arguments: str, deployment: Deployment | None = None) -> Result:
    environment: dict[str, str | None] = {variable_of(name): None for name in Deployment.model_fields}
    return CliRunner().invoke(main, ["flow", *arguments], env={**environment, **(deployment.to_environment() if deployment else {})})


def notes(svg: str) -> dict[str, str]:
    """Return what the tabs say beside the branches' names."""
    return {
        f"{group.get('data-action')}/{group.get('data-branch')}": text.text or ""
        for group in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}g")
        for text in group.iter("{http://www.w3.org/2000/svg}tspan")
        if text.get("class") == "note" and group.get("data-branch")
    }


@pytest.fixture
def covered(tmp_path: Path) -> Callable[[object], str]:
    def write(data: object) -> str:
        (tmp_path / "coverage.json").write_text(json.dumps(data))
        return str(tmp_path / "coverage.json")

    return write


def test_coverage_is_shown(support: str, covered: Callable[[object], str]) -> None:
    result = run("draw", support, "--coverage", covered({"support": {"start/ok": 2, "tag/ok": 2}}))
    assert result.exit_code == 0
    assert notes(result.stdout) == {"start/ok": "2×", "tag/ok": "2×", "tag/reference_not_found": "never"}
    assert result.stderr == ""


def test_coverage_of_another_version_is_told(support: str, covered: Callable[[object], str]) -> None:
    counted: Mapping[str, int] = {"start/ok": 2, **{f"gone_{number}/ok": 1 for number in range(6)}}
    result = run("draw", support, "--coverage", covered({"support": counted}))
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: counted on another version of the flow, and not drawn: gone_0/ok, gone_1/ok, gone_2/ok, gone_3/ok, gone_4/ok, …\n"
    )


def test_what_is_no_coverage_is_refused(support: str, covered: Callable[[object], str]) -> None:
    file = covered({"other": {}})
    result = run("draw", support, "--coverage", file)
    assert result.exit_code == 1
    assert f"{file}: fault refused: expected the branches of flow 'support'; found those of 'other'" in result.stderr
    assert "nothing was drawn" in result.stderr


def test_mermaid_is_written(support: str, covered: Callable[[object], str], tmp_path: Path) -> None:
    chart = tmp_path / "support.mmd"
    assert run("draw", support, "--mermaid", "-o", str(chart)).exit_code == 0
    assert "flowchart TD\n" in chart.read_text("utf-8")
    assert "ok 2×" in run("draw", support, "--mermaid", "--coverage", covered({"support": {"start/ok": 2}})).stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--counts", "--coverage"], "expected either --coverage or --counts; found both"),
        (["--version", "3"], "--version: expected --counts beside it; found it alone"),
    ],
)
def test_options_that_do_not_fit_are_told(support: str, options: list[str], told: str) -> None:
    result = run("draw", support, *options, *([support] if options[-1] == "--coverage" else []))
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_file_that_cannot_be_written_is_told(support: str, tmp_path: Path) -> None:
    result = run("draw", support, "-o", str(tmp_path / "nowhere" / "out.svg"))
    assert result.exit_code == 1
    assert "out.svg: No such file or directory" in result.stderr


async def _count(redis_server: EmbeddedRedis, version: int, counts: Mapping[str, int]) -> None:
    async with Redis.from_url(redis_server.url) as redis:
        given: Any = dict(counts)
        await redis.hset(f"sr.branches:support:{version}", mapping=given)


def test_live_counts_are_shown(support: str, redis_server: EmbeddedRedis) -> None:
    asyncio.run(_count(redis_server, 3, {"start/ok": 1500, "tag/ok": 1200, "tag/reference_not_found": 300}))
    result = run("draw", support, "--counts", "--version", "3", deployment=Deployment(redis_url=redis_server.url))
    assert result.exit_code == 0
    assert notes(result.stdout) == {"start/ok": "1.5k · 100%", "tag/ok": "1.2k · 80%", "tag/reference_not_found": "300 · 20%"}


def test_without_a_version_the_counts_of_the_one_in_production_are_shown(
    support: str, tmp_path: Path, redis_server: EmbeddedRedis, embedded_broker: EmbeddedBroker
) -> None:
    where = Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, redis_url=redis_server.url, partitions=2)
    missing = run("draw", support, "--counts", deployment=where)
    assert missing.exit_code == 1
    assert "expected a version of flow 'support' in production; found none" in missing.stderr
    (tmp_path / "checkpoint.yaml").write_text(CHECKPOINT)
    assert run("publish", "--yes", support, str(tmp_path / "checkpoint.yaml"), deployment=where).exit_code == 0
    asyncio.run(_count(redis_server, 1, {"start/ok": 7}))
    assert notes(run("draw", support, "--counts", deployment=where).stdout)["start/ok"] == "7 · 100%"


def test_a_redis_that_is_away_is_told(support: str) -> None:
    away = Deployment(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    result = run("draw", support, "--counts", "--version", "1", deployment=away)
    assert result.exit_code == 1
    assert f"Redis: expected the branch counts at {away.redis_url}; found " in result.stderr
