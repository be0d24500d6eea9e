#include "clients.h"

#include <stdlib.h>
#include <time.h>

#include "CBare.h"

uint64_t bare_now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t bare_random(uint64_t *state) {
    uint64_t value = *state += 0x9E3779B97F4A7C15u;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

struct thread {
    pthread_t thread;
    pthread_barrier_t *gate;
    void *client;
    bare_work work;
    size_t count;
    size_t good;
    uint64_t end_ns;
};

static void *run(void *argument) {
    struct thread *self = argument;
    pthread_barrier_wait(self->gate);
    self->good = self->work(self->client, self->count);
    self->end_ns = bare_now_ns();
    return NULL;
}

size_t bare_clients_run(
    void *first, size_t stride, size_t clients, bare_work work, size_t count_per_client, uint64_t *wall_ns) {
    pthread_barrier_t gate;
    pthread_barrier_init(&gate, NULL, (unsigned)clients + 1);
    struct thread *threads = calloc(clients, sizeof *threads);
    for (size_t index = 0; index < clients; index++) {
        threads[index] = (struct thread){
            .gate = &gate, .client = (char *)first + index * stride, .work = work, .count = count_per_client};
        pthread_create(&threads[index].thread, NULL, run, &threads[index]);
    }
    uint64_t start_ns = bare_now_ns();
    pthread_barrier_wait(&gate);
    uint64_t end_ns = start_ns;
    size_t good = 0;
    for (size_t index = 0; index < clients; index++) {
        pthread_join(threads[index].thread, NULL);
        good += threads[index].good;
        if (threads[index].end_ns > end_ns) end_ns = threads[index].end_ns;
    }
    pthread_barrier_destroy(&gate);
    free(threads);
    *wall_ns = end_ns - start_ns;
    return good;
}
