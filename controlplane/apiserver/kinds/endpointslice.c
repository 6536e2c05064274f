/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: EndpointSlice (discovery.k8s.io/v1).
 *
 * Up to 1000 endpoints of one address type, which never changes, and up to 100 ports that all of
 * them have. What is unset in an endpoint's conditions is unknown, and read as ready.
 *
 * deprecatedTopology is from before v1: it cannot be written. Port numbers are not checked, since
 * the real server does not either; a port without a number stands for all ports.
 *
 * Duplicates are looked for by walking back through the list: lists are bounded (100 ports, 8 hints),
 * so that is cheaper than a set. The endpoints themselves may repeat, as they may in the real server.
 */
#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/meta.h"
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/schema_types.h"
#include "base/str.h"

#define ENDPOINTS_MAX 1000
#define PORTS_MAX     100
#define ADDRESSES_MAX 100
#define HINTS_MAX     8

static void set_defaults(json_t *obj)
{
	const json_t *ports = bl_get(obj, "ports");

	for (size_t i = 0; i < json_array_size(ports); i++) {
		json_t *port = json_array_get(ports, i);

		if (!bl_has(port, "name"))
			bl_set_str(port, "name", "");
		if (!bl_has(port, "protocol"))
			bl_set_str(port, "protocol", "TCP");
	}
}

static void prepare_create(json_t *obj)
{
	const json_t *endpoints = bl_get(obj, "endpoints");

	for (size_t i = 0; i < json_array_size(endpoints); i++)
		(void)json_object_del(json_array_get(endpoints, i), "deprecatedTopology");
}

static void prepare_update(json_t *obj, const json_t *old)
{
	(void)old;
	prepare_create(obj);
}

static void check_address(struct bl_check *ck, const char *type, const char *address)
{
	int family = bl_streq(type, "IPv4") ? 4 : 6;

	if (bl_streq(type, "FQDN")) {
		(void)bl_check_rules(ck, NULL, address, bl_rule_fqdn);
		return;
	}
	if (!bl_streq(type, "IPv4") && !bl_streq(type, "IPv6"))
		return;
	if (!bl_check_ip(ck, NULL, address))
		return;
	if (bl_ip_family(address) != family)
		bl_check_invalid_str(ck, NULL, address,
				     family == 4 ? "must be an IPv4 address"
						 : "must be an IPv6 address");
	(void)bl_check_endpoint_ip(ck, NULL, address);
}

static void check_addresses(struct bl_check *ck, const char *type, const json_t *addresses)
{
	size_t count = json_array_size(addresses);

	if (count == 0)
		bl_check_required(ck, "addresses", "must contain at least 1 address");
	else if (count > ADDRESSES_MAX)
		bl_check_too_many(ck, "addresses", count, ADDRESSES_MAX);
	for (size_t i = 0; i < count; i++) {
		size_t mark = bl_path_push(&ck->at, "addresses");

		bl_path_push_index(&ck->at, i);
		check_address(ck, type, bl_str_at_index(addresses, i));
		bl_path_pop(&ck->at, mark);
	}
}

/* True: an earlier element has the same text at the key. */
static bool seen_before(const json_t *list, size_t i, const char *key)
{
	const char *text = bl_str(json_array_get(list, i), key);

	for (size_t k = 0; k < i; k++) {
		if (bl_streq(bl_str(json_array_get(list, k), key), text))
			return true;
	}
	return false;
}

