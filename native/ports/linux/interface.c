/* Addresses, routes and flags of network interfaces, by ioctl (netdevice(7), route in rtnetlink's stead). */
#define _GNU_SOURCE
#include "nmclick/interface.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    int fd;
    const char *name;
    char *error;
    size_t size;
};

static cold_path int refused(const struct request *r, const char *what)
{
    int err = errno;
    if (err == EPERM || err == EACCES)
        snprintf(r->error, r->size, "%s: cannot set %s: no permission; it needs the capability CAP_NET_ADMIN",
                 r->name, what);
    else
        snprintf(r->error, r->size, "%s: cannot set %s: %s", r->name, what, strerror(err));
    return -err;
}

static struct ifreq named(const struct request *r)
{
    struct ifreq ifr = {0};
    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", r->name);
    return ifr;
}

static struct sockaddr inet(uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};
    struct sockaddr any;
    memcpy(&any, &in, sizeof any);
    return any;
}

static int set_ether(const struct request *r, const uint8_t *ether)
{
    struct ifreq ifr = named(r);
    ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(ifr.ifr_hwaddr.sa_data, ether, 6);
    return ioctl(r->fd, SIOCSIFHWADDR, &ifr) < 0 ? refused(r, "the Ethernet address") : 0;
}

static int set_mtu(const struct request *r, uint32_t mtu)
{
    struct ifreq ifr = named(r);
    ifr.ifr_mtu = (int)mtu;
    return ioctl(r->fd, SIOCSIFMTU, &ifr) < 0 ? refused(r, "the MTU") : 0;
}

static int set_up(const struct request *r)
{
    struct ifreq ifr = named(r);
    if (ioctl(r->fd, SIOCGIFFLAGS, &ifr) < 0)
        return refused(r, "it up");
    if (ifr.ifr_flags & IFF_UP)
        return 0;
    ifr.ifr_flags |= IFF_UP;
    return ioctl(r->fd, SIOCSIFFLAGS, &ifr) < 0 ? refused(r, "it up") : 0;
}

/* The mask comes second: a new address sets the one of its class. */
static int set_address(const struct request *r, uint32_t address, uint32_t mask)
{
    struct ifreq ifr = named(r);
    ifr.ifr_addr = inet(address);
    if (ioctl(r->fd, SIOCSIFADDR, &ifr) < 0)
        return refused(r, "the address");
    ifr.ifr_netmask = inet(mask);
    return ioctl(r->fd, SIOCSIFNETMASK, &ifr) < 0 ? refused(r, "the netmask") : 0;
}

static int add_default_route(const struct request *r, uint32_t gateway)
{
    struct rtentry route = {
        .rt_dst = inet(0),
        .rt_genmask = inet(0),
        .rt_gateway = inet(gateway),
        .rt_flags = RTF_UP | RTF_GATEWAY,
    };
    if (ioctl(r->fd, SIOCADDRT, &route) < 0 && errno != EEXIST)
        return refused(r, "the default route");
    return 0;
}

static int configure(const struct request *r, const struct nm_interface *wanted)
{
    int err = wanted->ether ? set_ether(r, wanted->ether) : 0;
    if (!err && wanted->mtu)
        err = set_mtu(r, wanted->mtu);
    if (!err && wanted->up)
        err = set_up(r);
    if (!err && wanted->address)
        err = set_address(r, wanted->address, wanted->mask);
    if (!err && wanted->gateway)
        err = add_default_route(r, wanted->gateway);
    return err;
}

int nm_interface_configure(const char *name, const struct nm_interface *wanted, char *error, size_t size)
{
    struct request request = {.name = name, .error = error, .size = size};
    request.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (request.fd < 0) {
        snprintf(error, size, "%s: no socket to configure it with: %s", name, strerror(errno));
        return -errno;
    }
    int err = configure(&request, wanted);
    close(request.fd);
    return err;
}
