"""The contacts connector: counts what the journal tells."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime

from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.contacts.follower import Follower
from connectors.contacts.inputs import AppliedInputs
from connectors.contacts.log import Log
from connectors.contacts.projection import Projection
from connectors.contacts.rounds import Rounds
from connectors.contacts.settings import ContactsSettings
from connectors.contacts.store import ContactStore
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.customers import customer_key
from connectors.framework.errors import Refused, StoreAway
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings


class ContactsConnector(Connector):
    """Counts customers' contacts (§ 6.9).

    A count waits until the workers have applied what was logged up to the end of its window, on every partition, and until the journal of
    that is taken in: a contact a moment ago, on another channel, is counted. Where that takes longer than the flow waits, there is no
    count: none is guessed.
    """

    family = "contacts"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises DeploymentError where the deployment has no secret by which customers are named.
        """
        deployment, settings = surroundings.deployment, surroundings.read(ContactsSettings)
        self._secret = deployment.conversation_secret()
        self._redis = Redis.from_url(deployment.redis_url)
        self._store = ContactStore(self._redis, deployment, settings.retention_ms)
        self._log = Log(deployment)
        self._inputs = AppliedInputs(deployment, self._log)
        self._projection = Projection(deployment, self._log, self._store)
        self._follower = Follower(deployment, self._projection, surroundings.settings.session_seconds) if settings.follow else None
        self._rounds = Rounds(self._projection.catch_up_what_counts)
        self._open = AsyncExitStack()

    async def open(self) -> None:
        """Connect, and follow the journal.

        Raises KafkaError where Kafka does not answer.
        """
        self._open.push_async_callback(self._redis.aclose)
        self._open.push_async_callback(self._log.close)
        await self._log.open()
        self._open.push_async_callback(self._inputs.close)
        await self._inputs.open()
        self._open.push_async_callback(self._rounds.close)
        if self._follower is not None:
            self._open.push_async_callback(self._follower.stop)
            self._follower.start()

    async def close(self) -> None:
        """Stop following, and disconnect."""
        await self._open.aclose()

    @command("CountContacts", idempotent=True)
    async def count_contacts(self, body: Body, context: Context) -> Outcome:
        """Count a customer's contacts in a window, the interaction that asks apart."""
        asking = context.envelope
        since, until = body["since"], body["until"]
        try:
            customer = customer_key(asking["channel"], asking["account"], asking["address"], key=self._secret)
        except ValueError as error:
            raise Refused("refused", f"No customer: {error}.") from error
        try:
            await self._inputs.reach(until)
            count = None
            while count is None:
                await self._rounds.join()
                count = await self._store.count(await self._store.generation(), customer, since, until, but=asking["interaction_id"])
        except (RedisError, OSError) as error:
            raise StoreAway(f"Redis: {type(error).__name__}.") from error
        except KafkaError as error:
            raise StoreAway(f"Kafka: {type(error).__name__}.") from error
        if since < count.known_since:
            known = datetime.fromtimestamp(count.known_since / 1000, UTC).isoformat(timespec="seconds")
            raise Refused("refused", f"Contacts are known since {known}, and the window begins before that.")
        return Outcome.ok(count=str(count.number))
