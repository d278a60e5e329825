"""The front end's build, by the wheel's own Node over a small front end of the test's own."""

import json

import pytest

from portal.assets import CannotBuild, build

COPY = "node -e \"require('fs').copyFileSync('page.js', process.env.OUT + '/page.js')\""


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "frontend"
    folder.mkdir()
    package = {"name": "small", "version": "1.0.0", "private": True}
    lock = {**package, "lockfileVersion": 3, "requires": True, "packages": {"": package}}
    (folder / "package.json").write_text(json.dumps({**package, "scripts": {"build": COPY}}))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    (folder / "page.js").write_text("one")
    return folder


@pytest.fixture
def static(tmp_path):
    return tmp_path / "var" / "static"


def test_it_is_built_once_and_again_only_when_a_source_has_changed(sources, static):
    assert build(sources, static)
    assert (static / "page.js").read_text() == "one"
    assert not build(sources, static)
    (sources / "page.js").write_text("two")
    assert build(sources, static)
    assert (static / "page.js").read_text() == "two"


def test_a_failed_build_leaves_the_last_good_one_and_is_tried_again(sources, static):
    build(sources, static)
    (sources / "page.js").unlink()
    for _ in range(2):
        with pytest.raises(CannotBuild, match="build` failed"):
            build(sources, static)
    assert (static / "page.js").read_text() == "one"


def test_a_home_that_is_empty_keeps_the_cache_in_the_run_time_folder(sources, static, monkeypatch):
    monkeypatch.setenv("HOME", "")
    assert build(sources, static)
    assert not (sources / ".npm").exists()


def test_the_systems_node_is_not_used(sources, static, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    wrong = tmp_path / "bin" / "node"
    wrong.write_text("#!/bin/sh\nexit 9\n")
    wrong.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert build(sources, static)
