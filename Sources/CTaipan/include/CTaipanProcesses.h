// Starting processes, and system calls that Swift cannot name.
#ifndef CTAIPAN_PROCESSES_H
#define CTAIPAN_PROCESSES_H
#include <stddef.h>
#include <stdint.h>

/// The environment, which Swift takes for unsafe shared state.
char **ctaipan_environ(void);
/// fork(2), which Swift hides.
int ctaipan_fork(void);
/// forkpty(3) with the terminal's own settings.
int ctaipan_forkpty(int *controller);

/// What `_posixsubprocess.fork_exec` does in the child.
struct ctaipan_child {
    char *const *executables;      // paths to try, in order; ends with NULL
    char *const *arguments;
    char *const *environment;      // NULL: the parent's
    const char *directory;         // NULL: stay
    const int *kept;               // sorted descriptors that stay open
    size_t kept_count;
    int input_read, input_write, output_read, output_write, error_read, error_write, failure_read, failure_write;
    int close_others, restore_signals, new_session;
    int group;                     // setpgid; -1: no
    int umask;                     // -1: no
    int sets_group, sets_user, sets_groups;
    unsigned group_id, user_id;
    const unsigned *groups;
    size_t group_count;
};
/// Forks and runs the child to its exec; what fails there is written to `failure_write` as "Type:errno in hex:message".
/// Gives the pid, or -1 with errno set. `before_exec` is called in the child (NULL: nothing); non-zero stops it.
int ctaipan_fork_exec(const struct ctaipan_child *child, int (*before_exec)(void *), void *context);

struct rusage;
/// getrusage(2), whose first parameter has a type of its own in Swift.
int ctaipan_getrusage(int who, struct rusage *usage);
/// Sets (when `sets`) and reads the limits of a resource; `pid` 0 is this process. -1 is "no limit".
int ctaipan_limits(int pid, int resource, int sets, long soft, long hard, long *old_soft, long *old_hard);

#ifdef __linux__
// Calls that glibc declares only for _GNU_SOURCE.
#include <sys/types.h>
// Messages: Swift does not see libintl.h.
char *ctaipan_gettext(const char *domain, const char *message);
char *ctaipan_dcgettext(const char *domain, const char *message, int category);
char *ctaipan_textdomain(const char *domain);
char *ctaipan_bindtextdomain(const char *domain, const char *directory);
char *ctaipan_bind_codeset(const char *domain, const char *codeset);
extern int pipe2(int *ends, int flags);
extern ssize_t getrandom(void *bytes, size_t count, unsigned flags);
int ctaipan_get_affinity(pid_t pid, size_t bytes, void *set);
int ctaipan_set_affinity(pid_t pid, size_t bytes, const void *set);
extern int setresuid(uid_t real, uid_t effective, uid_t saved);
extern int setresgid(gid_t real, gid_t effective, gid_t saved);
extern int getresuid(uid_t *real, uid_t *effective, uid_t *saved);
extern int getresgid(gid_t *real, gid_t *effective, gid_t *saved);
extern int posix_openpt(int flags);
extern int grantpt(int fd);
extern int unlockpt(int fd);
extern int ptsname_r(int fd, char *text, size_t count);
extern ssize_t copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t count, unsigned flags);
extern int memfd_create(const char *name, unsigned flags);
extern int eventfd(unsigned initial, int flags);
extern ssize_t getxattr(const char *path, const char *name, void *value, size_t count);
extern ssize_t lgetxattr(const char *path, const char *name, void *value, size_t count);
extern ssize_t fgetxattr(int fd, const char *name, void *value, size_t count);
extern int setxattr(const char *path, const char *name, const void *value, size_t count, int flags);
extern int lsetxattr(const char *path, const char *name, const void *value, size_t count, int flags);
extern int fsetxattr(int fd, const char *name, const void *value, size_t count, int flags);
extern int removexattr(const char *path, const char *name);
extern int lremovexattr(const char *path, const char *name);
extern int fremovexattr(int fd, const char *name);
extern ssize_t listxattr(const char *path, char *names, size_t count);
extern ssize_t llistxattr(const char *path, char *names, size_t count);
extern ssize_t flistxattr(int fd, char *names, size_t count);
int ctaipan_pidfd_open(pid_t pid, unsigned flags);
#endif
#endif
