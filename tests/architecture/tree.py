"""The files of this checkout that belong to the project."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("device_protocol", "fleet", "gateway", "simulators")


@cache
def project_files() -> tuple[Path, ...]:
    """All files that git knows or would take, so that build leavings do not count."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def modules() -> list[Path]:
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))
