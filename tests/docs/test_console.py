"""What the page about the console says literally is what is sent."""

from gateway.console.pages.policy import POLICY
from tests.architecture.tree import ROOT
from tests.docs.test_pages import blocks


def test_the_policy_is_the_one_that_browsers_are_told() -> None:
    assert POLICY in "".join(blocks(ROOT / "docs" / "console.md", "text"))
