/* SPDX-License-Identifier: Apache-2.0 */
/* The order matters: limits while they can still be set, no_new_privs because seccomp and Landlock
 * ask for it, Landlock before seccomp would refuse its calls, seccomp last.
 *
 * What is refused returns EPERM and does not kill: a C library that tries something harmless (a
 * newer one asks for random bytes, or for the size of a file's blocks) goes on without it, and a
 * hostile file gains nothing by either. stat by name is refused as well: it would tell which files
 * exist. */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INSTRUMENTED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define INSTRUMENTED true
#endif
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED false
#endif

bool hb_sandbox_instrumented(void)
{
    return INSTRUMENTED;
}

void hb_sandbox_allow(uint32_t cpu_seconds)
{
    const struct itimerval once = {.it_value = {.tv_sec = (time_t)cpu_seconds}};
    setitimer(ITIMER_PROF, &once, NULL);
}

static hb_status refused(hb_error *err, const char *part, int why)
{
    return HB_FAIL(err, HB_E_DENIED,
                   "this system refuses the sandbox in which foreign files are read (%s: %s); run "
                   "it where the sandbox is allowed",
                   part, strerror(why));
}

static hb_status limit(__rlimit_resource_t what, const char *name, rlim_t soft, rlim_t hard,
                       hb_error *err)
{
    struct rlimit now;
    if (getrlimit(what, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < hard) {
        hard = now.rlim_max; /* who started us was stricter */
        soft = soft < hard ? soft : hard;
    }
    struct rlimit wanted = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit(what, &wanted) == 0 ? HB_OK : refused(err, name, errno);
}

static bool is_file(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static hb_status set_limits(const hb_sandbox_limits *l, hb_sandbox_report *ret, hb_error *err)
{
    enum { KILL_AFTER_S = 5, FILES = 16 }; /* a pack's folders are 8 deep */
    HB_TRY(limit(RLIMIT_CORE, "core limit", 0, 0, err));
    HB_TRY(
        limit(RLIMIT_CPU, "processor limit", l->cpu_seconds, l->cpu_seconds + KILL_AFTER_S, err));
    /* A person may look at answer and errors in a file; a signal instead would hide both. */
    if (!is_file(l->out_fd) && !(l->talk_fd && is_file(l->talk_fd))) {
        HB_TRY(limit(RLIMIT_FSIZE, "file size limit", 0, 0, err));
    }
    HB_TRY(limit(RLIMIT_NOFILE, "file limit", FILES, FILES, err));
    ret->memory_cap = !INSTRUMENTED && l->memory_bytes;
    if (ret->memory_cap) {
        HB_TRY(limit(RLIMIT_AS, "memory limit", l->memory_bytes, l->memory_bytes, err));
    }
    return HB_OK;
}

/* linux/landlock.h of an old system knows less than the kernel it runs on; these are the kernel's
 * numbers, which do not change. A ruleset that handles every access and has no rule allows none. */
typedef struct landlock_attr {
    uint64_t access_fs;
    uint64_t access_net;
    uint64_t scoped;
} landlock_attr;

/* Reading files (4) and listing folders (8) below this one. */
static bool allow_reading(int ruleset, int folder)
{
    enum { PATH_BENEATH = 1, READ = 4 | 8 };
    const struct __attribute__((packed)) {
        uint64_t access;
        int32_t fd;
    } rule = {.access = READ, .fd = folder};
    return syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0) == 0;
}

static int enter_landlock(int folder)
{
    enum { NEWEST = 6, VERSION_FLAG = 1 };
    static const landlock_attr by_version[NEWEST + 1] = {
        [1] = {.access_fs = 0x1fff},
        [2] = {.access_fs = 0x3fff},
        [3] = {.access_fs = 0x7fff},
        [4] = {.access_fs = 0x7fff, .access_net = 3},
        [5] = {.access_fs = 0xffff, .access_net = 3},
        [6] = {.access_fs = 0xffff, .access_net = 3, .scoped = 3},
    };
    static const size_t sizes[NEWEST + 1] = {
        [1] = 8, [2] = 8, [3] = 8, [4] = 16, [5] = 16, [6] = 24};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    if (version < 1) {
        return 0;
    }
    version = version > NEWEST ? NEWEST : version;
    landlock_attr attr = by_version[version];
    long fd = syscall(SYS_landlock_create_ruleset, &attr, sizes[version], 0);
    if (fd < 0) {
        return 0;
    }
    long got = folder >= 0 && !allow_reading((int)fd, folder)
                   ? -1
                   : syscall(SYS_landlock_restrict_self, (int)fd, 0);
    close((int)fd);
    return got == 0 ? (int)version : 0;
}

static const int harmless[] = {
    SCMP_SYS(read),         SCMP_SYS(pread64),       SCMP_SYS(lseek),
    SCMP_SYS(fstat),        SCMP_SYS(close),         SCMP_SYS(brk),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),        SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(clock_gettime), SCMP_SYS(getrandom),
    SCMP_SYS(exit),         SCMP_SYS(exit_group),    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(setitimer),    SCMP_SYS(getpid),        SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
};

