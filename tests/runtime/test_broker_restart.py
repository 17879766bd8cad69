"""A broker that is killed and comes back: nothing is lost, nothing is doubled."""

from pathlib import Path

from processor.runtime.audit import Topics, audit
from processor.runtime.topic_log import read_topic
from schemas.deployment import Deployment
from schemas.topics import COMMAND_FAMILIES
from smart_routing.kafka_server import KafkaServer
from smart_routing.topic_admin import TopicAdmin
from tests.runtime.worker_bench import ENTRY, WorkerBench, flow


def test_a_broker_killed_and_started_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with KafkaServer(rebalance_delay_ms=0) as server:
        deployment = Deployment(bootstrap_servers=server.bootstrap_servers, partitions=2)
        with TopicAdmin(server.bootstrap_servers) as admin:
            admin.create(deployment.topics.specs(2))
        bench = WorkerBench(deployment, tmp_path)
        bench.publish(flow({"greet": {"type": "simple_message", "message": "Hello", "links": {"ok": "end"}}}), ENTRY)
        bench.start(transaction_timeout_ms=5_000)
        for number in range(50):
            bench.write(f"customer {number}", "1", "hi")
        server.kill()
        server.start()
        for number in range(50, 100):
            bench.write(f"customer {number}", "1", "hi")
        bench.await_journal(100)
        bench.stop()
        names = deployment.topics
        commands = {family: read_topic(deployment, names.commands(family)) for family in COMMAND_FAMILIES}
        report = audit(
            Topics(
                read_topic(deployment, names.inbound),
                read_topic(deployment, names.responses),
                read_topic(deployment, names.journal),
                read_topic(deployment, names.dead_letters),
                read_topic(deployment, names.state),
                commands,
            ),
            bench.codec,
        )
        assert report.findings == ()
        assert (report.inputs, report.journal_records, report.commands, report.pending_inputs) == (100, 100, 100, 0)
