"""Reading the configuration: file, then environment, then all the checks."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.settings.environment import overlay
from gateway.settings.model import Settings
from gateway.settings.problems import SettingsError, settings_error


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in the TOML file `path` with `EVALGATE__…` of `environ` over it.

    Raises SettingsError: one line a fault, each saying what to do.
    """
    tables = overlay(_tables_in(path), environ)
    base = path.absolute().parent
    try:
        return Settings.model_validate(tables, context={"base": base})
    except ValidationError as error:
        raise settings_error(Settings, error) from error


def _tables_in(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: must be UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
