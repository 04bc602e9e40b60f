/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: u32 length, u8 type, contents; numbers big-endian, strings as u32 length and bytes. */
#include "crypto/agent.h"

#include "base/mem.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FAILURE = 5,
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14,

    ANSWER_S = 10,
    SIGN_S = 60,
    LISTED = 4,
    ARENA_MAX = 4 << 20,
    OVERHEAD = 128, /* of a sign request, beside what is signed */
};

#define KEY_TYPE "ssh-ed25519"

struct hb_agent {
    const hb_os *os;
    int fd;
    uint8_t raw[32]; /* of the key it signs with */
};

typedef struct cursor {
    const unsigned char *p;
    size_t n;
    bool failed;
} cursor;

static uint32_t take_u32(cursor *c)
{
    if (c->n < 4) {
        c->failed = true;
        return 0;
    }
    uint32_t v =
        (uint32_t)c->p[0] << 24 | (uint32_t)c->p[1] << 16 | (uint32_t)c->p[2] << 8 | c->p[3];
    c->p += 4;
    c->n -= 4;
    return v;
}

static uint8_t take_u8(cursor *c)
{
    if (c->n < 1) {
        c->failed = true;
        return 0;
    }
    c->n--;
    return *c->p++;
}

static hb_str take_string(cursor *c)
{
    uint32_t n = take_u32(c);
    if (c->failed || n > c->n) {
        c->failed = true;
        return HB_STR("");
    }
    hb_str s = {(const char *)c->p, n};
    c->p += n;
    c->n -= n;
    return s;
}

static cursor cursor_of(hb_str s)
{
    return (cursor){.p = (const unsigned char *)s.p, .n = s.n};
}

static void put_u32(hb_buf *b, size_t v)
{
    const unsigned char be[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                 (unsigned char)(v >> 8), (unsigned char)v};
    hb_buf_add(b, be, sizeof be);
}

static void put_string(hb_buf *b, const void *p, size_t n)
{
    put_u32(b, n);
    hb_buf_add(b, p, n);
}

static void put_key_blob(hb_buf *b, const uint8_t raw[32])
{
    put_string(b, KEY_TYPE, sizeof KEY_TYPE - 1);
    put_string(b, raw, 32);
}

/* The key of a blob; false for another type. */
static bool ed25519_of(hb_str blob, const unsigned char **ret_raw)
{
    cursor c = cursor_of(blob);
    hb_str type = take_string(&c);
    hb_str raw = take_string(&c);
    if (c.failed || c.n || !hb_str_eq_c(type, KEY_TYPE) || raw.n != 32) {
        return false;
    }
    *ret_raw = (const unsigned char *)raw.p;
    return true;
}

static hb_status fingerprint_of(hb_str blob, char ret[HB_AGENT_FINGERPRINT], hb_error *err)
{
    unsigned char digest[32];
    unsigned char text[48];
    if (EVP_Digest(blob.p, blob.n, digest, NULL, EVP_sha256(), NULL) != 1 ||
        EVP_EncodeBlock(text, digest, sizeof digest) != 44) {
        return HB_FAIL(err, HB_E_BUG, "SHA-256 is not available in this OpenSSL");
    }
    memcpy(ret, "SHA256:", 7);
    memcpy(ret + 7, text, 43); /* OpenSSH prints no padding */
    ret[50] = '\0';
    return HB_OK;
}

