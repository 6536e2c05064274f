// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The options of lists and watches.
 *
 * resourceVersion and resourceVersionMatch say which state a list shows (KEP-2340). This server always has the newest state
 * at hand, so "any" and "not older than" are answered with it; "exact" and the continuation of a paged list are answered
 * from the history, or refused as expired. A revision that the store has not reached is refused with 504, as the real
 * server does after waiting: this server is the only writer, waiting would not help.
 *
 * A continue token is opaque to clients: base64 of the revision and of the last object that was sent.
 */
#include "apiserver/listopts.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/causes.h"
#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

char *bl_continue_token(int64_t rev, const char *ns, const char *name)
{
	BL_FREE char *plain = bl_asprintf("%" PRId64 "/%s/%s", rev, ns, name);
	gnutls_datum_t in = {(unsigned char *)plain, (unsigned int)strlen(plain)}, out = {};
	char *token;

	gnutls_base64_encode2(&in, &out);
	token = bl_strndup((const char *)out.data, out.size);
	gnutls_free(out.data);
	for (char *c = token; *c; c++)
		*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	return token;
}

static int decode_token(const char *token, struct bl_list_opts *o)
{
	BL_FREE char *copy = bl_strdup(token);
	gnutls_datum_t in, out = {};
	char *plain, *ns, *name;
	int ret = -EINVAL;

	for (char *c = copy; *c; c++)
		*c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
	in = (gnutls_datum_t){(unsigned char *)copy, (unsigned int)strlen(copy)};
	if (gnutls_base64_decode2(&in, &out) < 0)
		return ret;
	plain = bl_strndup((const char *)out.data, out.size);
	gnutls_free(out.data);
	ns = strchr(plain, '/');
	name = ns ? strchr(ns + 1, '/') : NULL;
	if (name) {
		*ns++ = 0;
		*name++ = 0;
		ret = bl_str_to_int(plain, 1, INT64_MAX, &o->rev);
		o->start_ns = bl_strdup(ns);
		o->start_name = bl_strdup(name);
		o->exact = true;
	}
	free(plain);
	return ret;
}

static json_t *refuse(const char *field, enum bl_cause_reason reason, const char *value,
		      const char *detail)
{
	BL_JSON json_t *v = value ? json_string(value) : NULL;
	struct bl_causes c = {};
	json_t *status;

	bl_cause_add(&c, reason, field, v, "%s", detail);
	status = bl_status_invalid("meta.k8s.io", "ListOptions", "", &c);
	bl_causes_free(&c);
	return status;
}

static json_t *read_match(const char *match, const char *rv, const char *token,
			  struct bl_list_opts *o)
{
	static const char field[] = "resourceVersionMatch";

	if (!match || !*match)
		return NULL;
	if (!rv || !*rv)
		return refuse(
			field, BL_CAUSE_FORBIDDEN, NULL,
			"resourceVersionMatch is forbidden unless resourceVersion is provided");
	if (token && *token)
		return refuse(field, BL_CAUSE_FORBIDDEN, NULL,
			      "resourceVersionMatch is forbidden when continue is provided");
	if (bl_streq(match, "Exact")) {
		o->exact = true;
		if (bl_streq(rv, "0"))
			return refuse(field, BL_CAUSE_FORBIDDEN, NULL,
				      "resourceVersionMatch \"exact\" is forbidden for "
				      "resourceVersion \"0\"");
		return NULL;
	}
	if (!bl_streq(match, "NotOlderThan"))
		return refuse(field, BL_CAUSE_UNSUPPORTED, match,
			      "supported values: \"Exact\", \"NotOlderThan\"");
	return NULL;
}

static json_t *read_watch_match(const struct bl_request *rq, const char *match,
				struct bl_list_opts *o)
{
	const char *send = bl_request_param(rq, "sendInitialEvents");
	bool newer = match && bl_streq(match, "NotOlderThan");

