// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Addresses and ports of Services.
 *
 * Three ranges: the service addresses of one or two families and the NodePorts. A write takes what its Service needs and
 * remembers what it took and what it no longer uses; the first is given back when the write fails, the second when it is
 * durable. So an address is never given to two Services, not even for the length of a commit, and a dry run leaves nothing.
 *
 * Nothing of this is stored: at start the ranges are filled from the stored Services. Two Services cannot have got the same
 * address; should a folder have been tampered with, the first one keeps it and deleting the other frees nothing that the
 * first holds for longer than until the next start.
 *
 * A NodePort number belongs to one Service for all protocols, as in the real server; within a Service, two ports of
 * different protocols may share it.
 */
#include "apiserver/alloc.h"

#include <errno.h>
#include <string.h>

#include "apiserver/alloc_priv.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define CIDR_BITS_MAX 20 /* of addresses; larger ranges are refused, as by kube-apiserver */

static uint32_t reserve_of(uint64_t size)
{
	uint64_t r = size / 16;

	return (uint32_t)(r < 16 ? 16 : r > 256 ? 256 : r);
}

static int add_family(struct bl_alloc *a, const struct bl_cidr *cidr, struct bl_err *err)
{
	unsigned int bits = bl_ip_bits(&cidr->ip) - cidr->len;
	char text[BL_CIDR_STRLEN];
	uint32_t size;

	if (bits < 2 || bits > CIDR_BITS_MAX)
		return bl_err_set(err, -EINVAL,
				  "service range %s: must hold between 4 and %u addresses",
				  bl_cidr_format(cidr, text), 1U << CIDR_BITS_MAX);
	if (a->family_count && a->families[0].cidr.ip.family == cidr->ip.family)
		return bl_err_set(err, -EINVAL, "service ranges must be of two families");
	size = 1U << bits;
	a->families[a->family_count].cidr = *cidr;
	/* not the network's own address, nor IPv4's broadcast address */
	bl_range_init(&a->families[a->family_count++].range, size, 1,
		      cidr->ip.family == 4 ? size - 2 : size - 1, reserve_of(size));
	return 0;
}

int bl_alloc_new(const struct bl_alloc_config *config, struct bl_alloc **ret_alloc,
		 struct bl_err *err)
{
	struct bl_alloc *a = bl_new0(struct bl_alloc);
	uint32_t span = (uint32_t)config->port_max - config->port_min;
	int ret = 0;

	if (!config->port_min || config->port_max < config->port_min)
		ret = bl_err_set(err, -EINVAL, "NodePort range %u-%u is empty", config->port_min,
				 config->port_max);
	for (unsigned int i = 0; i < config->service_cidr_count && !ret; i++)
		ret = add_family(a, &config->service_cidrs[i], err);
	if (ret) {
		bl_alloc_free(a);
		return ret;
	}
	a->port_min = config->port_min;
	bl_range_init(&a->ports, span + 1, 0, span, span > 300 ? 86 : 0);
	*ret_alloc = a;
	return 0;
}

struct bl_alloc *bl_alloc_free(struct bl_alloc *a)
{
	if (!a)
		return NULL;
	for (unsigned int i = 0; i < a->family_count; i++)
		bl_range_free(&a->families[i].range);
	bl_range_free(&a->ports);
	free(a);
	return NULL;
}

int bl_alloc_nth_address(const struct bl_alloc *a, uint8_t family, uint64_t n, struct bl_ip *ret_ip)
{
	for (unsigned int i = 0; i < a->family_count; i++) {
		if (a->families[i].cidr.ip.family == family)
			return bl_cidr_nth(&a->families[i].cidr, n, ret_ip);
	}
	return -ENOENT;
}

/* --- places: one number in one range ---------------------------------------------------------- */

static struct bl_range *range_of(struct bl_alloc *a, const struct bl_alloc_item *item)
{
	return item->range == BL_ALLOC_PORTS ? &a->ports : &a->families[item->range].range;
}

/* How far the address lies behind the prefix. */
static uint32_t offset_of(const struct bl_cidr *cidr, const struct bl_ip *ip)
{
	unsigned int size = bl_ip_size(ip);
	uint32_t at = 0, base = 0;

	for (unsigned int i = size - 4; i < size; i++) {
		at = at << 8 | ip->b[i];
		base = base << 8 | cidr->ip.b[i];
	}
	return at - base;
}

