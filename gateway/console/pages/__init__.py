"""The console's pages, one module each; loaded with the first one asked for.

Every page asks the API for what it shows and does (`api.py`), in words of both
languages (`words/`), in one frame (`shell.py`).
"""
