"""The page for staff, in a real browser on the real service."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from photo_service.messages import LANGUAGES, messages
from tests.browser import Console, with_key
from tests.service import BATCHES, Service, finished, picture
from workers.access import Role

MARKUP = "<img src=x onerror=alert(1)>.jpg"
PICTURES = {
    "clerk/1.jpg": "accepted-blue.jpg",
    "clerk/2.jpg": "whole-picture.jpg",
    "clerk/3.jpg": "forwarded.jpg",
    "clerk/4.jpg": "selfie.jpg",
    f"clerk/{MARKUP}": "whole-picture.jpg",
    "clerk/more/6.jpg": "accepted-white.jpg",
}
DECISIONS = ("accepted", "review", "rejected", "unreadable")
# Of what Chromium writes about an answer that is an error.
REFUSED = r"Failed to load resource.*status of {}"


@pytest.fixture(scope="module")
def folder(service: Service) -> Path:
    """A folder of the root, as staff would choose it."""
    for place, sample in PICTURES.items():
        (service.root / place).parent.mkdir(parents=True, exist_ok=True)
        (service.root / place).write_bytes(picture(sample))
    return service.root / "clerk"


@pytest.fixture(scope="module")
def runs(service: Service, folder: Path) -> tuple[str, str]:
    """Ids of two finished runs over that folder, the second by stricter rules."""
    query = {"kind": "graduation", "lang": "zh"}
    answer = service.client.post(BATCHES, params=query, json={"folder": "clerk"})
    first = answer.json()["id"]
    finished(service.client, first)
    again = f"{BATCHES}/{first}/again"
    second = service.client.post(again, params={"profile": "graduation-strict"}).json()["id"]
    finished(service.client, second)
    return first, second


@pytest.fixture
def staff(keyless: Console, service: Service, folder: Path) -> Console:
    """A guarded page with the staff key."""
    return with_key(keyless, service, Role.STAFF)


def open_view(staff: Console, view: str = "", **options: Any) -> Page:
    staff.open(f"/staff{view and f'#{view}'}", **options)
    staff.page.locator("#view h1").wait_for()
    return staff.page


def finished_view(page: Page) -> None:
    """Wait until the batch that is shown has ended."""
    page.locator(".tiles").wait_for()
    page.locator(".batch-head .chip-finished").wait_for()


def shown(page: Page, part: str) -> list[str]:
    return [text.strip() for text in page.locator(part).all_inner_texts()]


# --- the key ------------------------------------------------------------------------------------


def test_the_key_is_asked_for_and_must_be_staff_s(
    keyless: Console, service: Service, folder: Path
) -> None:
    keyless.expected += [REFUSED.format(401), REFUSED.format(403)]
    keyless.open("/staff")
    page = keyless.page

    def give(role: Role) -> None:
        page.locator("dialog #key").fill(service.keys[role])
        page.locator("dialog button[type=submit]").click()

    give(Role.PORTAL)
    problem = page.locator(".panel-problem")
    expect(problem).to_contain_text("portal")
    problem.get_by_role("button").click()
    give(Role.STAFF)
    expect(page.locator("h1")).to_have_text(keyless.say("staff.heading"))
    page.locator("#forget").click()
    assert page.evaluate("sessionStorage.length") == 0


# --- from the start to the end ------------------------------------------------------------------


def test_a_batch_is_started_and_watched_to_its_end(staff: Console, service: Service) -> None:
    page = open_view(staff)
    page.locator("#kind").select_option("graduation")
    page.locator(".folder-name", has_text="clerk").click()
    expect(page.locator(".folder-trail [aria-current]")).to_have_text("clerk")
    expect(page.locator(".folder-inside")).to_contain_text("5")
    page.get_by_role("button", name=staff.say("staff.start")).click()
    page.locator(".chip-running").wait_for()
    page.locator(".latest li").first.wait_for()
    finished_view(page)
    batch = service.client.get(f"{BATCHES}/{batch_of(page)}").json()
    assert batch["total"] == len(PICTURES)
    numbers = shown(page, ".tile-number")
    assert numbers == [str(batch["counts"][decision]) for decision in DECISIONS]
    expect(page.locator(".rows tbody tr")).to_have_count(len(PICTURES))
    codes = shown(page, ".reasons-chart code:visible")
    assert codes
    assert codes == list(batch["codes"])[: len(codes)]
    expect(page.locator("#status")).to_contain_text(staff.say("staff.state_finished"))
    expect(page.locator("progress")).to_be_hidden()


def batch_of(page: Page) -> str:
    found = re.search("[0-9a-f]{32}", page.url)
    assert found
    return found[0]


def test_a_line_that_breaks_is_taken_up_again(staff: Console, service: Service) -> None:
    breaks = iter([True])

    def once(route: Route) -> None:
        if next(breaks, False):
            route.abort("connectionreset")
        else:
            route.continue_()

    staff.expected.append("ERR_CONNECTION_RESET")
    staff.page.route("**/v1/batches/*/events*", once)
    items = list(PICTURES) * 4
    begun = service.client.post(BATCHES, params={"kind": "graduation"}, json={"items": items})
    page = open_view(staff, f"/batch/{begun.json()['id']}")
    finished_view(page)
    assert sum(map(int, shown(page, ".tile-number"))) == len(items)


def test_a_list_is_handed_in(staff: Console) -> None:
    page = open_view(staff)
    page.locator("#kind").select_option("graduation")
    page.locator("#source-list").check()
    page.get_by_role("button", name=staff.say("staff.start")).click()
    expect(page.locator("#status")).to_have_text(staff.say("staff.list_first"))
    table = "path,id\nclerk/1.jpg,王-7\nclerk/gone.jpg,8\n".encode()
    page.set_input_files("#list", {"name": "list.csv", "mimeType": "", "buffer": table})
    page.get_by_role("button", name=staff.say("staff.start")).click()
    finished_view(page)
    expect(page.locator(".rows tbody tr")).to_have_count(2)
    expect(page.locator(".rows")).to_contain_text("王-7")
    assert shown(page, "#tile-unreadable .tile-number") == ["1"]
    staff.expected.append(REFUSED.format(404))
    page.locator(".rows a", has_text="gone").click()
    page.locator(".item-head").wait_for()
    expect(page.locator("#view .chip-unreadable")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name=staff.say("staff.heading")).click()
    page.locator("#source-list").check()
    staff.expected.append(REFUSED.format(422))
    page.set_input_files("#list", {"name": "a.csv", "mimeType": "", "buffer": b"file\na.jpg\n"})
    page.get_by_role("button", name=staff.say("staff.start")).click()
    expect(page.locator(".panel-problem")).to_contain_text("file")


def test_a_running_batch_is_stopped(staff: Console, service: Service) -> None:
    items = ["clerk/2.jpg"] * 300
    begun = service.client.post(BATCHES, params={"kind": "graduation"}, json={"items": items})
    page = open_view(staff, f"/batch/{begun.json()['id']}")
    page.get_by_role("button", name=staff.say("staff.cancel")).click()
    page.locator(".chip-cancelled").wait_for()
    expect(page.get_by_role("button", name=staff.say("staff.cancel"))).to_be_hidden()


# --- results ------------------------------------------------------------------------------------


def test_the_list_is_filtered(staff: Console, service: Service, runs: tuple[str, str]) -> None:
    page = open_view(staff, f"/batch/{runs[0]}")
    batch = service.client.get(f"{BATCHES}/{runs[0]}").json()
    rows = page.locator(".rows tbody tr")
    page.locator("#tile-rejected").click()
    expect(rows).to_have_count(batch["counts"]["rejected"])
    expect(page.locator(".rows .chip-rejected")).to_have_count(batch["counts"]["rejected"])
    code = next(iter(batch["codes"]))
    page.locator(f"#reason-{code}").click()
    query = {"decision": "rejected", "code": code}
    wanted = service.client.get(f"{BATCHES}/{runs[0]}/items", params=query).json()
    expect(rows).to_have_count(wanted["total"])
    assert page.evaluate("document.activeElement.id") == f"reason-{code}", "the focus stays"
    # The address holds the filter.
    page.reload()
    expect(rows).to_have_count(wanted["total"])
    expect(page.locator("#filter-code")).to_have_value(code)
    expect(page.locator("#tile-rejected")).to_have_attribute("aria-pressed", "true")
    page.locator("#filter-clear").click()
    expect(rows).to_have_count(len(PICTURES))


def test_a_person_overrules_and_the_downloads_say_so(
    staff: Console, service: Service, runs: tuple[str, str]
) -> None:
    page = open_view(staff, f"/batch/{runs[0]}?decision=rejected")
    page.locator(".rows a", has_text="clerk/2.jpg").click()
    picture_shown = page.locator(".stage img")
    picture_shown.wait_for()
    assert picture_shown.evaluate("image => image.complete && image.naturalWidth > 0")
    expect(page.locator(".overlay .region").first).to_be_attached()
    page.get_by_role("button", name=staff.say("staff.draw")).click()
    page.locator(".overlay .allowed").first.wait_for(state="attached")
    page.get_by_role("button", name=staff.say("print")).click()
    printed = page.frame_locator(".print-frame").locator("body")
    expect(printed).to_contain_text("clerk/2.jpg")
    page.locator("#decision-accept").check()
    page.locator(".ready-reason").first.click()
    page.get_by_role("button", name=staff.say("staff.overrule_keep")).click()
    standing = page.locator(".item-head .by-hand")
    expect(standing).to_contain_text(staff.say("staff.accept_looked"))
    expect(standing).to_contain_text("test-staff")
    expect(page.locator("h2", has_text=staff.text.ui("decision_rejected"))).to_be_visible()

    page.get_by_role("navigation", name=staff.say("staff.trail")).get_by_role("link").last.click()
    expect(page.locator(".rows .by-hand")).to_have_count(1)
    page.locator("#filter-overruled").check()
    expect(page.locator(".rows tbody tr")).to_have_count(1)
    files = {}
    for name in ("results.csv", "results.jsonl", "summary.html"):
        with page.expect_download() as saving:
            page.get_by_role("button", name=name).click()
        assert saving.value.suggested_filename.endswith(name)
        files[name] = Path(saving.value.path()).read_text("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(files["results.csv"])))
    assert [(r["overruled"], r["overruled_by"]) for r in table if r["path"] == "clerk/2.jpg"] == [
        ("accept", "test-staff")
    ]
    rows = [json.loads(line) for line in files["results.jsonl"].splitlines()]
    assert [row["path"] for row in rows if "overrule" in row] == ["clerk/2.jpg"]
    assert staff.say("staff.accept_looked") in files["summary.html"]

    page.locator(".rows a").click()
    page.get_by_role("button", name=staff.say("staff.take_back")).click()
    expect(page.locator("#status")).to_have_text(staff.say("staff.taken_back"))
    assert service.client.get(f"{BATCHES}/{runs[0]}").json()["overruled"] == 0


def test_everything_by_the_keyboard(
    staff: Console, service: Service, runs: tuple[str, str]
) -> None:
    page = open_view(staff, f"/batch/{runs[0]}")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached")

    tab_to("#tile-rejected")
    page.keyboard.press("Enter")
    tab_to(".rows a")
    page.keyboard.press("Enter")
    page.locator(".item-head").wait_for()
    first = page.locator("h1").inner_text()
    page.keyboard.press("j")
    expect(page.locator("h1")).not_to_have_text(first)
    expect(page.locator("#status")).to_contain_text("2")
    page.keyboard.press("k")
    expect(page.locator("h1")).to_have_text(first)
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "reason"
    page.keyboard.type("看不清 j k")
    page.keyboard.press("Enter")
    expect(page.locator(".item-head .by-hand")).to_contain_text("看不清 j k")
    assert page.evaluate("document.activeElement.id") == "overrule-title"
    tab_to(".overruled button")
    page.keyboard.press("Enter")
    expect(page.locator(".item-head .by-hand")).to_have_count(0)


def test_markup_in_a_file_s_name_is_text(staff: Console, runs: tuple[str, str]) -> None:
    page = open_view(staff, f"/batch/{runs[0]}")
    page.locator(".rows a", has_text=MARKUP).click()
    expect(page.locator("h1")).to_have_text(f"clerk/{MARKUP}")
    expect(page.locator("img[src=x]")).to_have_count(0)


def test_a_picture_that_is_gone(staff: Console, service: Service, folder: Path) -> None:
    (folder / "soon-gone.jpg").write_bytes(picture())
    query = {"kind": "graduation"}
    answer = service.client.post(BATCHES, params=query, json={"items": ["clerk/soon-gone.jpg"]})
    begun = answer.json()
    finished(service.client, begun["id"])
    (folder / "soon-gone.jpg").unlink()
    staff.expected.append(REFUSED.format(404))
    page = open_view(staff, f"/batch/{begun['id']}/0")
    expect(page.locator("#view .panel")).to_have_text(staff.say("staff.picture_gone"))
    expect(page.locator(".verdict-accepted")).to_be_visible()


# --- two runs -----------------------------------------------------------------------------------


def test_other_rules_are_tried_and_compared(staff: Console, service: Service) -> None:
    query = {"kind": "graduation"}
    begun = service.client.post(BATCHES, params=query, json={"folder": "clerk/more"}).json()
    finished(service.client, begun["id"])
    page = open_view(staff, f"/batch/{begun['id']}")
    page.locator("#again-profile").select_option("graduation-strict")
    page.get_by_role("button", name=staff.say("staff.again"), exact=True).click()
    expect(page.locator("h1")).to_contain_text("严格")
    finished_view(page)
    second = batch_of(page)
    page.reload()
    expect(page.locator("#compare-other")).to_have_value(begun["id"])
    page.get_by_role("button", name=staff.say("staff.compare"), exact=True).click()
    page.locator(".matrix").wait_for()
    assert page.url.endswith(f"#/compare/{begun['id']}/{second}")


def test_a_comparison_shows_what_changed(
    staff: Console, service: Service, runs: tuple[str, str]
) -> None:
    change = service.client.get(f"{BATCHES}/{runs[0]}/compare/{runs[1]}").json()
    page = open_view(staff, f"/compare/{'/'.join(runs)}")
    cells = {
        (old, new): number
        for old, line in change["matrix"].items()
        for new, number in line.items()
        if number
    }
    assert len(shown(page, ".cell")) == len(cells)
    for (old, new), number in cells.items():
        expect(page.locator(f"#cell-{old}-{new}")).to_have_text(str(number))
    rows = page.locator(".rows tbody tr")
    expect(rows).to_have_count(change["changed"])
    old, new = next(pair for pair in cells if pair[0] != pair[1])
    page.locator(f"#cell-{old}-{new}").click()
    expect(rows).to_have_count(cells[old, new])
    expect(page.locator(f".rows td:nth-child(2) .chip-{old}")).to_have_count(cells[old, new])
    code = next(iter(change["gained"]))
    expect(page.locator(".code-changes tr", has_text=code).first).to_contain_text(
        f"+{change['gained'][code]}"
    )
    page.locator(".rows td:nth-child(3) a").first.click()
    expect(page.locator(".item-head")).to_be_visible()
    assert batch_of(page) == runs[1]


# --- for everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overlaps_and_nobody_is_shut_out(
    staff: Console, service: Service, runs: tuple[str, str], language: str
) -> None:
    word = {"decision": "accept", "reason": messages(language).section("staff")["accept_looked"]}
    service.client.post(f"{BATCHES}/{runs[0]}/items/1/overrule", json=word)
    views = {
        "": ".folder-name",
        f"/batch/{runs[0]}": ".rows",
        f"/batch/{runs[0]}/1": ".stage img",
        f"/compare/{'/'.join(runs)}": ".rows",
    }
    for view, part in views.items():
        page = open_view(staff, view, language=language)
        page.locator(part).first.wait_for()
        # A language changes no barrier.
        assert staff.faults(view, axe=language == "zh") == []
    service.client.delete(f"{BATCHES}/{runs[0]}/items/1/overrule")


def test_the_language_is_switched_in_every_view(staff: Console, runs: tuple[str, str]) -> None:
    page = open_view(staff, f"/batch/{runs[0]}")
    page.locator("#language").click()
    english = messages("en").section("staff")
    expect(page.locator("#results-title")).to_have_text(english["results_title"])
    page.locator(".rows a").first.click()
    expect(page.locator("#overrule-title")).to_have_text(english["overrule_title"])
