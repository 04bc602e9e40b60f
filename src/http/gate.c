/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gate.h"

#include "base/mem.h"
#include "govern/token.h"
#include "http/throttle.h"

#include <string.h>
#include <strings.h>

enum { UNAUTHORIZED = 401, FORBIDDEN = 403, TOO_MANY = 429, UNAVAILABLE = 503 };

struct hb_http_gate {
    const hb_os *os;
    hb_throttle *throttle;
    char *tokens;
    char program[HB_TOKEN_PROGRAM_MAX + 1];
};

static hb_status open_gate(hb_http_gate *g, const char *tokens, hb_error *err)
{
    hb_tokens *now = NULL;
    size_t n = strlen(tokens) + 1;
    g->tokens = hb_alloc(n);
    if (!g->tokens) {
        return HB_NOMEM(err);
    }
    memcpy(g->tokens, tokens, n);
    HB_TRY(hb_tokens_load(g->os, tokens, &now, err));
    hb_free(now);
    return hb_throttle_new(&g->throttle, err);
}

hb_status hb_http_gate_open(const hb_os *os, const char *tokens, const char *program,
                            hb_http_gate **ret, hb_error *err)
{
    hb_http_gate *g = hb_alloc_zero(sizeof *g);
    if (!g) {
        return HB_NOMEM(err);
    }
    g->os = os;
    hb_str_fit(program, g->program, sizeof g->program);
    hb_status status = open_gate(g, tokens, err);
    if (status != HB_OK) {
        hb_http_gate_close(g);
        return status;
    }
    *ret = g;
    return HB_OK;
}

void hb_http_gate_close(hb_http_gate *g)
{
    if (g) {
        hb_throttle_free(g->throttle);
        hb_free(g->tokens);
        hb_free(g);
    }
}

/* What stands after the scheme; "" when it is another scheme. */
static const char *secret_of(const char *authorization)
{
    static const char *const schemes[] = {"Bearer ", "Token "};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i]);
        if (strncasecmp(authorization, schemes[i], n) == 0) {
            return authorization + n + strspn(authorization + n, " ");
        }
    }
    return "";
}

int hb_http_gate_admit(hb_http_gate *g, const struct sockaddr *peer, const char *authorization,
                       hb_action a, unsigned *ret_wait_s)
{
    hb_tokens *tokens = NULL;
    if (!authorization) { /* asks nothing of us, so it is no guess */
        return UNAUTHORIZED;
    }
    hb_peer who = hb_peer_of(peer);
    int64_t now = g->os->monotonic_ns();
    unsigned wait = hb_throttle_wait_s(g->throttle, &who, now);
    if (wait) {
        *ret_wait_s = wait;
        return TOO_MANY;
    }
    if (hb_tokens_load(g->os, g->tokens, &tokens, NULL) != HB_OK) {
        return UNAVAILABLE;
    }
    const hb_token *t = hb_tokens_find(tokens, secret_of(authorization));
    bool counts = t && hb_token_counts(t, g->os->now());
    bool may = counts && hb_token_may(t, a, g->program);
    hb_free(tokens);
    if (!counts) {
        hb_throttle_failed(g->throttle, &who, now);
        return UNAUTHORIZED;
    }
    hb_throttle_right(g->throttle, &who, now);
    return may ? 0 : FORBIDDEN;
}
