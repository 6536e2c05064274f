// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Which backend a tunnel to a pod of this node means.
 *
 * A tunnelled packet says the service, by the address it was sent to, and the pod, by the tunnel's; the port that the pod listens on
 * may be another for every pod of a service. So each local backend of a set with direct return has an entry, written before
 * a frontend leads to the set, here and so on other nodes, and removed when the set is rid of the backend. The entries that the
 * map holds are known, so that one that is right already is not written again.
 */

#include "agent/datapath/tunnels.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <xxhash.h>

#include "agent/datapath/table.h"
#include "base/mem.h"

struct member {
	struct bl_chain chain;
	struct bl_member_key key;
	uint32_t backend;
	bool wanted;
};

static uint32_t hash_of(const struct bl_member_key *key)
{
	return (uint32_t)XXH3_64bits(key, sizeof(*key));
}

static struct member *find(const struct bl_services *s, const struct bl_member_key *key)
{
	struct bl_chain *at = bl_chains_find(&s->members, hash_of(key));

	while (at && memcmp(&((struct member *)at)->key, key, sizeof(*key)) != 0)
		at = bl_chains_more(at);
	return (struct member *)at;
}

static struct member *add(struct bl_services *s, const struct bl_member_key *key, uint32_t backend)
{
	struct member *m = bl_new0(struct member);

	m->key = *key;
	m->backend = backend;
	bl_chains_add(&s->members, &m->chain, hash_of(key));
	return m;
}

static int erase(struct bl_services *s, struct member *m, struct bl_err *err)
{
	int rc = bl_map_io_erase(s->io, BL_MAP_member, &m->key, err);

	if (rc)
		return rc;
	bl_chains_remove(&s->members, &m->chain);
	free(m);
	return 0;
}

/* The key of a backend that is local, else false. */
static bool key_of(const struct bl_services *s, uint32_t service, uint32_t id,
		   struct bl_member_key *ret_key)
{
	if (!id || !(s->backends.v[id].value.flags & BL_BACKEND_LOCAL))
		return false;
	*ret_key = (struct bl_member_key){.addr = s->backends.v[id].value.addr, .service = service};
	return true;
}

static int load_entry(void *arg, const void *key, const void *value)
{
	struct bl_services *s = arg;

	if (!find(s, key))
		add(s, key, *(const uint32_t *)value);
	return 0;
}

int bl_tunnels_load(struct bl_services *s, struct bl_err *err)
{
	return bl_map_io_each(s->io, BL_MAP_member, load_entry, s, err);
}

int bl_tunnels_write(struct bl_services *s, uint32_t service, const uint32_t *ids, uint32_t n,
		     struct bl_err *err)
{
	struct bl_member_key key;

	for (uint32_t i = 0; i < n; i++) {
		struct member *m;
		int rc;

		if (!key_of(s, service, ids[i], &key))
			continue;
		m = find(s, &key);
		if (m && m->backend == ids[i])
			continue;
		rc = bl_map_io_put(s->io, BL_MAP_member, &key, &ids[i], err);
		if (rc)
			return rc;
		if (m)
			m->backend = ids[i];
		else
			add(s, &key, ids[i]);
	}
	return 0;
}

/* Marks what there is of the backends' entries. */
static void mark(struct bl_services *s, uint32_t service, const uint32_t *ids, uint32_t n,
		 bool wanted)
{
	struct bl_member_key key;

	for (uint32_t i = 0; i < n; i++) {
		struct member *m = key_of(s, service, ids[i], &key) ? find(s, &key) : NULL;

		if (m)
			m->wanted = wanted;
	}
}

void bl_tunnels_forget(struct bl_services *s, uint32_t service, const uint32_t *ids, uint32_t n,
		       const uint32_t *keep, uint32_t n_keep)
{
	struct bl_member_key key;

	mark(s, service, ids, n, false);
	mark(s, service, keep, n_keep, true);
	for (uint32_t i = 0; i < n; i++) {
		struct member *m = key_of(s, service, ids[i], &key) ? find(s, &key) : NULL;

		if (m && !m->wanted)
			(void)erase(s, m, NULL);
	}
}

static struct member *next(const struct bl_services *s, const struct member *m)
{
	return (struct member *)bl_chains_next(&s->members, m ? &m->chain : NULL);
}

int bl_tunnels_sweep(struct bl_services *s, struct bl_err *err)
{
	struct member *m, *behind;
	struct bl_svc *svc;
	struct bl_set *set;
	int first = 0;

	for (m = next(s, NULL); m; m = next(s, m))
		m->wanted = false;
	for (svc = bl_table_next_svc(s, NULL); svc; svc = bl_table_next_svc(s, svc)) {
		LL_FOREACH (svc->sets, set) {
			if (set->flags & BL_SERVICE_DSR)
				mark(s, set->id, set->ids, set->n_ids, true);
		}
	}
	for (m = next(s, NULL); m; m = behind) {
		int rc;

		behind = next(s, m);
		rc = m->wanted ? 0 : erase(s, m, first ? NULL : err);
		first = first ? first : rc;
	}
	return first;
}

void bl_tunnels_free(struct bl_services *s)
{
	struct member *m, *behind;

	for (m = next(s, NULL); m; m = behind) {
		behind = next(s, m);
		free(m);
	}
	bl_chains_free(&s->members);
}
