"""Every example of the demo, played in a browser to its end, and what is then to be seen behind the chat."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.smart_routing.browser import running_browser
from tests.smart_routing.visitor import Visitor

DESKTOP: dict[str, Any] = {"width": 1400, "height": 900}
PHONE: dict[str, Any] = {"width": 390, "height": 844, "touch": True}

# What a thumb points at is 44 CSS pixels high (WCAG 2.2, 2.5.5); links within a text are excepted there.
_TOO_SMALL = """[...document.querySelectorAll('button, select, input, textarea, .button, nav a')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.9).map((one) => one.outerHTML.slice(0, 120))"""
# What can be filled in or pressed has a name for those who hear the page.
_UNNAMED = """[...document.querySelectorAll('input, select, textarea, button, a')].filter((one) => one.checkVisibility()
    && !one.getAttribute('aria-label') && !(one.labels?.length) && !one.textContent.trim()).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
async def browser(tmp_path):
    async with running_browser(tmp_path / "profile") as running:
        yield running
        assert running.complaints == []


@asynccontextmanager
async def chat(browser, demo, example):
    async with browser.page(f"{demo.address}/#{example}", **DESKTOP, still=True) as page:
        visitor = Visitor(page)
        await visitor.begins()
        await page.until(f"document.getElementById('examples').value === '{example}'")
        yield visitor


@asynccontextmanager
async def behind(browser, visitor, text):
    """Open what is behind the chat."""
    async with browser.page((await visitor.behind())[text], **DESKTOP, still=True) as page:
        yield page


async def shows(page, text):
    await page.arrives(f"document.body?.innerText.includes('{text}')")


async def test_help_with_an_order(browser, demo):
    async with chat(browser, demo, "order_help") as visitor:
        await visitor.says("Hello")
        await visitor.hears("What is your order number?")
        await visitor.says("100247")
        await visitor.hears("set of four knives")
        await visitor.chooses("That is all")
        # Half of the customers are asked for a word, the others for words.
        if await visitor.hears_one_of("Are you happy with this chat?", "Write as much as you like.") == 0:
            await visitor.chooses("Yes")
        else:
            await visitor.says("Nothing, thank you")
        await visitor.hears("This chat is closed")
        await visitor.sees_the_end()
        async with behind(browser, visitor, "The whole office") as page:
            await shows(page, "Five hours in Bergen")


async def test_a_complaint_becomes_a_case_a_task_an_email_and_an_opinion(browser, demo):
    async with chat(browser, demo, "complaint") as visitor:
        await visitor.says("Hello")
        await visitor.hears("What is it about?")
        await visitor.chooses("My luggage")
        await visitor.says("2")
        await visitor.hears("On which day did you fly with us?")
        await visitor.says("27 February 2026")
        await visitor.hears("What happened?")
        await visitor.says("<b>My suitcase</b> is still in Oslo.")
        await visitor.hears("e-mail address")
        await visitor.says("ada@example.org")
        await visitor.hears("FA-", "within fourteen days")
        await visitor.chooses("No, thank you")
        await visitor.hears("Thank you", "How did we treat your complaint?")
        survey = await visitor.link()
        await visitor.sees_the_end()
        async with browser.page(survey, **PHONE) as page:
            await page.arrives("document.querySelector('form button')")
            # Each question's best answer, and words where words are asked for.
            await page.value(
                "(() => { for (const group of new Set([...document.querySelectorAll('input[type=radio]')].map((one) => one.name)))"
                " [...document.getElementsByName(group)].at(-1).click();"
                " for (const words of document.querySelectorAll('textarea')) words.value = 'Very kind.'; })()"
            )
            await page.value("document.querySelector('form button').click()")
            await page.arrives("!document.querySelector('form')")
            await shows(page, "hank")
        async with behind(browser, visitor, "Complaints") as page:
            await shows(page, "Luggage, pieces: 2")
        async with behind(browser, visitor, "Tasks") as page:
            await shows(page, "Answer complaint FA-")
        async with behind(browser, visitor, "E-mails") as page:
            await shows(page, "<b>My suitcase</b> is still in Oslo.")
        async with behind(browser, visitor, "Opinions") as page:
            await shows(page, "How we handle complaints")