/* With files that may be opened for reading. */
static const int for_reading[] = {SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(getdents64)};

/* What the run-time of a sanitizer calls besides. */
static const int for_sanitizers[] = {
    SCMP_SYS(sigaltstack), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(readlink),
    SCMP_SYS(getuid),      SCMP_SYS(prctl),     SCMP_SYS(writev),
};

/* Allows a call when one of its arguments, masked, has a value. */
static int allow_if(scmp_filter_ctx ctx, int call, unsigned argument, uint64_t mask, uint64_t value)
{
    const struct scmp_arg_cmp test = {
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &test);
}

static int add_reading(scmp_filter_ctx ctx)
{
    enum { NAMELESS = 020000000 }; /* O_TMPFILE without O_DIRECTORY, which is harmless */
    int bad = 0;
    for (size_t i = 0; i < sizeof for_reading / sizeof *for_reading && !bad; i++) {
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, for_reading[i], 0);
    }
    uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | NAMELESS;
    return bad ? bad : allow_if(ctx, SCMP_SYS(openat), 2, writes, 0);
}

static int add_rules(scmp_filter_ctx ctx, const hb_sandbox_limits *l)
{
    int bad = 0;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless && !bad; i++) {
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, harmless[i], 0);
    }
    for (size_t i = 0; INSTRUMENTED && i < sizeof for_sanitizers / sizeof *for_sanitizers && !bad;
         i++) {
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, for_sanitizers[i], 0);
    }
    bad = bad ? bad : allow_if(ctx, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
    bad = bad ? bad : allow_if(ctx, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    bad = bad ? bad : allow_if(ctx, SCMP_SYS(write), 0, UINT32_MAX, (uint32_t)l->out_fd);
    if (l->talk_fd && !bad) {
        bad = allow_if(ctx, SCMP_SYS(write), 0, UINT32_MAX, (uint32_t)l->talk_fd);
    }
    if (l->readable && !bad) {
        bad = add_reading(ctx);
    }
    if (INSTRUMENTED && l->talk_fd != STDERR_FILENO && !bad) {
        bad = allow_if(ctx, SCMP_SYS(write), 0, UINT32_MAX, STDERR_FILENO);
    }
    /* abort() ends by a signal to itself. */
    return bad ? bad : allow_if(ctx, SCMP_SYS(tgkill), 0, UINT32_MAX, (uint32_t)getpid());
}

static hb_status enter_seccomp(const hb_sandbox_limits *l, hb_error *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!ctx) {
        return HB_NOMEM(err);
    }
    int bad = add_rules(ctx, l);
    bad = bad ? bad : seccomp_load(ctx);
    seccomp_release(ctx);
    return bad ? refused(err, "seccomp", -bad) : HB_OK;
}

hb_status hb_sandbox_enter(const hb_sandbox_limits *limits, hb_sandbox_report *ret, hb_error *err)
{
    hb_sandbox_report report = {0};
    HB_TRY(set_limits(limits, &report, err));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return refused(err, "no_new_privs", errno);
    }
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return refused(err, "dumpable", errno);
    }
    int folder = limits->readable ? open(limits->readable, O_PATH | O_CLOEXEC) : -1;
    if (limits->readable && folder < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", limits->readable, strerror(errno));
    }
    report.landlock = enter_landlock(folder);
    if (folder >= 0) {
        close(folder);
    }
    HB_TRY(enter_seccomp(limits, err));
    *ret = report;
    return HB_OK;
}
