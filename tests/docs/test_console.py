"""What the page about the console says literally is sent; its pictures are there."""

import re
from typing import Final

from gateway.console.pages.policy import POLICY
from tests.architecture.tree import ROOT
from tests.docs.test_pages import blocks

PAGE: Final = ROOT / "docs" / "console.md"
GALLERY: Final = ROOT / "docs" / "console-pictures.md"
PICTURES: Final = ROOT / "docs" / "pictures"
BYTES_MAX: Final = 120 << 10


def test_the_policy_is_the_one_that_browsers_are_told() -> None:
    assert POLICY in "".join(blocks(PAGE, "text"))


def test_each_picture_is_there_and_shown_and_small() -> None:
    shown = set(re.findall(r"\(pictures/([^)]+)\)", GALLERY.read_text("utf-8")))
    told = set(re.findall(r"\(pictures/([^)]+)\)", PAGE.read_text("utf-8")))
    taken = {path.name: path.stat().st_size for path in PICTURES.glob("console-*")}
    assert shown == taken.keys() == told | shown
    assert max(taken.values()) <= BYTES_MAX
