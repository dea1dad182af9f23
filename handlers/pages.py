"""Pages from templates."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.people.policy import may
from bot.texts import LANGUAGES, texts
from handlers.keys import TOWN
from handlers.staff.ticket_words import outcome_label

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


def page(
    request: web.Request, name: str, locale: str, /, *, status: int = 200, **values: Any
) -> web.Response:
    """Return a page in a language."""
    return web.Response(
        text=fragment(request, name, locale, **values), content_type="text/html", status=status
    )


def fragment(request: web.Request, name: str, locale: str, /, **values: Any) -> str:
    """Return a template's text in a language."""
    return _template(name, locale).render(
        locale=locale,
        languages=LANGUAGES,
        path=request.path,
        words=texts(locale),
        off=request.app[TOWN]().off,
        **values,
    )


@cache
def _template(name: str, locale: str) -> Template:
    return _environment(locale).get_template(name)


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = texts(locale)
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        words.gettext, words.ngettext, newstyle=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals["day"] = date.fromisoformat
    environment.globals["may"] = may
    environment.globals["zip"] = zip
    environment.globals["outcome_label"] = outcome_label
    return environment
