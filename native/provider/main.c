/* nmclick-switch [-q] FOLDER: takes up its place in the folder, says by its exit status that it did, and goes
 * on in the background. Where another one serves already it fails; not with -q, for who wants one to be there
 * and does not mind which. */
#define _GNU_SOURCE
#include "provider.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

_Static_assert(SOURCE_BELL <= 3, "the kind fits in the low bits of a pointer");

/* A page that clients can map to read but not to write. */
static bool make_state(struct provider *provider)
{
    provider->state_fd = memfd_create("netmap-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (provider->state_fd < 0 || ftruncate(provider->state_fd, 4096) < 0)
        return false;
    void *state = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, provider->state_fd, 0);
    provider->state = state;
    return state != MAP_FAILED && fcntl(provider->state_fd, F_ADD_SEALS,
                                        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

static bool prepare(struct provider *provider)
{
    provider->lock = openat(provider->folder, NM_USER_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    provider->reserve = dup(provider->listener);
    provider->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = SOURCE_LISTENER};
    return provider->lock >= 0 && provider->reserve >= 0 && provider->epoll >= 0 && make_state(provider) &&
           epoll_ctl(provider->epoll, EPOLL_CTL_ADD, provider->listener, &event) == 0;
}

static void close_inherited(void)
{
    if (close_range(3, ~0u, 0) == 0)
        return;
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
}

/* Many ports are many descriptors. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void leave_terminal(void)
{
    int nothing = open("/dev/null", O_RDWR);
    setsid();
    for (int fd = 0; fd < 3; fd++)
        dup2(nothing, fd);
    if (nothing > 2)
        close(nothing);
    if (chdir("/") < 0)
        return;
}

int main(int argc, char **argv)
{
    static struct provider provider;
    const bool quiet = argc == 3 && strcmp(argv[1], "-q") == 0;
    if (argc != 2 && !quiet) {
        fprintf(stderr, "usage: nmclick-switch [-q] FOLDER\n");
        return 2;
    }
    close_inherited();
    raise_limit();
    prctl(PR_SET_NAME, "nmclick-switch");
    signal(SIGPIPE, SIG_IGN);
    enum place place = place_take(&provider, argv[argc - 1], quiet);
    if (place == PLACE_TAKEN)
        return !quiet;
    if (place == PLACE_UNUSABLE || !prepare(&provider))
        return 1;
    pid_t child = fork();
    if (child > 0)
        place_tell_pid(&provider, child);
    if (child != 0)
        _exit(child < 0);
    leave_terminal();
    return provider_run(&provider);
}
