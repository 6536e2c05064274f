// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: List and watch.
 *
 *               ┌──────────── 410, broken list ────────────┐
 *               ▼                                          │
 *     wait ─► list page ─► ... ─► last page ─► watch ─► ended ─► watch again from the last version
 *       ▲         │ failed                       │ failed
 *       └─ back-off ◄────────────────────────────┘
 *
 * A list is read in pages without a resourceVersion, which makes the server answer from its newest state; items are handed
 * on as they arrive. The watch starts at the list's version, asks for bookmarks so that the version stays
 * young on a quiet collection, and ends after five to ten minutes by the server's clock, so that clients spread over servers.
 *
 * What is handed out never goes back. Versions are numbers that grow (KEP-5504), so a list or an event with a smaller one
 * than was seen comes from a member that lags, and is refused. A store restored from a backup stays behind for good: a list that
 * is older for a whole minute is therefore believed, unless it is empty. An empty list where there were objects is asked for a
 * second time before it is believed, because nothing is as expensive as a wrong one. A restart of the process
 * believes whatever it finds.
 *
 * Not every version is a number for every server; those that are not are never compared.
 */

#include "client/reflector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "client/backoff.h"
#include "client/cutter.h"
#include "client/event.h"
#include "client/internal.h"
#include "client/query.h"
#include "client/transfer.h"

#define DEFAULT_PAGE	 500
#define MAX_ITEM	 (3 * 1024 * 1024)
#define MAX_HELD	 (32 * 1024 * 1024)
#define MAX_ERROR_BODY	 (16 * 1024)
#define MAX_CONTINUE	 (16 * 1024)
#define LIST_TIMEOUT_MS	 60000
#define WATCH_MIN_S	 300
#define WATCH_MAX_S	 600
#define WATCH_SLACK_MS	 30000
#define CONFIRM_EMPTY_MS 1000
#define BELIEVE_OLDER_NS (60 * BL_NSEC_PER_SEC)
#define QUICK_NS	 BL_NSEC_PER_SEC

enum next { NEXT_LIST, NEXT_WATCH };

struct bl_reflector {
	struct bl_client *client;
	const struct bl_reflector_ops *ops;
	void *arg;
	char *path, *field_selector, *label_selector;
	uint32_t page;

	uv_timer_t *timer;
	enum next next; /* what the timer starts */
	struct bl_transfer *transfer;
	struct bl_cutter cutter;
	struct bl_backoff backoff;
	struct bl_buf error_body;
	struct bl_err refused; /* why the transfer was ended from here; code 0: it was not */
	bool connected;
	char *why; /* the last text given to state() */

	char version[BL_VERSION_MAX]; /* where the watch goes on; "" before the first list */
	uint64_t newest;	      /* the highest version handed out; 0: none is known */
	size_t known;		      /* how many objects there are */
	uint64_t started_ns;	      /* of the watch */

	/* the list that is running */
	bool begun, has_meta, list_is_older;
	char list_version[BL_VERSION_MAX];
	char *more; /* the continue token; NULL: last page */
	size_t list_count;
	struct bl_buf
		held; /* items that came before the metadata, each terminated by a zero byte */

	uint64_t older_since_ns; /* 0: the last list was not older */
	bool empty_seen;	 /* the last list was empty, and it must be confirmed */
};

static void start_list(struct bl_reflector *r);
static void start_watch(struct bl_reflector *r);

static void tell_state(struct bl_reflector *r, bool connected, const char *why)
{
	if (connected == r->connected && r->why && !strcmp(r->why, why))
		return;
	r->connected = connected;
	free(r->why);
	r->why = bl_strdup(why);
	if (r->ops->state)
		r->ops->state(r->arg, connected, why);
}

static void on_timer(uv_timer_t *timer)
{
	struct bl_reflector *r = timer->data;

	if (r->next == NEXT_WATCH)
		start_watch(r);
	else
		start_list(r);
}

static void later(struct bl_reflector *r, enum next next, uint64_t ms)
{
	r->next = next;
	uv_timer_start(r->timer, on_timer, ms, 0);
}

