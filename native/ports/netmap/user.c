/* netmap's system calls, answered by the user-space provider. */
#define _GNU_SOURCE
#include "user.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_OF_FDS 256u
#define PAGES_OF_FDS 4096u
#define HUGE_PAGE ((size_t)2 << 20)

/* Open descriptors by number. */
static struct nm_user **pages[PAGES_OF_FDS];
static pthread_mutex_t pages_lock = PTHREAD_MUTEX_INITIALIZER;

struct nm_user *nm_user_find(int fd)
{
    if (fd < 0 || (unsigned)fd >= PAGE_OF_FDS * PAGES_OF_FDS)
        return NULL;
    struct nm_user **page = __atomic_load_n(&pages[(unsigned)fd / PAGE_OF_FDS], __ATOMIC_ACQUIRE);
    return page ? __atomic_load_n(&page[(unsigned)fd % PAGE_OF_FDS], __ATOMIC_ACQUIRE) : NULL;
}

static void free_user(struct nm_user *user)
{
    if (user->bound)
        nm_user_unbind(user);
    pthread_mutex_destroy(&user->lock);
    free(user);
}

/* Puts `user` there, which may be NULL. What was there before was closed by other means: it goes. */
static bool put_user(int fd, struct nm_user *user)
{
    struct nm_user *old = NULL, **page = NULL;
    if ((unsigned)fd < PAGE_OF_FDS * PAGES_OF_FDS) {
        pthread_mutex_lock(&pages_lock);
        page = pages[(unsigned)fd / PAGE_OF_FDS];
        if (!page && (page = calloc(PAGE_OF_FDS, sizeof *page)))
            __atomic_store_n(&pages[(unsigned)fd / PAGE_OF_FDS], page, __ATOMIC_RELEASE);
        if (page)
            old = __atomic_exchange_n(&page[(unsigned)fd % PAGE_OF_FDS], user, __ATOMIC_ACQ_REL);
        pthread_mutex_unlock(&pages_lock);
    }
    if (old)
        free_user(old);
    return page;
}

static int user_open(void)
{
    struct nm_user *user = calloc(1, sizeof *user);
    if (!user)
        return -1;
    pthread_mutex_init(&user->lock, NULL);
    user->fd = nm_user_connect(true);
    if (user->fd < 0) {
        free_user(user);
        return -1;
    }
    int fd = user->fd;
    if (put_user(fd, user))
        return fd;
    close(fd);
    free_user(user);
    errno = EMFILE;
    return -1;
}

/* As in the kernel the port is gone at the return, unless a forked process has the descriptor, too: the
 * switch process answers a new client after it saw the end of this one. */
static int user_close(int fd)
{
    const struct nm_user *user = nm_user_find(fd);
    const bool was_bound = user && user->bound;
    if (user)
        put_user(fd, NULL);
    int result = close(fd), err = errno;
    int other = was_bound ? nm_user_connect(false) : -1;
    if (other >= 0)
        close(other);
    errno = err;
    return result;
}

static int fail(int err)
{
    errno = err;
    return err ? -1 : 0;
}

static int sync_ioctl(struct nm_user *user, bool tx)
{
    if (!user->bound || user->dead)
        return fail(ENXIO);
    if (nm_user_stopped(user) || (tx && user->kind == NM_PORT_MONITOR))
        return fail(EIO);
    if (tx)
        nm_user_txsync(user, !(user->flags & NM_USER_LAZY));
    else
        nm_user_rxsync(user);
    return fail(user->dead ? ENXIO : 0);
}

static int user_ioctl(int fd, unsigned long request, void *argument)
{
    struct nm_user *user = nm_user_find(fd);
    if (!user)
        return fail(EBADF);
    if (likely(request == NIOCTXSYNC || request == NIOCRXSYNC))
        return sync_ioctl(user, request == NIOCTXSYNC);
    int err = EOPNOTSUPP;
    if (request == NIOCCTRL || request == NIOCREGIF || request == NIOCGINFO) {
        if (!argument)
            return fail(EFAULT);
        pthread_mutex_lock(&user->lock);
        err = request == NIOCCTRL ? nm_user_control(user, argument)
                                  : nm_user_legacy(user, request == NIOCGINFO, argument);
        pthread_mutex_unlock(&user->lock);
    }
    return fail(err);
}

/* At an address that huge pages can be used at. */
static void *user_map(int fd, size_t length)
{
    const struct nm_user *user = nm_user_find(fd);
    if (!user || !user->bound || !length || length > user->region_size) {
        errno = user ? EINVAL : EBADF;
        return MAP_FAILED;
    }
    uint8_t *space =
        mmap(NULL, length + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED)
        return MAP_FAILED;
    uint8_t *base = (uint8_t *)(((uintptr_t)space + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    size_t used = (length + 4095) & ~(size_t)4095,
           behind = (size_t)(space + length + HUGE_PAGE - (base + length));
    if (mmap(base, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, user->region_fd, 0) ==
        MAP_FAILED) {
        int err = errno;
        munmap(space, length + HUGE_PAGE);
        errno = err;
        return MAP_FAILED;
    }
    madvise(base, used, MADV_HUGEPAGE);
    if (base > space)
        munmap(space, (size_t)(base - space));
    if (behind > used - length)
        munmap(base + used, behind - (used - length));
    return base;
}

const struct nm_netmap_calls nm_user_calls = {
    .provider = "the user-space provider",
    .register_flags = NM_USER_LAZY,
    .open = user_open,
    .ioctl = user_ioctl,
    .map = user_map,
    .unmap = munmap,
    .poll = nm_user_poll,
    .close = user_close,
    .wait = nm_user_wait,
};
