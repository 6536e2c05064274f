// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Objects of every kind from any bytes.
 *
 * The first byte chooses the kind, the rest is parsed as JSON and decoded. Whatever is accepted must be sound: lists as long
 * as they say, strings that can be read, memory of one chunk.
 */

#include <stdint.h>
#include <string.h>

#include "api/endpointslice.h"
#include "api/object.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BL_API_OBJECT struct bl_api_object *obj = NULL;
	BL_JSON json_t *json = NULL;
	struct bl_err err = {};
	size_t sum;

	if (!size || bl_json_parse((const char *)data + 1, size - 1, &json, &err))
		return 0;
	if (bl_api_decode((enum bl_api_kind)(data[0] % BL_API_KIND_COUNT), json, &obj, &err))
		return 0;
	sum = strlen(obj->meta.name) + strlen(obj->meta.uid);
	for (size_t i = 0; i < obj->meta.labels.count; i++)
		sum += strlen(obj->meta.labels.list[i].key);
	if (obj->kind == BL_API_ENDPOINTSLICE) {
		const struct bl_api_endpointslice *s = (struct bl_api_endpointslice *)obj;

		for (size_t i = 0; i < s->n_endpoints; i++)
			sum += strlen(s->endpoints[i].node) + s->endpoints[i].ips[0].family;
	}
	return sum == SIZE_MAX ? -1 : 0; /* so that every byte is read */
}
