"""HubSpot, by its CRM API of version 3 (developers.hubspot.com: search the CRM, object APIs, error handling)."""

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from connectors.crm.cards import Card
from connectors.crm.client import Answer, CrmClient, segment
from connectors.crm.directory import Directory
from connectors.crm.json_values import meets, read_card
from connectors.crm.settings import HubSpotCrm, HubSpotObject
from connectors.framework.errors import Refused
from connectors.framework.outcome import UNKNOWN
from connectors.records.records import Asserted, Combination

_GROUPS: Final = 5
"""Most filter groups of a search, which are combined by OR."""
_FILTERS: Final = 10
"""Most filters of a group, which are combined by AND."""
_PAGE: Final = 100
_PAGES: Final = 10

_PROPERTY_ERRORS: Final = re.compile(r"\[.*\]", re.DOTALL)
_TAKEN: Final = "already has that value."
"""How the message ends where a property with unique values is refused, with status 400; an address that is taken is a 409."""
_NOT_THERE: Final = frozenset({"PROPERTY_DOESNT_EXIST"})
_MISSING: Final = frozenset({"REQUIRED_FIELD", "MISSING_REQUIRED_PROPERTY"})


class HubSpotSystem:
    """Searches and creates objects of one account.

    The search takes upper and lower case for the same, so what it finds is held against the assertions again. It shows a new card some
    seconds late; whether a command has created one is asked by the card's unique property, which is known at once.
    """

    def __init__(self, settings: HubSpotCrm, client: CrmClient) -> None:
        self._settings = settings
        self._client = client

    def can_tell(self, name: str) -> bool:
        """Whether cards of an object hold the command's id in a property."""
        return self._object(name).command_property is not None

    async def search(self, directory: Directory, wanted: Sequence[Asserted], combine: Combination) -> Sequence[Card]:
        """Return the cards that meet the assertions."""
        known = self._object(directory.object)
        filters = [_filter(known.properties.get(name, name), directory.fields[name].type, value) for name, value in wanted]
        # Where there are more filters than a group takes, the rest is looked at here.
        groups = [filters[:_FILTERS]] if combine == "all" else [[one] for one in filters]
        found = [card async for card in self._found(directory, known, groups)]
        return [card for card in found if meets(card, directory, list(wanted), combine)]

    async def search_customer(self, directory: Directory, scenario: str, envelope: Mapping[str, Any]) -> Sequence[Card]:
        """Return the cards that have the customer's address in one of the scenario's properties."""
        properties = self._settings.scenarios.get(scenario)
        if not properties:
            raise Refused("refused", f"No properties for the scenario {scenario!r} are configured.")
        groups = [[_filter(name, "text", envelope["address"])] for name in properties]
        return [card async for card in self._found(directory, self._object(directory.object), groups)]

    async def create(self, directory: Directory, values: Mapping[str, str], command_id: str) -> Card:
        """Create a card; where it has a property for the command's id, only once."""
        known = self._object(directory.object)
        properties = {known.properties.get(name, name): _sent(directory.fields[name].type, value) for name, value in values.items()}
        if known.command_property is not None:
            properties[known.command_property] = command_id
        path, repeatable = f"/crm/v3/objects/{self._type(directory)}", known.command_property is not None
        answer = await self._client.ask("POST", path, body={"properties": properties}, repeatable=repeatable)
        # An earlier try may have created it: a repeated one is refused, for its id or for any other property that must be unique.
        if answer.status >= 400 and repeatable and (mine := await self.created(directory, values, command_id)) is not None:
            return mine
        _check(answer)
        card = _card(answer.document, directory, known)
        if card is None:
            raise Refused("refused", "HubSpot has created a card, and its answer names no id.", outcome=UNKNOWN)
        return Card(card.id, {**values, **card.values})

    async def created(self, directory: Directory, values: Mapping[str, str], command_id: str) -> Card | None:
        """Return the card that holds the command's id."""
        known = self._object(directory.object)
        if known.command_property is None:
            raise AssertionError("only where can_tell says so")
        path = f"/crm/v3/objects/{self._type(directory)}/{segment(command_id)}"
        query = {"idProperty": known.command_property, "properties": ",".join(_properties(directory, known))}
        answer = await self._client.ask("GET", path, query=query)
        if answer.status == 404:
            return None
        _check(answer)
        card = _card(answer.document, directory, known)
        return None if card is None else Card(card.id, {**values, **card.values})

    async def _found(
        self, directory: Directory, known: HubSpotObject, groups: Sequence[Sequence[Mapping[str, str]]]
    ) -> AsyncIterator[Card]:
        seen = set()
        for start in range(0, len(groups), _GROUPS):
            body = {
                "filterGroups": [{"filters": group} for group in groups[start : start + _GROUPS]],
                "properties": list(_properties(directory, known)),
                "limit": _PAGE,
            }
            for _ in range(_PAGES):
                answer = await self._client.ask("POST", f"/crm/v3/objects/{self._type(directory)}/search", body=body)
                _check(answer)
                match answer.document:
                    case {"results": list() as results, **rest}:
                        cards = [_card(result, directory, known) for result in results]
                    case _:
                        raise Refused("refused", "Expected HubSpot's results, found something else.")
                for card in cards:
                    if card is None:
                        raise Refused("refused", "Expected HubSpot's results, found one without an id.")
                    if card.id not in seen:
                        seen.add(card.id)
                        yield card
                match rest:
                    case {"paging": {"next": {"after": str() | int() as after}}}:
                        body["after"] = str(after)
                    case _:
                        break

    def _object(self, name: str) -> HubSpotObject:
        return self._settings.objects.get(name) or HubSpotObject()

    def _type(self, directory: Directory) -> str:
        return segment(self._object(directory.object).type or directory.object)


