// SPDX-License-Identifier: Apache-2.0
/* With the real BIRD, in a network namespace of its own; skipped without root or without BIRD. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/bgp/bgp.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define BIRD "/usr/sbin/bird"

struct fixture {
	char dir[32], main_conf[64], conf[64], ctl[64];
	struct bl_loop *loop;
	struct bl_bgp *bgp;
	struct bl_desired_peer peer;
	struct bl_cidr announce;
	struct bl_desired_bgp want;
	pid_t bird;
	int refreshed;
};

static void write_text(const char *path, const char *text)
{
	assert_int_equal(bl_file_write(path, text, strlen(text), 0600, NULL), 0);
}

static char *read_text(const char *path)
{
	struct bl_buf b = {};

	assert_int_equal(bl_file_read(path, 100000, &b, NULL), 0);
	return bl_buf_take(&b);
}

static void start_bird(struct fixture *f)
{
	char *const argv[] = {(char *)(uintptr_t)BIRD,
			      (char *)(uintptr_t) "-f",
			      (char *)(uintptr_t) "-c",
			      f->main_conf,
			      (char *)(uintptr_t) "-s",
			      f->ctl,
			      NULL};
	char *const env[] = {NULL};

	assert_int_equal(posix_spawn(&f->bird, BIRD, NULL, NULL, argv, env), 0);
}

static void stop_bird(struct fixture *f)
{
	if (!f->bird)
		return;
	kill(f->bird, SIGKILL);
	waitpid(f->bird, NULL, 0);
	f->bird = 0;
}

static int setup(void **state)
{
	struct fixture *f = bl_new0(struct fixture);
	struct bl_bgp_opts opts = {.config = f->conf, .socket = f->ctl};

	*state = f;
	if (access(BIRD, X_OK) || unshare(CLONE_NEWNET))
		return 0;
	bl_log_set_level(BL_LOG_ERROR);
	strcpy(f->dir, "/tmp/bl_bgp_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->main_conf, sizeof(f->main_conf), "%s/bird.conf", f->dir);
	snprintf(f->conf, sizeof(f->conf), "%s/beeline.conf", f->dir);
	snprintf(f->ctl, sizeof(f->ctl), "%s/bird.ctl", f->dir);
	write_text(f->main_conf, "log stderr { fatal };\nrouter id 10.9.9.9;\n"
				 "protocol device { }\ninclude \"beeline*.conf\";\n");
	f->loop = bl_loop_new();
	assert_int_equal(bl_bgp_new(f->loop, &opts, &f->bgp), 0);
	bl_ip_parse("10.9.9.1", &f->peer.ip);
	f->peer.name = "peer_tor";
	f->peer.asn = 65000;
	bl_cidr_parse("10.244.1.0/24", false, &f->announce);
	f->want = (struct bl_desired_bgp){.enabled = true,
					  .asn = 65001,
					  .peers = &f->peer,
					  .n_peers = 1,
					  .announce = &f->announce,
					  .n_announce = 1};
	bl_ip_parse("10.9.9.2", &f->want.router_id);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->loop) {
		stop_bird(f);
		bl_bgp_free(f->bgp);
		bl_loop_free(f->loop);
		unlink(f->main_conf);
		unlink(f->conf);
		unlink(f->ctl);
		assert_int_equal(rmdir(f->dir), 0);
	}
	free(f);
	return 0;
}

static void on_refreshed(void *arg)
{
	((struct fixture *)arg)->refreshed = 1;
}

/* A fresh status; the caller frees it. */
static json_t *status(struct fixture *f)
{
	f->refreshed = 0;
	bl_bgp_refresh(f->bgp, on_refreshed, f);
	while (!f->refreshed)
		uv_run(bl_loop_uv(f->loop), UV_RUN_ONCE);
	return bl_bgp_status(f->bgp);
}

