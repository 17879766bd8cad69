"""What the flows of the examples ask over HTTP: the shop's orders and the dentists' agenda, made up, in memory, the same at every start.

`python -m smart_routing.order_service` runs it at the address that the examples' definitions name.
"""

import sys
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from aiohttp import web

PORT: Final = 8090
"""The port in the definitions of the examples."""

AGENDA_DAYS: Final = 90
"""Days ahead for which the dentists' agenda is open."""

_MORNING: Final = ("09:00", "09:40", "10:20", "11:00")
_AFTERNOON: Final = ("14:00", "14:40", "15:20", "16:00")
_WEDNESDAY: Final = 2
_SATURDAY: Final = 5


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


def times_of(day: date) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the times of a day that patients can book, those of the morning and those of the afternoon."""
    if day.weekday() >= _SATURDAY:
        return (), ()
    return _MORNING, () if day.weekday() == _WEDNESDAY else _AFTERNOON


class Agenda:
    """The dentists' agenda: the times of the next days, and those of them that are booked."""

    def __init__(self, today: date) -> None:
        """Open an agenda in which nothing is booked."""
        self._tomorrow = today + timedelta(1)
        self.open_until = today + timedelta(AGENDA_DAYS)
        self._booked: list[str] = []

    def free(self, first_day: date) -> list[str]:
        """Return the next free morning and the next free afternoon from a day on, the earlier one first, such as 2026-12-24T09:00."""
        day = max(first_day, self._tomorrow)
        free: dict[int, str] = {}
        while day <= self.open_until and len(free) < 2:
            for half, times in enumerate(times_of(day)):
                left = (f"{day}T{time}" for time in times if f"{day}T{time}" not in self._booked)
                if half not in free and (start := next(left, None)):
                    free[half] = start
            day += timedelta(1)
        return sorted(free.values())

    def book(self, start: datetime) -> str | None:
        """Book a time and return its number; None where that time is not free."""
        time = f"{start:%Y-%m-%dT%H:%M}"
        ahead = self._tomorrow <= start.date() <= self.open_until
        if not ahead or time in self._booked or not any(time[11:] in times for times in times_of(start.date())):
            return None
        self._booked.append(time)
        return f"RDV-{100 + len(self._booked)}"


def order_application(today: date) -> web.Application:
    """Return the service.

    - `GET /orders/{number}`; `PUT /orders/{number}/delivery` with JSON `{"day": "2026-12-24"}`.
    - `GET /appointments?from=2026-12-24`; `POST /appointments` with JSON `{"start": "2026-12-24T09:00", "name": …, "phone": …}`.
    """
    agenda = Agenda(today)
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

    async def get_appointments(request: web.Request) -> web.Response:
        try:
            day = date.fromisoformat(request.query["from"])
        except (ValueError, KeyError) as error:
            raise web.HTTPBadRequest(text="Expected the query from=, a day in ISO 8601.") from error
        return web.json_response({"open_until": agenda.open_until.isoformat(), "free": agenda.free(day)})

    async def post_appointment(request: web.Request) -> web.Response:
        try:
            start = datetime.fromisoformat((await request.json())["start"])
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text="Expected JSON with a start in ISO 8601.") from error
        number = agenda.book(start)
        if number is None:
            raise web.HTTPConflict(text="That time is not free.")
        return web.json_response({"number": number, "start": start.isoformat()}, status=201)

    application = web.Application()
    application.add_routes(
        [
            web.get("/orders/{number}", get_order),
            web.put("/orders/{number}/delivery", put_delivery),
            web.get("/appointments", get_appointments),
            web.post("/appointments", post_appointment),
        ]
    )
    return application


if __name__ == "__main__":
    web.run_app(order_application(date.today()), host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else PORT)  # noqa: DTZ011 - the day where the shop is
