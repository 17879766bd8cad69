"""Connectors are killed under load: each command is done once. The full form: `python -m bench.kill_connectors`."""

from bench.kill_commands import TOLD_BY
from bench.kill_connectors import Plan, run


def test_each_command_is_done_once_while_connectors_are_killed(kafka, tmp_path):
    result = run(Plan(conversations=25, rounds=4, kills=4, every_sec=5, seed=3, kafka=kafka), tmp_path)
    assert {name: result[name] for name in ("unanswered", "lost", "doubled", "out_of_order", "mismatched")} == {
        "unanswered": 0, "lost": 0, "doubled": 0, "out_of_order": 0, "mismatched": 0,
    }, result  # fmt: skip
    assert result["commands"] == 1_000
    assert result["effects"] == {family: [100, 100] for family in TOLD_BY}
    total, different = result["mails"]
    assert total == different, "a mail was sent twice"
    sent, unknown = (result["outcomes"].get(f"email {outcome}", 0) for outcome in ("ok", "unknown"))
    assert sent + unknown == 100
    assert sent <= total <= sent + unknown
    assert unknown <= 40, "a killed process leaves at most the messages in doubt that it was giving to the server"
