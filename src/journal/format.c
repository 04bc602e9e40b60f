/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/format.h"

#include "base/crc32c.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    VERSION = 1,
    HEAD_SUM = 60,
    SEAL = 64,
    SEAL_SUM = 124,
    AT_POSITION = 8,
    AT_EVENT = 16,
    AT_ARRIVAL = 24,
    AT_KIND = 32,
    AT_SOURCE = 33,
    AT_TOPIC = 34,
    AT_PAYLOAD = 36
};
static const char magic[8] = {'H', 'B', 'J', 'O', 'U', 'R', 'N', 'L'};

static void put_u16(unsigned char *p, uint16_t v)
{
    v = htole16(v);
    memcpy(p, &v, sizeof v);
}

static void put_u32(unsigned char *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}

static void put_u64(unsigned char *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}

static uint16_t get_u16(const unsigned char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return le16toh(v);
}

static uint32_t get_u32(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint64_t get_u64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

void hb_segment_name(uint64_t start, char *name)
{
    snprintf(name, HB_SEGMENT_NAME, "%020" PRIu64 ".hbj", start);
}

bool hb_segment_name_read(const char *name, uint64_t *ret_start)
{
    uint64_t start = 0;
    for (size_t i = 0; i < 20; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return false;
        }
        unsigned digit = (unsigned)(name[i] - '0');
        if (start > (UINT64_MAX - digit) / 10) {
            return false;
        }
        start = start * 10 + digit;
    }
    if (strcmp(name + 20, ".hbj") != 0 || start % 8) {
        return false;
    }
    *ret_start = start;
    return true;
}

void hb_segment_head_write(unsigned char *p, const hb_segment_head *h)
{
    memset(p, 0, HB_SEGMENT_LEAD);
    memcpy(p, magic, sizeof magic);
    put_u32(p + 8, VERSION);
    put_u32(p + 12, HB_SEGMENT_HEAD);
    put_u64(p + 16, h->start);
    put_u64(p + 24, h->file_bytes);
    put_u64(p + 32, (uint64_t)h->made);
    put_u32(p + HEAD_SUM, hb_crc32c(0, p, HEAD_SUM));
}

const char *hb_segment_head_read(const unsigned char *p, size_t n, hb_segment_head *ret,
                                 bool *ret_newer)
{
    *ret_newer = false;
    if (n < HB_SEGMENT_LEAD) {
        return "shorter than its header";
    }
    if (memcmp(p, magic, sizeof magic) != 0) {
        return "does not begin as a segment";
    }
    if (get_u32(p + HEAD_SUM) != hb_crc32c(0, p, HEAD_SUM)) {
        return "the header's checksum is wrong";
    }
    if (get_u32(p + 8) != VERSION) {
        *ret_newer = true;
        return "it is of another version";
    }
    hb_segment_head h = {
        .start = get_u64(p + 16), .file_bytes = get_u64(p + 24), .made = (hb_time)get_u64(p + 32)};
    if (get_u32(p + 12) != HB_SEGMENT_HEAD || h.start % 8 || h.file_bytes % 4096 ||
        h.file_bytes <= HB_SEGMENT_HEAD || h.file_bytes > HB_SEGMENT_FILE_MAX ||
        h.start > UINT64_MAX - h.file_bytes) {
        return "the header states sizes that cannot be";
    }
    *ret = h;
    return NULL;
}

void hb_segment_seal_write(unsigned char *p, const hb_segment_seal *s)
{
    memset(p + SEAL, 0, HB_SEGMENT_LEAD - SEAL);
    put_u64(p + 64, s->end);
    put_u64(p + 72, s->records);
    put_u64(p + 80, (uint64_t)s->first);
    put_u64(p + 88, (uint64_t)s->newest);
    put_u32(p + SEAL_SUM, hb_crc32c(0, p + SEAL, SEAL_SUM - SEAL));
}

void hb_segment_seal_clear(unsigned char *p)
{
    memset(p + SEAL, 0, HB_SEGMENT_LEAD - SEAL);
}

bool hb_segment_seal_read(const unsigned char *p, size_t n, hb_segment_seal *ret)
{
    if (n < HB_SEGMENT_LEAD || get_u32(p + SEAL_SUM) != hb_crc32c(0, p + SEAL, SEAL_SUM - SEAL)) {
        return false;
    }
    hb_segment_seal s = {.end = get_u64(p + 64),
                         .records = get_u64(p + 72),
                         .first = (hb_time)get_u64(p + 80),
                         .newest = (hb_time)get_u64(p + 88)};
    if (s.end % 8 || s.end == 0) {
        return false;
    }
    *ret = s;
    return true;
}

hb_status hb_record_check(const hb_record *r, hb_error *err)
{
    if (r->kind < HB_RECORD_MESSAGE || r->kind > HB_RECORD_LOSS) {
        return HB_FAIL(err, HB_E_BUG, "a record of kind %d", (int)r->kind);
    }
    if (r->source.n == 0 || r->source.n > HB_RECORD_SOURCE_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "a source's name has 1 to %d bytes, got %zu",
                       HB_RECORD_SOURCE_MAX, r->source.n);
    }
    if (r->topic.n > HB_RECORD_TOPIC_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "a topic of %zu bytes, at most %d can be kept", r->topic.n,
                       HB_RECORD_TOPIC_MAX);
    }
    if (r->payload.n > HB_RECORD_PAYLOAD_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "a message of %zu bytes, at most %d can be kept",
                       r->payload.n, HB_RECORD_PAYLOAD_MAX);
    }
    return HB_OK;
}