def _filter(name: str, kind: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": "EQ", "value": _sent(kind, value)}


def _sent(kind: str, value: str) -> str:
    """Return a canonical value as HubSpot takes it: dates (midnight UTC) and times are epoch milliseconds."""
    match kind:
        case "date":
            return str(int(datetime.combine(date.fromisoformat(value), time(), UTC).timestamp()) * 1000)
        case "date_and_time":
            return str(int(datetime.fromisoformat(value).timestamp()) * 1000)
        case _:
            return value


def _properties(directory: Directory, known: HubSpotObject) -> Iterable[str]:
    return (known.properties.get(name, name) for name in directory.fields)


def _card(document: Any, directory: Directory, known: HubSpotObject) -> Card | None:
    match document:
        case {"id": identity, "properties": dict() as properties}:
            return read_card(identity, properties, directory, known.properties)
        case _:
            return None


def _check(answer: Answer) -> None:
    if answer.status < 300:
        return
    codes = set(_codes(answer.document))
    message = str(answer.document.get("message", "")).lower() if isinstance(answer.document, dict) else ""
    if answer.status == 409 or message.endswith(_TAKEN):
        reason = "duplicate"
    elif codes & _NOT_THERE:
        reason = "unknown_field"
    elif codes & _MISSING or "required properties were not set" in message:
        reason = "missing_field"
    elif answer.status == 400 and any(code.startswith("INVALID_") for code in codes):
        reason = "wrong_type"
    else:
        reason = "refused"
    raise Refused(reason, f"HubSpot answered HTTP {answer.status}{''.join(f', {code}' for code in sorted(codes))}.")


def _codes(document: Any) -> Iterable[str]:
    """Give the error codes of an answer: in `errors`, or in the list that ends the message."""
    if not isinstance(document, dict):
        return
    listed = [document.get("errors")]
    within = _PROPERTY_ERRORS.search(str(document.get("message", "")))
    if within is not None:
        try:
            listed.append(json.loads(within[0]))
        except (ValueError, RecursionError):
            listed.append(None)
    for errors in listed:
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, dict):
                yield from (
                    code for name in ("code", "error") if isinstance(code := error.get(name), str) and re.fullmatch("[A-Z_]{1,60}", code)
                )
