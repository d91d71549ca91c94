#include "name.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at;
    struct nm_netmap_name *name;
    char *error;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->error, r->size, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_identifier(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}

/* "netmap:" or "valeID:"; `at` is then behind the colon. */
static bool read_scheme(struct reader *r)
{
    const char *colon = strchr(r->at, ':');
    size_t length = colon ? (size_t)(colon - r->at) : 0;
    bool netmap = length >= 6 && memcmp(r->at, "netmap", 6) == 0;
    r->name->vale = length >= 4 && memcmp(r->at, "vale", 4) == 0;
    if (!netmap && !r->name->vale)
        return refuse(r, "a netmap port is written netmap:NAME or valeID:PORT");
    size_t word = netmap ? 6 : 4;
    if (netmap && length != word)
        return refuse(r, "'%.*s' stands between 'netmap' and ':'", (int)(length - word), r->at + word);
    if (!is_identifier(r->at + word, length - word))
        return refuse(r, "the switch '%.*s' may have only letters, digits and _ in its name",
                      (int)(length - word), r->at + word);
    r->at = colon + 1;
    return true;
}

/* The port and what makes it a pipe, up to the mode. `start`: where the name of the request begins. */
static bool read_port(struct reader *r, const char *start)
{
    const char *end = r->at + strcspn(r->at, "-*^/@");
    const char *mark = r->at + strcspn(r->at, "{}");
    size_t length = (size_t)(end - start);
    r->name->pipe = mark < end;
    if (r->name->pipe && mark + 1 == end)
        return refuse(r, "the name of the pipe is missing behind '%c'", *mark);
    if (r->name->pipe && !is_identifier(mark + 1, (size_t)(end - mark - 1)))
        return refuse(r, "the pipe '%.*s' may have only letters, digits and _ in its name",
                      (int)(end - mark - 1), mark + 1);
    if (length == 0)
        return refuse(r, "the name of the port is missing");
    if (length >= sizeof r->name->name)
        return refuse(r, "the name has %zu characters, %zu is the most", length, sizeof r->name->name - 1);
    memcpy(r->name->name, start, length);
    r->name->name[length] = '\0';
    r->at = end;
    return true;
}

static bool read_number(struct reader *r, const char *what, unsigned long least, unsigned long most,
                        unsigned long *number)
{
    size_t digits = strspn(r->at, "0123456789");
    if (!digits)
        return refuse(r, *r->at ? "%s is expected at '%s'" : "%s is missing at the end", what, r->at);
    *number = digits < 10 ? strtoul(r->at, NULL, 10) : ULONG_MAX;
    if (*number < least || *number > most)
        return refuse(r, "%s is %.*s, it can be %lu to %lu", what, (int)digits, r->at, least, most);
    r->at += digits;
    return true;
}

static bool read_mode(struct reader *r)
{
    struct nmreq_register *request = &r->name->request;
    unsigned long ring;
    request->nr_mode = NR_REG_ALL_NIC;
    switch (*r->at) {
    case '*':
        request->nr_mode = NR_REG_NIC_SW;
        r->at++;
        return true;
    case '^':
        request->nr_mode = NR_REG_SW;
        r->at++;
        if (!isdigit((unsigned char)*r->at))
            return true;
        request->nr_mode = NR_REG_ONE_SW;
        break;
    case '-':
        request->nr_mode = NR_REG_ONE_NIC;
        r->at++;
        break;
    default:
        return true;
    }
    if (!read_number(r, "the number of a ring", 0, NETMAP_MOST_RING_ID, &ring))
        return false;
    request->nr_ringid = (uint16_t)ring;
    return true;
}

static bool read_flags(struct reader *r)
{
    static const struct {
        char letter;
        uint32_t flag;
    } flags[] = {
        {'x', NR_EXCLUSIVE},  {'z', NR_ZCOPY_MON},     {'t', NR_MONITOR_TX},
        {'r', NR_MONITOR_RX}, {'R', NR_RX_RINGS_ONLY}, {'T', NR_TX_RINGS_ONLY},
    };
    if (!*r->at)
        return refuse(r, "flags are missing behind '/': x, z, t, r, R or T");
    for (; *r->at && *r->at != '@'; r->at++) {
        size_t i = 0;
        while (i < sizeof flags / sizeof flags[0] && flags[i].letter != *r->at)
            i++;
        if (i == sizeof flags / sizeof flags[0])
            return refuse(r, "'%c' is no flag; there are x, z, t, r, R and T", *r->at);
        r->name->request.nr_flags |= flags[i].flag;
    }
    return true;
}

