// SPDX-License-Identifier: Apache-2.0
/* What BIRD, or whoever listens at its socket, may say. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bgp/bird.h"
#include "agent/bgp/status.h"
#include "base/json.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BL_FREE char *text = bl_strndup((const char *)data, size);
	struct bl_bird_reply reply = {};
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && bl_bird_line(&reply, line) == 0)
		;
	if (reply.lines.data) {
		BL_JSON json_t *sessions = bl_bgp_parse_sessions(reply.lines.data);

		if (!json_is_array(sessions))
			abort();
	}
	bl_buf_free(&reply.lines);
	return 0;
}
