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