/* Until BIRD shows so many sessions: each answer of BIRD is an event, and its back-off timer is another. */
static json_t *wait_for_sessions(struct fixture *f, size_t n)
{
	for (;;) {
		json_t *s = status(f);

		if (json_array_size(json_object_get(s, "sessions")) == n)
			return s;
		json_decref(s);
	}
}

static void wait_until_up(struct fixture *f)
{
	bool up = false;

	while (!up) {
		BL_JSON json_t *s = status(f);

		up = json_is_true(json_object_get(s, "up"));
	}
}

static void sessions_reach_a_bird_that_starts_late(void **state)
{
	struct fixture *f = *state;
	BL_JSON json_t *s = NULL;
	const json_t *session;

	if (!f->loop)
		skip();
	assert_int_equal(bl_bgp_set(f->bgp, &f->want, NULL), 0);
	s = status(f);
	assert_true(json_is_false(json_object_get(s, "up")));
	json_decref(s);
	start_bird(f);
	s = wait_for_sessions(f, 1);
	assert_true(json_is_true(json_object_get(s, "up")));
	assert_true(bl_str_starts(bl_json_str_at(s, "bird", NULL), "2."));
	session = json_array_get(json_object_get(s, "sessions"), 0);
	assert_string_equal(bl_json_str_at(session, "name", NULL), "peer_tor");
	assert_string_equal(bl_json_str_at(session, "peer", NULL), "10.9.9.1");
	assert_int_equal(json_integer_value(json_object_get(session, "asn")), 65000);
}

static void running_bird_takes_a_change(void **state)
{
	struct fixture *f = *state;
	BL_JSON json_t *s = NULL;

	if (!f->loop)
		skip();
	start_bird(f);
	f->want.n_peers = 0;
	assert_int_equal(bl_bgp_set(f->bgp, &f->want, NULL), 0);
	f->want.n_peers = 1;
	assert_int_equal(bl_bgp_set(f->bgp, &f->want, NULL), 0);
	s = wait_for_sessions(f, 1);
	f->want.n_peers = 0;
	assert_int_equal(bl_bgp_set(f->bgp, &f->want, NULL), 0);
	json_decref(s);
	s = wait_for_sessions(f, 0);
	assert_string_equal(bl_json_str_at(s, "error", NULL), "");
}

static void refused_text_is_taken_back_and_reported(void **state)
{
	struct fixture *f = *state;
	BL_FREE char *good = NULL;
	BL_FREE char *now = NULL;
	BL_JSON json_t *s = NULL;

	if (!f->loop)
		skip();
	start_bird(f);
	wait_until_up(f);
	assert_int_equal(bl_bgp_set(f->bgp, &f->want, NULL), 0);
	s = wait_for_sessions(f, 1);
	good = read_text(f->conf);
	/* the site's own file has a protocol of that name */
	write_text(f->main_conf, "protocol device { }\nprotocol static taken { ipv4; }\n"
				 "include \"beeline*.conf\";\n");
	f->peer.name = "taken";
	assert_int_equal(bl_bgp_set(f->bgp, &f->want, NULL), 0);
	do {
		json_decref(s);
		s = status(f);
	} while (!*bl_json_str_at(s, "error", NULL));
	assert_true(bl_str_starts(bl_json_str_at(s, "error", NULL),
				  "BIRD refuses the configuration: "));
	assert_int_equal(json_array_size(json_object_get(s, "sessions")), 1);
	now = read_text(f->conf);
	assert_string_equal(now, good);
}

static void what_cannot_be_written_safely_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct bl_err err = {};

	if (!f->loop)
		skip();
	f->peer.name = "a } protocol kernel {";
	assert_int_not_equal(bl_bgp_set(f->bgp, &f->want, &err), 0);
	assert_int_equal(access(f->conf, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions_reach_a_bird_that_starts_late, setup,
						teardown),
		cmocka_unit_test_setup_teardown(running_bird_takes_a_change, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_text_is_taken_back_and_reported, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_safely_changes_nothing,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
