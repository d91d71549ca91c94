/* socket: ports: what Socket elements send and receive through. A port is opened empty and then told by its
 * element what it is to be connected to. */
#ifndef NMCLICK_SOCKET_PORT_H
#define NMCLICK_SOCKET_PORT_H

#include "nmclick/port.h"

/* As bind() and connect() take it: struct sockaddr_in or sockaddr_un. */
#define NM_SOCKET_ADDRESS_SIZE 110
struct nm_socket_address {
    uint8_t bytes[NM_SOCKET_ADDRESS_SIZE];
    uint32_t length; /* 0: none */
};

struct nm_socket_config {
    int family, type, protocol;             /* as socket() takes them */
    struct nm_socket_address local, remote; /* bound to (servers always are); connected or sent to */
    bool client;
    bool no_delay;       /* TCP: segments leave at once */
    bool each_its_own;   /* every packet starts with the 4 bytes of the IPv4 address it is sent to */
    int64_t send_buffer; /* bytes in the kernel; negative: its default */
    int64_t receive_buffer;
    uint32_t snap_length; /* longest packet that is received */
    /* Asked by a server about who connects or sends (IPv4, network byte order). NULL: all are welcome. */
    bool (*allows)(void *owner, uint32_t address);
    /* Told what happens to connections. NULL: nobody is. */
    void (*say)(void *owner, const char *text);
    void *owner;
};

/* Whether the port is one of these: --port may have put another in its place. */
bool nm_socket_is(const struct nm_port *port);

/* Bind, connect (clients wait for it), listen. 0, or -errno with "CALL: reason" in `error`. */
int nm_socket_start(struct nm_port *port, const struct nm_socket_config *config, char *error, size_t size);

/* Whether there is somebody to send to. */
bool nm_socket_connected(const struct nm_port *port);

#endif
