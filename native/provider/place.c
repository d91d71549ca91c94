/* The place in the folder, which one process at a time has. The kernel gives it up when that process dies. */
#define _GNU_SOURCE
#include "provider.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define QUEUE 64

static int open_folder(const char *path)
{
    int folder = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (folder < 0 || fstat(folder, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 077)) {
        fprintf(stderr, "nmclick-switch: %s is not a private folder\n", path);
        return -1;
    }
    return folder;
}

static void say_taken(const struct provider *provider, const char *path)
{
    char pid[16] = "";
    if (pread(provider->owner, pid, sizeof pid - 1, 0) <= 0)
        snprintf(pid, sizeof pid, "(?)");
    fprintf(stderr, "nmclick-switch: process %s serves %s already\n", pid, path);
}

/* The lock belongs to the open file: a forked process has it, too. */
static enum place lock(const struct provider *provider, const char *path, bool quiet)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (provider->owner >= 0 && fcntl(provider->owner, F_OFD_SETLK, &whole) == 0)
        return PLACE_OURS;
    if (errno != EAGAIN && errno != EACCES) {
        perror("nmclick-switch: " NM_USER_OWNER);
        return PLACE_UNUSABLE;
    }
    if (!quiet)
        say_taken(provider, path);
    return PLACE_TAKEN;
}

/* Through /proc, for folders whose names are longer than a socket's address. */
static bool listen_in(struct provider *provider)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", provider->folder,
             NM_USER_SOCKET);
    provider->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlinkat(provider->folder, NM_USER_SOCKET, 0); /* of one that was killed */
    if (provider->listener < 0 || bind(provider->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        fstatat(provider->folder, NM_USER_SOCKET, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        listen(provider->listener, QUEUE) < 0) {
        perror("nmclick-switch: socket");
        return false;
    }
    provider->socket = status.st_ino;
    return true;
}

enum place place_take(struct provider *provider, const char *path, bool quiet)
{
    provider->folder = open_folder(path);
    if (provider->folder < 0)
        return PLACE_UNUSABLE;
    provider->owner = openat(provider->folder, NM_USER_OWNER, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum place place = lock(provider, path, quiet);
    if (place != PLACE_OURS)
        return place;
    place_tell_pid(provider, getpid());
    return listen_in(provider) ? PLACE_OURS : PLACE_UNUSABLE;
}

void place_tell_pid(const struct provider *provider, pid_t pid)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%d", (int)pid);
    if (ftruncate(provider->owner, 0) < 0 || pwrite(provider->owner, text, (size_t)length, 0) != length)
        perror("nmclick-switch: " NM_USER_OWNER);
}

/* Somebody may have emptied the folder, and another process may serve there now. */
void place_leave(const struct provider *provider)
{
    struct stat status;
    if (fstatat(provider->folder, NM_USER_SOCKET, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_ino == provider->socket)
        unlinkat(provider->folder, NM_USER_SOCKET, 0);
    close(provider->owner);
}
