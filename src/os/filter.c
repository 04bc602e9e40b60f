/* SPDX-License-Identifier: Apache-2.0 */
/* The machine has one accumulator of 32 bits. It holds the number of the call between rules; a rule
 * that looks at an argument loads that in two halves and puts the number back. Jumps go forward
 * only, by a number of instructions. */
#include "os/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Halves of an argument are at the places of a processor that has the lower one first. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE 0
#elif defined(__x86_64__) && defined(__LP64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && defined(__LP64__)
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0
#endif

enum { ARGUMENTS = 6, X32_CALLS = 0x40000000 };
#define NO_CALL UINT32_MAX /* what a tracer puts in the place of a call that is not to be made */

static void add(hb_filter *f, struct sock_filter instruction)
{
    if (f->n == HB_FILTER_MAX) {
        f->full = true;
        return;
    }
    f->code[f->n++] = instruction;
}

static void load(hb_filter *f, size_t at)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)at));
}

static void load_call(hb_filter *f)
{
    load(f, offsetof(struct seccomp_data, nr));
}

/* Goes on when the accumulator is `value`, else `over` instructions further. */
static void want(hb_filter *f, uint32_t value, unsigned char over)
{
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, over));
}

static void answer(hb_filter *f, uint32_t what)
{
    add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

void hb_filter_begin(hb_filter *f)
{
    f->n = 0;
    f->full = false;
    load(f, offsetof(struct seccomp_data, arch));
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    answer(f, SECCOMP_RET_KILL_PROCESS);
    load_call(f);
#if defined(__x86_64__)
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 2));
    add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NO_CALL, 1, 0));
    answer(f, SECCOMP_RET_KILL_PROCESS);
#endif
}

void hb_filter_allow(hb_filter *f, long call)
{
    want(f, (uint32_t)call, 1);
    answer(f, SECCOMP_RET_ALLOW);
}

void hb_filter_allow_if(hb_filter *f, long call, unsigned argument, uint64_t mask, uint64_t value)
{
    enum { HALF = 4, BITS = 32, TO_NEXT_RULE = 8, FROM_LOW = 4, FROM_HIGH = 1 };
    size_t at = offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (argument % ARGUMENTS);
    want(f, (uint32_t)call, TO_NEXT_RULE);
    load(f, at);
    add(f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)mask));
    want(f, (uint32_t)value, FROM_LOW);
    load(f, at + HALF);
    add(f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)(mask >> BITS)));
    want(f, (uint32_t)(value >> BITS), FROM_HIGH);
    answer(f, SECCOMP_RET_ALLOW);
    load_call(f);
}

hb_status hb_filter_end(hb_filter *f, hb_error *err)
{
    answer(f, SECCOMP_RET_ERRNO | EPERM);
    if (f->full) {
        return HB_FAIL(err, HB_E_LIMIT, "a filter of calls has more than %d instructions",
                       HB_FILTER_MAX);
    }
    return ARCHITECTURE ? HB_OK
                        : HB_FAIL(err, HB_E_DENIED,
                                  "the sandbox in which foreign files are read is not made for "
                                  "this processor (seccomp)");
}

int hb_filter_load(const hb_filter *f)
{
    struct sock_filter code[HB_FILTER_MAX]; /* the kernel's struct has no const */
    for (unsigned short i = 0; i < f->n; i++) {
        code[i] = f->code[i];
    }
    struct sock_fprog program = {.len = f->n, .filter = code};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
