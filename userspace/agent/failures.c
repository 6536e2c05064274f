// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: What is wrong at the moment.
 *
 * Apply tries a failed key again and again, and must neither flood the log nor forget what failed. This table keeps one
 * text an object: a new or changed text is logged, and so is the end of a failure, once each. Its content is what
 * `beeline status` shows under "failed".
 */

#include "agent/failures.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

struct failure {
	UT_hash_handle hh;
	char *object;
	char *text;
};

struct bl_failures {
	struct failure *list;
};

struct bl_failures *bl_failures_new(void)
{
	return bl_new0(struct bl_failures);
}

static void drop(struct bl_failures *f, struct failure *e)
{
	HASH_DEL(f->list, e);
	free(e->object);
	free(e->text);
	free(e);
}

struct bl_failures *bl_failures_free(struct bl_failures *f)
{
	struct failure *e, *tmp;

	if (!f)
		return NULL;
	HASH_ITER (hh, f->list, e, tmp)
		drop(f, e);
	free(f);
	return NULL;
}

void bl_failures_set(struct bl_failures *f, const char *object, const struct bl_err *err)
{
	struct failure *e;

	HASH_FIND_STR(f->list, object, e);
	if (!err) {
		if (e) {
			bl_log_info("recovered object='%s'", object);
			drop(f, e);
		}
		return;
	}
	if (e && bl_streq(e->text, bl_err_text(err)))
		return;
	if (!e) {
		e = bl_new0(struct failure);
		e->object = bl_strdup(object);
		HASH_ADD_KEYPTR(hh, f->list, e->object, strlen(e->object), e);
	}
	free(e->text);
	e->text = bl_strdup(bl_err_text(err));
	bl_log_warn("failed object='%s' error='%s', trying again", object, e->text);
}

const char *bl_failures_get(const struct bl_failures *f, const char *object)
{
	const struct failure *e;

	HASH_FIND_STR(f->list, object, e);
	return e ? e->text : NULL;
}

bool bl_failures_any(const struct bl_failures *f)
{
	return f->list != NULL;
}

static int by_object(const struct failure *a, const struct failure *b)
{
	return strcmp(a->object, b->object);
}

json_t *bl_failures_json(struct bl_failures *f)
{
	json_t *out = json_array();
	struct failure *e, *tmp;

	HASH_SORT(f->list, by_object);
	HASH_ITER (hh, f->list, e, tmp)
		json_array_append_new(out,
				      json_pack("{ss ss}", "object", e->object, "error", e->text));
	return out;
}
