"""The daemon: everything that happens is a record in a journal."""

import sys

# structlog loads rich when it finds it, to draw tracebacks that no role of ours draws:
# 6 MiB in each process. It is hidden while structlog looks, and found by who asks.
if "structlog" not in sys.modules and "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment] # how a module is hidden
    import structlog  # noqa: F401 -- for whoever imports it next

    del sys.modules["rich"]

__version__ = "0.0.1"
