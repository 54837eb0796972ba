"""Use with the keyboard only, with a screen reader, and on a screen of 375 pixels."""

from playwright.async_api import Locator, expect

from tests.journeys.browser import BrowserSession
from tests.journeys.running_system import RunningSystem
from tests.journeys.users import Visitor

PHONE_SCREEN = {
    "viewport": {"width": 375, "height": 812},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
# Without reduced motion the opening animation makes the panel a little larger than the screen for a moment.
PHONE = PHONE_SCREEN | {"reduced_motion": "reduce"}
FOCUSED_ELEMENT = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.id || at?.className || at?.tagName;
}"""


# As Safari sends the key that ends a composition: `isComposing` is false, the key code is 229.
PRESS_IN_COMPOSITION = """(field, key) => field.dispatchEvent(
  new KeyboardEvent("keydown", {key, code: key, keyCode: 229, bubbles: true, cancelable: true}))"""


async def make_ada_available(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")


async def focused_element(vic: Visitor) -> str:
    """The id, class or tag of the focused element, looked up through shadow roots."""
    return str(await vic.page.evaluate(FOCUSED_ELEMENT))


async def test_keyboard_opens_widget_sends_message_and_returns_focus(
    browser: BrowserSession, system: RunningSystem
) -> None:
    await make_ada_available(browser, system)
    vic = await browser.new_visitor()
    await vic.launcher.wait_for()
    for _ in range(3):
        await vic.page.keyboard.press("Tab")
    await expect(vic.launcher).to_be_focused()
    await vic.page.keyboard.press("Enter")
    await expect(vic.text).to_be_focused()
    await vic.page.keyboard.type("Une ligne")
    await vic.page.keyboard.press("Shift+Enter")
    await vic.page.keyboard.type("et une autre")
    await vic.page.keyboard.press("Enter")
    await expect(vic.log.locator(".bubble")).to_have_text(["Une ligne et une autre"])
    await expect(vic.text).to_be_focused()
    await expect(vic.text).to_have_value("")

    # Escape in the widget closes it, and the focus returns to the launcher.
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    await expect(vic.launcher).to_be_focused()

    # If the page opened the widget, the focus returns to the element that had it.
    await vic.page.locator("#host").focus()
    await vic.page.evaluate("guichet('open')")
    await expect(vic.text).to_be_focused()
    await vic.page.keyboard.press("Escape")
    await expect(vic.page.locator("#host")).to_be_focused()


async def test_keys_that_end_a_composition_do_nothing_else(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.text.fill("にほん")
    for key in ("Enter", "Escape"):
        await vic.text.evaluate(PRESS_IN_COMPOSITION, key)
    await vic.text.press("End")
    await vic.send("にほんご")
    await expect(vic.log.locator(".bubble")).to_have_count(1)

    await ada.accept_offer()
    await ada.composer.fill("にほん")
    for key in ("Enter", "Escape"):
        await ada.composer.evaluate(PRESS_IN_COMPOSITION, key)
    await expect(ada.composer).to_be_focused()
    await ada.send("にほんご")
    await ada.button(ada.ui.note).click()
    await ada.composer.fill("メモ")
    await ada.composer.evaluate(PRESS_IN_COMPOSITION, "Enter")
    await ada.add_note("メモです")
    await expect(ada.log.locator(".message--team .bubble")).to_have_count(1)
    await expect(ada.page.locator(".note")).to_have_count(1)

    search = ada.page.get_by_role("searchbox")
    await search.fill("にほん")
    await search.evaluate(PRESS_IN_COMPOSITION, "Escape")
    await expect(search).to_have_value("にほん")
    # Shows that the check works: an Escape of one's own clears the search.
    await search.press("Escape")
    await expect(search).to_have_value("")


async def test_tab_key_can_leave_widget(browser: BrowserSession, system: RunningSystem) -> None:
    await make_ada_available(browser, system)
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Bonjour")
    focused = []
    for _ in range(12):
        await vic.page.keyboard.press("Tab")
        focused.append(await focused_element(vic))
    assert "IFRAME" in focused or "f" in focused
    assert "host" in focused


async def test_widget_has_roles_and_accessible_names(browser: BrowserSession, system: RunningSystem) -> None:
    await make_ada_available(browser, system)
    vic = await browser.new_visitor()
    await expect(vic.launcher).to_have_attribute("aria-haspopup", "dialog")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion")
    await vic.open_widget()
    await expect(vic.launcher).to_have_attribute("aria-expanded", "true")
    await expect(vic.page.locator("iframe")).to_have_attribute("title", "Discussion avec le support")
    # role="log" implies aria-live="polite", so a screen reader announces new messages.
    await expect(vic.log).to_have_count(1)
    await expect(vic.text).to_have_accessible_name("Votre message")
    await vic.send("Bonjour")
    await browser.agents["Ada"].accept_offer()
    await browser.agents["Ada"].send("Bonjour Vic.")
    # Each message names its author and time, for users who do not see the two sides.
    await expect(vic.log).to_contain_text("Vous, 10 h 3")
    await expect(vic.log).to_contain_text("Ada, 10 h 3")


async def test_widget_fills_phone_screen(browser: BrowserSession, system: RunningSystem) -> None:
    await make_ada_available(browser, system)
    vic = await browser.new_visitor("/", **PHONE)
    before = await vic.page.evaluate("getComputedStyle(document.documentElement).overflow")
    await vic.launcher.tap()
    await expect(vic.text).to_be_visible()
    box = await vic.page.locator("iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 375, "height": 812}
    assert await vic.page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    # Phones zoom into the page when the user touches a field with a smaller font.
    assert await vic.text.evaluate("area => parseFloat(getComputedStyle(area).fontSize)") >= 16
    await vic.text.fill("Depuis mon téléphone")
    await vic.button("Envoyer").tap()
    await expect(vic.bubble("Depuis mon téléphone")).to_be_visible()
    for button in await vic.frame.get_by_role("button").all():
        if await button.is_visible():
            size = await button.bounding_box()
            assert size and min(size["width"], size["height"]) >= 44, await button.get_attribute("class")

    await vic.button("Fermer").tap()
    await expect(vic.text).to_be_hidden()
    assert await vic.page.evaluate("getComputedStyle(document.documentElement).overflow") == before
    # On a narrow screen the widget does not reopen by itself on the next page.
    await vic.launcher.tap()
    await vic.go_to("/second")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")


async def test_form_fits_phone_screen(browser: BrowserSession) -> None:
    vic = await browser.new_visitor("/", **PHONE)
    await vic.launcher.tap()
    email = vic.frame.get_by_label("Votre adresse e-mail")
    await expect(email).to_be_visible()
    assert await email.evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16
    overflow = await (await vic.widget_document()).evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow == 0


async def test_console_shows_one_pane_at_a_time_on_phone(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada", **PHONE)
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Bonjour")
    await ada.ringing_offers.get_by_role("button", name="Prendre").tap()
    await expect(ada.bubble("Bonjour")).to_be_visible()
    await expect(ada.rows("Les miennes").first).to_be_hidden()
    await ada.composer.fill("Bonjour Vic.")
    await ada.button("Envoyer").tap()
    await expect(vic.bubble("Bonjour Vic.")).to_be_visible()
    # On a phone Enter inserts a new line, and no description says otherwise.
    await expect(ada.composer).to_have_accessible_description("")
    await ada.button("Fiche").tap()
    await expect(ada.page.get_by_text("identité non vérifiée")).to_be_visible()
    await ada.button("Retour aux messages").tap()
    await ada.button("Retour à la liste").tap()
    await expect(ada.rows("Les miennes").first).to_be_visible()
    assert await ada.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


async def test_messages_have_half_of_a_phone_with_its_keyboard(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada", **PHONE)
    await ada.set_presence("available")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Bonjour")
    await ada.ringing_offers.get_by_role("button", name="Prendre").tap()
    await expect(ada.bubble("Bonjour")).to_be_visible()
    # What a keyboard leaves of the screen.
    await ada.page.set_viewport_size({"width": 375, "height": 330})
    assert await height(ada.log) >= 165
    one_line = await height(ada.composer)
    await ada.composer.fill("Une ligne\n" * 3)
    assert await height(ada.composer) > one_line
    await ada.composer.fill("")

    # The icon changes to the other mode; the actions are in the menu.
    await ada.add_note("Vu au téléphone.")
    await expect(ada.button("Note interne")).to_be_visible()
    assert await height(ada.log) >= 165
    await ada.act("Terminer")
    await expect(ada.page.locator(".thread__actions").get_by_role("button", name="Annuler")).to_be_visible()
    assert await ada.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


async def height(of: Locator) -> float:
    box = await of.bounding_box()
    assert box
    return box["height"]


async def test_composer_hint_has_one_line_or_is_hidden(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada", capacity=1)
    ada = await browser.sign_in_agent("Ada")
    await ada.set_presence("available")
    keys, claims = "Entrée : envoyer · Maj + Entrée : nouvelle ligne", "Répondre vous l’attribue."
    hint = ada.page.locator("#composer-hint")
    for name in ("Vic", "Zoe"):
        visitor = await browser.new_visitor()
        await visitor.open_widget()
        await visitor.send(f"Bonjour, c’est {name}")
        if name == "Vic":
            await ada.accept_offer()
    await expect(hint).to_be_visible()
    # In a narrow window on a computer Enter still sends, and the accessible description still says so.
    for width, visible in ((375, False), (720, False), (1280, True)):
        await ada.page.set_viewport_size({"width": width, "height": 800})
        await expect(hint).to_be_visible(visible=visible)
        await expect(ada.composer).to_have_accessible_description(keys)
    await ada.rows("En attente").click()
    await expect(ada.composer).to_have_accessible_description(claims)
    await ada.page.set_viewport_size({"width": 375, "height": 800})
    await expect(hint).to_be_visible()
    assert await hint.evaluate("hint => hint.offsetHeight < 2 * parseFloat(getComputedStyle(hint).lineHeight)")


async def test_agent_works_with_keyboard_only(browser: BrowserSession, system: RunningSystem) -> None:
    await system.add_agent("Ada")
    ada = await browser.sign_in_agent("Ada")
    press, keys = ada.page.keyboard.press, ada.page.keyboard
    await press("d")
    await expect(ada.presence_button).to_contain_text("Disponible")
    vic = await browser.new_visitor()
    await vic.open_widget()
    await vic.send("Bonjour")
    await expect(ada.ringing_offers).to_have_count(1)
    await press("a")
    await expect(ada.composer).to_be_focused()
    await keys.type("Bonjour Vic.")
    await press("Enter")
    await expect(vic.bubble("Bonjour Vic.")).to_be_visible()
    await press("Alt+p")
    await keys.type("Un habitué.")
    await press("Enter")
    await expect(ada.page.locator(".note")).to_contain_text("Un habitué.")
    await press("Escape")
    await press("t")
    await expect(ada.page.get_by_role("dialog", name="Transmettre la conversation")).to_be_visible()
    await press("Escape")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    await press("?")
    await expect(ada.page.get_by_role("dialog", name="Raccourcis clavier")).to_be_visible()
    await press("Escape")
    await press("e")
    await expect(ada.toasts).to_contain_text("terminée")
    await press("z")
    await expect(ada.button("Terminer")).to_be_visible()
    await press("Control+k")
    await expect(ada.page.get_by_role("searchbox")).to_be_focused()
