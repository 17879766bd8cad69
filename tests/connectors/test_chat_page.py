"""The chat page, as the gateway serves it."""

import re

import pytest

from connectors.messaging.chat_page import PAGE
from schemas.deployment import Deployment
from tests.connectors.chat_bench import gateway


@pytest.fixture
async def customer(redis_server):
    deployment = Deployment(bootstrap_servers="127.0.0.1:1", redis_url=redis_server.url, embedded=True)
    async with gateway(deployment, ready=False) as made:
        yield made


async def test_the_page_and_all_that_it_names_are_served_and_run_nothing_else(customer):
    async with customer.session.get("/") as response:
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
        text = await response.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    named = re.findall(r'(?:href|src)="([^"#]+)"', text)
    assert named
    for path in [*named, "page/chat.js"]:
        async with customer.session.get(f"/{path}") as response:
            assert response.status == 200
            assert response.content_type in {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}
            assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_needs_nothing_from_elsewhere_and_never_makes_markup_of_text():
    for file in PAGE.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=", text), file.name
