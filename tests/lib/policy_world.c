// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: A node's policy tables in memory, asked by the programs' own verdict function.
 *
 * The tables follow the compiler's answers and nothing else, so an answer that forgets a change shows as a wrong verdict, and at once:
 * after each one the tables are compared with a whole answer. The longest prefix is searched one by one, so that the trie's
 * order is not taken from the code under test.
 */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "policy_world.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(msg) abort()
#include <uthash.h>

#include "base/json.h"
#include "base/mem.h"
#include "beeline/addr.h"

/* Any entry: an address, a prefix or a cell's key, as bytes. */
struct entry {
	UT_hash_handle hh;
	unsigned char key[24];
	struct bl_cidr cidr;
	struct bl_class class; /* both epochs alike */
	struct bl_cell cell;
	struct bl_cell_range *ranges;
};

struct object {
	UT_hash_handle hh;
	char *key;
	struct bl_api_object *obj;
};

struct policy_world {
	struct bl_policies *policies;
	struct object *objects;
	struct entry *classes, *blocks, *cells;
	struct bl_desired_isolation *pods;
	size_t n_pods, n_changed;
	void (*on_answer)(void *arg, const struct bl_desired_policy *d);
	void *on_answer_arg;
};

/* --- what verdict.h asks of its tables ------------------------------------------------------------------------------- */

static struct bl_ip ip_of(int family, const struct bl_addr *addr)
{
	struct bl_ip ip = {.family = (uint8_t)family};

	memcpy(ip.b, addr, family == 4 ? 4 : 16);
	return ip;
}

static struct entry *entry_find(struct entry *const *table, const void *key, size_t size)
{
	unsigned char bytes[24] = {};
	struct entry *e;

	memcpy(bytes, key, size);
	HASH_FIND(hh, *table, bytes, sizeof(bytes), e);
	return e;
}

static const struct bl_class *bl_view_exact(const void *view, int family,
					    const struct bl_addr *addr)
{
	const struct policy_world *w = view;
	struct bl_ip ip = ip_of(family, addr);
	const struct entry *e = entry_find(&w->classes, &ip, sizeof(ip));

	return e ? &e->class : NULL;
}

static const struct bl_class *bl_view_block(const void *view, int family,
					    const struct bl_addr *addr)
{
	const struct policy_world *w = view;
	struct bl_ip ip = ip_of(family, addr);
	const struct entry *best = NULL;

	for (const struct entry *e = w->blocks; e; e = e->hh.next) {
		if (bl_cidr_contains(&e->cidr, &ip) && (!best || e->cidr.len > best->cidr.len))
			best = e;
	}
	return best ? &best->class : NULL;
}

/* The cell's place in `first` is the entry itself, below. */
static const struct entry *cell_asked;

static const struct bl_cell *bl_view_cell(const void *view, const struct bl_cell_key *key)
{
	const struct policy_world *w = view;

	cell_asked = entry_find(&w->cells, key, sizeof(*key));
	return cell_asked ? &cell_asked->cell : NULL;
}

static const struct bl_cell_range *bl_view_range(const void *view, uint32_t index)
{
	(void)view;
	return index < cell_asked->cell.count ? &cell_asked->ranges[index] : NULL;
}

#include "../../bpf/lib/verdict.h"

/* --- tables -------------------------------------------------------------------------------------------------------------- */

static void entry_drop(struct entry **table, struct entry *e)
{
	if (!e)
		return;
	HASH_DEL(*table, e);
	free(e->ranges);
	free(e);
}

static struct entry *entry_get(struct entry **table, const void *key, size_t size)
{
	struct entry *e = entry_find(table, key, size);

	if (e)
		return e;
	e = bl_new0(struct entry);
	memcpy(e->key, key, size);
	HASH_ADD(hh, *table, key, sizeof(e->key), e);
	return e;
}

static void set_class(struct entry *e, uint32_t class)
{
	e->class = (struct bl_class){{class, class}};
}

