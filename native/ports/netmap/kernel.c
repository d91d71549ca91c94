/* The kernel's netmap: its system calls, and what differs between Linux and FreeBSD. */
#include "kernel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE "/dev/netmap"

#ifdef __FreeBSD__

const char nm_kernel_load_cure[] = "kldload netmap, or build a kernel with 'device netmap'";
const char nm_kernel_permission_cure[] = "run as root, or 'chmod g+rw " DEVICE "' for your group";
#define SYNC_DIRECTION 0x20000000ul /* _IO() has a direction there */
#define UP_COMMAND "ifconfig %s up"

static void look_at_offloads(int fd, struct ifreq *ifr, struct nm_interface *interface)
{
    if (ioctl(fd, SIOCGIFCAP, ifr) < 0 ||
        !(ifr->ifr_curcap & (IFCAP_TXCSUM | IFCAP_TXCSUM_IPV6 | IFCAP_TSO | IFCAP_LRO)))
        return;
    snprintf(interface->offload_cure, sizeof interface->offload_cure,
             "ifconfig %s -txcsum -txcsum6 -tso -lro", ifr->ifr_name);
}

#else

#include <linux/ethtool.h>
#include <linux/sockios.h>

const char nm_kernel_load_cure[] = "load it with 'modprobe netmap' (github.com/luigirizzo/netmap)";
const char nm_kernel_permission_cure[] =
    "run as root, or give the device to your group: 'chgrp GROUP " DEVICE "; chmod g+rw " DEVICE "'";
#define SYNC_DIRECTION 0ul
#define UP_COMMAND "ip link set dev %s up"

static void look_at_offloads(int fd, struct ifreq *ifr, struct nm_interface *interface)
{
    static const struct {
        uint32_t command;
        const char *name;
    } offloads[] = {
        {ETHTOOL_GTXCSUM, "tx"}, {ETHTOOL_GRXCSUM, "rx"}, {ETHTOOL_GGSO, "gso"},
        {ETHTOOL_GTSO, "tso"},   {ETHTOOL_GGRO, "gro"},
    };
    char *cure = interface->offload_cure;
    size_t room = sizeof interface->offload_cure;
    for (size_t i = 0; i < sizeof offloads / sizeof offloads[0]; i++) {
        struct ethtool_value value = {.cmd = offloads[i].command};
        ifr->ifr_data = (char *)&value;
        if (ioctl(fd, SIOCETHTOOL, ifr) < 0 || !value.data)
            continue;
        if (!*cure)
            snprintf(cure, room, "ethtool -K %s", ifr->ifr_name);
        snprintf(cure + strlen(cure), room - strlen(cure), " %s off", offloads[i].name);
    }
}

#endif

bool nm_kernel_present(void)
{
    struct stat status;
    return stat(DEVICE, &status) == 0 && S_ISCHR(status.st_mode);
}

/* IPv4, or IPv6 beyond the link. */
static bool is_address(const struct sockaddr *address)
{
    if (!address || address->sa_family != AF_INET6)
        return address && address->sa_family == AF_INET;
    return !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static void look_at_addresses(const char *name, struct nm_interface *interface)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) < 0)
        return;
    for (const struct ifaddrs *each = all; each && !*interface->address; each = each->ifa_next) {
        if (strcmp(each->ifa_name, name) != 0 || !is_address(each->ifa_addr))
            continue;
        const void *address =
            each->ifa_addr->sa_family == AF_INET
                ? (const void *)&((const struct sockaddr_in *)(const void *)each->ifa_addr)->sin_addr
                : (const void *)&((const struct sockaddr_in6 *)(const void *)each->ifa_addr)->sin6_addr;
        inet_ntop(each->ifa_addr->sa_family, address, interface->address, sizeof interface->address);
    }
    freeifaddrs(all);
}

void nm_kernel_interface(const char *name, struct nm_interface *interface)
{
    *interface = (struct nm_interface){0};
    if (strlen(name) >= IFNAMSIZ || !if_nametoindex(name))
        return;
    interface->exists = true;
    snprintf(interface->up_cure, sizeof interface->up_cure, UP_COMMAND, name);
    look_at_addresses(name, interface);
    struct ifreq ifr = {0};
    memcpy(ifr.ifr_name, name, strlen(name));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    interface->up = ioctl(fd, SIOCGIFFLAGS, &ifr) < 0 || (ifr.ifr_flags & IFF_UP);
    look_at_offloads(fd, &ifr, interface);
    close(fd);
}

static int kernel_open(void)
{
    return open(DEVICE, O_RDWR | O_CLOEXEC);
}

static int kernel_ioctl(int fd, unsigned long request, void *argument)
{
    if (request == NIOCTXSYNC || request == NIOCRXSYNC)
        request |= SYNC_DIRECTION;
    return ioctl(fd, request, argument);
}

static void *kernel_map(int fd, size_t length)
{
    return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* poll() itself syncs. */
static int kernel_wait(int fd, short *events)
{
    (void)events;
    return fd;
}

const struct nm_netmap_calls nm_kernel_calls = {
    .provider = "the kernel's netmap",
    .open = kernel_open,
    .ioctl = kernel_ioctl,
    .map = kernel_map,
    .unmap = munmap,
    .poll = poll,
    .close = close,
    .wait = kernel_wait,
};
