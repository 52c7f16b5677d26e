#include "io/h5_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "io/h5_private.h"

enum { HANDED = 2 }; /* descriptors: the file, the connection */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int server = -1; /* this process' end of the way to it; -1: it was not started, or is gone */

int h5_wire_send(int connection, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        const ssize_t n = send(connection, at, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int h5_wire_receive(int connection, void *bytes, size_t size)
{
    for (char *at = bytes; size > 0;) {
        const ssize_t n = read(connection, at, size);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return -1;
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* A message of one byte with two descriptors. */
typedef union envelope {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(HANDED * sizeof(int))];
} envelope;

static int send_pair(int to, const int pair[HANDED])
{
    char byte = 0;
    envelope e = {.bytes = {0}};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = e.bytes, .msg_controllen = sizeof e.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(HANDED * sizeof(int));
    memcpy(CMSG_DATA(head), pair, HANDED * sizeof(int));
    ssize_t n = 0;
    do {
        n = sendmsg(to, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == 1 ? 0 : -1;
}

/* 1 and both descriptors, 0 when nobody will send any more. */
static int receive_pair(int from, int pair[HANDED])
{
    char byte = 0;
    envelope e = {.bytes = {0}};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = e.bytes, .msg_controllen = sizeof e.bytes};
    ssize_t n = 0;
    do {
        n = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    const struct cmsghdr *head = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head == NULL || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(HANDED * sizeof(int))) {
        return 0;
    }
    memcpy(pair, CMSG_DATA(head), HANDED * sizeof(int));
    return 1;
}

/*
 * Signals are for the process that trains: a keyboard's interrupt reaches the whole group, and must not take the reader
 * away from a run that still wants to save. The server ends when that process does.
 */
static void ignore_requests(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD};
    sigset_t none;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        (void)signal(ignored[i], SIG_IGN); /* SIGCHLD: so readers that end are gone */
    }
    (void)signal(SIGXCPU, SIG_DFL); /* ends a reader that takes too long */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Whoever waits for the end of this process' output must not wait for the server's. */
static void detach_output(void)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        if (fd == STDERR_FILENO) { /* what a sanitizer has to say is worth seeing */
            continue;
        }
#endif
        if (nothing >= 0) {
            (void)dup2(nothing, fd);
        } else {
            (void)close(fd);
        }
    }
}

/*
 * Connections of the process it comes from are not the server's: who waits for the end of one, a reader or another
 * rank, would wait for the server's as well.
 */
static void close_all_but(int kept)
{
    enum { MOST = 65536 };
    const long limit = sysconf(_SC_OPEN_MAX);
    const int end = limit > 0 && limit < MOST ? (int)limit : MOST;
#ifdef SYS_close_range
    if ((kept == STDERR_FILENO + 1 || syscall(SYS_close_range, STDERR_FILENO + 1, kept - 1, 0) == 0) &&
        syscall(SYS_close_range, kept + 1, ~0U, 0) == 0) {
        return;
    }
#endif
    for (int fd = STDERR_FILENO + 1; fd < end; fd++) {
        if (fd != kept) {
            (void)close(fd);
        }
    }
}

/*
 * What ps shows: without this, each rank's command twice. The words of the command line lie one behind the other in
 * memory, and the environment behind them.
 */
static void retitle(void)
{
    static const char title[] = "lockstep-reader";
    enum { MOST = 65536 };
    char *const first = program_invocation_name;
    (void)prctl(PR_SET_NAME, title);
    if (environ != NULL && environ[0] != NULL && environ[0] > first && environ[0] - first < MOST &&
        (size_t)(environ[0] - first) > sizeof title) {
        memset(first, 0, (size_t)(environ[0] - first));
        memcpy(first, title, sizeof title);
    }
}

static _Noreturn void run_server(int from)
{
    int pair[HANDED];
    ignore_requests();
    close_all_but(from);
    detach_output();
    retitle();
    while (receive_pair(from, pair)) {
        if (fork() == 0) {
            (void)close(from);
            h5_serve(pair[0], pair[1]);
        }
        (void)close(pair[0]); /* where there was no fork, the other side finds its connection at an end */
        (void)close(pair[1]);
    }
    _exit(0);
}

/* Under the lock. HDF5 is held meanwhile, so that the new process does not find it in the middle of something. */
static int start(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set(LS_ERROR, "no connection to a process that reads files: %m");
    }
    h5_enter();
    const pid_t child = fork();
    if (child == 0) {
        h5_forked();
        (void)close(ends[0]);
        run_server(ends[1]);
    }
    h5_leave();
    (void)close(ends[1]);
    if (child < 0) {
        (void)close(ends[0]);
        return error_set(LS_ERROR, "no process to read files in: %m");
    }
    server = ends[0];
    return LS_OK;
}

int h5_start_reading(void)
{
    (void)pthread_mutex_lock(&lock);
    const int code = server >= 0 ? LS_OK : start();
    (void)pthread_mutex_unlock(&lock);
    return code;
}

int h5_server_hand_over(int descriptor, int connection)
{
    const int pair[HANDED] = {descriptor, connection};
    (void)pthread_mutex_lock(&lock);
    int code = server >= 0 ? LS_OK : start();
    if (code == LS_OK && send_pair(server, pair) != 0) { /* somebody has killed it */
        (void)close(server);
        server = -1;
        code = start();
        if (code == LS_OK && send_pair(server, pair) != 0) {
            code = error_set(LS_ERROR, "the process that reads files does not answer: %m");
        }
    }
    (void)pthread_mutex_unlock(&lock);
    return code;
}