hb_status hb_agent_read_keys(hb_str body, hb_arena *arena, hb_agent_key **ret_keys, size_t *ret_n,
                             hb_error *err)
{
    cursor c = cursor_of(body);
    uint8_t type = take_u8(&c);
    if (c.failed || type == FAILURE) {
        return HB_FAIL(err, HB_E_DENIED, "the ssh-agent does not list its keys");
    }
    uint32_t n = take_u32(&c);
    if (type != IDENTITIES_ANSWER || c.failed) {
        return HB_FAIL(err, HB_E_INPUT, "the ssh-agent answered with message %u, expected %d", type,
                       IDENTITIES_ANSWER);
    }
    if (n > HB_AGENT_KEYS_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "the ssh-agent says it holds %u keys, at most %d", n,
                       HB_AGENT_KEYS_MAX);
    }
    hb_agent_key *keys = NULL;
    size_t cap = 0;
    size_t used = 0;
    for (uint32_t i = 0; i < n; i++) {
        const unsigned char *raw = NULL;
        hb_str blob = take_string(&c);
        hb_str comment = take_string(&c);
        if (c.failed) {
            return HB_FAIL(err, HB_E_INPUT, "the ssh-agent's answer ends inside key %u of %u",
                           i + 1, n);
        }
        if (comment.n > HB_AGENT_COMMENT_MAX) {
            return HB_FAIL(err, HB_E_LIMIT, "the ssh-agent's key %u has a comment of %zu bytes",
                           i + 1, comment.n);
        }
        if (!ed25519_of(blob, &raw)) {
            continue;
        }
        HB_TRY(HB_ARENA_GROW(arena, keys, used, cap, err));
        hb_agent_key *k = &keys[used++];
        memcpy(k->raw, raw, sizeof k->raw);
        HB_TRY(fingerprint_of(blob, k->fingerprint, err));
        k->comment = hb_arena_str(arena, comment);
        if (!k->comment) {
            return HB_NOMEM(err);
        }
    }
    if (c.n) {
        return HB_FAIL(err, HB_E_INPUT, "the ssh-agent's answer has %zu bytes after its last key",
                       c.n);
    }
    *ret_keys = keys;
    *ret_n = used;
    return HB_OK;
}

hb_status hb_agent_read_signature(hb_str body, uint8_t ret[64], hb_error *err)
{
    cursor c = cursor_of(body);
    uint8_t type = take_u8(&c);
    if (!c.failed && type == FAILURE && !c.n) {
        return HB_FAIL(err, HB_E_DENIED,
                       "the ssh-agent refused to sign (locked, not confirmed, or the key is gone)");
    }
    cursor s = cursor_of(take_string(&c));
    hb_str name = take_string(&s);
    hb_str sig = take_string(&s);
    if (type != SIGN_RESPONSE || c.failed || c.n || s.failed || s.n ||
        !hb_str_eq_c(name, KEY_TYPE) || sig.n != 64) {
        return HB_FAIL(err, HB_E_INPUT, "the ssh-agent's answer is no Ed25519 signature");
    }
    memcpy(ret, sig.p, 64);
    return HB_OK;
}

/* Waits until the socket is ready, no longer than to the deadline. */
static hb_status await(hb_agent *a, short events, int64_t deadline_ns, hb_error *err)
{
    for (;;) {
        int64_t left = deadline_ns - a->os->monotonic_ns();
        struct pollfd p = {.fd = a->fd, .events = events};
        int r = left > 0 ? poll(&p, 1, (int)(left / 1000000) + 1) : 0;
        if (r > 0) {
            return HB_OK;
        }
        if (r == 0) {
            return HB_FAIL(err, HB_E_IO, "the ssh-agent does not answer");
        }
        if (errno != EINTR) {
            return HB_FAIL(err, HB_E_IO, "waiting for the ssh-agent: %s", strerror(errno));
        }
    }
}

static bool again(ssize_t r)
{
    return r < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
}

static hb_status send_all(hb_agent *a, hb_str s, int64_t deadline_ns, hb_error *err)
{
    while (s.n) {
        HB_TRY(await(a, POLLOUT, deadline_ns, err));
        ssize_t r = send(a->fd, s.p, s.n, MSG_NOSIGNAL);
        if (again(r)) {
            continue;
        }
        if (r < 0) {
            return HB_FAIL(err, HB_E_IO, "writing to the ssh-agent: %s", strerror(errno));
        }
        s.p += r;
        s.n -= (size_t)r;
    }
    return HB_OK;
}

