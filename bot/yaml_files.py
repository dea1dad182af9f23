"""Reading YAML that is part of the project, or of a folder that editors keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

# The loader in C reads the files ten times faster; it is missing where libyaml is.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """Return what a file holds; None when it is empty.

    Raises:
        YAMLError: It is not YAML.
        UnicodeDecodeError: It is not text.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - it is a safe one
