/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: A Service's row of a Table.
 *
 * The external address of a load balancer is what its status says, followed by externalIPs;
 * "<pending>" until somebody provides one.
 *
 * Addresses of a load balancer are sorted and each is shown once, so that the row does not jump when
 * the provider writes them in another order. Node ports stand behind their port: 80:31000/TCP.
 *
 * The selector is shown with -o wide only; a service without one shows "<none>".
 */
#include <stdlib.h>

#include "apiserver/kinds/cells.h"
#include "apiserver/kinds/kinds.h"
#include "apiserver/kinds/service.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

const struct bl_column bl_service_columns[] = {
	BL_COLUMN_NAME,
	{"Type", "string", "", "How the service is exposed.", 0},
	{"Cluster-IP", "string", "", "The primary virtual address.", 0},
	{"External-IP", "string", "", "Addresses at which the service is reached from outside.", 0},
	{"Port(s)", "string", "", "Port, node port and protocol of each port.", 0},
	BL_COLUMN_AGE,
	{"Selector", "string", "", "Labels of the pods behind the service.", 1},
	{},
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Addresses or names, sorted, each once. */
static void add_ingress(struct bl_buf *b, const json_t *ingress)
{
	size_t count = json_array_size(ingress);
	BL_FREE const char **texts = bl_calloc(count + 1, sizeof(*texts));

	for (size_t i = 0; i < count; i++) {
		const json_t *point = json_array_get(ingress, i);

		texts[i] = bl_str(point, bl_has_str(point, "ip") ? "ip" : "hostname");
	}
	qsort(texts, count, sizeof(*texts), by_text);
	for (size_t i = 0; i < count; i++) {
		if (*texts[i] && (i == 0 || !bl_streq(texts[i - 1], texts[i])))
			bl_buf_printf(b, "%s%s", b->len ? "," : "", texts[i]);
	}
}

static void cell_external(json_t *row, const json_t *obj)
{
	const json_t *spec = bl_get(obj, "spec");
	const json_t *ips = bl_get(spec, "externalIPs");
	bool balanced = bl_service_is_type(spec, "LoadBalancer");
	struct bl_buf b = {};

	if (bl_service_is_type(spec, "ExternalName")) {
		bl_cell_str(row, bl_str(spec, "externalName"));
		return;
	}
	if (balanced)
		add_ingress(&b, bl_get(bl_get(bl_get(obj, "status"), "loadBalancer"), "ingress"));
	for (size_t i = 0; i < json_array_size(ips); i++)
		bl_buf_printf(&b, "%s%s", b.len ? "," : "", bl_str_at_index(ips, i));
	bl_cell_buf(row, &b, balanced ? "<pending>" : "<none>");
}

static void cell_ports(json_t *row, const json_t *ports)
{
	struct bl_buf b = {};

	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);

		bl_buf_printf(&b, "%s%lld", i ? "," : "", bl_int(port, "port"));
		if (bl_int(port, "nodePort") > 0)
			bl_buf_printf(&b, ":%lld", bl_int(port, "nodePort"));
		bl_buf_printf(&b, "/%s", bl_str(port, "protocol"));
	}
	bl_cell_buf(row, &b, "<none>");
}

json_t *bl_service_cells(const json_t *obj, long long now_ns)
{
	const json_t *spec = bl_get(obj, "spec");
	json_t *row = json_array();

	bl_cell_name(row, obj);
	bl_cell_str(row, bl_str(spec, "type"));
	bl_cell_str_or(row, bl_str_at_index(bl_get(spec, "clusterIPs"), 0), "<none>");
	cell_external(row, obj);
	cell_ports(row, bl_get(spec, "ports"));
	bl_cell_age(row, obj, now_ns);
	bl_cell_labels(row, bl_get(spec, "selector"));
	return row;
}
