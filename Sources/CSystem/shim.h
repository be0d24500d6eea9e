#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.
static inline int authbench_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}