static void take_cell(struct policy_world *w, const struct bl_desired_cell *c)
{
	struct entry *e = entry_find(&w->cells, &c->key, sizeof(c->key));

	if (c->gone) {
		entry_drop(&w->cells, e);
		return;
	}
	assert_null(e); /* a cell never changes */
	e = entry_get(&w->cells, &c->key, sizeof(c->key));
	e->cell.count = (uint16_t)c->n_ranges;
	e->cell.verdict = (uint8_t)c->verdict;
	e->ranges = bl_calloc(c->n_ranges, sizeof(*e->ranges));
	if (c->n_ranges)
		memcpy(e->ranges, c->ranges, c->n_ranges * sizeof(*e->ranges));
}

static void take_answer(struct policy_world *w, const struct bl_desired_policy *d)
{
	for (size_t i = 0; i < d->n_classes; i++) {
		const struct bl_desired_class *c = &d->classes[i];

		if (c->gone)
			entry_drop(&w->classes, entry_find(&w->classes, &c->ip, sizeof(c->ip)));
		else
			set_class(entry_get(&w->classes, &c->ip, sizeof(c->ip)), c->class);
	}
	for (size_t i = 0; i < d->n_blocks; i++) {
		const struct bl_desired_block *b = &d->blocks[i];
		struct entry *e;

		if (b->gone) {
			entry_drop(&w->blocks, entry_find(&w->blocks, &b->cidr, sizeof(b->cidr)));
			continue;
		}
		e = entry_get(&w->blocks, &b->cidr, sizeof(b->cidr));
		e->cidr = b->cidr;
		set_class(e, b->class);
	}
	for (size_t i = 0; i < d->n_cells; i++)
		take_cell(w, &d->cells[i]);
	free(w->pods);
	w->pods = bl_calloc(d->n_pods, sizeof(*w->pods));
	w->n_pods = d->n_pods;
	if (d->n_pods)
		memcpy(w->pods, d->pods, d->n_pods * sizeof(*w->pods));
}

/* What the tables hold is what a whole answer says. */
static void check_whole(const struct policy_world *w, const struct bl_desired_policy *d)
{
	assert_int_equal(d->n_classes, HASH_COUNT(w->classes));
	assert_int_equal(d->n_blocks, HASH_COUNT(w->blocks));
	assert_int_equal(d->n_cells, HASH_COUNT(w->cells));
	for (size_t i = 0; i < d->n_classes; i++) {
		const struct bl_ip *ip = &d->classes[i].ip;
		const struct entry *e = entry_find(&w->classes, ip, sizeof(*ip));

		assert_non_null(e);
		assert_int_equal(e->class.id[0], d->classes[i].class);
	}
	for (size_t i = 0; i < d->n_blocks; i++) {
		const struct bl_cidr *cidr = &d->blocks[i].cidr;
		const struct entry *e = entry_find(&w->blocks, cidr, sizeof(*cidr));

		assert_non_null(e);
		assert_int_equal(e->class.id[0], d->blocks[i].class);
	}
	for (size_t i = 0; i < d->n_cells; i++) {
		const struct bl_desired_cell *c = &d->cells[i];
		const struct entry *e = entry_find(&w->cells, &c->key, sizeof(c->key));

		assert_non_null(e);
		assert_int_equal(e->cell.count, c->n_ranges);
		assert_int_equal(e->cell.verdict, c->verdict);
		if (c->n_ranges)
			assert_memory_equal(e->ranges, c->ranges, c->n_ranges * sizeof(*c->ranges));
	}
}

/* --- the world ----------------------------------------------------------------------------------------------------------- */

struct policy_world *policy_world_new(uint32_t first_id)
{
	struct policy_world *w = bl_new0(struct policy_world);

	w->policies = bl_policies_new(first_id);
	return w;
}

struct policy_world *policy_world_free(struct policy_world *w)
{
	struct entry **tables[] = {&w->classes, &w->blocks, &w->cells};
	struct object *o, *tmp;

	bl_policies_free(w->policies);
	HASH_ITER (hh, w->objects, o, tmp) {
		HASH_DEL(w->objects, o);
		bl_api_free(o->obj);
		free(o->key);
		free(o);
	}
	for (size_t i = 0; i < BL_ARRAY_SIZE(tables); i++) {
		while (*tables[i])
			entry_drop(tables[i], *tables[i]);
	}
	free(w->pods);
	free(w);
	return NULL;
}

