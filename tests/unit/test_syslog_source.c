/* SPDX-License-Identifier: Apache-2.0 */
/* The source with real senders: sockets, util-linux' logger, Python's TLS, rsyslog. It runs in a
 * thread of its own as in the daemon. */
#include "support/check.h"
#include "support/listening.h"
#include "support/payloads.h"
#include "support/spawn.h"
#include "support/temp_dir.h"

#include "os/file.h"
#include "source/syslog/syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static hb_syslog_config config(const char **listen, size_t n)
{
    hb_syslog_config c;
    hb_source_syslog.defaults(&c);
    c.listen = listen;
    c.n_listen = n;
    return c;
}

static int dial(unsigned port, int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void source__takes_messages_from_every_kind_of_socket(void **state)
{
    (void)state;
    temp_dir_new();
    char path[300];
    struct stat st;
    snprintf(path, sizeof path, "unix:%s", temp_path("log"));
    const char *listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", "udp:[::1]:0", path};
    hb_syslog_config c = config(listen, 4);
    c.socket_mode = "0620";
    listening *l = listening_start(&hb_source_syslog, &c);
    int udp = dial(hb_syslog_port(l->source, 0), SOCK_DGRAM);
    int tcp = dial(hb_syslog_port(l->source, 1), SOCK_STREAM);
    say(udp, "<13>over udp");
    say(udp, "<13>two\nlines");
    say(tcp, "13 <13>countedX\n<13>a line\n<13>un");
    say(tcp, "finished\n<13>without an end");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    hb_str_fit(path + 5, to.sun_path, sizeof to.sun_path);
    int local = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(local, "<13>here", 8, 0, (struct sockaddr *)&to, sizeof to), 8);
    close(tcp);
    listening_wait(l, 7, NULL);
    assert_true(listening_has(l, "127.0.0.1", "<13>over udp"));
    assert_true(listening_has(l, "127.0.0.1", "<13>two\nlines"));
    assert_true(listening_has(l, "127.0.0.1", "<13>countedX"));
    assert_true(listening_has(l, "127.0.0.1", "<13>a line"));
    assert_true(listening_has(l, "127.0.0.1", "<13>unfinished"));
    assert_true(listening_has(l, "127.0.0.1", "<13>without an end"));
    assert_true(listening_has(l, "unix", "<13>here"));
    assert_int_equal(stat(path + 5, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0620);
    close(udp);
    close(local);
    listening_stop(l);
    assert_int_equal(stat(path + 5, &st), -1);
    temp_dir_remove();
}

static void source__counts_what_it_cannot_take(void **state)
{
    (void)state;
    static char large[3000];
    const char *listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"};
    hb_syslog_config c = config(listen, 2);
    c.max_message = 1000;
    listening *l = listening_start(&hb_source_syslog, &c);
    memset(large, 'x', sizeof large - 1);
    int udp = dial(hb_syslog_port(l->source, 0), SOCK_DGRAM);
    say(udp, large);
    large[1000] = '\0'; /* just fits */
    say(udp, large);
    int tcp = dial(hb_syslog_port(l->source, 1), SOCK_STREAM);
    large[1000] = 'x';
    say(tcp, large);
    say(tcp, "\n<13>goes on\n");
    int torn = dial(hb_syslog_port(l->source, 1), SOCK_STREAM);
    say(torn, "50 <13>");
    close(torn);
    int bad = dial(hb_syslog_port(l->source, 1), SOCK_STREAM);
    say(bad, "99999999999 <13>");
    char byte;
    assert_int_equal(recv(bad, &byte, 1, 0), 0); /* the server has closed */
    listening_wait(l, 4, "too_large");
    listening_wait(l, 3, "truncated");
    listening_wait(l, 3, "bad_frame");
    assert_int_equal(listening_lost(l, "too_large"), 2);
    assert_true(listening_has(l, "127.0.0.1", "<13>goes on"));
    close(bad);
    close(tcp);
    close(udp);
    listening_stop(l);
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, part)); p++) {
        n++;
    }
    return n;
}

