"""The browser that the tests of the figures have."""

import sys
from pathlib import Path

# Behind all others, so that no module there takes the place of one here.
sys.path.append(str(Path(__file__).parents[2] / "plot/tests"))

from debian_chromium import chromium  # noqa: E402, F401: a fixture
