"""The Bot API's schema as aiogram has it; each type's checks are built when first asked for.

aiogram builds those of all its hundreds of types when it is imported, which takes seconds, and
every worker of the tests would wait for that.
"""

from __future__ import annotations

import functools
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter

__all__ = ["SCHEMA", "UPDATE_KINDS", "BufferedInputFile", "Update", "checks"]
# What the names in the fields of aiogram's types mean.
_NAMES: dict[str, Any] = {}


def _build_later(_kind: type[BaseModel], *, _types_namespace: dict[str, Any]) -> None:
    _NAMES.update(_types_namespace)


with pytest.MonkeyPatch.context() as patch:
    patch.setattr(BaseModel, "model_rebuild", classmethod(_build_later))
    import aiogram.methods
    from aiogram.methods.base import TelegramMethod
    from aiogram.types import BufferedInputFile, Update

SCHEMA: dict[str, type[TelegramMethod[Any]]] = {
    vars(method)["__api_method__"]: method
    for method in vars(aiogram.methods).values()
    if isinstance(method, type)
    and "__api_method__" in vars(method)
    and method is not TelegramMethod
}
UPDATE_KINDS = set(Update.model_fields) - {"update_id"}


@functools.cache
def checks(kind: Any) -> TypeAdapter[Any]:
    """Return what checks values of a type, such as a method, an Update or a list of them."""
    _build(kind)
    return TypeAdapter(kind)


def _build(kind: Any) -> None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind.model_rebuild(_types_namespace=_NAMES)
    for part in get_args(kind):
        _build(part)
