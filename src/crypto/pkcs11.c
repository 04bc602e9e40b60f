/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of opening: module → token → session → login → private key → its public half. Each leaves
 * what it made in the object, and close undoes from wherever opening ended. */
#include "crypto/pkcs11.h"

#include "base/mem.h"
#include "crypto/pkcs11_key.h"
#include "crypto/pkcs11_uri.h"
#include "crypto/secret.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

#define PROXY "p11-kit-proxy.so"

enum { SLOTS_MAX = 64, PIN_MAX = HB_PASSPHRASE_MAX, ATTRIBUTE_MAX = 512 };

struct hb_pkcs11 {
    const hb_os *os;
    hb_pkcs11_uri uri;
    CK_FUNCTION_LIST_PTR f;
    bool has_session;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    bool edwards;
    bool always;              /* the key wants the PIN for each signature */
    bool refused;             /* a PIN was wrong: none is tried again, or retries would lock it */
    hb_passphrase passphrase; /* asked each time; the PIN itself is never kept */
};

static const char *reason(CK_RV rv)
{
    static const struct {
        CK_RV rv;
        const char *text;
    } reasons[] = {
        {CKR_PIN_INCORRECT, "the PIN is wrong"},
        {CKR_PIN_LEN_RANGE, "the PIN is too short or too long"},
        {CKR_PIN_INVALID, "the PIN is wrong"},
        {CKR_PIN_LOCKED, "the PIN is locked"},
        {CKR_PIN_EXPIRED, "the PIN has expired"},
        {CKR_USER_PIN_NOT_INITIALIZED, "the token has no user PIN yet"},
        {CKR_TOKEN_NOT_PRESENT, "the token is gone"},
        {CKR_DEVICE_REMOVED, "the token is gone"},
        {CKR_DEVICE_ERROR, "the device failed"},
        {CKR_MECHANISM_INVALID, "the token does not know the mechanism"},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, "the key may not sign"},
        {CKR_USER_NOT_LOGGED_IN, "the token wants a PIN"},
        {CKR_FUNCTION_CANCELED, "cancelled at the token"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].rv == rv) {
            return reasons[i].text;
        }
    }
    return "the module failed";
}

static hb_status failed(hb_status code, const char *what, CK_RV rv, hb_error *err)
{
    return HB_FAIL(err, code, "token: %s: %s (0x%lx)", what, reason(rv), rv);
}

#define P11(what, call)                                 \
    do {                                                \
        CK_RV rv_ = (call);                             \
        if (rv_ != CKR_OK) {                            \
            return failed(HB_E_IO, (what), rv_, (err)); \
        }                                               \
    } while (0)

