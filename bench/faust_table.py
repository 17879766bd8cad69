"""The flow by hand as a Faust agent with a table and an output topic, at least once: the peer among stream processors in Python.

`python -m bench.faust_table STATE_FOLDER`, settings from the environment. Its table is kept in RocksDB by rocksdict, with Faust's own
changelog. It writes no journal and no index of deadlines.
"""

import logging
from pathlib import Path
from typing import Any

import click
import faust

from bench.by_hand import ByHand, decode_state
from bench.contender import FAUST_PREFIX, FAUST_TABLE
from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.topics import Topics

_COMMIT_SEC = 1.0


def faust_app(deployment: Deployment, folder: Path) -> faust.App:
    """Return the app."""
    topics = Topics(deployment.topic_prefix + FAUST_PREFIX)
    app = faust.App(
        f"{topics.prefix}processor",
        broker=";".join(f"kafka://{server}" for server in deployment.bootstrap_servers.split(",")),
        store="rocksdb://",
        datadir=folder,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=deployment.partitions,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=_COMMIT_SEC,
        stream_wait_empty=False,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    inbound = app.topic(deployment.topics.inbound)
    commands = app.topic(topics.commands("messaging"))
    table: Any = app.Table(FAUST_TABLE, partitions=deployment.partitions, options={"driver": "rocksdict"}, key_type=bytes, value_type=bytes)
    codec = Codec()
    by_hand = ByHand(codec, journals=False)

    @app.agent(inbound)
    async def converse(stream: Any) -> None:
        async for event in stream.events():
            key = event.key
            payload = table.get(key)
            state = decode_state(payload) if payload is not None else None
            message = event.message
            at = int(message.timestamp * 1000)
            applied = by_hand.apply(key.decode(), state, event.value, at, {})
            if applied is not None:
                table[key] = applied.payload
                await commands.send(key=key, value=applied.command)

    return app


@click.command()
@click.argument("state_folder", type=click.Path(path_type=Path))
def main(state_folder: Path) -> None:
    """Run the app until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.WARNING)
    app = faust_app(Deployment.from_environment(), state_folder)
    faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False, override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main()
