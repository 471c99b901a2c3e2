// Signals. A handler may do next to nothing: it notes the number and makes the running thread stop at its next safe point.
#include "CTaipan.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define SIGNAL_COUNT 65

static volatile sig_atomic_t arrived[SIGNAL_COUNT];
static volatile sig_atomic_t any_arrived;
static uint32_t *volatile watched;
static volatile int wakeup = -1;
/// The thread that runs Python's handlers, and what other threads passed on to it only to wake it.
static volatile int has_main;
static pthread_t main_thread;
static volatile sig_atomic_t passed_on[SIGNAL_COUNT];

void ctaipan_signal_note(int number) {
    if (number <= 0 || number >= SIGNAL_COUNT) return;
    arrived[number] = 1;
    any_arrived = 1;
    uint32_t *breaker = watched;
    if (breaker) __atomic_fetch_or(breaker, 1, __ATOMIC_SEQ_CST);
}

static void note_signal(int number) {
    int saved = errno;
    if (has_main) {
        // The system gives a signal to any thread that takes it; what the main thread waits in must end.
        if (pthread_equal(pthread_self(), main_thread)) {
            if (passed_on[number]) {
                passed_on[number] = 0;
                return;
            }
        } else if (!passed_on[number]) {
            passed_on[number] = 1;
            if (pthread_kill(main_thread, number) != 0) passed_on[number] = 0;
        }
    }
    ctaipan_signal_note(number);
    int fd = wakeup;
    if (fd >= 0) {
        unsigned char byte = (unsigned char)number;
        ssize_t written = write(fd, &byte, 1);
        (void)written;
    }
    errno = saved;
}

int ctaipan_signal_set(int number, int disposition) {
    struct sigaction action = {0};
    action.sa_handler = disposition == 0 ? SIG_DFL : disposition == 1 ? SIG_IGN : note_signal;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL);
}

int ctaipan_signal_get(int number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) return -1;
    return action.sa_handler == SIG_DFL ? 0 : action.sa_handler == SIG_IGN ? 1 : 2;
}

void ctaipan_signal_watch(uint32_t *breaker) {
    main_thread = pthread_self();
    has_main = 1;
    watched = breaker;
}

int ctaipan_signal_take(void) {
    // The caller has just cleared its breaker. A signal that comes now sets it again; one that came before must be seen here.
    if (!__atomic_exchange_n(&any_arrived, 0, __ATOMIC_SEQ_CST)) return 0;
    for (int i = 1; i < SIGNAL_COUNT; i++) {
        if (__atomic_exchange_n(&arrived[i], 0, __ATOMIC_SEQ_CST)) {
            // There may be more.
            any_arrived = 1;
            return i;
        }
    }
    return 0;
}

int ctaipan_signal_set_wakeup(int fd) {
    int old = wakeup;
    wakeup = fd;
    return old;
}

void ctaipan_request_stop(uint32_t *breaker) { __atomic_fetch_or(breaker, 1, __ATOMIC_SEQ_CST); }
