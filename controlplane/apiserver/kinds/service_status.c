/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: The status of a Service.
 *
 * Who provides a load balancer writes its points of entry here: addresses, which say how packets
 * arrive (ipMode), or DNS names. Only a service of type LoadBalancer may have them.
 *
 * Addresses get ipMode VIP by default (service_defaults.c), so a client that writes only `ip` is
 * fine; a host name has no ipMode. A name that reads as an address is refused, as clients would not
 * know which of the two it is.
 *
 * Conditions are not checked: nobody but their writer knows what they may say.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/service.h"

static void check_point(struct bl_check *ck, const json_t *point)
{
	static const char *const modes[] = {"Proxy", "VIP", NULL};
	bool has_ip = bl_has_str(point, "ip");

	if (has_ip)
		(void)bl_check_ip(ck, "ip", bl_str(point, "ip"));
	if (!bl_has(point, "ipMode")) {
		if (has_ip)
			bl_check_required(ck, "ipMode", "must be specified when `ip` is set");
	} else if (!has_ip) {
		bl_check_forbidden(ck, "ipMode", "may not be specified when `ip` is not set");
	} else {
		(void)bl_check_one_of(ck, "ipMode", bl_str(point, "ipMode"), modes);
	}
	if (bl_has_str(point, "hostname")) {
		const char *name = bl_str(point, "hostname");

		(void)bl_check_rules(ck, "hostname", name, bl_rule_dns_subdomain);
		if (bl_ip_family(name))
			bl_check_invalid_str(ck, "hostname", name,
					     "must be a DNS name, not an IP address");
	}
}

void bl_service_validate_status(const json_t *obj, const json_t *old, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *ingress = bl_get(bl_get(bl_get(obj, "status"), "loadBalancer"), "ingress");

	(void)old;
	bl_path_push(&ck.at, "status");
	bl_path_push(&ck.at, "loadBalancer");
	if (json_array_size(ingress) > 0 &&
	    !bl_service_is_type(bl_get(obj, "spec"), "LoadBalancer")) {
		bl_check_forbidden(&ck, "ingress",
				   "may only be used when `spec.type` is \"LoadBalancer\"");
		return;
	}
	for (size_t i = 0; i < json_array_size(ingress); i++) {
		size_t mark = bl_path_push(&ck.at, "ingress");

		bl_path_push_index(&ck.at, i);
		check_point(&ck, json_array_get(ingress, i));
		bl_path_pop(&ck.at, mark);
	}
}
