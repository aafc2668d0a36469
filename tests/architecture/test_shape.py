"""Files and functions stay small enough to read in one sitting."""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import modules, relative

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_module_fits_the_reader(path: Path) -> None:
    source = path.read_text("utf-8")
    assert source.count("\n") <= FILE_LINES_MAX
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, node.name
