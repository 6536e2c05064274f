/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_LISTOPTS_H
#define BL_APISERVER_LISTOPTS_H

#include "apiserver/request.h"
#include "apiserver/selector.h"

/* metav1.ListOptions, read and checked. */
struct bl_list_opts {
	struct bl_selector *sel;
	int64_t rev;		     /* resourceVersion; -1: not given */
	bool exact;		     /* the state at `rev`, and no other */
	bool bookmarks;		     /* allowWatchBookmarks */
	bool initial;		     /* sendInitialEvents=true */
	bool no_initial;	     /* sendInitialEvents=false */
	long limit;		     /* 0: none */
	long timeout;		     /* seconds; 0: not given */
	char *start_ns, *start_name; /* of a continued list: behind this object */
};

/* NULL, or the Status that refuses them. */
json_t *bl_list_opts_read(const struct bl_request *rq, bool watch, struct bl_list_opts *o);
void bl_list_opts_free(struct bl_list_opts *o);

/* The token with which a list goes on behind (ns, name) at a revision. The caller frees it. */
char *bl_continue_token(int64_t rev, const char *ns, const char *name);

#endif
