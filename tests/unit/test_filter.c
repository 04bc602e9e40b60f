/* SPDX-License-Identifier: Apache-2.0 */
/* Our filter of calls against libseccomp's of the same rules: an interpreter of the kernel's packet
 * filter (as Documentation/networking/filter.rst has it) runs both programs over calls and
 * arguments. */
#include "support/check.h"

#include "os/filter.h"
#include "stats/random.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CALLS = 600, RULES_MAX = 40, CODE_MAX = 4096 };

typedef struct rule {
    int call;
    int argument; /* -1 = any */
    uint64_t mask;
    uint64_t value;
} rule;

/* What the program answers; 0 when it leaves its own bounds, which the kernel would not load. */
static uint32_t run(const struct sock_filter *code, size_t n, const struct seccomp_data *data)
{
    uint32_t a = 0;
    for (size_t at = 0; at < n; at++) {
        const struct sock_filter *i = &code[at];
        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(i->k % 4 == 0 && i->k + 4 <= sizeof *data);
            memcpy(&a, (const char *)data + i->k, 4);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= i->k;
            break;
        case BPF_JMP | BPF_JA:
            at += i->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += a == i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += a >= i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            at += a > i->k ? i->jt : i->jf;
            break;
        case BPF_RET | BPF_K:
            return i->k;
        default:
            fail_msg("instruction %#x is not known here", i->code);
        }
    }
    return 0;
}

static void ours(const rule *rules, size_t n, hb_filter *ret)
{
    hb_filter_begin(ret);
    for (size_t i = 0; i < n; i++) {
        if (rules[i].argument < 0) {
            hb_filter_allow(ret, rules[i].call);
        } else {
            hb_filter_allow_if(ret, rules[i].call, (unsigned)rules[i].argument, rules[i].mask,
                               rules[i].value);
        }
    }
    CHECK_OK(hb_filter_end(ret, &err));
}

static size_t theirs(const rule *rules, size_t n, struct sock_filter *ret)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    assert_non_null(ctx);
    for (size_t i = 0; i < n; i++) {
        const struct scmp_arg_cmp test = {
            .arg = (unsigned)(rules[i].argument < 0 ? 0 : rules[i].argument),
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = rules[i].mask,
            .datum_b = rules[i].value};
        int bad = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rules[i].call,
                                         rules[i].argument < 0 ? 0 : 1, &test);
        assert_true(bad == 0 || bad == -EEXIST);
    }
    int fd = memfd_create("filter", MFD_CLOEXEC);
    assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
    ssize_t got = pread(fd, ret, CODE_MAX * sizeof *ret, 0);
    assert_true(got > 0 && (size_t)got % sizeof *ret == 0);
    close(fd);
    seccomp_release(ctx);
    return (size_t)got / sizeof *ret;
}

/* libseccomp ends the thread where we end the process. */
static uint32_t same_kind(uint32_t answer)
{
    return answer == SECCOMP_RET_KILL_PROCESS ? SECCOMP_RET_KILL_THREAD : answer;
}

typedef struct pair {
    hb_filter ours;
    struct sock_filter theirs[CODE_MAX];
    size_t n_theirs;
    size_t allowed;
    size_t asked;
} pair;

static void ask(pair *p, const struct seccomp_data *d)
{
    uint32_t a = run(p->ours.code, p->ours.n, d);
    uint32_t b = run(p->theirs, p->n_theirs, d);
    if (same_kind(a) != b) {
        fail_msg("call %d, arguments %llx %llx %llx: %#x, libseccomp %#x", d->nr, d->args[0],
                 d->args[1], d->args[2], a, b);
    }
    p->allowed += a == SECCOMP_RET_ALLOW;
    p->asked++;
}

/* Every call with no arguments, and for each rule the arguments around its value: each bit changed,
 * of the mask or not. */
static void compare(const rule *rules, size_t n, uint32_t arch, pair *p)
{
    ours(rules, n, &p->ours);
    p->n_theirs = theirs(rules, n, p->theirs);
    for (int call = -2; call < CALLS; call++) {
        const struct seccomp_data d = {.nr = call, .arch = arch};
        ask(p, &d);
    }
    for (size_t i = 0; i < n; i++) {
        for (int argument = 0; argument < 6; argument++) {
            struct seccomp_data d = {.nr = rules[i].call, .arch = arch};
            d.args[argument] = rules[i].value;
            ask(p, &d);
            for (int bit = 0; bit < 64; bit++) {
                d.args[argument] = rules[i].value ^ (UINT64_C(1) << bit);
                ask(p, &d);
                d.args[argument] = (rules[i].value | ~rules[i].mask) ^ (UINT64_C(1) << bit);
                ask(p, &d);
            }
        }
    }
}

static void filter__decides_as_libseccomp_does(void **state)
{
    static pair p;
    (void)state;
    uint32_t arch = seccomp_arch_native();
    hb_random random = hb_random_of(163, 0);
    for (int round = 0; round < 60; round++) {
        rule rules[RULES_MAX];
        size_t n = 1 + hb_random_below(&random, RULES_MAX);
        for (size_t i = 0; i < n; i++) {
            uint64_t mask = hb_random_u64(&random);
            mask = hb_random_below(&random, 2) ? mask : mask & UINT32_MAX;
            mask = mask ? mask : 1;
            bool known = i > 0 && hb_random_below(&random, 3) == 0; /* two rules of one call */
            rules[i] =
                (rule){.call = known ? rules[i - 1].call : (int)hb_random_below(&random, 300),
                       .argument = (int)hb_random_below(&random, 7) - 1,
                       .mask = mask,
                       .value = mask & hb_random_u64(&random)};
        }
        compare(rules, n, arch, &p);
    }
    assert_true(p.allowed > 1000 && p.asked - p.allowed > 1000);
}

static void filter__ends_the_process_by_another_way(void **state)
{
    static const uint32_t others[] = {SCMP_ARCH_X86, SCMP_ARCH_ARM, SCMP_ARCH_X86_64,
                                      SCMP_ARCH_AARCH64, 0};
    const rule rules[] = {{.call = 0, .argument = -1}, {.call = 1, .argument = 0, .mask = 1}};
    hb_filter f;
    (void)state;
    ours(rules, 2, &f);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct seccomp_data d = {.arch = others[i]};
        bool native = others[i] == seccomp_arch_native();
        assert_int_equal(run(f.code, f.n, &d),
                         native ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
    }
#if defined(__x86_64__)
    const struct seccomp_data x32 = {.nr = 0x40000000, .arch = SCMP_ARCH_X86_64};
    assert_int_equal(run(f.code, f.n, &x32), SECCOMP_RET_KILL_PROCESS);
#endif
}

static void filter__has_an_end(void **state)
{
    hb_filter f;
    (void)state;
    hb_filter_begin(&f);
    for (int i = 0; i < HB_FILTER_MAX; i++) {
        hb_filter_allow(&f, i);
    }
    CHECK_ERROR(hb_filter_end(&f, &err), HB_E_LIMIT, "more than 512");
    assert_int_equal(f.n, HB_FILTER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter__decides_as_libseccomp_does),
        cmocka_unit_test(filter__ends_the_process_by_another_way),
        cmocka_unit_test(filter__has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
