"""Workers are killed and paused under load: nothing is lost and nothing is doubled. The full form: `python -m bench.kill`."""

from pathlib import Path

from bench.kill import run


def test_nothing_is_lost_or_doubled_while_workers_are_killed(kafka: str, tmp_path: Path) -> None:
    result = run(conversations=1_500, kills=4, every_sec=4, pause_sec=9, seed=7, kafka=kafka, folder=tmp_path)
    audit = result["audit"]
    assert isinstance(audit, dict)
    assert {kind: audit.get(kind) for kind in ("lost", "doubled", "out_of_order", "mismatched")} == {
        "lost": 0, "doubled": 0, "out_of_order": 0, "mismatched": 0,
    }, audit  # fmt: skip
    assert (result["audit_exit"], result["replay_exit"]) == (0, 0), result
    assert audit["duplicates"] == result["repeated"]
    assert audit["inputs"] - audit["responses"] == result["sent"]
    assert (result["web_service_calls"], result["web_service_calls_repeated"]) == (1_500, 0)
    done = result["done"]
    assert isinstance(done, list)
    assert len(done) == 5, "four kills and a pause"
