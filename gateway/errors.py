"""Who is to blame: the world (try again) or an operator (tell them what to do).

The device's errors are `device_protocol.errors.ProtocolError`; ours are
`AssertionError`.
"""


class TransientError(Exception):
    """The world's fault: the same call may succeed later."""


class PermanentError(Exception):
    """An operator's fault: nothing changes until somebody acts."""


class DiskFullError(TransientError):
    """The journal cannot grow: stop acknowledging, stay connected, resume later."""


class JournalBrokenError(PermanentError):
    """The journal's disk failed: this process must end without acknowledging."""


class StoreBusyError(PermanentError):
    """Another process owns this store or directory."""
