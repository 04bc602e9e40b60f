/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/note.h"

#include "crypto/base64.h"

#include <string.h>

#define DASH "\xe2\x80\x94 " /* U+2014 and a blank */

enum { ED25519 = 1, HASH_BYTES = 4, BLOB_MAX = 4096, SIZE_MAX_BITS = 60 };

/* --- reading a note --- */

static bool allowed_text(hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n') {
            return false;
        }
    }
    return hb_utf8_valid_prefix(s) == s.n;
}

/* Blanks of any writing and '+' cannot stand in a key's name. */
static bool allowed_name(hb_str s)
{
    hb_str rest = s;
    while (rest.n) {
        uint32_t c = 0;
        size_t n = hb_utf8_next(rest, &c);
        bool blank = c <= 0x20 || c == 0x7f || c == 0x85 || c == 0xa0 || c == 0x1680 ||
                     (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                     c == 0x205f || c == 0x3000;
        if (n == 0 || blank || c == '+') {
            return false;
        }
        rest = (hb_str){rest.p + n, rest.n - n};
    }
    return s.n > 0 && s.n <= HB_ORIGIN_MAX;
}

static hb_str line_of(hb_str *rest)
{
    size_t n = hb_str_find_ch(*rest, '\n');
    hb_str line = {rest->p, n};
    size_t used = n < rest->n ? n + 1 : n;
    *rest = (hb_str){rest->p + used, rest->n - used};
    return line;
}

static hb_status read_signature(hb_str line, const char *name, hb_arena *arena,
                                hb_note_signature *ret, hb_error *err)
{
    static const size_t dash = sizeof DASH - 1;
    uint8_t blob[BLOB_MAX];
    size_t n = 0;
    hb_error why = {0};
    if (!hb_str_starts(line, DASH)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no signed note: a line after the empty one is no "
                       "signature",
                       name);
    }
    hb_str rest = {line.p + dash, line.n - dash};
    size_t blank = hb_str_find_ch(rest, ' ');
    hb_str who = {rest.p, blank};
    if (blank == rest.n || !allowed_name(who)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no signed note: a signature has no proper name",
                       name);
    }
    hb_str text = {rest.p + blank + 1, rest.n - blank - 1};
    if (hb_base64_read(text, "signature", blob, sizeof blob, &n, &why) != HB_OK ||
        n <= HASH_BYTES) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no signed note: the signature of '%.*s' is no "
                       "base64 of 5 bytes or more",
                       name, (int)who.n, who.p);
    }
    memcpy(ret->hash, blob, HASH_BYTES);
    ret->name = hb_arena_str(arena, who);
    ret->sig.n = n - HASH_BYTES;
    ret->sig.p = hb_arena_strndup(arena, (const char *)blob + HASH_BYTES, ret->sig.n);
    return ret->name && ret->sig.p ? HB_OK : HB_NOMEM(err);
}

hb_status hb_note_read(hb_str text, const char *name, hb_arena *arena, hb_note *ret, hb_error *err)
{
    hb_note note = {.n_signatures = 0};
    size_t end = text.n; /* of what is signed: before the last empty line */
    while (end > 1 && !(end < text.n && text.p[end] == '\n' && text.p[end - 1] == '\n')) {
        end--;
    }
    if (text.n > HB_CHECKPOINT_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no signed note: it has more than %d bytes", name,
                       HB_CHECKPOINT_MAX);
    }
    if (end <= 1 || end + 1 >= text.n || text.p[text.n - 1] != '\n') {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' is no signed note: expected lines, an empty line and signatures, each "
                       "with its line end",
                       name);
    }
    if (!allowed_text(text)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no signed note: it is not plain UTF-8 text", name);
    }
    note.text = (hb_str){hb_arena_strndup(arena, text.p, end), end};
    if (!note.text.p) {
        return HB_NOMEM(err);
    }
    hb_str rest = {text.p + end + 1, text.n - end - 1};
    while (rest.n) {
        if (note.n_signatures == HB_NOTE_SIGNATURES_MAX) {
            return HB_FAIL(err, HB_E_INPUT, "'%s' has more than %d signatures", name,
                           HB_NOTE_SIGNATURES_MAX);
        }
        HB_TRY(
            read_signature(line_of(&rest), name, arena, &note.signatures[note.n_signatures], err));
        note.n_signatures++;
    }
    *ret = note;
    return HB_OK;
}

/* --- keys and signatures --- */

