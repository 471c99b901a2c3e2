// Limits and use of resources.
#define _GNU_SOURCE
#include "CTaipan.h"
#include "CTaipanProcesses.h"
#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>

void ctaipan_keep_freed_memory(int bytes, int block) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, bytes);
    mallopt(M_MMAP_THRESHOLD, block);
#else
    (void)bytes;
    (void)block;
#endif
}

int ctaipan_getrusage(int who, struct rusage *usage) { return getrusage(who, usage); }

int ctaipan_limits(int pid, int resource, int sets, long soft, long hard, long *old_soft, long *old_hard) {
    struct rlimit new_limits = {(rlim_t)soft, (rlim_t)hard}, old = {0, 0};
#ifdef __linux__
    int code = prlimit(pid, resource, sets ? &new_limits : NULL, &old);
#else
    if (pid != 0) {
        errno = ENOSYS;
        return -1;
    }
    int code = getrlimit(resource, &old);
    if (code == 0 && sets) code = setrlimit(resource, &new_limits);
#endif
    *old_soft = (long)old.rlim_cur;
    *old_hard = (long)old.rlim_max;
    return code;
}
