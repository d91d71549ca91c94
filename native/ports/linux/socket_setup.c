/* Binding, connecting and naming the sockets of socket: ports. */
#define _GNU_SOURCE
#include "socket_setup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_BACKLOG 2 /* as Click's */

void socket_name(char *name, size_t size, const struct sockaddr_storage *address, socklen_t length)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        char dotted[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &in->sin_addr, dotted, sizeof dotted);
        snprintf(name, size, "%s:%u", dotted, ntohs(in->sin_port));
        return;
    }
    const struct sockaddr_un *un = (const struct sockaddr_un *)address;
    size_t path =
        length > offsetof(struct sockaddr_un, sun_path) ? length - offsetof(struct sockaddr_un, sun_path) : 0;
    bool abstract = path && !un->sun_path[0];
    snprintf(name, size, "%s%.*s", abstract ? "@" : "", (int)(path - abstract), un->sun_path + abstract);
}

void socket_unbind(const struct socket_port *s)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)s->config.local.bytes;
    if (s->bound && s->config.family == AF_UNIX && un->sun_path[0])
        unlink(un->sun_path);
}

static cold_path int failed(const struct nm_socket_config *config, const char *call, char *error, size_t size)
{
    int err = errno;
    uint16_t port =
        config->family == AF_INET ? ((const struct sockaddr_in *)config->local.bytes)->sin_port : 0;
    if (err == EACCES && port && ntohs(port) < 1024)
        snprintf(error, size, "%s: %s; ports below 1024 need the capability CAP_NET_BIND_SERVICE", call,
                 strerror(err));
    else
        snprintf(error, size, "%s: %s", call, strerror(err));
    return -err;
}

static int set_number(int fd, int level, int option, int64_t value)
{
    int number = value > INT32_MAX ? INT32_MAX : (int)value;
    return setsockopt(fd, level, option, &number, sizeof number);
}

static int set_options(int fd, const struct nm_socket_config *config, char *error, size_t size)
{
    /* A server that starts again need not wait until its last connections are forgotten. */
    if (!config->client && config->protocol == IPPROTO_TCP && set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
        return failed(config, "setsockopt(SO_REUSEADDR)", error, size);
    if (config->protocol == IPPROTO_TCP && config->no_delay &&
        set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
        return failed(config, "setsockopt(TCP_NODELAY)", error, size);
    if (config->send_buffer >= 0 && set_number(fd, SOL_SOCKET, SO_SNDBUF, config->send_buffer) < 0)
        return failed(config, "setsockopt(SO_SNDBUF)", error, size);
    if (config->receive_buffer >= 0 && set_number(fd, SOL_SOCKET, SO_RCVBUF, config->receive_buffer) < 0)
        return failed(config, "setsockopt(SO_RCVBUF)", error, size);
    return 0;
}

/* A server that was killed leaves its file. Removes it if nobody answers there. */
static bool remove_stale(const struct nm_socket_config *config, const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return false;
    int probe = socket(AF_UNIX, config->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = probe >= 0 && connect(probe, (const struct sockaddr *)address, config->local.length) < 0 &&
                   errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    return refused && unlink(address->sun_path) == 0;
}

static cold_path int taken(const struct sockaddr_un *address, char *error, size_t size)
{
    snprintf(error, size, "bind: %s: Address already in use: if no program uses the file any more, remove it",
             address->sun_path);
    return -EADDRINUSE;
}

static const struct sockaddr *as_address(const struct nm_socket_address *address,
                                         struct sockaddr_storage *storage)
{
    memcpy(storage, address->bytes, address->length);
    return (const struct sockaddr *)storage;
}

static int start_client(struct socket_port *s, char *error, size_t size)
{
    const struct nm_socket_address *to = &s->config.remote;
    struct sockaddr_storage remote = {0};
    as_address(to, &remote);
    if (s->config.type == SOCK_STREAM) {
        if (connect(s->fd, (const struct sockaddr *)&remote, to->length) < 0)
            return failed(&s->config, "connect", error, size);
        char name[SOCKET_NAME_SIZE];
        socket_name(name, sizeof name, &remote, to->length);
        socket_say(s, "opened connection %d to %s", s->fd, name);
    }
    s->remote = remote;
    s->remote_length = to->length;
    s->active = s->fd;
    return 0;
}

static int start_server(struct socket_port *s, char *error, size_t size)
{
    if (s->config.type != SOCK_STREAM) {
        s->active = s->fd;
        return 0;
    }
    if (listen(s->fd, SOCKET_BACKLOG) < 0)
        return failed(&s->config, "listen", error, size);
    s->listening = true;
    struct sockaddr_storage local = {0};
    char name[SOCKET_NAME_SIZE];
    as_address(&s->config.local, &local);
    socket_name(name, sizeof name, &local, s->config.local.length);
    socket_say(s, "listening for connections on %s (%d)", name, s->fd);
    return 0;
}

static int bind_local(struct socket_port *s, char *error, size_t size)
{
    const struct nm_socket_config *config = &s->config;
    struct sockaddr_storage local = {0};
    const struct sockaddr *address = as_address(&config->local, &local);
    int failure = bind(s->fd, address, config->local.length);
    if (failure && errno == EADDRINUSE && config->family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&local;
        /* The file of a client that is connected refuses connections, too. */
        if (config->client || !remove_stale(config, un))
            return taken(un, error, size);
        failure = bind(s->fd, address, config->local.length);
    }
    if (failure)
        return failed(config, "bind", error, size);
    s->bound = true;
    return 0;
}

int nm_socket_start(struct nm_port *port, const struct nm_socket_config *config, char *error, size_t size)
{
    struct socket_port *s = port->priv;
    s->config = *config;
    s->fd = socket(config->family, config->type | SOCK_CLOEXEC, config->protocol);
    if (s->fd < 0)
        return failed(config, "socket", error, size);
    int err = set_options(s->fd, config, error, size);
    if (err)
        return err;
    if (config->local.length && (err = bind_local(s, error, size)))
        return err;
    err = config->client ? start_client(s, error, size) : start_server(s, error, size);
    if (!err && fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK) < 0)
        return failed(config, "fcntl", error, size);
    return err;
}
