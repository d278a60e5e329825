"""Words as a picture can hold them: nothing that XML forbids or that turns text round, cut or wrapped to a width."""

from __future__ import annotations

import unicodedata

# Letters of Arial by their width.
NARROW, SMALL, WIDE = set("iIjl.,:;'|!()[]ft "), set("ckrsvxyz-"), set("mwMW@%—…&✂→")
LEFT_OUT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, bidi and other invisible marks, unassigned


def plain(words: str) -> str:
    """The words without characters that XML refuses or that nobody can see; white space becomes single spaces."""
    seen = "".join(" " if each.isspace() else each for each in words)
    return " ".join("".join(each for each in seen if unicodedata.category(each) not in LEFT_OUT).split())


def width_of(words: str, *, size: int, bold: bool = False) -> float:
    """About how many pixels the words take in Arial or its like; rather too many than too few."""
    return sum(_em(each) for each in words) * size * (1.08 if bold else 1.0)


def fitted(words: str, *, width: float, size: int, bold: bool = False) -> str:
    """The words, with an ellipsis where they would be wider than `width` pixels."""
    if width_of(words, size=size, bold=bold) <= width:
        return words
    room = width - width_of("…", size=size, bold=bold)
    kept = 0
    for letter in words:
        room -= width_of(letter, size=size, bold=bold)
        if room < 0:
            break
        kept += 1
    return f"{words[:kept].rstrip()}…"


def wrapped(words: str, *, width: float, size: int, bold: bool = False) -> list[str]:
    """One or two lines of at most `width` pixels, broken between words; the second ends in an ellipsis if need be."""
    if width_of(words, size=size, bold=bold) <= width:
        return [words]
    parts = words.split(" ")
    taken = 1
    while taken < len(parts) and width_of(" ".join(parts[: taken + 1]), size=size, bold=bold) <= width:
        taken += 1
    first, rest = " ".join(parts[:taken]), " ".join(parts[taken:])
    lines = [first, rest] if rest else [first]
    return [fitted(line, width=width, size=size, bold=bold) for line in lines]


def lines_of(words: str, *, width: float, size: int) -> list[str]:
    """As many lines as it takes, broken between words."""
    lines: list[str] = []
    for word in words.split():
        if lines and width_of(f"{lines[-1]} {word}", size=size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(fitted(word, width=width, size=size))
    return lines


def _em(letter: str) -> float:
    if letter in NARROW:
        return 0.28
    if letter in SMALL:
        return 0.5
    if letter in WIDE:
        return 0.9
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    return 0.72 if letter.isupper() else 0.56
