#define _GNU_SOURCE
#include "CTaipan.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

__attribute__((noinline)) void ctaipan_with_spilled_registers(void (*body)(void *, void *), void *context) {
    // glibc's setjmp encrypts rbp and rsp, so the registers are also read by hand where we can.
    jmp_buf registers;
    setjmp(registers);
#if defined(__x86_64__)
    uintptr_t saved[6];
    __asm__ volatile("movq %%rbx, 0(%0)\n\tmovq %%rbp, 8(%0)\n\tmovq %%r12, 16(%0)\n\t"
                     "movq %%r13, 24(%0)\n\tmovq %%r14, 32(%0)\n\tmovq %%r15, 40(%0)"
                     : : "r"(saved) : "memory");
#elif defined(__aarch64__)
    uintptr_t saved[12];
    __asm__ volatile("stp x19, x20, [%0, #0]\n\tstp x21, x22, [%0, #16]\n\tstp x23, x24, [%0, #32]\n\t"
                     "stp x25, x26, [%0, #48]\n\tstp x27, x28, [%0, #64]\n\tstp x29, x30, [%0, #80]"
                     : : "r"(saved) : "memory");
#else
    uintptr_t saved[1] = {0};
#endif
    uintptr_t low = (uintptr_t)saved < (uintptr_t)&registers ? (uintptr_t)saved : (uintptr_t)&registers;
    body(context, (void *)low);
    __asm__ volatile("" : : "r"(saved), "r"(&registers) : "memory");
}

__attribute__((noinline)) void *ctaipan_stack_pointer(void) { return __builtin_frame_address(0); }

__attribute__((noinline)) struct ctaipan_stack_range ctaipan_own_frame(void) {
    struct ctaipan_stack_range range = {0, 0};
#if defined(__x86_64__)
    // Here: the caller's frame pointer, the return address, and then the caller's frame, which ends with at most five saved registers.
    uintptr_t *here = __builtin_frame_address(0);
    range.low = (uintptr_t)(here + 2);
    range.high = here[0] - 5 * sizeof(uintptr_t);
    if (range.high <= range.low) range.low = range.high = 0;
#endif
    return range;
}

__attribute__((noinline)) void ctaipan_clear_dead_stack(size_t bytes) {
    volatile char *area = __builtin_alloca(bytes);
    memset((void *)area, 0, bytes);
    __asm__ volatile("" : : "r"(area) : "memory");
}

int ctaipan_open(const char *path, int flags, unsigned mode) { return open(path, flags, mode); }
int ctaipan_openat(int directory, const char *path, int flags, unsigned mode) { return openat(directory, path, flags, mode); }
int ctaipan_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }
int ctaipan_ioctl(int fd, unsigned long request, void *argument) { return ioctl(fd, request, argument); }
int ctaipan_get_errno(void) { return errno; }
void ctaipan_set_errno(int value) { errno = value; }

long ctaipan_native_thread(void) {
#if defined(__linux__)
    return gettid();
#else
    return getpid();
#endif
}