/* Tells why, and tries again later. */
static void fail(struct bl_reflector *r, enum next next, const char *why, unsigned int retry_after)
{
	uint64_t ms = bl_backoff_next(&r->backoff);

	if (retry_after)
		ms = bl_backoff_random(retry_after * 1000, retry_after * 1250);
	tell_state(r, false, why);
	later(r, next, ms);
}

/* Puts "GET /api/v1/pods: 403: pods is forbidden" into buf. */
static void describe(const struct bl_reflector *r, int status, const char *error, char *buf,
		     size_t size)
{
	struct bl_span body = {r->error_body.data, r->error_body.len};
	struct bl_span message = bl_span_str(body, "message");

	if (r->refused.code)
		(void)snprintf(buf, size, "%.100s: %s", r->path, r->refused.text);
	else if (status && status != 200)
		(void)snprintf(buf, size, "%s: %d%s%.*s", r->path, status, message.len ? ": " : "",
			       (int)message.len, message.len ? message.data : "");
	else
		(void)snprintf(buf, size, "%s: %s", r->path, error ? error : "no answer");
}

static bool keep_error(struct bl_reflector *r, const char *data, size_t len)
{
	if (len <= MAX_ERROR_BODY - r->error_body.len)
		bl_buf_append(&r->error_body, data, len);
	return true;
}

static bool on_data(void *arg, int status, const char *data, size_t len)
{
	struct bl_reflector *r = arg;

	if (status != 200)
		return keep_error(r, data, len);
	return !bl_cutter_feed(&r->cutter, data, len, &r->refused);
}

static void begin_transfer(struct bl_reflector *r, enum bl_cutter_mode mode,
			   const struct bl_cutter_ops *cut, const struct bl_transfer_ops *ops,
			   const char *path, uint32_t timeout_ms)
{
	struct bl_transfer_request req = {.method = "GET", .path = path, .timeout_ms = timeout_ms};

	bl_cutter_free(&r->cutter);
	bl_cutter_init(&r->cutter, mode, MAX_ITEM, cut, r);
	bl_buf_clear(&r->error_body);
	r->refused.code = 0;
	r->transfer = bl_transfer_start(r->client, &req, ops, r);
}

/* --- list --- */

/* Whether a list of this version may count; tells since when older ones come. */
static bool may_count(struct bl_reflector *r, uint64_t version)
{
	uint64_t now = bl_time_mono_ns();

	r->list_is_older = version && r->newest && version < r->newest;
	if (!r->list_is_older) {
		r->older_since_ns = 0;
		return true;
	}
	if (!r->older_since_ns)
		r->older_since_ns = now;
	return now - r->older_since_ns >= BELIEVE_OLDER_NS;
}

static void hand_item(struct bl_reflector *r, const char *json, size_t len)
{
	if (!r->begun) {
		r->begun = true;
		r->newest = bl_version_number(
			(struct bl_span){r->list_version, strlen(r->list_version)});
		r->ops->begin(r->arg);
	}
	r->list_count++;
	r->ops->set(r->arg, json, len);
}

static int list_item(void *arg, const char *json, size_t len)
{
	struct bl_reflector *r = arg;

	if (r->has_meta) {
		hand_item(r, json, len);
		return 0;
	}
	if (r->held.len + len > MAX_HELD)
		return bl_err_set(&r->refused, -EFBIG, "metadata comes behind %d bytes of items",
				  MAX_HELD);
	bl_buf_append(&r->held, json, len);
	bl_buf_putc(&r->held, '\0');
	return 0;
}

static void hand_held(struct bl_reflector *r)
{
	for (size_t at = 0; at < r->held.len;) {
		size_t len = strlen(r->held.data + at);

		hand_item(r, r->held.data + at, len);
		at += len + 1;
	}
	bl_buf_free(&r->held);
}

/* The first page decides whether the list counts; later pages are of the same version. */
static int list_meta(void *arg, const char *json, size_t len)
{
	struct bl_reflector *r = arg;
	struct bl_span meta = {json, len};
	struct bl_span version = bl_span_str(meta, "resourceVersion");
	struct bl_span more = bl_span_str(meta, "continue");

	if (!version.len || version.len >= BL_VERSION_MAX || more.len > MAX_CONTINUE)
		return bl_err_set(&r->refused, -EINVAL, "list has no usable resourceVersion");
	if (!*r->list_version) {
		memcpy(r->list_version, version.data, version.len);
		r->list_version[version.len] = '\0';
		if (!may_count(r, bl_version_number(version)))
			return bl_err_set(&r->refused, -ESTALE,
					  "the server's state (version %s) is older than what is "
					  "known (%llu)",
					  r->list_version, (unsigned long long)r->newest);
	}
	free(r->more);
	r->more = more.len ? bl_strndup(more.data, more.len) : NULL;
	r->has_meta = true;
	hand_held(r);
	return 0;
}

