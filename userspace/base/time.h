/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_TIME_H
#define BL_BASE_TIME_H

#include <stdint.h>

#define BL_NSEC_PER_SEC	 1000000000ULL
#define BL_NSEC_PER_MSEC 1000000ULL

uint64_t bl_time_mono_ns(void); /* CLOCK_MONOTONIC */
uint64_t bl_time_boot_ns(void); /* CLOCK_BOOTTIME */
int64_t bl_time_wall_ns(void);	/* CLOCK_REALTIME since 1970 */

/* RFC 3339 in UTC: "2026-11-24T10:00:00Z", with microseconds where micro is set (Kubernetes
 * MicroTime). */
#define BL_TIME_STRLEN 32
const char *bl_time_format(int64_t wall_ns, int micro, char buf[BL_TIME_STRLEN]);

/* Any RFC 3339 time, with offset and fraction. 0 or -EINVAL. */
int bl_time_parse(const char *s, int64_t *ret_wall_ns);

#endif
