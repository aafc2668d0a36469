"""`python -m simulators NAME …`: one outsider as a process of its own."""

import argparse
import importlib
import sys
from typing import Final

# The module of each name has `main(arguments) -> exit status`.
_PROGRAMS: Final = {
    "backend": "simulators.pretend.cli",
    "broker": "simulators.pretend.broker.service",
    "conformance": "simulators.conformance.cli",
    "proxy": "simulators.pretend.proxy",
    "influx": "simulators.pretend.cli",
    "sink": "simulators.counting_sink",
    "load": "simulators.load",
    "reconcile": "simulators.reconcile",
    "bench": "simulators.bench",
    "tap": "simulators.mqtt_tap",
    "terminals": "simulators.terminals.cli",
    "simulate": "simulators.simulate.cli",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m simulators", add_help=False)
    parser.add_argument("name", choices=sorted(_PROGRAMS))
    chosen, rest = parser.parse_known_args()
    program = importlib.import_module(_PROGRAMS[chosen.name])
    # The pretend services share a module and are told which of them is meant.
    shared = chosen.name in ("backend", "influx")
    arguments = [chosen.name, *rest] if shared else rest
    status: int = program.main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
