/* SPDX-License-Identifier: Apache-2.0 */
/* Against OpenSSH's agent, whose signatures OpenSSL judges; and against one that answers whatever
 * it likes. */
#include "crypto/agent.h"

#include "support/check.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t agent_pid;
static char agent_socket[200];

static int run(const char *const *argv, hb_buf *out)
{
    hb_buf_clear(out);
    return spawn_run(argv, NULL, 0, out);
}

static void must(const char *const *argv)
{
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    if (run(argv, &out) != 0) {
        fail_msg("%s: %s", argv[0], out.p);
    }
    hb_buf_release(&out);
}

static void write_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int start_agent(void **state)
{
    (void)state;
    temp_dir_new();
    snprintf(agent_socket, sizeof agent_socket, "%s", temp_path("agent"));
    const char *const argv[] = {"ssh-agent", "-D", "-a", agent_socket, NULL};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&agent_pid, argv[0], &quiet, NULL, (char **)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (failed) {
        print_message("skipped: no ssh-agent\n");
        agent_pid = 0;
        return 0;
    }
    for (int i = 0; i < 500 && access(agent_socket, F_OK) != 0; i++) {
        usleep(10000);
    }
    return 0;
}

static int stop_agent(void **state)
{
    (void)state;
    if (agent_pid > 0) {
        kill(agent_pid, SIGTERM);
        waitpid(agent_pid, NULL, 0);
        agent_pid = 0;
    }
    temp_dir_remove();
    return 0;
}

static void add_key(const char *type, const char *comment)
{
    char path[240];
    snprintf(path, sizeof path, "%s", temp_path(comment));
    const char *const make[] = {"ssh-keygen", "-q",    "-t", type, "-N", "",
                                "-C",         comment, "-f", path, NULL};
    const char *const add[] = {"ssh-add", "-q", path, NULL};
    must(make);
    assert_int_equal(setenv("SSH_AUTH_SOCK", agent_socket, 1), 0);
    must(add);
}

static void openssl_agrees(const hb_pubkey *key, const char *text, const hb_buf *sig)
{
    char pub[240];
    char msg[240];
    char sigfile[240];
    hb_buf pem;
    hb_buf_init(&pem, 4096);
    hb_pubkey_pem(key, &pem);
    snprintf(pub, sizeof pub, "%s", temp_path("pub.pem"));
    snprintf(msg, sizeof msg, "%s", temp_path("msg"));
    snprintf(sigfile, sizeof sigfile, "%s", temp_path("sig"));
    write_file(pub, pem.p, pem.n);
    write_file(msg, text, strlen(text));
    write_file(sigfile, sig->p, sig->n);
    const char *const argv[] = {"openssl", "pkeyutl", "-verify", "-pubin",   "-inkey", pub,
                                "-rawin",  "-in",     msg,       "-sigfile", sigfile,  NULL};
    must(argv);
    hb_buf_release(&pem);
}

static void agent__signs_with_openssh_and_openssl_agrees(void **state)
{
    static const char text[] = "DSSEv1 4 type 7 payload";
    hb_signer *s = NULL;
    hb_buf sig;
    char by_id[100];
    (void)state;
    if (!agent_pid) {
        skip();
    }
    hb_buf_init(&sig, 1024);
    add_key("ed25519", "first");
    add_key("ed25519", "second");
    add_key("ecdsa", "other");
    hb_signer_ask ask = {.os = hb_os_real(), .key = "agent:second"};
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    CHECK_OK(hb_signer_sign(s, text, strlen(text), &sig, &err));
    assert_int_equal(sig.n, 64);
    openssl_agrees(hb_signer_public(s), text, &sig);
    snprintf(by_id, sizeof by_id, "agent:%s", hb_pubkey_id(hb_signer_public(s)));
    hb_signer_free(s);

    ask.key = by_id;
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    CHECK_OK(hb_signer_sign(s, text, strlen(text), &sig, &err));
    openssl_agrees(hb_signer_public(s), text, &sig);
    CHECK_ERROR(hb_signer_sign(s, text, 300000, &sig, &err), HB_E_LIMIT, "signs at most");
    hb_signer_free(s);
    ask.key = "agent:other"; /* no Ed25519 */
    CHECK_ERROR(hb_signer_open(&ask, &s, &err), HB_E_INPUT, "no Ed25519 key of the ssh-agent");
    hb_buf_release(&sig);
}