static void source__loggers_messages_arrive_as_it_sends_them(void **state)
{
    (void)state;
    temp_dir_new();
    char path[300];
    char ports[2][16];
    hb_buf said;
    snprintf(path, sizeof path, "unix:%s", temp_path("log"));
    const char *listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0", path};
    hb_syslog_config c = config(listen, 3);
    listening *l = listening_start(&hb_source_syslog, &c);
    snprintf(ports[0], sizeof ports[0], "%u", hb_syslog_port(l->source, 0));
    snprintf(ports[1], sizeof ports[1], "%u", hb_syslog_port(l->source, 1));
    hb_buf_init(&said, 10000);
    const char *calls[][16] = {
        {"logger", "-n", "127.0.0.1", "-P", ports[0], "-d", "--rfc3164", "-t", "prog", "old", NULL},
        {"logger", "-n", "127.0.0.1", "-P", ports[1], "-T", "--octet-count", "-t", "prog",
         "--sd-id", "rig@32473", "--sd-param", "volts=\"5.5\"", "counted", NULL},
        {"logger", "-n", "127.0.0.1", "-P", ports[1], "-T", "-p", "user.err", "-t", "prog", "line",
         NULL},
        {"logger", "-u", path + 5, "--id=77", "-t", "prog", "local", NULL},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int code = spawn_run(calls[i], NULL, 0, &said);
        if (code == 127) {
            print_message("skipped: no logger (Debian package bsdutils)\n");
            hb_buf_release(&said);
            listening_stop(l);
            temp_dir_remove();
            return;
        }
        assert_int_equal(code, 0);
    }
    listening_wait(l, 4, NULL);
    hb_telemetry_schema *schema = NULL;
    hb_decoder *d = NULL;
    hb_decode_options o = {0};
    hb_source_syslog.format(&c, &o);
    CHECK_OK(hb_telemetry_schema_empty(&schema, &err));
    CHECK_OK(hb_decoder_new(&o, schema, &d, &err));
    hb_buf_clear(&said);
    for (size_t i = 0; i < l->n; i++) {
        CHECK_OK(payload_decode(d, HB_STR("x"), hb_str_of(l->records[i].text), &said, &err));
    }
    assert_int_equal(count_of(said.p, "syslog_prog 1 @"), 4);
    assert_int_equal(count_of(said.p, "syslog_prog_error 1 @"), 1);
    assert_int_equal(count_of(said.p, "syslog_prog_error 0 @"), 3);
    assert_int_equal(count_of(said.p, "syslog_prog_rig_volts 5.5 @"), 1);
    assert_int_equal(count_of(said.p, "\n"), 9);
    listening_stop(l);
    hb_decoder_free(d);
    hb_telemetry_schema_free(schema);
    hb_buf_release(&said);
    temp_dir_remove();
}

static size_t in_order(const listening *l, const char *prefix)
{
    size_t next = 0;
    for (size_t i = 0; i < l->n; i++) {
        char want[64];
        snprintf(want, sizeof want, "%s%zu", prefix, next);
        next += strcmp(l->records[i].text, want) == 0;
    }
    return next;
}

/* The journal is full: TCP senders are made to wait and lose nothing; what UDP loses is counted to
 * the last one. */
