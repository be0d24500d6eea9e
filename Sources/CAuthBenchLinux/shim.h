#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
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

// Starts a program as the leader of a process group of its own, which the kernel ends when the calling thread ends.
// fork is hidden from Swift, and posix_spawn sets no parent-death signal.
//
// descriptors: at most 8, which become 0, 1, 2 and so on in the program; it gets no others.
// Returns the process, or minus the number of the error.
static inline pid_t authbench_spawn(
    const char *path, char *const *arguments, char *const *environment, const int *descriptors, int count
) {
    int failed[2];
    if (pipe(failed) != 0) return -errno;
    fcntl(failed[0], F_SETFD, FD_CLOEXEC);
    fcntl(failed[1], F_SETFD, FD_CLOEXEC);
    sigset_t all, before;
    sigfillset(&all);
    // No handler of ours may run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = fork();
    int error = errno;
    if (child == 0) {
        // A parent that ended before the request was made is never announced (prctl(2), PR_SET_PDEATHSIG).
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
        if (getppid() != parent) _exit(127);
        setpgid(0, 0);
        for (int number = 1; number < NSIG; number++) {
            if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
        }
        int report = fcntl(failed[1], F_DUPFD_CLOEXEC, count);
        int safe[8];
        // Out of the way first, so that none is written over before its turn.
        for (int index = 0; index < count; index++) {
            safe[index] = fcntl(descriptors[index], F_DUPFD_CLOEXEC, count);
            if (safe[index] < 0) goto fail;
        }
        for (int index = 0; index < count; index++) {
            if (dup2(safe[index], index) < 0) goto fail;
        }
#ifdef SYS_close_range
        // 4 is CLOSE_RANGE_CLOEXEC (close_range(2)); older kernels rely on the descriptors' own flags.
        syscall(SYS_close_range, (unsigned)count, ~0U, 4U);
#endif
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(path, arguments, environment);
    fail:
        error = errno;
        // A broken pipe means that the parent is gone too.
        if (write(report, &error, sizeof error) < 0) _exit(126);
        _exit(127);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(failed[1]);
    if (child < 0) {
        close(failed[0]);
        return -error;
    }
    ssize_t got;
    do {
        got = read(failed[0], &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    close(failed[0]);
    return got == sizeof error ? -error : child;
}

// Whether a child has ended; it stays to be waited for, so that its number is not given to another process meanwhile.
static inline int authbench_has_ended(pid_t child) {
    siginfo_t information = {.si_pid = 0};
    int result = waitid(P_PID, (id_t)child, &information, WEXITED | WNOHANG | WNOWAIT);
    return result != 0 || information.si_pid == child;
}

// Whether a signal is ignored, as nohup(1) and shells have it for programs in the background.
static inline int authbench_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Whether Swift's runtime has taken a SIGQUIT before main and gone on: its crash handlers are gone, as they are after one
// signal only, but their stack is there (sigaltstack(2)). Where it has none, or a sanitizer has its own, this says no.
static inline int authbench_quit_was_taken(void) {
    stack_t stack;
    if (sigaltstack(NULL, &stack) != 0 || (stack.ss_flags & SS_DISABLE)) return 0;
    const int numbers[] = {SIGQUIT, SIGILL, SIGSEGV, SIGBUS};
    for (int index = 0; index < 4; index++) {
        struct sigaction action;
        if (sigaction(numbers[index], NULL, &action) != 0 || action.sa_handler != SIG_DFL) return 0;
    }
    return 1;
}

// Waits until descriptors are ready, at most so long; below 0 for ever. Kernels before 5.11 have no epoll_pwait2(2): there it
// is up to a millisecond longer. Returns how many of at most 256 were put into `ready`.
static inline int authbench_epoll_wait(int poll, int *ready, long long timeout_ns) {
    struct epoll_event events[256];
    int result = -1;
    errno = ENOSYS;
#ifdef SYS_epoll_pwait2
    struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    result = (int)syscall(SYS_epoll_pwait2, poll, events, 256, timeout_ns < 0 ? NULL : &timeout, NULL, 0);
#endif
    if (result < 0 && errno == ENOSYS)
        result = epoll_wait(poll, events, 256, timeout_ns < 0 ? -1 : (int)((timeout_ns + 999999) / 1000000));
    for (int index = 0; index < result; index++) ready[index] = events[index].data.fd;
    return result;
}

// Watches a descriptor for events in place of others; 0 is not to be watched.
static inline int authbench_epoll_watch(int poll, int descriptor, unsigned events, unsigned before) {
    struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
    int change = events == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    return epoll_ctl(poll, change, descriptor, &event);
}

// Lets close(2) send a reset instead of an end (socket(7), SO_LINGER); on a local socket it is an end all the same.
static inline int authbench_reset_on_close(int descriptor) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

// How wide a terminal is; 0 where the descriptor is none, or it does not tell (ioctl_tty(2)).
static inline int authbench_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
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
