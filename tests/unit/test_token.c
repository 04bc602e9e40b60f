/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.json, the throttle on a clock of the test's own, and the gate that has both. */
#include "support/check.h"
#include "support/temp_dir.h"

#include "base/buf.h"
#include "crypto/secret.h"
#include "govern/token.h"
#include "http/gate.h"
#include "http/throttle.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define FIRST_DAY (20000 * DAY)

/* SHA-256 by sha256sum of "hbt_" and 64 times "0" */
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define SECRET HB_TOKEN_PREFIX ZEROS
#define SECRET_SHA256 "a16c67d58cb7658a084980345a493806e919d3f98566422276997cba3081aec4"

static hb_token token(const char *name)
{
    hb_token t = {.role = HB_ROLE_VIEWER,
                  .sha256 = SECRET_SHA256,
                  .program = "*",
                  .created = FIRST_DAY,
                  .expires = FIRST_DAY + DAY,
                  .revoked = HB_TIME_NONE};
    hb_str_fit(name, t.name, sizeof t.name);
    return t;
}

static hb_tokens *none(void)
{
    hb_tokens *t = NULL;
    CHECK_OK(
        hb_tokens_parse(HB_STR("{\"format\": \"hb-tokens/1\", \"tokens\": []}"), "f", &t, &err));
    return t;
}

static void token__is_256_random_bits(void **state)
{
    (void)state;
    char a[HB_TOKEN_TEXT];
    char b[HB_TOKEN_TEXT];
    CHECK_OK(hb_token_make(hb_os_real(), a, &err));
    CHECK_OK(hb_token_make(hb_os_real(), b, &err));
    assert_int_equal(strlen(a), 4 + 64);
    assert_memory_equal(a, "hbt_", 4);
    assert_int_equal(strspn(a + 4, "0123456789abcdef"), 64);
    assert_string_not_equal(a, b);
}

static void token__compares_every_byte(void **state)
{
    (void)state;
    char a[64];
    char b[64];
    memset(a, 'x', sizeof a);
    memcpy(b, a, sizeof a);
    assert_true(hb_secret_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 'y';
        assert_false(hb_secret_equal(a, b, sizeof a));
        b[i] = 'x';
    }
}

static void token__is_found_by_itself_and_by_nothing_else(void **state)
{
    (void)state;
    hb_tokens *t = none();
    hb_token one = token("a");
    CHECK_OK(hb_tokens_add(t, &one, FIRST_DAY, &err));
    assert_ptr_equal(hb_tokens_find(t, SECRET), &t->list[0]);
    char text[] = SECRET;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] ^= 1;
        assert_null(hb_tokens_find(t, text));
        text[i] ^= 1;
    }
    assert_null(hb_tokens_find(t, ""));
    assert_null(hb_tokens_find(t, SECRET "0"));
    assert_null(hb_tokens_find(t, SECRET_SHA256));
    assert_null(hb_tokens_find(t, HB_TOKEN_PREFIX));
    hb_free(t);
}

static void token__ends(void **state)
{
    (void)state;
    hb_token t = token("a");
    assert_true(hb_token_counts(&t, t.expires - 1));
    assert_false(hb_token_counts(&t, t.expires));
    assert_string_equal(hb_token_state(&t, t.expires), "expired");
    t.revoked = FIRST_DAY;
    assert_false(hb_token_counts(&t, FIRST_DAY));
    assert_string_equal(hb_token_state(&t, FIRST_DAY), "revoked");
}

static void token__may_what_its_role_may_in_its_program(void **state)
{
    (void)state;
    hb_token t = token("a");
    assert_true(hb_token_may(&t, HB_ACTION_READ, "p"));
    assert_true(hb_token_may(&t, HB_ACTION_READ, ""));
    assert_false(hb_token_may(&t, HB_ACTION_RUN, "p"));
    t.role = HB_ROLE_OPERATOR;
    assert_true(hb_token_may(&t, HB_ACTION_RUN, "p"));
    assert_false(hb_token_may(&t, HB_ACTION_APPROVE, "p"));
    hb_str_fit("p", t.program, sizeof t.program);
    assert_true(hb_token_may(&t, HB_ACTION_RUN, "p"));
    assert_false(hb_token_may(&t, HB_ACTION_RUN, "q"));
    assert_false(hb_token_may(&t, HB_ACTION_RUN, ""));
}

