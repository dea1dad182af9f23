"""Reading the guide's data files."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.permits.errors import DataError

HERE = Path(__file__).resolve().parent

# The loader in C reads the files ten times faster; it is missing where libyaml is.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(name: str) -> dict[str, object]:
    """Return a data file's entries by name, in the order of the file.

    Raises:
        DataError: The file is no mapping, or names an entry twice.
    """
    loader = _Loader((HERE / name).read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DataError(f"{name}: must be a mapping")
        _refuse_doubles(name, node)
        entries = loader.construct_document(node)
    finally:
        loader.dispose()
    return {str(key): value for key, value in entries.items()}


def _refuse_doubles(name: str, node: yaml.MappingNode) -> None:
    # YAML lets the second of two equal keys win in silence; an official would never find out why.
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise DataError(f"{name}: {key.value} is there twice")
        seen.add(key.value)
        if isinstance(value, yaml.MappingNode):
            _refuse_doubles(f"{name}: {key.value}", value)
