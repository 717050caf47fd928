"""The templates of the pages, all under one set of rules: every value is escaped, and no value may be missing."""

from functools import lru_cache
from typing import TYPE_CHECKING

from churn_monitoring.reporting.formats import FILTERS
from churn_monitoring.reporting.glossary import TERMS
from churn_monitoring.reporting.words import name_check

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def open_templates() -> "Environment":
    """The environment of ``templates/``; Jinja is loaded when the first page is drawn."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("churn_monitoring.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS | {"check": name_check})
    environment.globals["terms"] = TERMS
    return environment
