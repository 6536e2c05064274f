// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Services and the slices that name them.
 *
 * A record exists while its Service or one of its slices does, or while it is dirty: the removal of
 * a Service is a change too, and compile sees it as a record with nothing left. Slices may come
 * before their Service and outlive it; both orders lead to the same record. Dirty records are a
 * queue in the order in which they became dirty; one that fails goes to its end, so that it cannot
 * hold up the others.
 */

#include "agent/store/index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/mem.h"

struct record {
	struct bl_store_service pub; /* what compile sees */
	UT_hash_handle hh;
	struct record *prev, *next; /* in the dirty queue */
	bool dirty;
	char *namespace;
	char key[];
};

struct bl_store_index {
	struct record *records;
	struct record *dirty;
	size_t n_dirty;
	size_t n_outside; /* Services with addresses beside ClusterIPs */
};

size_t bl_store_key(char key[BL_STORE_KEY_MAX], const char *namespace, const char *name)
{
	return (size_t)snprintf(key, BL_STORE_KEY_MAX, "%.253s/%.253s", namespace, name);
}

struct bl_store_index *bl_store_index_new(void)
{
	return bl_new0(struct bl_store_index);
}

static void record_free(struct record *r)
{
	free(r->pub.slices);
	free(r->namespace);
	free(r);
}

struct bl_store_index *bl_store_index_free(struct bl_store_index *s)
{
	struct record *r, *tmp;

	HASH_ITER (hh, s->records, r, tmp) {
		HASH_DEL(s->records, r);
		record_free(r);
	}
	free(s);
	return NULL;
}

/* What compile sees of a record was lent by it. */
static struct record *record_of(const struct bl_store_service *svc)
{
	return (struct record *)((char *)svc - offsetof(struct record, pub));
}

static struct record *find(const struct bl_store_index *s, const char *namespace, const char *name)
{
	char key[BL_STORE_KEY_MAX];
	struct record *r;

	bl_store_key(key, namespace, name);
	HASH_FIND_STR(s->records, key, r);
	return r;
}

static struct record *find_or_new(struct bl_store_index *s, const char *namespace, const char *name)
{
	struct record *r = find(s, namespace, name);
	char key[BL_STORE_KEY_MAX];
	size_t len;

	if (r)
		return r;
	len = bl_store_key(key, namespace, name);
	r = bl_calloc(1, sizeof(*r) + len + 1);
	memcpy(r->key, key, len + 1);
	r->namespace = bl_strdup(namespace);
	r->pub.key = r->key;
	r->pub.namespace = r->namespace;
	r->pub.name = strchr(r->key, '/') + 1;
	HASH_ADD_KEYPTR(hh, s->records, r->key, len, r);
	return r;
}

static void touch(struct bl_store_index *s, struct record *r)
{
	if (r->dirty)
		return;
	r->dirty = true;
	DL_APPEND(s->dirty, r);
	s->n_dirty++;
}

bool bl_store_index_is_outside(const struct bl_api_service *service)
{
	return service && (service->n_ingress || service->n_external_ips);
}

void bl_store_index_set(struct bl_store_index *s, const char *namespace, const char *name,
			const struct bl_api_service *service)
{
	struct record *r = find_or_new(s, namespace, name);

	s->n_outside -= bl_store_index_is_outside(r->pub.service);
	s->n_outside += bl_store_index_is_outside(service);
	r->pub.service = service;
	touch(s, r);
}

