/* SPDX-License-Identifier: Apache-2.0 */
/* hb-verify: one static program that an auditor can carry. It checks an evidence pack and decides
 * again from the profiles in it, with the same object code as hb. It has no reader of raw files, no
 * database and no network, and before it looks at the first byte of the pack it gives up everything
 * but reading it: a zip is opened before and nothing can be opened afterwards, of a folder only
 * what is in it. docs/evidence.md */
#include "base/mem.h"
#include "base/sbom.h"
#include "evidence/verify_keys.h"
#include "evidence/verify_view.h"
#include "os/sandbox.h"
#include "os/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY_MIB = 4096, CPU_S = 3600, CHECK_CPU_S = 60, OUT_MAX = 64 << 20 };

static const char help[] =
    "usage: hb-verify [--trust KEY.pub]... [--trust-log KEY.pub]... [--json] PACK\n"
    "       hb-verify --check-sandbox\n"
    "\n"
    "Checks an evidence pack, a zip or a folder made by hb export evidence-pack:\n"
    "digests of every file, signatures, approvals, the decision's place in the\n"
    "lab's log. Then the decision is made again from the profiles in the pack and\n"
    "must give the same bytes. hb verify does the same and reads the raw files too.\n"
    "\n"
    "  --trust KEY.pub      public key of the lab, which you got in another way\n"
    "                       than the pack; without one anybody could have made it\n"
    "  --trust-log KEY.pub  public key of the lab's log or of a witness of it\n"
    "  --trust-ca CA.pem    authority that says whose a key is; with it:\n"
    "  --trust-name NAME    who may sign packs, as 'CN=Release,O=Lab'\n"
    "  --trust-tsa CA.pem   time authority, for a pack with a time token\n"
    "  --crl CRL.pem        revocation lists of all these authorities\n"
    "  --json               the answer as JSON\n"
    "  --quiet              only the last line\n"
    "  --check-sandbox      try what must be refused, and say what is in force\n"
    "  --sbom               what this program is made of, as CycloneDX JSON\n"
    "  --version, --help\n"
    "\n"
    "Nothing is written and nothing is sent: the program gives up files, network\n"
    "and processes before it reads the pack (seccomp, Landlock).\n"
    "\n"
    "exit code: 0 all holds, 12 something does not or was not checked, 2 wrong\n"
    "usage or no such file, 5 the sandbox is refused here.\n";

typedef struct asked {
    hb_trust trust;
    const char *pack;
    bool json;
    bool quiet;
} asked;

static hb_status say(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return HB_E_IO;
        }
        p += put;
        n -= (size_t)put;
    }
    return HB_OK;
}

static int complain(const hb_error *err)
{
    char text[1024];
    hb_buf line;
    hb_buf_init(&line, 1 << 16);
    hb_buf_c(&line, "hb-verify: ");
    hb_buf_shown(&line, hb_error_text(err, text, sizeof text));
    hb_buf_ch(&line, '\n');
    HB_IGNORE(say(STDERR_FILENO, line.p, line.n)); /* there is nobody else to tell */
    hb_buf_release(&line);
    return hb_status_exit(err->code);
}

static hb_status option(asked *a, const char *name, const char *value, int *at, hb_error *err)
{
    static const char *const pems[HB_TRUST_PEM_COUNT_] = {
        [HB_TRUST_CA] = "--trust-ca", [HB_TRUST_TSA] = "--trust-tsa", [HB_TRUST_CRL] = "--crl"};
    bool log = strcmp(name, "--trust-log") == 0;
    for (int i = 0; i < HB_TRUST_PEM_COUNT_; i++) {
        if (strcmp(name, pems[i]) == 0 && value) {
            (*at)++;
            return hb_trust_add_pem(&a->trust, (hb_trust_pem)i, hb_os_real(), value, err);
        }
    }
    if (strcmp(name, "--trust-name") == 0 && value) {
        (*at)++;
        a->trust.name = value;
        return HB_OK;
    }
    if (log || strcmp(name, "--trust") == 0) {
        if (!value) {
            return HB_FAIL(err, HB_E_USAGE, "%s wants the file of a public key", name);
        }
        (*at)++;
        return log ? hb_trust_add_log(&a->trust, hb_os_real(), value, err)
                   : hb_trust_add(&a->trust, hb_os_real(), value, err);
    }
    if (strcmp(name, "--json") == 0) {
        a->json = true;
    } else if (strcmp(name, "--quiet") == 0) {
        a->quiet = true;
    } else {
        return HB_FAIL(err, HB_E_USAGE, "there is no option '%s'; see hb-verify --help", name);
    }
    return HB_OK;
}

static hb_status read_arguments(asked *a, int argc, char **argv, hb_error *err)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) {
            HB_TRY(option(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &i, err));
        } else if (a->pack) {
            return HB_FAIL(err, HB_E_USAGE, "one pack at a time: '%s' and '%s'", a->pack, argv[i]);
        } else {
            a->pack = argv[i];
        }
    }
    return a->pack ? HB_OK
                   : HB_FAIL(err, HB_E_USAGE, "which pack? hb-verify [--trust KEY.pub] PACK");
}

static hb_status enter(const char *readable, uint32_t cpu_s, hb_sandbox_report *ret, hb_error *err)
{
    const hb_sandbox_limits limits = {.memory_bytes = (uint64_t)MEMORY_MIB << 20,
                                      .cpu_seconds = cpu_s,
                                      .out_fd = STDOUT_FILENO,
                                      .talk_fd = STDERR_FILENO,
                                      .readable = readable};
    return hb_sandbox_enter(&limits, ret, err);
}

/* --- a zip that is open already --- */