/* ret = 4 bytes of hash, then the kind and the key: what a key's text holds. */
static hb_status key_bytes(const char *name, const hb_pubkey *key, uint8_t ret[HASH_BYTES + 33],
                           hb_error *err)
{
    hb_buf b;
    hb_hash h = {.v = {0}};
    char hex[HB_DIGEST_HEX];
    uint8_t kind_and_key[33] = {ED25519};
    if (!allowed_name(hb_str_of(name))) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%s' cannot sign a note: a name has 1 to %d bytes, no blanks and no '+'",
                       name, HB_ORIGIN_MAX);
    }
    HB_TRY(hb_pubkey_raw(key, kind_and_key + 1, err));
    hb_buf_init(&b, 1024);
    hb_buf_c(&b, name);
    hb_buf_ch(&b, '\n');
    hb_buf_add(&b, kind_and_key, sizeof kind_and_key);
    hb_status status = hb_buf_check(&b, err);
    if (status == HB_OK) {
        status = hb_digest_of(b.p, b.n, hex, err);
    }
    hb_buf_release(&b);
    HB_TRY(status);
    if (!hb_hash_from_hex(hb_str_of(hex), &h)) {
        return HB_FAIL(err, HB_E_BUG, "a digest is no digest");
    }
    memcpy(ret, h.v, HASH_BYTES);
    memcpy(ret + HASH_BYTES, kind_and_key, sizeof kind_and_key);
    return HB_OK;
}

hb_status hb_note_key_text(const char *signer_name, const hb_pubkey *key, hb_buf *out,
                           hb_error *err)
{
    uint8_t k[HASH_BYTES + 33];
    HB_TRY(key_bytes(signer_name, key, k, err));
    hb_buf_fmt(out, "%s+%02x%02x%02x%02x+", signer_name, k[0], k[1], k[2], k[3]);
    hb_base64_put(out, k + HASH_BYTES, sizeof k - HASH_BYTES);
    return hb_buf_check(out, err);
}

hb_status hb_note_sign(hb_str signed_text, const char *signer_name, hb_signer *signer, hb_buf *out,
                       hb_error *err)
{
    uint8_t k[HASH_BYTES + 33];
    hb_buf sig;
    hb_buf blob;
    HB_TRY(key_bytes(signer_name, hb_signer_public(signer), k, err));
    hb_buf_init(&sig, HB_SIGNATURE_MAX);
    hb_buf_init(&blob, HB_SIGNATURE_MAX + HASH_BYTES);
    hb_status status = hb_signer_sign(signer, signed_text.p, signed_text.n, &sig, err);
    if (status == HB_OK) {
        hb_buf_add(&blob, k, HASH_BYTES);
        hb_buf_add(&blob, sig.p, sig.n);
        status = hb_buf_check(&blob, err);
    }
    if (status == HB_OK) {
        hb_buf_fmt(out, DASH "%s ", signer_name);
        hb_base64_put(out, blob.p, blob.n);
        hb_buf_ch(out, '\n');
        status = hb_buf_check(out, err);
    }
    hb_buf_release(&sig);
    hb_buf_release(&blob);
    return status;
}

hb_status hb_note_verify(const hb_note *n, const char *signer_name, const hb_pubkey *key,
                         hb_error *err)
{
    uint8_t k[HASH_BYTES + 33];
    size_t found = 0;
    HB_TRY(key_bytes(signer_name, key, k, err));
    for (size_t i = 0; i < n->n_signatures; i++) {
        const hb_note_signature *s = &n->signatures[i];
        if (strcmp(s->name, signer_name) != 0 || memcmp(s->hash, k, HASH_BYTES) != 0) {
            continue;
        }
        hb_error why = {0};
        hb_status status = hb_pubkey_verify(key, n->text.p, n->text.n, s->sig.p, s->sig.n, &why);
        if (status == HB_E_EVIDENCE) {
            return HB_FAIL(err, HB_E_EVIDENCE,
                           "the signature of '%s' is false: it is not of this "
                           "text",
                           signer_name);
        }
        if (status != HB_OK) {
            return HB_FAIL(err, status, "%s", why.msg);
        }
        found++;
    }
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_EVIDENCE, "there is no signature of '%s' by key %.16s…",
                           signer_name, hb_pubkey_id(key));
}

/* --- checkpoints --- */

/* Decimal without leading zeros. */
static bool read_size(hb_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 19 || (s.n > 1 && s.p[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = v;
    return v < (uint64_t)1 << SIZE_MAX_BITS;
}

hb_status hb_checkpoint_read(hb_str text, const char *name, hb_arena *arena, hb_checkpoint *ret,
                             hb_error *err)
{
    hb_checkpoint c = {.size = 0};
    size_t n = 0;
    hb_error why = {0};
    HB_TRY(hb_note_read(text, name, arena, &c.note, err));
    hb_str rest = c.note.text;
    hb_str origin = line_of(&rest);
    hb_str size = line_of(&rest);
    hb_str root = line_of(&rest);
    if (!allowed_name(origin)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no checkpoint: line 1 is no origin", name);
    }
    if (!read_size(size, &c.size)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no checkpoint: line 2 is no number of entries",
                       name);
    }
    if (hb_base64_read(root, "root", c.root.v, sizeof c.root.v, &n, &why) != HB_OK ||
        n != sizeof c.root.v) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no checkpoint: line 3 is no base64 of 32 bytes",
                       name);
    }
    while (rest.n) {
        if (line_of(&rest).n == 0) {
            return HB_FAIL(err, HB_E_INPUT, "'%s' is no checkpoint: it has an empty line", name);
        }
    }
    c.origin = hb_arena_str(arena, origin);
    if (!c.origin) {
        return HB_NOMEM(err);
    }
    *ret = c;
    return HB_OK;
}