	o->initial = send && bl_request_flag(rq, "sendInitialEvents");
	o->no_initial = send && !o->initial;
	o->bookmarks = bl_request_flag(rq, "allowWatchBookmarks");
	if (send && !newer)
		return refuse(
			"resourceVersionMatch", BL_CAUSE_FORBIDDEN, NULL,
			"sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
	if (!send && match && *match)
		return refuse(
			"resourceVersionMatch", BL_CAUSE_FORBIDDEN, NULL,
			"resourceVersionMatch is forbidden for watch unless sendInitialEvents "
			"is provided");
	return NULL;
}

static json_t *read_revision(const struct bl_request *rq, const char *rv, struct bl_list_opts *o)
{
	int64_t now = bl_storage_revision(rq->srv->storage);
	json_t *s;
	char text[96];

	o->rev = -1;
	if (!rv || !*rv)
		return NULL;
	if (bl_str_to_int(rv, 0, INT64_MAX, &o->rev))
		return bl_status_bad_request(
			"invalid resource version \"%s\": it is not a number of "
			"this server",
			rv);
	if (o->rev <= now)
		return NULL;
	snprintf(text, sizeof(text), "Too large resource version: %" PRId64 ", current: %" PRId64,
		 o->rev, now);
	s = bl_status_new(504, "Timeout", "Timeout: %s", text);
	bl_status_add_cause(s, "ResourceVersionTooLarge", "Too large resource version", NULL);
	json_object_set_new(json_object_get(s, "details"), "retryAfterSeconds", json_integer(1));
	return s;
}

static json_t *read_number(const struct bl_request *rq, const char *name, long *ret)
{
	const char *v = bl_request_param(rq, name);
	int64_t n;

	if (!v || !*v)
		return NULL;
	if (bl_str_to_int(v, 0, INT32_MAX, &n))
		return bl_status_bad_request("%s is not a number: \"%s\"", name, v);
	*ret = (long)n;
	return NULL;
}

static json_t *read_continue(const char *rv, const char *token, struct bl_list_opts *o)
{
	if (!token || !*token)
		return NULL;
	if (rv && *rv && !bl_streq(rv, "0"))
		return bl_status_bad_request(
			"specifying resource version is not allowed when using continue");
	if (decode_token(token, o))
		return bl_status_bad_request("continue key is not valid");
	return NULL;
}

static json_t *read_selectors(const struct bl_request *rq, struct bl_list_opts *o)
{
	struct bl_err err = {};

	if (bl_selector_parse(rq->kind, bl_request_param(rq, "labelSelector"),
			      bl_request_param(rq, "fieldSelector"), &o->sel, &err))
		return bl_status_bad_request("%s", bl_err_text(&err));
	return NULL;
}

json_t *bl_list_opts_read(const struct bl_request *rq, bool watch, struct bl_list_opts *o)
{
	const char *rv = bl_request_param(rq, "resourceVersion");
	const char *match = bl_request_param(rq, "resourceVersionMatch");
	const char *token = watch ? NULL : bl_request_param(rq, "continue");
	json_t *s;

	*o = (struct bl_list_opts){.rev = -1};
	s = watch ? read_watch_match(rq, match, o) : read_match(match, rv, token, o);
	if (!s)
		s = read_selectors(rq, o);
	if (!s)
		s = read_revision(rq, rv, o);
	if (!s)
		s = read_number(rq, "limit", &o->limit);
	if (!s)
		s = read_number(rq, "timeoutSeconds", &o->timeout);
	if (!s)
		s = read_continue(rv, token, o);
	if (!watch && o->limit && o->rev > 0 && (!match || !*match))
		o->exact = true; /* what "unset" means for a paged list at a revision */
	return s;
}

void bl_list_opts_free(struct bl_list_opts *o)
{
	bl_selector_free(o->sel);
	free(o->start_ns);
	free(o->start_name);
}
