"""Batches as staff see them: folders, pages of results, people's decisions, events, comparisons."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import fsspec
import httpx
import pytest

from photo_service import cli
from photo_service.commands.outcomes import read_rows
from photo_service.commands.runners import Runner, judge
from photo_service.errors import UsageError
from photo_service.messages import LANGUAGES
from photo_service.profile import resolve
from photo_service.rows import COLUMNS
from photo_service.service import verify
from photo_service.settings import Settings
from tests.service import (
    ACCEPTED,
    BATCHES,
    NOWHERE,
    REJECTED,
    REVIEW,
    SLOWEST_S,
    Service,
    answers,
    as_problem,
    finished,
    free_address,
    fresh,
    picture,
    running_service,
    start_batch,
    started,
    until,
    valkey,
)
from workers import broker, desk
from workers.access import Role
from workers.batches import Batches
from workers.lists import Item
from workers.places import PICTURES, Places
from workers.worker import WarmWorker

PLACES = {
    "staff/a.jpg": ACCEPTED,
    "staff/b.JPEG": REJECTED,
    "staff/sub 目录/c.jpg": REVIEW,
    "staff/sub 目录/d.png": ACCEPTED,
}
DECISIONS = ("accepted", "rejected", "review", "unreadable")


@pytest.fixture(scope="module")
def pictures(service: Service) -> Path:
    """A folder below the root with pictures, and with what is none of a batch's business."""
    for place, sample in PLACES.items():
        (service.root / place).parent.mkdir(parents=True, exist_ok=True)
        (service.root / place).write_bytes(picture(sample))
    folder = service.root / "staff"
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.jpg").write_bytes(picture())
    (folder / ".trash").mkdir()
    (folder / ".trash" / "old.jpg").write_bytes(picture())
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.jpg")).write_bytes(picture())
    secret = service.state_dir / "secrets"
    secret.mkdir(exist_ok=True)
    (secret / "secret.jpg").write_bytes(picture())
    (folder / "way-out.jpg").symlink_to(secret / "secret.jpg")
    (folder / "door").symlink_to(secret)
    return folder


@pytest.fixture(scope="module")
def batch(service: Service, pictures: Path) -> str:
    """The address of a finished batch of that folder, and of a picture that is not there."""
    items: list[str | dict[str, str]] = [{"path": p, "id": str(n)} for n, p in enumerate(PLACES)]
    begun = start_batch(service, [*items, "staff/gone.jpg"], lang="en").json()
    finished(service.client, begun["id"])
    return f"{BATCHES}/{begun['id']}"


def get(service: Service, path: str, **query: Any) -> Any:
    answer = service.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- folders ------------------------------------------------------------------------------------


def test_a_folder_becomes_a_batch(service: Service, pictures: Path) -> None:
    answer = service.client.post(
        BATCHES, params={"kind": "graduation"}, json={"root": 0, "folder": "staff"}
    )
    assert answer.status_code == 202
    finished(service.client, answer.json()["id"])
    shown = get(service, f"{BATCHES}/{answer.json()['id']}/items")
    assert [item["path"] for item in shown["items"]] == sorted(PLACES)


def test_looking_around_below_the_roots(service: Service, pictures: Path) -> None:
    (root,) = get(service, "/v1/roots")
    assert root == {"number": 0, "name": service.root.name}
    top = get(service, "/v1/roots/0")
    assert "staff" in top["folders"]
    staff = get(service, "/v1/roots/0", folder="staff")
    assert staff["folders"] == ["sub 目录"]
    below = get(service, "/v1/roots/0", folder=f"staff/{staff['folders'][0]}")
    assert (below["folders"], below["files"]) == ([], 2)
    assert str(service.root) not in json.dumps([root, top, staff, below])


