/* Finding the switch process, or starting it. */
#define _GNU_SOURCE
#include "user.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 10
#define PAUSE_MS 20 /* between them: another one may just be about to come or to go */
#define ANSWER_SECONDS 10

extern char **environ;

static pthread_mutex_t program_lock = PTHREAD_MUTEX_INITIALIZER;
static char program_path[4096];
static __thread char trouble[512];

void nm_user_set_provider(const char *path)
{
    pthread_mutex_lock(&program_lock);
    snprintf(program_path, sizeof program_path, "%s", path ? path : "");
    pthread_mutex_unlock(&program_lock);
}

const char *nm_user_trouble(void)
{
    return trouble;
}

static void program(char *path, size_t size)
{
    pthread_mutex_lock(&program_lock);
    const char *named = program_path[0] ? program_path : getenv("NMCLICK_PROVIDER");
    snprintf(path, size, "%s", named ? named : "");
    pthread_mutex_unlock(&program_lock);
}

static int unusable(const char *path)
{
    int err = errno;
    snprintf(trouble, sizeof trouble, "%.400s: %s: name a folder of your own in NMCLICK_NETMAP", path,
             strerror(err));
    errno = err;
    return -1;
}

static int make_folder(const char *path, bool make)
{
    if (make && mkdir(path, NM_USER_FOLDER_MODE) < 0 && errno != EEXIST)
        return unusable(path);
    int folder = open(path, O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (folder < 0)
        return unusable(path);
    if (fstat(folder, &status) == 0 && status.st_uid == geteuid() && !(status.st_mode & 077))
        return folder;
    snprintf(trouble, sizeof trouble,
             "%.400s belongs to or can be entered by somebody else: chmod 700 it, or name another folder in "
             "NMCLICK_NETMAP",
             path);
    close(folder);
    errno = EACCES;
    return -1;
}

static int open_folder(bool make, char *path, size_t size)
{
    const char *named = getenv("NMCLICK_NETMAP"), *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat status;
    if (named && *named)
        snprintf(path, size, "%s", named);
    else if (runtime && *runtime && stat(runtime, &status) == 0)
        snprintf(path, size, "%s/nmclick", runtime);
    else
        snprintf(path, size, "/dev/shm/nmclick-%u", (unsigned)geteuid());
    return make_folder(path, make);
}

/* The switch process that has its place in the folder; 0: none has. */
static pid_t owner(int folder)
{
    int fd = openat(folder, NM_USER_OWNER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char pid[16] = "";
    bool held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (held && read(fd, pid, sizeof pid - 1) < 0)
        held = false;
    close(fd);
    return held ? atoi(pid) : 0;
}

/* An answer that comes after all must not be taken for that to the next request. */
static int no_answer(int fd)
{
    char path[4096];
    int folder = open_folder(false, path, sizeof path);
    pid_t pid = folder < 0 ? 0 : owner(folder);
    if (pid)
        snprintf(trouble, sizeof trouble,
                 "switch process %d does not answer: wait for it, or end it with `kill -9 %d`", (int)pid,
                 (int)pid);
    else
        snprintf(trouble, sizeof trouble, "the switch process in %.400s does not answer", path);
    if (folder >= 0)
        close(folder);
    shutdown(fd, SHUT_RDWR);
    return ETIMEDOUT;
}

static bool same_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* 0 or an errno; ECONNREFUSED when nobody serves behind this socket. */
static int greet(int fd, const struct sockaddr_un *address)
{
    struct nm_ask ask = {.kind = NM_ASK_HELLO};
    struct nm_answer answer;
    while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0)
        if (errno != EINTR)
            return errno == EAGAIN ? no_answer(fd) : errno;
    int err = same_user(fd) ? nm_user_ask(fd, &ask, &answer, NULL) : EACCES;
    return err && err != ETIMEDOUT ? ECONNREFUSED
                                   : err; /* it was about to leave, or speaks another version */
}

/* Through /proc: the folder that was looked at, however long its name is. */
static int try_connect(int folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder, NM_USER_SOCKET);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int err = greet(fd, &address);
    if (!err)
        return fd;
    close(fd);
    errno = err;
    return -1;
}

/* One that does not answer is there nevertheless: a second one beside it would split the switches. */
static bool nobody_serves(int err)
{
    return err == ENOENT || err == ECONNREFUSED || err == ECONNRESET;
}

static int spawn(const char *folder_path)
{
    char path[4096];
    program(path, sizeof path);
    if (!*path) {
        snprintf(trouble, sizeof trouble,
                 "the program of the switch process is not known: set NMCLICK_PROVIDER");
        return ENOENT;
    }
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    char *arguments[] = {path, (char[]){"-q"}, (char *)(uintptr_t)folder_path, NULL};
    pid_t child;
    int status = 0, err = posix_spawn(&child, path, NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    if (err) {
        snprintf(trouble, sizeof trouble, "cannot start %.400s", path);
        return err;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (status) {
        snprintf(trouble, sizeof trouble, "the switch process (%.400s) could not start", path);
        return EIO;
    }
    return 0; /* whether it serves, or another one does, is seen by connecting */
}

/* The lock is held while one is started, and by a switch process that is about to leave. */
static int start_and_connect(int folder, const char *path)
{
    int lock = openat(folder, NM_USER_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return unusable(path);
    while (flock(lock, LOCK_EX) < 0 && errno == EINTR)
        ;
    int fd = try_connect(folder);
    if (fd < 0 && nobody_serves(errno)) {
        int err = spawn(path);
        if (err)
            errno = err;
        else
            fd = try_connect(folder);
    }
    int err = errno;
    close(lock);
    errno = err;
    return fd;
}

static void say_turned_away(int folder)
{
    pid_t pid = owner(folder);
    if (pid)
        snprintf(trouble, sizeof trouble,
                 "switch process %d turns this program away: it is of another version, or has no more "
                 "descriptors; end it with `kill %d`",
                 (int)pid, (int)pid);
}

int nm_user_connect(bool start)
{
    char path[4096];
    trouble[0] = 0;
    int folder = open_folder(start, path, sizeof path);
    if (folder < 0)
        return -1;
    int fd = try_connect(folder), err = errno;
    for (unsigned i = 0; start && fd < 0 && !*trouble && nobody_serves(err) && i < TRIES; i++) {
        const struct timespec pause = {.tv_nsec = i ? PAUSE_MS * 1000000 : 0};
        nanosleep(&pause, NULL);
        fd = start_and_connect(folder, path);
        err = errno;
    }
    if (fd < 0 && !*trouble && nobody_serves(err))
        say_turned_away(folder);
    close(folder);
    errno = err;
    return fd;
}

static void take_fds(struct msghdr *message, int *fds)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (fds && i < NM_FDS)
                fds[i] = fd;
            else
                close(fd);
        }
    }
}

int nm_user_ask(int fd, const struct nm_ask *ask, struct nm_answer *answer, int *fds)
{
    struct nm_ask stamped = *ask;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(NM_FDS * sizeof(int))];
    } control;
    struct iovec part = {answer, sizeof *answer};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    stamped.version = NM_USER_VERSION;
    if (send(fd, &stamped, sizeof stamped, MSG_NOSIGNAL) != (ssize_t)sizeof stamped)
        return ENXIO;
    while ((n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        return errno == EAGAIN ? no_answer(fd) : ENXIO;
    take_fds(&message, fds);
    return n == (ssize_t)sizeof *answer && answer->version == NM_USER_VERSION ? answer->error : ENXIO;
}