static hb_status receive(hb_agent *a, void *p, size_t n, int64_t deadline_ns, hb_error *err)
{
    char *at = p;
    while (n) {
        HB_TRY(await(a, POLLIN, deadline_ns, err));
        ssize_t r = recv(a->fd, at, n, 0);
        if (again(r)) {
            continue;
        }
        if (r <= 0) {
            return HB_FAIL(err, HB_E_IO, "the ssh-agent ended the connection%s%s", r ? ": " : "",
                           r ? strerror(errno) : "");
        }
        at += r;
        n -= (size_t)r;
    }
    return HB_OK;
}

/* Sends a message (its length is put in front) and gives the body of the answer in `body`. */
static hb_status ask(hb_agent *a, hb_str message, int seconds, hb_buf *body, hb_error *err)
{
    int64_t deadline_ns = a->os->monotonic_ns() + seconds * INT64_C(1000000000);
    char head[4];
    hb_buf_clear(body);
    put_u32(body, message.n);
    hb_buf_str(body, message);
    HB_TRY(hb_buf_check(body, err));
    HB_TRY(send_all(a, (hb_str){body->p, body->n}, deadline_ns, err));
    HB_TRY(receive(a, head, sizeof head, deadline_ns, err));
    cursor c = cursor_of((hb_str){head, sizeof head});
    size_t n = take_u32(&c);
    if (n < 1 || n > HB_AGENT_MESSAGE_MAX) {
        return HB_FAIL(err, HB_E_INPUT,
                       "the ssh-agent announces an answer of %zu bytes, at most %d", n,
                       HB_AGENT_MESSAGE_MAX);
    }
    char *answer = hb_alloc(n);
    if (!answer) {
        return HB_NOMEM(err);
    }
    hb_status status = receive(a, answer, n, deadline_ns, err);
    hb_buf_clear(body);
    hb_buf_add(body, answer, n);
    hb_free(answer);
    return status == HB_OK ? hb_buf_check(body, err) : status;
}

static hb_status connect_to(hb_agent *a, const char *path, hb_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof address.sun_path) {
        return HB_FAIL(err, HB_E_USAGE, "SSH_AUTH_SOCK has %zu bytes, at most %zu", n,
                       sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path, n);
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->fd < 0 || connect(a->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        return HB_FAIL(err, HB_E_IO, "there is no ssh-agent at '%.120s' (SSH_AUTH_SOCK): %s", path,
                       strerror(errno));
    }
    return HB_OK;
}

static hb_status pick_matches(const hb_agent_key *k, const char *which, bool *ret, hb_error *err)
{
    hb_pubkey *key = NULL;
    if (strncmp(which, "SHA256:", 7) == 0) {
        *ret = strcmp(which, k->fingerprint) == 0;
        return HB_OK;
    }
    HB_TRY(hb_pubkey_from_raw(k->raw, &key, err));
    *ret = strcmp(which, hb_pubkey_id(key)) == 0 || (*which && strcmp(which, k->comment) == 0);
    hb_pubkey_free(key);
    return HB_OK;
}

static hb_status none_or_many(const hb_agent_key *keys, size_t n, const char *which, size_t matches,
                              hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, 8 << 10);
    for (size_t i = 0; i < n && i < LISTED; i++) {
        hb_buf_fmt(&text, "%s%s (", i ? ", " : "", keys[i].fingerprint);
        hb_buf_shown(&text, keys[i].comment);
        hb_buf_c(&text, ")");
    }
    if (n > LISTED) {
        hb_buf_fmt(&text, " and %zu more", n - LISTED);
    }
    hb_status status =
        n == 0 ? HB_FAIL(err, HB_E_INPUT,
                         "the ssh-agent holds no Ed25519 key (or is locked); add one by ssh-add")
               : HB_FAIL(err, HB_E_INPUT,
                         "%s Ed25519 key of the ssh-agent is '%.80s'; name one of these by its "
                         "fingerprint: %.300s",
                         matches ? "more than one" : "no", which, text.p);
    hb_buf_release(&text);
    return status;
}

