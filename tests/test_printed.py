"""The printed report: whole, self-contained, masked, and on one sheet of A4."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from photo_service import cli
from photo_service.check import Status
from photo_service.context import Context, Fields
from photo_service.messages import LANGUAGES, messages
from photo_service.profile import load
from photo_service.render import typesetting
from photo_service.render.drawings import drawings_of
from photo_service.render.printed import Sheet, printed, printed_sheets, style_source
from photo_service.render.reasons import reasons_of
from photo_service.render.typesetting import Row
from photo_service.report import Effect
from photo_service.service import Examination, examine, set_aside
from photo_service.settings import Settings
from tests.conftest import SAMPLES
from tests.service import Service, as_problem, fresh

REPORTS = "/v1/reports"
AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
NAME, NUMBER = "林嘉文", "14990119980314002X"
KINDS = {
    "accepted-blue.jpg": "graduation",
    "snapshot.jpg": "graduation",
    "codes/watermark-added.jpg": "graduation",
    "codes/face-none.jpg": "graduation",
    "codes/thumbnail-mirrored.jpg": "graduation",
    "codes/region-differs.jpg": "graduation",
    "documents/id-card.jpg": "id_card",
    "documents/handheld.jpg": "handheld_id",
}
# With something to look at on a sheet of its own, the second also with signs in words.
SHOWN_SIGN, SHOWN_SIGNS = "codes/thumbnail-mirrored.jpg", "codes/region-differs.jpg"
VOID = {"meta", "img", "br", "hr", "input", "path"}
# The part of A4 that is printed on, in pixels of the screen.
WIDTH_PX = 703
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d \(UTC[+-]\d\d:\d\d\)")


class Reader(HTMLParser):
    """Reads a page as a browser would, and notes what must not be there."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.style = ""
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that is read, blanks made single."""
        return " ".join(" ".join(self.words).split())

    def values(self, *names: str) -> list[str]:
        return [value or "" for name, value in self.attributes if name in names]


def plain(words: str) -> str:
    return " ".join(words.split())


@pytest.fixture(scope="module")
def examined(settings: Settings) -> dict[str, Examination]:
    """Samples of every kind, with all that was read on cards."""
    context = Context(fields=Fields.FULL)
    return {
        file: examine(
            (SAMPLES / file).read_bytes(), kind, name=file, context=context, settings=settings
        )
        for file, kind in KINDS.items()
    }


@pytest.fixture(scope="module")
def sheets(examined: dict[str, Examination]) -> dict[tuple[str, str], Sheet]:
    """What is printed of each, by file and language."""
    return {
        (file, language): Sheet(each.report.to_dict(language), drawings_of(each, language))
        for file, each in examined.items()
        for language in LANGUAGES
    }


def read(sheet: Sheet, language: str) -> Reader:
    return Reader(printed(sheet.report, sheet.drawings, language, at=AT))


# --- what it holds ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_whole_and_needs_nothing_else(
    sheets: dict[tuple[str, str], Sheet], language: str
) -> None:
    page = printed_sheets([s for (_, said), s in sheets.items() if said == language], language)
    reader = Reader(page)
    assert page.startswith("<!doctype html>")
    assert ("lang", language) in reader.attributes
    assert reader.tags.count("style") == 1
    digest = b64encode(sha256(reader.style.encode()).digest()).decode()
    assert style_source() == f"'sha256-{digest}'"
    assert not {"script", "link", "iframe", "form", "base", "object"} & set(reader.tags)
    assert reader.tags.count("main") == len(KINDS)
    assert reader.values("style") == []
    assert all(name not in ("href", "action") for name, _ in reader.attributes)
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    pictures = reader.values("src")
    assert pictures
    assert all(address.startswith("data:image/") for address in pictures)
    assert len(reader.values("alt")) == len(pictures)
    assert "url(" not in reader.style


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", KINDS)
def test_every_finding_is_there(
    examined: dict[str, Examination],
    sheets: dict[tuple[str, str], Sheet],
    file: str,
    language: str,
) -> None:
    text, report = messages(language), examined[file].report
    words = read(sheets[file, language], language).text
    for finding in report.findings:
        if finding.status in (Status.PASS, Status.SKIP):
            assert text.get("check", finding.check, "title") in words
        else:
            assert plain(finding.message(text)) in words
    position = -1
    for number, reason in enumerate(reasons_of(report, text), 1):
        found = words.find(plain(reason.message), position + 1)
        assert found > position, f"{number} is not in its place"
        position = found
        for part in (reason.note, reason.advice, reason.clause):
            assert plain(part) in words
    for sign in report.evidence(text):
        assert plain(text.get("evidence", sign.code, "means")) in words


def test_numbers_are_those_of_the_overlay(
    examined: dict[str, Examination], sheets: dict[tuple[str, str], Sheet]
) -> None:
    for file, examination in examined.items():
        page = printed(sheets[file, "en"].report, None, "en")
        numbers = re.findall(r"<b>(\d+)</b> <span class=\"effect (\w+)", page)
        reasons = reasons_of(examination.report, messages("en"))
        assert [effect for _, effect in numbers] == [str(r.finding.effect) for r in reasons]
        assert [int(number) for number, _ in numbers] == list(range(1, len(reasons) + 1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_by_what_it_was_judged(sheets: dict[tuple[str, str], Sheet], language: str) -> None:
    sheet = sheets["codes/watermark-added.jpg", language]
    report, words = sheet.report, read(sheet, language).text
    profile = load("graduation")
    for trace in (
        report["image"]["sha256"],
        profile.sha256,
        profile.title[language],
        messages(language).ui("printed_version", value=profile.version),
        report["service"]["version"],
        f"{AT.astimezone():%Y-%m-%d %H:%M}",
        *(digest[:12] for digest in report["models"].values()),
        *report["models"],
    ):
        assert trace in words
    for key in ("accept", "reject", "reason", "clerk_name", "signature", "date"):
        assert plain(messages(language).ui(f"printed_{key}")) in words


def test_a_report_and_its_json_form_print_the_same(
    examined: dict[str, Examination], sheets: dict[tuple[str, str], Sheet]
) -> None:
    for file, examination in examined.items():
        pages = [
            printed(each, None, "zh", at=AT)
            for each in (examination.report, sheets[file, "zh"].report)
        ]
        assert pages[0] == pages[1]


def test_what_a_file_name_holds_is_text(examined: dict[str, Examination]) -> None:
    name = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;\u202egpj.exe"
    examination = examined["accepted-blue.jpg"]
    report = replace(examination.report, image=replace(examination.report.image, name=name))
    expected = Context(expect_name="<b>x", expect_type="<u onclick=x>\u202e")
    page = printed(report, None, "en", expected=expected)
    reader = Reader(page)
    assert name.replace("\u202e", "\N{REPLACEMENT CHARACTER}") in reader.text
    assert "\u202e" not in page
    assert not {"script", "u"} & set(reader.tags)
    assert reader.values("src", "onerror", "onclick") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_numbers_are_masked(sheets: dict[tuple[str, str], Sheet], language: str) -> None:
    sheet = sheets["documents/id-card.jpg", language]
    assert sheet.report["fields"]["number"]["value"] == NUMBER
    expected = Context(expect_name="欧阳某某", expect_number="110105199001010029")
    words = Reader(printed(sheet.report, sheet.drawings, language, expected=expected)).text
    for secret in (NAME, NUMBER, "19980314", "欧阳", "110105199001010029", "19900101"):
        assert secret not in words
    for shown in ("林**", "149901********002X", "欧***", "110105********0029"):
        assert shown in words


def test_without_drawings_it_has_the_words(sheets: dict[tuple[str, str], Sheet]) -> None:
    report = sheets[SHOWN_SIGN, "en"].report
    reader = Reader(printed(report, None, "en"))
    assert "img" not in reader.tags
    assert plain(report["evidence"][0]["means"]) in reader.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_could_not_be_opened_or_judged_is_printed_too(language: str) -> None:
    refused = examine(b"GIF89a" + bytes(64), name="a.gif", settings=Settings.from_env()).report
    aside = set_aside(None, load("graduation"), "service-crashed", name="b.jpg")
    for report in (refused, aside):
        words = Reader(printed(report, None, language)).text
        assert plain(report.findings[0].message(messages(language))) in words
        assert report.image.name in words
        assert report.findings[0].check not in words


# --- on paper -----------------------------------------------------------------------------------


def laid_out(browser: Browser, page: str) -> tuple[int, list[str]]:
    """Sheets of paper that a page takes, and what sticks out of its width or its cells."""
    tab = browser.new_page(viewport={"width": WIDTH_PX, "height": 1000})
    tab.emulate_media(media="print")
    tab.set_content(page)
    faults = tab.evaluate("""() => {
      const width = document.documentElement.clientWidth;
      return [...document.querySelectorAll("body *")].filter((element) => {
        const box = element.getBoundingClientRect();
        return box.right > width + 1 || element.scrollWidth > element.clientWidth + 1
          && getComputedStyle(element).display !== "inline";
      }).map((element) => element.tagName + " " + element.textContent.trim().slice(0, 40));
    }""")
    paper = tab.pdf(prefer_css_page_size=True)
    tab.close()
    return len(re.findall(rb"/Type\s*/Page\b", paper)), faults


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_picture_takes_one_sheet_and_its_evidence_another(
    browser: Browser, sheets: dict[tuple[str, str], Sheet], language: str
) -> None:
    mine = {file: sheet for (file, said), sheet in sheets.items() if said == language}
    expected = Context(expect_name=NAME, expect_number=NUMBER, expect_type="diploma")
    signs = [replace(mine.pop(file), expected=expected) for file in (SHOWN_SIGN, SHOWN_SIGNS)]
    others = [replace(sheet, expected=expected) for sheet in mine.values()]
    pages, faults = laid_out(browser, printed_sheets([*others, *signs], language))
    assert faults == []
    assert pages == len(others) + 2 * len(signs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_thirty_faults_fit_one_sheet(
    browser: Browser, examined: dict[str, Examination], language: str
) -> None:
    """More than any picture can have at once, with all that passed besides."""
    shown = examined["snapshot.jpg"]
    passed = [f for f in shown.report.findings if f.status is Status.PASS]
    some = [f for f in shown.report.reasons() if f.status is not Status.SKIP]
    faults = [replace(f, status=Status.FAIL, effect=Effect.REVIEW) for f in islice(cycle(some), 30)]
    image = replace(shown.report.image, name="考生" * 40 + ".jpg")
    report = replace(shown.report, image=image, findings=(*faults, *passed))
    sheet = Sheet(report.to_dict(language), drawings_of(shown, language))
    pages, faults_of_layout = laid_out(browser, printed_sheets([sheet], language))
    assert pages == 1
    assert faults_of_layout == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_archive_takes_several_sheets_with_repeated_heads(
    browser: Browser, sheets: dict[tuple[str, str], Sheet], language: str
) -> None:
    whole = sheets["codes/watermark-added.jpg", language]
    members = [
        {**sheet.report, "image": {**sheet.report["image"], "name": f"课程{number:02}.jpg"}}
        for number, sheet in enumerate([sheets[file, language] for file in KINDS] * 6)
    ]
    page = printed({**whole.report, "members": members}, whole.drawings, language)
    words = Reader(page).text
    assert all(member["image"]["name"] in words for member in members)
    pages, faults = laid_out(browser, page)
    assert 3 <= pages <= 20
    assert faults == []
    alone, _ = laid_out(browser, printed(whole.report, whole.drawings, language))
    assert alone == 1


def test_its_own_policy_lets_its_style_and_pictures_in_and_nothing_else(
    browser: Browser, sheets: dict[tuple[str, str], Sheet]
) -> None:
    sheet = sheets["accepted-blue.jpg", "zh"]
    policy = f"default-src 'none'; img-src data:; style-src {style_source()}"
    page = printed(sheet.report, sheet.drawings, "zh")

    def serve(route: Route) -> None:
        headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
        route.fulfill(body=page, headers=headers)

    def shown(tab: Page) -> Any:
        return tab.evaluate("""() => [
          document.querySelector("img").naturalWidth > 0,
          getComputedStyle(document.querySelector(".head")).display]""")

    tab = browser.new_page()
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        said.append(message.text)

    tab.on("console", note)
    tab.route("**/*", serve)
    tab.goto("http://printed.test/")
    assert shown(tab) == [True, "flex"]
    assert said == []
    # The test can fail: one more blank in the style, and it is refused.
    page = page.replace("<style>", "<style> ")
    tab.goto("http://printed.test/again")
    assert shown(tab)[1] != "flex"
    assert any("style" in message for message in said)
    tab.close()


# --- how large it is set ------------------------------------------------------------------------


def with_rows(count: int, words: str = "头向画面右侧歪了12°，应在±5°以内。") -> typesetting.Page:
    row = Row((words, "怎样改：" + words), "12°", "±5°", "《毕业网上申请流程》四-4 提示2(1)")
    facts = ["a.jpg"] * 5
    return typesetting.Page(has_picture=True, facts=facts, paragraphs=[], rows=[row] * count)


def test_more_text_is_set_smaller_until_nothing_helps() -> None:
    points = [typesetting.fitting(with_rows(count)).points for count in range(0, 60, 3)]
    assert points == sorted(points, reverse=True)
    assert points[0] == max(each.points for each in typesetting.SETTINGS)
    assert points[-1] == min(each.points for each in typesetting.SETTINGS)
    longer = typesetting.fitting(with_rows(12, "字" * 120)).points
    assert longer < typesetting.fitting(with_rows(12)).points


def test_smaller_settings_take_less_room() -> None:
    for page in (with_rows(0), with_rows(9), with_rows(30)):
        heights = [setting.height(page) for setting in typesetting.SETTINGS]
        assert heights == sorted(heights, reverse=True)


# --- through the doors --------------------------------------------------------------------------


def without_times(page: str) -> str:
    assert TIME.search(page)
    return TIME.sub("", page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("settings")
def test_the_command_line_and_http_print_the_same(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    data = fresh("codes/thumbnail-mirrored.jpg")
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(data)
    code = cli.main(
        ["check", "--as", "graduation", "--report", "out.html", "--lang", language, "photo.jpg"]
    )
    assert code == 11
    answer = service.client.post(
        REPORTS,
        files={"file": ("photo.jpg", data)},
        data={"kind": "graduation", "lang": language},
    )
    assert answer.status_code == 200
    written = Path("out.html").read_text("utf-8")
    assert without_times(answer.text) == without_times(written)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert style_source() in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_http_prints_what_was_entered_in_part_only(service: Service) -> None:
    answer = service.client.post(
        REPORTS,
        files={"file": ("card.jpg", fresh("documents/id-card.jpg"))},
        data={"kind": "id_card", "fields": "full", "expect_name": NAME, "expect_number": NUMBER},
    )
    words = Reader(answer.text).text
    assert NUMBER not in words
    assert NAME not in words
    assert "149901********002X" in words


def test_http_answers_later_where_the_report_is_not_there_in_time(service: Service) -> None:
    data = fresh()

    def ask(wait: str) -> httpx.Response:
        files, form = {"file": ("photo.jpg", data)}, {"kind": "graduation", "wait": wait}
        return service.client.post(REPORTS, files=files, data=form)

    later = ask("0")
    assert later.status_code == 202
    assert later.json()["state"] == "pending"
    assert later.headers["retry-after"]
    now = ask("10")
    assert now.status_code == 200
    assert now.headers["content-type"].startswith("text/html")


def test_http_prints_several_files_of_one_application(service: Service) -> None:
    files = [("files", (f"<{number}>.jpg", b"no picture" + bytes(number))) for number in range(2)]
    answer = service.client.post(REPORTS, files=files, data={"kind": "certificate"})
    assert answer.status_code == 200
    reader = Reader(answer.text)
    assert "<0>.jpg" in reader.text
    assert "<1>.jpg" in reader.text
    assert reader.tags.count("img") == 1


def test_http_wants_a_file(service: Service) -> None:
    answer = service.client.post(REPORTS, data={"kind": "graduation"})
    problem = as_problem(answer, 422, "fields-invalid")
    assert "file" in problem["detail"] + problem["advice"]


@pytest.mark.usefixtures("settings")
def test_several_pictures_go_on_sheets_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.html"
    files = [SAMPLES / "accepted-blue.jpg", tmp_path / "missing.jpg", SAMPLES / "snapshot.jpg"]
    code = cli.main(["check", "--as", "graduation", "--report", str(out), *map(str, files)])
    assert code == 3
    assert "missing.jpg" in capsys.readouterr().err
    reader = Reader(out.read_text("utf-8"))
    assert reader.tags.count("main") == 2
    assert reader.tags.count("img") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_that_cannot_be_written_is_told_before_anything_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    out = tmp_path / "nowhere" / "out.html"
    code = cli.main(
        ["check", "--as", "graduation", "--report", str(out), "--lang", language, "any.jpg"]
    )
    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert str(out) in told.err
    assert "--report" in told.err
