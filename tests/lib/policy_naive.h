/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TESTS_POLICY_NAIVE_H
#define BL_TESTS_POLICY_NAIVE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * networking.k8s.io/v1 read off its API text, object by object and address by address, with no thought for speed. It shares
 * nothing with the product: that is its use. All objects are lists of JSON as the API gives them.
 */
struct naive_world {
	const json_t *namespaces, *pods, *policies;
};

/* One end of a connection. */
struct naive_end {
	const json_t *pod; /* NULL: no pod of the cluster's network */
	const char *ip;
};

/* May `subject` be reached by (ingress) or reach (egress) the other end? Port 0: the protocol has none. */
bool naive_allows(const struct naive_world *w, bool ingress, const struct naive_end *subject,
		  const struct naive_end *other, const char *proto, int port);

#endif
