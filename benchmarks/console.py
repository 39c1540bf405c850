"""From a picture given to the console to its verdict drawn, beside the API's own answer.

One service, one browser, one run: by turns the page is given a picture and a plain client uploads
one (the same sample, changed by a byte each time, so that nothing is remembered). Prints medians of
both and how long the page needed once it had the answer.

    python -m benchmarks.console [--times 15]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from statistics import median

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.service import VERIFICATIONS, free_address, started, until_ready

SAMPLES = Path(__file__).parent.parent / "samples"
PICTURES = {
    "graduation": "selfie.jpg",
    "id_card": "documents/id-card.jpg",
    "handheld_id": "documents/handheld.jpg",
}
# Since the last picture was given, milliseconds: the answer read, the verdict on the screen.
_MARKS = """() => {
  const at = (name) => performance.getEntriesByName(name).at(-1).startTime;
  return [at("answered") - at("given"), at("drawn") - at("given")];
}"""
_number = count(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=15)
    times = parser.parse_args().times
    program = shutil.which("chromium") or sys.exit("needs Chromium: apt-get install chromium")
    port, url = free_address()
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "PHOTO_SERVICE_PORT": str(port),
            "PHOTO_SERVICE_STATE_DIR": folder,
            "PHOTO_SERVICE_WORKERS": "1",
        }
        with (
            started("up", Path(folder) / "up.log", settings) as process,
            httpx.Client(base_url=url, timeout=60) as client,
            sync_playwright() as playwright,
        ):
            until_ready(client, process)
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = browser.new_page()
            print("median ms      API   page: answer   verdict drawn   drawn - API")
            for kind, sample in PICTURES.items():
                page.goto(f"{url}/?kind={kind}")
                page.locator("#upload-title").wait_for()
                rounds = [one_round(page, client, kind, SAMPLES / sample) for _ in range(times)]
                api, answer, drawn = (median(each) for each in zip(*rounds[1:], strict=True))
                print(f"{kind:12} {api:6.0f} {answer:14.0f} {drawn:15.0f} {drawn - api:13.0f}")
            browser.close()


def one_round(page: Page, client: httpx.Client, kind: str, sample: Path) -> tuple[float, ...]:
    """Milliseconds of the API, of the page's answer and of its drawn verdict."""
    start = time.perf_counter()
    form = {"kind": kind, "drawings": "true", "fields": "masked"}
    client.post(VERIFICATIONS, files={"file": fresh(sample)}, data=form).raise_for_status()
    api = 1e3 * (time.perf_counter() - start)
    page.evaluate("performance.clearMarks()")
    name, data = fresh(sample)
    page.set_input_files("#file", {"name": name, "mimeType": "image/jpeg", "buffer": data})
    # The page's own policy forbids scripts from texts, which waiting for a condition would need.
    while not page.evaluate("performance.getEntriesByName('drawn').length"):
        time.sleep(0.02)
    return api, *page.evaluate(_MARKS)


def fresh(sample: Path) -> tuple[str, bytes]:
    """A picture the service has not seen; what follows a JPEG's end is no part of it."""
    return sample.name, sample.read_bytes() + bytes(next(_number))


if __name__ == "__main__":
    main()
