// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Tests of apiserver/protobuf/.
 *
 * Bodies are what kubectl 1.32 sends, byte by byte, or small messages written out: a tag is the field's number times eight
 * plus the wire type (0 varint, 2 bytes). envelope() puts a message into runtime.Unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/protobuf.h"
#include "base/buf.h"
#include "base/json.h"

#define BYTES(text) text, sizeof(text) - 1

/* Appends field `number` with a message or text shorter than 128 bytes. */
static void put(struct bl_buf *b, unsigned int number, const char *data, size_t len)
{
	assert_true(len < 128 && number < 16);
	bl_buf_putc(b, (char)(number << 3 | 2));
	bl_buf_putc(b, (char)len);
	bl_buf_append(b, data, len);
}

static void envelope(struct bl_buf *b, const char *version, const char *kind, const char *raw,
		     size_t len)
{
	BL_BUF struct bl_buf meta = {};

	put(&meta, 1, version, strlen(version));
	put(&meta, 2, kind, strlen(kind));
	bl_buf_append(b, BYTES("k8s\0"));
	put(b, 1, meta.data, meta.len);
	put(b, 2, raw, len);
}

static int decode(const char *version, const char *kind, const char *raw, size_t len, json_t **ret)
{
	BL_BUF struct bl_buf b = {};

	envelope(&b, version, kind, raw, len);
	return bl_protobuf_decode(b.data, b.len, ret, NULL);
}

static void assert_json(const json_t *got, const char *want)
{
	char *text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, want);
	free(text);
}

static void namespace_of_kubectl_is_read(void **state)
{
	static const char body[] =
		"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x1b\x0a\x13\x0a\x03"
		"foo\x12\0\x1a\0\"\0*\0002\0008\0B\0\x12\0\x1a\x02\x0a\0\x1a\0\"";
	BL_JSON json_t *obj = NULL;
	struct bl_err err = {};

	(void)state;
	assert_int_equal(bl_protobuf_decode(body, sizeof(body), &obj, &err), 0);
	assert_json(obj,
		    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"generateName\":"
		    "\"\",\"name\":\"foo\",\"namespace\":\"\",\"resourceVersion\":\"\",\"uid\":"
		    "\"\"},\"spec\":{}}");
}

static void entries_of_a_map_become_its_keys(void **state)
{
	BL_JSON json_t *obj = NULL;

	(void)state;
	assert_int_equal(decode("v1", "ConfigMap",
				BYTES("\x12\x06\x0a\x01"
				      "a\x12\x01"
				      "b\x12\x03\x0a\x01"
				      "c"),
				&obj),
			 0);
	assert_json(json_object_get(obj, "data"), "{\"a\":\"b\",\"c\":\"\"}");
}

static void bytes_become_base64_of_every_length(void **state)
{
	static const struct {
		const char *raw, *want;
	} cases[] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xff\xfe", "//4="}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		BL_BUF struct bl_buf entry = {}, raw = {};
		BL_JSON json_t *obj = NULL;

		put(&entry, 1, "k", 1);
		put(&entry, 2, cases[i].raw, strlen(cases[i].raw));
		put(&raw, 2, entry.data, entry.len);
		assert_int_equal(decode("v1", "Secret", raw.data, raw.len, &obj), 0);
		assert_string_equal(
			json_string_value(json_object_get(json_object_get(obj, "data"), "k")),
			cases[i].want);
	}
}

/* A ServiceSpec with one port: 80, targetPort as given. */
static void assert_target_port(const char *target, size_t len, const char *want)
{
	BL_BUF struct bl_buf port = {}, spec = {}, raw = {};
	BL_JSON json_t *obj = NULL;

	bl_buf_append(&port, BYTES("\x18\x50"));
	put(&port, 4, target, len);
	put(&spec, 1, port.data, port.len);
	put(&raw, 2, spec.data, spec.len);
	assert_int_equal(decode("v1", "Service", raw.data, raw.len, &obj), 0);
	assert_json(json_object_get(obj, "spec"), want);
}

static void target_port_is_a_number_or_a_name(void **state)
{
	(void)state;
	assert_target_port(BYTES("\x08\0\x10\x90\x3f\x1a\0"),
			   "{\"ports\":[{\"port\":80,\"targetPort\":8080}]}");
	assert_target_port(BYTES("\x08\x01\x10\0\x1a\x04http"),
			   "{\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]}");
}