/* An empty list that must not count yet; false: it may. */
static bool doubts_empty(struct bl_reflector *r)
{
	if (r->list_count || !r->known)
		return false;
	if (r->list_is_older) {
		fail(r, NEXT_LIST,
		     "the server's state is older than what is known, and empty: keeping what is "
		     "known",
		     0);
		return true;
	}
	if (r->empty_seen)
		return false;
	r->empty_seen = true;
	later(r, NEXT_LIST, CONFIRM_EMPTY_MS);
	return true;
}

static void list_complete(struct bl_reflector *r)
{
	if (doubts_empty(r))
		return;
	r->empty_seen = false;
	r->older_since_ns = 0;
	if (!r->begun)
		r->ops->begin(r->arg);
	r->newest = bl_version_number((struct bl_span){r->list_version, strlen(r->list_version)});
	memcpy(r->version, r->list_version, sizeof(r->version));
	r->known = r->list_count;
	tell_state(r, true, "");
	r->ops->synced(r->arg);
	start_watch(r);
}

static void request_page(struct bl_reflector *r);

static void list_done(void *arg, int status, const char *error, unsigned int retry_after)
{
	struct bl_reflector *r = arg;
	char why[1200];

	r->transfer = NULL;
	if (status == 401)
		bl_client_unauthorized(r->client);
	if (!error && status == 200 && !bl_cutter_end(&r->cutter, &r->refused)) {
		if (!r->has_meta)
			(void)bl_err_set(&r->refused, -EINVAL, "list has no metadata");
		else if (r->more)
			return request_page(r);
		else
			return list_complete(r);
	}
	describe(r, status, error, why, sizeof(why));
	fail(r, NEXT_LIST, why, retry_after);
}

static void request_page(struct bl_reflector *r)
{
	static const struct bl_cutter_ops cut = {.item = list_item, .meta = list_meta};
	static const struct bl_transfer_ops ops = {.data = on_data, .done = list_done};
	BL_BUF struct bl_buf url = {};

	bl_buf_puts(&url, r->path);
	bl_query_add_number(&url, "limit", r->page);
	bl_query_add(&url, "fieldSelector", r->field_selector);
	bl_query_add(&url, "labelSelector", r->label_selector);
	bl_query_add(&url, "continue", r->more);
	r->has_meta = false;
	begin_transfer(r, BL_CUT_LIST, &cut, &ops, url.data, LIST_TIMEOUT_MS);
}

static void start_list(struct bl_reflector *r)
{
	free(r->more);
	r->more = NULL;
	r->begun = r->list_is_older = false;
	r->list_version[0] = '\0';
	r->list_count = 0;
	bl_buf_free(&r->held);
	request_page(r);
}

/* --- watch --- */

static void watch_started(void *arg, int status)
{
	struct bl_reflector *r = arg;

	if (status != 200)
		return;
	bl_buf_clear(&r->error_body);
	tell_state(r, true, "");
}

static int take_error(struct bl_reflector *r, const struct bl_event *e)
{
	if (e->code == 410)
		r->version[0] = '\0';
	return bl_err_set(&r->refused, -ESTALE, "watch: %d: %.*s", e->code, (int)e->message.len,
			  e->message.len ? e->message.data : "");
}

static int watch_item(void *arg, const char *json, size_t len)
{
	struct bl_reflector *r = arg;
	struct bl_event e;
	uint64_t version;
	int rc = bl_event_read(json, len, &e, &r->refused);

	if (rc)
		return rc;
	if (e.type == BL_EVENT_ERROR)
		return take_error(r, &e);
	version = bl_version_number(e.version);
	if (version && version < r->newest && e.type != BL_EVENT_DELETED)
		return 0;
	if (version > r->newest)
		r->newest = version;
	if (e.version.len && (!version || version == r->newest)) {
		memcpy(r->version, e.version.data, e.version.len);
		r->version[e.version.len] = '\0';
	}
	if (e.type == BL_EVENT_DELETED) {
		r->known -= r->known > 0;
		r->ops->gone(r->arg, e.object.data, e.object.len);
	} else if (e.type != BL_EVENT_BOOKMARK) {
		r->known += e.type == BL_EVENT_ADDED;
		r->ops->set(r->arg, e.object.data, e.object.len);
	}
	bl_backoff_reset(&r->backoff);
	return 0;
}

