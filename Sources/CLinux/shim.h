#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// prctl is variadic, which Swift does not import.
static inline int authbench_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}

// glibc's set of processors is handled by macros, which Swift does not import either.
static inline long authbench_set_affinity(int thread, const unsigned long *mask, unsigned long mask_bytes) {
    return syscall(SYS_sched_setaffinity, thread, mask_bytes, mask);
}

// An exclusive lock that belongs to the open file and dies with it (fcntl(2), F_OFD_SETLK, which fcntl.h hides without
// _GNU_SOURCE; where the kernel has none, flock(2)). The locks of SQLite belong to the process and to other bytes: neither
// disturbs the other.
static inline int authbench_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)1 << 62, .l_len = 1};
    int result = fcntl(descriptor, 37, &lock);
    return result != 0 && errno == EINVAL ? flock(descriptor, LOCK_EX | LOCK_NB) : result;
}

// A copy of a descriptor that programs started from here do not get; fcntl is variadic.
static inline int authbench_copy_descriptor(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 3); }

// mallinfo2 is of glibc 2.33; the one before it counts to 2 GiB.
static inline long long authbench_heap_bytes(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    struct mallinfo2 info = mallinfo2();
    return (long long)info.uordblks + (long long)info.hblkhd;
#elif defined(__GLIBC__)
    struct mallinfo info = mallinfo();
    return (long long)(unsigned)info.uordblks + (long long)(unsigned)info.hblkhd;
#else
    return 0;
#endif
}