static struct object *object_get(struct policy_world *w, enum bl_api_kind kind,
				 const char *namespace, const char *name)
{
	BL_FREE char *key = bl_asprintf("%d %s/%s", (int)kind, namespace, name);
	struct object *o;

	HASH_FIND_STR(w->objects, key, o);
	if (o)
		return o;
	o = bl_new0(struct object);
	o->key = bl_take_ptr(key);
	HASH_ADD_KEYPTR(hh, w->objects, o->key, strlen(o->key), o);
	return o;
}

void policy_world_put(struct policy_world *w, enum bl_api_kind kind, const json_t *json)
{
	struct bl_api_object *obj = NULL;
	struct bl_err err = {};
	struct object *o;

	if (bl_api_decode(kind, json, &obj, &err) &&
	    (kind != BL_API_NETWORKPOLICY || bl_api_networkpolicy_closed(json, &obj, &err)))
		fail_msg("%s", bl_err_text(&err));
	o = object_get(w, kind, obj->meta.namespace, obj->meta.name);
	bl_policies_put(w->policies, obj);
	bl_api_free(o->obj);
	o->obj = obj;
}

void policy_world_remove(struct policy_world *w, enum bl_api_kind kind, const char *namespace,
			 const char *name)
{
	struct object *o = object_get(w, kind, namespace, name);

	bl_policies_remove(w->policies, kind, namespace, name);
	HASH_DEL(w->objects, o);
	bl_api_free(o->obj);
	free(o->key);
	free(o);
}

void policy_world_set_local(struct policy_world *w, const struct bl_policy_local *list, size_t n)
{
	bl_policies_set_local(w->policies, list, n);
}

void policy_world_watch(struct policy_world *w,
			void (*fn)(void *arg, const struct bl_desired_policy *d), void *arg)
{
	w->on_answer = fn;
	w->on_answer_arg = arg;
}

void policy_world_compile(struct policy_world *w)
{
	BL_ARENA struct bl_arena *arena = bl_arena_new(4096);
	const struct bl_desired_policy *d = bl_policies_compile(w->policies, false, arena);

	w->n_changed = d->n_classes + d->n_blocks + d->n_cells;
	if (w->on_answer)
		w->on_answer(w->on_answer_arg, d);
	take_answer(w, d);
	check_whole(w, bl_policies_compile(w->policies, true, arena));
}

/* The compiler is asked as well, and must agree. */
bool policy_world_allows(struct policy_world *w, bool ingress, const struct bl_ip *pod,
			 const struct bl_ip *peer, uint8_t proto, uint16_t port)
{
	struct bl_policy_ask ask = {.port = port, .proto = proto, .has_port = port != 0};
	struct bl_policy_question q = {.pod = *pod,
				       .peer = *peer,
				       .dir = ingress ? BL_INGRESS : BL_EGRESS,
				       .proto = proto,
				       .port = port};
	struct bl_policy_answer own = {};
	uint32_t set = BL_SET_OPEN;
	struct bl_addr addr = {};
	bool allowed;

	for (size_t i = 0; i < w->n_pods; i++) {
		if (bl_ip_cmp(&w->pods[i].ip, pod) == 0)
			set = ingress ? w->pods[i].ingress : w->pods[i].egress;
	}
	memcpy(&addr, peer->b, sizeof(addr));
	allowed = bl_policy_verdict(w, set, bl_policy_class(w, peer->family, &addr, 0), &ask) ==
		  BL_VERDICT_ALLOW;
	if (bl_policies_ask(w->policies, &q, &own)) {
		assert_int_equal(own.set, set);
		assert_int_equal(own.allowed, allowed);
	} else {
		assert_int_equal(set, BL_SET_OPEN);
	}
	return allowed;
}

struct policy_world_size policy_world_size(const struct policy_world *w)
{
	const struct entry *tables[] = {w->classes, w->blocks};
	struct policy_world_size size = {
		.classes = HASH_COUNT(w->classes),
		.blocks = HASH_COUNT(w->blocks),
		.cells = HASH_COUNT(w->cells),
		.changed = w->n_changed,
	};
	struct entry *seen = NULL;

	for (size_t i = 0; i < BL_ARRAY_SIZE(tables); i++) {
		for (const struct entry *e = tables[i]; e; e = e->hh.next)
			(void)entry_get(&seen, &e->class, sizeof(e->class));
	}
	size.ids = HASH_COUNT(seen);
	while (seen)
		entry_drop(&seen, seen);
	return size;
}
