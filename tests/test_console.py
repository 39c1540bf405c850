"""The page for candidates and clerks, in a real browser on the real service."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

import photo_service
from photo_service.check import Allowed, Range, Status
from photo_service.messages import LANGUAGES, messages
from photo_service.render.values import measured
from photo_service.report import Effect, Finding
from tests.browser import Console
from tests.conftest import SAMPLES
from tests.service import Service, as_problem, fresh, picture
from workers.access import Role

CONSOLE = Path(photo_service.__file__).parent / "console"
FIRST_VIEW_BYTES = 150 * 1024
GOOD_AND_BAD = [
    ("graduation", "accepted-blue.jpg", "accepted"),
    ("graduation", "selfie.jpg", "rejected"),
    ("id_card", "documents/id-card.jpg", "accepted"),
    ("id_card", "codes/card-mirrored.jpg", "rejected"),
    ("handheld_id", "documents/handheld.jpg", "accepted"),
    ("handheld_id", "codes/card-mirrored.jpg", "rejected"),
]
KINDS = ("graduation", "id_card", "handheld_id", "certificate", "course-cards")
ARCHIVE = "archives/one-turned.zip"
VERIFICATIONS = "**/v1/verifications"


# --- a picture and its verdict ------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "sample", "decision"), GOOD_AND_BAD)
def test_a_picture_gets_its_verdict(
    console: Console, kind: str, sample: str, decision: str
) -> None:
    console.choose(kind)
    console.give(sample)
    assert console.decision() == decision
    page = console.page
    assert page.evaluate("document.activeElement.matches('#result h2')")
    label = messages("zh").ui(f"decision_{decision}")
    expect(page.locator("#status")).to_contain_text(label)
    expect(page.locator(".promise").last).to_have_text(console.say("promise"))
    shown = page.locator(".stage img")
    assert shown.evaluate("image => image.complete && image.naturalWidth > 0")
    if decision == "rejected":
        reason = page.locator(".reason-reject").first
        expect(reason).to_contain_text(console.say("gravity_reject"))
        expect(reason.locator(".reason-message")).not_to_be_empty()
        expect(reason.locator(".reason-advice")).to_contain_text(console.say("how_to_fix"))


def test_a_picture_may_be_dropped_and_pasted(console: Console) -> None:
    console.choose("graduation")
    hand_over(console.page, "drop", "accepted-blue.jpg")
    assert console.decision() == "accepted"
    hand_over(console.page, "paste", "selfie.jpg")
    console.page.locator(".verdict-rejected").wait_for()


def hand_over(page: Page, event: str, sample: str) -> None:
    """Drop or paste a file as a browser would tell of it."""
    page.evaluate(
        """([event, name, data]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const files = new DataTransfer();
          files.items.add(new File([bytes], name, { type: "image/jpeg" }));
          document.body.dispatchEvent(event === "drop"
            ? new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: files, bubbles: true }));
        }""",
        [event, sample, b64encode(picture(sample)).decode()],
    )


def test_a_picture_may_come_from_the_camera(console: Console) -> None:
    console.choose("graduation")
    page = console.page
    page.get_by_role("button", name=console.say("camera"), exact=True).click()
    page.get_by_role("button", name=console.say("camera_shoot")).click()
    console.decision()
    facts = page.locator(".facts").inner_text()
    size = re.search(r"(\d+) × (\d+)", facts)
    assert size is not None
    assert int(size[1]) / int(size[2]) == pytest.approx(3 / 4, abs=0.01)
    expect(page.locator("dialog")).to_have_count(0)


def test_another_picture_is_one_click(console: Console) -> None:
    console.choose("graduation")
    console.give("selfie.jpg")
    assert console.decision() == "rejected"
    with console.page.expect_file_chooser() as chooser:
        console.page.get_by_role("button", name=console.say("again")).click()
    chooser.value.set_files({"name": "b.jpg", "mimeType": "image/jpeg", "buffer": fresh()})
    console.page.locator(".verdict-accepted").wait_for()


def test_a_reason_is_pointed_out_in_the_picture(console: Console) -> None:
    console.choose("graduation")
    console.give("selfie.jpg")
    console.decision()
    page = console.page
    reasons = page.locator(".reason:has(.link)")
    shade = page.locator(".mark.on .shade")
    expect(shade).to_have_count(0)
    reasons.first.hover()
    expect(shade).to_be_visible()
    page.locator(".banner").hover()
    expect(shade).to_have_count(0)
    # By keyboard the same.
    reasons.first.locator("button").focus()
    expect(shade).to_be_visible()
    page.get_by_role("button", name=console.say("again")).focus()
    expect(shade).to_have_count(0)


def test_measured_lines_lie_where_the_report_says(console: Console) -> None:
    console.choose("graduation")
    with console.page.expect_response(VERIFICATIONS) as answer:
        console.give("accepted-blue.jpg")
    console.decision()
    report = answer.value.json()
    for ruler in report["drawings"]["rulers"]:
        end = "y1" if ruler["axis"] == "y" else "x1"
        lines = console.page.locator(".mark line:not(.rim)").evaluate_all(
            f"lines => lines.map((line) => Number(line.getAttribute('{end}')))"
        )
        assert set(ruler["marks"]) <= set(lines)
    rows = console.page.locator(".rulers tbody tr")
    assert rows.count() == len(report["drawings"]["rulers"])


def test_fields_are_masked_until_they_are_asked_for(console: Console) -> None:
    console.choose("id_card")
    console.give("documents/id-card.jpg")
    console.decision()
    page = console.page
    number = page.locator(".fields tr", has_text=messages("zh").word("field_number"))
    expect(number).to_contain_text("********")
    page.get_by_role("button", name=console.say("fields_reveal")).click()
    expect(number).to_contain_text(re.compile(r"\d{17}[\dX]"))
    page.get_by_role("button", name=console.say("fields_hide")).click()
    expect(number).to_contain_text("********")


def test_what_was_entered_is_compared(console: Console) -> None:
    console.choose("id_card")
    page = console.page
    page.get_by_text(console.say("compare_title")).click()
    page.get_by_label(console.say("expect_number")).fill("11010519491231002X")
    console.give("documents/id-card.jpg")
    assert console.decision() == "rejected"
    expect(page.locator("[data-check='card/expected_number']")).to_be_visible()
    # It is still there for the next try, in another language too.
    page.locator("#language").click()
    page.get_by_role("button", name=messages("en").section("console")["back"]).click()
    expect(page.locator("#expect_number")).to_have_value("11010519491231002X")


def test_certificates_of_one_application_are_judged_together(console: Console) -> None:
    with ZipFile(SAMPLES / ARCHIVE) as archive:
        scans = [archive.read(name) for name in archive.namelist() if name.endswith(".jpg")][:2]
    console.choose("certificate")
    page = console.page
    files: list[FilePayload] = [
        {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": scan}
        for number, scan in enumerate(scans, 1)
    ]
    page.set_input_files("#file", files)
    expect(page.locator(".chosen li")).to_have_count(2)
    page.get_by_role("button", name=console.say("check_together")).click()
    console.decision()
    members = page.locator(".members > ol > li")
    expect(members).to_have_count(2)
    members.nth(1).locator("summary").first.click()
    expect(members.nth(1).locator(".stage img")).to_be_visible()


def test_an_archive_is_shown_member_by_member(console: Console) -> None:
    console.choose("course-cards")
    console.give(ARCHIVE)
    console.decision()
    with ZipFile(SAMPLES / ARCHIVE) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
    assert console.page.locator(".member-name").all_inner_texts() == names
    assert console.page.locator(".sheet").evaluate("image => image.naturalWidth > 0")


def test_evidence_is_shown_with_what_it_means(console: Console) -> None:
    console.choose("graduation")
    console.give("codes/thumbnail-mirrored.jpg")
    console.decision()
    views = console.page.locator(".views img")
    expect(views).to_have_count(3)
    assert views.evaluate_all("images => images.every((image) => image.naturalWidth > 0)")
    assert all(views.evaluate_all("images => images.map((image) => image.alt)"))
    means = messages("zh").get("evidence", "thumbnail-mirrored", "means")
    expect(console.page.locator(".evidence")).to_contain_text(means)


def test_the_report_can_be_printed(console: Console) -> None:
    # A window without a screen prints nothing: what would be printed is looked at instead.
    console.page.add_init_script(
        "Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow',"
        " { get() { return { print() { document.body.classList.add('printed'); } }; } })"
    )
    console.choose("graduation")
    console.give("selfie.jpg")
    console.decision()
    page = console.page
    page.get_by_role("button", name=console.say("print")).click()
    expect(page.locator("body.printed")).to_be_attached()
    source = page.locator(".print-frame").get_attribute("srcdoc") or ""
    paper = page.context.new_page()
    paper.set_content(source)
    expect(paper.locator("body")).to_contain_text(messages("zh").ui("decision_rejected"))
    assert paper.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


def test_markup_in_a_file_name_is_text(console: Console) -> None:
    name = "<img src=x onerror=\"document.title='hacked'\">.jpg"
    console.choose("graduation")
    console.page.set_input_files(
        "#file", {"name": name, "mimeType": "image/jpeg", "buffer": fresh()}
    )
    console.decision()
    # What browsers write for a quotation mark in a form is theirs.
    expect(console.page.locator(".facts")).to_contain_text("<img src=x onerror=")
    assert console.page.locator("#result img[src='x']").count() == 0
    assert console.page.title() == console.say("title")


def test_what_is_no_picture_is_told_kindly(console: Console) -> None:
    console.choose("graduation")
    console.page.set_input_files(
        "#file", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"GIF89a" + bytes(40)}
    )
    assert console.decision() == "rejected"
    expect(console.page.locator(".reason-advice").first).not_to_be_empty()


# --- language, key, waiting, problems -----------------------------------------------------------


def test_the_language_changes_everywhere(console: Console) -> None:
    console.choose("graduation")
    page = console.page
    page.locator("#language").click()
    expect(page.locator("h1")).to_have_text(messages("en").section("console")["heading"])
    assert page.locator("html").get_attribute("lang") == "en"
    console.give("selfie.jpg")
    assert console.decision() == "rejected"
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    chinese = re.compile(r"[一-鿿]+")
    said = page.locator("main, footer").all_inner_texts()
    assert chinese.findall(" ".join(said)) == []
    # A verdict that is shown comes again in the other language; the choice is remembered.
    page.locator("#language").click()
    expect(page.locator("#result h2")).to_have_text(messages("zh").ui("decision_rejected"))
    page.reload()
    expect(page.locator("h1")).to_have_text(messages("zh").section("console")["heading"])


def test_the_key_is_asked_for_kept_for_the_tab_and_forgotten(
    keyless: Console, service: Service
) -> None:
    keyless.expected.append("401")
    keyless.open()
    page = keyless.page
    entry = page.get_by_role("textbox", name=keyless.say("key_label"))
    entry.fill("ps_wrong")
    entry.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(
        messages("zh").get("error", "key-wrong", "message")
    )
    entry.fill(service.keys[Role.PORTAL])
    entry.press("Enter")
    page.locator(".kind").first.wait_for()
    assert page.evaluate("Object.values(localStorage).join().includes('ps_')") is False
    page.get_by_role("button", name=keyless.say("key_forget")).click()
    assert page.evaluate("sessionStorage.length") == 0
    expect(page.locator("#forget")).to_be_hidden()


def test_without_a_key_the_problem_is_told(keyless: Console) -> None:
    keyless.expected.append("401")
    keyless.open()
    refuse = keyless.page.get_by_role("button", name=keyless.say("cancel"))
    refuse.wait_for()
    assert keyless.faults("key", axe=True) == []
    refuse.click()
    panel = keyless.page.get_by_role("alert")
    expect(panel).to_contain_text(keyless.say("key_why"))
    assert keyless.faults("problem", axe=True) == []


def test_a_full_queue_is_waited_for_visibly(console: Console) -> None:
    console.expected.append("503")
    turned_away: list[str] = []

    def full_once(route: Route) -> None:
        if turned_away:
            route.continue_()
            return
        turned_away.append(route.request.url)
        route.fulfill(**problem(503, "queue-full", {"Retry-After": "1"}))

    console.page.route(VERIFICATIONS, full_once)
    console.choose("graduation")
    console.give("accepted-blue.jpg")
    expect(console.page.locator(".panel")).to_contain_text(console.say("wait_seconds", seconds=1))
    assert console.decision() == "accepted"
    expect(console.page.locator(".panel")).to_have_count(0)


def test_a_late_report_is_fetched_when_it_is_there(console: Console) -> None:
    # A picture of its own: the report of one that was judged before may be forgotten meanwhile.
    name = "accepted-blue.jpg"
    file = FilePayload(name=name, mimeType="image/jpeg", buffer=fresh(name))
    console.choose("graduation")
    with console.page.expect_response(VERIFICATIONS) as answer:
        console.page.set_input_files("#file", file)
    console.decision()
    later = {"Location": answer.value.headers["content-location"], "Retry-After": "1"}
    console.page.route(
        VERIFICATIONS, lambda route: route.fulfill(status=202, headers=later, body="{}")
    )
    console.page.set_input_files("#file", file)
    expect(console.page.locator(".panel")).to_contain_text(console.say("pending_title"))
    assert console.decision() == "accepted"


def test_waiting_can_be_stopped(console: Console) -> None:
    console.expected.append("503")
    console.page.route(
        VERIFICATIONS,
        lambda route: route.fulfill(**problem(503, "queue-full", {"Retry-After": "60"})),
    )
    console.choose("graduation")
    console.give("accepted-blue.jpg")
    console.page.get_by_role("button", name=console.say("wait_stop")).click()
    expect(console.page.locator("#upload-title")).to_be_visible()


def test_without_a_network_it_says_so_and_goes_on_later(console: Console) -> None:
    console.expected.append("ERR_FAILED")
    console.choose("graduation")
    console.page.route(VERIFICATIONS, lambda route: route.abort())
    console.give("accepted-blue.jpg")
    panel = console.page.get_by_role("alert")
    expect(panel).to_contain_text(console.say("offline_title"))
    console.page.unroute(VERIFICATIONS)
    panel.get_by_role("button", name=console.say("retry")).click()
    assert console.decision() == "accepted"


def test_a_problem_is_shown_with_its_remedy(console: Console) -> None:
    console.expected.append("500")
    console.choose("graduation")
    console.page.route(VERIFICATIONS, lambda route: route.fulfill(**problem(500, "internal-error")))
    console.give("accepted-blue.jpg")
    panel = console.page.get_by_role("alert")
    expect(panel).to_contain_text(messages("zh").get("error", "internal-error", "message"))
    expect(panel).to_contain_text("a1b2c3")
    # Another picture can be chosen at once.
    expect(console.page.locator("#pick")).to_be_visible()


def problem(status: int, code: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """An answer of the service that a test cannot bring about in a moment."""
    text = messages("zh")
    body = {
        "status": status,
        "code": code,
        "detail": text.get("error", code, "message", waiting=9),
        "advice": text.get("error", code, "advice"),
        "request": "a1b2c3",
    }
    media_type = {"Content-Type": "application/problem+json"}
    return {
        "status": status,
        "headers": {**media_type, **(headers or {})},
        "body": json.dumps(body),
    }


# --- rules, reach, size -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "check", "limit", "end"),
    [
        ("graduation", "framing/eyes_to_top", "share", "min"),
        ("id_card", "card/near", "share", "min"),
        ("handheld_id", "handheld/face_in_view", "share", "max"),
        ("certificate", "document/resolution", "long_side", "min"),
        ("course-cards", "archive/members_few", "members", "max"),
    ],
)
def test_rules_are_drawn_from_the_profile(
    console: Console, service: Service, kind: str, check: str, limit: str, end: str
) -> None:
    console.choose(kind)
    page = console.page
    expect(page.locator(".geometry")).to_be_visible()
    rules = service.client.get(f"/v1/profiles/{kind}").json()["rules"]
    page.get_by_text(console.say("all_rules", count=len(rules))).click()
    expect(page.locator(".in-full li")).to_have_count(len(rules))
    limits = {rule["check"]: rule["limits"] for rule in rules}
    expect(page.locator(".notes")).to_contain_text(f"{limits[check][limit]['accept'][end]:g}")


def test_the_drawn_bands_are_the_allowed_ones(console: Console, service: Service) -> None:
    console.choose("graduation")
    rules = service.client.get("/v1/profiles/graduation").json()["rules"]
    limits = {rule["check"]: rule["limits"] for rule in rules}
    eyes = limits["framing/eyes_to_top"]["share"]["accept"]
    band = console.page.locator(".geometry .band").nth(1)
    frame = console.page.locator(".geometry .frame")
    whole, low, length = (
        float(part.get_attribute(name) or 0)
        for part, name in ((frame, "height"), (band, "y"), (band, "height"))
    )
    assert 100 * low / whole == pytest.approx(eyes["min"])
    assert 100 * (low + length) / whole == pytest.approx(eyes["max"])


def test_by_keyboard_alone(console: Console) -> None:
    console.open()
    page = console.page
    page.locator(".kind").first.wait_for()
    press_until(page, "Tab", "[name=kind]")
    page.keyboard.press("Space")
    page.locator("#upload-title").wait_for()
    press_until(page, "ArrowDown", "#kind-graduation")
    expect(page.locator(".notes")).to_contain_text("46.9%")
    press_until(page, "Tab", "#pick")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture("selfie.jpg")}
    )
    console.decision()
    press_until(page, "Tab", ".reason .link")
    expect(page.locator(".mark.on")).to_have_count(1)
    press_until(page, "Tab", ".checks summary")
    page.keyboard.press("Enter")
    expect(page.locator(".checks table").first).to_be_visible()


def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until the focus is there; each step is to be seen."""
    for _ in range(40):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached with {key}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_is_open_to_all_and_nothing_overlaps(console: Console, language: str) -> None:
    faults = [
        fault
        for view in views(console, language)
        # A language changes no barrier, nor does another drawing; and axe takes its time.
        for fault in console.faults(view, axe=language == "zh" and view not in KINDS)
    ]
    assert faults == []


