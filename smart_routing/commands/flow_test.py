"""`smart-routing flow test`: the conversations of test files, run and held against what they expect."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from processor.runtime.simulator.coverage import FlowCoverage, as_data, coverage
from processor.runtime.simulator.documents import tests_in
from processor.runtime.simulator.junit import write_junit
from processor.runtime.simulator.running import run_all
from processor.runtime.simulator.suite import Suite, SuiteRefused, load_suite
from processor.runtime.simulator.trial import Verdict
from smart_routing.fault_places import tell_faults
from smart_routing.flow_files import counted

_PATH = click.Path(exists=True, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH)
@click.option("-k", "words", default="", metavar="WORDS", help="Only conversations whose sentence or file holds these words.")
@click.option("--min-coverage", type=click.FloatRange(0, 100), metavar="PERCENT", help="Least share of each flow's branches to be taken.")
@click.option("--junit", type=_OUT, help="File for a report in JUnit XML.")
@click.option("--coverage-json", type=_OUT, help="File for how often each branch was taken, as `flow draw --coverage` reads it.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes that share the work; as many as are worth it, unless it is given.")
@click.option("-v", "--verbose", is_flag=True, help="Name the conversations that pass, too.")
def test(
    *,
    paths: Sequence[Path],
    words: str,
    min_coverage: float | None,
    junit: Path | None,
    coverage_json: Path | None,
    jobs: int | None,
    verbose: bool,
) -> None:
    """Run the conversations of test files, and of all *.test.yaml in folders.

    Ends with status 1 where one fails, a file is faulty, a branch that is exempt is taken, or fewer branches of a flow are taken than
    --min-coverage asks. docs/testing.md describes the files.
    """
    begun, began_at = time.monotonic(), time.time()
    suites, refused = _loaded(paths)
    chosen = [
        (
            suite,
            [
                number
                for number, talk in enumerate(suite.tests.conversations)
                if words.lower() in f"{suite.file} {talk.conversation}".lower()
            ],
        )
        for suite in suites
    ]
    verdicts = []
    for verdict in run_all([(suite, numbers) for suite, numbers in chosen if numbers], jobs):
        verdicts.append(verdict)
        _tell(verdict, verbose)
    failed = sum(not verdict.passed for verdict in verdicts)
    turns = sum(verdict.turns for verdict in verdicts)
    ran = f"{counted(len(verdicts), 'conversation')} of {counted(turns, 'turn')} in {time.monotonic() - begun:.1f} s"
    click.echo(f"{ran}: {f'{failed} failed' if failed else 'all passed' if verdicts else 'nothing to run'}.")
    found = coverage(
        (flow for suite in suites for flow in suite.under_test()),
        (verdict.counts for verdict in verdicts),
        (exempt for suite in suites for exempt in suite.exempt),
    )
    complaints = [complaint for flow in found for complaint in _coverage(flow, min_coverage)]
    for complaint in complaints:
        click.secho(complaint, fg="red", err=True)
    try:
        if coverage_json is not None:
            coverage_json.parent.mkdir(parents=True, exist_ok=True)
            coverage_json.write_text(json.dumps(as_data(found), ensure_ascii=False, indent=2) + "\n", "utf-8")
        if junit is not None:
            write_junit(junit, verdicts, refused, began_at)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    if failed or refused or complaints or not verdicts:
        raise SystemExit(1)


def _loaded(paths: Sequence[Path]) -> tuple[list[Suite], Mapping[str, Sequence[str]]]:
    """Return the test files that can be run; the faults of the others are told, and returned by the file's name."""
    files = list(dict.fromkeys(tests_in(paths)))
    if not files:
        raise click.ClickException(f"No test file (*.test.yaml) in {', '.join(map(str, paths))}.")
    suites: list[Suite] = []
    refused: dict[str, Sequence[str]] = {}
    for file in files:
        try:
            suites.append(load_suite(file))
        except SuiteRefused as faulty:
            refused[str(file)] = [f"{name}: {fault}" for name, fault in faulty.faults]
            tell_faults(faulty.faults)
    return suites, refused


def _tell(verdict: Verdict, verbose: bool) -> None:
    if verdict.passed:
        if verbose:
            click.echo(f"{click.style('passed', fg='green')} {verdict.file}: {verdict.conversation}")
        return
    click.echo(f"{click.style('FAILED', fg='red')} {verdict.file}: {verdict.conversation}")
    for line in (verdict.failure or "").splitlines():
        colour = {"- ": "green", "+ ": "red"}.get(line.strip()[:2])
        click.echo(click.style(f"  {line}", fg=colour) if line else "")
    click.echo()


def _coverage(flow: FlowCoverage, least: float | None) -> list[str]:
    """Tell which branches were taken; return what is wrong with that."""
    taken = len(flow.counted) - len(flow.missed)
    exempt = f", {len(flow.exempt)} exempt" if flow.exempt else ""
    click.echo(f"{flow.flow}: {taken} of {len(flow.counted)} branches taken, {flow.percent:.1f} %{exempt}")
    missed: dict[str, list[str]] = {}
    for action, branch in flow.missed:
        missed.setdefault(action, []).append(branch)
    for action, branches in missed.items():
        click.echo(f"  not taken: {action}: {', '.join(branches)}")
    complaints = [f"{flow.flow}: {action}/{branch} is exempt, and was taken." for action, branch in flow.taken_all_the_same]
    if least is not None and flow.percent < least:
        complaints.append(f"{flow.flow}: {flow.percent:.1f} % of its branches were taken; at least {least:g} % is asked.")
    return complaints