async def test_a_complaint_is_talked_about_with_an_agent_at_the_desk(browser, demo):
    async with chat(browser, demo, "complaint") as visitor, behind(browser, visitor, "Maud's desk") as desk:
        await desk.arrives("document.querySelector('[data-presence=available]:enabled')")
        await desk.value("document.querySelector('[data-presence=available]').click()")
        await desk.arrives("document.querySelector('[data-presence=available]').getAttribute('aria-pressed') === 'true'")
        await visitor.says("Hello")
        await visitor.hears("What is it about?")
        await visitor.chooses("A complaint I made")
        await visitor.hears("number")
        await visitor.says("FA-20577")
        await visitor.hears("Your complaint FA-20577 (Five hours in Bergen) is answered.")
        await visitor.chooses("Talk")
        await visitor.hears("One moment")
        await desk.arrives("document.querySelector('#offers .accept')")
        await desk.value("document.querySelector('#offers .accept').click()")
        await visitor.says("<img src=x onerror=alert(1)> Anybody there?")
        await desk.arrives("document.querySelector('#messages')?.textContent.includes('<img src=x onerror=alert(1)> Anybody there?')")
        await desk.value("document.querySelector('#text').focus()")
        await desk.call("Input.insertText", text="Maud here. How can I help?")
        await desk.value("document.querySelector('#send').click()")
        await visitor.hears("Maud here. How can I help?")
        await desk.value("document.querySelector('#end').click()")
        await desk.value("document.querySelector('#ending [data-how=done]').click()")
        await visitor.sees_the_end()
        await visitor.sees_lit("Complaint, people", "care", "goodbye")


async def test_a_lead_becomes_a_card_and_a_target(browser, demo):
    async with chat(browser, demo, "lead_qualification") as visitor:
        await visitor.says("Hello")
        await visitor.hears("What is your name?")
        await visitor.says("Ada Byron")
        await visitor.hears("And your phone number?")
        await visitor.says("07400 123101")
        await visitor.hears("Is the roof yours?")
        await visitor.chooses("Yes, I own it")
        await visitor.hears("postcode")
        await visitor.says("LS6 3HN")
        await visitor.hears("electricity")
        await visitor.says("1800")
        await visitor.hears("A surveyor should see the roof")
        await visitor.chooses("On WhatsApp")
        await visitor.hears("WhatsApp")
        await visitor.sees_the_end()
        async with behind(browser, visitor, "Contacts and leads") as page:
            await shows(page, "Ada Byron")
        async with behind(browser, visitor, "Campaigns") as page:
            await shows(page, "Surveyors propose days")


async def test_a_question_to_the_heating_engineers_is_answered_by_whoever_is_there(browser, demo):
    """The office in its hours, a call in others: the hours are those of Cologne, now."""
    async with chat(browser, demo, "out_of_hours") as visitor:
        await visitor.says("Hallo")
        await visitor.chooses("Ich habe eine Frage")
        if await visitor.hears_one_of("Petra Klein aus dem Büro", "Worum geht es?") == 0:
            await visitor.says("Wartung der Therme")
            await visitor.hears("Das machen wir gern.")
            await visitor.says("Ja, gern.")
            await visitor.hears("Auf Wiedersehen!")
        else:
            await visitor.says("Wartung der Therme")
            await visitor.hears("Wann passt es Ihnen?")
            await visitor.says("nächste Woche")
            await visitor.hears("Unter welcher Nummer erreichen wir Sie?")
            await visitor.says("0171 3920012")
            await visitor.chooses("Per WhatsApp")
            await visitor.hears("Wir schreiben Ihnen an +491713920012.")
            async with behind(browser, visitor, "Call backs") as page:
                await shows(page, "Heating, answers by WhatsApp")
        await visitor.sees_the_end()


