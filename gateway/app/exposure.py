"""Whether other machines could use the API without showing who they are."""

from gateway.loopback import is_loopback
from gateway.settings import Settings
from gateway.tokens import Tokens


def exposed(settings: Settings, tokens: Tokens) -> str | None:
    """Why the console may not listen where it should; None when it may.

    Raises:
        PermanentError: the tokens cannot be read.
    """
    address = settings.console.address
    if address is None or is_loopback(address.host) or tokens.all():
        return None
    return (
        f"console.listen: other machines could reach {address.host}, and no API token "
        "protects it: make one with `evalgate token create`, or listen on 127.0.0.1"
    )