static void tokens__names_are_one_tokens_while_it_counts(void **state)
{
    (void)state;
    hb_tokens *t = none();
    hb_token one = token("a");
    CHECK_OK(hb_tokens_add(t, &one, FIRST_DAY, &err));
    CHECK_ERROR(hb_tokens_add(t, &one, FIRST_DAY, &err), HB_E_USAGE, "hb token revoke a");
    one.expires += DAY;
    CHECK_OK(hb_tokens_add(t, &one, FIRST_DAY + DAY, &err));
    assert_int_equal(t->n, 1);
    one = token("a b");
    CHECK_ERROR(hb_tokens_add(t, &one, FIRST_DAY, &err), HB_E_USAGE, "cannot be called 'a b'");
    one = token("b");
    one.program[0] = '\n';
    CHECK_ERROR(hb_tokens_add(t, &one, FIRST_DAY, &err), HB_E_USAGE, "the program must be");
    hb_free(t);
}

static void tokens__are_bounded_and_who_ended_first_makes_room(void **state)
{
    (void)state;
    hb_tokens *t = none();
    char name[16];
    for (int i = 0; i < HB_TOKENS_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        hb_token one = token(name);
        CHECK_OK(hb_tokens_add(t, &one, FIRST_DAY, &err));
    }
    hb_token more = token("more");
    CHECK_ERROR(hb_tokens_add(t, &more, FIRST_DAY, &err), HB_E_LIMIT, "256 tokens already");
    t->list[7].revoked = FIRST_DAY + 20;
    t->list[9].revoked = FIRST_DAY + 10;
    CHECK_OK(hb_tokens_add(t, &more, FIRST_DAY + 30, &err));
    assert_string_equal(t->list[9].name, "more");
    assert_int_equal(t->n, HB_TOKENS_MAX);

    hb_tokens *again = NULL;
    hb_buf text;
    hb_buf_init(&text, HB_TOKENS_BYTES_MAX);
    hb_tokens_json(t, &text);
    CHECK_OK(hb_buf_check(&text, &err));
    CHECK_OK(hb_tokens_parse((hb_str){text.p, text.n}, "f", &again, &err));
    assert_int_equal(again->n, t->n);
    for (size_t i = 0; i < t->n; i++) {
        assert_string_equal(again->list[i].name, t->list[i].name);
        assert_string_equal(again->list[i].sha256, t->list[i].sha256);
        assert_int_equal(again->list[i].expires, t->list[i].expires);
        assert_int_equal(again->list[i].revoked, t->list[i].revoked);
    }
    hb_buf_release(&text);
    hb_free(again);
    hb_free(t);
}

#define ONE(members) "{\"format\": \"hb-tokens/1\", \"tokens\": [{" members "}]}"
#define GOOD_REST                                                                   \
    "\"sha256\": \"" SECRET_SHA256 "\", \"role\": \"viewer\", \"program\": \"*\", " \
    "\"created\": \"2026-01-01T00:00:00Z\", \"expires\": \"2026-02-01T00:00:00Z\", "

static void tokens__what_differs_from_the_format_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"", "holds no JSON"},
        {"[]", "must hold format"},
        {"{\"format\": \"hb-tokens/2\", \"tokens\": []}", "must hold format"},
        {"{\"format\": \"hb-tokens/1\", \"tokens\": {}}", "must hold format"},
        {"{\"format\": \"hb-tokens/1\", \"tokens\": [], \"x\": 1}", "must hold format"},
        {"{\"format\": \"hb-tokens/1\", \"format\": \"hb-tokens/1\", \"tokens\": []}", "no JSON"},
        {ONE(""), "token 1"},
        {ONE("\"name\": \"a\", " GOOD_REST "\"revoked\": false"), "token 1"},
        {ONE("\"name\": \"a\", " GOOD_REST "\"revoked\": \"2026-01-01\""), "token 1"},
        {ONE("\"name\": \"a\", " GOOD_REST "\"gone\": null"), "token 1"},
        {ONE("\"name\": \"a\", " GOOD_REST "\"revoked\": null, \"x\": 1"), "token 1"},
        {ONE("\"name\": \"\", " GOOD_REST "\"revoked\": null"), "token 1"},
        {ONE("\"name\": 1, " GOOD_REST "\"revoked\": null"), "token 1"},
    };
    hb_tokens *t = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERROR(hb_tokens_parse(hb_str_of(bad[i].text), "f", &t, &err), HB_E_INPUT, bad[i].why);
    }
    CHECK_OK(hb_tokens_parse(HB_STR(ONE("\"name\": \"a\", " GOOD_REST "\"revoked\": null")), "f",
                             &t, &err));
    assert_int_equal(t->list[0].revoked, HB_TIME_NONE);
    hb_free(t);
}

/* --- throttle --- */

static hb_peer v4(const char *text)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &at.sin_addr), 1);
    return hb_peer_of((const struct sockaddr *)&at);
}

