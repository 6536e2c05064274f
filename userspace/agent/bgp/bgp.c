// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Keeping BIRD's configuration what it should be.
 *
 *     set ─ file differs? ─ write it ─ configure check ─ refused ─ the last good text back into the file, reported
 *                                          │ accepted                    (a new text is tried when there is one)
 *                                          └ configure ─ good
 *              BIRD does not answer: again after 0.5 s, 1 s, ... 30 s
 *
 * BIRD reads the file itself when it starts, so the file always holds a text that was accepted, or that has not been refused.
 * Checking is done on the whole configuration, the site's file with ours included, because a text may be wrong only together
 * with what the site wrote.
 *
 * While a job runs, another text may come: the job is left to end, and then the newest text is taken. An agent that starts
 * finds its last text in the file, and writes and reloads nothing when it renders the same, unless BIRD has not yet been
 * seen to accept it; loading an unchanged configuration does nothing to BIRD's sessions.
 *
 * Logs say once that BIRD is not there, and once that it is.
 */

#include "agent/bgp/bgp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "agent/bgp/bird.h"
#include "agent/bgp/status.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX     (4u << 20)
#define BACKOFF_MIN  500
#define BACKOFF_MAX  30000
#define CONF_CHECKED 20 /* 0020 Configuration OK */

struct refresh {
	struct bl_bgp *bgp;
	struct bl_bird_job *job;
	void (*done)(void *arg);
	void *arg;
	struct refresh *prev, *next;
};

struct bl_bgp {
	struct bl_loop *loop;
	char *config, *socket;
	char *want;   /* the newest text; NULL before the first */
	char *trying; /* what the running job is about */
	char *good; /* the last text that BIRD took, or what the file held at the start; NULL: none */
	char *refused;
	struct bl_bird_job *job;
	uv_timer_t *timer;
	uint64_t backoff_ms;
	struct refresh *refreshes;
	char version[32];
	bool up, told_down;
	char error[1000];
	json_t *sessions;
};

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

int bl_bgp_new(struct bl_loop *loop, const struct bl_bgp_opts *opts, struct bl_bgp **ret_bgp)
{
	struct bl_bgp *b = bl_new0(struct bl_bgp);
	BL_BUF struct bl_buf old = {};

	b->loop = loop;
	b->config = bl_strdup(opts->config);
	b->socket = bl_strdup(opts->socket);
	b->sessions = json_array();
	b->timer = bl_new0(uv_timer_t);
	uv_timer_init(bl_loop_uv(loop), b->timer);
	b->timer->data = b;
	b->backoff_ms = BACKOFF_MIN;
	if (!bl_file_read(b->config, FILE_MAX, &old, NULL))
		b->good = bl_buf_take(&old);
	*ret_bgp = b;
	return 0;
}

static void refresh_end(struct refresh *r)
{
	DL_DELETE(r->bgp->refreshes, r);
	r->done(r->arg);
	free(r);
}

struct bl_bgp *bl_bgp_free(struct bl_bgp *b)
{
	if (!b)
		return NULL;
	bl_bird_cancel(b->job);
	while (b->refreshes) {
		bl_bird_cancel(b->refreshes->job);
		refresh_end(b->refreshes);
	}
	uv_close((uv_handle_t *)b->timer, on_timer_closed);
	json_decref(b->sessions);
	free(b->config);
	free(b->socket);
	free(b->want);
	free(b->trying);
	free(b->good);
	free(b->refused);
	free(b);
	return NULL;
}

static void replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

static int write_config(const struct bl_bgp *b, const char *text, struct bl_err *err)
{
	BL_BUF struct bl_buf old = {};

	if (!bl_file_read(b->config, FILE_MAX, &old, NULL) && bl_streq(old.data, text))
		return 0;
	return bl_file_write(b->config, text, strlen(text), 0600, err);
}

/* The last words of an answer, for people: BIRD's "file:line:column message" without codes. */
static void keep_error(struct bl_bgp *b, const struct bl_bird_reply *reply)
{
	const char *text = reply->lines.data ? reply->lines.data : "";
	const char *line = text, *next;

	while ((next = strchr(line, '\n')) && next[1])
		line = next + 1;
	(void)snprintf(b->error, sizeof(b->error), "BIRD refuses the configuration: %.*s",
		       (int)strcspn(strlen(line) > 5 ? line + 5 : line, "\n"),
		       strlen(line) > 5 ? line + 5 : line);
}

