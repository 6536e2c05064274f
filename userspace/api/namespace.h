/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_API_NAMESPACE_H
#define BL_API_NAMESPACE_H

#include "api/object.h"

/* core/v1 Namespace: its labels are what policy selects by. */
struct bl_api_namespace {
	struct bl_api_object obj;
	bool terminating; /* status.phase */
};

#endif
