"""What an uploaded file looks like, judged by its content, and what it is called when somebody downloads it.

The kind is a label and never a gate: evidence of an attack is often malware, and refusing it would only make people
rename it. What is not recognised, and whatever a browser or a computer could run (programs, HTML, SVG, scripts), is
kept as `application/octet-stream`. Nothing is ever opened, unpacked or shown: every file is served as a download alone.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from portal.files.limits import NAME_LENGTH

UNKNOWN = "application/octet-stream"
TEXT, CSV = "text/plain", "text/csv"
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
# By what a file of each kind may be called; the first is added where the sender's name says something else.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/webp": ("webp",),
    TEXT: ("txt", "log", "md"),
    CSV: ("csv",),
    f"{OFFICE}wordprocessingml.document": ("docx",),
    f"{OFFICE}spreadsheetml.sheet": ("xlsx",),
    f"{OFFICE}presentationml.presentation": ("pptx",),
    f"{OPEN}text": ("odt",),
    f"{OPEN}spreadsheet": ("ods",),
    f"{OPEN}presentation": ("odp",),
    UNKNOWN: ("bin",),
}
WORDS = {
    "application/pdf": "PDF", "image/png": "PNG image", "image/jpeg": "JPEG image", "image/webp": "WebP image",
    TEXT: "Text", CSV: "Table (CSV)", UNKNOWN: "Not recognised: handle with care",
}  # fmt: skip
HEAD = 4096  # bytes that a kind is judged by; text is judged by all of them
MARKUP = re.compile(rb"<\s*(!doctype|\?xml|html|head|body|script|svg|iframe|object|embed|meta|link|style)\b", re.I)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Judge:
    """Looks at a file while it comes in; `kind(name)` when all of it has."""

    def __init__(self) -> None:
        self.head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_text = True
        self._markup = False
        self._tail = b""

    def look(self, chunk: bytes) -> None:
        if len(self.head) < HEAD:
            self.head += chunk[: HEAD - len(self.head)]
        if self._is_text:
            try:
                self._is_text = not CONTROL.search(self._decoder.decode(chunk))
            except UnicodeDecodeError:
                self._is_text = False
            self._markup = self._markup or bool(MARKUP.search(self._tail + chunk))
            self._tail = chunk[-32:]  # a tag may lie across two chunks

    def kind(self, name: str) -> str:
        """The content type. Of the name only its ending is asked, between kinds that look alike."""
        head, ending = self.head, name.rpartition(".")[2].lower()
        if head.startswith(b"%PDF-"):
            return "application/pdf"
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return "image/png"
        if head.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return "image/webp"
        if head.startswith(b"PK\x03\x04"):
            return _packed(head, ending)
        if self._ends_whole() and not self._markup and not head.startswith(b"#!"):
            return CSV if ending == "csv" else TEXT
        return UNKNOWN

    def _ends_whole(self) -> bool:
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return self._is_text


def _packed(head: bytes, ending: str) -> str:
    """A document that is a ZIP file, by the header of its first entry (APPNOTE 4.3.7); nothing is unpacked."""
    method, packed = int.from_bytes(head[8:10], "little"), int.from_bytes(head[18:22], "little")
    name_length, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
    first = head[30 : 30 + name_length]
    if first == b"[Content_Types].xml":  # ECMA-376 part 2; which of the three only the name can say
        return next(
            (kind for kind, known in EXTENSIONS.items() if kind.startswith(OFFICE) and ending in known), UNKNOWN
        )
    if first == b"mimetype" and method == 0:  # OpenDocument 1.3 part 2, 3.3
        at = 30 + name_length + extra
        said = head[at : at + packed].decode("ascii", "replace")
        return said if said.startswith(OPEN) and said in EXTENSIONS else UNKNOWN
    return UNKNOWN


def words_of(kind: str) -> str:
    if kind.startswith(OFFICE):
        return "Office document"
    return "OpenDocument" if kind.startswith(OPEN) else WORDS.get(kind, WORDS[UNKNOWN])


def plain_name(said: str) -> str:
    """The sender's name as a text that is safe to show: one line, no folder, no signs that turn others round."""
    name = said.replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in unicodedata.normalize("NFC", name) if unicodedata.category(each)[0] != "C")
    shown = re.sub(r"""[<>:"|?*'`;%]+""", "_", " ".join(shown.split())).strip(" .")
    if len(shown) > NAME_LENGTH:
        stem, dot, ending = shown.rpartition(".")
        shown = f"{stem[: NAME_LENGTH - 9]}.{ending}" if dot and len(ending) < 8 else shown[:NAME_LENGTH]
    return shown.strip(" .") or "file"


def download_name(name: str, kind: str) -> str:
    """What the browser saves it as: its ending is one of its kind, so that no click starts what it should not."""
    endings = EXTENSIONS.get(kind, EXTENSIONS[UNKNOWN])
    safe = plain_name(name)
    return safe if safe.rpartition(".")[2].lower() in endings and "." in safe else f"{safe}.{endings[0]}"
