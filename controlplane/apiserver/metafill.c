// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: metadata that the server writes.
 *
 * A new object gets its uid (a random UUID), its creation time, its first generation, and, with generateName, five random
 * letters behind the prefix; vowels and look-alikes are left out as in the real server, so that no words appear. An update
 * may leave out what the client cannot change anyway; that comes from the stored object. Preconditions are checked here:
 * another resourceVersion than the stored one is a conflict, and so is another uid, which means that the name now belongs
 * to another object.
 */
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "apiserver/server_priv.h"
#include "apiserver/status.h"
#include "apiserver/write.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define SUFFIX_LEN	 5
#define GENERATED_PREFIX 58 /* what is kept of generateName */
#define GENERATE_TRIES	 8

const char *bl_now_text(char buf[32])
{
	return bl_time_format(bl_time_wall_ns(), 0, buf);
}

static void make_uuid(char text[37])
{
	unsigned char b[16];

	gnutls_rnd(GNUTLS_RND_NONCE, b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

static void generate_name(const char *prefix, char name[GENERATED_PREFIX + SUFFIX_LEN + 1])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	unsigned char r[SUFFIX_LEN];
	int n = snprintf(name, GENERATED_PREFIX + 1, "%s", prefix);

	if (n > GENERATED_PREFIX)
		n = GENERATED_PREFIX;
	gnutls_rnd(GNUTLS_RND_NONCE, r, sizeof(r));
	for (int i = 0; i < SUFFIX_LEN; i++)
		name[n + i] = letters[r[i] % strlen(letters)];
	name[n + SUFFIX_LEN] = 0;
}

static json_t *metadata_of(json_t *obj)
{
	json_t *meta = json_object_get(obj, "metadata");

	if (!json_is_object(meta)) {
		meta = json_object();
		json_object_set_new(obj, "metadata", meta);
	}
	return meta;
}

static void fill_generated_name(struct bl_request *rq, json_t *meta)
{
	const char *prefix = bl_json_str_at(meta, "generateName", NULL);
	const char *given = bl_json_str_at(meta, "name", NULL);
	char name[GENERATED_PREFIX + SUFFIX_LEN + 1];

	if ((given && *given) || !prefix || !*prefix)
		return;
	for (int i = 0; i < GENERATE_TRIES; i++) {
		generate_name(prefix, name);
		if (!bl_store_get(rq->st, rq->ns, name))
			break;
	}
	json_object_set_new(meta, "name", json_string(name));
}

static json_t *check_url_namespace(const struct bl_request *rq, json_t *meta)
{
	const char *ns = bl_json_str_at(meta, "namespace", NULL);

	if (ns && *ns && !bl_streq(ns, rq->ns))
		return bl_status_bad_request(
			"the namespace of the provided object does not match the "
			"namespace sent on the request");
	if (*rq->ns)
		json_object_set_new(meta, "namespace", json_string(rq->ns));
	else
		json_object_del(meta, "namespace");
	return NULL;
}

json_t *bl_meta_fill_create(struct bl_request *rq, json_t *obj)
{
	static const char *const not_yet[] = {"deletionTimestamp", "deletionGracePeriodSeconds",
					      "selfLink", "generation"};
	json_t *meta = metadata_of(obj);
	const char *rv = bl_json_str_at(meta, "resourceVersion", NULL);
	json_t *s = check_url_namespace(rq, meta);
	char uid[37], now[32];

	if (s)
		return s;
	if (rv && *rv && !bl_streq(rv, "0"))
		return bl_status_bad_request(
			"resourceVersion should not be set on objects to be created");
	json_object_del(meta, "resourceVersion");
	for (size_t i = 0; i < BL_ARRAY_SIZE(not_yet); i++)
		json_object_del(meta, not_yet[i]);
	fill_generated_name(rq, meta);
	make_uuid(uid);
	json_object_set_new(meta, "uid", json_string(uid));
	json_object_set_new(meta, "creationTimestamp", json_string(bl_now_text(now)));
	if (rq->kind->has_generation)
		json_object_set_new(meta, "generation", json_integer(1));
	return NULL;
}

static void carry(json_t *meta, const json_t *old_meta, const char *key)
{
	json_t *v = json_object_get(old_meta, key);

	if (v)
		json_object_set(meta, key, v);
	else
		json_object_del(meta, key);
}

static json_t *refuse_unversioned(const struct bl_request *rq, const json_t *meta)
{
	struct bl_causes c = {};
	json_t *s;

	bl_cause_add(&c, BL_CAUSE_INVALID, "metadata.resourceVersion",
		     json_object_get(meta, "resourceVersion"), "must be specified for an update");
	s = bl_status_invalid(rq->kind->group, rq->kind->kind, rq->name, &c);
	bl_causes_free(&c);
	return s;
}

static json_t *check_preconditions(const struct bl_request *rq, const json_t *meta,
				   const json_t *old_meta)
{
	const char *rv = bl_json_str_at(meta, "resourceVersion", NULL);
	const char *old_rv = bl_json_str_at(old_meta, "resourceVersion", NULL);
	const char *uid = bl_json_str_at(meta, "uid", NULL);
	const char *old_uid = bl_json_str_at(old_meta, "uid", NULL);
	char why[200];

	if (uid && *uid && old_uid && !bl_streq(uid, old_uid)) {
		snprintf(
			why, sizeof(why),
			"Precondition failed: UID in precondition: %.60s, UID in object meta: %.60s",
			uid, old_uid);
		return bl_status_conflict(rq->kind, rq->name, why);
	}
	if (rv && *rv && !bl_streq(rv, "0") && old_rv && !bl_streq(rv, old_rv))
		return bl_status_conflict(rq->kind, rq->name, NULL);
	if (rq->kind->needs_version && (!rv || !*rv || bl_streq(rv, "0")))
		return refuse_unversioned(rq, meta);
	return NULL;
}

json_t *bl_meta_fill_update(struct bl_request *rq, json_t *obj, const json_t *old)
{
	static const char *const fixed[] = {
		"uid",	    "creationTimestamp",	  "generation",	    "deletionTimestamp",
		"selfLink", "deletionGracePeriodSeconds", "resourceVersion"};
	const json_t *old_meta = json_object_get(old, "metadata");
	json_t *meta = metadata_of(obj);
	const char *name = bl_json_str_at(meta, "name", NULL);
	json_t *s = check_url_namespace(rq, meta);

	if (!s)
		s = check_preconditions(rq, meta, old_meta);
	if (s)
		return s;
	if (!name || !*name)
		json_object_set_new(meta, "name", json_string(rq->name));
	else if (!bl_streq(name, rq->name) && bl_streq(rq->method, "PUT"))
		return bl_status_bad_request(
			"the name of the object (%s) does not match the name on "
			"the URL (%s)",
			name, rq->name);
	for (size_t i = 0; i < BL_ARRAY_SIZE(fixed); i++)
		carry(meta, old_meta, fixed[i]);
	return NULL;
}

json_t *bl_check_namespace(struct bl_request *rq, const char *name)
{
	struct bl_store *nss = rq->srv->namespaces;
	struct bl_object *ns;
	BL_JSON json_t *obj = NULL;
	char text[200];
	json_t *s;

	if (!*rq->ns || !nss)
		return NULL;
	ns = bl_store_get(nss, "", rq->ns);
	if (!ns)
		return bl_status_not_found(nss->kind, rq->ns);
	if (!strstr(bl_object_json(ns), "\"deletionTimestamp\""))
		return NULL;
	obj = bl_object_decode(ns);
	if (!bl_json_str_at(obj, "metadata", "deletionTimestamp", NULL))
		return NULL;
	s = bl_status_forbidden(rq->kind, name,
				"unable to create new content in namespace %s because it is being "
				"terminated",
				rq->ns);
	snprintf(text, sizeof(text), "namespace %s is being terminated", rq->ns);
	bl_status_add_cause(s, "NamespaceTerminating", text, "metadata.namespace");
	return s;
}
