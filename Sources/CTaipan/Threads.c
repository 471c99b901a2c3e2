// The lock of an interpreter, and sleeping places of threads.
#define _GNU_SOURCE
#include "CTaipan.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#if defined(__linux__)
#include <semaphore.h>
#endif

struct ctaipan_lock {
    pthread_mutex_t mutex;
    /// Somebody gave the lock up; somebody took it.
    pthread_cond_t freed, taken;
    int is_held, is_wanted, is_closed, waiting;
    uint64_t switches;
    /// The holder's breaker.
    uint32_t *breaker;
    int64_t interval;
    pthread_t closer;
};

int64_t ctaipan_monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct timespec after(int64_t nanoseconds) {
    // pthread's conditions count on the system's clock.
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += nanoseconds / 1000000000;
    at.tv_nsec += nanoseconds % 1000000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void prepare(ctaipan_lock *lock, uint32_t *breaker) {
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->freed, NULL);
    pthread_cond_init(&lock->taken, NULL);
    lock->is_held = 1;
    lock->is_wanted = 0;
    lock->waiting = 0;
    lock->breaker = breaker;
}

ctaipan_lock *ctaipan_lock_new(uint32_t *breaker) {
    ctaipan_lock *lock = calloc(1, sizeof *lock);
    if (!lock) return NULL;
    prepare(lock, breaker);
    lock->interval = 5000000;
    return lock;
}

