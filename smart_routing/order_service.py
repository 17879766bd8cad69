"""The shop's order service, which the flows of examples/order_help ask: made up, in memory, the same orders at every start.

`python -m smart_routing.order_service` runs it at the address that the example's definitions name.
"""

import sys
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Final

from aiohttp import web

PORT: Final = 8090
"""The port in examples/order_help/definitions."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who brings a parcel, and when: ISO 8601."""

    carrier: str
    day: str


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered, and how far it is: packing, on_the_way or delivered."""

    number: str
    item: str
    status: str
    delivery: Delivery


def orders_of(today: date) -> tuple[Order, ...]:
    """Return the orders there are on a day."""

    def delivery(days: int) -> Delivery:
        return Delivery("Parcel Post", (today + timedelta(days)).isoformat())

    return (
        Order("100245", "copper kettle", "on_the_way", delivery(1)),
        Order("100246", "cast-iron pan", "packing", delivery(4)),
        Order("100247", "set of four knives", "delivered", delivery(-2)),
    )


def order_application(today: date) -> web.Application:
    """Return the service: `GET /orders/{number}`, `PUT /orders/{number}/delivery` with JSON `{"day": "2026-12-24"}`."""
    orders = {order.number: order for order in orders_of(today)}

    def order_of(request: web.Request) -> Order:
        order = orders.get(request.match_info["number"])
        if order is None:
            raise web.HTTPNotFound(text="There is no such order.")
        return order

    async def get_order(request: web.Request) -> web.Response:
        return web.json_response(asdict(order_of(request)))

    async def put_delivery(request: web.Request) -> web.Response:
        order = order_of(request)
        try:
            day = date.fromisoformat((await request.json())["day"])
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text="Expected JSON with a day in ISO 8601.") from error
        if order.status != "packing":
            raise web.HTTPConflict(text="The parcel has left the house.")
        orders[order.number] = replace(order, delivery=replace(order.delivery, day=day.isoformat()))
        return web.json_response(asdict(orders[order.number]))

    application = web.Application()
    application.add_routes([web.get("/orders/{number}", get_order), web.put("/orders/{number}/delivery", put_delivery)])
    return application


if __name__ == "__main__":
    web.run_app(order_application(date.today()), host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else PORT)  # noqa: DTZ011 - the day where the shop is
