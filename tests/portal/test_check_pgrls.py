"""The allow-list of row security: what it lets pass and what it refuses to be."""

import pytest

from portal.var_folder import root
from scripts.check_pgrls import allow_list


def finding(rule, location):
    return {"rule_id": rule, "location": location}


def test_a_line_fits_its_rules_and_its_place_and_nothing_else():
    (line,) = allow_list('[allowed]\n"SEC005 SEC008 public.task.portal_worker_*" = "ids only"\n')
    assert line.fits(finding("SEC008", "public.task.portal_worker_update"))
    assert not line.fits(finding("SEC038", "public.task.portal_worker_update"))
    assert not line.fits(finding("SEC008", "public.task.portal_app_update"))
    assert not line.fits(finding("SEC008", "public.tasknote.portal_worker_update"))


@pytest.mark.parametrize(
    "line", ['"SEC005 public.task.x" = ""', '"SEC005 public.task.x" = " "', '"public.task.x" = "why"']
)
def test_a_line_without_rule_or_reason_is_refused(line):
    with pytest.raises(ValueError, match="give a reason"):
        allow_list(f"[allowed]\n{line}\n")


def test_ours_can_be_read_and_no_line_exempts_every_place():
    lines = allow_list((root() / "pgrls.toml").read_text())
    assert lines
    assert not [line.place for line in lines if line.place.split(".")[-1] == "*" and line.place.startswith("public.*")]
