/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The ports of a Service.
 *
 * Each port alone: its numbers, its protocol, and a name where there is more than one port, as
 * others refer to it by that. Then the ports together: no name twice, no number twice for a
 * protocol, no node port twice for a protocol. Whether a node port is in range and free is for the
 * allocator.
 *
 * The rules of a single port come first and those between ports second, in the order in which the
 * ports stand. A duplicate is named at the later port.
 *
 * An ExternalName service may have ports, which mean nothing; a headless one needs none.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/service.h"
#include "base/str.h"

static void check_name(struct bl_check *ck, const json_t *ports, size_t i)
{
	const char *name = bl_str(json_array_get(ports, i), "name");

	if (*name == '\0') {
		if (json_array_size(ports) > 1)
			bl_check_required(ck, "name", "");
		return;
	}
	(void)bl_check_rules(ck, "name", name, bl_rule_dns_label);
	for (size_t k = 0; k < i; k++) {
		if (!bl_streq(bl_str(json_array_get(ports, k), "name"), name))
			continue;
		bl_check_duplicate(ck, "name", bl_get(json_array_get(ports, i), "name"));
		return;
	}
}

/* An earlier port has the same protocol and the same number at the key. */
static bool number_before(const json_t *ports, size_t i, const char *key)
{
	const json_t *port = json_array_get(ports, i);

	for (size_t k = 0; k < i; k++) {
		const json_t *other = json_array_get(ports, k);

		if (bl_int(other, key) == bl_int(port, key) &&
		    bl_streq(bl_str(other, "protocol"), bl_str(port, "protocol")))
			return true;
	}
	return false;
}

static void check_together(struct bl_check *ck, const json_t *spec, const json_t *ports, size_t i)
{
	const json_t *port = json_array_get(ports, i);
	long long node_port = bl_int(port, "nodePort");

	if (node_port != 0 && bl_service_is_type(spec, "ClusterIP"))
		bl_check_forbidden(ck, "nodePort", "may not be used when `type` is 'ClusterIP'");
	if (node_port != 0 && number_before(ports, i, "nodePort"))
		bl_check_duplicate(ck, "nodePort", bl_get(port, "nodePort"));
	if (number_before(ports, i, "port"))
		bl_check_duplicate(ck, NULL, port);
}

void bl_service_check_ports(struct bl_check *ck, const json_t *spec)
{
	const json_t *ports = bl_get(spec, "ports");

	if (json_array_size(ports) == 0 && !bl_service_is_headless(spec) &&
	    !bl_service_is_type(spec, "ExternalName"))
		bl_check_required(ck, "ports", "");

	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		size_t mark = bl_path_push(&ck->at, "ports");

		bl_path_push_index(&ck->at, i);
		check_name(ck, ports, i);
		(void)bl_check_port(ck, "port", bl_int(port, "port"));
		bl_check_protocol(ck, "protocol", bl_str(port, "protocol"));
		(void)bl_check_port_or_name(ck, "targetPort", bl_get(port, "targetPort"));
		if (bl_has(port, "appProtocol"))
			(void)bl_check_rules(ck, "appProtocol", bl_str(port, "appProtocol"),
					     bl_rule_qualified_name);
		check_together(ck, spec, ports, i);
		bl_path_pop(&ck->at, mark);
	}
}
