#define _GNU_SOURCE
#include "device.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "bpf.h"

#define TC_ACTION_DROP 2 /* TC_ACT_SHOT of linux/pkt_cls.h */

static int ask(int fd, const struct nm_device *device, unsigned long what, struct ifreq *request)
{
    memcpy(request->ifr_name, device->name, sizeof request->ifr_name);
    return ioctl(fd, what, request);
}

static int ethtool(int fd, const struct nm_device *device, void *command)
{
    struct ifreq request = {.ifr_data = command};
    return ask(fd, device, SIOCETHTOOL, &request);
}

/* Queues are said to be combined ones and ones that only receive. */
static uint32_t count_queues(int fd, const struct nm_device *device)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    uint32_t n = ethtool(fd, device, &channels) < 0 ? 0 : channels.combined_count + channels.rx_count;
    return n ? n : 1;
}

static bool look_up(struct nm_device *device, const char *spec, char *error, size_t size)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ask(fd, device, SIOCGIFINDEX, &request) < 0) {
        if (fd < 0 || errno != ENODEV)
            nm_port_error(error, size, spec, "cannot look up the interface: %s", strerror(errno));
        else
            nm_port_error(error, size, spec,
                          "there is no interface '%s' in this network namespace (`ip link` lists them)",
                          device->name);
        if (fd >= 0)
            close(fd);
        return false;
    }
    device->index = request.ifr_ifindex;
    device->mtu = ask(fd, device, SIOCGIFMTU, &request) < 0 ? 1500 : (uint32_t)request.ifr_mtu;
    device->up = ask(fd, device, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
    bool ethernet =
        ask(fd, device, SIOCGIFHWADDR, &request) == 0 &&
        (request.ifr_hwaddr.sa_family == ARPHRD_ETHER || request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK);
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    if (ethtool(fd, device, &driver) == 0)
        snprintf(device->driver, sizeof device->driver, "%s", driver.driver);
    device->queues = count_queues(fd, device);
    close(fd);
    if (!ethernet)
        nm_port_error(error, size, spec, "'%s' is no Ethernet interface", device->name);
    return ethernet;
}

static bool take_option(const struct nm_device_option *option, const char *text, size_t length)
{
    size_t name = strlen(option->name);
    if (length < name || memcmp(text, option->name, name) != 0)
        return false;
    if (!option->number) {
        if (length == name)
            *option->given = true;
        return length == name;
    }
    if (length < name + 2 || length > name + 6 || text[name] != '=')
        return false;
    uint32_t value = 0;
    for (size_t i = name + 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    *option->number = value;
    if (option->given)
        *option->given = true;
    return true;
}

static void say_options(const struct nm_device_option *options, unsigned n_options, const char *spec,
                        const char *text, size_t length, char *error, size_t size)
{
    char known[256] = "";
    for (unsigned i = 0; i < n_options; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s%s", i ? ", " : "", options[i].name,
                 options[i].number ? "=NUMBER" : "");
    }
    nm_port_error(error, size, spec, "there is no option '%.*s' here, only %s", (int)length, text, known);
}

bool nm_device_parse(struct nm_device *device, const struct nm_device_option *options, unsigned n_options,
                     const char *spec, const char *rest, char *error, size_t size)
{
    size_t length = strcspn(rest, ",");
    *device = (struct nm_device){0};
    if (length == 0 || length >= sizeof device->name) {
        nm_port_error(error, size, spec, "the name of an interface has 1 to %zu characters",
                      sizeof device->name - 1);
        return false;
    }
    memcpy(device->name, rest, length);
    for (const char *at = rest + length; *at; at += length) {
        length = strcspn(++at, ",");
        bool taken = false;
        for (unsigned i = 0; i < n_options && !taken; i++)
            taken = take_option(&options[i], at, length);
        if (!taken) {
            say_options(options, n_options, spec, at, length, error, size);
            return false;
        }
    }
    return look_up(device, spec, error, size);
}

bool nm_device_merges(const struct nm_device *device)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct ethtool_value gro = {.cmd = ETHTOOL_GGRO}, flags = {.cmd = ETHTOOL_GFLAGS};
    bool merges = (ethtool(fd, device, &gro) == 0 && gro.data) ||
                  (ethtool(fd, device, &flags) == 0 && (flags.data & ETH_FLAG_LRO));
    close(fd);
    return merges;
}

int nm_device_promiscuous(const struct nm_device *device)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    struct packet_mreq wish = {.mr_ifindex = device->index, .mr_type = PACKET_MR_PROMISC};
    if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish, sizeof wish) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A program at the entry of the stack, behind the packet sockets, that drops everything. */
int nm_device_seclude(const struct nm_device *device)
{
    static const struct bpf_insn drop_all[] = {
        BPF_SET_IMMEDIATE(BPF_REG_0, TC_ACTION_DROP),
        BPF_RETURN,
    };
    int program = nm_bpf_load(BPF_PROG_TYPE_SCHED_CLS, drop_all, sizeof drop_all / sizeof *drop_all);
    if (program < 0)
        return -1;
    int link = nm_bpf_attach(program, device->index, NM_BPF_TCX_INGRESS, 0);
    int err = errno;
    close(program);
    errno = err;
    return link;
}

void nm_device_error(char *error, size_t size, const char *spec, const char *what, const char *capability,
                     int err)
{
    if (err == EPERM || err == EACCES)
        nm_port_error(error, size, spec, "%s: not permitted; that needs %s: run as root", what, capability);
    else
        nm_port_error(error, size, spec, "%s: %s", what, strerror(err));
}
