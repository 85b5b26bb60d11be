"""Settings of Sphinx for the site; decision 24 says why so."""

from __future__ import annotations

from ms25_suite import __version__

project = "ms25-suite"
copyright = "the ms25-suite developers, MIT licence"  # noqa: A001
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

# Anchors of headings are those of GitHub, so that one link works in both.
myst_heading_anchors = 4
# `$` is a prompt or a variable in these pages; formulas are in plain letters.
myst_enable_extensions: list[str] = []
suppress_warnings = ["myst.header"]

# They are run before (`ms25_site/notebooks.py`), each in a folder of its own.
nb_execution_mode = "off"

# Docstrings have names of code in single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
# One line for each parameter where a signature is longer than a line.
maximum_signature_line_length = 80

html_theme = "furo"
html_title = "ms25-suite"
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
