/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_CLEANUP_H
#define BL_BASE_CLEANUP_H

/*
 * DOC: Scope-bound ownership.
 *
 * A local that owns something carries one of these attributes, so that a reader who sees one
 * function alone can tell that it does not leak. Ownership leaves the scope only through
 * bl_take_ptr() or bl_take_fd(), which empty the local. A room with its own type declares its
 * attribute beside its destructor with BL_DEFINE_CLEANUP().
 */

#include <stdlib.h>
#include <unistd.h>

static inline void bl_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void bl_cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* `unused`: a local that only owns is used by its destructor, which clang does not count. */
#define BL_CLEANUP(fn) __attribute__((cleanup(fn), unused))
#define BL_FREE	       BL_CLEANUP(bl_cleanup_free)
#define BL_CLOSE       BL_CLEANUP(bl_cleanup_close)

/* Defines bl_cleanup_<name>() for a destructor `free_fn` that takes `type *`, accepts NULL and
 * returns NULL. */
#define BL_DEFINE_CLEANUP(name, type, free_fn)         \
	static inline void bl_cleanup_##name(type **p) \
	{                                              \
		*p = free_fn(*p);                      \
	}                                              \
	_Static_assert(1, "")

/* Gives the pointer away: the local becomes NULL and the value is returned. */
#define bl_take_ptr(p)                      \
	({                                  \
		__typeof__(p) _taken = (p); \
		(p) = NULL;                 \
		_taken;                     \
	})

/* Gives the descriptor away: the local becomes -1 and the value is returned. */
static inline int bl_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
