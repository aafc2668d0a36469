"""Whether other machines could use the API without showing who they are."""

from gateway.app.paths import Paths
from gateway.errors import PermanentError
from gateway.loopback import is_loopback
from gateway.settings import Settings
from gateway.tokens import Tokens


def refuse_exposure(settings: Settings) -> None:
    """Let the console listen to other machines only once there is a token.

    Raises:
        PermanentError: there is none, or the tokens cannot be read.
    """
    address = settings.console.address
    if address is None or is_loopback(address.host):
        return
    if not Tokens(Paths(settings).tokens).all():
        raise PermanentError(
            f"console.listen: other machines could reach {address.host}, and no API"
            " token protects it: make one with `evalgate token create`, or listen on"
            " 127.0.0.1"
        )