static hb_status load(hb_pkcs11 *t, hb_error *err)
{
    const char *path = *t->uri.module_path ? t->uri.module_path : PROXY;
    CK_C_GetFunctionList get = NULL;
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    /* Modules keep state of the whole process, other keys' sessions too: they are never unloaded,
     * and C_Finalize is not called. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        return HB_FAIL(err, HB_E_IO,
                       "the token's module cannot be loaded (name it by "
                       "?module-path=/…, or install p11-kit-modules): %.200s",
                       dlerror());
    }
    void *symbol = dlsym(library, "C_GetFunctionList");
    if (!symbol) {
        return HB_FAIL(err, HB_E_IO, "'%.200s' is no PKCS #11 module", path);
    }
    memcpy(&get, &symbol, sizeof get);
    P11("C_GetFunctionList", get(&t->f));
    if (!t->f || t->f->version.major < 2) {
        return HB_FAIL(err, HB_E_IO, "'%.200s' is no PKCS #11 2 module", path);
    }
    CK_RV rv = t->f->C_Initialize(&args);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return failed(HB_E_IO, "C_Initialize", rv, err);
    }
    return HB_OK;
}

/* Fields of token information are padded with blanks and have no end. "" matches anything. */
static bool field_is(const unsigned char *field, size_t room, const char *want)
{
    size_t n = strlen(want);
    while (room && (field[room - 1] == ' ' || !field[room - 1])) {
        room--;
    }
    return !n || (n == room && memcmp(field, want, n) == 0);
}

static bool token_is(const CK_TOKEN_INFO *i, const hb_pkcs11_uri *u)
{
    return field_is(i->label, sizeof i->label, u->token) &&
           field_is(i->manufacturerID, sizeof i->manufacturerID, u->manufacturer) &&
           field_is(i->model, sizeof i->model, u->model) &&
           field_is(i->serialNumber, sizeof i->serialNumber, u->serial) &&
           i->flags & CKF_TOKEN_INITIALIZED;
}

static hb_status find_token(hb_pkcs11 *t, hb_error *err)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG n = SLOTS_MAX;
    hb_buf seen;
    size_t matches = 0;
    P11("listing the slots (at most 64)", t->f->C_GetSlotList(CK_TRUE, slots, &n));
    hb_buf_init(&seen, 4096);
    for (CK_ULONG i = 0; i < n && i < SLOTS_MAX; i++) {
        CK_TOKEN_INFO info;
        char label[sizeof info.label + 1];
        if (t->f->C_GetTokenInfo(slots[i], &info) != CKR_OK) {
            continue; /* pulled out meanwhile */
        }
        if (token_is(&info, &t->uri)) {
            t->slot = slots[i];
            t->info = info;
            matches++;
        }
        size_t used = sizeof info.label;
        while (used && info.label[used - 1] == ' ') {
            used--;
        }
        memcpy(label, info.label, used);
        label[used] = '\0';
        if (used) {
            hb_buf_c(&seen, seen.n ? ", '" : "'");
            hb_buf_shown(&seen, label);
            hb_buf_c(&seen, "'");
        }
    }
    hb_status status =
        matches == 1 ? HB_OK
                     : HB_FAIL(err, HB_E_INPUT, "%s token is what the URI names; there are: %.300s",
                               matches ? "more than one" : "no", seen.n ? seen.p : "none");
    hb_buf_release(&seen);
    return status;
}

static hb_status get_pin(const hb_pkcs11 *t, const char *for_what, char pin[PIN_MAX], hb_error *err)
{
    char what[120];
    if (*t->uri.pin_file) {
        return hb_secret_line(t->os, "PIN file", t->uri.pin_file, pin, PIN_MAX, err);
    }
    if (!t->passphrase.get) {
        return HB_FAIL(err, HB_E_DENIED,
                       "the token wants a PIN%s; give it by a passphrase file, or by "
                       "?pin-source=file:/PATH in the URI",
                       for_what);
    }
    int label = (int)sizeof t->info.label;
    while (label && t->info.label[label - 1] == ' ') {
        label--;
    }
    snprintf(what, sizeof what, "PIN of token '%.*s'%s", label, (const char *)t->info.label,
             for_what);
    return t->passphrase.get(t->passphrase.ctx, what, pin, PIN_MAX, err);
}

/* One try, as whom: a wrong PIN is not given again, and the last try is left to the token's own
 * tool. */
static hb_status authenticate(hb_pkcs11 *t, CK_USER_TYPE user, const char *for_what, hb_error *err)
{
    char pin[PIN_MAX] = "";
    CK_RV rv = CKR_OK;
    if (t->refused) {
        return HB_FAIL(err, HB_E_DENIED,
                       "the token's PIN was wrong before and is not tried again; start anew with "
                       "the right one");
    }
    if (t->info.flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY)) {
        return HB_FAIL(err, HB_E_DENIED,
                       "the token's PIN is locked or has one try left, which hb does not use up; "
                       "log in by the token's own tool first");
    }
    if (t->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) {
        rv = t->f->C_Login(t->session, user, NULL, 0); /* typed at the reader */
    } else {
        hb_status status = get_pin(t, for_what, pin, err);
        if (status == HB_OK) {
            rv = t->f->C_Login(t->session, user, (unsigned char *)pin, strlen(pin));
        }
        OPENSSL_cleanse(pin, sizeof pin);
        HB_TRY(status);
    }
    t->refused = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE;
    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? HB_OK
                                                            : failed(HB_E_DENIED, "login", rv, err);
}

static hb_status login(hb_pkcs11 *t, hb_error *err)
{
    return t->info.flags & CKF_LOGIN_REQUIRED ? authenticate(t, CKU_USER, "", err) : HB_OK;
}