int bl_alloc_place_ip(const struct bl_alloc *a, const char *text, struct bl_alloc_item *ret_item)
{
	struct bl_ip ip;

	if (bl_ip_parse(text, &ip))
		return -EINVAL;
	for (unsigned int i = 0; i < a->family_count; i++) {
		if (!bl_cidr_contains(&a->families[i].cidr, &ip))
			continue;
		*ret_item = (struct bl_alloc_item){i, offset_of(&a->families[i].cidr, &ip)};
		return 0;
	}
	return -ERANGE;
}

int bl_alloc_place_port(const struct bl_alloc *a, json_int_t port, struct bl_alloc_item *ret_item)
{
	if (port < a->port_min || port - a->port_min >= a->ports.size)
		return -ERANGE;
	*ret_item = (struct bl_alloc_item){BL_ALLOC_PORTS, (uint32_t)(port - a->port_min)};
	return 0;
}

static void add_item(struct bl_alloc_places *p, struct bl_alloc_item item)
{
	if (p->count < BL_ARRAY_SIZE(p->item))
		p->item[p->count++] = item;
}

void bl_alloc_places_of(const struct bl_alloc *a, const json_t *svc, struct bl_alloc_places *p)
{
	const json_t *spec = json_object_get(svc, "spec"), *v;
	struct bl_alloc_item item;
	size_t i;

	p->count = 0;
	json_array_foreach (json_object_get(spec, "clusterIPs"), i, v) {
		if (json_is_string(v) && bl_alloc_place_ip(a, json_string_value(v), &item) == 0)
			add_item(p, item);
	}
	json_array_foreach (json_object_get(spec, "ports"), i, v) {
		json_int_t port = json_integer_value(json_object_get(v, "nodePort"));

		if (bl_alloc_place_port(a, port, &item) == 0 && !bl_alloc_places_have(p, item))
			add_item(p, item);
	}
	if (bl_alloc_place_port(a, json_integer_value(json_object_get(spec, "healthCheckNodePort")),
				&item) == 0)
		add_item(p, item);
}

bool bl_alloc_places_have(const struct bl_alloc_places *p, struct bl_alloc_item item)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->item[i].range == item.range && p->item[i].n == item.n)
			return true;
	}
	return false;
}

/* --- transactions -------------------------------------------------------------------------------- */

static void remember(struct bl_alloc_item **list, size_t *count, struct bl_alloc_item item)
{
	*list = bl_realloc(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = item;
}

int bl_alloc_take(struct bl_alloc *a, struct bl_alloc_txn *txn, struct bl_alloc_item item)
{
	int ret = bl_range_take(range_of(a, &item), item.n);

	if (!ret)
		remember(&txn->taken, &txn->taken_count, item);
	return ret;
}

int bl_alloc_take_any(struct bl_alloc *a, struct bl_alloc_txn *txn, unsigned int range,
		      struct bl_alloc_item *ret_item)
{
	struct bl_alloc_item item = {range, 0};
	int ret = bl_range_take_any(range_of(a, &item), &item.n);

	if (ret)
		return ret;
	remember(&txn->taken, &txn->taken_count, item);
	*ret_item = item;
	return 0;
}

void bl_alloc_drop(struct bl_alloc_txn *txn, struct bl_alloc_item item)
{
	remember(&txn->released, &txn->released_count, item);
}

static void end(struct bl_alloc *a, struct bl_alloc_txn *txn, struct bl_alloc_item *list,
		size_t count)
{
	for (size_t i = 0; i < count; i++)
		bl_range_give(range_of(a, &list[i]), list[i].n);
	free(txn->taken);
	free(txn->released);
	*txn = (struct bl_alloc_txn){};
}

void bl_alloc_commit(struct bl_alloc *a, struct bl_alloc_txn *txn)
{
	end(a, txn, txn->released, txn->released_count);
}

void bl_alloc_rollback(struct bl_alloc *a, struct bl_alloc_txn *txn)
{
	end(a, txn, txn->taken, txn->taken_count);
}

void bl_alloc_adopt(struct bl_alloc *a, const json_t *svc)
{
	struct bl_alloc_places p;

	bl_alloc_places_of(a, svc, &p);
	for (size_t i = 0; i < p.count; i++)
		bl_range_take(range_of(a, &p.item[i]), p.item[i].n);
}

void bl_alloc_release(struct bl_alloc *a, const json_t *svc)
{
	struct bl_alloc_places p;

	bl_alloc_places_of(a, svc, &p);
	for (size_t i = 0; i < p.count; i++)
		bl_range_give(range_of(a, &p.item[i]), p.item[i].n);
}
