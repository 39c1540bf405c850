"""The templates of pages for people: whatever is filled in is shown as text, never as markup."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def template(name: str) -> Template:
    """A file of ``photo_service/render/templates``; a value that it lacks is an error."""
    environment = Environment(
        loader=PackageLoader("photo_service.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
