"""A real browser on the real service, for tests of the console: Debian's Chromium, by Playwright.

The fixture `console` is a page that fails its test on any error in the browser's console, on any
violation of the page's own policy and on any request to another host. Without Chromium these tests
are skipped, by name; with ``BROWSER_TESTS=required`` they fail.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from photo_service.messages import Messages, messages
from tests.conftest import SAMPLES
from tests.service import Service
from workers.access import Role

REMEDY = "the console's tests need Chromium: sudo apt-get install -y chromium"
WIDTHS = (360, 768, 1440)
# A machine that tests two services at once is slow; nothing is ever waited for that long.
SLOWEST_MS = 20_000

# What the browser does on each page before its own scripts run.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy", event.violatedDirective, event.blockedURI, event.sourceFile));
"""
# Parts that lie over each other or stick out, by what they say. A part that holds the other, or is
# drawn over a picture on purpose, is no fault.
_OVERLAPS = """() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`page ${root.scrollWidth} px wide`);
  const own = (element) => [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const shown = (element) => element.checkVisibility({ visibilityProperty: true })
    && !element.closest(".visually-hidden, .skip, .overlay, .guide, noscript");
  // An open dialog hides what is behind it.
  const top = document.querySelector("dialog[open]") ?? document.body;
  const parts = [...top.querySelectorAll("*")].filter((element) => shown(element)
    && (own(element) || element.matches("img, input, select, video, .geometry")));
  const boxes = parts.flatMap((element) => {
    if (!own(element)) return [[element, element.getBoundingClientRect()]];
    const range = document.createRange();
    return [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      .flatMap((node) => { range.selectNodeContents(node); return [...range.getClientRects()]; })
      .map((box) => [element, box]);
  }).filter(([, box]) => box.width > 1 && box.height > 1);
  const name = (element) =>
    (element.textContent.trim() || element.id || element.tagName).slice(0, 30);
  for (const [element, box] of boxes) {
    if (box.right > root.clientWidth + 1 || box.left < -1) {
      faults.push(`sticks out: ${name(element)}`);
    }
  }
  const slack = 3;
  boxes.forEach(([a, first], index) => {
    for (const [b, second] of boxes.slice(index + 1)) {
      if (a === b || a.contains(b) || b.contains(a)) continue;
      if (a.parentNode === b.parentNode && a.tagName === "tspan") continue;
      const across = Math.min(first.right, second.right) - Math.max(first.left, second.left);
      const down = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
      if (across > slack && down > slack
          && !(a.matches(".geometry") && a.contains(b)) && !a.matches(".kind input"))
        faults.push(`${name(a)} | ${name(b)}`);
    }
  });
  return faults;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file.

    Not for the session: while it runs, no other test of this process could start an event loop.
    """
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(REMEDY, pytrace=False)
        pytest.skip(REMEDY)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program,
            args=[
                # Chromium's own cage does not work for root, as tests in a container are run.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield running
        running.close()


@dataclass
class Console:
    """A page of the console and what it was heard to say.

    Attributes:
        page: Playwright's.
        url: of the service.
        text: the sentences of the language it was opened in.
        expected: patterns of errors that a test brings about on purpose.
    """

    page: Page
    url: str
    text: Messages = field(default_factory=lambda: messages("zh"))
    expected: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def say(self, key: str, /, **facts: object) -> str:
        """A sentence of the console: ``again``, or ``staff.again`` of the staff's view."""
        section, _, name = key.rpartition(".")
        return str(self.text.section(section or "console")[name]).format(**facts)

    def open(self, path: str = "/", *, language: str = "zh", width: int = 1280) -> None:
        """Open a page in a language and a window of this width."""
        self.text = messages(language)
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.add_init_script(f"localStorage.setItem('photo-service.language', '{language}')")
        self.page.goto(self.url + path)

    def choose(self, kind: str, *, language: str = "zh", width: int = 1280) -> None:
        """Open the page with a kind chosen."""
        self.open(f"/?kind={kind}", language=language, width=width)
        self.page.locator("#upload-title").wait_for()

    def give(self, *samples: str) -> None:
        """Choose files, as after a click on the button."""
        self.page.set_input_files("#file", [SAMPLES / sample for sample in samples])

    def decision(self) -> str:
        """The verdict shown, once it is."""
        self.page.locator("#result > .verdict").wait_for()
        shown = self.page.locator("#result > .verdict").get_attribute("class") or ""
        return shown.rpartition("verdict-")[2]

    def overlaps(self) -> list[str]:
        """Parts of the page that lie over each other or stick out; none on a good page."""
        found: list[str] = self.page.evaluate(_OVERLAPS)
        return found

    def barriers(self) -> list[str]:
        """What axe finds serious or critical."""
        violations: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in violations
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def faults(self, view: str, *, axe: bool) -> list[str]:
        """What is wrong with what is shown, at any width: overlaps and, with ``axe``, barriers."""
        found = [f"{view}: {barrier}" for barrier in self.barriers()] if axe else []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{view} at {width}: {overlap}" for overlap in self.overlaps()]
        return found

    def hear(self, message: ConsoleMessage) -> None:
        """Remember what the browser complains of."""
        said = f"{message.text} {message.location.get('url', '')}"
        if message.type in ("error", "warning") and not any(
            re.search(pattern, said) for pattern in self.expected
        ):
            self.troubles.append(said)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that remembers nothing of other tests."""
    opened = browser.new_context()
    opened.set_default_timeout(SLOWEST_MS)
    yield opened
    opened.close()


@pytest.fixture
def keyless(context: BrowserContext, service: Service) -> Iterator[Console]:
    """A guarded page without a key."""
    page = context.new_page()
    console = Console(page, service.url)
    context.add_init_script(_REPORT_VIOLATIONS)
    page.on("console", console.hear)
    page.on("pageerror", lambda error: console.troubles.append(str(error)))
    # Chromium takes the wish to hear of file choosers on another way than key presses: said just
    # before a press it may arrive after it, and the chooser opens unheard. So it is said at once.
    page.on("filechooser", lambda _: None)
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((service.url, "blob:", "data:", "about:"))
            else console.troubles.append(f"asked {request.url}")
        ),
    )
    yield console
    assert console.troubles == []


@pytest.fixture
def console(keyless: Console, service: Service) -> Console:
    """A guarded page that has the portal's key."""
    return with_key(keyless, service, Role.PORTAL)


def with_key(console: Console, service: Service, role: Role) -> Console:
    """Give a page this role's key, as if typed in before."""
    secret = service.keys[role]
    console.page.add_init_script(f"sessionStorage.setItem('photo-service.key', '{secret}')")
    return console
