"""The WSGI application of `app`, each of whose answers takes a share of its time once more: SLOWED=0.10 for 10 %.

.ci/gate-trials tries the gate with it, because a gate must be seen to fail before it is trusted.
"""

import os
import time

from app import application as inner

SHARE = float(os.environ.get("SLOWED", "0"))


def application(environ, start_response):
    begun_ns = time.perf_counter_ns()
    answer = inner(environ, start_response)
    now_ns = time.perf_counter_ns()
    end_ns = now_ns + int((now_ns - begun_ns) * SHARE)
    # Busy, as code would be: a pause would cost no processor time.
    while time.perf_counter_ns() < end_ns:
        pass
    return answer