static void source__waits_while_the_journal_is_full_and_counts_what_udp_loses(void **state)
{
    (void)state;
    enum { DATAGRAMS = 40000, FIRST = 20000 };
    const char *listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"};
    hb_syslog_config c = config(listen, 2);
    listening *l = listening_start(&hb_source_syslog, &c);
    listening_set(l, &l->full, true);
    int udp = dial(hb_syslog_port(l->source, 0), SOCK_DGRAM);
    int tcp = dial(hb_syslog_port(l->source, 1), SOCK_STREAM);
    size_t sent = 0;
    char text[64];
    bool held_back = false;
    while (!held_back && sent < FIRST) { /* until the kernels' buffers are full, or enough */
        int n = snprintf(text, sizeof text, "<13>t%zu\n", sent);
        ssize_t put_n = send(tcp, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
        held_back = put_n < 0 && errno == EAGAIN;
        if (put_n > 0 && put_n < n) {
            assert_int_equal(send(tcp, text + put_n, (size_t)(n - put_n), 0), n - put_n);
        }
        sent += put_n > 0;
    }
    for (int i = 0; i < DATAGRAMS; i++) {
        snprintf(text, sizeof text, "<13>u%d", i);
        say(udp, text);
    }
    listening_set(l, &l->full, false);
    usleep(1100000); /* losses are told once a second, and the kernel tells with the next one */
    say(udp, "<13>last");
    for (unsigned waited = 0; !listening_has(l, "127.0.0.1", "<13>last"); waited += 5) {
        assert_true(waited < LISTENING_DEADLINE_MS);
        usleep(5000);
    }
    close(tcp);
    listening_wait(l, sent + DATAGRAMS + 1, "kernel_buffer");
    pthread_mutex_lock(&l->lock);
    uint64_t udp_lost = listening_lost(l, "kernel_buffer");
    assert_int_equal(l->messages + udp_lost, sent + DATAGRAMS + 1);
    assert_int_equal(in_order(l, "<13>t"), sent);
    assert_true(udp_lost > 0 && l->n > l->messages); /* told in the journal as well */
    pthread_mutex_unlock(&l->lock);
    listening_stop(l);
}

static void source__more_connections_than_it_keeps_wait_their_turn(void **state)
{
    (void)state;
    enum { MANY = 60 };
    const char *listen[] = {"tcp:127.0.0.1:0"};
    hb_syslog_config c = config(listen, 1);
    int fds[MANY];
    char text[64];
    c.max_connections = 10;
    listening *l = listening_start(&hb_source_syslog, &c);
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(hb_syslog_port(l->source, 0), SOCK_STREAM);
        snprintf(text, sizeof text, "<13>c%d\n", i);
        say(fds[i], text);
    }
    listening_wait(l, 10, NULL);
    for (int i = 0; i < MANY; i++) {
        close(fds[i]);
    }
    listening_wait(l, MANY, NULL);
    listening_stop(l);
}

static void source__ends_when_the_program_does(void **state)
{
    (void)state;
    const char *listen[] = {"tcp:127.0.0.1:0", "udp:127.0.0.1:0"};
    hb_syslog_config c = config(listen, 2);
    listening *l = listening_start(&hb_source_syslog, &c);
    listening_set(l, &l->ending, true);
    int tcp = dial(hb_syslog_port(l->source, 0), SOCK_STREAM);
    say(tcp, "<13>a\n<13>b\n");
    listening_again(l);
    int udp = dial(hb_syslog_port(l->source, 1), SOCK_DGRAM);
    say(udp, "<13>c");
    listening_again(l);
    listening_stop(l);
    close(tcp);
    close(udp);
}

static const char tls_script[] =
    "import socket, ssl, subprocess, sys\n"
    "d, port = sys.argv[1], int(sys.argv[2])\n"
    "def ctx(cert):\n"
    "    c = ssl.create_default_context(cafile=d + '/ca.pem')\n"
    "    if cert:\n"
    "        c.load_cert_chain(d + '/client.pem', d + '/client.key')\n"
    "    return c\n"
    "def send(c, data):\n"
    "    with socket.create_connection(('127.0.0.1', port)) as s:\n"
    "        with c.wrap_socket(s, server_hostname='localhost') as t:\n"
    "            t.sendall(data)\n"
    "            t.unwrap()\n"
    "big = b''.join(b'<13>m%d\\n' % i for i in range(20000))\n"
    "send(ctx(True), b'12 <13>over tls' + big)\n"
    "try:\n"
    "    send(ctx(False), b'<13>from anybody\\n')\n"
    "except (ssl.SSLError, OSError):\n"
    "    pass\n"
    "with socket.create_connection(('127.0.0.1', port)) as s:\n"
    "    try:\n"
    "        s.sendall(b'<13>not encrypted\\n')\n"
    "        s.recv(100)\n"
    "    except OSError:\n"
    "        pass\n";

