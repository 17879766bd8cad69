"""What others say and send on the chat page, in a real browser."""

import os
from pathlib import Path

from redis.asyncio import Redis

from connectors.messaging.entry import Entry
from connectors.messaging.transcript import Transcript
from schemas.conversation import DEVELOPMENT_KEY, conversation_id
from schemas.deployment import Deployment
from tests.connectors.chat_bench import gateway
from tests.smart_routing.browser import running_browser

SCRIPT = "<img src=x onerror=\"document.title='taken'\">"


async def test_who_answers_is_seen_and_no_name_text_or_link_does_more(redis_server, tmp_path):
    deployment = Deployment(bootstrap_servers="127.0.0.1:1", redis_url=redis_server.url, embedded=True)
    conversation = conversation_id("web_chat", "demo", "ann", key=DEVELOPMENT_KEY)
    async with Redis.from_url(redis_server.url) as redis:
        transcript = Transcript(redis, deployment.topic_prefix, 60)
        await transcript.say(conversation, "1", Entry("flow", "One moment, please."))
        await transcript.say(conversation, "2", Entry("agent", "Good morning, how can I help?", name="Anna Martin"))
        await transcript.say(conversation, "3", Entry("customer", SCRIPT))
        await transcript.say(conversation, "4", Entry("agent", SCRIPT, name=SCRIPT))
    async with gateway(deployment, ready=False) as customer, running_browser(tmp_path / "browser") as browser:
        base = str(customer.session._base_url).rstrip("/")
        for dark in (False, True):
            # Whoever sends a customer such a link knows the address, and could read along.
            async with browser.page(f"{base}/#{'%' if dark else 'ann'}", width=390, height=844, dark=dark, touch=True) as page:
                await page.arrives("localStorage.getItem('smart-routing.chat-address')?.startsWith('web-')")
                await page.arrives("document.querySelector('.chat-input')")
                await page.value(
                    "import('/page/chat.js').then(({ Chat }) => new Chat(document.body, { address: 'ann', base: '/' })).then(() => 1)"
                )
                await page.arrives("document.querySelectorAll('.chat-message').length === 4")
                names = "[...document.querySelectorAll('.chat-agent-name')].map((name) => name.textContent)"
                assert await page.value(names) == ["Anna Martin", SCRIPT]
                texts = "[...document.querySelectorAll('.chat-text')].slice(2).map((text) => text.textContent)"
                assert await page.value(texts) == [SCRIPT, SCRIPT]
                assert await page.value("document.querySelectorAll('.chat-message img').length") == 0
                assert await page.value("document.title") == "Chat"
                assert await page.fits()
                if folder := os.environ.get("SMART_ROUTING_TEST_PICTURES"):
                    await page.picture(Path(folder) / f"chat_agent_{'dark' if dark else 'light'}.png")
