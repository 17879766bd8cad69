"""HubSpot on loopback, as its documentation of search, object creation and errors has it."""

import asyncio
import datetime as dt
import json
import re
from typing import Any

from aiohttp import web

TOKEN = "pat-eu1-a-token-of-the-tests"
TYPES = {"phone": "string", "firstname": "string", "email": "string", "bill": "number", "car": "bool", "asked": "date", "command": "string"}


def error(status, message, category, **more):
    return web.json_response({"status": "error", "message": message, "correlationId": "c-1", "category": category, **more}, status=status)


class HubSpot:
    """One account with contacts. `trouble` may hold functions of the request, each used once: an answer, or None to go on."""

    def __init__(self):
        self.cards = {}
        self.requests = []
        self.trouble = []
        self.unique = {"email", "command"}

    async def serve(self, request):
        body: Any = await request.json() if request.can_read_body else None
        self.requests.append((request.method, request.path, dict(request.query), body))
        if self.trouble and (answer := await self.trouble.pop(0)(request)) is not None:
            return answer
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return error(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        match request.method, request.path:
            case "POST", "/crm/v3/objects/contacts/search":
                return self.search(body)
            case "POST", "/crm/v3/objects/contacts":
                return self.create(body["properties"])
            case "GET", path if path.startswith("/crm/v3/objects/contacts/"):
                return self.get(path.rpartition("/")[2], request.query)
        return error(404, "resource not found", "OBJECT_NOT_FOUND")

    def search(self, body):
        groups = body["filterGroups"]
        if not 0 < len(groups) <= 5 or any(len(group["filters"]) > 10 for group in groups):
            return error(400, "too many filters", "VALIDATION_ERROR")
        for group in groups:
            for one in group["filters"]:
                if one["propertyName"] not in TYPES:
                    message = f"There was a problem with the request. Property '{one['propertyName']}' does not exist"
                    return error(400, message, "VALIDATION_ERROR", errors=[{"message": message, "code": "PROPERTY_DOESNT_EXIST"}])
        found = [card for card in self.cards.values() if any(all(self.fits(card, one) for one in group["filters"]) for group in groups)]
        start = int(body.get("after", 0))
        page = found[start : start + body["limit"]]
        answer = {"total": len(found), "results": [self.shown(card, body["properties"]) for card in page]}
        if start + body["limit"] < len(found):
            answer["paging"] = {"next": {"after": str(start + body["limit"]), "link": "https://api.hubapi.com/…"}}
        return web.json_response(answer)

    def fits(self, card, one):
        assert one["operator"] == "EQ"
        held, wanted = card["properties"].get(one["propertyName"]), one["value"]
        if held is None:
            return False
        if TYPES[one["propertyName"]] == "number":
            return float(held) == float(wanted)
        return held.lower() == wanted.lower()  # a search takes them for the same

    def create(self, properties):
        faults = []
        for name, value in properties.items():
            if name not in TYPES:
                faults.append((name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            elif TYPES[name] == "number" and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
                faults.append((name, "INVALID_INTEGER", f"{value} was not a valid number."))
            elif TYPES[name] == "date" and int(value) % 86_400_000:
                faults.append((name, "INVALID_DATE", f"{value} is not midnight UTC"))
            elif name == "email" and value.endswith(".invalid"):
                faults.append((name, "INVALID_EMAIL", "Email address is invalid"))
        if faults:
            details = [{"isValid": False, "message": said, "error": code, "name": name} for name, code, said in faults]
            return error(400, f"Property values were not valid: {json.dumps(details)}", "VALIDATION_ERROR")
        if "phone" not in properties:
            return error(
                400, "Error creating CONTACT. Some required properties were not set.", "VALIDATION_ERROR", context={"properties": ["phone"]}
            )
        new = str(101 + len(self.cards))
        for name in self.unique & set(properties):
            for identity, card in self.cards.items():
                if card["properties"].get(name) != properties[name]:
                    continue
                if name == "email":
                    return error(409, f"Contact already exists. Existing ID: {identity}", "CONFLICT")
                where = f"PropertyValueCoordinates{{portalId=1, propertyName={name}, value={properties[name]}}}"
                return error(400, f"Cannot set {where} on {new}. {identity} already has that value.", "VALIDATION_ERROR")
        identity = new
        self.cards[identity] = {"id": identity, "properties": dict(properties)}
        return web.json_response(self.shown(self.cards[identity], list(TYPES)), status=201)

    def get(self, value, query):
        for card in self.cards.values():
            if card["properties"].get(query["idProperty"]) == value:
                return web.json_response(self.shown(card, query["properties"].split(",")))
        return error(404, "resource not found", "OBJECT_NOT_FOUND")

    def shown(self, card, properties):
        values = {name: card["properties"].get(name) for name in properties if name in TYPES}
        for name, value in values.items():
            if TYPES[name] == "date" and value is not None:
                values[name] = dt.datetime.fromtimestamp(int(value) / 1000, dt.UTC).date().isoformat()
        values["hs_object_id"] = card["id"]
        return {"id": card["id"], "properties": values, "createdAt": "2026-03-01T10:00:00.000Z", "archived": False}


async def too_many(_request):
    return error(429, "You have reached your secondly limit.", "RATE_LIMITS", errorType="RATE_LIMIT", policyName="SECONDLY")


async def no_more_today(_request):
    return error(429, "You have reached your daily limit.", "RATE_LIMITS", errorType="RATE_LIMIT", policyName="DAILY")


async def broken(_request):
    return web.Response(status=502, text="<html>Bad gateway</html>")


async def slow(_request):
    await asyncio.sleep(30)


async def nonsense(_request):
    return web.Response(text="<html>", content_type="text/html")


async def lost(request):
    request.transport.close()
    return web.Response()
