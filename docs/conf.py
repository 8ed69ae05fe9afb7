"""How the manual is built."""

import sys
from pathlib import Path

import hyperkit

sys.path.insert(0, str(Path(__file__).parent))  # for `chapters`

project = "hyperkit"
author = "The hyperkit developers"
copyright = "2026, The hyperkit developers"
version = release = hyperkit.__version__
extensions = [
    "chapters",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "_diagrams"]
default_role = "py:name"
autodoc_member_order = "alphabetical"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Types of other libraries, and of private modules, have no page here.
nitpick_ignore_regex = [
    ("py:(class|data|exc|func)", r"(?!hyperkit\.(Client|Filter|types|errors)).*")
]
add_module_names = False
toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 88
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = f"hyperkit {release}"
html_favicon = "_static/hyperkit.svg"
html_static_path = ["_static"]
html_css_files = ["hyperkit.css"]
html_copy_source = False
html_show_sourcelink = False
