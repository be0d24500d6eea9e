"""The libraries of the figures and the page; where one is missing, one line says how to get it."""

import sys

try:
    import altair as alt
    import jinja2
    import markupsafe
    import numpy as np
    import pandas as pd
    import vl_convert
except ModuleNotFoundError as missing:
    print(f"plot: this Python has no {missing.name}: `make report` installs it into .venv; then run "
          f".venv/bin/python {' '.join(sys.argv)}", file=sys.stderr)
    sys.exit(2)

__all__ = ["alt", "jinja2", "markupsafe", "np", "pd", "vl_convert"]