static void check_hints(struct bl_check *ck, const char *name, const json_t *hints, bl_rule_fn rule)
{
	size_t mark = bl_path_push(&ck->at, "hints");
	size_t count = json_array_size(hints);

	if (count > HINTS_MAX)
		bl_check_too_many(ck, name, count, HINTS_MAX);
	bl_path_push(&ck->at, name);
	for (size_t i = 0; i < count && count <= HINTS_MAX; i++) {
		const json_t *hint = json_array_get(hints, i);
		size_t inner = bl_path_push_index(&ck->at, i);

		if (seen_before(hints, i, "name"))
			bl_check_duplicate(ck, "name", bl_get(hint, "name"));
		(void)bl_check_rules(ck, "name", bl_str(hint, "name"), rule);
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}

static void check_endpoint(struct bl_check *ck, const char *type, const json_t *endpoint)
{
	const json_t *hints = bl_get(endpoint, "hints");

	check_addresses(ck, type, bl_get(endpoint, "addresses"));
	if (bl_has(endpoint, "nodeName"))
		(void)bl_check_rules(ck, "nodeName", bl_str(endpoint, "nodeName"),
				     bl_rule_dns_subdomain);
	if (bl_has(endpoint, "hostname"))
		(void)bl_check_rules(ck, "hostname", bl_str(endpoint, "hostname"),
				     bl_rule_dns_label);
	check_hints(ck, "forZones", bl_get(hints, "forZones"), bl_rule_label_value);
	check_hints(ck, "forNodes", bl_get(hints, "forNodes"), bl_rule_dns_subdomain);
}

static void check_endpoints(struct bl_check *ck, const char *type, const json_t *endpoints)
{
	size_t count = json_array_size(endpoints);

	if (count > ENDPOINTS_MAX) {
		bl_check_too_many(ck, "endpoints", count, ENDPOINTS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t mark = bl_path_push(&ck->at, "endpoints");

		bl_path_push_index(&ck->at, i);
		check_endpoint(ck, type, json_array_get(endpoints, i));
		bl_path_pop(&ck->at, mark);
	}
}

static void check_port(struct bl_check *ck, const json_t *ports, size_t i)
{
	const json_t *port = json_array_get(ports, i);

	if (bl_has_str(port, "name"))
		(void)bl_check_rules(ck, "name", bl_str(port, "name"), bl_rule_dns_label);
	if (seen_before(ports, i, "name"))
		bl_check_duplicate(ck, "name", bl_get(port, "name"));
	if (!bl_has(port, "protocol"))
		bl_check_required(ck, "protocol", "");
	else if (!bl_has_str(port, "protocol"))
		(void)bl_check_one_of(ck, "protocol", "",
				      (const char *const[]){"SCTP", "TCP", "UDP", NULL});
	else
		bl_check_protocol(ck, "protocol", bl_str(port, "protocol"));
	if (bl_has(port, "appProtocol"))
		(void)bl_check_rules(ck, "appProtocol", bl_str(port, "appProtocol"),
				     bl_rule_qualified_name);
}

static void check_ports(struct bl_check *ck, const json_t *ports)
{
	size_t count = json_array_size(ports);

	if (count > PORTS_MAX) {
		bl_check_too_many(ck, "ports", count, PORTS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t mark = bl_path_push(&ck->at, "ports");

		bl_path_push_index(&ck->at, i);
		check_port(ck, ports, i);
		bl_path_pop(&ck->at, mark);
	}
}

static void validate(const json_t *obj, struct bl_causes *c)
{
	static const char *const types[] = {"FQDN", "IPv4", "IPv6", NULL};
	struct bl_check ck = {.causes = c};
	const char *type = bl_str(obj, "addressType");

	if (*type == '\0')
		bl_check_required(&ck, "addressType", "");
	else
		(void)bl_check_one_of(&ck, "addressType", type, types);
	check_endpoints(&ck, type, bl_get(obj, "endpoints"));
	check_ports(&ck, bl_get(obj, "ports"));
}

static void validate_update(const json_t *obj, const json_t *old, struct bl_causes *c)
{
	struct bl_check ck = {.causes = c};

	(void)bl_check_immutable(&ck, "addressType", bl_get(obj, "addressType"),
				 bl_get(old, "addressType"));
}

static void warn_addresses(json_t *warnings, size_t index, const json_t *addresses)
{
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		struct bl_path path = {};

		bl_path_push(&path, "endpoints");
		bl_path_push_index(&path, index);
		bl_path_push(&path, "addresses");
		bl_path_push_index(&path, i);
		bl_warn_ip(warnings, path.text, bl_str_at_index(addresses, i));
	}
}

static void warn(const json_t *obj, const json_t *old, json_t *warnings)
{
	const json_t *endpoints = bl_get(obj, "endpoints");

	(void)old;
	if (bl_streq(bl_str(obj, "addressType"), "FQDN"))
		bl_warn(warnings, "%s", "addressType: FQDN endpoints are deprecated");
	for (size_t i = 0; i < json_array_size(endpoints); i++)
		warn_addresses(warnings, i, bl_get(json_array_get(endpoints, i), "addresses"));
}

static const struct bl_column columns[] = {
	BL_COLUMN_NAME,
	{"AddressType", "string", "", "What the addresses are: IPv4, IPv6 or FQDN.", 0},
	{"Ports", "string", "", "Ports that every endpoint has.", 0},
	{"Endpoints", "string", "", "Addresses of the endpoints.", 0},
	BL_COLUMN_AGE,
	{},
};

#define SHOWN 3 /* in a cell; "+ N more..." behind them */

static void add_shown(struct bl_buf *b, size_t *seen, const char *text)
{
	if ((*seen)++ < SHOWN)
		bl_buf_printf(b, "%s%s", b->len ? "," : "", text);
}

static void end_shown(json_t *row, struct bl_buf *b, size_t seen)
{
	if (seen > SHOWN)
		bl_buf_printf(b, " + %zu more...", seen - SHOWN);
	bl_cell_buf(row, b, seen ? "" : "<unset>");
}

static void cell_ports(json_t *row, const json_t *ports)
{
	struct bl_buf b = {};
	size_t seen = 0;

	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		BL_BUF struct bl_buf text = {};

		if (bl_has(port, "port"))
			bl_buf_printf(&text, "%lld", bl_int(port, "port"));
		else
			bl_buf_puts(&text, bl_str(port, "name"));
		add_shown(&b, &seen, text.data);
	}
	end_shown(row, &b, seen);
}

static void cell_endpoints(json_t *row, const json_t *endpoints)
{
	struct bl_buf b = {};
	size_t seen = 0;

	for (size_t i = 0; i < json_array_size(endpoints); i++) {
		const json_t *addresses = bl_get(json_array_get(endpoints, i), "addresses");

		for (size_t k = 0; k < json_array_size(addresses); k++)
			add_shown(&b, &seen, bl_str_at_index(addresses, k));
	}
	end_shown(row, &b, seen);
}

static json_t *cells(const json_t *obj, long long now_ns)
{
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_str(row, bl_str(obj, "addressType"));
	cell_ports(row, bl_get(obj, "ports"));
	cell_endpoints(row, bl_get(obj, "endpoints"));
	bl_cell_age(row, obj, now_ns);
	return row;
}

const struct bl_kind bl_kind_endpointslice = {
	.group = "discovery.k8s.io",
	.version = "v1",
	.kind = "EndpointSlice",
	.plural = "endpointslices",
	.singular = "endpointslice",
	.namespaced = true,
	.has_generation = true,
	.generation_counts_labels = true,
	.update_checks_meta_less = true,
	.schema = &bl_schema_endpointslice,
	.set_defaults = set_defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = validate,
	.validate_update = validate_update,
	.columns = columns,
	.cells = cells,
	.warn = warn,
};
