/* Clients: their sockets, their bells, their end. Nothing here blocks, whatever a client does. */
#define _GNU_SOURCE
#include "provider.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int watch_fd(struct provider *provider, int fd, void *who, enum source_kind kind)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)(uintptr_t)who | kind};
    return epoll_ctl(provider->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? errno : 0;
}

static bool same_user(int fd, pid_t *pid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
        return false;
    *pid = peer.pid;
    return true;
}

/* Out of descriptors: the next in the queue is turned away, or it would be announced again and again. */
static void turn_away(struct provider *provider)
{
    close(provider->reserve);
    int fd = accept4(provider->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    provider->reserve = dup(provider->listener);
}

void client_accept(struct provider *provider)
{
    int fd = accept4(provider->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE)
            turn_away(provider);
        return;
    }
    pid_t pid;
    struct client *client = same_user(fd, &pid) ? calloc(1, sizeof *client) : NULL;
    if (!client || watch_fd(provider, fd, client, SOURCE_CLIENT)) {
        free(client);
        close(fd);
        return;
    }
    *client = (struct client){.next = provider->clients, .fd = fd, .pid = pid};
    provider->clients = client;
}

void client_drop(struct provider *provider, struct client *client)
{
    if (client->binding)
        unregister(provider, client->binding);
    struct client **at = &provider->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    close(client->fd);
    free(client);
}

/* A pair of sockets and not an eventfd: a client could make that one blocking for both sides. */
int client_new_bell(struct provider *provider, struct binding *binding, int *theirs)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return errno;
    *theirs = pair[1];
    binding->bell = pair[0];
    return watch_fd(provider, pair[0], binding, SOURCE_BELL);
}

void client_forget_bell(struct provider *provider, struct binding *binding)
{
    (void)provider;
    if (binding->bell >= 0)
        close(binding->bell);
}

static bool answer_client(const struct client *client, const struct nm_answer *answer, const int *fds,
                          unsigned n_fds)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(NM_FDS * sizeof(int))];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)answer, sizeof *answer};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (n_fds) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        control.header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n_fds * sizeof(int))};
        memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
    }
    return sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof *answer;
}

static bool serve(struct provider *provider, struct client *client, const struct nm_ask *ask)
{
    struct nm_answer answer = {.version = NM_USER_VERSION};
    int fds[NM_FDS] = {-1, -1, -1, -1};
    unsigned n_fds = 0;
    bool sent;
    if (ask->kind == NM_ASK_LIST) {
        fds[0] = list_ports(provider);
        answer.error = fds[0] < 0 ? ENOMEM : 0;
        sent = answer_client(client, &answer, fds, fds[0] < 0 ? 0 : 1);
        if (fds[0] >= 0)
            close(fds[0]);
        return sent;
    }
    if (ask->kind == NM_ASK_CONTROL)
        request_control(provider, client, ask, &answer, fds);
    else if (ask->kind != NM_ASK_HELLO)
        answer.error = EINVAL;
    if (ask->kind == NM_ASK_CONTROL && ask->reqtype == NETMAP_REQ_REGISTER && !answer.error)
        n_fds = NM_FDS;
    sent = answer_client(client, &answer, fds, n_fds);
    if (fds[NM_FD_BELL] >= 0)
        close(fds[NM_FD_BELL]);
    return sent;
}

void client_ready(struct provider *provider, struct client *client, uint32_t events)
{
    struct nm_ask ask;
    ssize_t n = recv(client->fd, &ask, sizeof ask, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR) && !(events & (EPOLLHUP | EPOLLERR)))
        return;
    if (n != (ssize_t)sizeof ask || ask.version != NM_USER_VERSION || !serve(provider, client, &ask))
        client_drop(provider, client);
}
