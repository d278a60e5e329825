"""Build `incidents/techniques/facts.json` from the distilled ATT&CK and D3FEND files of a folder.

    python -m scripts.techniques FOLDER

Facts alone come over: ids, names, tactics, parents, which mitigation answers which technique, and what maps to D3FEND.
Descriptions and definitions stay where they are. Without FOLDER's files nothing is written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "incidents" / "techniques" / "facts.json"
MATCHES = {"same": "=", "def-broader": ">", "def-narrower": "<"}


def facts_of(folder: Path) -> dict[str, Any]:
    """One document: see `incidents.techniques.facts` for what each list holds."""
    attack = _read(folder / "attack" / "enterprise-18.1-techniques.json")
    mitigations = _read(folder / "attack" / "enterprise-18.1-mitigations.json")["mitigations"]
    d3fend = _read(folder / "d3fend" / "d3fend-1.2.0-techniques.json")["techniques"]
    asserted = _read(folder / "d3fend" / "attack-mitigation-to-d3fend.json")["mitigations"]
    derived = _read(folder / "d3fend" / "attack-to-d3fend.derived.json")["techniques"]
    return {
        "attack_version": attack["attack_version"],
        "d3fend_version": "1.2.0",
        "attack_tactics": [[each["id"], each["name"]] for each in attack["tactics"]],
        "attack": [
            [each["id"], each["name"], " ".join(each["tactics"])]
            for each in sorted(attack["techniques"], key=lambda each: each["id"])
        ],
        "mitigations": [
            [
                each["id"],
                each["name"],
                " ".join(each["mitigates"]),
                " ".join(_short(asserted.get(each["id"], {"related": []})["related"])),
            ]
            for each in sorted(mitigations, key=lambda each: each["id"])
        ],
        "d3fend": [
            [each["id"], each["name"], " ".join(each["tactic"]), each["iri"].removeprefix("d3f:"), each["synonyms"]]
            for each in sorted(d3fend, key=lambda each: each["id"])
        ],
        "by_artifact": {
            key: " ".join(
                _short([name])[0] + "".join(MATCHES[each] for each in sorted(how))
                for name, how in sorted(value["via_artifact"].items())
            )
            for key, value in sorted(derived.items())
            if value["via_artifact"]
        },
    }


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _short(names: list[str]) -> list[str]:
    return [name.removeprefix("D3-") for name in names]


def written(facts: dict[str, Any]) -> str:
    """One entry a line, so that a new version shows what changed."""
    parts = []
    for name, value in facts.items():
        if isinstance(value, str):
            shown = json.dumps(value)
        elif isinstance(value, list):
            shown = "[\n" + ",\n".join(_line(each) for each in value) + "\n]"
        else:
            shown = "{\n" + ",\n".join(f"{_line(key)}:{_line(each)}" for key, each in value.items()) + "\n}"
        parts.append(f"{json.dumps(name)}: {shown}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("python -m scripts.techniques FOLDER")
    TARGET.write_text(written(facts_of(Path(sys.argv[1]))), encoding="utf-8")


if __name__ == "__main__":
    main()
