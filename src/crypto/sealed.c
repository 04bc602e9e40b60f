/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sealed.h"

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/cms.h"
#include "os/file.h"
#include "os/fresh.h"
#include "os/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>

enum { PORTION = 256 << 10 };

/* OID 1.2.840.113549.1.9.16.1.23, id-ct-authEnvelopedData */
static const unsigned char auth_enveloped[] = {0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                               0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};

hb_sealed hb_sealed_kind(const void *head, size_t n)
{
    const unsigned char *p = head;
    if (n >= 8 && memcmp(p, HB_AEAD_MAGIC, 8) == 0) {
        return HB_SEALED_PASSPHRASE;
    }
    /* SEQUENCE, its length in any form, the content type */
    if (n > 2 && p[0] == 0x30) {
        size_t skip = 2 + (p[1] > 0x80 ? p[1] & 0x7fU : 0);
        if (n >= skip + sizeof auth_enveloped &&
            memcmp(p + skip, auth_enveloped, sizeof auth_enveloped) == 0) {
            return HB_SEALED_CMS;
        }
    }
    return HB_SEALED_NOT;
}

const char *hb_sealed_words(hb_sealed kind)
{
    switch (kind) {
    case HB_SEALED_PASSPHRASE:
        return "encrypted by a passphrase: hb decrypt FILE --passphrase-file F --out PACK, then "
               "verify PACK";
    case HB_SEALED_CMS:
        return "encrypted to certificates (CMS): hb decrypt FILE --key K --out PACK, or openssl "
               "cms -decrypt -inform DER -in FILE -inkey K -out PACK, then verify PACK";
    case HB_SEALED_NOT:
        break;
    }
    return "not encrypted";
}

static hb_status io_fail(hb_error *err, const char *verb, const char *path)
{
    return HB_FAIL(err, HB_E_IO, "cannot %s '%s': %s", verb, path, strerror(errno));
}

static hb_status fresh_write(void *ctx, const void *p, size_t n, hb_error *err)
{
    hb_fresh *f = ctx;
    if (hb_signal_waits()) {
        return HB_FAIL(err, HB_E_IO, "interrupted while writing '%s'", f->target);
    }
    return hb_write_all(f->os, f->fd, f->target, p, n, err);
}

struct hb_seal {
    hb_fresh file;
    char *target;
    hb_aead *aead;
    hb_cms *cms;
};

hb_status hb_seal_create(const hb_os *os, const char *target, const hb_seal_ask *ask,
                         hb_seal **ret_seal, hb_error *err)
{
    hb_seal *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->file.fd = -1;
    s->target = hb_strdup(target);
    hb_status status = s->target ? hb_fresh_open(&s->file, os, s->target, err) : HB_NOMEM(err);
    const hb_sink sink = {.write = fresh_write, .ctx = &s->file};
    if (status == HB_OK) {
        status = ask->passphrase
                     ? hb_aead_seal_new(os, ask->passphrase, HB_AEAD_LOG2N, sink, &s->aead, err)
                     : hb_cms_seal_new(os, ask->certificates, ask->names, ask->n_certificates, sink,
                                       &s->cms, err);
    }
    if (status != HB_OK) {
        hb_seal_free(s);
        return status;
    }
    *ret_seal = s;
    return HB_OK;
}

void hb_seal_free(hb_seal *s)
{
    if (s) {
        hb_fresh_end(&s->file);
        hb_aead_free(s->aead);
        hb_cms_free(s->cms);
        hb_free(s->target);
        hb_free(s);
    }
}

hb_status hb_seal_add(hb_seal *s, const void *p, size_t n, hb_error *err)
{
    return s->aead ? hb_aead_add(s->aead, p, n, err) : hb_cms_add(s->cms, p, n, err);
}

hb_status hb_seal_finish(hb_seal *s, hb_error *err)
{
    HB_TRY(s->aead ? hb_aead_end(s->aead, err) : hb_cms_end(s->cms, err));
    return hb_fresh_commit(&s->file, err);
}

/* --- unsealing --- */

