// The few lines of C that Swift cannot say.
#ifndef CTAIPAN_H
#define CTAIPAN_H
#include <stddef.h>
#include <stdint.h>
#include "CTaipanProcesses.h"
#include "CTaipanSockets.h"
#include "CTaipanThreads.h"

/// Spills the callee-saved registers to the stack and calls `body(context, sp)` with `sp` at or
/// below them, so that a scan from `sp` upwards sees every pointer the caller still holds.
void ctaipan_with_spilled_registers(void (*body)(void *context, void *sp), void *context);

/// Asks for the memory at `address`, which will be read soon.
static inline void ctaipan_prefetch(const void *address) { __builtin_prefetch(address); }

/// The current stack pointer (an address inside the calling function's frame).
void *ctaipan_stack_pointer(void);

/// The words of the calling function's frame that are its own: above its stack pointer and below the registers it saved for its caller.
/// Both ends are zero where the layout of a frame is not known.
struct ctaipan_stack_range {
    uintptr_t low;
    uintptr_t high;
};
struct ctaipan_stack_range ctaipan_own_frame(void);

/// Overwrites `bytes` of dead stack below the caller's frame, so that a conservative scan does not
/// meet pointers that finished calls left there.
void ctaipan_clear_dead_stack(size_t bytes);

/// Has the C library's allocator keep what is freed, up to `bytes`, and take blocks up to `block` from there; nothing where it cannot be told.
void ctaipan_keep_freed_memory(int bytes, int block);

/// open(2) and fcntl(2)/ioctl(2) with their one optional argument; Swift cannot call variadic functions.
int ctaipan_open(const char *path, int flags, unsigned mode);
int ctaipan_openat(int directory, const char *path, int flags, unsigned mode);
int ctaipan_fcntl(int fd, int command, long argument);
int ctaipan_ioctl(int fd, unsigned long request, void *argument);
int ctaipan_get_errno(void);
void ctaipan_set_errno(int value);

/// The system's number of the calling thread.
long ctaipan_native_thread(void);

/// Signals of the process. Disposition 0 is the default, 1 is to ignore, 2 is to note the signal for `ctaipan_signal_take`.
int ctaipan_signal_set(int number, int disposition);
int ctaipan_signal_get(int number);
/// The word in which a signal sets bit 0.
void ctaipan_signal_watch(uint32_t *breaker);
/// Makes the thread with this word stop at its next safe point; from any thread.
void ctaipan_request_stop(uint32_t *breaker);
/// Notes a signal as if it had come.
void ctaipan_signal_note(int number);
/// A signal that has come, or 0.
int ctaipan_signal_take(void);
/// The descriptor that a signal's number is written to, -1 for none; gives the one before.
int ctaipan_signal_set_wakeup(int fd);
#endif
