"""All figures, in the order of the report."""

import latency

ALL = [latency]
