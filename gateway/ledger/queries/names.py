"""What readers call a session, in SQL: of a row of `session AS x`."""

from typing import Final

SESSION_KEY: Final = "x.site || ':' || x.session_id || ':' || x.stage || ':' || x.n"
SESSION_NUMBER: Final = "iif(substr(x.session_id, 1, 1) = '@', NULL, x.session_id)"
"""NULL of one that a rating without a number implied."""
