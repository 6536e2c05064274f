/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_UNIT_APISERVER_WORLD_H
#define BL_TESTS_UNIT_APISERVER_WORLD_H

/*
 * One object on which managers take turns, for the tests of apply and of managedFields. The texts are JSON with ' for ", to
 * be read by people. Managers are written as {"NAME OPERATION": fieldsV1}.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/patch.h"
#include "apiserver/schema_types.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct world {
	const struct bl_schema_type *type;
	const char *version;
	bool has_status;
	int clock;
	json_t *obj;
	json_t *causes; /* of the last refused apply */
	struct bl_err err;
};

static inline json_t *parse(const char *text)
{
	char *s = bl_strdup(text);

	for (char *c = s; (c = strchr(c, '\''));)
		*c = '"';
	json_t *j = json_loads(s, 0, NULL);

	if (!j)
		print_error("cannot read %s\n", s);
	free(s);
	assert_non_null(j);
	return j;
}

static inline void end(struct world *w)
{
	json_decref(w->obj);
	json_decref(w->causes);
}

static inline struct bl_apply_opts turn(struct world *w, const char *manager, char now[32])
{
	(void)snprintf(now, 32, "2026-01-01T00:%02d:%02dZ", w->clock / 60 % 60, w->clock % 60);
	w->clock++;
	return (struct bl_apply_opts){.manager = manager,
				      .api_version = w->version,
				      .subresource = "",
				      .has_status = w->has_status,
				      .now = now};
}

static inline void put(struct world *w, json_t *obj)
{
	assert_int_equal(bl_schema_decode(w->type, obj, NULL, &w->err), 0);
	json_decref(w->obj);
	w->obj = obj;
}

static inline int try_apply(struct world *w, const char *manager, bool force, const char *config)
{
	char now[32];
	struct bl_apply_opts opts = turn(w, manager, now);
	BL_JSON json_t *c = parse(config);
	json_t *obj = NULL;

	opts.force = force;
	json_decref(w->causes);
	w->causes = NULL;
	int r = bl_patch_apply(w->type, w->obj, c, &opts, &obj, &w->causes, &w->err);

	if (!r)
		put(w, obj);
	return r;
}

static inline void apply(struct world *w, const char *manager, const char *config)
{
	int r = try_apply(w, manager, false, config);

	if (r)
		fail_msg("%s: %s", manager, w->err.text);
}

/* A create, or a merge patch of what is there, on a side of the object. */
static inline void update_side(struct world *w, const char *manager, const char *side,
			       const char *patch)
{
	char now[32];
	struct bl_apply_opts opts = turn(w, manager, now);
	BL_JSON json_t *p = parse(patch), *empty = json_object();
	json_t *obj;

	opts.subresource = side;
	assert_int_equal(bl_patch_merge(w->obj ? w->obj : empty, p, &obj, NULL), 0);
	assert_int_equal(bl_schema_decode(w->type, obj, NULL, NULL), 0);
	bl_managed_update(w->type, w->obj, obj, &opts);
	put(w, obj);
}

static inline void update(struct world *w, const char *manager, const char *patch)
{
	update_side(w, manager, "", patch);
}

static inline void same(const json_t *got, const char *want_text)
{
	BL_JSON json_t *want = parse(want_text);

	if (!json_equal(got, want)) {
		char *text = json_dumps(got, JSON_SORT_KEYS);

		print_error("got  %s\nwant %s\n", text, want_text);
		free(text);
		fail();
	}
}

static inline void has(const struct world *w, const char *key, const char *want)
{
	same(json_object_get(w->obj, key), want);
}

static inline void managed(const struct world *w, const char *want)
{
	const json_t *list = bl_json_at(w->obj, "metadata", "managedFields", NULL);
	BL_JSON json_t *got = json_object();
	size_t i;
	json_t *entry;

	json_array_foreach (list, i, entry) {
		const char *sub = bl_json_str_at(entry, "subresource", NULL);
		BL_FREE char *key = bl_asprintf("%s %s%s%s", bl_json_str_at(entry, "manager", NULL),
						bl_json_str_at(entry, "operation", NULL),
						sub ? " " : "", sub ? sub : "");

		json_object_set(got, key, json_object_get(entry, "fieldsV1"));
	}
	same(got, want);
}

static inline struct world configmap(void)
{
	return (struct world){.type = &bl_schema_configmap, .version = "v1"};
}

static inline struct world service(void)
{
	return (struct world){.type = &bl_schema_service, .version = "v1", .has_status = true};
}

#define CM(data)  "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':" data "}"
#define SVC(spec) "{'apiVersion':'v1','kind':'Service','metadata':{'name':'s'},'spec':" spec "}"

#endif