def views(console: Console, language: str) -> Iterator[str]:
    """Each view in turn, opened out as far as it can be."""
    page = console.page
    console.open(language=language)
    page.locator(".kind").first.wait_for()
    yield "start"
    for kind in KINDS:
        console.choose(kind, language=language)
        open_all(page)
        yield kind
    for kind, sample in (
        ("graduation", "selfie.jpg"),
        ("graduation", "codes/thumbnail-mirrored.jpg"),
        ("id_card", "documents/id-card.jpg"),
        ("course-cards", ARCHIVE),
    ):
        console.choose(kind, language=language)
        console.give(sample)
        console.decision()
        open_all(page)
        yield sample
    console.choose("graduation", language=language)
    page.get_by_role("button", name=console.say("camera"), exact=True).click()
    expect(page.get_by_role("button", name=console.say("camera_shoot"))).to_be_enabled()
    yield "camera"
    page.get_by_role("button", name=console.say("cancel")).click()
    console.expected.append("503")
    busy = problem(503, "queue-full", {"Retry-After": "60"})
    page.route(VERIFICATIONS, lambda route: route.fulfill(**busy))
    console.give("selfie.jpg")
    page.locator(".panel").wait_for()
    yield "waiting"


def open_all(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")


def test_an_overlap_is_found(console: Console) -> None:
    console.choose("graduation")
    assert console.overlaps() == []
    console.page.evaluate("document.querySelector('.lead').style.marginTop = '-2rem'")
    assert console.overlaps() != []


def test_the_first_view_is_light(console: Console) -> None:
    sizes: list[int] = []
    console.page.on("response", lambda answer: sizes.append(len(answer.body())))
    console.open()
    console.page.locator(".kind").first.wait_for()
    assert len(sizes) > 5
    assert sum(sizes) <= FIRST_VIEW_BYTES


# --- files and sentences ------------------------------------------------------------------------


def test_files_are_served_with_types_tags_and_a_strict_policy(service: Service) -> None:
    types = {".html": "text/html", ".css": "text/css", ".js": "javascript", ".svg": "image/svg+xml"}
    with httpx.Client(base_url=service.url) as client:
        for path in ("/", *(f"/console/{file.name}" for file in CONSOLE.iterdir())):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert types[Path(path).suffix or ".html"] in answer.headers["content-type"]
            assert answer.headers["cache-control"] == "no-cache"
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            for part in ("default-src 'none'", "script-src 'self';", "form-action 'none'"):
                assert part in policy
            assert "camera=(self)" in answer.headers["permissions-policy"]
            again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304
        for path in ("/console/", "/console/none.js", "/console/%2e%2e/profile.py"):
            as_problem(client.get(path), 404, "place-unknown")


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_come_from_the_message_files(service: Service, language: str) -> None:
    path = f"/console/messages.{language}.json"
    answer = httpx.get(service.url + path)
    texts = answer.json()
    assert texts["console"] == dict(messages(language).section("console"))
    again = httpx.get(service.url + path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_both_languages_say_the_same_things() -> None:
    def placeholders(language: str) -> dict[str, set[str]]:
        table = messages(language).section("console")
        return {
            key: {name for _, name, _, _ in Formatter().parse(sentence) if name}
            for key, sentence in table.items()
        }

    assert placeholders("zh") == placeholders("en")


def test_every_sentence_is_used_and_none_is_missing() -> None:
    source = "\n".join(
        file.read_text("utf-8") for file in CONSOLE.iterdir() if file.suffix in (".js", ".html")
    )
    known = set(messages("zh").section("console"))
    plain = set(re.findall(r'\bt\(\s*"(\w+)"', source))
    plain |= set(re.findall(r'data-t(?:-label)?="(\w+)"', source))
    assert plain <= known
    # Beginnings of keys: t(`gravity_${…}`), "lead_".
    families = (*re.findall(r"\bt\(`(\w+)\$\{", source), *re.findall(r'"(\w+_)"', source))
    mentioned = set(re.findall(r'"(\w+)"', source))
    unused = {key for key in known - plain - mentioned if not key.startswith(families)}
    assert unused == set()


def test_pages_make_no_markup_of_texts() -> None:
    for file in CONSOLE.glob("*.js"):
        source = file.read_text("utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in source, f"{file.name}: {way}"
        addresses = set(re.findall(r"https?://[^\"'\s]+", source))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file.name


def test_values_are_written_as_in_all_other_reports(console: Console) -> None:
    findings = [
        Finding("face/one_face", Status.FAIL, "face-two", Effect.NONE, "", value, unit, allowed)
        for unit in ("", "%", "deg", "px", "x", "bytes", "dE")
        for value in (0, -0.04, 0.551, 7.8, 12.34, 99.96, 1023, 41287, 2097152)
        for allowed in bands(value)
    ]
    findings += [
        Finding("a/b", Status.PASS, "", Effect.NONE, "", "jpeg", "", ("jpeg", "png")),
        Finding("a/b", Status.PASS, "", Effect.NONE, "", None, "", None),
    ]
    given = [
        {"value": each.value, "unit": each.unit, "allowed": plain(each.allowed)}
        for each in findings
    ]
    for language in LANGUAGES:
        console.open(language=language)
        console.page.locator(".kind").first.wait_for()
        shown = console.page.evaluate(
            """async (findings) => {
              const { measured } = await import("/console/values.js");
              return findings.map(measured);
            }""",
            given,
        )
        text = messages(language)
        assert shown == [list(measured(each, text)) for each in findings]


def bands(value: float) -> Iterator[Allowed]:
    yield None
    yield Range(value - 0.004, None)
    yield Range(None, value - 0.004)
    yield Range(-5, 5)
    yield Range(1, 2048)


def plain(allowed: Allowed) -> dict[str, Any] | None:
    if isinstance(allowed, Range):
        return {"min": allowed.min, "max": allowed.max}
    return None if allowed is None else {"one_of": list(allowed)}