/* ssh-add -l prints what a key is called by there. */
static void agent__finds_the_key_by_the_fingerprint_ssh_add_prints(void **state)
{
    hb_signer *s = NULL;
    char key[120] = "agent:";
    hb_buf out;
    (void)state;
    if (!agent_pid) {
        skip();
    }
    hb_buf_init(&out, 1 << 16);
    add_key("ed25519", "mine");
    const char *const list[] = {"ssh-add", "-l", NULL};
    assert_int_equal(run(list, &out), 0);
    const char *at = strstr(out.p, "SHA256:");
    assert_non_null(at);
    memcpy(key + 6, at, 50);
    hb_signer_ask ask = {.os = hb_os_real(), .key = key};
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    hb_signer_free(s);
    key[20] ^= 1;
    CHECK_ERROR(hb_signer_open(&ask, &s, &err), HB_E_INPUT, "name one of these");
    hb_buf_release(&out);
}

static void agent__says_what_to_do_when_it_is_empty_or_not_there(void **state)
{
    hb_agent *a = NULL;
    hb_pubkey *k = NULL;
    (void)state;
    if (!agent_pid) {
        skip();
    }
    CHECK_ERROR(hb_agent_open(hb_os_real(), agent_socket, "x", &a, &k, &err), HB_E_INPUT,
                "ssh-add");
    CHECK_ERROR(hb_agent_open(hb_os_real(), "", "x", &a, &k, &err), HB_E_USAGE, "SSH_AUTH_SOCK");
    CHECK_ERROR(hb_agent_open(hb_os_real(), temp_path("none"), "x", &a, &k, &err), HB_E_IO,
                "there is no ssh-agent");
}

/* --- an agent that lies --- */

typedef struct liar {
    int listening;
    const void *answers[2];
    size_t lengths[2];
    pthread_t thread;
} liar;

static void *lie(void *p)
{
    liar *l = p;
    char request[1024];
    int fd = accept(l->listening, NULL, NULL);
    for (int i = 0; fd >= 0 && i < 2 && l->answers[i]; i++) {
        if (recv(fd, request, sizeof request, 0) <= 0) {
            break;
        }
        if (send(fd, l->answers[i], l->lengths[i], MSG_NOSIGNAL) < 0) {
            break;
        }
    }
    close(fd);
    return NULL;
}

static const char *start_liar(liar *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = temp_path("liar");
    memcpy(address.sun_path, path, strlen(path));
    unlink(path);
    l->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(l->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(l->listening, 1), 0);
    assert_int_equal(pthread_create(&l->thread, NULL, lie, l), 0);
    return path;
}

static void end_liar(liar *l)
{
    pthread_join(l->thread, NULL);
    close(l->listening);
}

#define KEY_BLOB "\0\0\0\x33\0\0\0\x0bssh-ed25519\0\0\0\x20"
#define KEY_RAW                                                                            \
    "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda" \
    "\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a"
#define ONE_KEY "\x0c\0\0\0\x01" KEY_BLOB KEY_RAW "\0\0\0\x01k"

static void agent__refuses_what_is_no_answer(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        hb_status status;
        const char *words;
    } lies[] = {
        {"\0\0\0\0", 4, HB_E_INPUT, "an answer of 0 bytes"},
        {"\xff\xff\xff\xff", 4, HB_E_INPUT, "at most"},
        {"\0\0\0\x02\x0c", 5, HB_E_IO, "ended the connection"},
        {"\0\0\0\x01\x05", 5, HB_E_DENIED, "does not list"},
        {"\0\0\0\x05\x0d\0\0\0\0", 9, HB_E_INPUT, "message 13"},
        {"\0\0\0\x05\x0c\0\1\0\0", 9, HB_E_LIMIT, "65536 keys"},
        {"\0\0\0\x09\x0c\0\0\0\1\xff\0\0\0", 13, HB_E_INPUT, "inside key 1 of 1"},
        {"\0\0\0\x06\x0c\0\0\0\0\0", 10, HB_E_INPUT, "after its last key"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        hb_agent *a = NULL;
        hb_pubkey *k = NULL;
        liar l = {.answers = {lies[i].bytes}, .lengths = {lies[i].n}};
        const char *path = start_liar(&l);
        CHECK_ERROR(hb_agent_open(hb_os_real(), path, "k", &a, &k, &err), lies[i].status,
                    lies[i].words);
        end_liar(&l);
    }
}

