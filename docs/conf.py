"""How the manual is built."""

import hyperkit

project = "hyperkit"
author = "The hyperkit developers"
copyright = "2026, The hyperkit developers"
version = release = hyperkit.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
default_role = "any"
autodoc_member_order = "alphabetical"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Types of other libraries, and of private modules, have no page here.
nitpick_ignore_regex = [("py:.*", r"(?!hyperkit\.(Client|Filter|types|errors)).*")]