/* A CA, a server's and a client's certificate. */
static const char certificates_script[] =
    "set -e; cd \"$1\"\n"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
    "-out ca.pem -days 2 -subj /CN=ca >log 2>&1\n"
    "for who in server client; do\n"
    "  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $who.key "
    "-out $who.csr -subj /CN=localhost >>log 2>&1\n"
    "  printf 'subjectAltName=DNS:localhost\\n' >ext\n"
    "  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
    "-extfile ext -out $who.pem >>log 2>&1\n"
    "done\n";

static void source__tls_hears_only_who_has_a_certificate(void **state)
{
    (void)state;
    char cert[300];
    char key[300];
    char ca[300];
    char port[16];
    hb_buf said;
    const char *dir = temp_dir_new();
    const char *make[] = {"/bin/sh", "-c", certificates_script, "sh", dir, NULL};
    hb_buf_init(&said, 10000);
    if (spawn_run(make, NULL, 0, &said) != 0) {
        print_message("skipped: no openssl\n");
        hb_buf_release(&said);
        temp_dir_remove();
        return;
    }
    snprintf(cert, sizeof cert, "%s/server.pem", dir);
    snprintf(key, sizeof key, "%s/server.key", dir);
    snprintf(ca, sizeof ca, "%s/ca.pem", dir);
    const char *listen[] = {"tls:127.0.0.1:0"};
    hb_syslog_config c = config(listen, 1);
    c.tls_cert = cert;
    c.tls_key = key;
    c.tls_client_ca = ca;
    listening *l = listening_start(&hb_source_syslog, &c);
    snprintf(port, sizeof port, "%u", hb_syslog_port(l->source, 0));
    const char *send_all[] = {"/usr/bin/python3", "-c", tls_script, dir, port, NULL};
    int code = spawn_run(send_all, NULL, 0, &said);
    if (code != 0) {
        fail_msg("%d: %s", code, said.p);
    }
    listening_wait(l, 20001, NULL);
    listening_wait(l, 20001 + 2, "tls_refused");
    assert_true(listening_has(l, "127.0.0.1", "<13>over tls"));
    assert_int_equal(in_order(l, "<13>m"), 20000);
    assert_int_equal(l->n, 20001);
    listening_stop(l);

    hb_source *s = NULL;
    hb_source_env env = {.os = hb_os_real(), .name = "log", .state_dir = "/tmp", .base_dir = dir};
    c.tls_key = "client.key"; /* relative to base_dir, and of another certificate */
    CHECK_ERROR(hb_source_syslog.open(&env, &c, &s, &err), HB_E_CONFIG, "tls_key");
    c.tls_cert = "none.pem";
    CHECK_ERROR(hb_source_syslog.open(&env, &c, &s, &err), HB_E_CONFIG, "none.pem");
    c.tls_cert = cert;
    c.tls_key = key;
    c.tls_client_ca = "server.csr";
    CHECK_ERROR(hb_source_syslog.open(&env, &c, &s, &err), HB_E_CONFIG, "tls_client_ca");
    hb_buf_release(&said);
    temp_dir_remove();
}

static const char rsyslog_script[] =
    "import os, socket, subprocess, sys, time\n"
    "d, port = sys.argv[1], sys.argv[2]\n"
    "conf = d + '/rsyslog.conf'\n"
    "open(conf, 'w').write(f'''\n"
    "global(workDirectory=\"{d}\")\n"
    "module(load=\"imuxsock\" SysSock.Use=\"off\")\n"
    "input(type=\"imuxsock\" Socket=\"{d}/in\" RateLimit.Interval=\"0\")\n"
    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" "
    "TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\")\n"
    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" "
    "template=\"RSYSLOG_ForwardFormat\")\n"
    "''')\n"
    "p = subprocess.Popen(['rsyslogd', '-n', '-f', conf, '-i', d + '/pid'])\n"
    "try:\n"
    "    for _ in range(600):\n"
    "        if os.path.exists(d + '/in') or p.poll() is not None:\n"
    "            break\n"
    "        time.sleep(0.05)\n"
    "    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
    "    s.connect(d + '/in')\n"
    "    for i in range(200):\n"
    "        s.send(b'<11>Nov 26 18:00:00 rig[5]: number %d' % i)\n"
    "    for _ in range(600):\n"
    "        time.sleep(0.05)\n"
    "        if os.path.exists(d + '/done'):\n"
    "            break\n"
    "finally:\n"
    "    p.terminate()\n"
    "    p.wait()\n";