void ctaipan_lock_free(ctaipan_lock *lock) {
    pthread_cond_destroy(&lock->taken);
    pthread_cond_destroy(&lock->freed);
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

void ctaipan_lock_acquire(ctaipan_lock *lock, uint32_t *breaker) {
    int saved = errno;
    pthread_mutex_lock(&lock->mutex);
    lock->waiting++;
    for (;;) {
        if (lock->is_closed && !pthread_equal(lock->closer, pthread_self())) {
            pthread_cond_wait(&lock->freed, &lock->mutex);
            continue;
        }
        if (!lock->is_held) break;
        uint64_t seen = lock->switches;
        struct timespec end = after(lock->interval);
        int status = pthread_cond_timedwait(&lock->freed, &lock->mutex, &end);
        if (status == ETIMEDOUT && lock->is_held && lock->switches == seen) {
            lock->is_wanted = 1;
            if (lock->breaker) ctaipan_request_stop(lock->breaker);
        }
    }
    lock->waiting--;
    lock->is_held = 1;
    lock->is_wanted = 0;
    lock->switches++;
    lock->breaker = breaker;
    pthread_cond_broadcast(&lock->taken);
    pthread_mutex_unlock(&lock->mutex);
    errno = saved;
}

void ctaipan_lock_release(ctaipan_lock *lock) {
    int saved = errno;
    pthread_mutex_lock(&lock->mutex);
    lock->is_held = 0;
    lock->breaker = NULL;
    pthread_cond_signal(&lock->freed);
    pthread_mutex_unlock(&lock->mutex);
    errno = saved;
}

int ctaipan_lock_is_wanted(ctaipan_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    int wanted = lock->is_wanted;
    pthread_mutex_unlock(&lock->mutex);
    return wanted;
}

void ctaipan_lock_await_switch(ctaipan_lock *lock, uint64_t switches) {
    pthread_mutex_lock(&lock->mutex);
    while (lock->waiting > 0 && lock->switches == switches && !lock->is_closed) pthread_cond_wait(&lock->taken, &lock->mutex);
    pthread_mutex_unlock(&lock->mutex);
}

uint64_t ctaipan_lock_switches(ctaipan_lock *lock) { return lock->switches; }

void ctaipan_lock_close(ctaipan_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    lock->is_closed = 1;
    lock->closer = pthread_self();
    pthread_cond_broadcast(&lock->taken);
    pthread_mutex_unlock(&lock->mutex);
}

void ctaipan_lock_after_fork(ctaipan_lock *lock, uint32_t *breaker) { prepare(lock, breaker); }

int64_t ctaipan_lock_interval(ctaipan_lock *lock) { return lock->interval; }
void ctaipan_lock_set_interval(ctaipan_lock *lock, int64_t nanoseconds) { lock->interval = nanoseconds; }

#if defined(__linux__)

// A semaphore, because waiting for it ends when a signal comes.
struct ctaipan_parking {
    sem_t semaphore;
};

ctaipan_parking *ctaipan_parking_new(void) {
    ctaipan_parking *parking = malloc(sizeof *parking);
    if (parking && sem_init(&parking->semaphore, 0, 0) != 0) {
        free(parking);
        return NULL;
    }
    return parking;
}

void ctaipan_parking_free(ctaipan_parking *parking) {
    sem_destroy(&parking->semaphore);
    free(parking);
}

int ctaipan_park(ctaipan_parking *parking, int64_t nanoseconds) {
    int status;
    if (nanoseconds < 0) {
        status = sem_wait(&parking->semaphore);
    } else {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += nanoseconds / 1000000000;
        end.tv_nsec += nanoseconds % 1000000000;
        if (end.tv_nsec >= 1000000000) {
            end.tv_sec++;
            end.tv_nsec -= 1000000000;
        }
        status = sem_clockwait(&parking->semaphore, CLOCK_MONOTONIC, &end);
    }
    if (status == 0) return 0;
    return errno == EINTR ? 2 : 1;
}

void ctaipan_unpark(ctaipan_parking *parking) { sem_post(&parking->semaphore); }

#else

// Waiting for a condition does not end when a signal comes: the sleeper looks up now and then.
struct ctaipan_parking {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
};

ctaipan_parking *ctaipan_parking_new(void) {
    ctaipan_parking *parking = calloc(1, sizeof *parking);
    if (!parking) return NULL;
    pthread_mutex_init(&parking->mutex, NULL);
    pthread_cond_init(&parking->changed, NULL);
    return parking;
}

void ctaipan_parking_free(ctaipan_parking *parking) {
    pthread_cond_destroy(&parking->changed);
    pthread_mutex_destroy(&parking->mutex);
    free(parking);
}

int ctaipan_park(ctaipan_parking *parking, int64_t nanoseconds) {
    const int64_t slice = 50000000;
    int64_t wait = nanoseconds < 0 || nanoseconds > slice ? slice : nanoseconds;
    pthread_mutex_lock(&parking->mutex);
    struct timespec end = after(wait);
    while (parking->count == 0 && pthread_cond_timedwait(&parking->changed, &parking->mutex, &end) != ETIMEDOUT) {}
    int woken = parking->count > 0;
    if (woken) parking->count--;
    pthread_mutex_unlock(&parking->mutex);
    if (woken) return 0;
    return wait == nanoseconds ? 1 : 2;
}

void ctaipan_unpark(ctaipan_parking *parking) {
    pthread_mutex_lock(&parking->mutex);
    parking->count++;
    pthread_cond_signal(&parking->changed);
    pthread_mutex_unlock(&parking->mutex);
}

#endif

intptr_t ctaipan_thread_identifier(void) { return (intptr_t)pthread_self(); }

struct start {
    void (*body)(void *);
    void *context;
};

static void *run(void *raw) {
    struct start start = *(struct start *)raw;
    free(raw);
    start.body(start.context);
    return NULL;
}

intptr_t ctaipan_thread_start(void (*body)(void *), void *context, uint64_t bytes) {
    struct start *start = malloc(sizeof *start);
    if (!start) return 0;
    start->body = body;
    start->context = context;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int status = pthread_attr_setstacksize(&attributes, bytes);
    if (status == 0) status = pthread_create(&thread, &attributes, run, start);
    pthread_attr_destroy(&attributes);
    if (status == 0) return (intptr_t)thread;
    free(start);
    return 0;
}

int ctaipan_thread_signal(intptr_t identifier, int number) { return pthread_kill((pthread_t)identifier, number); }
