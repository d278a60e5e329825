"""The board printed by a real browser: A4 across, nothing to press, no word cut off or outside of the sheet."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Any

import pytest

from tests.browser.looking import DESKTOP, RESTED, SHOTS, Window
from tests.browser.stage import call, sign_in_path
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
A4_ACROSS = (842, 595)  # points: 297 × 210 mm
SEVEN = ("Ashbourne", "Brackenfield", "Coldharbour", "Dunmere", "Eastwick", "Fernleigh", "Northgate")
NOT_ON_PAPER = (
    "My tasks",
    "Playbooks",
    "Call now",
    "Nudge",
    "Send update",
    "Stand down",
    "How far",
    "Add a system",
    "Plan this cut",
)


@pytest.fixture
def window(browser: Any, product: Running) -> Any:
    window = Window(browser, product, DESKTOP)
    window.sign_in(sign_in_path(product, "Priya Nair"))
    yield window
    window.context.close()


def test_a_board_on_paper_is_whole_and_has_nothing_to_press(window: Window, product: Running):
    opening = {"title": "Intruder on the shared directory", "systems": ["identity-platform"]}
    reference = str(call(product, "ashbourne", "POST", "/incidents/", opening)["reference"])
    window.page.goto(f"{product.url}/incidents/{reference}/")
    window.say(RESTED)
    # What is wider than its own box, or outside of the sheet, in the style of paper at the width of the sheet.
    window.page.emulate_media(media="print")
    window.page.set_viewport_size({"width": 1047, "height": 718})  # 277 × 190 mm at 96 dots an inch
    cut_off = window.say(
        "[...document.querySelectorAll('.board *')].filter(each => each.offsetParent !== null"
        " && !each.closest('.govuk-visually-hidden')"
        " && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())"
        " && (each.getBoundingClientRect().right > innerWidth + 1 || (getComputedStyle(each).overflowX !== 'visible'"
        " && each.scrollWidth > each.clientWidth + 1))).map(each => each.outerHTML.slice(0, 120))"
    )
    assert cut_off == []
    whole = window.say("document.body.innerText")
    SHOTS.mkdir(parents=True, exist_ok=True)
    window.page.screenshot(path=str(SHOTS / "board-on-paper.png"), full_page=True)
    window.page.emulate_media(media="null")  # printing brings its own
    for words in (reference, "Printed at", "UTC", "Contain first", "Latest", *SEVEN):
        assert words in whole, words
    assert [words for words in NOT_ON_PAPER if words in whole] == []
    assert "Gravenhurst" not in whole
    printed = window.speaker.send("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})
    pdf = base64.b64decode(printed["data"])
    sheets = re.findall(rb"/Type\s*/Page\b", pdf)
    sizes = {
        tuple(round(float(side)) for side in box.split()[2:]) for box in re.findall(rb"/MediaBox\s*\[([^]]+)\]", pdf)
    }
    assert sizes == {A4_ACROSS}
    # Seven rows, what is to be cut, and the feed of a new incident; none of them is empty.
    assert 1 <= len(sheets) <= 3
    assert sum(drawn(stream) for stream in streams(pdf)) >= len(sheets)


def streams(pdf: bytes) -> list[bytes]:
    """What is drawn and what it is drawn with, uncompressed as far as it can be."""
    found = []
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return found


def drawn(stream: bytes) -> bool:
    """Whether text is shown in it: PDF 32000-1, 9.4.3."""
    return bool(re.search(rb"\bT[jJ]\b", stream))