void hb_checkpoint_text(const char *origin, uint64_t size, const hb_hash *root, hb_buf *out)
{
    hb_buf_fmt(out, "%s\n%llu\n", origin, (unsigned long long)size);
    hb_base64_put(out, root->v, sizeof root->v);
    hb_buf_ch(out, '\n');
}

hb_status hb_checkpoint_sign(const char *origin, uint64_t size, const hb_hash *root,
                             hb_signer *signer, hb_buf *out, hb_error *err)
{
    hb_buf text;
    hb_buf_init(&text, HB_CHECKPOINT_MAX);
    hb_checkpoint_text(origin, size, root, &text);
    hb_buf_clear(out);
    hb_buf_add(out, text.p, text.n);
    hb_buf_ch(out, '\n');
    hb_status status = hb_buf_check(&text, err);
    if (status == HB_OK) {
        status = hb_note_sign((hb_str){text.p, text.n}, origin, signer, out, err);
    }
    hb_buf_release(&text);
    return status;
}

hb_status hb_checkpoint_verify(const hb_checkpoint *c, const char *signer_name,
                               const hb_pubkey *key, hb_error *err)
{
    return hb_note_verify(&c->note, signer_name, key, err);
}

hb_status hb_checkpoint_cosign(hb_str text, const char *signer_name, hb_signer *signer, hb_buf *out,
                               hb_error *err)
{
    hb_arena arena;
    hb_checkpoint c;
    hb_arena_init(&arena, 1 << 20);
    hb_status status = hb_checkpoint_read(text, "checkpoint", &arena, &c, err);
    if (status == HB_OK && c.note.n_signatures == HB_NOTE_SIGNATURES_MAX) {
        status = HB_FAIL(err, HB_E_LIMIT, "a checkpoint has at most %d signatures",
                         HB_NOTE_SIGNATURES_MAX);
    }
    if (status == HB_OK) {
        hb_buf_clear(out);
        hb_buf_str(out, text);
        status = hb_note_sign(c.note.text, signer_name, signer, out, err);
    }
    hb_arena_release(&arena);
    return status;
}

/* --- paper --- */

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
enum { GROUP = 5, GROUPS = 4, CODE_CHARS = GROUP * GROUPS };

static void put_code(const char digits[CODE_CHARS], char ret[HB_CHECKPOINT_CODE])
{
    char *out = ret;
    for (size_t i = 0; i < CODE_CHARS; i++) {
        if (i && i % GROUP == 0) {
            *out++ = '-';
        }
        *out++ = digits[i];
    }
    *out = '\0';
}

hb_status hb_checkpoint_code(hb_str signed_text, char ret[HB_CHECKPOINT_CODE], hb_error *err)
{
    char hex[HB_DIGEST_HEX];
    hb_hash h = {.v = {0}};
    char digits[CODE_CHARS];
    HB_TRY(hb_digest_of(signed_text.p, signed_text.n, hex, err));
    if (!hb_hash_from_hex(hb_str_of(hex), &h)) {
        return HB_FAIL(err, HB_E_BUG, "a digest is no digest");
    }
    for (size_t i = 0; i < CODE_CHARS; i++) {
        size_t bit = i * 5;
        unsigned two = (unsigned)h.v[bit / 8] << 8 | h.v[bit / 8 + 1];
        digits[i] = crockford[two >> (11 - bit % 8) & 31];
    }
    put_code(digits, ret);
    return HB_OK;
}

hb_status hb_checkpoint_code_read(const char *text, char ret[HB_CHECKPOINT_CODE], hb_error *err)
{
    char digits[CODE_CHARS];
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (c == '-' || c == ' ') {
            continue;
        }
        if (n == CODE_CHARS || !strchr(crockford, c)) {
            n = 0;
            break;
        }
        digits[n++] = c;
    }
    if (n != CODE_CHARS) {
        return HB_FAIL(err, HB_E_USAGE,
                       "'%.60s' is no code of a checkpoint: expected 4 groups of 5 characters",
                       text);
    }
    put_code(digits, ret);
    return HB_OK;
}