static hb_peer v6(const char *text)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &at.sin6_addr), 1);
    return hb_peer_of((const struct sockaddr *)&at);
}

static bool same_peer(hb_peer a, hb_peer b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void throttle__tells_peers_apart(void **state)
{
    (void)state;
    const struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_true(same_peer(v4("10.0.0.1"), v4("10.0.0.1")));
    assert_false(same_peer(v4("10.0.0.1"), v4("10.0.0.2")));
    assert_true(same_peer(v4("10.0.0.1"), v6("::ffff:10.0.0.1")));
    assert_true(same_peer(v6("2001:db8:1:2::1"), v6("2001:db8:1:2:ffff::9")));
    assert_false(same_peer(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1")));
    assert_false(same_peer(v6("::"), v4("0.0.0.0")));
    assert_false(same_peer(hb_peer_of((const struct sockaddr *)&un), v4("0.0.0.0")));
}

static void throttle__five_failures_then_one_each_twelve_seconds(void **state)
{
    (void)state;
    hb_throttle *t = NULL;
    CHECK_OK(hb_throttle_new(&t, &err));
    hb_peer bad = v4("10.0.0.1");
    hb_peer other = v4("10.0.0.2");
    int64_t now = 1000 * SECOND;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(hb_throttle_wait_s(t, &bad, now), 0);
        hb_throttle_failed(t, &bad, now);
    }
    assert_int_equal(hb_throttle_wait_s(t, &bad, now), 12);
    assert_int_equal(hb_throttle_wait_s(t, &other, now), 0);
    assert_int_equal(hb_throttle_wait_s(t, &bad, now + 1), 12); /* whole seconds, never too few */
    assert_int_equal(hb_throttle_wait_s(t, &bad, now + 11 * SECOND), 1);
    now += 12 * SECOND;
    assert_int_equal(hb_throttle_wait_s(t, &bad, now), 0);
    hb_throttle_failed(t, &bad, now);
    assert_int_equal(hb_throttle_wait_s(t, &bad, now), 12);
    now += 60 * SECOND; /* all is paid off */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(hb_throttle_wait_s(t, &bad, now), 0);
        hb_throttle_failed(t, &bad, now);
    }
    assert_int_equal(hb_throttle_wait_s(t, &bad, now), 12);
    hb_throttle_free(t);
}

static hb_peer nth(uint32_t i)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i)};
    return hb_peer_of((const struct sockaddr *)&at);
}

static void throttle__many_peers_together_are_bounded_and_known_ones_go_on(void **state)
{
    (void)state;
    hb_throttle *t = NULL;
    CHECK_OK(hb_throttle_new(&t, &err));
    hb_peer friend = v4("192.0.2.1");
    int64_t now = 1000 * SECOND;
    hb_throttle_right(t, &friend, now);
    for (uint32_t i = 0; i < 60; i++) {
        hb_peer p = nth(i);
        assert_int_equal(hb_throttle_wait_s(t, &p, now), 0);
        hb_throttle_failed(t, &p, now);
    }
    hb_peer stranger = nth(100000);
    assert_int_equal(hb_throttle_wait_s(t, &stranger, now), 1);
    assert_int_equal(hb_throttle_wait_s(t, &friend, now), 0);
    assert_int_equal(hb_throttle_wait_s(t, &friend, now + 3600 * SECOND), 0);
    for (int i = 0; i < 5; i++) { /* its own failures count all the same */
        hb_throttle_failed(t, &friend, now);
    }
    assert_int_equal(hb_throttle_wait_s(t, &friend, now), 12);
    hb_throttle_free(t);
}

/* As many failures as all together may have, for an hour, from ever new addresses. */
static void throttle__no_flood_makes_it_forget(void **state)
{
    (void)state;
    hb_throttle *t = NULL;
    CHECK_OK(hb_throttle_new(&t, &err));
    hb_peer friend = v4("192.0.2.1");
    hb_peer bad = v4("192.0.2.2");
    int64_t now = 1000 * SECOND;
    hb_throttle_right(t, &friend, now);
    uint32_t next = 0;
    for (int second = 0; second < 3500; second++) {
        hb_peer p = nth(next++);
        while (hb_throttle_wait_s(t, &p, now) == 0) {
            hb_throttle_failed(t, &p, now);
            p = nth(next++);
        }
        if (second % 12 == 0) { /* one that never lets up */
            hb_throttle_failed(t, &bad, now);
        }
        now += SECOND;
        assert_int_equal(hb_throttle_wait_s(t, &friend, now), 0);
    }
    assert_true(next > 3000);
    for (int i = 0; i < 5; i++) {
        hb_throttle_failed(t, &bad, now);
    }
    for (int i = 0; i < 40; i++, now += SECOND) {
        hb_peer p = nth(next++);
        hb_throttle_failed(t, &p, now);
        assert_true(hb_throttle_wait_s(t, &bad, now) > 0 || i >= 12);
    }
    hb_throttle_free(t);
}

