/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Keyed data: what ConfigMap and Secret have in common.
 *
 * Both hold a map from file names to bytes, of at most 1 MiB in all, and both can be frozen by
 * `immutable`. A ConfigMap holds text in `data` and base64 in `binaryData`; a Secret holds base64
 * in `data`, and takes text in `stringData`, which the server encodes.
 *
 * The schema has checked that base64 fields are base64 (RFC 4648, with padding), so decoding here
 * cannot fail.
 *
 * Sizes count what values stand for, not their text: a Secret of 1 MiB arrives as 1.4 MiB of base64.
 */
#include "apiserver/kinds/data.h"

#include <stdint.h>
#include <string.h>

#include "apiserver/kinds/names.h"
#include "base/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t bl_data_decoded_size(const char *base64)
{
	size_t digits = 0;

	for (const char *p = base64; *p; p++)
		digits += *p != '=' && *p != '\n' && *p != '\r';
	return digits * 3 / 4;
}

char *bl_data_encode(const void *bytes, size_t len)
{
	const uint8_t *in = bytes;
	char *text = bl_malloc((len + 2) / 3 * 4 + 1);
	char *out = text;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t word = (uint32_t)in[i] << 16;

		word |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
		word |= left > 2 ? (uint32_t)in[i + 2] : 0;
		*out++ = alphabet[word >> 18];
		*out++ = alphabet[word >> 12 & 63];
		*out++ = left > 1 ? alphabet[word >> 6 & 63] : '=';
		*out++ = left > 2 ? alphabet[word & 63] : '=';
	}
	*out = '\0';
	return text;
}

char *bl_data_decode(const char *base64, size_t *ret_len)
{
	char *bytes = bl_malloc(strlen(base64) + 1);
	uint32_t word = 0;
	unsigned int bits = 0;
	size_t n = 0;

	for (const char *p = base64; *p; p++) {
		const char *digit = strchr(alphabet, *p);

		if (!digit)
			continue;
		word = word << 6 | (uint32_t)(digit - alphabet);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes[n++] = (char)(word >> bits & 0xff);
		}
	}
	bytes[n] = '\0';
	*ret_len = n;
	return bytes;
}

void bl_check_data(struct bl_check *ck, const char *name, const json_t *data, bool base64,
		   size_t *total)
{
	size_t mark = bl_path_push(&ck->at, name);
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)data, key, value) {
		size_t inner = bl_path_push_key(&ck->at, key);
		const char *text = json_string_value(value);

		(void)bl_check_rules(ck, NULL, key, bl_rule_config_key);
		*total +=
			base64 ? bl_data_decoded_size(text ? text : "") : json_string_length(value);
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

void bl_check_immutable_data(struct bl_check *ck, const json_t *obj, const json_t *old,
			     const char *const *fields)
{
	static const char rule[] = "field is immutable when `immutable` is set";

	if (!bl_bool(old, "immutable"))
		return;
	if (!bl_bool(obj, "immutable"))
		bl_check_forbidden(ck, "immutable", rule);
	for (; *fields; fields++) {
		if (!bl_same(bl_get(obj, *fields), bl_get(old, *fields)))
			bl_check_forbidden(ck, *fields, rule);
	}
}
