// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A policy's rules as people write them.
 *
 * Absent and empty are said apart: "everyone" is a rule without peers, "pods {}" are all pods of the policy's namespace, "every port" is a rule
 * without ports.
 */

#include "agent/policy_text.h"

#include "base/buf.h"
#include "maps/maps.h"

static void put_requirement(struct bl_buf *b, const struct bl_api_requirement *q)
{
	static const char *const words[] = {
		[BL_SELECT_IN] = "in",
		[BL_SELECT_NOT_IN] = "notin",
	};

	if (q->op == BL_SELECT_EXISTS || q->op == BL_SELECT_DOES_NOT_EXIST) {
		bl_buf_printf(b, "%s%s", q->op == BL_SELECT_EXISTS ? "" : "!", q->key);
		return;
	}
	if (q->op == BL_SELECT_IN && q->n_values == 1) {
		bl_buf_printf(b, "%s=%s", q->key, q->values[0]);
		return;
	}
	bl_buf_printf(b, "%s %s (", q->key, words[q->op]);
	for (size_t i = 0; i < q->n_values; i++)
		bl_buf_printf(b, "%s%s", i ? "," : "", q->values[i]);
	bl_buf_putc(b, ')');
}

static void put_selector(struct bl_buf *b, const struct bl_api_selector *s)
{
	bl_buf_putc(b, '{');
	for (size_t i = 0; i < s->count; i++) {
		if (i)
			bl_buf_putc(b, ',');
		put_requirement(b, &s->list[i]);
	}
	bl_buf_putc(b, '}');
}

static json_t *take(struct bl_buf *b)
{
	return json_string(b->len ? b->data : "");
}

json_t *bl_policy_text_selector(const struct bl_api_selector *s)
{
	BL_BUF struct bl_buf b = {};

	put_selector(&b, s);
	return take(&b);
}

static void put_block(struct bl_buf *b, const struct bl_api_ip_block *block)
{
	char text[BL_CIDR_STRLEN];

	bl_buf_printf(b, "block %s", bl_cidr_format(&block->cidr, text));
	for (size_t i = 0; i < block->n_except; i++)
		bl_buf_printf(b, "%s%s", i ? "," : " except ",
			      bl_cidr_format(&block->except[i], text));
}

static json_t *peer_text(const struct bl_api_policy_peer *p)
{
	BL_BUF struct bl_buf b = {};

	if (p->block)
		put_block(&b, p->block);
	if (p->pods) {
		bl_buf_puts(&b, "pods ");
		put_selector(&b, p->pods);
	} else if (p->namespaces) {
		bl_buf_puts(&b, "every pod");
	}
	if (p->namespaces) {
		bl_buf_puts(&b, " of namespaces ");
		put_selector(&b, p->namespaces);
	}
	return take(&b);
}

static json_t *port_text(const struct bl_api_policy_port *p)
{
	const char *proto = bl_maps_proto_name(p->proto);

	if (*p->name)
		return json_sprintf("%s/%s", p->name, proto);
	if (!p->port)
		return json_sprintf("every port/%s", proto);
	if (p->end_port != p->port)
		return json_sprintf("%u-%u/%s", p->port, p->end_port, proto);
	return json_sprintf("%u/%s", p->port, proto);
}

json_t *bl_policy_text_rule(const struct bl_api_policy_rule *rule)
{
	json_t *peers = json_array(), *ports = json_array();

	for (size_t i = 0; i < rule->n_peers; i++)
		json_array_append_new(peers, peer_text(&rule->peers[i]));
	if (!rule->n_peers)
		json_array_append_new(peers, json_string("everyone"));
	for (size_t i = 0; i < rule->n_ports; i++)
		json_array_append_new(ports, port_text(&rule->ports[i]));
	if (!rule->n_ports)
		json_array_append_new(ports, json_string("every port"));
	return json_pack("{so so}", "peers", peers, "ports", ports);
}
