// Named semaphores and shared memory: sem_open and shm_open are variadic, and a semaphore's handle a type that Swift does not see everywhere alike.
#define _GNU_SOURCE
#include "CTaipanThreads.h"
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stddef.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void *ctaipan_semaphore_open(const char *name, unsigned value) {
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, value);
    return semaphore == SEM_FAILED ? NULL : semaphore;
}

void *ctaipan_semaphore_find(const char *name) {
    sem_t *semaphore = sem_open(name, 0);
    return semaphore == SEM_FAILED ? NULL : semaphore;
}

int ctaipan_semaphore_try(void *semaphore) { return sem_trywait(semaphore); }
int ctaipan_semaphore_post(void *semaphore) { return sem_post(semaphore); }
int ctaipan_semaphore_close(void *semaphore) { return sem_close(semaphore); }
int ctaipan_semaphore_unlink(const char *name) { return sem_unlink(name); }

int ctaipan_shared_memory_open(const char *name, int flags, unsigned mode) {
    int descriptor;
    do descriptor = shm_open(name, flags, (mode_t)mode); while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

int ctaipan_shared_memory_unlink(const char *name) { return shm_unlink(name); }

#if defined(__linux__)

int ctaipan_semaphore_wait(void *semaphore, double seconds) {
    if (seconds < 0) return sem_wait(semaphore);
    struct timespec end = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    return sem_timedwait(semaphore, &end);
}

int ctaipan_semaphore_value(void *semaphore, int *value) { return sem_getvalue(semaphore, value); }

#else

// No sem_timedwait here: tries again and again.
int ctaipan_semaphore_wait(void *semaphore, double seconds) {
    if (seconds < 0) return sem_wait(semaphore);
    for (;;) {
        if (sem_trywait(semaphore) == 0) return 0;
        if (errno != EAGAIN) return -1;
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if ((double)now.tv_sec + now.tv_nsec * 1e-9 >= seconds) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (usleep(5000) != 0) return -1;
    }
}

int ctaipan_semaphore_value(void *semaphore, int *value) {
    (void)semaphore;
    *value = 0;
    errno = ENOSYS;
    return -1;
}

#endif