static size_t padded(size_t n)
{
    return (n + 7) / 8 * 8;
}

size_t hb_record_bytes(const hb_record *r)
{
    return padded(HB_RECORD_HEAD + r->source.n + r->topic.n + r->payload.n);
}

static unsigned char *put_str(unsigned char *at, hb_str s)
{
    if (s.n) {
        memcpy(at, s.p, s.n);
    }
    return at + s.n;
}

void hb_record_write(unsigned char *at, const hb_record *r, uint64_t position)
{
    size_t n = HB_RECORD_HEAD + r->source.n + r->topic.n + r->payload.n;
    put_u64(at + AT_POSITION, position);
    put_u64(at + AT_EVENT, (uint64_t)r->event);
    put_u64(at + AT_ARRIVAL, (uint64_t)r->arrival);
    at[AT_KIND] = (unsigned char)r->kind;
    at[AT_SOURCE] = (unsigned char)r->source.n;
    put_u16(at + AT_TOPIC, (uint16_t)r->topic.n);
    put_u32(at + AT_PAYLOAD, (uint32_t)r->payload.n);
    unsigned char *end = put_str(at + HB_RECORD_HEAD, r->source);
    end = put_str(end, r->topic);
    end = put_str(end, r->payload);
    memset(end, 0, padded(n) - n);
    uint64_t word = (uint64_t)hb_crc32c(0, at + 8, padded(n) - 8) << 32 | n;
    __atomic_store_n((uint64_t *)(void *)at, htole64(word), __ATOMIC_RELEASE);
}

static hb_found damage(const char **ret_why, const char *why)
{
    *ret_why = why;
    return HB_FOUND_DAMAGE;
}

hb_found hb_record_read(const unsigned char *at, size_t room, uint64_t position, hb_record *ret,
                        const char **ret_why)
{
    if (room < 8) {
        return HB_FOUND_NOTHING;
    }
    uint64_t word = le64toh(__atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_ACQUIRE));
    if (word == 0) {
        return HB_FOUND_NOTHING;
    }
    size_t n = (uint32_t)word;
    if (n <= HB_RECORD_HEAD || padded(n) > room) {
        return damage(ret_why, "a record's length cannot be");
    }
    size_t source = at[AT_SOURCE];
    size_t topic = get_u16(at + AT_TOPIC);
    size_t payload = get_u32(at + AT_PAYLOAD);
    if (source == 0 || source > HB_RECORD_SOURCE_MAX || topic > HB_RECORD_TOPIC_MAX ||
        payload > HB_RECORD_PAYLOAD_MAX || n != HB_RECORD_HEAD + source + topic + payload) {
        return damage(ret_why, "a record's parts do not add up to its length");
    }
    if (get_u64(at + AT_POSITION) != position) {
        return damage(ret_why, "a record of another position");
    }
    if (hb_crc32c(0, at + 8, padded(n) - 8) != (uint32_t)(word >> 32)) {
        return damage(ret_why, "a record's checksum is wrong");
    }
    unsigned kind = at[AT_KIND];
    if (kind < HB_RECORD_MESSAGE || kind > HB_RECORD_LOSS) {
        return damage(ret_why, "a record of unknown kind");
    }
    const char *text = (const char *)at + HB_RECORD_HEAD;
    *ret = (hb_record){.kind = (hb_record_kind)kind,
                       .source = {text, source},
                       .topic = {text + source, topic},
                       .payload = {text + source + topic, payload},
                       .event = (hb_time)get_u64(at + AT_EVENT),
                       .arrival = (hb_time)get_u64(at + AT_ARRIVAL),
                       .position = position,
                       .next = position + padded(n)};
    return HB_FOUND_RECORD;
}

size_t hb_record_seek(const unsigned char *data, size_t n, size_t from, uint64_t start)
{
    for (size_t at = from; at < n && n - at >= HB_RECORD_MIN; at += 8) {
        hb_record r;
        const char *why = NULL;
        if (get_u64(data + at + AT_POSITION) == start + at &&
            hb_record_read(data + at, n - at, start + at, &r, &why) == HB_FOUND_RECORD) {
            return at;
        }
    }
    return n;
}

size_t hb_last_byte(const unsigned char *data, size_t n, size_t from)
{
    static const unsigned char zeros[4096];
    size_t end = n;
    while (end - from >= sizeof zeros &&
           memcmp(data + end - sizeof zeros, zeros, sizeof zeros) == 0) {
        end -= sizeof zeros;
    }
    while (end > from && data[end - 1] == 0) {
        end--;
    }
    return end;
}

void hb_segment_seal_add(hb_segment_seal *s, const hb_record *r, uint64_t next)
{
    if (s->records++ == 0) {
        s->first = r->arrival;
    }
    s->newest = r->arrival > s->newest ? r->arrival : s->newest;
    s->end = next;
}
