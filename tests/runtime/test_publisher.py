import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from confluent_kafka import Producer

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused
from processor.flow.publication import Publication, prepare
from processor.runtime import publisher
from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.publisher import PublishingFailed, preview, publish
from processor.runtime.topic_log import read_topic
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.free_port import free_port
from tests.flow.documents import ENTRY_POINT, document


def preparing(*documents: Mapping[str, Any]) -> Callable[[DefinitionLog], Publication]:
    return lambda log: prepare([(f"{number}.yaml", made) for number, made in enumerate(documents)], log, action_types(), author="ana", at=1)


def published(deployment, count=0):
    """What is on the topic; `count` records at least, which show a moment after their transaction was committed."""
    until = time.monotonic() + 30
    while len(found := list(read_topic(deployment, deployment.topics.definitions))) < count:
        assert time.monotonic() < until, f"expected {count} records; found {len(found)}"
    return found


def reader_of(deployment):
    reader = DefinitionReader(deployment, Codec(), action_types())
    reader.catch_up(30)
    return reader


def test_documents_are_written_under_their_keys_and_read_back(deployment):
    where = deployment()
    publication = publish(where, preparing(document(), ENTRY_POINT))
    assert publication.lines == ("entry_point web: published", "flow support: published as version 1")
    records = published(where, 2)
    assert [record.key for record in records] == [b"entry_point:web", b"flow:support"]
    assert [Codec().decode(record.value)[1] for record in records] == list(publication.records)
    reader = reader_of(where)
    assert reader.newest().production("support").version == 1
    assert reader.newest().entry_point("web_chat", "demo").flow == "support"
    reader.close()


def test_what_is_published_again_unchanged_writes_nothing(deployment):
    where = deployment()
    publish(where, preparing(document()))
    assert publish(where, preparing(document())).records == ()
    assert len(published(where, 1)) == 1
    assert publish(where, preparing(document(name="changed"))).lines == ("flow support: published as version 2",)


def test_what_is_refused_writes_nothing(deployment):
    where = deployment()
    with pytest.raises(DocumentRefused):
        publish(where, preparing(document(), {"kind": "flow"}))
    assert published(where) == []


def test_a_preview_writes_nothing_and_disturbs_no_publication(deployment):
    where = deployment()

    def looking(log):
        assert preview(where, preparing(document(name="looked"))).lines == ("flow support: published as version 1",)
        return preparing(document())(log)

    assert publish(where, looking).lines == ("flow support: published as version 1",)
    until = time.monotonic() + 30
    while preview(where, preparing(document())).records:
        assert time.monotonic() < until, "expected the published version to be seen"
    with pytest.raises(DocumentRefused):
        preview(where, preparing({"kind": "flow"}))
    with pytest.raises(PublishingFailed, match="has no topic"):
        preview(where.model_copy(update={"topic_prefix": "nobody.made."}), preparing(document()))


def test_a_publication_that_another_one_overtakes_writes_nothing(deployment):
    where = deployment()

    def slowly(log):
        publication = preparing(document(name="slow"))(log)
        publish(where, preparing(document(name="quick")))
        return publication

    with pytest.raises(PublishingFailed, match="another publication began while this one was at work"):
        publish(where, slowly)
    reader = reader_of(where)
    assert [(flow.name, flow.version) for flow in reader.newest().flows()] == [("quick", 1)]
    reader.close()


def test_a_definition_that_cannot_be_read_is_passed_over_but_never_published_over(deployment):
    where = deployment()
    (record,) = publish(where, preparing(document())).records
    producer = Producer({"bootstrap.servers": where.bootstrap_servers})
    later = {**record, "version": 2, "document": record["document"].replace('"type":"node"', '"type":"telepathy"')}
    producer.produce(where.topics.definitions, Codec().encode("definition", later), b"flow:support")
    producer.produce(where.topics.definitions, b"no definition", b"noise")
    assert producer.flush(30) == 0
    reader = reader_of(where)
    assert reader.newest().production("support").version == 1
    assert set(reader.unread) == {b"flow:support", b"noise"}
    reader.close()
    with pytest.raises(PublishingFailed, match=r'this release cannot read .*found "telepathy"'):
        publish(where, preparing(document(name="changed")))
    assert publish(where, preparing(document(ref="other"))).lines == ("flow other: published as version 1",)


def test_an_open_transaction_is_waited_for_and_never_read(deployment):
    where = deployment()
    producer = Producer({"bootstrap.servers": where.bootstrap_servers, "transactional.id": f"{where.topic_prefix}other"})
    producer.init_transactions(30)
    producer.begin_transaction()
    (record,) = preparing(document())(reader_of(where).log).records
    producer.produce(where.topics.definitions, Codec().encode("definition", record), b"flow:support")
    producer.flush(30)
    reader = reader_of(where)
    assert reader.newest().flows() == []
    producer.abort_transaction(30)
    reader.catch_up(30)
    assert reader.newest().flows() == []
    publish(where, preparing(document(ref="next")))
    reader.catch_up(30)
    assert [flow.reference for flow in reader.newest().flows()] == ["next"]
    reader.close()


def test_the_embedded_broker_takes_definitions_too(embedded_broker):
    where = Deployment(bootstrap_servers=embedded_broker.bootstrap_servers, embedded=True, partitions=2)
    publish(where, preparing(document()))
    assert publish(where, preparing(document(name="changed"))).lines == ("flow support: published as version 2",)
    reader = reader_of(where)
    assert reader.newest().production("support").name == "changed"
    reader.close()


def test_a_broker_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(publisher, "ANSWER_SEC", 1.0)
    where = Deployment(bootstrap_servers=f"127.0.0.1:{free_port()}")
    with pytest.raises(PublishingFailed, match=r"No Kafka broker answers at 127.0.0.1:.* within 1 seconds: nothing was published"):
        publish(where, preparing(document()))


def test_a_missing_topic_is_told(kafka):
    where = Deployment(bootstrap_servers=kafka, topic_prefix="nobody.made.")
    with pytest.raises(PublishingFailed, match=r"has no topic nobody.made.definitions: `smart-routing topics create` makes it"):
        publish(where, preparing(document()))
