// What several threads of one interpreter need: its lock, and a place for each thread to sleep.
#ifndef CTAIPAN_THREADS_H
#define CTAIPAN_THREADS_H
#include <stdint.h>

/// The lock of an interpreter: whoever holds it runs Python code. The holder is asked for it through the breaker word it
/// gave when it took the lock.
typedef struct ctaipan_lock ctaipan_lock;

/// A new lock, held by the caller, or NULL without memory.
ctaipan_lock *ctaipan_lock_new(uint32_t *breaker);
void ctaipan_lock_free(ctaipan_lock *lock);
/// Waits for the lock; after each `interval` in vain the holder is asked to give it up. Keeps errno.
void ctaipan_lock_acquire(ctaipan_lock *lock, uint32_t *breaker);
/// Gives the lock up. Keeps errno.
void ctaipan_lock_release(ctaipan_lock *lock);
/// Whether somebody has asked the holder for the lock.
int ctaipan_lock_is_wanted(ctaipan_lock *lock);
/// Waits until another thread has had the lock, if one wants it; the caller has just released it.
void ctaipan_lock_await_switch(ctaipan_lock *lock, uint64_t switches);
/// How often the lock has been taken.
uint64_t ctaipan_lock_switches(ctaipan_lock *lock);
/// From now on only the caller can take the lock; other threads that want it sleep for ever.
void ctaipan_lock_close(ctaipan_lock *lock);
/// In the child of a fork, where only the caller lives on: the lock is new, and the caller's.
void ctaipan_lock_after_fork(ctaipan_lock *lock, uint32_t *breaker);
/// The time after which a waiting thread asks for the lock.
int64_t ctaipan_lock_interval(ctaipan_lock *lock);
void ctaipan_lock_set_interval(ctaipan_lock *lock, int64_t nanoseconds);

/// The place where one thread sleeps until another wakes it.
typedef struct ctaipan_parking ctaipan_parking;

ctaipan_parking *ctaipan_parking_new(void);
void ctaipan_parking_free(ctaipan_parking *parking);
/// Sleeps until `ctaipan_unpark`, which may have come before, or for `nanoseconds` (below 0: for ever).
/// Returns 0 when woken, 1 when the time is over, 2 when a signal came.
int ctaipan_park(ctaipan_parking *parking, int64_t nanoseconds);
void ctaipan_unpark(ctaipan_parking *parking);

/// Named semaphores, shared by processes. All return 0 or, like the system's calls, -1 with errno; `open` gives NULL then.
void *ctaipan_semaphore_open(const char *name, unsigned value);
/// An existing one, by name.
void *ctaipan_semaphore_find(const char *name);
/// Waits until the clock of the day shows `seconds`; below 0: for ever.
int ctaipan_semaphore_wait(void *semaphore, double seconds);
int ctaipan_semaphore_try(void *semaphore);
int ctaipan_semaphore_post(void *semaphore);
/// -1 with errno where the system has no such call.
int ctaipan_semaphore_value(void *semaphore, int *value);
int ctaipan_semaphore_close(void *semaphore);
int ctaipan_semaphore_unlink(const char *name);

/// shm_open, which some systems declare variadic, called again after an interrupt; and shm_unlink.
int ctaipan_shared_memory_open(const char *name, int flags, unsigned mode);
int ctaipan_shared_memory_unlink(const char *name);

/// The number of the calling thread, as `pthread_self`.
intptr_t ctaipan_thread_identifier(void);
/// Starts `body(context)` on a detached thread with a stack of `bytes`. Returns its number, 0 when the system refuses.
intptr_t ctaipan_thread_start(void (*body)(void *), void *context, uint64_t bytes);
/// pthread_kill; returns its error number.
int ctaipan_thread_signal(intptr_t identifier, int number);
/// Nanoseconds of the monotonic clock.
int64_t ctaipan_monotonic(void);
#endif
