import secrets

import pytest

from schemas.topics import Topics, TopicSpec
from smart_routing.free_port import free_port
from smart_routing.topic_admin import Difference, KafkaUnreachableError, TopicAdmin, TopicsRefusedError


@pytest.fixture
def admin(kafka):
    with TopicAdmin(kafka) as connected:
        yield connected


@pytest.fixture
def topics(admin):
    """Names of topics of this test's own, deleted after it."""
    topics = Topics(f"test-{secrets.token_hex(4)}.")
    yield topics
    admin.delete(name for name in admin.partitions() if name.startswith(topics.prefix))


def test_topics_are_created_once(admin, topics):
    specs = topics.specs(2)
    assert set(admin.create(specs)) == {spec.name for spec in specs}
    assert admin.create(specs) == ()


def test_created_topics_are_as_specified(admin, topics):
    admin.create(topics.specs(3))
    there = admin.partitions()
    assert there[topics.inbound] == 3
    assert there[topics.definitions] == 1
    assert admin.differences(topics.specs(3)) == ()


def test_differences_are_told_and_those_that_matter_marked(admin, topics):
    admin.create([TopicSpec(topics.inbound, 1, {"retention.ms": "1000", "message.timestamp.type": "CreateTime"})])
    wanted = [spec for spec in topics.specs(2) if spec.name in (topics.inbound, topics.ticks)]
    differences = admin.differences(wanted)
    assert set(differences) == {
        Difference(topics.inbound, "partitions", "2", "1"),
        Difference(topics.inbound, "retention.ms", "604800000", "1000"),
        Difference(topics.inbound, "message.timestamp.type", "LogAppendTime", "CreateTime"),
        Difference(topics.ticks, "topic", "", None),
    }
    assert {difference.setting for difference in differences if not difference.matters} == {"retention.ms"}
    assert {str(difference) for difference in differences} >= {
        f"{topics.inbound}: partitions: expected 2; found 1",
        f"{topics.ticks}: expected a topic; found none",
    }


def test_what_the_cluster_refuses_is_told_by_topic(admin, topics):
    with pytest.raises(TopicsRefusedError, match=rf"{topics.journal}: .*cleanup\.policy"):
        admin.create([TopicSpec(topics.inbound, 1), TopicSpec(topics.journal, 1, {"cleanup.policy": "never"})])
    assert topics.inbound in admin.partitions()


def test_deleting_passes_over_what_is_not_there(admin, topics):
    admin.create([TopicSpec(topics.inbound, 1)])
    admin.delete([topics.inbound, topics.journal])
    assert topics.inbound not in admin.partitions()


def test_a_cluster_that_does_not_answer_is_told(capfd):
    address = f"127.0.0.1:{free_port()}"
    with (
        TopicAdmin(address, timeout_seconds=0.5) as admin,
        pytest.raises(KafkaUnreachableError, match=rf"No Kafka broker answers at {address} within 0\.5 seconds"),
    ):
        admin.partitions()
    assert capfd.readouterr() == ("", "")


def test_deployments_of_tests_have_topics_of_their_own(deployment, admin):
    one, another = deployment(partitions=1), deployment(partitions=3)
    there = admin.partitions()
    assert there[one.topics.state] == 1
    assert there[another.topics.state] == 3
