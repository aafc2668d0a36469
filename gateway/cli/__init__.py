"""The command `evalgate`: each verb is a module of this package."""

from gateway.cli.main import main

__all__ = ["main"]
