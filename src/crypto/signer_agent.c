/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "crypto/agent.h"
#include "crypto/signer_internal.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "agent:"

typedef struct agent_signer {
    hb_signer signer;
    hb_agent *agent;
} agent_signer;

static hb_status agent_open(const hb_signer_ask *ask, hb_signer **ret_signer, hb_error *err)
{
    agent_signer *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->signer.class = &hb_signer_agent;
    /* The variable says where the agent is, not who somebody is. */
    hb_status status = hb_agent_open(ask->os, secure_getenv("SSH_AUTH_SOCK"),
                                     ask->key + sizeof PREFIX - 1, &s->agent, &s->signer.key, err);
    if (status != HB_OK) {
        hb_free(s);
        return status;
    }
    *ret_signer = &s->signer;
    return HB_OK;
}

static hb_status agent_sign(hb_signer *s, const void *p, size_t n, hb_buf *sig, hb_error *err)
{
    return hb_agent_sign(((agent_signer *)s)->agent, p, n, sig, err);
}

static void agent_free(hb_signer *s)
{
    hb_agent_close(((agent_signer *)s)->agent);
    hb_free(s);
}

const hb_signer_class hb_signer_agent = {
    .prefix = PREFIX, .open = agent_open, .sign = agent_sign, .free = agent_free};
