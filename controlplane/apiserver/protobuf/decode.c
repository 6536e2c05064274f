// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Kubernetes' protobuf form of an object, read into JSON.
 *
 * The wire format is a row of fields, each a number with a wire type (varint, 8 bytes, length and bytes, 4 bytes) and a
 * value; numbers that nobody knows are skipped, as protobuf wants it. The schema says what to make of a value: a text, a
 * list, a map (a row of entries with key 1 and value 2) or another message. The result is what the JSON body of the same
 * object would have been, except that Go writes texts, numbers and lists that are empty too, which the schema's own
 * decoding then leaves out.
 *
 * Nothing is copied or allocated by a length before it is known that so many bytes are there. Messages nest as deep as the
 * tables do.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "apiserver/protobuf.h"
#include "apiserver/protobuf/numbers.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

enum wire {
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

struct span {
	const uint8_t *at, *end;
};

/* One field of a message; `bytes` where the wire type is WIRE_BYTES, else `number` holds its value. */
struct item {
	uint32_t field;
	enum wire wire;
	uint64_t value;
	struct span bytes;
};

static int get_varint(struct span *s, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && s->at < s->end; shift += 7) {
		uint8_t byte = *s->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

static int get_bytes(struct span *s, uint64_t len, struct span *ret)
{
	if (len > (uint64_t)(s->end - s->at))
		return -EBADMSG;
	*ret = (struct span){s->at, s->at + len};
	s->at += len;
	return 0;
}

/* The next field; 1 at the end of the message. */
static int next(struct span *s, struct item *ret)
{
	uint64_t tag, len;

	if (s->at == s->end)
		return 1;
	if (get_varint(s, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
		return -EBADMSG;
	*ret = (struct item){.field = (uint32_t)(tag >> 3), .wire = tag & 7};
	switch (ret->wire) {
	case WIRE_VARINT:
		return get_varint(s, &ret->value);
	case WIRE_64:
		return get_bytes(s, 8, &ret->bytes);
	case WIRE_32:
		return get_bytes(s, 4, &ret->bytes);
	case WIRE_BYTES:
		return get_varint(s, &len) ? -EBADMSG : get_bytes(s, len, &ret->bytes);
	default:
		return -EBADMSG;
	}
}

static int get_text(const struct span *s, json_t **ret)
{
	size_t len = (size_t)(s->end - s->at);

	if (memchr(s->at, 0, len))
		return -EBADMSG;
	*ret = json_stringn((const char *)s->at, len); /* NULL: no UTF-8 */
	return *ret ? 0 : -EBADMSG;
}

static json_t *base64(const struct span *s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t left = (size_t)(s->end - s->at);
	BL_BUF struct bl_buf b = {};

	bl_buf_puts(&b, "");
	for (const uint8_t *p = s->at; left; p += 3) {
		uint32_t bits = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0) |
				(left > 2 ? p[2] : 0);

		bl_buf_putc(&b, digits[bits >> 18]);
		bl_buf_putc(&b, digits[bits >> 12 & 63]);
		bl_buf_putc(&b, left > 1 ? digits[bits >> 6 & 63] : '=');
		bl_buf_putc(&b, left > 2 ? digits[bits & 63] : '=');
		left -= left < 3 ? left : 3;
	}
	return json_stringn(b.data, b.len);
}

/* metav1.Time and MicroTime: seconds 1, nanoseconds 2; the zero time is an empty message, JSON's null. */
static int get_time(struct span s, bool micro, json_t **ret)
{
	struct item it;
	uint64_t part[3] = {};
	char text[40], stamp[60];
	struct tm tm;
	time_t seconds;
	int rc;

	if (s.at == s.end) {
		*ret = json_null();
		return 0;
	}
	while (!(rc = next(&s, &it))) {
		if (it.field < 3 && it.wire == WIRE_VARINT)
			part[it.field] = it.value;
	}
	seconds = (time_t)part[1];
	if (rc < 0 || part[2] > 999999999 || !gmtime_r(&seconds, &tm) || tm.tm_year < -1899 ||
	    tm.tm_year > 8099)
		return -EBADMSG;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	if (micro)
		snprintf(stamp, sizeof(stamp), "%s.%06uZ", text, (unsigned int)(part[2] / 1000));
	else
		snprintf(stamp, sizeof(stamp), "%sZ", text);
	*ret = json_string(stamp);
	return 0;
}

/* intstr.IntOrString: type 1 (0 a number, 1 a text), number 2, text 3. */
static int get_int_or_string(struct span s, json_t **ret)
{
	struct item it;
	struct span text = {};
	uint64_t type = 0, number = 0;
	int rc;

	while (!(rc = next(&s, &it))) {
		if (it.field == 1 && it.wire == WIRE_VARINT)
			type = it.value;
		else if (it.field == 2 && it.wire == WIRE_VARINT)
			number = it.value;
		else if (it.field == 3 && it.wire == WIRE_BYTES)
			text = it.bytes;
	}
	if (rc < 0 || type > 1)
		return -EBADMSG;
	if (type)
		return get_text(&text, ret);
	*ret = json_integer((int64_t)number);
	return 0;
}

static int get_message(const struct bl_schema_type *type, struct span s, json_t **ret,
		       struct bl_err *err);

static int malformed(struct bl_err *err)
{
	return bl_err_set(err, -EBADMSG, "the message is cut or malformed");
}

static int get_scalar(enum bl_schema_class class, const struct item *it, json_t **ret)
{
	switch (class) {
	case BL_SCHEMA_STRING:
		return get_text(&it->bytes, ret);
	case BL_SCHEMA_INT32:
	case BL_SCHEMA_INT64:
		*ret = json_integer((int64_t)it->value);
		return 0;
	case BL_SCHEMA_BOOL:
		*ret = json_boolean(it->value);
		return 0;
	case BL_SCHEMA_BYTES:
		*ret = base64(&it->bytes);
		return 0;
	case BL_SCHEMA_TIME:
	case BL_SCHEMA_MICRO_TIME:
		return get_time(it->bytes, class == BL_SCHEMA_MICRO_TIME, ret);
	case BL_SCHEMA_INT_OR_STRING:
		return get_int_or_string(it->bytes, ret);
	default:
		return -ENOTSUP;
	}
}

/* One value, entry or element of a field. */
static int get_value(const struct bl_schema_field *f, const struct item *it, json_t **ret,
		     struct bl_err *err)
{
	bool number = f->class == BL_SCHEMA_INT32 || f->class == BL_SCHEMA_INT64 ||
		      f->class == BL_SCHEMA_BOOL;
	int rc;

	if (it->wire != (number ? WIRE_VARINT : WIRE_BYTES))
		return malformed(err);
	if (f->class == BL_SCHEMA_OBJECT)
		return get_message(f->type, it->bytes, ret, err);
	rc = get_scalar(f->class, it, ret);
	if (rc == -ENOTSUP)
		return bl_err_set(err, rc, "is not read as protobuf");
	return rc ? malformed(err) : 0;
}

/* An entry of a map: key 1, value 2; either is empty where it is missing. */
static int get_map_entry(const struct bl_schema_field *f, struct span s, json_t *map,
			 struct bl_err *err)
{
	BL_JSON json_t *key = NULL, *value = NULL;
	struct item it;
	int rc;

	while (!(rc = next(&s, &it))) {
		if ((it.field == 1 &&
		     (key || it.wire != WIRE_BYTES || get_text(&it.bytes, &key))) ||
		    (it.field == 2 && value))
			return malformed(err);
		rc = it.field == 2 ? get_value(f, &it, &value, err) : 0;
		if (rc)
			return rc;
	}
	if (rc < 0)
		return malformed(err);
	json_object_set_new(map, key ? json_string_value(key) : "",
			    value ? bl_take_ptr(value) : json_string(""));
	return 0;
}

/* The field's list or map, made at its first entry. */
static json_t *holder(json_t *obj, const struct bl_schema_field *f)
{
	json_t *have = json_object_get(obj, f->name);

	if (have)
		return have;
	have = f->shape == BL_SHAPE_MAP ? json_object() : json_array();
	json_object_set_new(obj, f->name, have);
	return have;
}

static int take(const struct bl_schema_field *f, const struct item *it, json_t *obj,
		struct bl_err *err)
{
	BL_JSON json_t *value = NULL;
	int rc;

	if (f->shape == BL_SHAPE_MAP)
		return it->wire == WIRE_BYTES ? get_map_entry(f, it->bytes, holder(obj, f), err)
					      : malformed(err);
	rc = get_value(f, it, &value, err);
	if (rc)
		return rc;
	if (f->shape == BL_SHAPE_ONE)
		json_object_set(obj, f->name, value);
	else
		json_array_append(holder(obj, f), value);
	return 0;
}

static int get_message(const struct bl_schema_type *type, struct span s, json_t **ret,
		       struct bl_err *err)
{
	BL_JSON json_t *obj = json_object();
	struct item it;
	int rc;

	if (!bl_protobuf_knows(type))
		return bl_err_set(err, -ENOTSUP, "%s is not read as protobuf", type->name);
	while (!(rc = next(&s, &it))) {
		const struct bl_schema_field *f = bl_protobuf_field(type, it.field);

		rc = f ? take(f, &it, obj, err) : 0;
		if (rc) {
			(void)bl_err_wrap(err, "%s", f->name);
			return rc;
		}
	}
	if (rc < 0)
		return malformed(err);
	*ret = bl_take_ptr(obj);
	return 0;
}

/* runtime.Unknown: typeMeta 1 {apiVersion 1, kind 2}, raw 2. */
static int get_envelope(struct span s, json_t **ret_version, json_t **ret_kind,
			struct span *ret_raw)
{
	struct item it, meta;
	int rc;

	while (!(rc = next(&s, &it))) {
		struct span inner = it.bytes;

		if (it.field == 2 && it.wire == WIRE_BYTES)
			*ret_raw = it.bytes;
		if (it.field != 1 || it.wire != WIRE_BYTES)
			continue;
		while (!(rc = next(&inner, &meta))) {
			json_t **to = meta.field == 1 ? ret_version : ret_kind;

			if (meta.field > 2 || meta.wire != WIRE_BYTES || *to ||
			    get_text(&meta.bytes, to))
				return -EBADMSG;
		}
		if (rc < 0)
			return rc;
	}
	return rc < 0 || !*ret_version || !*ret_kind || !ret_raw->at ? -EBADMSG : 0;
}

int bl_protobuf_decode(const char *data, size_t len, json_t **ret_obj, struct bl_err *err)
{
	BL_JSON json_t *version = NULL, *kind = NULL, *obj = NULL;
	const uint8_t *start = (const uint8_t *)data;
	const struct bl_schema_type *type;
	struct span raw = {};
	int rc;

	if (len < 4 || memcmp(data, "k8s", 4))
		return bl_err_set(err, -EBADMSG, "the body does not begin as Kubernetes' protobuf");
	if (get_envelope((struct span){start + 4, start + len}, &version, &kind, &raw))
		return bl_err_set(err, -EBADMSG, "the body names no type and object");
	type = bl_protobuf_kind(json_string_value(kind), json_string_value(version));
	if (!type)
		return bl_err_set(err, -ENOTSUP, "%s is not read as protobuf",
				  json_string_value(kind));
	rc = get_message(type, raw, &obj, err);
	if (rc)
		return rc;
	json_object_set(obj, "apiVersion", version);
	json_object_set(obj, "kind", kind);
	*ret_obj = bl_take_ptr(obj);
	return 0;
}