static void note_up(struct bl_bgp *b, int rc, const char *version)
{
	bool up = rc == 0;

	if (*version)
		(void)snprintf(b->version, sizeof(b->version), "%s", version);
	if (up && (!b->up || b->told_down))
		bl_log_info("BIRD answers version=%s", b->version);
	if (!up && !b->told_down)
		bl_log_warn("BIRD does not answer, trying again socket=%s error=%s", b->socket,
			    strerror(-rc));
	b->told_down = !up;
	b->up = up;
	if (!up)
		(void)snprintf(b->error, sizeof(b->error), "BIRD does not answer at %s: %s",
			       b->socket, strerror(-rc));
}

static void try_config(struct bl_bgp *b);

static void on_retry(uv_timer_t *timer)
{
	try_config(timer->data);
}

static void retry_later(struct bl_bgp *b)
{
	uv_timer_start(b->timer, on_retry, b->backoff_ms, 0);
	b->backoff_ms = b->backoff_ms * 2 > BACKOFF_MAX ? BACKOFF_MAX : b->backoff_ms * 2;
}

/* The file gets back what BIRD took last; where there was nothing, an empty text. */
static void take_back(struct bl_bgp *b)
{
	struct bl_err err = {};

	bl_log_error("%s", b->error);
	replace(&b->refused, bl_take_ptr(b->trying));
	if (write_config(b, b->good ? b->good : "", &err))
		bl_log_error("BIRD's configuration cannot be restored error=%s", bl_err_text(&err));
}

static void on_configured(void *arg, int rc, const char *version,
			  const struct bl_bird_reply *replies, size_t n)
{
	struct bl_bgp *b = arg;

	b->job = NULL;
	rc = rc || n ? rc : -EPROTO;
	note_up(b, rc, version);
	if (rc) {
		retry_later(b);
		return;
	}
	b->backoff_ms = BACKOFF_MIN;
	if (n < 2 || replies[0].code != CONF_CHECKED || replies[1].code >= 8000) {
		keep_error(b, &replies[n - 1]);
		take_back(b);
	} else {
		b->error[0] = '\0';
		replace(&b->refused, NULL);
		replace(&b->good, bl_take_ptr(b->trying));
		bl_log_info("BIRD runs the new configuration file=%s", b->config);
	}
	if (b->trying || !bl_streq(b->want, b->refused ? b->refused : b->good))
		try_config(b);
}

/* Has BIRD take the newest text, unless a job already runs: its end comes back here. */
static void try_config(struct bl_bgp *b)
{
	static const char *const commands[] = {"configure check", "configure"};
	struct bl_err err = {};

	if (b->job)
		return;
	uv_timer_stop(b->timer);
	replace(&b->trying, bl_strdup(b->want));
	if (write_config(b, b->trying, &err)) {
		(void)snprintf(b->error, sizeof(b->error), "%s", bl_err_text(&err));
		retry_later(b);
		return;
	}
	b->job = bl_bird_run(b->loop, b->socket, commands, BL_ARRAY_SIZE(commands), on_configured,
			     b);
}

int bl_bgp_set(struct bl_bgp *b, const struct bl_desired_bgp *want, struct bl_err *err)
{
	BL_BUF struct bl_buf text = {};
	int rc = bl_bgp_render(want, &text, err);

	if (rc)
		return rc;
	if (b->want && bl_streq(b->want, text.data))
		return 0;
	replace(&b->want, bl_buf_take(&text));
	b->backoff_ms = BACKOFF_MIN;
	try_config(b);
	return 0;
}

json_t *bl_bgp_status(const struct bl_bgp *b)
{
	json_t *error = json_string(b->error);

	return json_pack("{s:s, s:b, s:o, s:o}", "bird", b->version, "up", (int)b->up, "error",
			 error ? error : json_string("(text is not UTF-8)"), "sessions",
			 json_deep_copy(b->sessions));
}

static void on_refreshed(void *arg, int rc, const char *version,
			 const struct bl_bird_reply *replies, size_t n)
{
	struct refresh *r = arg;
	struct bl_bgp *b = r->bgp;
	bool was_down = !b->up;

	note_up(b, rc, version);
	if (!rc && was_down && !b->refused)
		b->error[0] = '\0';
	json_decref(b->sessions);
	b->sessions = !rc && n && replies[0].lines.data
			      ? bl_bgp_parse_sessions(replies[0].lines.data)
			      : json_array();
	refresh_end(r);
}

void bl_bgp_refresh(struct bl_bgp *b, void (*done)(void *arg), void *arg)
{
	static const char *const commands[] = {"show protocols all"};
	struct refresh *r = bl_new0(struct refresh);

	*r = (struct refresh){.bgp = b, .done = done, .arg = arg};
	DL_APPEND(b->refreshes, r);
	r->job = bl_bird_run(b->loop, b->socket, commands, 1, on_refreshed, r);
}
