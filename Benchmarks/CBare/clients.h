// Clients as threads that wait at a gate and then do their work together.
#pragma once
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

// Does a client's share and returns how much of it came out as it should.
typedef size_t (*bare_work)(void *client, size_t count);

// Runs all clients, of `stride` bytes each from `first` on, and tells when the gate opened and the last one ended.
size_t bare_clients_run(
    void *first, size_t stride, size_t clients, bare_work work, size_t count_per_client, uint64_t *wall_ns);

// The next number of a SplitMix64 sequence.
uint64_t bare_random(uint64_t *state);
