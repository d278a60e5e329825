"""What an uploaded file is taken for, by its content, and what it is called when it is saved."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.utils.http import content_disposition_header

from portal.files.kinds import EXTENSIONS, UNKNOWN, Judge, download_name, plain_name

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def packed(*entries: tuple[str, bytes], stored: bool = False) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return made.getvalue()


def kind_of(content: bytes, name: str = "", *, piece: int = 7) -> str:
    """Handed over in small pieces, as a slow sender would."""
    judge = Judge()
    for at in range(0, len(content), piece):
        judge.look(content[at : at + piece])
    return judge.kind(name)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"%PDF-1.7\n...", "x.pdf", "application/pdf"),
        (b"%PDF-1.7\n<script>alert(1)</script>", "x.html", "application/pdf"),
        (PNG, "x.exe", "image/png"),
        (b"\xff\xd8\xff\xe0....", "x", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "x", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "x.webp", UNKNOWN),
        ("Zürich 2026\n".encode(), "notes.txt", "text/plain"),
        ("a;b\n1;ü\n".encode(), "table.CSV", "text/csv"),
        ("Zürich".encode("latin-1"), "notes.txt", UNKNOWN),
        ("Zürich".encode()[:2], "notes.txt", UNKNOWN),  # ends in the middle of a character
        (b"a\0b", "x.txt", UNKNOWN),
        (b"a\x1b[31mb", "x.txt", UNKNOWN),  # would steer a terminal
        (b"#!/bin/sh\nrm -rf /\n", "x.txt", UNKNOWN),
        (b"<!DOCTYPE html><p>", "x.txt", UNKNOWN),
        (b"\n\n  <svg xmlns='x' onload='alert(1)'/>", "x.svg", UNKNOWN),
        (b"harmless\n" * 900 + b"< ScRiPt src=x>", "x.txt", UNKNOWN),
        (b"MZ\x90\x00" + bytes(60), "x.pdf", UNKNOWN),
        (b"\x7fELF" + bytes(60), "x.png", UNKNOWN),
        (packed(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"")), "a.docx", DOCX),
        (packed(("[Content_Types].xml", b"<x/>")), "a.docm", UNKNOWN),  # with macros
        (packed(("mimetype", b"application/vnd.oasis.opendocument.text"), stored=True), "a.odt",
         "application/vnd.oasis.opendocument.text"),
        (packed(("mimetype", b"application/vnd.oasis.opendocument.text"), stored=True), "a.exe",
         "application/vnd.oasis.opendocument.text"),
        (packed(("mimetype", b"application/x-evil"), stored=True), "a.odt", UNKNOWN),
        (packed(("zeros", bytes(3_000_000))), "bomb.docx", UNKNOWN),
        (b"PK\x03\x04", "cut.docx", UNKNOWN),
        (b"PK\x03\x04" + b"\xff" * 40, "odd.odt", UNKNOWN),
    ],
)  # fmt: skip
def test_the_kind_comes_from_the_content(content, name, kind):
    assert kind_of(content, name, piece=7 if len(content) < 20_000 else 65536) == kind


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\evil.exe", "evil.exe"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\0b.txt", "ab.txt"),
        ('x"; filename="y.html', "x_ filename=_y.html"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("   ", "file"),
        ("", "file"),
        ("a/", "file"),
        ("Prüfbericht 2026.pdf", "Prüfbericht 2026.pdf"),
    ],
)
def test_a_name_becomes_one_harmless_line(said, shown):
    assert plain_name(said) == shown


def test_a_very_long_name_keeps_its_ending():
    assert len(plain_name("x" * 5000 + ".pdf")) <= 150
    assert plain_name("x" * 5000 + ".pdf").endswith(".pdf")


@pytest.mark.parametrize(
    ("name", "kind", "saved"),
    [
        ("report.pdf", "application/pdf", "report.pdf"),
        ("photo.JPEG", "image/jpeg", "photo.JPEG"),
        ("run.bat", "text/plain", "run.bat.txt"),
        ("page.html", UNKNOWN, "page.html.bin"),
        ("evil.exe", "image/png", "evil.exe.png"),
        ("pdf", "application/pdf", "pdf.pdf"),
        ("x", "text/anything-else", "x.bin"),
    ],
)
def test_it_is_saved_under_an_ending_that_starts_nothing(name, kind, saved):
    assert download_name(name, kind) == saved
    assert all(endings and "exe" not in endings for endings in EXTENSIONS.values())


@pytest.mark.parametrize("name", ["é" * 200, 'a"b', "a\\b", "a\r\nb: c", "\u202egnp", "a;b", "%0d%0a", "日本.txt"])
def test_no_name_breaks_the_header(name):
    header = content_disposition_header(as_attachment=True, filename=download_name(name, "text/plain"))
    assert header.startswith("attachment; filename")
    assert header.isascii()
    assert not set("\r\n\0") & set(header)
    assert header.count(";") == 1
