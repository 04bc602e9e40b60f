/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/temp_dir.h"

#include "daemon/health.h"
#include "daemon/notify.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager: a datagram socket at a path, or at an abstract name ('@…'). */
static int manager(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, name, strlen(name));
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    if (name[0] == '@') {
        at.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    return fd;
}

static void expect(int fd, const char *want)
{
    char got[4096] = "";
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(n > 0);
    assert_string_equal(got, want);
}

static int64_t fixed_monotonic(void)
{
    return 1234567891;
}

static void say_everything(const char *name)
{
    hb_os os = *hb_os_real();
    hb_notify *n = NULL;
    os.monotonic_ns = fixed_monotonic;
    int fd = manager(name);
    CHECK_OK(hb_notify_new(&os, name, "3000000", NULL, &n, &err));
    assert_true(hb_notify_active(n));
    assert_int_equal(hb_notify_watchdog_ms(n), 1500);
    CHECK_OK(hb_notify_ready(n, "reading 2 sources", &err));
    expect(fd, "READY=1\nSTATUS=reading 2 sources\n");
    CHECK_OK(hb_notify_watchdog(n, &err));
    expect(fd, "WATCHDOG=1\n");
    CHECK_OK(hb_notify_status(n, "a\nMAINPID=1", &err));
    expect(fd, "STATUS=a?MAINPID=1\n");
    CHECK_OK(hb_notify_reloading(n, &err));
    expect(fd, "RELOADING=1\nMONOTONIC_USEC=1234567\n");
    CHECK_OK(hb_notify_ready(n, NULL, &err));
    expect(fd, "READY=1\n");
    CHECK_OK(hb_notify_stopping(n, "cycle ends", &err));
    expect(fd, "STOPPING=1\nSTATUS=cycle ends\n");
    close(fd);
    CHECK_ERROR(hb_notify_watchdog(n, &err), HB_E_IO, "took nothing");
    hb_notify_free(n);
}

static void notify__speaks_sd_notify_to_a_path_and_an_abstract_name(void **state)
{
    (void)state;
    char name[64];
    temp_dir_new();
    say_everything(temp_path("notify"));
    temp_dir_remove();
    snprintf(name, sizeof name, "@hb-test-notify-%d", (int)getpid());
    say_everything(name);
}

static void notify__does_nothing_without_a_service_manager(void **state)
{
    (void)state;
    const char *none[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        hb_notify *n = NULL;
        CHECK_OK(hb_notify_new(hb_os_real(), none[i], "1000", NULL, &n, &err));
        assert_false(hb_notify_active(n));
        assert_int_equal(hb_notify_watchdog_ms(n), 0);
        CHECK_OK(hb_notify_ready(n, "x", &err));
        CHECK_OK(hb_notify_stopping(n, NULL, &err));
        hb_notify_free(n);
    }
}

static void notify__the_watchdog_is_for_the_process_it_names(void **state)
{
    (void)state;
    char pid[24];
    hb_notify *n = NULL;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    const struct {
        const char *usec;
        const char *pid;
        uint32_t ms;
    } cases[] = {{"10000000", pid, 5000}, {"10000000", "1", 0}, {"1", NULL, 1}, {"", pid, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_OK(hb_notify_new(hb_os_real(), "@hb", cases[i].usec, cases[i].pid, &n, &err));
        assert_int_equal(hb_notify_watchdog_ms(n), cases[i].ms);
        hb_notify_free(n);
    }
    CHECK_ERROR(hb_notify_new(hb_os_real(), "@hb", "soon", NULL, &n, &err), HB_E_CONFIG,
                "WATCHDOG_USEC is 'soon'");
    CHECK_ERROR(hb_notify_new(hb_os_real(), "@hb", "0", NULL, &n, &err), HB_E_CONFIG,
                "WATCHDOG_USEC");
    CHECK_ERROR(hb_notify_new(hb_os_real(), "@hb", "9", "me", &n, &err), HB_E_CONFIG,
                "WATCHDOG_PID is 'me'");
}

static void notify__a_socket_that_cannot_be_meant_is_an_error(void **state)
{
    (void)state;
    char name[200] = "/";
    hb_notify *n = NULL;
    memset(name + 1, 'x', 150);
    CHECK_ERROR(hb_notify_new(hb_os_real(), name, NULL, NULL, &n, &err), HB_E_CONFIG,
                "at most 107 bytes");
    CHECK_ERROR(hb_notify_new(hb_os_real(), "relative", NULL, NULL, &n, &err), HB_E_CONFIG,
                "NOTIFY_SOCKET is 'relative'");
    CHECK_ERROR(hb_notify_new(hb_os_real(), "@", NULL, NULL, &n, &err), HB_E_CONFIG, "'@'");
}

/* Readers see one publication whole, never parts of two. */
enum { PUBLISHED = 2000 };

static void *publisher(void *h)
{
    hb_health_snapshot *s = hb_alloc_zero(sizeof *s);
    for (uint64_t i = 1; s && i <= PUBLISHED; i++) {
        s->decided = i;
        s->config_reloads = i;
        hb_health_publish(h, s);
    }
    hb_free(s);
    return NULL;
}

static void health__a_reader_sees_one_snapshot_whole(void **state)
{
    (void)state;
    hb_health *h = NULL;
    pthread_t thread;
    hb_health_snapshot *s = hb_alloc_zero(sizeof *s);
    assert_non_null(s);
    CHECK_OK(hb_health_new(&h, &err));
    hb_health_read(h, s);
    assert_true(s->watermark == HB_TIME_NONE && !s->ready && s->n_checks == 0);
    assert_int_equal(pthread_create(&thread, NULL, publisher, h), 0);
    for (uint64_t last = 0; last < PUBLISHED; last = s->decided) {
        hb_health_read(h, s);
        assert_int_equal(s->decided, s->config_reloads);
        assert_true(s->decided >= last);
    }
    pthread_join(thread, NULL);
    hb_health_free(h);
    hb_health_free(NULL);
    hb_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notify__speaks_sd_notify_to_a_path_and_an_abstract_name),
        cmocka_unit_test(notify__does_nothing_without_a_service_manager),
        cmocka_unit_test(notify__the_watchdog_is_for_the_process_it_names),
        cmocka_unit_test(notify__a_socket_that_cannot_be_meant_is_an_error),
        cmocka_unit_test(health__a_reader_sees_one_snapshot_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