async def test_an_invoice_is_paid_within_the_chat(browser, demo):
    async with chat(browser, demo, "invoice_payment") as visitor:
        await visitor.says("Hello")
        await visitor.hears("What do you have at hand?")
        await visitor.chooses("The invoice number")
        await visitor.hears("eight digits")
        await visitor.says("20260118")
        await visitor.hears("Invoice 20260118 of €132.00", "How would you like to pay it?")
        await visitor.chooses("Here, right now")
        await visitor.hears("http")
        await pays(browser, await visitor.link())
        await visitor.hears("Your payment has arrived")
        await visitor.sees_the_end()
        async with behind(browser, visitor, "Invoices") as page:
            await shows(page, "20260118")
        async with behind(browser, visitor, "E-mails") as page:
            await shows(page, "Your payment for invoice 20260118")


async def test_a_link_by_sms_is_paid_while_the_chat_waits(browser, demo):
    async with chat(browser, demo, "invoice_payment") as visitor:
        await visitor.says("Hello")
        await visitor.chooses("The invoice number")
        await visitor.hears("eight digits")
        await visitor.says("20260117")
        await visitor.hears("How would you like to pay it?")
        await visitor.chooses("By a link in an SMS")
        await visitor.hears("The link is on its way")
        async with behind(browser, visitor, "Texts") as phone:
            await phone.arrives("document.querySelector('.texts a')")
            link = await phone.value("document.querySelector('.texts a').href")
        await pays(browser, link)
        for _ in range(3):  # what the flow allows
            await visitor.chooses("It is paid")
            if await visitor.hears_one_of("Your payment has arrived", "Banks take a minute or two.") == 0:
                break
            await asyncio.sleep(2)
        await visitor.sees_the_end()


async def pays(browser, link):
    """Pay on the sandbox's page, on a phone."""
    async with browser.page(link, **PHONE) as page:
        await page.arrives("document.querySelector('#pay')")
        await page.value("document.querySelector('#pay').click()")
        await page.arrives("!document.querySelector('#pay')")


async def test_an_appointment_is_booked_and_confirmed_by_email(browser, demo):
    async with chat(browser, demo, "appointment_booking") as visitor:
        await visitor.says("Bonjour")
        await visitor.chooses("Prendre rendez-vous")
        await visitor.hears("numéro de téléphone")
        await visitor.says("06 12 34 56 78")
        await visitor.hears("Claire Martin", "Par exemple")
        await visitor.says(f"{datetime.now(UTC) + timedelta(14):%d/%m/%Y}")
        await visitor.hears("Voici ce que j'ai de libre")
        await visitor.chooses_nth(0)
        await visitor.hears("RDV-1")
        await visitor.chooses("Par e-mail")
        await visitor.hears("La confirmation est en route vers claire.martin@example.org.")
        await visitor.sees_the_end()
        async with behind(browser, visitor, "E-mails") as page:
            await shows(page, "Votre rendez-vous du")
        async with behind(browser, visitor, "Patients") as page:
            await shows(page, "Claire Martin")


async def test_an_order_is_canceled(browser, demo):
    async with chat(browser, demo, "order_status") as visitor:
        await visitor.says("Hello")
        await visitor.hears("What is your order number?")
        await visitor.says("58230")
        await visitor.hears("Which email address")
        await visitor.says("sam@example.com")
        await visitor.hears("What can I do for you?")
        await visitor.chooses("Cancel the order")
        await visitor.hears("I can still cancel the order")
        await visitor.chooses("Yes, cancel it")
        await visitor.hears("Done, order 58230 is canceled.")
        async with behind(browser, visitor, "Orders") as page:
            await shows(page, "Orders of Pine Hollow Outfitters")
        await visitor.sees_the_end()


