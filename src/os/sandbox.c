/* SPDX-License-Identifier: Apache-2.0 */
/* The order matters: limits while they can still be set, no_new_privs because seccomp and Landlock
 * ask for it, Landlock before seccomp would refuse its calls, seccomp last.
 *
 * What is refused returns EPERM and does not kill: a C library that tries something harmless (a
 * newer one asks for random bytes, or for the size of a file's blocks) goes on without it, and a
 * hostile file gains nothing by either. stat by name is refused as well: it would tell which files
 * exist. */
#include "os/sandbox.h"

#include "os/filter.h"

#include <errno.h>
#include <fcntl.h>
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
static bool landlock_reading(int ruleset, int folder)
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
    long got = folder >= 0 && !landlock_reading((int)fd, folder)
                   ? -1
                   : syscall(SYS_landlock_restrict_self, (int)fd, 0);
    close((int)fd);
    return got == 0 ? (int)version : 0;
}

static const long harmless[] = {
    __NR_read,         __NR_pread64,       __NR_lseek,
    __NR_fstat,        __NR_close,         __NR_brk,
    __NR_munmap,       __NR_mremap,        __NR_madvise,
    __NR_futex,        __NR_clock_gettime, __NR_getrandom,
    __NR_exit,         __NR_exit_group,    __NR_restart_syscall,
    __NR_rt_sigreturn, __NR_rt_sigaction,  __NR_rt_sigprocmask,
    __NR_setitimer,    __NR_getpid,        __NR_gettid,
    __NR_sched_yield,
};

/* With files that may be opened for reading. */
static const long for_reading[] = {__NR_newfstatat, __NR_statx, __NR_getdents64};

/* What the run-time of a sanitizer calls besides. */
static const long for_sanitizers[] = {
#ifdef __NR_readlink /* not on processors that came later */
    __NR_readlink,
#endif
    __NR_sigaltstack, __NR_nanosleep, __NR_clock_nanosleep, __NR_getuid, __NR_prctl, __NR_writev,
};

static void allow_all(hb_filter *f, const long *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hb_filter_allow(f, calls[i]);
    }
}

static void allow_reading(hb_filter *f)
{
    enum { NAMELESS = 020000000 }; /* O_TMPFILE without O_DIRECTORY, which is harmless */
    allow_all(f, for_reading, sizeof for_reading / sizeof *for_reading);
    hb_filter_allow_if(f, __NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | NAMELESS, 0);
}

static void allow_writing(hb_filter *f, int fd)
{
    hb_filter_allow_if(f, __NR_write, 0, UINT32_MAX, (uint32_t)fd);
}

static void add_rules(hb_filter *f, const hb_sandbox_limits *l)
{
    allow_all(f, harmless, sizeof harmless / sizeof *harmless);
    hb_filter_allow_if(f, __NR_mmap, 2, PROT_EXEC, 0);
    hb_filter_allow_if(f, __NR_mprotect, 2, PROT_EXEC, 0);
    allow_writing(f, l->out_fd);
    if (l->talk_fd) {
        allow_writing(f, l->talk_fd);
    }
    if (l->readable) {
        allow_reading(f);
    }
    if (INSTRUMENTED) {
        allow_all(f, for_sanitizers, sizeof for_sanitizers / sizeof *for_sanitizers);
        allow_writing(f, STDERR_FILENO);
    }
    /* abort() ends by a signal to itself. */
    hb_filter_allow_if(f, __NR_tgkill, 0, UINT32_MAX, (uint32_t)getpid());
}

static hb_status enter_seccomp(const hb_sandbox_limits *l, hb_error *err)
{
    hb_filter f;
    hb_filter_begin(&f);
    add_rules(&f, l);
    HB_TRY(hb_filter_end(&f, err));
    return hb_filter_load(&f) == 0 ? HB_OK : refused(err, "seccomp", errno);
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
