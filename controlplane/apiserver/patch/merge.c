// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: JSON merge patch
 *
 * RFC 7396: an object in the patch is merged key by key, null takes a key away, and everything else (lists too) replaces
 * what was there. It knows no types, so it needs no schema.
 *
 * A patch that is not an object would replace the whole stored object; the API server refuses it, and so does this. What
 * the patch brings is copied, never shared: the decoder that follows changes values in place.
 */
#include <errno.h>

#include "apiserver/patch.h"
#include "base/json.h"

static json_t *merged(const json_t *live, const json_t *patch)
{
	if (!json_is_object(patch))
		return json_deep_copy(patch);

	json_t *obj = json_is_object(live) ? json_deep_copy(live) : json_object();
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)patch, key, v) {
		if (json_is_null(v))
			json_object_del(obj, key);
		else
			json_object_set_new(obj, key, merged(json_object_get(obj, key), v));
	}
	return obj;
}

int bl_patch_merge(const json_t *live, const json_t *patch, json_t **ret_obj, struct bl_err *err)
{
	if (!json_is_object(patch))
		return bl_err_set(err, -EINVAL,
				  "error decoding patch: a merge patch must be a JSON object");
	*ret_obj = merged(live, patch);
	return 0;
}