static void watch_done(void *arg, int status, const char *error, unsigned int retry_after)
{
	struct bl_reflector *r = arg;
	bool quick = bl_time_mono_ns() - r->started_ns < QUICK_NS;
	char why[1200];

	r->transfer = NULL;
	if (status == 401)
		bl_client_unauthorized(r->client);
	if (!quick)
		bl_backoff_reset(&r->backoff);
	if (status == 410 || !*r->version) {
		/* at once, unless the last list did not get further either */
		later(r, NEXT_LIST, r->backoff.failures ? bl_backoff_next(&r->backoff) : 0);
		r->backoff.failures += r->backoff.failures == 0;
		return;
	}
	if (status == 200 && !r->refused.code && (!error || !quick)) {
		later(r, NEXT_WATCH, quick ? bl_backoff_next(&r->backoff) : 0);
		return;
	}
	describe(r, status, error, why, sizeof(why));
	/* a stream that makes no sense, or a server that no longer knows the version */
	fail(r, r->refused.code || status == 400 || status == 404 ? NEXT_LIST : NEXT_WATCH, why,
	     retry_after);
}

static void start_watch(struct bl_reflector *r)
{
	static const struct bl_cutter_ops cut = {.item = watch_item};
	static const struct bl_transfer_ops ops = {
		.started = watch_started, .data = on_data, .done = watch_done};
	uint32_t seconds = bl_backoff_random(WATCH_MIN_S, WATCH_MAX_S);
	BL_BUF struct bl_buf url = {};

	bl_buf_puts(&url, r->path);
	bl_query_add(&url, "watch", "1");
	bl_query_add(&url, "allowWatchBookmarks", "true");
	bl_query_add(&url, "resourceVersion", r->version);
	bl_query_add_number(&url, "timeoutSeconds", seconds);
	bl_query_add(&url, "fieldSelector", r->field_selector);
	bl_query_add(&url, "labelSelector", r->label_selector);
	r->started_ns = bl_time_mono_ns();
	begin_transfer(r, BL_CUT_STREAM, &cut, &ops, url.data, seconds * 1000 + WATCH_SLACK_MS);
}

/* --- life --- */

struct bl_reflector *bl_reflector_new(struct bl_client *client,
				      const struct bl_reflector_opts *opts,
				      const struct bl_reflector_ops *ops, void *arg)
{
	struct bl_reflector *r = bl_new0(struct bl_reflector);

	r->client = client;
	r->ops = ops;
	r->arg = arg;
	r->path = bl_strdup(opts->path);
	r->field_selector = bl_strdup(opts->field_selector ? opts->field_selector : "");
	r->label_selector = bl_strdup(opts->label_selector ? opts->label_selector : "");
	r->page = opts->page ? opts->page : DEFAULT_PAGE;
	r->backoff = (struct bl_backoff){.first_ms = 100, .cap_ms = 10000};
	r->timer = bl_new0(uv_timer_t);
	uv_timer_init(bl_loop_uv(bl_client_loop(client)), r->timer);
	r->timer->data = r;
	start_list(r);
	return r;
}

static void free_timer(uv_handle_t *h)
{
	free(h);
}

struct bl_reflector *bl_reflector_free(struct bl_reflector *r)
{
	if (!r)
		return NULL;
	bl_transfer_drop(r->transfer);
	uv_close((uv_handle_t *)r->timer, free_timer);
	bl_cutter_free(&r->cutter);
	bl_buf_free(&r->error_body);
	bl_buf_free(&r->held);
	free(r->path);
	free(r->field_selector);
	free(r->label_selector);
	free(r->more);
	free(r->why);
	free(r);
	return NULL;
}

bool bl_reflector_connected(const struct bl_reflector *r)
{
	return r->connected;
}
