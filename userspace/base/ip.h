/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_IP_H
#define BL_BASE_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address of either family. Bytes in network order; an IPv4 address uses the first four, the
 * others are zero. */
struct bl_ip {
	uint8_t family; /* 4 or 6; 0: none */
	uint8_t b[16];
};

/* A prefix; bits behind `len` are zero in every prefix that bl_cidr_parse() gives. */
struct bl_cidr {
	struct bl_ip ip;
	uint8_t len; /* 0..32 or 0..128 */
};

#define BL_IP_STRLEN   INET6_ADDRSTRLEN	      /* with the terminator */
#define BL_CIDR_STRLEN (INET6_ADDRSTRLEN + 4) /* with the terminator */

/*
 * Strict forms only: dotted quad without leading zeros (CVE-2021-29923), RFC 4291 text without a
 * zone, and no IPv4 in IPv6 (::ffff:1.2.3.4), as the Kubernetes API reads addresses. 0 or -EINVAL.
 */
int bl_ip_parse(const char *s, struct bl_ip *ret_ip);

/* "addr/len"; -EINVAL also when bits behind the length are set, unless `host_bits` allows them
 * (then cleared). */
int bl_cidr_parse(const char *s, bool host_bits, struct bl_cidr *ret_cidr);

/* Canonical text (RFC 5952) into buf; returns buf. */
const char *bl_ip_format(const struct bl_ip *ip, char buf[BL_IP_STRLEN]);
const char *bl_cidr_format(const struct bl_cidr *c, char buf[BL_CIDR_STRLEN]);

static inline unsigned int bl_ip_size(const struct bl_ip *ip)
{
	return ip->family == 4 ? 4 : 16;
}

static inline unsigned int bl_ip_bits(const struct bl_ip *ip)
{
	return ip->family == 4 ? 32 : 128;
}

/* The address as a prefix that holds nothing else. */
static inline struct bl_cidr bl_ip_host(const struct bl_ip *ip)
{
	return (struct bl_cidr){.ip = *ip, .len = (uint8_t)bl_ip_bits(ip)};
}

/* Orders by family, then bytes, then length: 4 before 6. */
int bl_ip_cmp(const struct bl_ip *a, const struct bl_ip *b);
int bl_cidr_cmp(const struct bl_cidr *a, const struct bl_cidr *b);
bool bl_cidr_contains(const struct bl_cidr *c, const struct bl_ip *ip);
bool bl_cidr_overlaps(const struct bl_cidr *a, const struct bl_cidr *b);

/* The n-th address of the prefix, 0 being the prefix itself; -ERANGE when it lies outside. */
int bl_cidr_nth(const struct bl_cidr *c, uint64_t n, struct bl_ip *ret_ip);

/* How many addresses, UINT64_MAX when more than fit. */
uint64_t bl_cidr_size(const struct bl_cidr *c);

bool bl_ip_is_unspecified(const struct bl_ip *ip);
bool bl_ip_is_loopback(const struct bl_ip *ip);
bool bl_ip_is_link_local(const struct bl_ip *ip); /* unicast: 169.254.0.0/16, fe80::/10 */
bool bl_ip_is_multicast(const struct bl_ip *ip);

/* To and from sockets. */
void bl_ip_from_sockaddr(const struct sockaddr *sa, struct bl_ip *ret_ip);

#endif
