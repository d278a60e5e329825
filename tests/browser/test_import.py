"""A file of 5,000 rows on the running product: matched, looked at in the background, written, and unchanged again."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import psycopg
import pytest

from tests.browser.door import Door
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
ROWS = 5000
BAD = {  # each hundredth row is bad, in one of five ways
    0: ({"People": "many"}, "People who depend on it: A whole number is wanted."),
    1: ({"State": "asleep"}, "State: One of these is wanted: live, retired, left_connected."),
    2: ({"Owner": "Atlantis"}, "Decided by: No organisation of the partnership is called so."),
    3: ({"Owner": "Dunmere"}, "Decided by: This is not yours to write, or it is not there."),
    4: ({"Title": ""}, "Name: It is empty."),
}


def made() -> tuple[bytes, dict[int, str]]:
    """The file, and which rows (as a spreadsheet numbers them) are bad and why."""
    written, bad = io.StringIO(), {}
    sheet = csv.DictWriter(written, ["Ref", "Title", "Owner", "State", "People", "Hosted", "Remarks"], delimiter=";")
    sheet.writeheader()
    for n in range(ROWS):
        row = {
            "Ref": f"app-{n}", "Title": f"Application {n}", "Owner": "Northgate IT Services", "State": "live",
            "People": str(n), "Hosted": "Säle 2, “new” wing", "Remarks": "=1+1",
        }  # fmt: skip
        if n % 100 == 99:
            wrong, why = BAD[n // 100 % 5]
            row |= wrong
            bad[n + 2] = why
        sheet.writerow(row)
    return written.getvalue().encode("cp1252"), bad


@pytest.fixture
def helen(fresh_product: Running, browser: Any) -> Any:
    door = Door(browser, fresh_product)
    door.device()
    door.enrol("Helen Strand")
    yield door
    door.context.close()


def upload(door: Door, raw: bytes) -> None:
    door.go("/register/import/")
    door.page.get_by_label("Systems", exact=True).check()
    door.page.get_by_label("File", exact=True).set_input_files(
        {"name": "applications.csv", "mimeType": "text/csv", "buffer": raw}
    )
    door.press("Upload, then match its columns")
    door.page.get_by_role("heading", name="Match the columns").wait_for()


def look(door: Door) -> dict[str, int]:
    """Have the dry run made, wait for its end, and count."""
    door.press("Make the dry run")
    door.page.get_by_role("heading", name="What would become of").wait_for()
    found = re.findall(r"([A-Z][a-z ]+): ([\d,]+)", door.page.locator("main .tabs").inner_text())
    return {words: int(n.replace(",", "")) for words, n in found if n != "0"}


def test_five_thousand_rows_of_which_fifty_are_bad(helen, fresh_product):
    raw, bad = made()
    helen.go("/register/export/")
    faults = helen.look("register-export")
    helen.go("/register/import/")
    helen.press("Upload, then match its columns")
    helen.page.get_by_role("alert").wait_for()
    assert "Choose what the rows of the file are." in helen.words()
    faults += helen.look("import-wrong")
    upload(helen, raw)
    assert "Windows-1252" in helen.words()
    helen.page.get_by_label("Short name").select_option("Ref")
    helen.page.get_by_label("Name", exact=True).select_option("Title")
    helen.page.get_by_label("People who depend on it").select_option("People")
    helen.page.get_by_label("Hosting").select_option("Hosted")
    faults += helen.look("import-columns")
    assert look(helen) == {"All": ROWS, "Would be added": ROWS - 50, "Refused": 50}
    faults += helen.look("import-fates")

    helen.follow("Refused: 50")
    rows = helen.page.locator("tbody tr")
    told = {
        int(rows.nth(n).locator("th").inner_text()): rows.nth(n).locator("td").last.inner_text()
        for n in range(rows.count())
    }
    assert told == bad

    helen.press("Write 4,950 rows, leave 50 out")
    helen.page.get_by_text("4,950 rows are written.").wait_for()
    faults += helen.look("import-written")
    with psycopg.connect(fresh_product.database_url) as owner:
        written = owner.execute(
            "SELECT count(*), min(hosting) FROM partners_sharedsystem WHERE name LIKE 'Application %'"
        ).fetchone()
        assert written == (ROWS - 50, "Säle 2, “new” wing")
        kept = owner.execute("SELECT count(*) FROM partners_change WHERE import_id IS NOT NULL").fetchone()
        assert kept == (ROWS - 50,)

    upload(helen, raw)
    assert "as your organisation did the last time" in helen.words()
    assert helen.page.get_by_label("Short name").locator("option:checked").inner_text() == "Ref"
    assert look(helen) == {"All": ROWS, "Unchanged": ROWS - 50, "Refused": 50}
    assert "There is nothing to write" in helen.words()
    helen.go("/register/import/")
    faults += helen.look("import-list")
    assert faults == [], "\n".join(faults)
