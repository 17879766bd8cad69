"""A CRM over HTTP that is configured, not programmed."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.crm.cards import Card
from connectors.crm.client import Answer, CrmClient
from connectors.crm.directory import Directory
from connectors.crm.json_values import meets, read_card, to_json
from connectors.crm.request_template import find
from connectors.crm.settings import Answered, HttpCrm, HttpObject, Search
from connectors.framework.errors import Refused
from connectors.framework.outcome import UNKNOWN
from connectors.records.records import Asserted, Combination


class HttpSystem:
    """Searches and creates as the settings' requests say."""

    def __init__(self, settings: HttpCrm, client: CrmClient) -> None:
        self._settings = settings
        self._client = client

    def can_tell(self, name: str) -> bool:
        """Whether creations of an object carry a key by which the CRM knows a repeated one."""
        known = self._settings.objects.get(name)
        return known is not None and known.create is not None and known.create.idempotency_header is not None

    async def search(self, directory: Directory, wanted: Sequence[Asserted], combine: Combination) -> Sequence[Card]:
        """Return the cards that the search of the object finds, and that meet the assertions."""
        known = self._object(directory)
        search = known.search
        if search is None:
            raise Refused("refused", f"No search of {directory.object} is configured.")
        groups, combine_each = [list(wanted)], combine
        if combine not in search.combinations:
            if combine == "all":
                raise Refused("refused", f"The search of {directory.object} cannot combine assertions by AND.")
            groups, combine_each = [[asserted] for asserted in wanted], next(iter(search.combinations))
        found: dict[str, Card] = {}
        for group in groups:
            each = [self._pair(known, directory, name, value) for name, value in group]
            values = {"combination": search.combinations[combine_each], "object": directory.object, **(each[0] if len(each) == 1 else {})}
            for card in await self._cards(search, directory, known, values, each):
                if not search.exact or meets(card, directory, list(wanted), combine):
                    found.setdefault(card.id, card)
        return list(found.values())

    async def search_customer(self, directory: Directory, scenario: str, envelope: Mapping[str, Any]) -> Sequence[Card]:
        """Return the cards that the scenario's own request finds."""
        request = self._settings.scenarios.get(scenario)
        if request is None:
            raise Refused("refused", f"No request for the scenario {scenario!r} is configured.")
        values = {name: envelope[name] for name in ("channel", "account", "address")} | {"scenario": scenario, "object": directory.object}
        found = await self._cards(request, directory, self._object(directory), values, [])
        return list({card.id: card for card in found}.values())

    async def create(self, directory: Directory, values: Mapping[str, str], command_id: str) -> Card:
        """Create a card."""
        known = self._object(directory)
        create = known.create
        if create is None:
            raise Refused("refused", f"No creation of {directory.object} is configured.")
        each = [self._pair(known, directory, name, value) for name, value in values.items()]
        given = {"object": directory.object, "command_id": command_id, "fields": {one["field"]: one["value"] for one in each}}
        answer = await self._client.ask(
            create.method,
            create.filled_path(given),
            query=create.filled_query(given, each),
            body=create.filled_body(given, each),
            headers={} if create.idempotency_header is None else {create.idempotency_header: command_id},
            repeatable=create.idempotency_header is not None,
        )
        self._check(answer)
        found = find(create.cards, answer.document)
        card = read_card(find(create.id, found), find(create.values, found), directory, known.fields)
        if card is None:
            raise Refused("refused", "The CRM has created a card, and its answer names no id.", outcome=UNKNOWN)
        return Card(card.id, {**values, **card.values})

    async def created(self, directory: Directory, values: Mapping[str, str], command_id: str) -> Card | None:
        """Return None: the creation is repeated with the same key, and the CRM answers it as it did."""
        return None

    async def _cards(
        self, request: Answered, directory: Directory, known: HttpObject, values: Mapping[str, Any], each: list[Mapping[str, Any]]
    ) -> list[Card]:
        query, body = request.filled_query(values, each), request.filled_body(values, each)
        answer = await self._client.ask(request.method, request.filled_path(values), query=query, body=body)
        if answer.status in request.no_card:
            return []
        self._check(answer)
        listed = find(request.cards, answer.document)
        if listed is None and not isinstance(request, Search):
            listed = []
        if not isinstance(listed, list):
            listed = [listed]
        cards = [read_card(find(request.id, one), find(request.values, one), directory, known.fields) for one in listed]
        if None in cards:
            raise Refused("refused", "The CRM's answer has no card with an id where the settings look for one.")
        return [card for card in cards if card is not None]

    def _object(self, directory: Directory) -> HttpObject:
        known = self._settings.objects.get(directory.object)
        if known is None:
            raise Refused("refused", f"No object {directory.object!r} is configured.")
        return known

    def _pair(self, known: HttpObject, directory: Directory, name: str, value: str) -> Mapping[str, Any]:
        return {"field": known.fields.get(name, name), "value": to_json(directory.fields[name].type, value)}

    def _check(self, answer: Answer) -> None:
        if answer.status < 300:
            return
        for refusal in self._settings.refusals:
            if refusal.status == answer.status and (refusal.when is None or find(refusal.when, answer.document)):
                raise Refused(refusal.reason, f"The CRM answered HTTP {answer.status}.")
        raise Refused("refused", f"The CRM answered HTTP {answer.status}.")
