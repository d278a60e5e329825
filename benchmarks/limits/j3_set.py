"""The limit of `J3`: decode each line, leave out what is approved or at home, keep the rest in a set, store nothing.

Usage: j3_set.py EVENTS APPROVED. Prints `{"seconds", "first_sights", "sha256"}`; the digest is over the sorted keys.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path

import msgspec

BLOCK = 1024 * 1024


class Event(msgspec.Struct, gc=False):
    account: str
    resource_organisation: str
    system: str


def main(events: str, approved: str) -> None:
    known = {tuple(line.split()) for line in Path(approved).read_text().splitlines()}
    decode = msgspec.json.Decoder(Event).decode_lines
    seen: set[tuple[str, str, str]] = set()
    began = time.perf_counter()
    with Path(events).open("rb") as file:
        rest = b""
        while chunk := file.read(BLOCK):
            chunk = rest + chunk
            cut = chunk.rfind(b"\n") + 1
            rest = chunk[cut:]
            for event in decode(chunk[:cut]):
                organisation = event.resource_organisation
                if event.account.endswith(organisation):
                    continue
                key = (event.account, organisation, event.system)
                if key in known or key in seen:
                    continue
                seen.add(key)
    seconds = time.perf_counter() - began
    digest = hashlib.sha256("\n".join(" ".join(key) for key in sorted(seen)).encode()).hexdigest()
    print(json.dumps({"seconds": seconds, "first_sights": len(seen), "sha256": digest}))


if __name__ == "__main__":
    main(*sys.argv[1:])
