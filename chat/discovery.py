"""Imports every module of a folder whose modules register themselves by being there."""

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: str) -> list[ModuleType]:
    """The modules of a package in alphabetical order, imported, without its subpackages and `__main__`."""
    path = importlib.import_module(package).__path__
    names = sorted(found.name for found in pkgutil.iter_modules(path) if not found.ispkg)
    return [importlib.import_module(f"{package}.{name}") for name in names if name != "__main__"]
