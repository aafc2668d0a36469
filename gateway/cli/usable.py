"""The whole configuration: its file, and the tables and profiles that it names."""

from pathlib import Path

from gateway.errors import PermanentError
from gateway.settings import Settings, SettingsError, load_settings


def load_usable(config: Path) -> Settings:
    """Settings that can be put into force.

    Raises SettingsError when the file, a table, the calendar or a profile is broken,
    when a target names what is not there, or when other machines could use the API
    without a token.
    """
    from gateway.app.aims import refuse_strangers  # noqa: PLC0415 -- see below
    from gateway.app.exposure import refuse_exposure  # noqa: PLC0415 -- see below
    from gateway.app.wanted import wanted  # noqa: PLC0415 -- a role does without

    settings = load_settings(config)
    try:
        refuse_strangers(settings, wanted(settings).tables)
        refuse_exposure(settings)
    except SettingsError:
        raise  # one line a fault already
    except PermanentError as error:
        raise SettingsError(str(error)) from error
    return settings
