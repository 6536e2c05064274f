/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Endpoints (core/v1).
 *
 * The old form of EndpointSlice: addresses and ports as products of subsets. Deprecated since
 * Kubernetes 1.33, which every request's Warning header says; it is served because clients still
 * write it.
 *
 * Ports need names as soon as there are two, for others refer to them by name. The table's cell shows
 * three addresses, each with each port, and how many more there are; addresses that are not ready are
 * not shown.
 *
 * Nothing here mirrors Endpoints into slices or back: that is a controller's.
 */
#include <stdio.h>

#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/schema_types.h"

static void set_defaults(json_t *obj)
{
	const json_t *subsets = bl_get(obj, "subsets");

	for (size_t i = 0; i < json_array_size(subsets); i++) {
		const json_t *ports = bl_get(json_array_get(subsets, i), "ports");

		for (size_t k = 0; k < json_array_size(ports); k++)
			bl_default_str(json_array_get(ports, k), "protocol", "TCP");
	}
}

static void check_addresses(struct bl_check *ck, const char *name, const json_t *addresses)
{
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		const json_t *address = json_array_get(addresses, i);
		size_t mark = bl_path_push(&ck->at, name);

		bl_path_push_index(&ck->at, i);
		(void)bl_check_ip(ck, "ip", bl_str(address, "ip"));
		/* What is no address is named by both, as the real server does. */
		(void)bl_check_endpoint_ip(ck, "ip", bl_str(address, "ip"));
		if (bl_has_str(address, "hostname"))
			(void)bl_check_rules(ck, "hostname", bl_str(address, "hostname"),
					     bl_rule_dns_label);
		if (bl_has(address, "nodeName"))
			(void)bl_check_rules(ck, "nodeName", bl_str(address, "nodeName"),
					     bl_rule_dns_subdomain);
		bl_path_pop(&ck->at, mark);
	}
}

static void check_ports(struct bl_check *ck, const json_t *ports)
{
	bool need_name = json_array_size(ports) > 1;

	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		size_t mark = bl_path_push(&ck->at, "ports");

		bl_path_push_index(&ck->at, i);
		if (bl_has_str(port, "name"))
			(void)bl_check_rules(ck, "name", bl_str(port, "name"), bl_rule_dns_label);
		else if (need_name)
			bl_check_required(ck, "name", "");
		(void)bl_check_port(ck, "port", bl_int(port, "port"));
		bl_check_protocol(ck, "protocol", bl_str(port, "protocol"));
		if (bl_has(port, "appProtocol"))
			(void)bl_check_rules(ck, "appProtocol", bl_str(port, "appProtocol"),
					     bl_rule_qualified_name);
		bl_path_pop(&ck->at, mark);
	}
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};
	const json_t *subsets = bl_get(obj, "subsets");

	for (size_t i = 0; i < json_array_size(subsets); i++) {
		const json_t *subset = json_array_get(subsets, i);
		size_t mark = bl_path_push(&ck.at, "subsets");

		bl_path_push_index(&ck.at, i);
		if (!bl_count(subset, "addresses") && !bl_count(subset, "notReadyAddresses"))
			bl_check_required(&ck, NULL,
					  "must specify `addresses` or `notReadyAddresses`");
		check_addresses(&ck, "addresses", bl_get(subset, "addresses"));
		check_addresses(&ck, "notReadyAddresses", bl_get(subset, "notReadyAddresses"));
		check_ports(&ck, bl_get(subset, "ports"));
		bl_path_pop(&ck.at, mark);
	}
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"Endpoints", "string", "", "Addresses with their ports.", 0},
	BL_COLUMN_AGE,
	{},
};

#define SHOWN 3 /* addresses in a row; "+ N more..." behind them */

static void add_address(struct bl_buf *b, const char *ip, const json_t *port)
{
	bl_buf_puts(b, b->len ? "," : "");
	if (!port)
		bl_buf_puts(b, ip);
	else
		bl_buf_printf(b, bl_ip_family(ip) == 6 ? "[%s]:%lld" : "%s:%lld", ip,
			      bl_int(port, "port"));
}

/* The addresses of a subset, for one of its ports or for none. */
static void add_addresses(struct bl_buf *b, const json_t *subset, const json_t *port, size_t *seen)
{
	const json_t *addresses = bl_get(subset, "addresses");

	for (size_t i = 0; i < json_array_size(addresses); i++) {
		if ((*seen)++ < SHOWN)
			add_address(b, bl_str(json_array_get(addresses, i), "ip"), port);
	}
}

static json_t *cells(const json_t *obj, long long now_ns)
{
	const json_t *subsets = bl_get(obj, "subsets");
	json_t *row = json_array();
	struct bl_buf b = {};
	size_t seen = 0;

	for (size_t i = 0; i < json_array_size(subsets); i++) {
		const json_t *subset = json_array_get(subsets, i);
		const json_t *ports = bl_get(subset, "ports");

		if (json_array_size(ports) == 0)
			add_addresses(&b, subset, NULL, &seen);
		for (size_t k = 0; k < json_array_size(ports); k++)
			add_addresses(&b, subset, json_array_get(ports, k), &seen);
	}
	if (seen > SHOWN)
		bl_buf_printf(&b, " + %zu more...", seen - SHOWN);

	bl_cell_name(row, obj);
	bl_cell_buf(row, &b, json_array_size(subsets) ? "" : "<none>");
	bl_cell_age(row, obj, now_ns);
	return row;
}

static const char *const short_names[] = {"ep", NULL};

const struct bl_kind bl_kind_endpoints = {
	.group = "",
	.version = "v1",
	.kind = "Endpoints",
	.plural = "endpoints",
	.singular = "endpoints",
	.short_names = short_names,
	.namespaced = true,
	.create_on_update = true,
	.deprecation =
		"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
	.schema = &bl_schema_endpoints,
	.set_defaults = set_defaults,
	.validate = validate,
	.columns = columns,
	.cells = cells,
};
