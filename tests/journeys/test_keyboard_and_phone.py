"""Without a mouse, by ear, and on a screen of 375 pixels."""

from playwright.async_api import expect

from tests.journeys.browser import Stage
from tests.journeys.running_system import Town
from tests.journeys.users import Visitor

SMALL = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
# The panel's way in takes a moment, in which it is a hair larger than the screen; this person has asked for none.
PHONE = SMALL | {"reduced_motion": "reduce"}
DEEPEST = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.id || at?.className || at?.tagName;
}"""


async def ada_is_there(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    await ada.is_("available")


async def focus(vic: Visitor) -> str:
    """What has the focus on the page, looked up through shadow roots."""
    return str(await vic.page.evaluate(DEEPEST))


async def test_from_the_page_to_a_sent_message_and_back_by_keys(stage: Stage, town: Town) -> None:
    await ada_is_there(stage, town)
    vic = await stage.visitor()
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

    # Escape closes from within, and the focus is where it came from.
    await vic.page.keyboard.press("Escape")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    await expect(vic.launcher).to_be_focused()

    # Opened by the page, it goes back to what had it there.
    await vic.page.locator("#host").focus()
    await vic.page.evaluate("guichet('open')")
    await expect(vic.text).to_be_focused()
    await vic.page.keyboard.press("Escape")
    await expect(vic.page.locator("#host")).to_be_focused()


async def test_nobody_is_trapped_in_it(stage: Stage, town: Town) -> None:
    await ada_is_there(stage, town)
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Bonjour")
    seen = []
    for _ in range(12):
        await vic.page.keyboard.press("Tab")
        seen.append(await focus(vic))
    assert "IFRAME" in seen or "f" in seen
    assert "host" in seen


async def test_what_a_screen_reader_is_told(stage: Stage, town: Town) -> None:
    await ada_is_there(stage, town)
    vic = await stage.visitor()
    await expect(vic.launcher).to_have_attribute("aria-haspopup", "dialog")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")
    await expect(vic.launcher).to_have_accessible_name("Ouvrir la discussion")
    await vic.opens()
    await expect(vic.launcher).to_have_attribute("aria-expanded", "true")
    await expect(vic.page.locator("iframe")).to_have_attribute("title", "Discussion avec le support")
    # What a log has is said as it comes, without being asked for: aria-live="polite" is part of the role.
    await expect(vic.log).to_have_count(1)
    await expect(vic.text).to_have_accessible_name("Votre message")
    await vic.says("Bonjour")
    await stage.agents["Ada"].accepts()
    await stage.agents["Ada"].says("Bonjour Vic.")
    # Who and when stand with each message, for those who do not see the sides.
    await expect(vic.log).to_contain_text("Vous, 10 h 3")
    await expect(vic.log).to_contain_text("Ada, 10 h 3")


async def test_a_phone_gets_the_whole_screen(stage: Stage, town: Town) -> None:
    await ada_is_there(stage, town)
    vic = await stage.visitor("/", **PHONE)
    before = await vic.page.evaluate("getComputedStyle(document.documentElement).overflow")
    await vic.launcher.tap()
    await expect(vic.text).to_be_visible()
    box = await vic.page.locator("iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 375, "height": 812}
    assert await vic.page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    # Smaller, and a phone zooms into the page when the field is touched.
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
    # A narrow screen belongs to the page: it does not open again by itself on the next one.
    await vic.launcher.tap()
    await vic.goes_to("/second")
    await expect(vic.launcher).to_have_attribute("aria-expanded", "false")


async def test_the_form_fits_a_phone(stage: Stage) -> None:
    vic = await stage.visitor("/", **PHONE)
    await vic.launcher.tap()
    email = vic.frame.get_by_label("Votre adresse e-mail")
    await expect(email).to_be_visible()
    assert await email.evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16
    wide = await (await vic.inside()).evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide == 0


async def test_a_phone_shows_the_console_one_pane_at_a_time(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada", **PHONE)
    await ada.is_("available")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Bonjour")
    await ada.ringing.get_by_role("button", name="Prendre").tap()
    await expect(ada.bubble("Bonjour")).to_be_visible()
    await expect(ada.rows("Les miennes").first).to_be_hidden()
    await ada.composer.fill("Bonjour Vic.")
    await ada.button("Envoyer").tap()
    await expect(vic.bubble("Bonjour Vic.")).to_be_visible()
    # Enter is a new line here, and nobody is told otherwise.
    await expect(ada.composer).to_have_accessible_description("")
    await ada.button("Fiche").tap()
    await expect(ada.page.get_by_text("identité non vérifiée")).to_be_visible()
    await ada.button("Retour aux messages").tap()
    await ada.button("Retour à la liste").tap()
    await expect(ada.rows("Les miennes").first).to_be_visible()
    assert await ada.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


async def test_the_composers_hint_has_one_line_or_none(stage: Stage, town: Town) -> None:
    await town.hire("Ada", capacity=1)
    ada = await stage.agent("Ada")
    await ada.is_("available")
    keys, takes = "Entrée : envoyer · Maj + Entrée : nouvelle ligne", "Répondre, c’est la prendre."
    hint = ada.page.locator("#composer-hint")
    for name in ("Vic", "Zoe"):
        visitor = await stage.visitor()
        await visitor.opens()
        await visitor.says(f"Bonjour, c’est {name}")
        if name == "Vic":
            await ada.accepts()
    await expect(hint).to_be_visible()
    # A narrow window with a keyboard: Enter still sends, and who listens is still told.
    for width, seen in ((375, False), (720, False), (1280, True)):
        await ada.page.set_viewport_size({"width": width, "height": 800})
        await expect(hint).to_be_visible(visible=seen)
        await expect(ada.composer).to_have_accessible_description(keys)
    await ada.rows("En attente").click()
    await expect(ada.composer).to_have_accessible_description(takes)
    await ada.page.set_viewport_size({"width": 375, "height": 800})
    await expect(hint).to_be_visible()
    assert await hint.evaluate("hint => hint.offsetHeight < 2 * parseFloat(getComputedStyle(hint).lineHeight)")


async def test_an_agent_works_by_keys_alone(stage: Stage, town: Town) -> None:
    await town.hire("Ada")
    ada = await stage.agent("Ada")
    press, keys = ada.page.keyboard.press, ada.page.keyboard
    await press("d")
    await expect(ada.choice).to_contain_text("Disponible")
    vic = await stage.visitor()
    await vic.opens()
    await vic.says("Bonjour")
    await expect(ada.ringing).to_have_count(1)
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
    await expect(ada.notices).to_contain_text("terminée")
    await press("z")
    await expect(ada.button("Terminer")).to_be_visible()
    await press("Control+k")
    await expect(ada.page.get_by_role("searchbox")).to_be_focused()
