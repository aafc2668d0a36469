"""A press test on the command line: start it, and tell each key as it is confirmed."""

import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from gateway.cli.acting import told
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line

_LOOK_S: Final = 0.5
_SETTLE_S: Final = 5.0
"""What was pressed last may need so long to be told."""


def press_test(
    api: Api, args: Namespace, pause: Callable[[float], None] = time.sleep
) -> Exit:
    """Exit code 1 when a key stayed silent until the time was over."""
    path = f"/api/v1/devices/{quote(args.device_id, safe='')}/press-test"
    done = api.post(path, {"timeout_s": args.timeout})
    if not done["processed"]:
        return told(done, args)
    keys = done["outcome"]["keys"]
    if not args.json:
        write_line(f"press each of {len(keys)} keys within {args.timeout} s")
    test = _watch(api, path, args, pause)
    missing = [_name(key) for key in test["keys"] if not key["confirmed"]]
    if args.json:
        write_json(test)
    elif missing:
        write_line(printable(f"failed, never pressed: {', '.join(missing)}"))
    else:
        write_line("passed: every key was confirmed, and none of it counts")
    return Exit.FAILED if missing else Exit.OK


def _watch(
    api: Api, path: str, args: Namespace, pause: Callable[[float], None]
) -> dict[str, Any]:
    """The test as it stands when all is confirmed, or its time is over."""
    seen: set[str] = set()
    looks = int((args.timeout + _SETTLE_S) / _LOOK_S)
    test = api.get(path)
    for left in range(looks, -1, -1):
        for key in test["keys"]:
            name = _name(key)
            if key["confirmed"] and name not in seen:
                seen.add(name)
                if not args.json:
                    write_line(printable(f"  {name}: confirmed"))
        if test["state"] != "running" or not left:
            break
        pause(_LOOK_S)
        test = api.get(path)
    return test


def _name(key: dict[str, Any]) -> str:
    level = f"level {key['level']}"
    return level if key["key"] is None else f"key {key['key']} ({level})"
