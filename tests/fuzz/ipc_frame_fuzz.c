// SPDX-License-Identifier: Apache-2.0
/* Frames of the agent's socket: whatever is read as one is written as one that reads the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "ipc/frame.h"
#include "ipc/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bl_ipc_failure failure;
	BL_BUF struct bl_buf again = {};
	BL_JSON json_t *body = NULL;
	BL_JSON json_t *same = NULL;
	json_t *ok = NULL;
	size_t need;

	if (bl_ipc_frame_get((const char *)data, size, BL_IPC_REQUEST_MAX, &body, &need, NULL))
		return 0;
	if (!bl_ipc_split(body, &ok, &failure))
		json_decref(ok);
	if (bl_ipc_frame_put(&again, body, BL_IPC_ANSWER_MAX) ||
	    bl_ipc_frame_get(again.data, again.len, BL_IPC_ANSWER_MAX, &same, &need, NULL) ||
	    !json_equal(body, same))
		abort();
	return 0;
}
