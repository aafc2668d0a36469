"""Other machines are served only once somebody has a token to show."""

from pathlib import Path

import pytest

from gateway.app.exposure import refuse_exposure
from gateway.app.paths import Paths
from gateway.cli.usable import load_usable
from gateway.errors import PermanentError
from gateway.settings import Settings, SettingsError, load_settings
from gateway.tokens import Tokens


def config(directory: Path, listen: str) -> Path:
    path = directory / "gateway.toml"
    broker = '[broker]\nurl = "mqtt://127.0.0.1:1883"\nclient_id = "g"\n'
    path.write_text(f'{broker}[console]\nlisten = "{listen}"\n')
    return path


def settings(directory: Path, listen: str) -> Settings:
    return load_settings(config(directory, listen))


@pytest.mark.parametrize("listen", ["0.0.0.0:8700", "10.0.0.1:8700", "[::]:8700"])
def test_an_address_that_others_reach_needs_a_token(
    tmp_path: Path, listen: str
) -> None:
    given = settings(tmp_path, listen)
    with pytest.raises(PermanentError, match="evalgate token create"):
        refuse_exposure(given)
    tokens = Tokens(Paths(given).tokens)
    tokens.create("a", ["read"], None, 0)
    refuse_exposure(given)
    tokens.revoke("a")
    with pytest.raises(PermanentError, match=r"console\.listen"):
        refuse_exposure(given)


@pytest.mark.parametrize("listen", ["", "127.0.0.1:8700", "[::1]:0", "localhost:1"])
def test_this_machine_needs_none(tmp_path: Path, listen: str) -> None:
    refuse_exposure(settings(tmp_path, listen))


def test_check_and_run_refuse_it_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="neither user nor token protects it"):
        load_usable(config(tmp_path, "0.0.0.0:8700"))
