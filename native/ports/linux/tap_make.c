/* Making the interfaces of tap: and tun: ports (Documentation/networking/tuntap in the kernel's sources). */
#define _GNU_SOURCE
#include "tap.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "nmclick/interface.h"

#define TAP_DEVICE "/dev/net/tun"

void tap_free(struct tap *tap)
{
    for (unsigned i = 0; i < tap->n_queues; i++)
        close(tap->queue[i]);
    free(tap);
}

/* "NAME" or "NAME,rings=N". */
static bool tap_parse(const char *rest, char *name, unsigned *rings)
{
    size_t length = strcspn(rest, ",");
    char *end;
    if (length >= IFNAMSIZ)
        return false;
    for (size_t i = 0; i < length; i++)
        if (rest[i] == '/' || rest[i] == ':' || isspace((unsigned char)rest[i]))
            return false;
    memcpy(name, rest, length);
    name[length] = 0;
    if (!rest[length])
        return true;
    if (strncmp(rest + length, ",rings=", 7) != 0 || !isdigit((unsigned char)rest[length + 7]))
        return false;
    unsigned long n = strtoul(rest + length + 7, &end, 10);
    *rings = (unsigned)n;
    return !*end && n >= 1 && n <= TAP_RINGS_MAX;
}

static int tap_open_queue(struct tap *tap, int flags)
{
    int fd = open(TAP_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct ifreq ifr = {.ifr_flags = (short)flags};
    memcpy(ifr.ifr_name, tap->name, sizeof ifr.ifr_name);
    if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    memcpy(tap->name, ifr.ifr_name, sizeof tap->name);
    tap->queue[tap->n_queues++] = fd;
    return 0;
}

static cold_path void tap_say_why(char *error, size_t size, const char *spec, const struct tap *tap,
                                  bool is_tap, int err)
{
    const char *kind = is_tap ? "TAP" : "TUN";
    switch (err) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        nm_port_error(error, size, spec, "there is no " TAP_DEVICE "; 'modprobe tun' makes it");
        break;
    case EPERM:
    case EACCES:
        nm_port_error(error, size, spec,
                      "no permission to make a network interface; it needs the capability CAP_NET_ADMIN "
                      "(run as root, or give it with setcap)");
        break;
    case EBUSY:
        nm_port_error(error, size, spec, "the interface '%s' is in use by another program", tap->name);
        break;
    case EINVAL:
        nm_port_error(error, size, spec, "'%s' is an interface already, and not a %s one with as many queues",
                      tap->name, kind);
        break;
    default:
        nm_port_error(error, size, spec, "cannot make a %s interface: %s", kind, strerror(err));
    }
}

static int tap_open_queues(struct tap *tap, bool is_tap, unsigned rings)
{
    int flags = (is_tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (rings > 1 ? IFF_MULTI_QUEUE : 0), err = 0;
    for (unsigned i = 0; i < rings && !err; i++)
        err = tap_open_queue(tap, flags);
    return err;
}

struct tap *tap_make(const char *spec, const char *rest, bool is_tap, const struct nm_port_options *options,
                     char *error, size_t size)
{
    struct tap *tap = calloc(1, sizeof *tap);
    unsigned rings = options->rings ? options->rings : 1;
    if (!tap) {
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    if (!tap_parse(rest, tap->name, &rings) || rings > TAP_RINGS_MAX) {
        nm_port_error(error, size, spec,
                      "write %s:NAME or %s:NAME,rings=N; a name has at most %d letters, N is at most %u",
                      is_tap ? "tap" : "tun", is_tap ? "tap" : "tun", IFNAMSIZ - 1, TAP_RINGS_MAX);
        free(tap);
        return NULL;
    }
    int err = tap_open_queues(tap, is_tap, rings);
    if (err) {
        tap_say_why(error, size, spec, tap, is_tap, -err);
        tap_free(tap);
        return NULL;
    }
    if (nm_interface_configure(tap->name, &(struct nm_interface){.mtu = options->mtu, .up = true}, error,
                               size)) {
        tap_free(tap);
        return NULL;
    }
    return tap;
}
