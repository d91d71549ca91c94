/* What a socket port keeps, and how it gets connected. */
#ifndef NMCLICK_PORTS_SOCKET_SETUP_H
#define NMCLICK_PORTS_SOCKET_SETUP_H

#include <sys/socket.h>
#include <time.h>

#include "nmclick/socket_port.h"

struct socket_port {
    struct nm_socket_config config;
    int fd;                         /* bound, listening or connected; -1: closed */
    int active;                     /* read and written; -1: nobody is there */
    struct sockaddr_storage remote; /* where datagrams go */
    socklen_t remote_length;        /* 0: not known yet */
    size_t sent;                    /* bytes of the stream's first unsent packet that are written */
    bool listening, bound;
    bool deaf; /* nobody reads what is received */
    bool asked, answer;
    uint32_t asked_about;
    time_t asked_at;
};

#define SOCKET_NAME_SIZE 128
/* "1.2.3.4:80", or the file of a Unix socket ("" if it has none, "@name" for an abstract one). */
void socket_name(char *name, size_t size, const struct sockaddr_storage *address, socklen_t length);

/* Removes the file that a Unix socket was bound to. */
void socket_unbind(const struct socket_port *s);

void socket_say(const struct socket_port *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
