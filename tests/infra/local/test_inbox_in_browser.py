"""The inbox in a real browser: by keyboard alone, and on a narrow screen.

Needs Debian's `chromium` and `chromium-driver`; skipped where one of them or Selenium is missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.domain.mail import MailKind
from infra.local.inbox.application import PATH
from infra.local.stack.local_stack import LocalStack
from tests.infra.local.test_inbox import DEMO, NEW, QUICK, enqueue, wait_for_mails
from tests.mail_requests import CODE

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

NARROW = 320
"""CSS pixels: the width at which WCAG 2.2 (1.4.10, reflow) allows no scrolling in two directions."""


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    selenium = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("chromium and chromium-driver are not installed")
    options = selenium.ChromeOptions()
    options.binary_location = browser
    profile = tmp_path_factory.mktemp("chromium")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-background-networking",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    running = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    try:
        yield running
    finally:
        running.quit()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with LocalStack(environment=QUICK) as stack:
        enqueue(
            (MailKind.SIGN_UP, NEW, "en"),
            (MailKind.PASSWORD_RESET, DEMO, "de"),
            (MailKind.SIGN_UP, f"{'a' * 64}@{'b' * 60}.example.com", "en"),
        )
        wait_for_mails(stack, 3)
        yield stack.api_url + PATH


@pytest.fixture
def page(chrome: Chrome, url: str) -> Chrome:
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": NARROW, "height": 640, "deviceScaleFactor": 1, "mobile": True},
    )
    chrome.get(url)
    return chrome


def press(page: Chrome, key: str) -> dict[str, Any]:
    """Press a key, and return what then has the focus, and whether one can see that."""
    from selenium.webdriver import ActionChains

    ActionChains(page).send_keys(key).perform()
    focus: dict[str, Any] = page.execute_script("""
        const element = document.activeElement, box = element.getBoundingClientRect();
        return {name: element.tagName, text: element.textContent.trim(),
                visible: box.left >= 0 && box.right <= innerWidth && box.top < innerHeight && box.bottom > 0,
                outline: getComputedStyle(element).outlineStyle};
    """)
    return focus


def test_every_mail_is_read_by_keyboard_alone(page: Chrome) -> None:
    from selenium.webdriver import Keys

    stops = [press(page, Keys.TAB) for _ in range(6)]
    assert [one["text"] for one in stops[:3]] == ["Skip to the mails", "Load again", "As JSON"]
    assert [one["name"] for one in stops[3:]] == ["SUMMARY"] * 3
    assert all(one["visible"] and one["outline"] != "none" for one in stops)
    texts = page.find_elements("css selector", "details pre")
    assert [text.is_displayed() for text in texts] == [True, False, False]
    press(page, Keys.ENTER)
    assert [text.is_displayed() for text in texts] == [True, False, True]
    assert CODE in texts[2].text


def test_the_skip_link_leads_past_the_header(page: Chrome) -> None:
    from selenium.webdriver import Keys

    assert press(page, Keys.TAB)["text"] == "Skip to the mails"
    assert press(page, Keys.ENTER)["name"] == "MAIN"
    assert press(page, Keys.TAB)["name"] == "SUMMARY"


def test_on_a_narrow_screen_nothing_is_cut_off_or_to_the_side(page: Chrome) -> None:
    for details in page.find_elements("css selector", "details:not([open]) summary"):
        details.click()
    assert page.execute_script("return innerWidth") == NARROW
    assert page.execute_script("return document.documentElement.scrollWidth") <= NARROW
    wide = page.execute_script("""
        const isCut = one =>
            getComputedStyle(one).display !== "inline" && one.scrollWidth > one.clientWidth + 1;
        return [...document.querySelectorAll("body *:not(.skip)")]
            .filter(one => one.getBoundingClientRect().right > innerWidth || isCut(one))
            .map(one => one.tagName);
    """)
    assert wide == []


def test_the_browser_names_landmarks_and_mails(page: Chrome) -> None:
    """The accessibility tree, as a screen reader has it."""
    page.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    found = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in nodes if "role" in one]
    assert {("banner", ""), ("navigation", "Inbox"), ("main", "")} <= set(found)
    assert ("heading", "Inbox") in found
    articles = [name for role, name in found if role == "article"]
    assert articles == [
        "Confirm your e-mail address for <b>Ä & Co</b>",
        "Neues Passwort für <b>Ä & Co</b>",
        "Confirm your e-mail address for <b>Ä & Co</b>",
    ]


def test_the_page_loads_nothing(page: Chrome) -> None:
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
