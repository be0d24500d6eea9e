"""All figures, in the order of the report."""

import cost
import latency
import size
import throughput

ALL = [latency, throughput, cost, size]