/* The one object of that class (and id, and label) in *ret; *ret_n = how many, counted up to 2. */
static hb_status find(hb_pkcs11 *t, CK_OBJECT_CLASS class, hb_str id, hb_str label,
                      CK_OBJECT_HANDLE *ret, size_t *ret_n, hb_error *err)
{
    CK_OBJECT_HANDLE found[2] = {0};
    CK_ULONG n = 0;
    union {
        const char *in;
        void *out;
    } id_p = {.in = id.p}, label_p = {.in = label.p}; /* Cryptoki has no const */
    CK_ATTRIBUTE want[3] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG used = 1;
    if (id.n) {
        want[used++] = (CK_ATTRIBUTE){CKA_ID, id_p.out, id.n};
    }
    if (label.n) {
        want[used++] = (CK_ATTRIBUTE){CKA_LABEL, label_p.out, label.n};
    }
    P11("C_FindObjectsInit", t->f->C_FindObjectsInit(t->session, want, used));
    CK_RV rv = CKR_OK;
    while (n < 2 && rv == CKR_OK) { /* modules may give fewer than asked for at a time */
        CK_ULONG more = 0;
        rv = t->f->C_FindObjects(t->session, found + n, 2 - n, &more);
        if (!more) {
            break;
        }
        n += more;
    }
    CK_RV end = t->f->C_FindObjectsFinal(t->session);
    P11("C_FindObjects", rv);
    P11("C_FindObjectsFinal", end);
    *ret = found[0];
    *ret_n = n;
    return HB_OK;
}

/* false when the object has none. */
static bool attribute(hb_pkcs11 *t, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *p,
                      size_t room, size_t *ret_n)
{
    CK_ATTRIBUTE a = {type, p, room};
    CK_RV rv = t->f->C_GetAttributeValue(t->session, object, &a, 1);
    if (rv != CKR_OK || a.ulValueLen == CK_UNAVAILABLE_INFORMATION || a.ulValueLen > room) {
        return false;
    }
    *ret_n = a.ulValueLen;
    return true;
}

static hb_status find_key(hb_pkcs11 *t, hb_error *err)
{
    size_t n = 0;
    CK_KEY_TYPE type = 0;
    CK_BBOOL always = CK_FALSE;
    HB_TRY(find(t, CKO_PRIVATE_KEY, (hb_str){(const char *)t->uri.id, t->uri.id_n},
                hb_str_of(t->uri.object), &t->key, &n, err));
    if (n != 1) {
        return HB_FAIL(err, HB_E_INPUT, "%s private key of the token is what the URI names",
                       n ? "more than one" : "no");
    }
    if (!attribute(t, t->key, CKA_KEY_TYPE, &type, sizeof type, &n) || n != sizeof type ||
        (type != CKK_EC && type != CKK_EC_EDWARDS)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "the token's key is of a kind hb does not sign with; there are ECDSA P-384 "
                       "and Ed25519");
    }
    t->always = attribute(t, t->key, CKA_ALWAYS_AUTHENTICATE, &always, sizeof always, &n) && always;
    t->edwards = type == CKK_EC_EDWARDS;
    return HB_OK;
}

/* From the public key beside the private one (same id), else from the private one itself. */
static hb_status find_public(hb_pkcs11 *t, hb_pubkey **ret_public, hb_error *err)
{
    uint8_t id[HB_PKCS11_ID];
    char params[ATTRIBUTE_MAX];
    char point[ATTRIBUTE_MAX];
    size_t id_n = 0;
    size_t params_n = 0;
    size_t point_n = 0;
    size_t n = 0;
    CK_OBJECT_HANDLE object = t->key;
    if (attribute(t, t->key, CKA_ID, id, sizeof id, &id_n) && id_n) {
        CK_OBJECT_HANDLE beside = 0;
        HB_TRY(find(t, CKO_PUBLIC_KEY, (hb_str){(const char *)id, id_n}, HB_STR(""), &beside, &n,
                    err));
        object = n == 1 ? beside : object;
    }
    if (!attribute(t, object, CKA_EC_POINT, point, sizeof point, &point_n) ||
        !attribute(t, object, CKA_EC_PARAMS, params, sizeof params, &params_n)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "the token has no public key with the id of the private one; store it there "
                       "as well");
    }
    return hb_pkcs11_key_public(t->edwards, (hb_str){params, params_n}, (hb_str){point, point_n},
                                ret_public, err);
}

