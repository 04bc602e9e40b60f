/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl is loaded here and nowhere else: linked, it and what it needs would double the time any
 * command takes to start. */
#define CURL_DISABLE_TYPECHECK
#include "alert/net/curl_client.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <string.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo

enum { ANSWER_BYTES = 64 * 1024 };

#define FUNCTIONS(X)      \
    X(curl_global_init)   \
    X(curl_easy_init)     \
    X(curl_easy_setopt)   \
    X(curl_easy_getinfo)  \
    X(curl_easy_perform)  \
    X(curl_easy_reset)    \
    X(curl_easy_strerror) \
    X(curl_easy_cleanup)  \
    X(curl_slist_append)  \
    X(curl_slist_free_all)

typedef struct library {
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
} library;

struct hb_curl {
    const hb_sink_env *env;
    void *handle;
    library f;
    CURL *easy;
    char why[CURL_ERROR_SIZE];
};

static hb_status find(hb_curl *c, const char *name, void *ret, hb_error *err)
{
    void *symbol = dlsym(c->handle, name);
    if (!symbol) {
        return HB_FAIL(err, HB_E_IO, "libcurl has no %s: it is too old", name);
    }
    memcpy(ret, &symbol, sizeof symbol); /* a data pointer is no function pointer in ISO C */
    return HB_OK;
}

static hb_status load(hb_curl *c, hb_error *err)
{
    /* Never unloaded: its libraries leave handlers behind that run at the end of the program. */
    c->handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!c->handle) {
        return HB_FAIL(err, HB_E_IO,
                       "libcurl cannot be loaded, install the package libcurl4: %.200s", dlerror());
    }
#define FIND(name) HB_TRY(find(c, #name, &c->f.name, err));
    FUNCTIONS(FIND)
#undef FIND
    if (c->f.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return HB_FAIL(err, HB_E_IO, "libcurl does not start");
    }
    c->easy = c->f.curl_easy_init();
    return c->easy ? HB_OK : HB_NOMEM(err);
}

hb_status hb_curl_open(const hb_sink_env *env, hb_curl **ret_client, hb_error *err)
{
    hb_curl *c = hb_alloc_zero(sizeof *c);
    if (!c) {
        return HB_NOMEM(err);
    }
    c->env = env;
    hb_status status = load(c, err);
    if (status != HB_OK) {
        hb_curl_close(c);
        return status;
    }
    *ret_client = c;
    return HB_OK;
}

void hb_curl_close(hb_curl *c)
{
    if (!c) {
        return;
    }
    if (c->easy) {
        c->f.curl_easy_cleanup(c->easy);
    }
    if (c->handle) {
        dlclose(c->handle);
    }
    hb_free(c);
}

/* --- what both have in common --- */

static int watch(void *ctx, curl_off_t a, curl_off_t b, curl_off_t d, curl_off_t e)
{
    const hb_curl *c = ctx;
    (void)a;
    (void)b;
    (void)d;
    (void)e;
    return c->env->ending && c->env->ending(c->env->ending_ctx);
}

typedef struct answer {
    size_t n;
} answer;

static size_t throw_away(char *p, size_t size, size_t n, void *ctx)
{
    answer *a = ctx;
    (void)p;
    a->n += size * n;
    return a->n > ANSWER_BYTES ? 0 : size * n; /* 0 breaks the transfer off */
}

#define SET(option, value) bad |= c->f.curl_easy_setopt(c->easy, option, value)