/* The system's table of calls has no place for a state: this program's one zip. It is looked at
 * before, since the call for it could look at any file. */
static int zip_fd = -1;
static struct stat zip_stat;

static int open_zip(const char *path, int flags, mode_t mode)
{
    (void)path;
    (void)flags;
    (void)mode;
    return zip_fd;
}

static int stat_zip(const char *path, struct stat *st)
{
    (void)path;
    *st = zip_stat;
    return 0;
}

static int fstat_zip(int fd, struct stat *st)
{
    (void)fd;
    *st = zip_stat;
    return 0;
}

/* Opened before and closed by the end of the program: it may be asked for again. */
static int close_zip(int fd)
{
    (void)fd;
    return 0;
}

static hb_status prepare(const char *pack, hb_os *ret_os, hb_error *err)
{
    hb_sandbox_report report;
    *ret_os = *hb_os_real();
    if (hb_path_is_dir(ret_os, pack)) {
        return enter(pack, CPU_S, &report, err);
    }
    zip_fd = open(pack, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (zip_fd < 0 || fstat(zip_fd, &zip_stat) != 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", pack, strerror(errno));
    }
    ret_os->open = open_zip;
    ret_os->stat = stat_zip;
    ret_os->fstat = fstat_zip;
    ret_os->close = close_zip;
    return enter(NULL, CPU_S, &report, err);
}

static hb_status verify(const asked *a, bool *ret_holds, hb_buf *out, hb_error *err)
{
    hb_os os;
    size_t width = hb_terminal_columns(STDOUT_FILENO);
    HB_TRY(prepare(a->pack, &os, err));
    const hb_verify_ask ask = {.os = &os,
                               .path = a->pack,
                               .trusted = a->trust.keys,
                               .n_trusted = a->trust.n,
                               .trusted_logs = a->trust.logs,
                               .n_trusted_logs = a->trust.n_logs,
                               .trust_ca = hb_trust_text(&a->trust, HB_TRUST_CA),
                               .trust_tsa = hb_trust_text(&a->trust, HB_TRUST_TSA),
                               .crl = hb_trust_text(&a->trust, HB_TRUST_CRL),
                               .trust_name = a->trust.name,
                               .sbom_sha256 = hb_sbom_self.sha256};
    hb_verified v;
    HB_TRY(hb_verify(&ask, &v, err));
    hb_status status = HB_OK;
    if (a->json) {
        status = hb_verified_json(&v, a->pack, out, err);
    } else {
        hb_verified_text(&v, a->pack, false, a->quiet, width, out);
        status = hb_buf_check(out, err);
    }
    *ret_holds = v.holds;
    hb_verified_release(&v);
    return status;
}

static int run(int argc, char **argv)
{
    hb_error err = {0};
    asked a = {.pack = NULL};
    bool holds = false;
    hb_buf out;
    hb_buf_init(&out, OUT_MAX);
    hb_status status = read_arguments(&a, argc, argv, &err);
    if (status == HB_OK) {
        status = verify(&a, &holds, &out, &err);
    }
    if (status == HB_OK && say(STDOUT_FILENO, out.p, out.n) != HB_OK) {
        status = HB_FAIL(&err, HB_E_IO, "cannot write the answer: %s", strerror(errno));
    }
    hb_buf_release(&out);
    hb_trust_release(&a.trust);
    if (status != HB_OK) {
        return complain(&err);
    }
    return holds ? 0 : hb_status_exit(HB_E_EVIDENCE);
}

/* 0 = everything was refused. */
static int check_sandbox(void)
{
    hb_error err = {0};
    hb_sandbox_report report;
    if (enter(NULL, CHECK_CPU_S, &report, &err) != HB_OK) {
        return complain(&err);
    }
    hb_buf text;
    hb_buf_init(&text, 1 << 16);
    hb_buf_fmt(&text, "seccomp: in force\nLandlock: %s %d\nmemory limit: %s\n",
               report.landlock ? "in force, version" : "not in this kernel, version",
               report.landlock, report.memory_cap ? "in force" : "none (sanitizer)");
    int worked = 0;
    for (const hb_sandbox_attempt *attempt = hb_sandbox_attempts; attempt->what; attempt++) {
        bool succeeds = attempt->succeeds();
        worked += succeeds;
        hb_buf_fmt(&text, "%s: %s\n", attempt->what, succeeds ? "NOT REFUSED" : "refused");
    }
    hb_status status = say(STDOUT_FILENO, text.p, text.n);
    hb_buf_release(&text);
    return status == HB_OK && worked == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    /* No configuration of the machine's OpenSSL decides what holds; the program has its own. */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
        const hb_error err = {.code = HB_E_BUG, .msg = "OpenSSL does not start"};
        return complain(&err);
    }
    json_object_seed(0); /* from the system's random numbers, which are a file */
    const char *only = argc == 2 ? argv[1] : "";
    if (strcmp(only, "--help") == 0) {
        return say(STDOUT_FILENO, help, sizeof help - 1) == HB_OK ? 0 : 1;
    }
    if (strcmp(only, "--version") == 0) {
        static const char version[] = "hb-verify " HB_VERSION "\n";
        return say(STDOUT_FILENO, version, sizeof version - 1) == HB_OK ? 0 : 1;
    }
    if (strcmp(only, "--sbom") == 0) {
        return say(STDOUT_FILENO, hb_sbom_self.text, hb_sbom_self.n) == HB_OK ? 0 : 1;
    }
    int code = strcmp(only, "--check-sandbox") == 0 ? check_sandbox() : run(argc, argv);
    _exit(code); /* in the sandbox a sanitizer's search for leaks at the end would not come far */
}
