/* Several processes on one switch: peers NAME. Prints what happened, then waits for its input to end. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "client.h"
#include "ports/netmap/user.h"

#define MAGIC UINT64_C(0x6e6d636c69636b21)

/* What the processes of a test tell each other. */
struct board {
    volatile bool stop;
    volatile uint64_t received, broken, most_ns, sum_ns;
};

static struct board *board;

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t mix(uint64_t sum, uint64_t word)
{
    return (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* A packet whose every byte can be checked: magic, number, filling, sum. */
static void put_checked(const struct client *client, uint8_t to, uint8_t from, uint64_t number)
{
    struct netmap_slot *slot = &client->tx->slot[client->tx->head];
    uint8_t *data = slot_data(client->tx, slot);
    uint32_t words = 3 + number % 150;
    uint64_t sum = 0;
    put_macs(data, to, from);
    store_u64(data + 16, MAGIC);
    store_u64(data + 24, number);
    for (uint32_t i = 2; i < words; i++)
        store_u64(data + 16 + 8 * i, number * i);
    for (uint32_t i = 0; i < words; i++)
        sum = mix(sum, load_u64(data + 16 + 8 * i));
    store_u64(data + 16 + 8 * words, sum);
    slot->len = (uint16_t)(24 + 8 * words);
    slot->flags = 0;
    advance(client->tx);
}

/* The number of a packet that was sent as above; -1: none of those; -2: it was, but is broken. */
static int64_t get_checked(const uint8_t *data, uint32_t length, uint8_t from)
{
    if (length < 48 || data[11] != from || data[6] != 2 || load_u64(data + 16) != MAGIC)
        return -1;
    uint64_t number = load_u64(data + 24), sum = 0;
    uint32_t words = 3 + number % 150;
    if (length != 24 + 8 * words)
        return -2;
    for (uint32_t i = 0; i < words; i++)
        sum = mix(sum, load_u64(data + 16 + 8 * i));
    return load_u64(data + 16 + 8 * words) == sum ? (int64_t)number : -2;
}

static bool valid(uint32_t buffer)
{
    return buffer >= 2 && buffer < 4096;
}

static void wait_for(const struct client *client, short events, int timeout)
{
    struct pollfd ready = {.fd = client->fd, .events = events};
    nm_user_calls.poll(&ready, 1, timeout);
}

static void send_checked(const char *name, uint8_t to, uint8_t from)
{
    struct client client = open_sized(name, 128);
    for (uint64_t number = 0; !board->stop;) {
        wait_for(&client, POLLOUT, 50);
        for (uint32_t n = ring_space(client.tx); n > 0; n--)
            put_checked(&client, to, from, number++);
        usleep(100);
    }
}

static void receive_checked(const char *name, uint8_t own, uint8_t from)
{
    struct client client = open_sized(name, 128);
    int64_t last = -1;
    send_frame(&client, 0xff, own, 0); /* here I am */
    while (!board->stop) {
        wait_for(&client, POLLIN, 50);
        for (; client.rx->head != client.rx->tail; advance(client.rx)) {
            struct netmap_slot *slot = &client.rx->slot[client.rx->head];
            int64_t number = get_checked(slot_data(client.rx, slot), slot->len, from);
            if (number == -1)
                continue;
            if (number <= last)
                board->broken++;
            last = number;
            board->received++;
        }
    }
}

static pid_t start(void (*run)(void))
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    random_state ^= (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);
    run();
    _exit(0);
}

static void run_sender(void)
{
    send_checked("vale0:s", 2, 1);
}

static void run_receiver(void)
{
    receive_checked("vale0:r", 2, 1);
}

/* Sends and receives with anybody, changes buffers; an end of a pipe in a region that the other end may
 * spoil. */
static void trade(const char *name, uint32_t extra)
{
    struct client client = open_wished(
        name, (struct nmreq_register){.nr_tx_slots = 64, .nr_rx_slots = 64, .nr_extra_bufs = extra});
    uint32_t spare = client.nifp->ni_bufs_head;
    uint8_t *const buffers = netmap_buffer(client.tx, 0); /* what stands in the ring may change */
    while (!board->stop) {
        wait_for(&client, POLLIN | POLLOUT, 5);
        const uint32_t n = 64;
        for (uint32_t at = client.rx->head % n, tail = client.rx->tail % n; at != tail; at = (at + 1) % n) {
            struct netmap_slot *slot = &client.rx->slot[at];
            uint32_t got = *(volatile uint32_t *)&slot->buf_idx;
            if (spare && valid(got)) {
                slot->buf_idx = spare;
                slot->flags = NS_BUF_CHANGED;
                spare = got;
            }
            client.rx->head = client.rx->cur = (at + 1) % n;
        }
        for (uint32_t at = client.tx->head % n, tail = client.tx->tail % n; at != tail; at = (at + 1) % n) {
            struct netmap_slot *slot = &client.tx->slot[at];
            uint32_t buffer = *(volatile uint32_t *)&slot->buf_idx;
            if (valid(buffer))
                put_macs(buffers + (size_t)buffer * 2048, 0xff, 77);
            slot->len = 60;
            client.tx->head = client.tx->cur = (at + 1) % n;
        }
    }
}

static void run_trader(void)
{
    trade("load{1", 16);
}

static void run_victim(void)
{
    switch (next_random() % 3) {
    case 0:
        trade("load}1", 16);
        break;
    case 1:
        trade("vale0:v", 16);
        break;
    default:
        receive_checked("vale0:w", 3, 1);
    }
}

static void stop_all(const pid_t *children, unsigned n)
{
    board->stop = true;
    for (unsigned i = 0; i < n; i++) {
        int status;
        CHECK_EQUAL(waitpid(children[i], &status, 0), children[i]);
        CHECK_EQUAL(status, 0);
    }
}

static void let_look(void)
{
    char line[16];
    fflush(stdout);
    CHECK(read(0, line, sizeof line) >= 0);
}

static void kills(void)
{
    pid_t children[] = {start(run_receiver), start(run_sender), start(run_trader)};
    usleep(100000);
    for (unsigned i = 0; i < 200; i++) {
        pid_t victim = start(run_victim);
        usleep((useconds_t)(2000 + next_random() % 30000));
        CHECK_EQUAL(kill(victim, SIGKILL), 0);
        waitpid(victim, NULL, 0);
    }
    printf("%d %d\n", board->received > 1000, (int)board->broken);
    let_look();
    stop_all(children, 3);
}

/* Writes whatever wherever it can. */
static void scribble(struct client *client, const struct nm_user *user)
{
    const uint64_t words = client->reg.nr_memsize / 8, mail_words = user->mail_size / 8;
    volatile uint64_t *memory = (volatile uint64_t *)client->memory, *mail = (volatile uint64_t *)user->mail;
    struct netmap_ring *rings[2] = {client->tx, client->rx};
    for (;;) {
        uint64_t r = next_random(), value = next_random();
        struct netmap_ring *ring = rings[r & 1];
        switch (r >> 1 & 15) {
        case 0 ... 3:
            ((volatile struct netmap_slot *)ring->slot)[(r >> 8) % 64] =
                (struct netmap_slot){.buf_idx = (uint32_t)(value % 5000),
                                     .len = (uint16_t)(value >> 32),
                                     .flags = (uint16_t)(value >> 48),
                                     .ptr = value};
            break;
        case 4:
            ((volatile struct netmap_slot *)ring->slot)[(r >> 8) % 64].buf_idx = (uint32_t)value;
            break;
        case 5:
            memory[(r >> 8) % 16384] = value; /* interfaces and rings */
            break;
        case 6:
            memory[(r >> 8) % words] = value;
            break;
        case 7:
            mail[(r >> 8) % mail_words] = value % 3 ? value % 70 : value;
            break;
        case 8 ... 12: { /* plausible positions */
            struct nm_mail_ring *line = (r >> 5 & 1) ? user->tx->mail : user->rx->mail;
            *(volatile uint32_t *)&line->head = (uint32_t)(value % 64);
            (*(volatile uint32_t *)&line->asked)++;
            break;
        }
        case 13: { /* something like a packet */
            uint8_t *data = client->memory + user->region.size + 2048 * (2 + value % 128);
            put_macs(data, (uint8_t)(r >> 8), (uint8_t)(r >> 16 | 64));
            ring->slot[(r >> 24) % 64].len = 60;
            break;
        }
        default:
            if (r >> 40 & 63)
                break;
            send(user->bell, &value, 1 + value % 8, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (!(r >> 46 & 63))
                send(user->fd, &value, 8, MSG_DONTWAIT | MSG_NOSIGNAL); /* not a request */
        }
    }
}

static void run_fuzzer(void)
{
    struct client client = open_sized(next_random() % 2 ? "vale0:f" : "load}1", 64);
    scribble(&client, nm_user_find(client.fd));
}

static void fuzz(void)
{
    pid_t children[] = {start(run_receiver), start(run_sender), start(run_trader)};
    usleep(100000);
    uint64_t before = board->received;
    for (unsigned i = 0; i < 60; i++) {
        pid_t fuzzers[] = {start(run_fuzzer), start(run_fuzzer)};
        usleep((useconds_t)(20000 + next_random() % 60000));
        for (unsigned k = 0; k < 2; k++) {
            kill(fuzzers[k], SIGKILL);
            waitpid(fuzzers[k], NULL, 0);
        }
    }
    printf("%d %d\n", board->received > before + 1000, (int)board->broken);
    let_look();
    stop_all(children, 3);
}

/* Sleeps in poll; how long after it was sent a packet is there, in the median of 200. */
static void run_sleeper(void)
{
    struct client client = open_sized("vale0:b", 64);
    send_frame(&client, 0xff, 2, 0);
    while (!board->stop) {
        wait_for(&client, POLLIN, 1000);
        for (int64_t sent; (sent = receive_frame(&client)) >= 0;) {
            board->sum_ns = now_ns() - (uint64_t)sent;
            board->received++;
        }
    }
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void wakes(void)
{
    uint64_t times[200];
    pid_t child = start(run_sleeper);
    struct client client = open_sized("vale0:a", 64);
    usleep(300000);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t before = board->received;
        usleep(3000);
        send_frame(&client, 2, 1, now_ns());
        for (unsigned k = 0; board->received == before && k < 2000; k++)
            usleep(500);
        CHECK_EQUAL(board->received, before + 1);
        times[i] = board->sum_ns;
    }
    qsort(times, 200, sizeof *times, by_size);
    printf("%lu\n", times[100] / 1000);
    close_client(&client);
    stop_all(&child, 1);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Ports that are polled and get nothing. */
static void idles(void)
{
    struct client a = open_client("vale0:a"), b = open_client("vale0:b"), m = open_sized("p{1", 16),
                  s = open_sized("p}1", 16);
    send_frame(&a, 0xff, 1, 1);
    CHECK_EQUAL(receive_frame(&b), 1);
    rxsync(&b);
    for (unsigned i = 0; i < 15; i++)
        put_frame(&m, 1, 2, i, 60, 0);
    txsync(&m);
    usleep(100000);
    printf("begin\n");
    let_look();
    double before = cpu_seconds();
    struct pollfd ready[] = {
        {.fd = a.fd, .events = POLLIN}, {.fd = b.fd, .events = POLLIN}, {.fd = m.fd, .events = POLLOUT}};
    CHECK_EQUAL(nm_user_calls.poll(ready, 3, 1000), 0);
    printf("%d\n", cpu_seconds() - before < 0.05);
    let_look();
    close_client(&a);
    close_client(&b);
    close_client(&m);
    close_client(&s);
}

/* A descriptor of the system among the provider's, and wait() for who polls by himself. */
static void mixes(void)
{
    struct client a = open_client("vale0:a"), b = open_client("vale0:b");
    int ends[2];
    char byte;
    CHECK_EQUAL(pipe(ends), 0);
    struct pollfd ready[] = {{.fd = ends[0], .events = POLLIN}, {.fd = b.fd, .events = POLLIN}, {.fd = -1}};
    CHECK_EQUAL(nm_user_calls.poll(ready, 3, 10), 0);
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    CHECK_EQUAL(nm_user_calls.poll(ready, 3, -1), 1);
    CHECK_EQUAL(ready[0].revents, POLLIN);
    CHECK_EQUAL(ready[1].revents, 0);
    send_frame(&a, 0xff, 1, 5);
    CHECK_EQUAL(nm_user_calls.poll(ready, 3, -1), 2);
    CHECK_EQUAL(ready[1].revents, POLLIN);
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_EQUAL(receive_frame(&b), 5);
    short events = POLLIN;
    struct pollfd alone = {.fd = nm_user_calls.wait(b.fd, &events)};
    alone.events = events;
    CHECK_EQUAL(poll(&alone, 1, 20), 0);
    send_frame(&a, 0xff, 1, 6);
    CHECK_EQUAL(poll(&alone, 1, 1000), 1);
    CHECK_EQUAL(receive_frame(&b), 6);
    send_frame(&a, 0xff, 1, 7);
    events = POLLIN;
    alone.fd = nm_user_calls.wait(b.fd, &events);
    alone.events = events;
    CHECK_EQUAL(poll(&alone, 1, 0), 1);
    b.rx->cur = b.rx->tail; /* wake me on more than that */
    ready[1].revents = 0;
    CHECK_EQUAL(nm_user_calls.poll(&ready[1], 1, 10), 0);
    close_client(&a);
    close_client(&b);
    printf("fine\n");
}

/* The switch process dies: errors, no crash, and a new one for who comes then. */
static void orphan(void)
{
    struct client a = open_client("vale0:a");
    printf("begin\n");
    let_look();
    struct pollfd ready = {.fd = a.fd, .events = POLLIN};
    CHECK_EQUAL(nm_user_calls.poll(&ready, 1, 5000), 1);
    CHECK_EQUAL(ready.revents, POLLERR);
    put_frame(&a, 0xff, 1, 1, 60, 0);
    CHECK(nm_user_calls.ioctl(a.fd, NIOCTXSYNC, NULL) < 0 && errno == ENXIO);
    CHECK(nm_user_calls.ioctl(a.fd, NIOCRXSYNC, NULL) < 0 && errno == ENXIO);
    CHECK_EQUAL(load_u32(&a.tx->num_slots), 1024);
    close_client(&a);
    a = open_client("vale0:a");
    send_frame(&a, 0xff, 1, 1);
    close_client(&a);
    printf("fine\n");
}

static void run_stranger(void)
{
    struct nmreq_register reg = {0};
    int fd = open_netmap();
    CHECK_EQUAL(try_register(fd, "vale0:a", &reg, NULL), EBUSY);
    reg = (struct nmreq_register){.nr_mem_id = 2};
    CHECK_EQUAL(try_register(fd, "vale0:b", &reg, NULL), EINVAL);
    reg = (struct nmreq_register){0};
    CHECK_EQUAL(try_register(fd, "vale0:a}1", &reg, NULL), 0);
    CHECK(reg.nr_mem_id != 2);
}

/* Another process gets neither a port's memory nor its region's. */
static void strangers(void)
{
    struct client a = open_client("vale0:a");
    CHECK_EQUAL(a.reg.nr_mem_id, 2);
    pid_t child = start(run_stranger);
    stop_all(&child, 1);
    close_client(&a);
    printf("fine\n");
}

/* Many processes that find no switch process at the same time start one. */
static void run_racer(void)
{
    char name[32];
    snprintf(name, sizeof name, "vale0:p%d", getpid());
    struct client client = open_sized(name, 8);
    send_frame(&client, 0xff, 1, 1);
    close_client(&client);
}

static void races(void)
{
    for (unsigned round = 0; round < 5; round++) {
        pid_t children[8];
        for (unsigned i = 0; i < 8; i++)
            children[i] = start(run_racer);
        stop_all(children, 8);
        usleep((useconds_t)(380000 + next_random() % 60000)); /* about when it leaves */
    }
    printf("fine\n");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } runs[] = {{"kills", kills}, {"fuzz", fuzz},     {"wakes", wakes},         {"idles", idles},
                {"mixes", mixes}, {"orphan", orphan}, {"strangers", strangers}, {"races", races}};
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; argc == 2 && i < sizeof runs / sizeof *runs; i++)
        if (strcmp(runs[i].name, argv[1]) == 0) {
            runs[i].run();
            return 0;
        }
    return 2;
}
