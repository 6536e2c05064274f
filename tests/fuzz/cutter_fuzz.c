// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Streams from any bytes, cut in two ways that must agree.
 *
 * The same bytes are fed at once and in pieces of a size that the first byte gives. What is handed out must be the same, and
 * each object that is handed out goes through the reader of watch events.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/cutter.h"
#include "client/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int collect(void *arg, const char *json, size_t len)
{
	struct bl_event e;

	bl_buf_append(arg, json, len);
	bl_buf_putc(arg, '\n');
	(void)bl_event_read(json, len, &e, NULL);
	return 0;
}

static void cut(enum bl_cutter_mode mode, const char *data, size_t size, size_t piece,
		struct bl_buf *out)
{
	static const struct bl_cutter_ops ops = {.item = collect, .meta = collect};
	struct bl_cutter c;

	bl_cutter_init(&c, mode, 1 << 20, &ops, out);
	for (size_t i = 0; i < size; i += piece) {
		if (bl_cutter_feed(&c, data + i, size - i < piece ? size - i : piece, NULL))
			break;
	}
	bl_cutter_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BL_BUF struct bl_buf whole = {};
	BL_BUF struct bl_buf torn = {};
	enum bl_cutter_mode mode;

	if (size < 2)
		return 0;
	mode = data[0] & 1 ? BL_CUT_LIST : BL_CUT_STREAM;
	cut(mode, (const char *)data + 1, size - 1, size, &whole);
	cut(mode, (const char *)data + 1, size - 1, (data[0] >> 1) + 1, &torn);
	if (whole.len != torn.len || (whole.len && memcmp(whole.data, torn.data, whole.len)))
		abort();
	return 0;
}
