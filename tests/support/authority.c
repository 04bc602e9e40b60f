/* SPDX-License-Identifier: Apache-2.0 */
#include "support/authority.h"

#include "os/file.h"
#include "support/check.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

/* Root → issuing → leaves, each with what RFC 5280 wants of it. */
static const char authority[] =
    "set -e; cd \"$1\"; exec 2>err\n"
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

/* Those that must not be believed, beside the others: weak keys and digests, a path that is too
 * long, purposes that are others. */
static const char edges[] =
    "set -e; cd \"$1\"; exec 2>err\n"
    "ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'\n"
    "end='basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    "keyUsage=critical,digitalSignature\n'\n"
    "cert() { case $4 in\n"
    " rsa*) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:${4#rsa} -out $1.key ;;\n"
    " *) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$4 -out $1.key ;; esac\n"
    " printf \"$3\" >$1.ext; openssl req -new -key $1.key -subj \"/O=Lab/CN=$1\" |\n"
    " openssl x509 -req -${6:-sha384} -days 30 -set_serial $5 -CA $2.pem -CAkey $2.key "
    "-extfile $1.ext -out $1.pem; }\n"
    "cert weakca root \"$ca\" rsa1024 40; cert underweak weakca \"$end\" P-384 41\n"
    "cert sha1 issuing \"$end\" P-384 42 sha1\n"
    "cert sha1ca root \"$ca\" P-384 43 sha1; cert undersha1 sha1ca \"$end\" P-384 44\n"
    "cert short root \"$(printf \"$ca\" | sed s/TRUE/TRUE,pathlen:0/)\n\" P-384 45\n"
    "cert deep short \"$ca\" P-384 46; cert far deep \"$end\" P-384 47\n"
    "cert odd issuing \"${end}1.3.6.1.4.1.55555.9=critical,ASN1:NULL\n\" P-384 48\n"
    "cert paper issuing "
    "\"${end}extendedKeyUsage=critical,1.3.6.1.5.5.7.3.36,clientAuth\n\" P-384 49\n"
    "cert soft issuing \"${end}extendedKeyUsage=timeStamping\n\" P-384 50\n"
    "cert both issuing \"${end}extendedKeyUsage=critical,timeStamping,emailProtection\n\" P-384 "
    "51\n"
    "cert tiny issuing \"${end}extendedKeyUsage=critical,timeStamping\n\" rsa1024 52\n"
    "cert old issuing \"${end}extendedKeyUsage=critical,timeStamping\n\" P-384 53 sha1\n"
    "for n in sha1 odd paper soft both tiny old; do cat $n.pem issuing.pem >$n.chain; done\n"
    "cat underweak.pem weakca.pem >underweak.chain\n"
    "cat undersha1.pem sha1ca.pem >undersha1.chain\n"
    "cat far.pem deep.pem short.pem >far.chain\n";

/* What openssl ts would not sign: the same token by anybody, at any time. */
static const char forged[] =
    "set -e; cd \"$1\"; exec 2>err; export LC_ALL=C\n"
    "openssl ts -reply -in stamp.tsr -token_out -out token.p7\n"
    "openssl cms -verify -noverify -inform DER -in token.p7 -out token.tst\n"
    "sed -i \"s/20[0-9]\\{12\\}Z/$3/\" token.tst\n"
    "openssl cms -sign -binary -nodetach -cades -nosmimecap -md sha256 -econtent_type "
    "1.2.840.113549.1.9.16.1.4 -in token.tst -signer $2.pem -inkey $2.key -certfile issuing.pem "
    "-outform DER -out $2.p7\n";

static const char lists[] =
    "set -e; cd \"$1\"; exec 2>err\n"
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

void authority_edges(void)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, NULL};
    script(edges, args);
}

static const char answers[] =
    "set -e; cd \"$1\"; exec 2>err\n"
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

void authority_forge(const char *signer, hb_time at)
{
    char dir[300];
    char when[40];
    char name[64];
    hb_buf out;
    snprintf(dir, sizeof dir, "%s", temp_path("."));
    const char *const args[] = {dir, signer, stamp(at, when, false), NULL};
    script(forged, args);
    snprintf(name, sizeof name, "%s.p7", signer);
    hb_str token = authority_file(name);
    /* TimeStampResp: granted, and the token (RFC 3161, 2.4.2). */
    const size_t n = token.n + 5;
    const unsigned char head[] = {0x30, 0x82, (unsigned char)(n >> 8), (unsigned char)n, 0x30, 3, 2,
                                  1,    0};
    hb_buf_init(&out, 1 << 16);
    hb_buf_add(&out, head, sizeof head);
    hb_buf_str(&out, token);
    snprintf(name, sizeof name, "%s.tsr", signer);
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path(name), out.p, out.n, 0600, &err));
    hb_buf_release(&out);
}