static void time_is_written_as_rfc3339(void **state)
{
	/* spec.renewTime, a MicroTime: 1000000000 s, 5000 ns; acquireTime empty */
	static const char raw[] = "\x12\x0d\x1a\0\"\x09\x08\x80\x94\xeb\xdc\x03\x10\x88\x27";
	BL_JSON json_t *obj = NULL;

	(void)state;
	assert_int_equal(decode("coordination.k8s.io/v1", "Lease", raw, sizeof(raw) - 1, &obj), 0);
	assert_json(json_object_get(obj, "spec"),
		    "{\"acquireTime\":null,\"renewTime\":\"2001-09-09T01:46:40.000005Z\"}");
}

static void unknown_field_numbers_are_skipped(void **state)
{
	/* 15 as varint, 8 bytes, bytes and 4 bytes; then data */
	BL_JSON json_t *obj = NULL;

	(void)state;
	assert_int_equal(decode("v1", "ConfigMap",
				BYTES("\x78\xff\x01\x79"
				      "12345678\x7a\x01x\x7d"
				      "1234\x12\x03\x0a\x01"
				      "a"),
				&obj),
			 0);
	assert_json(json_object_get(obj, "data"), "{\"a\":\"\"}");
}

static void kind_without_numbers_is_not_supported(void **state)
{
	BL_JSON json_t *obj = NULL;

	(void)state;
	assert_int_equal(decode("v1", "Unicorn", BYTES(""), &obj), -ENOTSUP);
	assert_int_equal(decode("v2", "ConfigMap", BYTES(""), &obj), -ENOTSUP);
	assert_null(obj);
}

static void malformed_messages_are_refused(void **state)
{
	static const struct {
		const char *raw;
		size_t len;
	} cases[] = {
		{BYTES("\x12\x05\x0a")},				 /* longer than there is */
		{BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, /* as long as can be said */
		{BYTES("\x12")},					 /* no length */
		{BYTES("\x13\x00")},					 /* a group */
		{BYTES("\x02\x00")},					 /* field 0 */
		{BYTES("\x10\x01")},		 /* a number where a map is */
		{BYTES("\x12\x03\x0a\x01\xff")}, /* no UTF-8 */
		{BYTES("\x12\x04\x0a\x02"
		       "a\0")},						 /* a zero byte */
		{BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")}, /* a number without end */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		BL_JSON json_t *obj = NULL;

		assert_int_equal(decode("v1", "ConfigMap", cases[i].raw, cases[i].len, &obj),
				 -EBADMSG);
		assert_null(obj);
	}
}

static void body_cut_anywhere_is_refused_or_read_but_never_overrun(void **state)
{
	BL_BUF struct bl_buf b = {};

	(void)state;
	envelope(&b, "v1", "ConfigMap",
		 BYTES("\x12\x06\x0a\x01"
		       "a\x12\x01"
		       "b"));
	for (size_t len = 0; len < b.len; len++) {
		char *cut = malloc(len ? len : 1);
		BL_JSON json_t *obj = NULL;

		memcpy(cut, b.data, len);
		assert_int_equal(bl_protobuf_decode(cut, len, &obj, NULL), -EBADMSG);
		free(cut);
	}
}

static void error_names_the_field(void **state)
{
	BL_BUF struct bl_buf b = {};
	BL_JSON json_t *obj = NULL;
	struct bl_err err = {};

	(void)state;
	envelope(&b, "v1", "ConfigMap", BYTES("\x0a\x03\x0a\x05x"));
	assert_int_equal(bl_protobuf_decode(b.data, b.len, &obj, &err), -EBADMSG);
	assert_string_equal(bl_err_text(&err), "metadata: the message is cut or malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespace_of_kubectl_is_read),
		cmocka_unit_test(entries_of_a_map_become_its_keys),
		cmocka_unit_test(bytes_become_base64_of_every_length),
		cmocka_unit_test(target_port_is_a_number_or_a_name),
		cmocka_unit_test(time_is_written_as_rfc3339),
		cmocka_unit_test(unknown_field_numbers_are_skipped),
		cmocka_unit_test(kind_without_numbers_is_not_supported),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(body_cut_anywhere_is_refused_or_read_but_never_overrun),
		cmocka_unit_test(error_names_the_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