static hb_status choose(hb_agent *a, const char *which, hb_arena *arena, hb_pubkey **ret_public,
                        hb_error *err)
{
    const char request = REQUEST_IDENTITIES;
    hb_agent_key *keys = NULL;
    size_t n = 0;
    const hb_agent_key *found = NULL;
    size_t matches = 0;
    hb_buf body;
    hb_buf_init(&body, HB_AGENT_MESSAGE_MAX + 4);
    hb_status status = ask(a, (hb_str){&request, 1}, ANSWER_S, &body, err);
    if (status == HB_OK) {
        status = hb_agent_read_keys((hb_str){body.p, body.n}, arena, &keys, &n, err);
    }
    hb_buf_release(&body);
    for (size_t i = 0; status == HB_OK && i < n; i++) {
        bool matching = false;
        status = pick_matches(&keys[i], which, &matching, err);
        if (status == HB_OK && matching) {
            found = &keys[i];
            matches++;
        }
    }
    HB_TRY(status);
    if (matches != 1) {
        return none_or_many(keys, n, which, matches, err);
    }
    memcpy(a->raw, found->raw, sizeof a->raw);
    return hb_pubkey_from_raw(a->raw, ret_public, err);
}

hb_status hb_agent_open(const hb_os *os, const char *socket, const char *which,
                        hb_agent **ret_agent, hb_pubkey **ret_public, hb_error *err)
{
    if (!socket || !*socket) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'agent:%.80s' needs an ssh-agent, and SSH_AUTH_SOCK names none", which);
    }
    hb_agent *a = hb_alloc_zero(sizeof *a);
    if (!a) {
        return HB_NOMEM(err);
    }
    a->fd = -1;
    hb_arena arena;
    hb_arena_init(&arena, ARENA_MAX);
    a->os = os;
    hb_status status = connect_to(a, socket, err);
    if (status == HB_OK) {
        status = choose(a, which, &arena, ret_public, err);
    }
    hb_arena_release(&arena);
    if (status != HB_OK) {
        hb_agent_close(a);
        return status;
    }
    *ret_agent = a;
    return HB_OK;
}

void hb_agent_close(hb_agent *a)
{
    if (a) {
        if (a->fd >= 0) {
            close(a->fd);
        }
        hb_free(a);
    }
}

hb_status hb_agent_sign(hb_agent *a, const void *p, size_t n, hb_buf *sig, hb_error *err)
{
    uint8_t signature[64];
    hb_buf request;
    hb_buf blob;
    hb_buf body;
    if (n > HB_AGENT_MESSAGE_MAX - OVERHEAD) {
        return HB_FAIL(err, HB_E_LIMIT, "an ssh-agent signs at most %d bytes, these are %zu",
                       HB_AGENT_MESSAGE_MAX - OVERHEAD, n);
    }
    hb_buf_init(&request, HB_AGENT_MESSAGE_MAX);
    hb_buf_init(&blob, OVERHEAD);
    hb_buf_init(&body, HB_AGENT_MESSAGE_MAX + 4);
    put_key_blob(&blob, a->raw);
    hb_buf_ch(&request, SIGN_REQUEST);
    put_string(&request, blob.p, blob.n);
    put_string(&request, p, n);
    put_u32(&request, 0); /* flags: none for Ed25519 */
    hb_status status = hb_buf_check(&blob, err);
    if (status == HB_OK) {
        status = hb_buf_check(&request, err);
    }
    if (status == HB_OK) {
        status = ask(a, (hb_str){request.p, request.n}, SIGN_S, &body, err);
    }
    if (status == HB_OK) {
        status = hb_agent_read_signature((hb_str){body.p, body.n}, signature, err);
    }
    hb_buf_release(&request);
    hb_buf_release(&blob);
    hb_buf_release(&body);
    HB_TRY(status);
    hb_buf_clear(sig);
    hb_buf_add(sig, signature, sizeof signature);
    return hb_buf_check(sig, err);
}