/* Where a slice of this name stands, or would stand. */
static size_t position(const struct record *r, const char *slice_name)
{
	size_t lo = 0, hi = r->pub.n_slices;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(r->pub.slices[mid]->obj.meta.name, slice_name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void bl_store_index_add_slice(struct bl_store_index *s, const struct bl_api_endpointslice *slice)
{
	struct record *r = find_or_new(s, slice->obj.meta.namespace, slice->service);
	size_t at = position(r, slice->obj.meta.name), n = r->pub.n_slices;

	r->pub.slices = bl_realloc(r->pub.slices, n + 1, sizeof(*r->pub.slices));
	memmove(&r->pub.slices[at + 1], &r->pub.slices[at], (n - at) * sizeof(*r->pub.slices));
	r->pub.slices[at] = slice;
	r->pub.n_slices++;
	touch(s, r);
}

void bl_store_index_remove_slice(struct bl_store_index *s, const struct bl_api_endpointslice *slice)
{
	struct record *r = find(s, slice->obj.meta.namespace, slice->service);
	size_t at;

	if (!r)
		return;
	at = position(r, slice->obj.meta.name);
	if (at == r->pub.n_slices || r->pub.slices[at] != slice)
		return;
	r->pub.n_slices--;
	memmove(&r->pub.slices[at], &r->pub.slices[at + 1],
		(r->pub.n_slices - at) * sizeof(*r->pub.slices));
	touch(s, r);
}

const struct bl_store_service *bl_store_index_find(const struct bl_store_index *s,
						   const char *namespace, const char *name)
{
	const struct record *r = find(s, namespace, name);

	return r ? &r->pub : NULL;
}

static int by_key(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

void bl_store_index_each(const struct bl_store_index *s,
			 void (*fn)(void *arg, const struct bl_store_service *svc), void *arg)
{
	size_t n = HASH_COUNT(s->records), i = 0;
	BL_FREE struct record **list = bl_calloc(n, sizeof(struct record *));
	struct record *r, *tmp;

	HASH_ITER (hh, s->records, r, tmp)
		list[i++] = r;
	qsort(list, n, sizeof(struct record *), by_key);
	for (i = 0; i < n; i++)
		fn(arg, &list[i]->pub);
}

const struct bl_store_service *bl_store_index_first_dirty(const struct bl_store_index *s)
{
	return s->dirty ? &s->dirty->pub : NULL;
}

size_t bl_store_index_list_dirty(const struct bl_store_index *s,
				 const struct bl_store_service **list, size_t max)
{
	const struct record *r;
	size_t n = 0;

	DL_FOREACH (s->dirty, r) {
		if (n == max)
			break;
		list[n++] = &r->pub;
	}
	return n;
}

void bl_store_index_clean(struct bl_store_index *s, const struct bl_store_service *svc)
{
	struct record *r = record_of(svc);

	if (!r->dirty)
		return;
	DL_DELETE(s->dirty, r);
	r->dirty = false;
	s->n_dirty--;
	if (!r->pub.service && !r->pub.n_slices) {
		HASH_DEL(s->records, r);
		record_free(r);
	}
}

void bl_store_index_postpone(struct bl_store_index *s, const struct bl_store_service *svc)
{
	struct record *r = record_of(svc);

	if (!r->dirty)
		return;
	DL_DELETE(s->dirty, r);
	DL_APPEND(s->dirty, r);
}

bool bl_store_index_is_dirty(const struct bl_store_index *s, const struct bl_store_service *svc)
{
	(void)s;
	return record_of(svc)->dirty;
}

size_t bl_store_index_dirty_count(const struct bl_store_index *s)
{
	return s->n_dirty;
}

void bl_store_index_touch_all(struct bl_store_index *s)
{
	struct record *r, *tmp;

	HASH_ITER (hh, s->records, r, tmp)
		touch(s, r);
}

void bl_store_index_each_outside(const struct bl_store_index *s,
				 void (*fn)(void *arg, const struct bl_store_service *svc),
				 void *arg)
{
	struct record *r, *tmp;

	if (!s->n_outside)
		return;
	HASH_ITER (hh, s->records, r, tmp) {
		if (bl_store_index_is_outside(r->pub.service))
			fn(arg, &r->pub);
	}
}

void bl_store_index_touch_outside(struct bl_store_index *s)
{
	struct record *r, *tmp;

	if (!s->n_outside)
		return;
	HASH_ITER (hh, s->records, r, tmp) {
		if (bl_store_index_is_outside(r->pub.service))
			touch(s, r);
	}
}

void bl_store_index_touch(struct bl_store_index *s, const char *namespace, const char *name)
{
	struct record *r = find(s, namespace, name);

	if (r)
		touch(s, r);
}
