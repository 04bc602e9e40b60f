/* SPDX-License-Identifier: Apache-2.0 */
#include "support/authority.h"

#include "os/file.h"
#include "support/check.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

/* Root → issuing → leaves, each with what RFC 5280 wants of it. */
static const char authority[] =
    "exec 2>err; set -e; cd \"$1\"\n"
    "key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$2 -out $1.key; }\n"
    "ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'\n"
    "end='basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'\n"
    "cert() { key $1 $4; printf '%s' \"$3\" >$1.ext; openssl req -new -key $1.key -subj "
    "\"/O=Lab/CN=$1\" |\n"
    "  openssl x509 -req -sha384 -days 30 -set_serial $5 -CA $2.pem -CAkey $2.key -extfile $1.ext "
    "-out $1.pem; }\n"
    "root() { key $1 P-384; openssl req -x509 -sha384 -new -key $1.key -days 3650 -subj "
    "\"/O=Lab/CN=$1\" "
    "-addext keyUsage=critical,keyCertSign,cRLSign -out $1.pem; }\n"
    "root root; root other\n"
    "cert issuing root \"$ca\" P-384 2\n"
    "cert narrow root \"$ca\"'nameConstraints=critical,permitted;DNS:lab.example\n' P-384 3\n"
    "cert release issuing \"$end\"'keyUsage=critical,digitalSignature\n' P-384 16\n"
    "cert small issuing \"$end\"'keyUsage=critical,digitalSignature\n' P-256 17\n"
    "cert mail issuing \"$end\"'keyUsage=critical,keyAgreement\n' P-384 18\n"
    "cert free issuing \"$end\" P-384 19\n"
    "cert strange narrow "
    "\"$end\"'keyUsage=critical,digitalSignature\nsubjectAltName=DNS:evil.example\n' P-384 20\n"
    "cert inside narrow "
    "\"$end\"'keyUsage=critical,digitalSignature\nsubjectAltName=DNS:rig.lab.example\n' P-384 21\n"
    "cert fake release \"$end\"'keyUsage=critical,digitalSignature\n' P-384 22\n"
    "cert stamp issuing "
    "\"$end\"'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n' P-384 "
    "23\n"
    "cert web issuing "
    "\"$end\"'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,serverAuth\n' P-384 "
    "24\n"
    "for n in release small mail free stamp web; do cat $n.pem issuing.pem >$n.chain; done\n"
    "for n in strange inside; do cat $n.pem narrow.pem >$n.chain; done\n"
    "cat fake.pem release.pem issuing.pem >fake.chain\n"
    "cat issuing.pem release.pem >swapped.chain\n";

static const char lists[] =
    "exec 2>err; set -e; cd \"$1\"\n"
    "crl() { printf "
    "'[ca]\ndefault_ca=d\n[d]\ndatabase=%s.db\ndefault_md=sha384\ncrl_extensions=x\n[x]\n"
    "authorityKeyIdentifier=keyid\n' $1 >$1.cnf; printf 'unique_subject = no\n' >$1.db.attr; "
    "openssl ca -gencrl -config $1.cnf -cert $1.pem -keyfile $1.key -crl_lastupdate $2 "
    "-crl_nextupdate $3 -out $4; }\n"
    ": >root.db; : >issuing.db; crl root $2 $3 root.crl; crl issuing $2 $3 issuing.crl\n"
    "printf 'R\\t%s\\t%s,superseded\\t10\\tunknown\\t/O=Lab/CN=release\n' 301231235959Z $4 "
    ">issuing.db\n"
    "crl issuing $2 $3 revoked.crl\n"
    "cat issuing.crl root.crl >clean.crls; cat revoked.crl root.crl >revoked.crls\n";

static void script(const char *text, const char *const *args)
{
    hb_buf out;
    const char *argv[12] = {"sh", "-c", text, "sh"};
    for (size_t i = 0; args[i]; i++) {
        argv[4 + i] = args[i];
    }
    hb_buf_init(&out, 1 << 20);
    if (spawn_run(argv, NULL, 0, &out) != 0) {
        char *why = NULL;
        size_t n = 0;
        HB_IGNORE(hb_file_read(hb_os_real(), temp_path("err"), 1 << 16, &why, &n, NULL));
        fail_msg("script: %s %s", out.p, why ? why : "");
    }
    hb_buf_release(&out);
}

static const char answers[] =
    "exec 2>err; set -e; cd \"$1\"\n"
    "printf "
    "'oid_section=o\n[o]\ntp=1.3.6.1.4.1.55555.1\n[tsa]\ndefault_tsa=t\n[t]\nserial=tsa.serial\n"
    "signer_digest=%s\ndefault_policy=tp\ndigests=sha256\naccuracy=secs:1\nordering=no\n"
    "tsa_name=no\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n' ${4:-sha384} >tsa.cnf\n"
    "openssl ts -reply -config tsa.cnf -queryfile \"$2\" -signer $3.pem -inkey $3.key -chain "
    "issuing.pem -out $3.tsr\n";

void authority_here(void)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, NULL};
    script(authority, args);
}

int authority_make(void **state)
{
    (void)state;
    temp_dir_new();
    authority_here();
    return 0;
}

int authority_remove(void **state)
{
    (void)state;
    temp_dir_remove();
    return 0;
}

hb_str authority_file(const char *name)
{
    static char *kept[64];
    static size_t used;
    size_t n = 0;
    char **p = &kept[used++ % 64];
    hb_free(*p);
    *p = NULL;
    CHECK_OK(hb_file_read(hb_os_real(), temp_path(name), 1 << 20, p, &n, &err));
    return (hb_str){*p, n};
}

/* "20260102030405Z" */
static const char *stamp(hb_time t, char room[40], bool short_year)
{
    char text[HB_TIME_TEXT];
    size_t n = 0;
    hb_time_print(t - t % 1000000000, text);
    for (const char *p = text + (short_year ? 2 : 0); *p; p++) {
        if (*p != '-' && *p != ':' && *p != 'T') {
            room[n++] = *p;
        }
    }
    room[n] = '\0';
    return room;
}

void authority_lists(hb_time from, hb_time to, hb_time revoked)
{
    char a[40];
    char b[40];
    char c[40];
    char dir[300];
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, stamp(from, a, false), stamp(to, b, false),
                                stamp(revoked, c, true), NULL};
    script(lists, args);
}

void authority_answer(const char *query, const char *signer, const char *digest)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, query, signer, digest, NULL};
    script(answers, args);
}