static hb_status unseal_passphrase(const hb_os *os, int fd, const char *from,
                                   const hb_unseal_ask *ask, hb_sink sink, hb_error *err)
{
    hb_aead *a = NULL;
    char *portion = hb_alloc(PORTION);
    hb_status status = portion ? hb_aead_open_new(ask->passphrase, HB_AEAD_LOG2N_MAX, sink, &a, err)
                               : HB_NOMEM(err);
    while (status == HB_OK) {
        ssize_t n = os->read(fd, portion, PORTION);
        if (n > 0) {
            status = hb_aead_add(a, portion, (size_t)n, err);
        } else if (n == 0) {
            status = hb_aead_end(a, err);
            break;
        } else if (errno != EINTR) {
            status = io_fail(err, "read", from);
        }
    }
    hb_aead_free(a);
    hb_free(portion);
    return status;
}

typedef struct read_at {
    const hb_os *os;
    const char *from;
    int fd;
} read_at;

static hb_status file_read_at(void *ctx, uint64_t at, void *p, size_t n, hb_error *err)
{
    const read_at *r = ctx;
    char *to = p;
    while (n) {
        ssize_t got = r->os->pread(r->fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got ? io_fail(err, "read", r->from)
                       : HB_FAIL(err, HB_E_IO, "'%s' became shorter while it was read", r->from);
        }
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return HB_OK;
}

static hb_status unseal_cms(const hb_os *os, int fd, const char *from, const hb_unseal_ask *ask,
                            hb_sink sink, hb_error *err)
{
    struct stat st;
    read_at r = {.os = os, .from = from, .fd = fd};
    if (os->fstat(fd, &st) != 0 || st.st_size < 0) {
        return io_fail(err, "look at", from);
    }
    const hb_cms_source source = {.read = file_read_at, .ctx = &r, .size = (uint64_t)st.st_size};
    return hb_cms_open(os, &source, ask->key, &ask->key_passphrase, sink, err);
}

static hb_status may_unseal(hb_sealed kind, const char *from, const hb_unseal_ask *ask,
                            hb_error *err)
{
    if (kind == HB_SEALED_NOT) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no encrypted file of hb", from);
    }
    if (kind == HB_SEALED_PASSPHRASE ? !ask->passphrase : !ask->key) {
        return HB_FAIL(err, HB_E_USAGE, "'%s' is %s", from, hb_sealed_words(kind));
    }
    return HB_OK;
}

static hb_status open_and_look(const hb_os *os, const char *path, int *ret_fd, hb_sealed *ret_kind,
                               hb_error *err)
{
    char head[HB_SEALED_HEAD];
    int fd = os->open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
    if (fd < 0) {
        return HB_FAIL(err, HB_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    }
    ssize_t n = os->pread(fd, head, sizeof head, 0);
    if (n < 0 && errno != EISDIR) {
        hb_status status = HB_FAIL(err, HB_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        os->close(fd);
        return status;
    }
    *ret_kind = hb_sealed_kind(head, n > 0 ? (size_t)n : 0);
    *ret_fd = fd;
    return HB_OK;
}

hb_status hb_sealed_kind_of_file(const hb_os *os, const char *path, hb_sealed *ret, hb_error *err)
{
    int fd = -1;
    HB_TRY(open_and_look(os, path, &fd, ret, err));
    os->close(fd);
    return HB_OK;
}

hb_status hb_unseal_file(const hb_os *os, const char *from, const char *target,
                         const hb_unseal_ask *ask, hb_error *err)
{
    hb_fresh out = {.fd = -1};
    int fd = -1;
    hb_sealed kind = HB_SEALED_NOT;
    HB_TRY(open_and_look(os, from, &fd, &kind, err));
    hb_status status = may_unseal(kind, from, ask, err);
    status = status == HB_OK ? hb_fresh_open(&out, os, target, err) : status;
    if (status == HB_OK) {
        const hb_sink sink = {.write = fresh_write, .ctx = &out};
        status = kind == HB_SEALED_CMS ? unseal_cms(os, fd, from, ask, sink, err)
                                       : unseal_passphrase(os, fd, from, ask, sink, err);
        if (status == HB_E_EVIDENCE || status == HB_E_LIMIT) {
            status = hb_error_prefix(err, "'%s'", from);
        }
        status = status == HB_OK ? hb_fresh_commit(&out, err) : status;
    }
    hb_fresh_end(&out);
    os->close(fd);
    return status;
}
