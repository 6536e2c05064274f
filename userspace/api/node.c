// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Node.
 *
 * A node gives routes (its pod CIDRs behind its internal addresses) and topology (its zone). The pod CIDRs are
 * spec.podCIDRs, or the older spec.podCIDR where only that is set; two of one family would route one range twice, so they
 * are refused. Addresses of status.addresses keep their order, since the first internal address of a family is the one
 * that others route to. Names and DNS entries among them are left alone, and so is a text that is no address: a
 * cloud's oddity must not take the node's routes away.
 */

#include "api/node.h"

#include <string.h>

#include "api/read.h"
#include "base/json.h"
#include "base/str.h"

#define ZONE_LABEL    "topology.kubernetes.io/zone"
#define EXCLUDE_LABEL "node.kubernetes.io/exclude-from-external-load-balancers"

static int decode_cidrs(struct bl_api_reader *r, const json_t *spec, struct bl_api_node *node)
{
	const struct bl_api_at *at = BL_API_AT(NULL, "spec");
	const char *one = "";
	int rc = bl_api_read_cidrs(r, at, spec, "podCIDRs", 2, true, &node->pod_cidrs,
				   &node->n_pod_cidrs);

	if (rc)
		return rc;
	if (node->n_pod_cidrs == 2 && node->pod_cidrs[0].ip.family == node->pod_cidrs[1].ip.family)
		return bl_api_fail(r, at, "podCIDRs", "both are of one address family");
	if (node->n_pod_cidrs)
		return 0;
	rc = bl_json_get_str(spec, "podCIDR", &one, &r->err);
	if (rc)
		return bl_api_fail(r, at, "podCIDR", "must be a string");
	if (!*one)
		return 0;
	node->pod_cidrs = bl_api_array(r, 1, struct bl_cidr);
	node->n_pod_cidrs = 1;
	if (bl_cidr_parse(one, true, node->pod_cidrs))
		return bl_api_fail(r, at, "podCIDR", "'%.60s' is not an address range", one);
	return 0;
}

/* The addresses of one type, in order. */
static void decode_addresses(struct bl_api_reader *r, const json_t *list, const char *type,
			     struct bl_ip **ret, size_t *ret_n)
{
	const json_t *entry;
	struct bl_ip ip;
	size_t i, n = 0;

	json_array_foreach (list, i, entry) {
		const char *t = bl_json_str_at(entry, "type", NULL);

		n += t && bl_streq(t, type);
	}
	*ret = bl_api_array(r, n, struct bl_ip);
	*ret_n = 0;
	json_array_foreach (list, i, entry) {
		const char *t = bl_json_str_at(entry, "type", NULL);
		const char *s = bl_json_str_at(entry, "address", NULL);

		if (t && s && bl_streq(t, type) && !bl_ip_parse(s, &ip))
			(*ret)[(*ret_n)++] = ip;
	}
}

static int decode_status(struct bl_api_reader *r, const json_t *json, struct bl_api_node *node)
{
	const json_t *status = NULL, *list;
	size_t n;
	int rc = bl_api_read_obj(r, NULL, json, "status", &status);

	if (!rc)
		rc = bl_api_read_list(r, BL_API_AT(NULL, "status"), status, "addresses",
				      BL_API_MAX_ENTRIES, &list, &n);
	if (rc)
		return rc;
	decode_addresses(r, list, "InternalIP", &node->internal_ips, &node->n_internal_ips);
	decode_addresses(r, list, "ExternalIP", &node->external_ips, &node->n_external_ips);
	return bl_api_read_condition(r, json, "Ready", &node->ready);
}

static int decode(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json)
{
	struct bl_api_node *node = (struct bl_api_node *)obj;
	const char *zone = bl_api_pairs_get(&obj->meta.labels, ZONE_LABEL);
	const json_t *spec = NULL;
	int rc = bl_api_read_obj(r, NULL, json, "spec", &spec);

	node->zone = zone ? zone : "";
	node->excluded_from_lb = bl_api_pairs_get(&obj->meta.labels, EXCLUDE_LABEL) != NULL;
	if (!rc)
		rc = decode_cidrs(r, spec, node);
	return rc ? rc : decode_status(r, json, node);
}

const struct bl_api_type bl_api_type_node = {
	.kind = BL_API_NODE,
	.name = "Node",
	.plural = "nodes",
	.path = "/api/v1/nodes",
	.size = sizeof(struct bl_api_node),
	.decode = decode,
};