async def test_riley_of_the_orders_desk_helps(browser, demo):
    async with chat(browser, demo, "order_status") as visitor:
        await visitor.says("Hello")
        await visitor.hears("What is your order number?")
        await visitor.says("58214")
        await visitor.hears("Which email address")
        await visitor.says("sam@example.com")
        await visitor.hears("What can I do for you?")
        await visitor.chooses("Talk to a person")
        # Some are asked whether they would rather be called.
        if await visitor.hears_one_of("Would you rather wait here", "One moment, I'm getting a colleague.") == 0:
            await visitor.chooses("I'll wait here")
        await visitor.hears("Riley at the orders desk")
        await visitor.says("Will I get my money back?")
        await visitor.hears("let me check with the warehouse")
        await visitor.says("It is.")
        await visitor.hears("you're all set")
        await visitor.sees_the_end()


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_every_page_of_the_office_opens_and_fits(browser, demo, window):
    async with browser.page(f"{demo.address}/demo/office/desk?as=jonas", **window, still=True) as page:
        await page.arrives("document.querySelectorAll('#office nav a').length > 10")
        paths = await page.value("[...document.querySelectorAll('#office nav a')].map((link) => link.href)")
        for path in paths:
            await page.call("Page.navigate", url=path)
            await page.arrives(f"location.href.startsWith('{path}') && document.querySelector('#office nav a[aria-current]')")
            await page.arrives("document.title && document.querySelector('h1')")  # a page's own script may draw it
            assert await page.fits(), path
            assert await page.value(_UNNAMED) == [], path
            if window is PHONE:
                assert await page.value("document.querySelector('#office').offsetHeight <= 64"), path
                assert await page.value(_TOO_SMALL) == [], path


async def test_the_pages_of_the_office_are_behind_a_button_on_a_phone(browser, demo):
    async with browser.page(f"{demo.address}/demo/office/cases?as=jonas", **PHONE, still=True) as page:
        await page.arrives("document.querySelector('#menu')")
        assert not await page.value("document.querySelector('#office nav').checkVisibility()")
        await page.click("document.querySelector('#menu')")
        assert await page.value("document.querySelector('#menu').ariaExpanded") == "true"
        assert await page.fits()
        assert await page.value(_TOO_SMALL) == []
        await page.click("[...document.querySelectorAll('#office nav a')].find((link) => link.textContent === 'Tasks')")
        await page.arrives("location.pathname === '/tasks/' && document.querySelector('h1')")


async def test_who_is_no_agent_reads_so_at_the_desk(demo, tmp_path):
    async with (
        running_browser(tmp_path / "profile") as browser,
        browser.page(f"{demo.address}/demo/office/desk", **PHONE, still=True) as page,
    ):
        await page.arrives("document.body.innerText.includes('This desk is for agents')")
        assert not await page.value("document.querySelector('#presence').checkVisibility()")
        # The office refuses the desk, which the browser notes; nothing else goes wrong.
        assert [said for said in browser.complaints if "403" not in said] == []


async def test_the_office_is_entered_by_the_password_that_its_sign_in_tells(demo, tmp_path):
    async with (
        running_browser(tmp_path / "profile") as browser,
        browser.page(f"{demo.address}/demo/office/cases", **DESKTOP, still=True) as page,
    ):
        await page.arrives("document.querySelector('#sign-out')")
        await page.value("document.querySelector('#sign-out').click()")
        await page.arrives("document.querySelector('#sign-in')")
        await shows(page, "Sign in as demo, with the password demo")
        for field in ("name", "password"):
            await page.value(f"document.querySelector('[name={field}]').value = 'demo'")
        await page.value("document.querySelector('#sign-in button').click()")
        await page.arrives("location.pathname !== '/office/sign-in/' && document.querySelector('#sign-out')")
