"""All figures, in the order of the report."""

import comparison
import cost
import exposure
import latency
import load
import size
import throughput

ALL = [latency, throughput, cost, size, exposure, load, comparison]
