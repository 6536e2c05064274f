// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: EndpointSlice.
 *
 * The hottest kind: thousands of endpoints, changed with every roll-out. Conditions default as the API says: ready
 * when unknown, serving like ready, not terminating.
 *
 * An endpoint whose address nobody may be sent to (loopback, link-local, multicast, unspecified, the wrong
 * family, no address at all) is left out, counted, and the first one is named with its reason. The others stay: whoever can write one
 * endpoint must not be able to take a whole service down, and must not be able to point it at the node itself
 * (CVE-2021-25737).
 *
 * Only the first address of an endpoint is kept, as the API asks of its readers. Addresses of all endpoints lie in one
 * piece, and a node or zone name that repeats the endpoint before it is kept once.
 */

#include "api/endpointslice.h"

#include <stdio.h>
#include <string.h>

#include "api/read.h"
#include "base/json.h"
#include "base/str.h"

#define MAX_PORTS     20000 /* the API server's own bound */
#define MAX_ENDPOINTS 1000  /* likewise */
#define MAX_ADDRESSES 100   /* likewise */
#define MAX_HINTS     64
#define SERVICE_LABEL "kubernetes.io/service-name"

static int decode_type(struct bl_api_reader *r, const json_t *json,
		       struct bl_api_endpointslice *slice)
{
	const char *type = "";

	if (bl_json_get_str(json, "addressType", &type, &r->err))
		return bl_api_fail(r, NULL, "addressType", "must be a string");
	if (bl_streq(type, "IPv4"))
		slice->family = 4;
	else if (bl_streq(type, "IPv6"))
		slice->family = 6;
	else if (!bl_streq(type, "FQDN"))
		return bl_api_fail(r, NULL, "addressType", "'%.40s' is not IPv4, IPv6 or FQDN",
				   type);
	return 0;
}

static int decode_ports(struct bl_api_reader *r, const json_t *json,
			struct bl_api_endpointslice *slice)
{
	const json_t *list, *entry;
	size_t i;
	int rc = bl_api_read_list(r, NULL, json, "ports", MAX_PORTS, &list, &slice->n_ports);

	if (rc)
		return rc;
	slice->ports = bl_api_array(r, slice->n_ports, struct bl_api_slice_port);
	json_array_foreach (list, i, entry) {
		const struct bl_api_at *at = BL_API_NTH(NULL, "ports", i);
		struct bl_api_slice_port *port = &slice->ports[i];

		rc = bl_api_read_str(r, at, entry, "name", BL_API_MAX_VALUE, &port->name);
		if (!rc)
			rc = bl_api_read_proto(r, at, entry, &port->proto);
		if (!rc)
			rc = bl_api_read_u16(r, at, entry, "port", 0, UINT16_MAX, &port->port);
		if (rc)
			return rc;
	}
	return 0;
}

/* Why nobody may be sent to this address, or NULL. */
static const char *why_refused(const char *s, uint8_t family, struct bl_ip *ip)
{
	if (!s)
		return "no address";
	if (bl_ip_parse(s, ip))
		return "not an IP address";
	if (ip->family != family)
		return "of another family than addressType";
	if (bl_ip_is_unspecified(ip))
		return "unspecified";
	if (bl_ip_is_loopback(ip))
		return "loopback";
	if (bl_ip_is_link_local(ip))
		return "link-local";
	return bl_ip_is_multicast(ip) ? "multicast" : NULL;
}

static int decode_conditions(struct bl_api_reader *r, const struct bl_api_at *at,
			     const json_t *json, struct bl_api_endpoint *ep)
{
	const json_t *c = NULL;
	int rc = bl_api_read_obj(r, at, json, "conditions", &c);

	at = BL_API_AT(at, "conditions");
	ep->ready = true;
	if (!rc)
		rc = bl_api_read_bool(r, at, c, "ready", &ep->ready);
	ep->serving = ep->ready;
	if (!rc)
		rc = bl_api_read_bool(r, at, c, "serving", &ep->serving);
	return rc ? rc : bl_api_read_bool(r, at, c, "terminating", &ep->terminating);
}