static int64_t leaping_clock(void)
{
    static int64_t now;
    return now += INT64_C(20) * 1000000000;
}

static void agent__that_says_nothing_is_not_waited_for_for_ever(void **state)
{
    hb_agent *a = NULL;
    hb_pubkey *k = NULL;
    hb_os os = *hb_os_real();
    liar l = {.answers = {NULL}};
    (void)state;
    os.monotonic_ns = leaping_clock;
    const char *path = start_liar(&l);
    CHECK_ERROR(hb_agent_open(&os, path, "k", &a, &k, &err), HB_E_IO, "does not answer");
    end_liar(&l);
}

/* A signature of 64 bytes that is none does not get out of hb_signer_sign. */
static void agent__a_false_signature_is_not_given_out(void **state)
{
    static const char keys[] = "\0\0\0\x41" ONE_KEY;
    static const char sig[] = "\0\0\0\x58\x0e\0\0\0\x53\0\0\0\x0bssh-ed25519\0\0\0\x40"
                              "0123456789012345678901234567890123456789012345678901234567890123";
    hb_signer *s = NULL;
    hb_buf out;
    liar l = {.answers = {keys, sig}, .lengths = {sizeof keys - 1, sizeof sig - 1}};
    (void)state;
    hb_buf_init(&out, 1024);
    assert_int_equal(setenv("SSH_AUTH_SOCK", start_liar(&l), 1), 0);
    hb_signer_ask ask = {.os = hb_os_real(), .key = "agent:k"};
    CHECK_OK(hb_signer_open(&ask, &s, &err));
    CHECK_ERROR(hb_signer_sign(s, "x", 1, &out, &err), HB_E_EVIDENCE, "is no signature");
    assert_int_equal(out.n, 0);
    hb_signer_free(s);
    end_liar(&l);
    hb_buf_release(&out);
}

static void agent__a_signature_is_read_strictly(void **state)
{
    uint8_t raw[64];
    static const char refused[] = "\x05";
    static const char other[] = "\x0e\0\0\0\x10\0\0\0\x07ssh-rsa\0\0\0\x01s";
    (void)state;
    CHECK_ERROR(hb_agent_read_signature((hb_str){refused, 1}, raw, &err), HB_E_DENIED, "refused");
    CHECK_ERROR(hb_agent_read_signature((hb_str){other, sizeof other - 1}, raw, &err), HB_E_INPUT,
                "no Ed25519 signature");
    CHECK_ERROR(hb_agent_read_signature((hb_str){"", 0}, raw, &err), HB_E_INPUT,
                "no Ed25519 signature");
}

static hb_status read_keys_once(void)
{
    hb_arena arena;
    hb_agent_key *keys = NULL;
    size_t n = 0;
    hb_arena_init(&arena, 1 << 20);
    hb_status status =
        hb_agent_read_keys((hb_str){ONE_KEY, sizeof ONE_KEY - 1}, &arena, &keys, &n, NULL);
    assert_true(status != HB_OK || n == 1);
    hb_arena_release(&arena);
    return status;
}

static void agent__holds_when_memory_runs_out(void **state)
{
    (void)state;
    fault_loop(read_keys_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agent__signs_with_openssh_and_openssl_agrees, start_agent,
                                        stop_agent),
        cmocka_unit_test_setup_teardown(agent__finds_the_key_by_the_fingerprint_ssh_add_prints,
                                        start_agent, stop_agent),
        cmocka_unit_test_setup_teardown(agent__says_what_to_do_when_it_is_empty_or_not_there,
                                        start_agent, stop_agent),
        cmocka_unit_test_setup_teardown(agent__refuses_what_is_no_answer, start_agent, stop_agent),
        cmocka_unit_test_setup_teardown(agent__that_says_nothing_is_not_waited_for_for_ever,
                                        start_agent, stop_agent),
        cmocka_unit_test_setup_teardown(agent__a_false_signature_is_not_given_out, start_agent,
                                        stop_agent),
        cmocka_unit_test(agent__a_signature_is_read_strictly),
        cmocka_unit_test(agent__holds_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
