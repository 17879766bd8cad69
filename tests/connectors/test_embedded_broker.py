"""The framework on librdkafka's built-in broker, as the demo runs it."""

from connectors.messaging.connector import MessagingConnector
from schemas.deployment import Deployment
from tests.connectors.command_bench import CommandBench, around, running, until


async def test_connectors_work_on_the_embedded_broker(embedded_broker, redis_server):
    deployment = Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, partitions=2, redis_url=redis_server.url, embedded=True)
    bench = CommandBench(deployment)
    for number in range(20):
        bench.send("SendMessage", {"text": "hello"}, command_id=str(number), conversation=f"c{number % 4}")
    bench.send_bytes(b"garbage")
    async with running(MessagingConnector(around(deployment)), deployment):
        assert set((await bench.answers(20)).values()) == {("ok", None)}
        assert len(await bench.dead_letters(1)) == 1
        await until(lambda: sum(bench.committed().values()) == 21)
    bench.close()
