/* SPDX-License-Identifier: Apache-2.0 */
#include "support/people.h"

#include "support/check.h"

#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>

static void make_key(people *p, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.pem", p->dir, name);
    CHECK_OK(hb_key_generate(hb_os_real(), HB_ALGORITHM_ED25519, path, NULL, &err));
    const hb_signer_ask ask = {.os = hb_os_real(), .key = path};
    CHECK_OK(hb_signer_open(&ask, &p->signers[p->n], &err));
    p->names[p->n++] = name;
}

static void put_pem(people *p, size_t i)
{
    hb_buf pem;
    hb_buf_init(&pem, HB_PEM_MAX);
    hb_pubkey_pem(hb_signer_public(p->signers[i]), &pem);
    hb_buf_c(&p->yaml, "\"");
    for (size_t k = 0; k < pem.n; k++) {
        if (pem.p[k] == '\n') {
            hb_buf_c(&p->yaml, "\\n");
        } else {
            hb_buf_ch(&p->yaml, pem.p[k]);
        }
    }
    hb_buf_c(&p->yaml, "\"\n");
    hb_buf_release(&pem);
}

void people_make(people *p, const person_of_test *list, size_t n, const char *head)
{
    *p = (people){.dir = "/tmp/hb-people-XXXXXX"};
    assert_true(n <= PEOPLE_MAX);
    assert_non_null(mkdtemp(p->dir));
    hb_buf_init(&p->yaml, 1 << 20);
    hb_buf_fmt(&p->yaml, "%soperators:\n", head);
    for (size_t i = 0; i < n; i++) {
        make_key(p, list[i].name);
        hb_buf_fmt(&p->yaml, "  %s:\n    roles: {%s}\n    keys:\n      - pem: ", list[i].name,
                   list[i].roles);
        put_pem(p, i);
        if (list[i].more) {
            hb_buf_fmt(&p->yaml, "        %s\n", list[i].more);
        }
    }
    CHECK_OK(
        hb_operators_parse((hb_str){p->yaml.p, p->yaml.n}, "people.yaml", &p->operators, &err));
}

void people_free(people *p)
{
    for (size_t i = 0; i < p->n; i++) {
        hb_signer_free(p->signers[i]);
    }
    hb_operators_free(p->operators);
    hb_buf_release(&p->yaml);
    CHECK_OK(hb_dir_remove(hb_os_real(), p->dir, &err));
}

hb_signer *people_signer(const people *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->names[i], name) == 0) {
            return p->signers[i];
        }
    }
    fail_msg("nobody is called '%s'", name);
    return NULL;
}

void said_init(said *s)
{
    *s = (said){.n = 0};
    hb_arena_init(&s->arena, 16 << 20);
}

void said_free(said *s)
{
    hb_arena_release(&s->arena);
}

const char *say(said *s, const people *p, const char *who, const hb_statement *st)
{
    hb_buf out;
    hb_statement again = {0};
    hb_buf_init(&out, HB_STATEMENT_BYTES_MAX);
    CHECK_OK(hb_statement_sign(st, people_signer(p, who), &out, &err));
    assert_true(s->n < sizeof s->list / sizeof *s->list);
    hb_str copy = {hb_arena_strndup(&s->arena, out.p, out.n), out.n};
    s->list[s->n++] = copy;
    CHECK_OK(hb_statement_claims(copy, "said", &s->arena, &again, &err));
    hb_buf_release(&out);
    return again.digest;
}