static void *run_script(void *argv)
{
    hb_buf said;
    hb_buf_init(&said, 100000);
    intptr_t code = spawn_run(argv, NULL, 0, &said);
    if (code != 0) {
        print_message("%s\n", said.p);
    }
    hb_buf_release(&said);
    return (void *)code;
}

static void source__rsyslog_forwards_in_both_framings(void **state)
{
    (void)state;
    char port[16];
    pthread_t thread;
    void *code = NULL;
    if (access("/usr/sbin/rsyslogd", X_OK) != 0) {
        print_message("skipped: no rsyslogd (Debian package rsyslog)\n");
        return;
    }
    const char *dir = temp_dir_new();
    const char *listen[] = {"tcp:127.0.0.1:0"};
    hb_syslog_config c = config(listen, 1);
    listening *l = listening_start(&hb_source_syslog, &c);
    snprintf(port, sizeof port, "%u", hb_syslog_port(l->source, 0));
    const char *argv[] = {"/usr/bin/env",
                          "PATH=/usr/sbin:/usr/bin:/bin",
                          "/usr/bin/python3",
                          "-c",
                          rsyslog_script,
                          dir,
                          port,
                          NULL};
    assert_int_equal(pthread_create(&thread, NULL, run_script, argv), 0);
    listening_wait(l, 400, NULL);
    CHECK_OK(hb_file_write_atomic(hb_os_real(), temp_path("done"), "x", 1, 0600, &err));
    pthread_join(thread, &code);
    assert_int_equal((intptr_t)code, 0);
    size_t found = 0;
    for (size_t i = 0; i < l->n; i++) {
        found += strstr(l->records[i].text, "rig") != NULL;
    }
    assert_true(found >= 400);
    listening_stop(l);
    temp_dir_remove();
}

static void config__says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        const char *words;
    } bad[] = {
        {"127.0.0.1:514", "expected udp:ADDRESS:PORT"},
        {"udp:127.0.0.1", "expected ADDRESS:PORT"},
        {"udp:unix:/x", "expected udp:ADDRESS:PORT"},
        {"unix:x", "must be absolute"},
        {"udp:0.0.0.0:514", "`expose: true`"},
        {"tls:127.0.0.1:6514", "needs 'tls_cert' and 'tls_key'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *listen[] = {bad[i].listen};
        hb_syslog_config c = config(listen, 1);
        CHECK_ERROR(hb_syslog_check(&c, &err), HB_E_CONFIG, bad[i].words);
    }
    const char *open[] = {"tls:0.0.0.0:6514"};
    hb_syslog_config c = config(open, 1);
    c.tls_cert = c.tls_key = "x";
    CHECK_ERROR(hb_syslog_check(&c, &err), HB_E_CONFIG, "tls_client_ca");
    c.tls_client_ca = "x";
    CHECK_OK(hb_syslog_check(&c, &err));
    c.socket_mode = "rw";
    CHECK_ERROR(hb_syslog_check(&c, &err), HB_E_CONFIG, "expected octal");
    c = config(open, 0);
    CHECK_ERROR(hb_syslog_check(&c, &err), HB_E_CONFIG, "expected 1 to 16");
    hb_source_syslog.defaults(&c);
    CHECK_OK(hb_syslog_check(&c, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source__takes_messages_from_every_kind_of_socket),
        cmocka_unit_test(source__counts_what_it_cannot_take),
        cmocka_unit_test(source__loggers_messages_arrive_as_it_sends_them),
        cmocka_unit_test(source__waits_while_the_journal_is_full_and_counts_what_udp_loses),
        cmocka_unit_test(source__more_connections_than_it_keeps_wait_their_turn),
        cmocka_unit_test(source__ends_when_the_program_does),
        cmocka_unit_test(source__tls_hears_only_who_has_a_certificate),
        cmocka_unit_test(source__rsyslog_forwards_in_both_framings),
        cmocka_unit_test(config__says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