static bool read_memory(struct reader *r)
{
    unsigned long id;
    if (!read_number(r, "the number of a memory region", 1, UINT16_MAX, &id))
        return false;
    uint16_t *wish = &r->name->request.nr_mem_id;
    if (*wish && *wish != id)
        return refuse(r, "the memory regions %u and %lu are both asked for", *wish, id);
    *wish = (uint16_t)id;
    return true;
}

/* What stands behind the '=' of a key, or nothing. */
struct value {
    const char *text;
    size_t length;
};

struct option {
    const char *name;
    const char *const *keys; /* up to a NULL */
    bool first_is_default;   /* "@NAME=value" sets the first key, which must be given */
    bool (*apply)(struct reader *r, const struct value *values);
};

#define MAX_KEYS 9

static bool same_key(const char *key, const char *text, size_t length)
{
    if (strlen(key) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (key[i] != (text[i] == '_' ? '-' : text[i]))
            return false;
    return true;
}

/* A value that is a number up to `most`; what stands there already if none was given. */
static bool to_number(struct reader *r, const struct option *option, unsigned key, const struct value *values,
                      uint32_t most, uint32_t *number)
{
    const struct value *value = &values[key];
    if (!value->text)
        return true;
    bool digits =
        value->length > 0 && value->length < 10 && strspn(value->text, "0123456789") >= value->length;
    unsigned long parsed = digits ? strtoul(value->text, NULL, 10) : 0;
    if (!digits || parsed > most)
        return refuse(r, "@%s: '%.*s' is no number up to %u for %s", option->name, (int)value->length,
                      value->text, most, option->keys[key]);
    *number = (uint32_t)parsed;
    return true;
}

static bool to_text(struct reader *r, const struct option *option, const struct value *value, char *text,
                    size_t size)
{
    if (value->length >= size)
        return refuse(r, "@%s: '%.*s' is too long, %zu characters are the most", option->name,
                      (int)value->length, value->text, size - 1);
    memcpy(text, value->text, value->length);
    text[value->length] = '\0';
    return true;
}

enum { RINGS, HOST_RINGS, SLOTS, TX_RINGS, RX_RINGS, HOST_TX_RINGS, HOST_RX_RINGS, TX_SLOTS, RX_SLOTS };
static const char *const share_keys[] = {"port", NULL};
static const char *const extmem_keys[] = {"file",      "if-num",  "if-size",  "ring-num",
                                          "ring-size", "buf-num", "buf-size", NULL};
static const char *const conf_keys[] = {"rings",         "host-rings",    "slots",    "tx-rings", "rx-rings",
                                        "host-tx-rings", "host-rx-rings", "tx-slots", "rx-slots", NULL};
static const char *const offset_keys[] = {"initial", "bits", NULL};

static bool apply_share(struct reader *r, const struct value *values);
static bool apply_extmem(struct reader *r, const struct value *values);
static bool apply_conf(struct reader *r, const struct value *values);
static bool apply_offset(struct reader *r, const struct value *values);

static const struct option options[] = {
    {"share", share_keys, true, apply_share},
    {"extmem", extmem_keys, true, apply_extmem},
    {"conf", conf_keys, false, apply_conf},
    {"offset", offset_keys, true, apply_offset},
};

static bool apply_share(struct reader *r, const struct value *values)
{
    return to_text(r, &options[0], &values[0], r->name->share, sizeof r->name->share);
}

static bool apply_extmem(struct reader *r, const struct value *values)
{
    struct nm_netmap_external *e = &r->name->external;
    uint32_t *const numbers[] = {&e->if_num,    &e->if_size, &e->ring_num,
                                 &e->ring_size, &e->buf_num, &e->buf_size};
    for (unsigned i = 0; i < 6; i++)
        if (!to_number(r, &options[1], i + 1, values, 999999999, numbers[i]))
            return false;
    return to_text(r, &options[1], &values[0], e->file, sizeof e->file);
}

/* Both directions first, each of them after that, in whatever order they are written. */
static bool apply_conf(struct reader *r, const struct value *values)
{
    struct nmreq_register *q = &r->name->request;
    uint32_t tx_rings = q->nr_tx_rings, rx_rings = q->nr_rx_rings, host_tx = q->nr_host_tx_rings,
             host_rx = q->nr_host_rx_rings;
    const struct {
        unsigned key;
        uint32_t most, *number;
    } all[] = {
        {RINGS, UINT16_MAX, &tx_rings},         {RINGS, UINT16_MAX, &rx_rings},
        {HOST_RINGS, UINT16_MAX, &host_tx},     {HOST_RINGS, UINT16_MAX, &host_rx},
        {SLOTS, 999999999, &q->nr_tx_slots},    {SLOTS, 999999999, &q->nr_rx_slots},
        {TX_RINGS, UINT16_MAX, &tx_rings},      {RX_RINGS, UINT16_MAX, &rx_rings},
        {HOST_TX_RINGS, UINT16_MAX, &host_tx},  {HOST_RX_RINGS, UINT16_MAX, &host_rx},
        {TX_SLOTS, 999999999, &q->nr_tx_slots}, {RX_SLOTS, 999999999, &q->nr_rx_slots},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!to_number(r, &options[2], all[i].key, values, all[i].most, all[i].number))
            return false;
    q->nr_tx_rings = (uint16_t)tx_rings;
    q->nr_rx_rings = (uint16_t)rx_rings;
    q->nr_host_tx_rings = (uint16_t)host_tx;
    q->nr_host_rx_rings = (uint16_t)host_rx;
    return true;
}

static bool apply_offset(struct reader *r, const struct value *values)
{
    struct nm_netmap_offset *offset = &r->name->offset;
    offset->wanted = true;
    return to_number(r, &options[3], 0, values, UINT16_MAX, &offset->initial) &&
           to_number(r, &options[3], 1, values, 64, &offset->bits);
}

/* "key=value,key=value" up to `end`. */
static bool read_keys(struct reader *r, const struct option *option, const char *end, struct value *values)
{
    while (r->at < end) {
        const char *stop = memchr(r->at, ',', (size_t)(end - r->at));
        stop = stop ? stop : end;
        const char *equals = memchr(r->at, '=', (size_t)(stop - r->at));
        size_t length = (size_t)((equals ? equals : stop) - r->at);
        unsigned key = 0;
        while (option->keys[key] && !same_key(option->keys[key], r->at, length))
            key++;
        if (!option->keys[key])
            return refuse(r, "@%s has no key '%.*s'", option->name, (int)length, r->at);
        if (values[key].text)
            return refuse(r, "@%s: %s is given twice", option->name, option->keys[key]);
        if (!equals || equals + 1 == stop)
            return refuse(r, "@%s: a value is missing for %s", option->name, option->keys[key]);
        values[key] = (struct value){equals + 1, (size_t)(stop - equals - 1)};
        r->at = stop < end ? stop + 1 : end;
    }
    return true;
}

/* "NAME:key=value,..." or "NAME=value"; the '@' in front of it was read. */
static bool read_option(struct reader *r)
{
    const char *end = r->at + strcspn(r->at, "@");
    size_t length = strcspn(r->at, ":=@");
    struct value values[MAX_KEYS] = {{0}};
    const struct option *option = options, *last = options + sizeof options / sizeof options[0];
    while (option < last && (strlen(option->name) != length || memcmp(option->name, r->at, length) != 0))
        option++;
    if (option == last)
        return refuse(r,
                      "there is no option '@%.*s'; there are @N (a memory region), @share, @conf, @extmem "
                      "and @offset",
                      (int)length, r->at);
    r->at += length;
    char delimiter = *r->at;
    r->at += r->at < end;
    if (delimiter == '=' && !option->first_is_default)
        return refuse(r, "@%s is followed by ':' and key=value", option->name);
    if (delimiter == '=')
        values[0] = (struct value){r->at, (size_t)(end - r->at)};
    else if (!read_keys(r, option, end, values))
        return false;
    bool empty = !values[0].text || values[0].length == 0;
    if (option->first_is_default && empty)
        return refuse(r, "@%s: a value is missing for %s", option->name, option->keys[0]);
    if (!option->first_is_default && delimiter != ':')
        return refuse(r, "@%s is followed by ':' and key=value", option->name);
    r->at = end;
    return option->apply(r, values);
}

/* Flags and memory in any order, then the options. */
static bool read_rest(struct reader *r)
{
    bool in_options = false;
    while (*r->at) {
        char mark = *r->at++;
        bool digit = isdigit((unsigned char)*r->at);
        bool read = false;
        if (mark == '/' && !in_options)
            read = read_flags(r);
        else if (mark == '@' && !*r->at)
            return refuse(r, "a memory region or an option is missing behind '@'");
        else if (mark == '@' && digit && !in_options)
            read = read_memory(r);
        else if (mark == '@')
            read = in_options = read_option(r);
        else
            return refuse(r, "'%c' is not expected at '%s'", mark, r->at - 1);
        if (!read)
            return false;
    }
    return true;
}

bool nm_netmap_parse(const char *spec, struct nm_netmap_name *name, char *error, size_t size)
{
    struct reader r = {.at = spec, .name = name, .error = error, .size = size};
    *name = (struct nm_netmap_name){0};
    return read_scheme(&r) && read_port(&r, name->vale ? spec : r.at) && read_mode(&r) && read_rest(&r);
}
