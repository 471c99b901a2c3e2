// The few lines of C that Swift cannot say.
#ifndef CTAIPAN_H
#define CTAIPAN_H
#include <stddef.h>
#include <stdint.h>

/// Spills the callee-saved registers to the stack and calls `body(context, sp)` with `sp` at or
/// below them, so that a scan from `sp` upwards sees every pointer the caller still holds.
void ctaipan_with_spilled_registers(void (*body)(void *context, void *sp), void *context);

/// The current stack pointer (an address inside the calling function's frame).
void *ctaipan_stack_pointer(void);

/// Overwrites `bytes` of dead stack below the caller's frame, so that a conservative scan does not
/// meet pointers that finished calls left there.
void ctaipan_clear_dead_stack(size_t bytes);

/// open(2) and fcntl(2)/ioctl(2) with their one optional argument; Swift cannot call variadic functions.
int ctaipan_open(const char *path, int flags, unsigned mode);
int ctaipan_openat(int directory, const char *path, int flags, unsigned mode);
int ctaipan_fcntl(int fd, int command, long argument);
int ctaipan_ioctl(int fd, unsigned long request, void *argument);
int ctaipan_get_errno(void);
void ctaipan_set_errno(int value);
#endif
