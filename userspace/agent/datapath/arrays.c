// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Arrays that are written without a system call.
 *
 * Slots, backends and names are the bulk of what a Service needs, and their maps are arrays: mapped into the agent, an entry is written
 * by a few stores. A packet may read the entry on another CPU at the same time, so each store is aligned, and their order says what
 * may be seen:
 *
 *	slot      one store
 *	backend   | address, 16 bytes | port, protocol, flags, generation: 8 bytes |
 *	name      | uid, namespace, name, port |, the first letter of the name is taken first and comes back last
 *
 * The last word of a backend says whether it is live and which generation it is, so it is written last for an entry that
 * comes alive and first for one that is cleared. Whoever finds a backend by a slot finds it whole, because slots are written
 * after it; whoever remembers an id from earlier compares the generation, and either word that it may see has another one than
 * it remembers.
 *
 * A mapping counts as the process's memory, so it grows with what is written, a window at a time: arrays are filled from
 * their start. Names are long and hardly ever written again: of theirs, one window stays. The address space is taken at once, so
 * that an entry across two windows is in one piece.
 */

#include "agent/datapath/arrays.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

#define WINDOW	    ((size_t)128 << 10)
#define WORD	    sizeof(uint64_t)
#define WORDS	    (sizeof(struct bl_backend) / WORD)
#define ALIGN(n, a) (((n) + (a)-1) / (a) * (a))

_Static_assert(offsetof(struct bl_backend, port) == (WORDS - 1) * WORD &&
		       offsetof(struct bl_backend, generation) > offsetof(struct bl_backend, port),
	       "what tells a backend's life is its last word");

static bool can_map(const struct bl_array *a)
{
	long page = sysconf(_SC_PAGESIZE);

	return page > 0 && WINDOW % (size_t)page == 0 &&
	       bl_map_table[a->map].flags & BPF_F_MMAPABLE;
}

void bl_array_open(struct bl_array *a, enum bl_map map, int fd)
{
	void *base;

	*a = (struct bl_array){.fd = fd, .map = map, .entries = bl_maps_size(fd)};
	a->stride = (uint32_t)ALIGN(bl_map_table[map].value_size, WORD);
	if (!can_map(a))
		return;
	a->len = ALIGN((size_t)a->entries * a->stride, (size_t)sysconf(_SC_PAGESIZE));
	base = mmap(NULL, a->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return;
	a->base = base;
	a->narrow = map == BL_MAP_service_meta;
	a->there = bl_calloc(a->len / WINDOW / 64 + 1, sizeof(*a->there));
}

void bl_array_close(struct bl_array *a)
{
	if (a->base)
		(void)munmap(a->base, a->len);
	free(a->there);
	*a = (struct bl_array){};
}

static int map_window(struct bl_array *a, size_t window)
{
	size_t at = window * WINDOW, len = a->len - at < WINDOW ? a->len - at : WINDOW;

	if (a->there[window / 64] >> (window % 64) & 1)
		return 0;
	if (mmap(a->base + at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, a->fd,
		 (off_t)at) == MAP_FAILED)
		return -EOPNOTSUPP;
	a->there[window / 64] |= 1ULL << (window % 64);
	return 0;
}

/* Failing costs memory and nothing else. */
static void unmap_window(struct bl_array *a, size_t window)
{
	size_t at = window * WINDOW, len = a->len - at < WINDOW ? a->len - at : WINDOW;

	if (a->there[window / 64] >> (window % 64) & 1 &&
	    mmap(a->base + at, len, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED)
		a->there[window / 64] &= ~(1ULL << (window % 64));
}

/* The windows of an entry; what a narrow array had mapped for the last one goes. */
static int map_entry(struct bl_array *a, size_t at)
{
	size_t first = at / WINDOW, end = (at + a->stride - 1) / WINDOW;
	int rc;

	if (a->narrow && first != a->last) {
		if (a->last != end)
			unmap_window(a, a->last);
		if ((a->last + 1) * WINDOW < a->len && a->last + 1 != first && a->last + 1 != end)
			unmap_window(a, a->last + 1);
		a->last = first;
	}
	rc = map_window(a, first);
	return rc ? rc : map_window(a, end);
}

static void store_name(struct bl_service_meta *to, const struct bl_service_meta *meta)
{
	struct bl_service_meta nameless = *meta;

	nameless.name[0] = '\0';
	__atomic_store_n(&to->name[0], '\0', __ATOMIC_SEQ_CST);
	memcpy(to, &nameless, sizeof(nameless));
	__atomic_store_n(&to->name[0], meta->name[0], __ATOMIC_RELEASE);
}

static void store_backend(uint64_t *to, const struct bl_backend *backend)
{
	uint64_t from[WORDS];

	memcpy(from, backend, sizeof(from));
	if (!(backend->flags & BL_BACKEND_LIVE))
		__atomic_store_n(&to[WORDS - 1], from[WORDS - 1], __ATOMIC_SEQ_CST);
	for (size_t i = 0; i + 1 < WORDS; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
	if (backend->flags & BL_BACKEND_LIVE)
		__atomic_store_n(&to[WORDS - 1], from[WORDS - 1], __ATOMIC_RELEASE);
}

int bl_array_write(struct bl_array *a, uint32_t index, const void *value)
{
	size_t at = (size_t)index * a->stride;
	int rc = a->base ? 0 : -EOPNOTSUPP;

	if (!rc && index >= a->entries)
		rc = -E2BIG;
	if (!rc)
		rc = map_entry(a, at);
	if (rc)
		return rc;
	if (a->map == BL_MAP_backend)
		store_backend((void *)(a->base + at), value);
	else if (a->map == BL_MAP_service_meta)
		store_name((void *)(a->base + at), value);
	else
		__atomic_store_n((bl_slot *)(void *)(a->base + at), *(const bl_slot *)value,
				 __ATOMIC_RELEASE);
	return 0;
}