static hb_status open_steps(hb_pkcs11 *t, hb_pubkey **ret_public, hb_error *err)
{
    HB_TRY(load(t, err));
    HB_TRY(find_token(t, err));
    P11("C_OpenSession", t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session));
    t->has_session = true;
    HB_TRY(login(t, err));
    HB_TRY(find_key(t, err));
    return find_public(t, ret_public, err);
}

hb_status hb_pkcs11_open(const hb_os *os, const char *uri, const hb_passphrase *passphrase,
                         hb_pkcs11 **ret_token, hb_pubkey **ret_public, hb_error *err)
{
    hb_pkcs11 *t = hb_alloc_zero(sizeof *t);
    if (!t) {
        return HB_NOMEM(err);
    }
    t->os = os;
    t->passphrase = *passphrase;
    hb_status status = hb_pkcs11_uri_read(uri, &t->uri, err);
    if (status == HB_OK) {
        status = open_steps(t, ret_public, err);
    }
    if (status != HB_OK) {
        hb_pkcs11_close(t);
        return status;
    }
    *ret_token = t;
    return HB_OK;
}

void hb_pkcs11_close(hb_pkcs11 *t)
{
    if (!t) {
        return;
    }
    if (t->has_session) {
        t->f->C_CloseSession(t->session); /* logs out with the last one */
    }
    hb_free(t);
}

/* The PIN for the signature that was begun. The token's flags are looked at anew: an earlier wrong
 * PIN, of anybody, may have left one try. */
static hb_status authenticate_signature(hb_pkcs11 *t, hb_error *err)
{
    P11("C_GetTokenInfo", t->f->C_GetTokenInfo(t->slot, &t->info));
    return authenticate(t, CKU_CONTEXT_SPECIFIC, " for a signature", err);
}

/* What was begun and is not to be must be ended, or the session is of no use for the next. C_Sign
 * ends it whatever it answers (PKCS #11 2.40, 5.11), and without the PIN it gives nothing. */
static void give_up_signature(hb_pkcs11 *t, unsigned char *p, CK_ULONG n)
{
    unsigned char none[HB_SIGNATURE_MAX];
    CK_ULONG none_n = sizeof none;
    t->f->C_Sign(t->session, p, n, none, &none_n);
    OPENSSL_cleanse(none, sizeof none);
}

hb_status hb_pkcs11_sign(hb_pkcs11 *t, const void *p, size_t n, hb_buf *sig, hb_error *err)
{
    CK_MECHANISM mechanism = {.mechanism = t->edwards ? CKM_EDDSA : CKM_ECDSA};
    unsigned char digest[48];
    unsigned char raw[96];
    CK_ULONG raw_n = sizeof raw;
    const CK_ULONG expected = t->edwards ? 64 : 96;
    union {
        const void *in;
        unsigned char *out;
    } data = {.in = p}; /* Cryptoki has no const */
    if (!t->edwards) {
        if (EVP_Digest(p, n, digest, NULL, EVP_sha384(), NULL) != 1) {
            return HB_FAIL(err, HB_E_BUG, "SHA-384 is not available in this OpenSSL");
        }
        data.out = digest;
        n = sizeof digest;
    }
    P11("C_SignInit", t->f->C_SignInit(t->session, &mechanism, t->key));
    hb_status status = t->always ? authenticate_signature(t, err) : HB_OK;
    if (status != HB_OK) {
        give_up_signature(t, data.out, n);
        return status;
    }
    P11("C_Sign", t->f->C_Sign(t->session, data.out, n, raw, &raw_n));
    if (raw_n != expected) {
        return HB_FAIL(err, HB_E_IO, "the token made a signature of %lu bytes, expected %lu", raw_n,
                       expected);
    }
    if (!t->edwards) {
        return hb_pkcs11_key_der(raw, sig, err);
    }
    hb_buf_clear(sig);
    hb_buf_add(sig, raw, raw_n);
    return hb_buf_check(sig, err);
}
