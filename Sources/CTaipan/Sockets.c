// The C side of `_socket` and `select`.
#define _GNU_SOURCE
#include "CTaipanSockets.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

int ctaipan_accept(int fd, void *address, unsigned *length) {
    socklen_t size = *length;
#ifdef __linux__
    int made = accept4(fd, address, &size, SOCK_CLOEXEC);
#else
    int made = accept(fd, address, &size);
    if (made >= 0) fcntl(made, F_SETFD, FD_CLOEXEC);
#endif
    *length = size;
    return made;
}

#ifdef __linux__
int ctaipan_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int ctaipan_epoll_control(int epoll, int operation, int fd, uint32_t events) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.fd = fd;
    return epoll_ctl(epoll, operation, fd, &event);
}

int ctaipan_epoll_wait(int epoll, int *fds, uint32_t *events, int capacity, int timeout) {
    struct epoll_event *found = malloc(sizeof *found * (size_t)capacity);
    if (!found) {
        errno = ENOMEM;
        return -1;
    }
    int count = epoll_wait(epoll, found, capacity, timeout);
    int code = errno;
    for (int i = 0; i < count; i++) {
        fds[i] = found[i].data.fd;
        events[i] = found[i].events;
    }
    free(found);
    errno = code;
    return count;
}
#endif

size_t ctaipan_control_length(size_t bytes) { return CMSG_LEN(bytes); }
size_t ctaipan_control_space(size_t bytes) { return CMSG_SPACE(bytes); }

static struct iovec *vector(void *const *pieces, const size_t *sizes, size_t count) {
    struct iovec *made = malloc(sizeof *made * (count + 1));
    for (size_t i = 0; made && i < count; i++) {
        made[i].iov_base = pieces[i];
        made[i].iov_len = sizes[i];
    }
    if (!made) errno = ENOMEM;
    return made;
}

long ctaipan_send_message(int fd, void *const *pieces, const size_t *sizes, size_t count, void *control, size_t control_count,
                          const void *address, unsigned address_length, int flags) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = vector(pieces, sizes, count);
    if (!message.msg_iov) return -1;
    message.msg_iovlen = count;
    message.msg_control = control_count ? control : NULL;
    message.msg_controllen = control_count;
    message.msg_name = (void *)address;
    message.msg_namelen = address_length;
    long sent = sendmsg(fd, &message, flags);
    int code = errno;
    free(message.msg_iov);
    errno = code;
    return sent;
}

long ctaipan_receive_message(int fd, void *const *pieces, const size_t *sizes, size_t count, void *control, size_t *control_count,
                             void *address, unsigned *address_length, int flags, int *message_flags) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = vector(pieces, sizes, count);
    if (!message.msg_iov) return -1;
    message.msg_iovlen = count;
    message.msg_control = *control_count ? control : NULL;
    message.msg_controllen = *control_count;
    message.msg_name = address;
    message.msg_namelen = *address_length;
    long got = recvmsg(fd, &message, flags);
    int code = errno;
    *control_count = message.msg_controllen;
    *address_length = message.msg_namelen;
    *message_flags = message.msg_flags;
    free(message.msg_iov);
    errno = code;
    return got;
}

size_t ctaipan_control_put(void *buffer, size_t capacity, size_t offset, int level, int type, const void *data, size_t bytes) {
    struct cmsghdr *header = (struct cmsghdr *)((char *)buffer + offset);
    if (offset + CMSG_LEN(bytes) > capacity) return offset;
    header->cmsg_len = CMSG_LEN(bytes);
    header->cmsg_level = level;
    header->cmsg_type = type;
    memcpy(CMSG_DATA(header), data, bytes);
    return offset + CMSG_SPACE(bytes);
}

int ctaipan_control_get(void *buffer, size_t capacity, size_t *offset, int *level, int *type, const unsigned char **data, size_t *bytes) {
    if (*offset + CMSG_LEN(0) > capacity) return 0;
    struct cmsghdr *header = (struct cmsghdr *)((char *)buffer + *offset);
    if (header->cmsg_len < CMSG_LEN(0)) return 0;
    size_t length = header->cmsg_len - CMSG_LEN(0), room = capacity - *offset - CMSG_LEN(0);
    *level = header->cmsg_level;
    *type = header->cmsg_type;
    *data = CMSG_DATA(header);
    *bytes = length < room ? length : room;
    *offset += CMSG_SPACE(length);
    return 1;
}
