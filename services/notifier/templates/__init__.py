"""The texts as files: one per language, and the e-mail's layout."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from services.notifier.domain.wording import Language

LOCALES: Final = ("zh-CN", "en")


@cache
def language(locale: str) -> Language:
    """Return the texts of a locale; KeyError for one that has no file."""
    if locale not in LOCALES:
        raise KeyError(locale)
    text = files(__package__).joinpath(f"{locale}.toml").read_text(encoding="utf-8")
    return Language(locale, tomllib.loads(text))


@cache
def layout(kind: str) -> Template:
    """Return the compiled layout of the `html` or `txt` part; only HTML is escaped."""
    environment = Environment(
        loader=PackageLoader("services.notifier", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(f"letter.{kind}.j2")
