"""What a page brings with it: our own style sheet and scripts, as they go over the line."""

from __future__ import annotations

import gzip

from tests.servers import ROOT

STATIC = ROOT / "var" / "static"
LIGHT = 120 * 1024


def test_all_our_styles_and_scripts_together_are_light():
    files = [*STATIC.glob("*.css"), *STATIC.glob("*.js")]
    assert {each.name for each in files} >= {"bulkhead.css", "common.js", "tasks.js", "sw.js"}
    sizes = {each.name: len(gzip.compress(each.read_bytes(), 6)) for each in files}
    assert sum(sizes.values()) <= LIGHT, sizes