@pytest.mark.parametrize(
    ("number", "folder", "status", "code"),
    [
        (0, "..", 422, "path-outside"),
        (0, "staff/../..", 422, "path-outside"),
        (0, "/etc", 422, "path-outside"),
        (0, "staff/door", 422, "path-outside"),
        (0, "file:///etc", 422, "path-outside"),
        (0, "a\0b", 422, "path-outside"),
        (0, "nowhere", 404, "path-missing"),
        (1, "", 422, "root-unknown"),
        (-1, "", 422, "fields-invalid"),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_folders_out_of_bounds(
    service: Service, number: int, folder: str, status: int, code: str
) -> None:
    looked = service.client.get(f"/v1/roots/{number}", params={"folder": folder})
    as_problem(looked, status, code)
    begun = service.client.post(
        BATCHES, params={"kind": "graduation"}, json={"root": number, "folder": folder}
    )
    as_problem(begun, status, "root-unknown" if number < 0 else code)


def test_a_folder_without_pictures(service: Service, pictures: Path) -> None:
    (pictures.parent / "empty").mkdir(exist_ok=True)
    for language in LANGUAGES:
        answer = service.client.post(
            BATCHES, params={"kind": "graduation", "lang": language}, json={"folder": "empty"}
        )
        as_problem(answer, 422, "folder-empty")


def test_folders_behind_a_url_and_of_a_second_root(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    for place in ("in/a.jpg", "in/deep/b.png", "in/.c/d.jpg", "e.jpg"):
        memory.pipe(f"/staff/{place}", picture())
    (tmp_path / "first").mkdir()
    (tmp_path / "second" / "x").mkdir(parents=True)
    (tmp_path / "second" / "x" / "a.jpg").write_bytes(picture())
    roots = (str(tmp_path / "first"), str(tmp_path / "second"), "memory://staff/in")
    places = Places(replace(Settings.from_env(), roots=roots))
    assert [root["name"] for root in places.roots()] == ["first", "second", "in"]
    assert places.look(2, "")["folders"] == ["deep"]
    found = [list(places.below(number, "", PICTURES)) for number in range(3)]
    assert found[0] == []
    assert found[1] == [str(tmp_path / "second" / "x" / "a.jpg")]
    assert found[2] == ["memory://staff/in/a.jpg", "memory://staff/in/deep/b.png"]
    for place in (*found[1], *found[2]):
        assert places.read(place) == picture()
    with pytest.raises(UsageError, match="path-outside"):
        places.look(2, "../")


# --- lists and pages ----------------------------------------------------------------------------


def test_all_batches_newest_first(service: Service, batch: str) -> None:
    listed = get(service, BATCHES)
    times = [each["started"] for each in listed]
    assert times == sorted(times, reverse=True)
    found = {f"{BATCHES}/{each['id']}": each for each in listed}
    assert found[batch] == get(service, batch)
    assert found[batch]["counts"] == {"accepted": 2, "rejected": 1, "review": 1, "unreadable": 1}
    assert found[batch]["codes"]["path-missing"] == 1


def test_pages_are_the_whole_and_filters_divide_it(service: Service, batch: str) -> None:
    whole = get(service, f"{batch}/items")
    assert whole["total"] == len(PLACES) + 1
    pages = [get(service, f"{batch}/items", offset=n, limit=2)["items"] for n in range(0, 6, 2)]
    assert [item for page in pages for item in page] == whole["items"]
    by_decision = [get(service, f"{batch}/items", decision=each)["items"] for each in DECISIONS]
    assert sorted(i["number"] for part in by_decision for i in part) == list(range(5))
    codes = get(service, batch)["codes"]
    for code, count in codes.items():
        found = get(service, f"{batch}/items", code=code)
        assert found["total"] == count
        assert all(code in item["codes"] for item in found["items"])
    rejected = whole["items"][1]
    both = get(service, f"{batch}/items", code=rejected["codes"][0], decision="rejected")
    assert both["items"] == [rejected]
    assert get(service, f"{batch}/items", code=rejected["codes"][0], decision="accepted") == {
        "total": 0, "offset": 0, "items": [],
    }  # fmt: skip
    assert get(service, f"{batch}/items", code="no-such-code")["total"] == 0


def test_a_row_and_its_picture(service: Service, batch: str) -> None:
    row = get(service, f"{batch}/items/1")
    assert (row["path"], row["id"], row["kind"]) == ("staff/b.JPEG", "1", "graduation")
    short = get(service, f"{batch}/items")["items"][1]
    assert short["reason"] in [finding["message"] for finding in row["report"]["findings"]]
    answer = service.client.get(f"{batch}/items/1/picture")
    assert answer.content == picture(REJECTED)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    png = service.client.get(f"{batch}/items/4/picture")
    as_problem(png, 404, "path-missing")
    as_problem(service.client.get(f"{batch}/items/4/report"), 404, "report-none")
    as_problem(service.client.get(f"{batch}/items/5"), 404, "item-unknown")
    as_problem(service.client.get(f"{batch}/items/-1"), 422, "fields-invalid")


def test_a_report_to_print(service: Service, batch: str) -> None:
    answer = service.client.get(f"{batch}/items/1/report")
    assert answer.headers["content-type"].startswith("text/html")
    assert "staff/b.JPEG" in answer.text
    assert "data:image/" in answer.text, "the picture is there"


def test_what_lies_at_a_place_later_is_shown_only_as_what_it_is(
    service: Service, pictures: Path
) -> None:
    place = pictures / "changing.jpg"
    place.write_bytes(picture())
    begun = start_batch(service, ["staff/changing.jpg"]).json()
    finished(service.client, begun["id"])
    address = f"{BATCHES}/{begun['id']}/items/0/picture"
    place.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    answer = service.client.get(address)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    place.unlink()
    place.symlink_to(service.state_dir / "secrets" / "secret.jpg")
    as_problem(service.client.get(address), 422, "path-outside")


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", "/events"),
        ("GET", "/items"),
        ("GET", "/items/0"),
        ("GET", "/items/0/picture"),
        ("GET", "/items/0/report"),
        ("DELETE", "/items/0/overrule"),
        ("GET", "/results.csv"),
        ("GET", "/results.jsonl"),
        ("GET", "/summary.html"),
        ("GET", f"/compare/{NOWHERE}"),
        ("POST", "/again"),
    ],
)
def test_nothing_of_an_unknown_batch(service: Service, method: str, rest: str) -> None:
    as_problem(service.client.request(method, f"{BATCHES}/{NOWHERE}{rest}"), 404, "batch-unknown")


def test_portals_see_nothing_of_it(service: Service, batch: str) -> None:
    """Every operation that the document lists among the batches."""
    asked = 0
    for path, methods in get(service, "/openapi.json")["paths"].items():
        for method, operation in methods.items():
            if "batches" in operation["tags"]:
                place = path.format(
                    batch_id=batch.rpartition("/")[2],
                    other_id=NOWHERE,
                    number=0,
                    file="results.csv",
                )
                answer = httpx.request(
                    method, service.url + place, headers=service.headers(Role.PORTAL)
                )
                as_problem(answer, 403, "key-role")
                as_problem(httpx.request(method, service.url + place), 401, "key-missing")
                asked += 1
    assert asked >= 15


def test_what_codes_say(service: Service, batch: str) -> None:
    for language in LANGUAGES:
        titles = get(service, "/v1/codes", lang=language)
        assert get(service, batch)["codes"].keys() <= titles.keys()
        assert all(titles.values())


# --- people's decisions ---------------------------------------------------------------------------


def overrule(
    service: Service, place: str, decision: str, reason: str = "seen by a person"
) -> httpx.Response:
    word = {"decision": decision, "reason": reason}
    return service.client.post(f"{place}/overrule", json=word)


def table(service: Service, batch: str) -> list[dict[str, str]]:
    answer = service.client.get(f"{batch}/results.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


class Page(HTMLParser):
    """The words of a page and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = ""
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_decision_stands_beside_the_machine_s_everywhere(service: Service, batch: str) -> None:
    place = f"{batch}/items/1"
    before = get(service, place)
    reason = "=cmd <b>hair</b>, not a face"
    answer = overrule(service, place, "accept", f"  {reason} ")
    assert answer.status_code == 200
    row = get(service, place)
    assert answer.json() == row
    word = row.pop("overrule")
    assert row == before
    assert (word["decision"], word["reason"], word["by"]) == ("accept", reason, "test-staff")
    assert word["at"] >= get(service, batch)["started"]
    progress = get(service, batch)
    assert (progress["overruled"], progress["counts"]["rejected"]) == (1, 1)
    listed = get(service, f"{batch}/items", overruled=True)
    assert [(i["number"], i["decision"], i["overrule"]) for i in listed["items"]] == [
        (1, "rejected", word)
    ]
    line = table(service, batch)[1]
    assert tuple(line) == COLUMNS
    assert (line["decision"], line["overruled"], line["overrule_reason"]) == (
        "rejected", "accept", f"'{reason}",
    )  # fmt: skip
    assert (line["overruled_by"], line["overruled_at"]) == ("test-staff", word["at"])
    rows = [
        json.loads(row)
        for row in service.client.get(f"{batch}/results.jsonl").text.split("\n")[:-1]
    ]
    assert [row.get("overrule") for row in rows] == [None, word, None, None, None]
    streamed = service.client.get(f"{batch}/results").text.splitlines()
    assert word in [json.loads(row).get("overrule") for row in streamed if row]
    summary = service.client.get(f"{batch}/summary.html", params={"lang": "en"}).text
    page = Page(summary)
    assert reason in page.words
    assert "1 overruled by a person" in page.words
    assert "<b>hair" not in summary
    assert not page.tags & {"script", "img", "link"}
    taken = service.client.delete(f"{place}/overrule")
    assert taken.json() == before
    assert get(service, batch)["overruled"] == 0
    assert service.client.delete(f"{place}/overrule").json() == before


@pytest.mark.parametrize(
    "word",
    [
        {"decision": "accepted", "reason": "x"},
        {"decision": "accept"},
        {"decision": "accept", "reason": "  "},
        {"decision": "accept", "reason": "长" * 201},
        {"decision": "accept", "reason": "\ud800"},
        {"reason": "x"},
        [],
    ],
)
def test_decisions_that_are_none(service: Service, batch: str, word: Any) -> None:
    answer = service.client.post(
        f"{batch}/items/0/overrule",
        content=json.dumps(word).encode(),
        headers={"Content-Type": "application/json"},
    )
    as_problem(answer, 422, "fields-invalid")
    assert "overrule" not in get(service, f"{batch}/items/0")


def test_of_decisions_at_the_same_time_one_stands_whole(service: Service, batch: str) -> None:
    place = f"{batch}/items/2"
    words = [("accept" if n % 2 else "reject", f"reason {n}") for n in range(24)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda word: overrule(service, place, *word), words))
    word = get(service, place)["overrule"]
    assert (word["decision"], word["reason"]) in words
    assert get(service, batch)["overruled"] == 1
    overrule(service, place, "accept", "the last one")
    assert get(service, place)["overrule"]["reason"] == "the last one"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: service.client.delete(f"{place}/overrule"), range(8)))
    assert get(service, batch)["overruled"] == 0


def test_nobody_decides_what_is_not_judged(service: Service, batch: str) -> None:
    as_problem(overrule(service, f"{batch}/items/99", "accept"), 404, "item-unknown")


def test_judging_again_on_a_machine_keeps_what_people_decided(
    service: Service,
    batch: str,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def here(_: Settings, language: str, jobs: int) -> Runner:
        return lambda tasks: ((task, judge(task, settings, language)) for task in tasks)

    monkeypatch.setattr("photo_service.commands.batch.local", here)
    monkeypatch.chdir(service.root)
    overrule(service, f"{batch}/items/1", "accept")
    (tmp_path / "old.jsonl").write_bytes(service.client.get(f"{batch}/results.jsonl").content)
    service.client.delete(f"{batch}/items/1/overrule")
    out = tmp_path / "out"
    command = ["reverify", str(tmp_path / "old.jsonl"), "--out", str(out), "--lang", "en"]
    for arguments in (command, [*command, "--resume"]):
        assert cli.main(arguments) == 3, "one picture is not there"
        lines = (out / "results.jsonl").read_text("utf-8").splitlines()
        found = {row["path"]: row for row in map(json.loads, lines)}
        assert len(found) == len(lines) == len(PLACES) + 1
        assert [path for path, row in found.items() if "overrule" in row] == ["staff/b.JPEG"]
        assert found["staff/b.JPEG"]["overrule"]["by"] == "test-staff"
        assert found["staff/b.JPEG"]["report"]["decision"] == "rejected"
        with (out / "results.csv").open(encoding="utf-8-sig") as file:
            assert [line["overruled"] for line in csv.DictReader(file)].count("accept") == 1
        assert "seen by a person" in (out / "summary.html").read_text("utf-8")


@pytest.mark.parametrize("word", [{"decision": "accept"}, {"by": 1}, [], "accept", None])
def test_half_a_decision_makes_no_result(tmp_path: Path, word: Any) -> None:
    row = {"path": "a.jpg", "report": {"decision": "accepted"}, "overrule": word}
    (tmp_path / "results.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(UsageError, match="reverify-source"):
        list(read_rows(tmp_path / "results.jsonl"))


# --- events ---------------------------------------------------------------------------------------


def events(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
    """Name, id and data of each server-sent event."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        else:
            if "event" in fields:
                yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def watch(
    client: httpx.Client, batch: str, last: str = "", **query: str
) -> list[tuple[str, str, Any]]:
    headers = {"Last-Event-ID": last} if last else {}
    address = f"{batch}/events"
    with client.stream("GET", address, headers=headers, params=query) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(events(answer.iter_lines()))


def test_a_batch_is_watched_and_taken_up_again(service: Service, pictures: Path) -> None:
    (pictures.parent / "watched.jpg").write_bytes(picture())
    begun = start_batch(service, ["watched.jpg"] * 12).json()
    place = f"{BATCHES}/{begun['id']}"
    seen = watch(service.client, place)
    assert seen[-1][0] == "end"
    assert seen[-1][2] == get(service, place)
    rows = [(mark, data) for name, mark, data in seen if name == "row"]
    assert sorted(data["number"] for _, data in rows) == list(range(12))
    assert {data["decision"] for _, data in rows} == {"accepted"}
    done = [data["done"] for name, _, data in seen if name == "progress"]
    assert done == sorted(set(done))
    assert done[-1] == 12
    rest = watch(service.client, place, last=rows[7][0])
    assert [(mark, data) for name, mark, data in rest if name == "row"] == rows[8:]
    assert [name for name, _, _ in watch(service.client, place, rows="new")] == ["progress", "end"]
    bad = service.client.get(f"{place}/events", headers={"Last-Event-ID": "$"})
    as_problem(bad, 422, "fields-invalid")


def test_a_killed_worker_leaves_no_gap(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_service(tmp_path_factory) as own:
        count = 30
        for number in range(count):
            (own.root / f"{number}.jpg").write_bytes(fresh())
        begun = start_batch(own, [f"{n}.jpg" for n in range(count)]).json()
        killed = 0
        numbers = []
        address = f"{BATCHES}/{begun['id']}/events"
        with own.client.stream("GET", address) as answer:
            for name, _, data in events(answer.iter_lines()):
                if name == "row":
                    numbers.append(data["number"])
                    if not killed:
                        killed = kill_a_worker(own)
        assert name == "end"
        assert data["state"] == "finished"
        assert killed
        assert sorted(numbers) == list(range(count))


def kill_a_worker(own: Service) -> int:
    """The process id of the worker that is no more."""
    (worker,) = WarmWorker.all(connection=broker.connect(own.redis_url))
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    return int(worker.pid)


# --- other rules ----------------------------------------------------------------------------------


def test_other_rules_are_tried_on_the_same_pictures(service: Service, batch: str) -> None:
    answer = service.client.post(f"{batch}/again", params={"profile": "graduation-strict"})
    assert answer.status_code == 202
    second = f"{BATCHES}/{answer.json()['id']}"
    assert answer.headers["location"] == second
    after = finished(service.client, answer.json()["id"])
    assert (after["origin"], after["profile"]) == (batch.rpartition("/")[2], "graduation-strict")
    olds, news = (get(service, f"{each}/items")["items"] for each in (batch, second))
    assert [(i["path"], i["id"]) for i in olds] == [(i["path"], i["id"]) for i in news]
    overrule(service, f"{batch}/items/0", "reject")
    change = get(service, f"{batch}/compare/{after['id']}")
    service.client.delete(f"{batch}/items/0/overrule")
    steps = Counter((old["decision"], new["decision"]) for old, new in zip(olds, news, strict=True))
    told = {(old, new): n for old, line in change["matrix"].items() for new, n in line.items() if n}
    assert told == steps
    changed = {
        old["path"]: (set(new["codes"]) - set(old["codes"]), set(old["codes"]) - set(new["codes"]))
        for old, new in zip(olds, news, strict=True)
        if (old["decision"], old["codes"]) != (new["decision"], new["codes"])
    }
    assert changed, "the strict rules say something else of some picture"
    found = {row["path"]: (set(row["gained"]), set(row["lost"])) for row in change["rows"]}
    assert found == changed
    assert change["total"] == change["changed"] == len(changed)
    assert Counter(code for gained, _ in changed.values() for code in gained) == change["gained"]
    moved = [s for s in steps if s[0] != s[1]]
    for old, new in moved:
        part = get(service, f"{batch}/compare/{after['id']}", before=old, after=new)
        assert part["total"] == steps[old, new]
        assert all(row["before"]["decision"] == old for row in part["rows"])
    assert all(("overrule" in row) == (row["path"] == "staff/a.jpg") for row in change["rows"])
    same = get(service, f"{batch}/compare/{batch.rpartition('/')[2]}")
    assert (same["changed"], same["only_before"], same["only_after"]) == (0, 0, 0)


def test_pictures_of_one_run_only(service: Service, batch: str) -> None:
    begun = start_batch(service, [{"path": "staff/a.jpg", "id": "0"}, "watched-not.jpg"]).json()
    finished(service.client, begun["id"])
    change = get(service, f"{batch}/compare/{begun['id']}")
    assert (change["only_before"], change["only_after"]) == (4, 1)
    assert sum(sum(line.values()) for line in change["matrix"].values()) == 1


def test_rules_of_another_kind_are_refused(service: Service, batch: str) -> None:
    answer = service.client.post(f"{batch}/again", params={"profile": "id_card"})
    as_problem(answer, 422, "profile-other-kind")


# --- without keys, without workers ---------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Batches]]:
    """A door that asks for no key, and the batches behind it, whose rows tests make."""
    folder = tmp_path_factory.mktemp("made")
    port, url = free_address()
    with valkey(folder) as queue:
        settings = replace(Settings.from_env(), redis_url=queue.url, roots=(str(folder),))
        given = {
            "PHOTO_SERVICE_PORT": str(port),
            "PHOTO_SERVICE_REDIS_URL": queue.url,
            "PHOTO_SERVICE_ROOTS": str(folder),
        }
        with (
            started("serve", folder / "serve.log", given) as process,
            httpx.Client(base_url=url, timeout=30) as client,
        ):
            until(lambda: answers(client, "/healthz"), SLOWEST_S, process)
            yield client, Batches(broker.connect(queue.url), settings)


def make_rows(batches: Batches, total: int, numbers: Sequence[int]) -> str:
    """A batch whose pictures were judged in some order."""
    reports = [verify(picture(s), "graduation").to_dict("en") for s in (ACCEPTED, REJECTED)]
    items = [Item(f"{n}.jpg") for n in range(total)]
    batch_id = str(batches.create(items, resolve("graduation"), {}, "en")["id"])
    for number in numbers:
        batches.finish(batch_id, number, items[number], {"report": reports[number % 2]})
    return batch_id


@pytest.mark.usefixtures("settings")
def test_nobody_s_decision_and_a_batch_that_runs(made: tuple[httpx.Client, Batches]) -> None:
    client, batches = made
    batch_id = make_rows(batches, 3, [2, 0])
    place = f"{BATCHES}/{batch_id}"
    row = client.post(
        f"{place}/items/2/overrule", json={"decision": "reject", "reason": "blurred"}
    ).json()
    assert row["overrule"]["by"] == "–"
    as_problem(client.post(f"{place}/again"), 409, "batch-running")
    as_problem(client.get(f"{place}/items/1"), 404, "item-unknown")
    assert [i["number"] for i in client.get(f"{place}/items").json()["items"]] == [0, 2]
    client.delete(place)
    again = client.post(f"{place}/again").json()
    assert again["total"] == 2, "what was judged before it was cancelled"


@pytest.mark.usefixtures("settings")
def test_everything_of_a_batch_ends_with_it(made: tuple[httpx.Client, Batches]) -> None:
    client, batches = made
    batch_id = make_rows(batches, 2, [0, 1])
    client.post(
        f"{BATCHES}/{batch_id}/items/1/overrule", json={"decision": "accept", "reason": "x"}
    )
    keys = list(batches.connection.scan_iter(f"photo:batch:{batch_id}*"))
    assert {key.decode().partition(batch_id)[2] for key in keys} >= {
        "", ":rows", ":order", ":marks", ":overrules", ":is:judged", ":is:overruled",
    }  # fmt: skip
    lives = [batches.connection.ttl(key) for key in keys]
    assert min(lives) > 0
    assert max(lives) - min(lives) <= 2
    for key in keys:
        batches.connection.delete(key)
    assert batch_id not in [each["id"] for each in client.get(BATCHES).json()]
    assert batches.connection.zscore("photo:batches:known", batch_id) is None


@pytest.mark.usefixtures("settings")
def test_a_page_unpacks_no_more_than_it_shows(
    made: tuple[httpx.Client, Batches], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, batches = made
    batch_id = make_rows(batches, 400, range(400))
    unpacked = 0

    def counted(packed: bytes) -> Any:
        nonlocal unpacked
        unpacked += 1
        return desk.unpack(packed)

    monkeypatch.setattr("workers.results.unpack", counted)
    page = batches.results.page(batch_id, ["decision/rejected"], 150, 10)
    assert page["total"] == 200
    assert [item["number"] for item in page["items"]] == list(range(301, 321, 2))
    assert unpacked == 10
