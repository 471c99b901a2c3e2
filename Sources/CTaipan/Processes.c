// Processes: fork, exec, and calls that glibc declares only for _GNU_SOURCE.
#define _GNU_SOURCE
#include "CTaipan.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#ifdef __linux__
#include <libintl.h>
#endif
#include <pthread.h>
#ifdef __linux__
#include <pty.h>
#else
#include <util.h>
#endif
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

char **ctaipan_environ(void) { return environ; }

int ctaipan_fork(void) { return fork(); }

int ctaipan_forkpty(int *controller) { return forkpty(controller, NULL, NULL, NULL); }

static int without_close_on_exec(int fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) return -1;
    return fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

static int close_all_but(const struct ctaipan_child *child) {
    long open_max = sysconf(_SC_OPEN_MAX);
    int next = 3;
    for (size_t i = 0; i < child->kept_count; i++) {
        int keep = child->kept[i];
        if (keep < next) continue;
#ifdef SYS_close_range
        if (keep > next) syscall(SYS_close_range, next, keep - 1, 0);
#else
        for (int fd = next; fd < keep; fd++) close(fd);
#endif
        next = keep + 1;
    }
#ifdef SYS_close_range
    if (syscall(SYS_close_range, next, ~0U, 0) == 0) return 0;
#endif
    for (int fd = next; fd < open_max; fd++) close(fd);
    return 0;
}

// Puts the pipe ends to 0, 1 and 2. 0 on success.
static int place_standard(const struct ctaipan_child *child) {
    int input = child->input_read, output = child->output_write, error = child->error_write;
    if (output == 0 && (output = dup(output)) < 0) return -1;
    while (error == 0 || error == 1) if ((error = dup(error)) < 0) return -1;
    if (input == 0) { if (without_close_on_exec(0) < 0) return -1; }
    else if (input >= 0 && dup2(input, 0) < 0) return -1;
    if (output == 1) { if (without_close_on_exec(1) < 0) return -1; }
    else if (output >= 0 && dup2(output, 1) < 0) return -1;
    if (error == 2) { if (without_close_on_exec(2) < 0) return -1; }
    else if (error >= 0 && dup2(error, 2) < 0) return -1;
    return 0;
}

static void report_failure(int fd, int code, const char *message) {
    char text[64];
    size_t n = 0;
    const char *head = code ? "OSError:" : "SubprocessError:0:";
    for (; *head; head++) text[n++] = *head;
    if (code) {
        char digits[16];
        size_t d = 0;
        while (code > 0 && d < sizeof digits) {
            digits[d++] = "0123456789ABCDEF"[code & 15];
            code >>= 4;
        }
        while (d > 0) text[n++] = digits[--d];
        text[n++] = ':';
    }
    for (; *message && n < sizeof text; message++) text[n++] = *message;
    ssize_t ignored = write(fd, text, n);
    (void)ignored;
}

static void run_child(const struct ctaipan_child *child, int (*before_exec)(void *), void *context) {
    int failure = child->failure_write;
    int code;
    for (size_t i = 0; i < child->kept_count; i++)
        if (child->kept[i] != failure && without_close_on_exec(child->kept[i]) < 0) goto failed;
    if (child->input_write >= 0) close(child->input_write);
    if (child->output_read >= 0) close(child->output_read);
    if (child->error_read >= 0) close(child->error_read);
    close(child->failure_read);
    if (place_standard(child) < 0) goto failed;
    if (child->directory != NULL && chdir(child->directory) < 0) goto failed;
    if (child->umask >= 0) umask((mode_t)child->umask);
    if (child->restore_signals) {
#ifdef SIGPIPE
        signal(SIGPIPE, SIG_DFL);
#endif
#ifdef SIGXFSZ
        signal(SIGXFSZ, SIG_DFL);
#endif
    }
    if (child->new_session && setsid() < 0) goto failed;
    if (child->group >= 0 && setpgid(0, child->group) < 0) goto failed;
    if (child->sets_groups && setgroups(child->group_count, child->groups) < 0) goto failed;
    if (child->sets_group && setregid(child->group_id, child->group_id) < 0) goto failed;
    if (child->sets_user && setreuid(child->user_id, child->user_id) < 0) goto failed;
    if (before_exec != NULL && before_exec(context) != 0) {
        report_failure(failure, 0, "Exception occurred in preexec_fn.");
        _exit(255);
    }
    if (child->close_others) close_all_but(child);
    code = ENOENT;
    for (size_t i = 0; child->executables[i] != NULL; i++) {
        execve(child->executables[i], child->arguments, child->environment ? child->environment : environ);
        if (errno != ENOENT && errno != ENOTDIR && code == ENOENT) code = errno;
        else if (errno == ENOTDIR && code == ENOENT) code = errno;
    }
    report_failure(failure, code, "");
    _exit(255);
failed:
    code = errno;
    report_failure(failure, code, "noexec");
    _exit(255);
}

int ctaipan_fork_exec(const struct ctaipan_child *child, int (*before_exec)(void *), void *context) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int pid = fork();
    if (pid == 0) {
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        run_child(child, before_exec, context);
    }
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = code;
    return pid;
}

#ifdef __linux__
int ctaipan_pidfd_open(pid_t pid, unsigned flags) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, flags);
#else
    errno = ENOSYS;
    return -1;
#endif
}
#endif

#ifdef __linux__
char *ctaipan_gettext(const char *domain, const char *message) { return dgettext(domain, message); }
char *ctaipan_dcgettext(const char *domain, const char *message, int category) { return dcgettext(domain, message, category); }
char *ctaipan_textdomain(const char *domain) { return textdomain(domain); }
char *ctaipan_bindtextdomain(const char *domain, const char *directory) { return bindtextdomain(domain, directory); }
char *ctaipan_bind_codeset(const char *domain, const char *codeset) { return bind_textdomain_codeset(domain, codeset); }
int ctaipan_get_affinity(pid_t pid, size_t bytes, void *set) { return sched_getaffinity(pid, bytes, set); }
int ctaipan_set_affinity(pid_t pid, size_t bytes, const void *set) { return sched_setaffinity(pid, bytes, set); }
#endif
