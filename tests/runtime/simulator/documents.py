"""A small flow that asks everybody: the customer, connectors, agents, the clock."""

from typing import Any

import yaml

from processor.flow.document import load
from processor.runtime.simulator.script import Rule
from processor.runtime.simulator.simulation import Simulation
from processor.runtime.simulator.world import World, read_documents, world_of
from tests.talk import MONDAY

FLOW = """
ref: support
timezone: Europe/London
locale: en-GB
country: GB
variables:
  order: {number: number, status: text}
  photo: {url: image}
actions:
  start: {type: start, links: {ok: hello}}
  hello: {type: simple_message, message: "Hello {{ customer.name }}", links: {ok: menu}}
  menu:
    type: message_with_choice
    message: What is it about?
    responses: [{response_content: My order, id: order}, {response_content: A photo}, {response_content: People}]
    maximum_response_wait_time_sec: 900
    links: {link_1: number, link_2: photo, link_3: people, error: sorry, response_time_exceeded: bye}
  number:
    type: message_awaiting_response
    message: One question.
    questions: [{question_content: Which order?, variable_type: number, variable: order, field: number}]
    default_error_message: Digits, please.
    maximum_number_of_response_attempts: 2
    maximum_response_wait_time_sec: 600
    links: {ok: breathe, error: sorry, maximum_attempts_reached: sorry, response_time_exceeded: bye}
  breathe: {type: pause, pause_time_sec: 10, links: {ok: find}}
  find:
    type: web_service
    web_service: {reference: orders}
    request_settings: {number: "{{ order.number }}"}
    synchronous: true
    variables: [{response_field: status, variable: order, field: status}]
    links: {ok: found, not_ok: sorry}
  found: {type: simple_message, message: "Order {{ order.number }} is {{ order.status }}.", links: {ok: end}}
  photo:
    type: message_awaiting_response
    message: ""
    questions: [{question_content: Show me., variable_type: image, variable: photo, field: url}]
    default_error_message: That is no picture.
    maximum_number_of_response_attempts: 2
    maximum_response_wait_time_sec: 600
    links: {ok: bye, error: sorry, maximum_attempts_reached: sorry, response_time_exceeded: bye}
  people:
    type: distribution_to_queue
    queue: {reference: desk}
    links: {processed: bye, unprocessed: sorry, reference_not_found: sorry, overflow: sorry, dissuasion: sorry}
  sorry: {type: simple_message, message: Sorry., links: {ok: end}}
  bye: {type: simple_message, message: Bye., links: {ok: end}}
"""
SERVICE = """
kind: web_service
id: orders
reference: orders
url: http://127.0.0.1:1/orders/{number}
inputs: {number: {type: number, place: path}}
outputs: {status: {path: $.status}}
"""
QUEUE = "{kind: queue, id: desk, reference: desk}"
ENTRY = "{kind: entry_point, id: site, reference: site, channel: web_chat, account: site, flow: support, end_of_interaction: farewell}"
FAREWELL = """
ref: farewell
type: end_of_interaction
timezone: Europe/London
locale: en-GB
country: GB
actions:
  start: {type: start, links: {ok: last}}
  last: {type: simple_message, message: The end., links: {ok: end}}
"""
DRAWING = """
ref: draw
timezone: Europe/London
locale: en-GB
country: GB
actions:
  start: {type: start, links: {ok: halves}}
  halves: {type: load_sharing, link_load_no_1: 99, link_load_no_2: 1, links: {link_1: again, link_2: again}}
  again: {type: check_passages, maximum_number_of_passages: 1, links: {less_than_or_equal: halves, greater: end}}
"""

FILES = {"support.yaml": FLOW, "definitions/orders.yaml": SERVICE, "definitions/desk.yaml": QUEUE}

PACKING = {"command": "CallWebService", "answer": {"values": {"status": "packing"}}}


def world(*texts: str, flow: str | None = None, channel: str | None = None) -> World:
    documents = [(f"{number}.yaml", load(text)) for number, text in enumerate(texts or FILES.values())]
    return world_of(read_documents(documents), flow, channel)


def simulation(*rules: dict[str, Any], of: World | None = None, **more: Any) -> Simulation:
    return Simulation(of or world(), [Rule.model_validate(rule) for rule in rules], at=MONDAY, **more)


def as_yaml(document: Any) -> str:
    written: str = yaml.safe_dump(document, sort_keys=False)
    return written