/* --- gate --- */

static int64_t clock_ns = 1000 * SECOND;
static hb_time wall_ns = FIRST_DAY;

static int64_t fake_monotonic(void)
{
    return clock_ns;
}

static hb_time fake_now(void)
{
    return wall_ns;
}

static void write_tokens(const char *path, const hb_token *one)
{
    hb_tokens *t = none();
    CHECK_OK(hb_tokens_add(t, one, FIRST_DAY - DAY, &err));
    CHECK_OK(hb_tokens_save(hb_os_real(), path, t, &err));
    hb_free(t);
}

static int asks(hb_http_gate *g, const char *authorization, hb_action a)
{
    const struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(7)};
    unsigned wait = 0;
    int status = hb_http_gate_admit(g, (const struct sockaddr *)&at, authorization, a, &wait);
    assert_int_equal(status == 429, wait > 0);
    return status;
}

static void gate__lets_in_who_may_and_says_why_not(void **state)
{
    (void)state;
    hb_os os = *hb_os_real();
    os.now = fake_now;
    os.monotonic_ns = fake_monotonic;
    temp_dir_new();
    char path[300];
    hb_str_fit(temp_path("tokens.json"), path, sizeof path);
    hb_http_gate *g = NULL;
    CHECK_OK(hb_http_gate_open(&os, path, "p", &g, &err));
    assert_int_equal(asks(g, NULL, HB_ACTION_READ), 401);
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 401); /* 1: no such token yet */

    hb_token t = token("a");
    hb_str_fit("p", t.program, sizeof t.program);
    write_tokens(path, &t); /* counts without a restart */
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 0);
    assert_int_equal(asks(g, "bearer   " SECRET, HB_ACTION_READ), 0);
    assert_int_equal(asks(g, "Token " SECRET, HB_ACTION_READ), 0);
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_RUN), 403);
    wall_ns = t.expires;
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 401); /* 2 */
    wall_ns = FIRST_DAY;
    t.revoked = FIRST_DAY;
    write_tokens(path, &t);
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 401); /* 3 */
    assert_int_equal(asks(g, SECRET, HB_ACTION_READ), 401);           /* 4 */
    assert_int_equal(asks(g, "Basic " SECRET, HB_ACTION_READ), 401);  /* 5 */

    t = token("b");
    write_tokens(path, &t);
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 429); /* the right one, too late */
    assert_int_equal(asks(g, NULL, HB_ACTION_READ), 401);
    clock_ns += 12 * SECOND;
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 0);
    hb_str_fit("q", t.program, sizeof t.program);
    write_tokens(path, &t);
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 403);

    CHECK_OK(hb_file_write_atomic(hb_os_real(), path, "{", 1, 0600, &err));
    assert_int_equal(asks(g, "Bearer " SECRET, HB_ACTION_READ), 503);
    hb_http_gate_close(g);
    g = NULL;
    CHECK_ERROR(hb_http_gate_open(&os, path, "p", &g, &err), HB_E_INPUT, "holds no JSON");
    write_tokens(path, &t);
    assert_int_equal(chmod(path, 0644), 0);
    CHECK_ERROR(hb_http_gate_open(&os, path, "p", &g, &err), HB_E_INPUT, "mode 0644");
    assert_null(g);
    temp_dir_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token__is_256_random_bits),
        cmocka_unit_test(token__compares_every_byte),
        cmocka_unit_test(token__is_found_by_itself_and_by_nothing_else),
        cmocka_unit_test(token__ends),
        cmocka_unit_test(token__may_what_its_role_may_in_its_program),
        cmocka_unit_test(tokens__names_are_one_tokens_while_it_counts),
        cmocka_unit_test(tokens__are_bounded_and_who_ended_first_makes_room),
        cmocka_unit_test(tokens__what_differs_from_the_format_is_refused),
        cmocka_unit_test(throttle__tells_peers_apart),
        cmocka_unit_test(throttle__five_failures_then_one_each_twelve_seconds),
        cmocka_unit_test(throttle__many_peers_together_are_bounded_and_known_ones_go_on),
        cmocka_unit_test(throttle__no_flood_makes_it_forget),
        cmocka_unit_test(gate__lets_in_who_may_and_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
