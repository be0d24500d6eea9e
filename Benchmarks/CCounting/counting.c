#define _GNU_SOURCE
#include "CCounting.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_uint_fast64_t allocations, retains, releases;

struct counting counting_now(void) {
    return (struct counting){.allocations = allocations, .retains = retains, .releases = releases};
}

static void note(atomic_uint_fast64_t *counter) { atomic_fetch_add_explicit(counter, 1, memory_order_relaxed); }

// MARK: The C library's own names for what stands behind malloc and its kin

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) {
    note(&allocations);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    note(&allocations);
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes) {
    note(&allocations);
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    note(&allocations);
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **result, size_t alignment, size_t bytes) {
    note(&allocations);
    *result = __libc_memalign(alignment, bytes);
    return *result != NULL ? 0 : ENOMEM;
}

// MARK: The Swift runtime. Its callers may count on more registers being kept than C keeps, which preserve_most does.

#define PASS(result, name, parameters, arguments, counter)                                                             \
    __attribute__((preserve_most)) result name parameters {                                                            \
        static result(*real) parameters;                                                                               \
        if (real == NULL) real = (result(*) parameters)dlsym(RTLD_NEXT, #name);                                        \
        note(counter);                                                                                                 \
        return real arguments;                                                                                         \
    }

PASS(void *, swift_retain, (void *object), (object), &retains)
PASS(void, swift_release, (void *object), (object), &releases)
PASS(void *, swift_retain_n, (void *object, uint32_t count), (object, count), &retains)
PASS(void, swift_release_n, (void *object, uint32_t count), (object, count), &releases)
PASS(void *, swift_bridgeObjectRetain, (void *object), (object), &retains)
PASS(void, swift_bridgeObjectRelease, (void *object), (object), &releases)