static bool set_common(hb_curl *c, const hb_curl_common *o, const char *protocols, answer *a)
{
    unsigned bad = 0;
    c->f.curl_easy_reset(c->easy);
    c->why[0] = '\0';
    SET(CURLOPT_ERRORBUFFER, c->why);
    SET(CURLOPT_URL, o->url);
    SET(CURLOPT_PROTOCOLS_STR, protocols);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)o->timeout_ms);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, o->proxy ? o->proxy : "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_WRITEFUNCTION, throw_away);
    SET(CURLOPT_WRITEDATA, a);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, c);
    if (o->ca_file) {
        SET(CURLOPT_CAINFO, o->ca_file);
    }
    if (o->cert_file) {
        SET(CURLOPT_SSLCERT, o->cert_file);
        SET(CURLOPT_SSLKEY, o->key_file ? o->key_file : o->cert_file);
    }
    if (o->key_password) {
        SET(CURLOPT_KEYPASSWD, o->key_password);
    }
    if (o->user) {
        SET(CURLOPT_USERNAME, o->user);
        SET(CURLOPT_PASSWORD, o->password ? o->password : "");
    }
    return bad == 0;
}

static hb_status why_not(hb_curl *c, CURLcode code, hb_error *err)
{
    if (code == CURLE_OUT_OF_MEMORY) {
        return HB_NOMEM(err);
    }
    return HB_FAIL(err, HB_E_IO, "%.300s", *c->why ? c->why : c->f.curl_easy_strerror(code));
}

static hb_status list_of(hb_curl *c, const char *const *texts, size_t n, struct curl_slist **ret,
                         hb_error *err)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < n; i++) {
        struct curl_slist *longer = c->f.curl_slist_append(list, texts[i]);
        if (!longer) {
            c->f.curl_slist_free_all(list);
            return HB_NOMEM(err);
        }
        list = longer;
    }
    *ret = list;
    return HB_OK;
}

/* --- POST --- */

hb_status hb_curl_post(hb_curl *c, const hb_curl_common *o, const char *const *headers,
                       size_t n_headers, const void *body, size_t n, long *ret_code, hb_error *err)
{
    answer a = {0};
    struct curl_slist *list = NULL;
    long code = 0;
    unsigned bad = 0;
    HB_TRY(list_of(c, headers, n_headers, &list, err));
    bad |= !set_common(c, o, "http,https", &a);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE, (long)n);
    SET(CURLOPT_POSTFIELDS, body);
    SET(CURLOPT_HTTPHEADER, list);
    SET(CURLOPT_USERAGENT, "harmony-bridge/" HB_VERSION);
    CURLcode rc = bad ? CURLE_OUT_OF_MEMORY : c->f.curl_easy_perform(c->easy);
    c->f.curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &code);
    c->f.curl_slist_free_all(list);
    /* An answer whose body is longer than we read is an answer all the same. */
    if (rc != CURLE_OK && !(rc == CURLE_WRITE_ERROR && code)) {
        return why_not(c, rc, err);
    }
    *ret_code = code;
    return HB_OK;
}

/* --- mail --- */

typedef struct reading {
    const char *p;
    size_t left;
} reading;

static size_t next_part(char *out, size_t size, size_t n, void *ctx)
{
    reading *r = ctx;
    size_t take = size * n < r->left ? size * n : r->left;
    memcpy(out, r->p, take);
    r->p += take;
    r->left -= take;
    return take;
}

hb_status hb_curl_send_mail(hb_curl *c, const hb_curl_mail *mail, hb_error *err)
{
    answer a = {0};
    reading r = {mail->text, mail->text_len};
    struct curl_slist *to = NULL;
    unsigned bad = 0;
    HB_TRY(list_of(c, mail->to, mail->n_to, &to, err));
    bad |= !set_common(c, &mail->common, "smtp,smtps", &a);
    SET(CURLOPT_USE_SSL, (long)(mail->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    SET(CURLOPT_MAIL_FROM, mail->from);
    SET(CURLOPT_MAIL_RCPT, to);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, next_part);
    SET(CURLOPT_READDATA, &r);
    SET(CURLOPT_INFILESIZE, (long)mail->text_len);
    CURLcode rc = bad ? CURLE_OUT_OF_MEMORY : c->f.curl_easy_perform(c->easy);
    c->f.curl_slist_free_all(to);
    return rc == CURLE_OK ? HB_OK : why_not(c, rc, err);
}
