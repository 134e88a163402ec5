"""Sphinx reads this."""

from sb3_memaug import __version__

project = "sb3-memaug"
author = "sb3-memaug developers"
project_copyright = "2026, sb3-memaug developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"sb3-memaug {__version__}"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
# Gymnasium's docstrings, which methods without their own would show, are not in our markup.
autodoc_inherit_docstrings = False
# Needed by what the reference may show, and in no environment that builds it.
autodoc_mock_imports = ["isaaclab", "isaaclab_rl", "isaaclab_tasks"]
