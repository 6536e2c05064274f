/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_STR_H
#define BL_BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool bl_streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool bl_str_starts(const char *s, const char *prefix);
bool bl_str_ends(const char *s, const char *suffix);

/*
 * Decimal digits only: no sign but a leading '-' where min < 0, no blanks, no leading zero
 * (CVE-2021-29923), within [min, max]. 0, or -EINVAL (not a number in this form) or -ERANGE; *ret
 * is untouched on failure.
 */
int bl_str_to_int(const char *s, int64_t min, int64_t max, int64_t *ret);

/* A port, 1..65535, host byte order. */
int bl_str_to_port(const char *s, uint16_t *ret_port);

/* Names by the Kubernetes API's grammar (k8s.io/apimachinery/pkg/util/validation). */
bool bl_str_is_dns_label(const char *s);     /* RFC 1123 label, at most 63 bytes */
bool bl_str_is_dns_subdomain(const char *s); /* RFC 1123 subdomain, at most 253 bytes */

#endif