/* hints.forZones and hints.forNodes: lists of {"name": ...}. */
static int decode_hints(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *hints,
			const char *key, const char ***ret, size_t *ret_n)
{
	const json_t *list, *entry;
	size_t i;
	int rc = bl_api_read_list(r, at, hints, key, MAX_HINTS, &list, ret_n);

	if (rc)
		return rc;
	*ret = bl_api_array(r, *ret_n, const char *);
	json_array_foreach (list, i, entry) {
		rc = bl_api_read_str(r, BL_API_NTH(at, key, i), entry, "name", BL_API_MAX_NAME,
				     &(*ret)[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* A name that often repeats the one of the endpoint before. */
static int read_again(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
		      const char *key, const char *last, const char **ret)
{
	const char *s = json_string_value(json_object_get(json, key));

	if (s && last && bl_streq(s, last)) {
		*ret = last;
		return 0;
	}
	return bl_api_read_str(r, at, json, key, BL_API_MAX_NAME, ret);
}

static int decode_endpoint(struct bl_api_reader *r, const struct bl_api_at *at, const json_t *json,
			   const struct bl_api_endpoint *last, struct bl_api_endpoint *ep)
{
	const json_t *hints = NULL, *target = json_object_get(json, "targetRef");
	const char *kind = bl_json_str_at(target, "kind", NULL);
	int rc = decode_conditions(r, at, json, ep);

	ep->target = "";
	if (!rc)
		rc = read_again(r, at, json, "nodeName", last ? last->node : NULL, &ep->node);
	if (!rc)
		rc = read_again(r, at, json, "zone", last ? last->zone : NULL, &ep->zone);
	if (!rc && kind && bl_streq(kind, "Pod"))
		rc = bl_api_read_str(r, BL_API_AT(at, "targetRef"), target, "name", BL_API_MAX_NAME,
				     &ep->target);
	if (!rc)
		rc = bl_api_read_obj(r, at, json, "hints", &hints);
	at = BL_API_AT(at, "hints");
	if (!rc)
		rc = decode_hints(r, at, hints, "forZones", &ep->zone_hints, &ep->n_zone_hints);
	return rc ? rc : decode_hints(r, at, hints, "forNodes", &ep->node_hints, &ep->n_node_hints);
}

static void refuse(struct bl_api_reader *r, struct bl_api_endpointslice *slice, size_t index,
		   const char *address, const char *why)
{
	char text[128];

	if (slice->n_refused++)
		return;
	(void)snprintf(text, sizeof(text), "endpoints[%zu]: %.45s: %s", index,
		       address ? address : "", why);
	/* while measuring, strings are not copied, and this one is not the JSON's */
	r->string_bytes += r->strings ? 0 : strlen(text) + 1;
	slice->refused = r->strings ? bl_api_keep(r, text) : "";
}

static int decode_endpoints(struct bl_api_reader *r, const json_t *json,
			    struct bl_api_endpointslice *slice)
{
	const json_t *list, *entry, *addresses;
	struct bl_ip *ips;
	size_t i, n, n_addresses;
	int rc = bl_api_read_list(r, NULL, json, "endpoints", MAX_ENDPOINTS, &list, &n);

	if (rc || !slice->family)
		return rc;
	slice->endpoints = bl_api_array(r, n, struct bl_api_endpoint);
	ips = bl_api_array(r, n, struct bl_ip);
	json_array_foreach (list, i, entry) {
		const struct bl_api_at *at = BL_API_NTH(NULL, "endpoints", i);
		size_t k = slice->n_endpoints;
		struct bl_api_endpoint *ep = &slice->endpoints[k];
		const char *first, *why;

		addresses = json_object_get(entry, "addresses");
		n_addresses = json_array_size(addresses);
		if (n_addresses > MAX_ADDRESSES)
			return bl_api_fail(r, at, "addresses", "more than %d", MAX_ADDRESSES);
		first = json_string_value(json_array_get(addresses, 0));
		why = why_refused(first, slice->family, &ips[k]);
		if (why) {
			refuse(r, slice, i, first, why);
			continue;
		}
		rc = decode_endpoint(r, at, entry, k ? ep - 1 : NULL, ep);
		if (rc)
			return rc;
		ep->ips = &ips[k];
		ep->n_ips = 1;
		slice->n_endpoints++;
	}
	return 0;
}

static int decode(struct bl_api_reader *r, struct bl_api_object *obj, const json_t *json)
{
	struct bl_api_endpointslice *slice = (struct bl_api_endpointslice *)obj;
	const char *service = bl_api_pairs_get(&obj->meta.labels, SERVICE_LABEL);
	int rc = decode_type(r, json, slice);

	slice->service = service ? service : "";
	slice->refused = "";
	if (!rc)
		rc = decode_ports(r, json, slice);
	return rc ? rc : decode_endpoints(r, json, slice);
}

const struct bl_api_type bl_api_type_endpointslice = {
	.kind = BL_API_ENDPOINTSLICE,
	.name = "EndpointSlice",
	.plural = "endpointslices",
	.path = "/apis/discovery.k8s.io/v1/endpointslices",
	.size = sizeof(struct bl_api_endpointslice),
	.decode = decode,
};
