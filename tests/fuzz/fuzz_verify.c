/* SPDX-License-Identifier: Apache-2.0 */
/* hb_verify as a whole: the first byte chooses a file of a pack that holds, the rest takes its
 * place, and everything is digested and signed again with the key that is trusted, so that the
 * bytes get past the signature. The last choices replace the attestation and the zip itself.
 * Whatever comes in, verify says so and ends; a pack whose run, decision, policy, report or entry
 * of the log was replaced by other bytes must not hold. */
#include "crypto/dsse.h"
#include "os/file.h"
#include "support/evidence_case.h"
#include "support/temp_dir.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENVELOPE = EVIDENCE_FILES, ZIP, CHOICES };

static evidence_case c;
static bool begun;

static void finish(void)
{
    evidence_case_end(&c);
}

static const char *write_zip(const void *p, size_t n)
{
    const char *path = temp_path("zip");
    if (hb_file_write_atomic(&c.os, path, p, n, 0600, NULL) != HB_OK) {
        abort();
    }
    return path;
}

/* A pack of the case with this envelope. */
static const char *write_envelope(const void *p, size_t n)
{
    hb_pack_writer *w = NULL;
    hb_pack_file manifest;
    const char *path = temp_path("enveloped");
    HB_IGNORE(c.os.unlink(path)); /* of the input before */
    bool done = hb_pack_create(&c.os, path, HB_PACK_ZIP, &w, NULL) == HB_OK;
    for (size_t i = 0; i < c.n_files && done; i++) {
        done = hb_pack_put(w, c.files[i].path, c.files[i].p, c.files[i].n, NULL) == HB_OK;
    }
    done = done && hb_pack_put_manifest(w, c.case_id, &manifest, NULL) == HB_OK &&
           hb_pack_put_signature(w, HB_PACK_ATTESTATION, p, n, NULL) == HB_OK &&
           hb_pack_finish(w, NULL) == HB_OK;
    hb_pack_writer_free(w);
    if (!done) {
        abort();
    }
    return path;
}

static const char *write_changed(size_t which, const void *p, size_t n, bool *ret_other)
{
    evidence_file *f = &c.files[which];
    char *was = f->p;
    size_t was_n = f->n;
    char *copy = hb_strndup(p, n);
    if (!copy) {
        abort();
    }
    *ret_other = n != was_n || memcmp(p, was, n) != 0;
    f->p = copy;
    f->n = n;
    const char *path = evidence_case_write(&c, c.lab);
    f->p = was;
    f->n = was_n;
    hb_free(copy);
    return path;
}

/* Files of which no other bytes can stand; the rest has signatures or blanks that may be added. */
static bool decides(const char *path)
{
    return strcmp(path, "run.json") == 0 || strcmp(path, "decision.json") == 0 ||
           strcmp(path, "log/entry.json") == 0 || strncmp(path, "report/", 7) == 0 ||
           strncmp(path, "policy/", 7) == 0;
}

static void ask(const char *path, bool must_fail)
{
    hb_verified v;
    hb_error err = {0};
    const hb_verify_ask a = {.os = hb_os_real(),
                             .path = path,
                             .trusted = &c.lab_key,
                             .n_trusted = 1,
                             .draw = evidence_draw};
    if (hb_verify(&a, &v, &err) == HB_OK) {
        if (v.holds && must_fail) {
            abort();
        }
        hb_verified_release(&v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    if (!begun) {
        evidence_case_begin(&c);
        begun = true;
        atexit(finish);
    }
    size_t which = data[0] % CHOICES;
    const uint8_t *p = data + 1;
    size_t n = size - 1;
    if (which == ZIP) {
        ask(write_zip(p, n), true);
    } else if (which == ENVELOPE) {
        ask(write_envelope(p, n), false);
    } else {
        bool other = false;
        size_t file = which % c.n_files;
        const char *path = write_changed(file, p, n, &other);
        ask(path, other && decides(c.files[file].path));
        HB_IGNORE(c.os.unlink(path)); /* the folder goes at the end */
    }
    return 0;
}
