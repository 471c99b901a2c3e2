// What sockets and polling need of C: packed structs and the macros over control messages.
#ifndef CTAIPAN_SOCKETS_H
#define CTAIPAN_SOCKETS_H
#include <stddef.h>
#include <stdint.h>

/// accept(2) whose result is closed on exec. `address` has room for `*length` bytes.
int ctaipan_accept(int fd, void *address, unsigned *length);

#ifdef __linux__
/// A new epoll descriptor, closed on exec.
int ctaipan_epoll_create(void);
/// epoll_ctl(2) and epoll_wait(2), with descriptors and events in arrays of their own.
int ctaipan_epoll_control(int epoll, int operation, int fd, uint32_t events);
int ctaipan_epoll_wait(int epoll, int *fds, uint32_t *events, int capacity, int timeout);
#endif

size_t ctaipan_control_length(size_t bytes);
size_t ctaipan_control_space(size_t bytes);

/// sendmsg(2): `count` pieces of data and `control_count` bytes of control messages, made by `ctaipan_control_put`.
long ctaipan_send_message(int fd, void *const *pieces, const size_t *sizes, size_t count, void *control, size_t control_count,
                          const void *address, unsigned address_length, int flags);
/// recvmsg(2) into `count` pieces; the lengths of address and control messages go in and out.
long ctaipan_receive_message(int fd, void *const *pieces, const size_t *sizes, size_t count, void *control, size_t *control_count,
                             void *address, unsigned *address_length, int flags, int *message_flags);
/// Writes a control message at `offset` of a zeroed buffer and gives the offset behind it.
size_t ctaipan_control_put(void *buffer, size_t capacity, size_t offset, int level, int type, const void *data, size_t bytes);
/// The control message at `*offset`, which moves to the next; 0 when there is none.
int ctaipan_control_get(void *buffer, size_t capacity, size_t *offset, int *level, int *type, const unsigned char **data, size_t *bytes);
#endif
