// Counts what a program allocates and how often it counts references, by standing in for the functions of the C library
// and the Swift runtime that do it. Only where nothing is timed: each call costs more.
#pragma once
#include <stdint.h>

struct counting {
    uint64_t allocations;
    // Retains and releases of Swift objects by the program's own code; what the Swift runtime does within its own
    // library is not seen.
    uint64_t retains;
    uint64_t releases;
};

// Those of all threads since the program began.
struct counting counting_now(void);
