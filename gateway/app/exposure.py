"""Whether other machines could use the API without showing who they are."""

from gateway.app.paths import Paths
from gateway.errors import PermanentError
from gateway.loopback import is_loopback
from gateway.settings import Settings
from gateway.tokens import Tokens
from gateway.users import Users


def refuse_exposure(settings: Settings) -> None:
    """Let the console listen to other machines only once there is a token or a user.

    Raises:
        PermanentError: there is none, or tokens or users cannot be read.
    """
    address = settings.console.address
    if address is None or is_loopback(address.host):
        return
    paths = Paths(settings)
    if not Tokens(paths.tokens).all() and not Users(paths.users).all():
        raise PermanentError(
            f"console.listen: other machines could reach {address.host}, and neither"
            " user nor token protects it: make one with `evalgate user create` or"
            " `evalgate token create`, or listen on 127.0.0.1"
        )
